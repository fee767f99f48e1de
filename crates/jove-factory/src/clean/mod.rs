//! From a raw document to clean text, or to the reason why there is none.

mod boilerplate;
pub(crate) mod characters;
mod decode;
mod edits;
mod measure;
mod normalize;
mod personal;
mod repetition;

use jove_corpus::DocumentLink;

use self::edits::LinkedText;
use self::measure::Measures;
use crate::read::RawDocument;
use crate::reason::Reason;
use crate::recipe::CleanSettings;

pub(crate) use self::repetition::{Scratch, hash_bytes, mix};

/// A clean document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CleanDocument {
    pub(crate) text: String,
    pub(crate) links: Vec<DocumentLink>,
}

/// Why a document was removed, with what was found.
pub(crate) type Removal = (Reason, String);

/// Cleans a document, and decides by the rules whether it is kept.
pub(crate) fn clean(raw: RawDocument, rules: &CleanSettings, scratch: &mut Scratch) -> Result<CleanDocument, Removal> {
    if let Some(fault) = raw.fault {
        return Err(fault);
    }
    let length = raw.bytes.len();
    let text = decode::decode(raw.bytes, rules.repair)
        .ok_or_else(|| (Reason::Encoding, format!("{length} bytes in no encoding known here")))?;
    let mut linked = LinkedText { text, links: raw.links };
    normalize::normalize(&mut linked, rules.unicode);
    if rules.boilerplate {
        linked.apply(&boilerplate::boilerplate(&linked.text));
    }
    if rules.personal {
        linked.apply(&personal::personal(&linked.text));
    }
    let LinkedText { mut text, links } = linked;
    text.truncate(text.trim_end().len());
    let links = links.into_iter().filter(|link| link.end as usize <= text.len()).collect();
    let measures = Measures::of(&text);
    measures.check(rules.chars_min, rules.letters_min)?;
    if rules.rules {
        if text.contains("lorem ipsum") || text.contains("Lorem ipsum") {
            return Err((Reason::Placeholder, "lorem ipsum".to_owned()));
        }
        measures.check_rules(rules.words_min)?;
        repetition::check(&text, measures.is_unspaced(), scratch)?;
    }
    Ok(CleanDocument { text, links })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, Reason>) {
        let raw = RawDocument { bytes: text.as_bytes().to_vec(), ..RawDocument::default() };
        let rules = CleanSettings { chars_min: 2, words_min: 3, ..CleanSettings::default() };
        let found = clean(raw, &rules, &mut Scratch::default());
        assert_eq!(
            found.as_ref().map(|clean| clean.text.as_str()).map_err(|(reason, _)| *reason),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn documents_are_cleaned_from_end_to_end() {
        check("", Err(Reason::TooShort));
        check("中", Err(Reason::TooShort));
        check(" 北京是首都。\u{200b}\r\n京ICP备123号\r\n电话 13812345678 \n", Ok("北京是首都。\n电话 [phone]"));
        check(
            "Write to me@example.com about the cafÃ© on the corner.",
            Ok("Write to [email] about the café on the corner."),
        );
        check("Lorem ipsum dolor sit amet", Err(Reason::Placeholder));
        check("שלום לכולם, זהו טקסט קצר.", Ok("שלום לכולם, זהו טקסט קצר."));
        check("e\u{301}te\u{301} is summer in French", Ok("été is summer in French"));
        check("🦀🦀🦀🦀", Err(Reason::FewLetters));
    }

    #[test]
    fn links_show_their_words_after_cleaning() {
        let text = "前言  \n版权所有 某人\n电话 010-12345678，见北京市。";
        let at = |words: &str| {
            let start = text.find(words).unwrap();
            DocumentLink { start: start as u32, end: (start + words.len()) as u32, target: words.to_owned() }
        };
        let links = vec![at("前言"), at("某人"), at("北京市")];
        let raw = RawDocument { bytes: text.as_bytes().to_vec(), links, ..RawDocument::default() };
        let rules = CleanSettings { chars_min: 2, ..CleanSettings::default() };
        let clean = clean(raw, &rules, &mut Scratch::default()).unwrap();
        assert_eq!(clean.text, "前言\n电话 [phone]，见北京市。");
        let words: Vec<_> =
            clean.links.iter().map(|link| &clean.text[link.start as usize..link.end as usize]).collect();
        assert_eq!(words, ["前言", "北京市"]);
    }
}
