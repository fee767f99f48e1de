//! Names from keys: which keys are words that people say, and which are numbers of somebody's database.

use std::borrow::Cow;

/// Words before a number that make an id of both.
const COUNTED: &[&str] = &["concept", "ent", "entity", "id", "item", "node", "object", "uid", "vertex"];

/// Whether a text is an id rather than a name.
pub(crate) fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !last.is_ascii_alphanumeric() && *last != b'/' && *last != b'#' && !text.contains("://") {
        return !text.chars().any(char::is_alphabetic) && text.chars().any(char::is_numeric);
    }
    is_number(text)
        || is_iri(text)
        || (*first == b'/' && is_freebase(text))
        || text.is_ascii() && (is_letters_and_number(text) || is_counted(text) || is_hexadecimal(text))
}

/// Digits and the signs of numbers, dates and versions.
fn is_number(text: &str) -> bool {
    let mut digits = false;
    for c in text.chars() {
        digits |= c.is_numeric();
        if !(c.is_numeric() || matches!(c, '+' | '-' | '−' | '.' | ',' | ':' | '/' | '_' | ' ')) {
            return false;
        }
    }
    digits
}

fn is_iri(text: &str) -> bool {
    text.contains("://") || text.starts_with("urn:") || text.starts_with("_:")
}

/// `/m/0aaa1`, `/location/country`.
fn is_freebase(text: &str) -> bool {
    let mut parts = text[1..].split('/');
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text[1..].contains('/') && parts.all(plain)
}

/// Few letters and a number: `Q42`, `P31`, `n02084071`, `00260881-n`, `DB00001`, `GO:0008150`, `m.0aaa1`.
fn is_letters_and_number(text: &str) -> bool {
    if let Some((number, letter)) = text.split_once('-')
        && number.len() == 8
        && letter.len() == 1
    {
        return number.bytes().all(|b| b.is_ascii_digit());
    }
    if let Some(code) = text.strip_prefix("m.").or_else(|| text.strip_prefix("g.")) {
        return code.bytes().any(|b| b.is_ascii_digit())
            && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'_');
    }
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let before = &text[..text.len() - digits];
    if digits == 0 || before.is_empty() {
        return false;
    }
    if matches!(before, "Q" | "P" | "L") {
        return true;
    }
    let (prefix, sign) = match before.strip_suffix([':', '_', '-', '.']) {
        Some(prefix) => (prefix, true),
        None => (before, false),
    };
    // A prefix may hold a sign itself, as `MESH:D000001` does.
    let letters = prefix.len() <= 12 && prefix.bytes().all(|b| b.is_ascii_alphabetic() || b == b':');
    letters && (digits >= 5 || (sign && before.ends_with(':')) || (prefix.contains(':') && digits >= 2))
}

/// `entity_12`, `node7`.
fn is_counted(text: &str) -> bool {
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let lower = word.trim_end_matches(['_', '-', ':', '#']).to_ascii_lowercase();
    word.len() < text.len() && COUNTED.contains(&lower.as_str())
}

/// A hash or a UUID.
fn is_hexadecimal(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() >= 16 && digits >= 3 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The name that a key is: `River_Town` is called `River Town`.
pub(crate) fn name_of(key: &str) -> Cow<'_, str> {
    if key.contains('_') && !key.contains(' ') {
        let words: Vec<_> = key.split('_').filter(|word| !word.is_empty()).collect();
        return words.join(" ").into();
    }
    key.into()
}

/// A name without the disambiguation in brackets at its end.
pub(crate) fn bare(name: &str) -> Option<&str> {
    let pairs = [('(', ')'), ('（', '）'), ('[', ']')];
    let (open, _) = pairs.into_iter().find(|(_, close)| name.ends_with(*close))?;
    let short = name[..name.rfind(open)?].trim();
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        for id in [
            "Q42",
            "P31",
            "L900",
            "/m/0aaa1",
            "/location/country/capital",
            "m.0aaa1",
            "00260881",
            "n02084071",
            "00260881-n",
            "DB00001",
            "C0000005",
            "GO:0008150",
            "HP_0001250",
            "MESH:D000001",
            "ENSG00000139618",
            "7",
            "-5",
            "3.14",
            "1999-01-01",
            "٤٢",
            "http://x/a",
            "https://x/a_(b)",
            "urn:x:y",
            "_:b0",
            "entity_12",
            "Node7",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(is_id(id), "{id}");
        }
        for name in [
            "",
            "a",
            "水稻",
            "River_Town",
            "Boeing 747",
            "COVID-19",
            "F-16",
            "A380",
            "58同城",
            "2号线",
            "Apollo 11",
            "U2",
            "AT&T",
            "p53",
            "C++",
            "שלום",
            "🙂",
            "e\u{301}",
            "and/or",
            "TCP/IP",
            "deadbeef",
            "Sum 41",
            "Windows 95",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn brackets_at_the_end_are_not_the_name() {
        for (name, expected) in [
            ("", None),
            ("a", None),
            ("红玫瑰（小说）", Some("红玫瑰")),
            ("胶饴[药材]", Some("胶饴")),
            ("(x)", None),
            ("🙂 (é)", Some("🙂")),
            ("שלום", None),
        ] {
            assert_eq!(bare(name), expected, "{name}");
        }
    }

    #[test]
    fn underscores_stand_for_spaces() {
        for (key, name) in [
            ("River_Town", "River Town"),
            ("_hypernym", "hypernym"),
            ("a_b c", "a_b c"),
            ("水稻_(作物)", "水稻 (作物)"),
            ("", ""),
            ("🙂", "🙂"),
        ] {
            assert_eq!(name_of(key), name);
        }
    }
}
