//! Turtle's tokens, as far as it takes to tell where a statement ends, whatever is wrong inside it.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// White space or a comment.
    Blank,
    Iri,
    Text,
    /// Names, numbers, keywords, tags of languages.
    Word,
    /// `(`, `[` or `{|`.
    Open,
    /// `)`, `]` or `|}`.
    Close,
    /// `<<`
    TripleOpen,
    /// `>>`
    TripleClose,
    /// `{`
    GraphOpen,
    /// `}`
    GraphClose,
    Semicolon,
    Comma,
    Dot,
}

/// The token at the beginning of some bytes and its length; `None` where more bytes may make it longer, unless these are all.
pub(super) fn token(bytes: &[u8], all: bool) -> Option<(usize, Token)> {
    let first = *bytes.first()?;
    let next = bytes.get(1).copied();
    if next.is_none() && !all {
        return None;
    }
    let found = match (first, next) {
        (b' ' | b'\t' | b'\r' | b'\n', _) => return Some((blanks(bytes), Token::Blank)),
        (b'#', _) => return line_end(bytes, all).map(|end| (end, Token::Blank)),
        (b'<', Some(b'<')) => (2, Token::TripleOpen),
        (b'<', _) => return iri(bytes, all),
        (b'>', Some(b'>')) => (2, Token::TripleClose),
        (b'"' | b'\'', _) => return text(bytes, first, all),
        (b'{', Some(b'|')) => (2, Token::Open),
        (b'|', Some(b'}')) => (2, Token::Close),
        (b'(' | b'[', _) => (1, Token::Open),
        (b')' | b']', _) => (1, Token::Close),
        (b'{', _) => (1, Token::GraphOpen),
        (b'}', _) => (1, Token::GraphClose),
        (b';', _) => (1, Token::Semicolon),
        (b',', _) => (1, Token::Comma),
        (b'.', next) if !next.is_some_and(|byte| byte.is_ascii_digit()) => (1, Token::Dot),
        _ => return word(bytes, all),
    };
    Some(found)
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len())
}

fn line_end(bytes: &[u8], all: bool) -> Option<usize> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => Some(end + 1),
        None => all.then_some(bytes.len()),
    }
}

/// An IRI ends in its line; a sign that opens none is a word.
fn iri(bytes: &[u8], all: bool) -> Option<(usize, Token)> {
    match bytes.iter().position(|byte| matches!(byte, b'>' | b'\n')) {
        Some(end) if bytes[end] == b'>' => Some((end + 1, Token::Iri)),
        Some(_) => Some((1, Token::Word)),
        None => all.then_some((1, Token::Word)),
    }
}

/// A text in one or three quotes; one that is not closed in its line, or not at all, is its quote alone.
fn text(bytes: &[u8], quote: u8, all: bool) -> Option<(usize, Token)> {
    if bytes.len() < 3 && !all {
        return None;
    }
    if bytes.starts_with(&[quote, quote]) && bytes.get(2) != Some(&quote) {
        return Some((2, Token::Text));
    }
    let long = bytes.get(2) == Some(&quote) && bytes[1] == quote;
    let mut at = if long { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' if !long => return Some((1, Token::Word)),
            byte if byte == quote && !long => return Some((at + 1, Token::Text)),
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => {
                // Up to two quotes may stand before the three that close.
                let more = bytes[at + 3..].iter().take(2).take_while(|byte| **byte == quote).count();
                let end = at + 3 + more;
                return (end < bytes.len() || all).then_some((end, Token::Text));
            }
            _ => {}
        }
        at += 1;
    }
    all.then_some((if long { 3 } else { 1 }, Token::Word))
}

