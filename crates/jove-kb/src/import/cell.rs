//! Cells as other programs write them: terms of SPARQL's tables, texts of KGTK, cells that a spreadsheet put quotes around.

use std::borrow::Cow;

use jove_core::Lang;

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    /// The text, without quotes.
    pub(super) text: Cow<'a, str>,
    /// The language that the cell itself says.
    pub(super) lang: Option<Lang>,
    /// The datatype of a literal; empty where the cell says none.
    pub(super) datatype: &'a str,
}

impl<'a> Cell<'a> {
    /// A cell that is its text.
    pub(super) fn plain(text: &'a str) -> Self {
        Self { text: text.into(), lang: None, datatype: "" }
    }

    /// Takes `<IRI>`, `"text"@en`, `'text'@en`, `"1"^^<type>` and `"text"` apart; all else stays as it is.
    pub(super) fn parse(text: &'a str) -> Self {
        let parsed = match text.as_bytes().first() {
            Some(b'<') => iri(text),
            Some(b'"') => quoted(text, '"'),
            Some(b'\'') => quoted(text, '\'').filter(|cell| cell.lang.is_some()),
            _ => None,
        };
        parsed.unwrap_or_else(|| Self::plain(text))
    }
}

fn iri(text: &str) -> Option<Cell<'_>> {
    let iri = text.strip_prefix('<')?.strip_suffix('>')?;
    let whole = iri.contains(':') && !iri.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
    whole.then(|| Cell::plain(iri))
}

/// A quoted text that takes the whole cell but for its language or datatype.
fn quoted(text: &str, quote: char) -> Option<Cell<'_>> {
    let (inside, after) = text[1..].rsplit_once(quote)?;
    let (lang, datatype) = suffix(after)?;
    // A text is in doubled quotes, as spreadsheets write it, or in backslashes, as SPARQL's tables do.
    let mut out = Cow::Borrowed(inside);
    if inside.contains('\\') {
        out = unescape(inside, quote)?.into();
    } else if inside.contains(quote) {
        let doubled: String = [quote, quote].iter().collect();
        if inside.replace(&doubled, "").contains(quote) {
            return None;
        }
        out = inside.replace(&doubled, quote.encode_utf8(&mut [0; 4])).into();
    }
    Some(Cell { text: out, lang, datatype })
}

/// The language and datatype behind a quoted text.
fn suffix(after: &str) -> Option<(Option<Lang>, &str)> {
    if after.is_empty() {
        return Some((None, ""));
    }
    if let Some(tag) = after.strip_prefix('@') {
        let lang = Lang::new(tag).or_else(|_| Lang::new(tag.split('-').next().unwrap_or(tag)));
        return lang.ok().map(|lang| (Some(lang), ""));
    }
    let datatype = after.strip_prefix("^^")?;
    let datatype = datatype.strip_prefix('<').and_then(|iri| iri.strip_suffix('>')).unwrap_or(datatype);
    let plain = datatype == "http://www.w3.org/2001/XMLSchema#string" || datatype == "xsd:string";
    (!datatype.contains(char::is_whitespace)).then_some((None, if plain { "" } else { datatype }))
}

/// Undoes the escapes of Turtle; `None` where a quote stands without one.
fn unescape(inside: &str, quote: char) -> Option<String> {
    let mut out = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            't' => out.push('\t'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            'u' => out.push(code(&mut chars, 4)?),
            'U' => out.push(code(&mut chars, 8)?),
            other => out.push(other),
        }
    }
    Some(out)
}

fn code(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text = chars.as_str().get(..digits)?;
    let found = u32::from_str_radix(text, 16).ok().and_then(char::from_u32)?;
    chars.nth(digits - 1);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &str, expected: (&str, Option<&str>, &str)) {
        let found = Cell::parse(cell);
        let lang = expected.1.map(|tag| Lang::new(tag).unwrap());
        assert_eq!((found.text.as_ref(), found.lang, found.datatype), (expected.0, lang, expected.2), "{cell}");
    }

    #[test]
    fn quotes_languages_and_datatypes_are_no_part_of_a_name() {
        check("<http://x/a>", ("http://x/a", None, ""));
        check("\"Alpha\"@en", ("Alpha", Some("en"), ""));
        check("\"甲\"@zh-hant", ("甲", Some("zh-Hant"), ""));
        check("'video game'@en", ("video game", Some("en"), ""));
        check("\"Gamma \"\"the\"\" Great\"", ("Gamma \"the\" Great", None, ""));
        check("\"a \\\"b\\\" \\u4e2d\\t\"@fr", ("a \"b\" 中\t", Some("fr"), ""));
        check(
            "\"3\"^^<http://www.w3.org/2001/XMLSchema#integer>",
            ("3", None, "http://www.w3.org/2001/XMLSchema#integer"),
        );
        check("\"3\"^^xsd:integer", ("3", None, "xsd:integer"));
        check("\"x\"^^xsd:string", ("x", None, ""));
        check("\"🙂 שלום\"", ("🙂 שלום", None, ""));
        check("\"\"", ("", None, ""));
    }

    #[test]
    fn signs_of_a_name_stay() {
        for cell in [
            "",
            "a",
            "中",
            "\"",
            "'",
            "<",
            "< 3",
            "<3>",
            "\"Quoted\" Town",
            "\"A\" and \"B\"",
            "'s-Hertogenbosch",
            "'n'",
            "Ooh \"la\" la",
            "\"a\"@",
            "\"a\"@not a tag",
            "<a b>",
            "\"a\\",
            "\"\\u12\"",
            "5\"",
            "e\u{301}",
        ] {
            check(cell, (cell, None, ""));
        }
    }
}
