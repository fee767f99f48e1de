//! Spans of a text that look like names but are not linked.

use jove_core::{AnnotatedText, ByteSpan, Lang, Word};

use crate::lexicon::QUOTES;

/// The longest quotation that counts as a name, in characters.
const QUOTED_CHARS_MAX: usize = 20;

/// Spans that look like names and are not linked: short quotations and, in scripts with capitals, capitalised words that
/// do not start a sentence. Sorted by start, without overlaps.
pub fn unlinked_names(text: &AnnotatedText) -> Vec<ByteSpan> {
    let mut found = quoted(&text.text);
    found.extend(capitalised(&text.text, &text.words, text.lang));
    found.retain(|span| text.mentions.iter().all(|mention| !mention.span.overlaps(*span)));
    found.sort_unstable();
    let mut end = 0;
    found.retain(|span| {
        let free = span.start >= end;
        if free {
            end = span.end;
        }
        free
    });
    found
}

/// Short quotations: the text between matching quotation marks.
fn quoted(text: &str) -> Vec<ByteSpan> {
    let mut found = Vec::new();
    let mut next = 0;
    for (at, c) in text.char_indices() {
        let Some((_, close)) = QUOTES.iter().find(|(open, _)| *open == c).filter(|_| at >= next) else { continue };
        // An apostrophe inside a word opens nothing.
        let inside_word = c == '\'' && text[..at].ends_with(char::is_alphanumeric);
        let start = at + c.len_utf8();
        let length: usize =
            text[start..].chars().take_while(|c| c != close).take(QUOTED_CHARS_MAX + 1).map(char::len_utf8).sum();
        let (inside, rest) = text[start..].split_at(length);
        let named = inside.chars().any(char::is_alphabetic) && !inside.contains(ends_sentence);
        if !inside_word && named && inside.chars().count() <= QUOTED_CHARS_MAX && rest.starts_with(*close) {
            found.push(ByteSpan::new(start as u32, (start + length) as u32));
            next = start + length + close.len_utf8();
        }
    }
    found
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '，' | '！' | '？' | '；' | '.' | ',' | '!' | '?' | ';' | '\n')
}

/// Capitalised words that do not start a sentence; neighbours with one space between them are one name.
fn capitalised(text: &str, words: &[Word], lang: Lang) -> Vec<ByteSpan> {
    // German writes every noun with a capital.
    if lang.primary() == "de" {
        return Vec::new();
    }
    let mut found: Vec<ByteSpan> = Vec::new();
    let mut opens = true;
    for word in words {
        let piece = word.span.slice(text).unwrap_or_default();
        let named = piece.chars().count() > 1 && piece.starts_with(char::is_uppercase);
        if named && !opens {
            match found.last_mut().filter(|last| text.get(last.end as usize..word.span.start as usize) == Some(" ")) {
                Some(last) => last.end = word.span.end,
                None => found.push(word.span),
            }
        }
        opens = piece.ends_with(|c| ends_sentence(c) && !matches!(c, '，' | ','))
            || (opens && !piece.contains(char::is_alphanumeric));
    }
    found
}

#[cfg(test)]
mod tests {
    use jove_core::{EntityId, Mention, Pos};

    use super::*;

    /// Words are cut at spaces and full stops.
    fn check(text: &str, lang: &str, mentions: &[(u32, u32)], expected: &[&str]) {
        let starts = text
            .char_indices()
            .filter(|(at, c)| !c.is_whitespace() && (*at == 0 || text[..*at].ends_with(' ') || *c == '.'));
        let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
        let word = |(index, start): (usize, &usize)| {
            let end = starts.get(index + 1).copied().unwrap_or(text.len());
            let end = start + text[*start..end].trim_end().len();
            Word { span: ByteSpan::new(*start as u32, end as u32), pos: Pos::X }
        };
        let mention =
            |&(start, end): &(u32, u32)| Mention { span: ByteSpan::new(start, end), entity: EntityId(0), score: 1.0 };
        let annotated = AnnotatedText {
            text: text.to_owned(),
            lang: Lang::new(lang).unwrap(),
            words: starts.iter().enumerate().map(word).collect(),
            mentions: mentions.iter().map(mention).collect(),
        };
        let found: Vec<&str> = unlinked_names(&annotated).iter().map(|span| span.slice(text).unwrap()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn quoted_names_are_seen() {
        check("", "zh", &[], &[]);
        check("他写了《红楼梦》。", "zh", &[], &["红楼梦"]);
        check("他写了《红楼梦》。", "zh", &[(12, 21)], &[]);
        check("“他来了，”她说", "zh", &[], &[]);
        check("《没有结尾", "zh", &[], &[]);
        check("《😀》「e\u{301}」", "zh", &[], &["e\u{301}"]);
        check("\"שלום\" don't 'go'", "he", &[], &["שלום", "go"]);
    }

    #[test]
    fn capitals_inside_a_sentence_are_names() {
        check("We met New York in May. They left", "en", &[], &["New York", "May"]);
        check("We met New York", "en", &[(7, 15)], &[]);
        check("A B \u{1d4b3} I", "en", &[], &[]);
        check("Der Hund", "de", &[], &[]);
    }
}
