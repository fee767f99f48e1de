//! Names that no text holds: ids, and what another program left around a name.

use super::findings::{Findings, Kind, Level};
use crate::intake::is_id;

const ID: Kind = (
    "id-as-name",
    Level::Warning,
    "no text calls it so; import its names from another source, and say `keys = \"ids\"` where keys are no names",
);
const MARKUP: Kind = (
    "markup-in-name",
    Level::Warning,
    "quotes, tags of languages or HTML that a program left around the name are never in a text; clean the source",
);
const UNDERSCORE: Kind =
    ("underscore-in-name", Level::Warning, "texts write a space there; write the name with spaces in the source");
const LONG: Kind = (
    "long-name",
    Level::Note,
    "a sentence rather than a name; map the attribute to `description` or `literal`, so that it names nothing",
);

/// Characters of the longest usual name, such as the full name of a treaty.
const CHARS_MAX: usize = 120;

/// Checks what a name looks like.
pub(super) fn check(text: &str, owner: impl Fn() -> String, findings: &mut Findings) {
    if is_id(text) {
        findings.add(&ID, &owner);
    } else if has_markup(text) {
        findings.add(&MARKUP, &owner);
    } else if text.contains('_') && !text.contains(' ') {
        findings.add(&UNDERSCORE, &owner);
    }
    if text.chars().nth(CHARS_MAX).is_some() {
        findings.add(&LONG, &owner);
    }
}

/// Quotes with a tag behind them, brackets around the whole, or tags and references of HTML.
fn has_markup(text: &str) -> bool {
    let around = |open, close| text.len() > 2 && text.starts_with(open) && text.ends_with(close);
    let tagged =
        text.starts_with(['"', '\'']) && (text.contains("\"@") || text.contains("'@") || text.contains("\"^^"));
    let html = text.contains("</") || text.contains("<br") || text.contains("&nbsp") || text.contains("&#");
    around('"', '"') || around('<', '>') || around('[', ']') || tagged || html || text.contains("\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_from_signs_of_names() {
        for text in
            ["\"Alpha\"", "\"Alpha\"@en", "'video'@en", "<http://x>", "a<br/>b", "<b>a</b>", "a&nbsp;b", "[[甲]]"]
        {
            assert!(has_markup(text), "{text}");
        }
        for text in ["", "\"", "AT&T", "\"Weird Al\" Yankovic", "a < b", "O'Neil", "🙂", "C#", "x [y]"] {
            assert!(!has_markup(text), "{text}");
        }
    }
}
