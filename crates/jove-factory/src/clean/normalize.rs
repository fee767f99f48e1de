//! White space, controls and the normal forms of Unicode.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick, is_nfkc_quick};

use super::characters::{CHANGING, REMOVED, SPACE, class_in, table};
use super::edits::LinkedText;
use crate::recipe::UnicodePolicy;

/// Brings a text into its normal form, removes controls and characters without width, and makes white space within lines single
/// spaces; lines lose the white space at their ends, and of several blank lines one stays.
pub(crate) fn normalize(linked: &mut LinkedText, policy: UnicodePolicy) {
    compose(linked, policy);
    let table = table();
    let mut pending = Pending::default();
    linked.rewrite(|rest, text| {
        let plain = plain_length(rest.as_bytes());
        if plain > 0 {
            pending.write(text);
            text.push_str(&rest[..plain]);
            return plain;
        }
        let Some(character) = rest.chars().next() else { return 0 };
        let class = class_in(table, character);
        if class & SPACE != 0 {
            pending.see(character);
        } else if class & REMOVED == 0 {
            pending.write(text);
            text.push(character);
        }
        character.len_utf8()
    });
}

/// How many bytes from the start are visible ASCII.
fn plain_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_graphic()).count()
}

/// White space that has been seen since the last character.
#[derive(Default)]
struct Pending {
    is_space: bool,
    breaks: usize,
}

impl Pending {
    fn see(&mut self, character: char) {
        self.is_space = true;
        // U+2028 and U+2029 are breaks of lines and paragraphs; a carriage return is part of one.
        self.breaks += match character {
            '\n' | '\u{2028}' | '\u{85}' => 1,
            '\u{2029}' => 2,
            _ => 0,
        };
    }

    fn write(&mut self, text: &mut String) {
        if self.is_space && !text.is_empty() {
            text.push_str(match self.breaks {
                0 => " ",
                1 => "\n",
                _ => "\n\n",
            });
        }
        *self = Self::default();
    }
}

fn compose(linked: &mut LinkedText, policy: UnicodePolicy) {
    let known = match policy {
        UnicodePolicy::None => return,
        UnicodePolicy::Nfc => is_nfc_quick(linked.text.chars()),
        UnicodePolicy::Nfkc => is_nfkc_quick(linked.text.chars()),
    };
    if linked.text.is_ascii() || known == IsNormalized::Yes {
        return;
    }
    let table = table();
    linked.rewrite(|rest, text| {
        // A character that composition leaves alone begins a part that can be composed by itself.
        let ends = |&(at, character): &(usize, char)| at > 0 && class_in(table, character) & CHANGING == 0;
        let end = rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at);
        match policy {
            UnicodePolicy::Nfkc => text.extend(rest[..end].nfkc()),
            _ => text.extend(rest[..end].nfc()),
        }
        end
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normalized(text: &str, policy: UnicodePolicy) -> String {
        let mut linked = LinkedText { text: text.to_owned(), links: Vec::new() };
        normalize(&mut linked, policy);
        linked.text
    }

    #[test]
    fn white_space_and_controls_are_normalised() {
        for (text, expected) in [
            ("", ""),
            (" \n\t ", ""),
            ("a \t b\u{3000}c\u{200b}\u{7} ", "a b c"),
            ("\n\n一 \r\n 二\n \n\n三\n", "一\n二\n\n三"),
            ("a\u{2028}b\u{2029}c", "a\nb\n\nc"),
            ("👩\u{200d}👩 می\u{200c}خواهم שלום", "👩\u{200d}👩 می\u{200c}خواهم שלום"),
        ] {
            assert_eq!(normalized(text, UnicodePolicy::Nfc), expected, "{text:?}");
        }
    }

    #[test]
    fn the_normal_form_is_the_one_that_is_asked_for() {
        for (text, none, nfc, nfkc) in [
            ("cafe\u{301}", "cafe\u{301}", "café", "café"),
            ("ＡＢ，ﬁ①", "ＡＢ，ﬁ①", "ＡＢ，ﬁ①", "AB,fi1"),
            ("か\u{3099}", "か\u{3099}", "が", "が"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{1112}\u{1161}\u{11ab}", "한", "한"),
        ] {
            assert_eq!(normalized(text, UnicodePolicy::None), none);
            assert_eq!(normalized(text, UnicodePolicy::Nfc), nfc);
            assert_eq!(normalized(text, UnicodePolicy::Nfkc), nfkc);
        }
    }

    proptest! {
        #[test]
        fn parts_compose_as_the_whole_does(text in "([a-cA-Z]|\\p{Mn}|[\u{1100}-\u{11ff}가-힣か\u{3099}中é]){0,12}") {
            let whole: String = text.nfc().collect();
            prop_assert_eq!(normalized(&text, UnicodePolicy::Nfc), normalized(&whole, UnicodePolicy::None));
        }

        #[test]
        fn normalising_twice_changes_nothing(text in "(\\PC|[ \t\n\u{3000}\u{200b}]){0,60}") {
            let once = normalized(&text, UnicodePolicy::Nfc);
            prop_assert_eq!(normalized(&once, UnicodePolicy::Nfc), once.as_str());
            prop_assert!(!once.contains("  ") && !once.contains("\n\n\n") && !once.contains(" \n"));
        }
    }
}