/// A run of other signs; a dot is part of it where it goes on behind the dot.
fn word(bytes: &[u8], all: bool) -> Option<(usize, Token)> {
    let mut at = 1;
    if bytes[0] == b'\\' {
        at = 2;
    }
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'#' | b'<' | b'>' | b'"' | b'\'' | b'(' | b')' | b'[' | b']' | b'{'
            | b'}' | b'|' | b';' | b',' => return Some((at, Token::Word)),
            b'\\' => at += 2,
            b'.' => match bytes.get(at + 1) {
                Some(next) if next.is_ascii_alphanumeric() || *next >= 0x80 || b"_-:%\\.".contains(next) => at += 1,
                Some(_) => return Some((at, Token::Word)),
                None => return all.then_some((at, Token::Word)),
            },
            _ => at += 1,
        }
    }
    all.then_some((at.min(bytes.len()), Token::Word))
}

/// Parts a statement at a sign that stands in no brackets; the dot at its end goes.
pub(super) fn parts(statement: &str, sign: Token) -> Vec<&str> {
    let bytes = statement.as_bytes();
    let (mut at, mut from, mut depth) = (0, 0, 0_u32);
    let mut parts = Vec::new();
    while let Some((len, found)) = token(&bytes[at..], true) {
        match found {
            Token::Open | Token::TripleOpen => depth += 1,
            Token::Close | Token::TripleClose => depth = depth.saturating_sub(1),
            Token::Dot | Token::GraphClose => break,
            _ if found == sign && depth == 0 => {
                parts.push(&statement[from..at]);
                from = at + len;
            }
            _ => {}
        }
        at += len;
    }
    parts.push(&statement[from..at]);
    parts
}

/// The first term of a statement or a part of one, and what follows; `None` where it is no single token.
pub(super) fn first_term(part: &str) -> Option<(&str, &str)> {
    let bytes = part.as_bytes();
    let mut at = 0;
    while let Some((len, found)) = token(&bytes[at..], true) {
        match found {
            Token::Blank => at += len,
            Token::Iri | Token::Word => return Some((&part[at..at + len], &part[at + len..])),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn statements_are_parted_outside_texts_iris_and_brackets() {
        let check = |statement: &str, expected: &[&str]| {
            let found: Vec<_> = parts(statement, Token::Semicolon).into_iter().map(str::trim).collect();
            assert_eq!(found, expected, "{statement}");
        };
        check("a b c ; d e .", &["a b c", "d e"]);
        check("a b <x;y> ; d \"e;\\\";\" .", &["a b <x;y>", "d \"e;\\\";\""]);
        check("a b [ c d ; e f ] ; g ( 1 2 ) .", &["a b [ c d ; e f ]", "g ( 1 2 )"]);
        check("a b \"\"\"x\";\n\"\"\" ; d '' .", &["a b \"\"\"x\";\n\"\"\"", "d ''"]);
        check("a b <x y> ; # d ; e\n f g.h, 1.5 .", &["a b <x y>", "# d ; e\n f g.h, 1.5"]);
        check("a b c {| d e ; f g |} ; h i .", &["a b c {| d e ; f g |}", "h i"]);
        check("a b \"not closed ; c d .", &["a b \"not closed", "c d"]);
        check("甲 乙 丙 ; 丁 🙂 .", &["甲 乙 丙", "丁 🙂"]);
        check("", &[""]);
        assert_eq!(first_term("# x\n <a b> c"), Some(("<a b>", " c")));
        assert_eq!(first_term(" ex:a.b c"), Some(("ex:a.b", " c")));
        assert_eq!(first_term("[ a b ] c"), None);
        assert_eq!(first_term(" "), None);
    }

    proptest! {
        /// Any bytes are tokens to their end, and more bytes never shorten one.
        #[test]
        fn tokens_cover_everything(text in "[a<>\"'\\\\.;,#\\[\\](){}| \n1:é]{0,40}") {
            let bytes = text.as_bytes();
            let mut at = 0;
            while at < bytes.len() {
                let (len, found) = token(&bytes[at..], true).expect("bytes are left");
                prop_assert!(len > 0 && at + len <= bytes.len(), "{:?} at {}", found, at);
                let early = token(&bytes[at..bytes.len() - 1], false);
                // White space may come in several pieces.
                if let Some(early) = early.filter(|_| found != Token::Blank) {
                    prop_assert_eq!(early, (len, found));
                }
                at += len;
            }
        }
    }
}
