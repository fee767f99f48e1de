//! The letters of a text without what may differ between two copies of it, and where words and sentences begin among them.

use jove_core::script::{ends_clause, is_space_pausing, is_spaced};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

/// Between two letters, no boundary at all: they belong to one word of a script with spaces, or come of one character.
const INSIDE: u8 = 0;
/// A word may begin here.
const WORD: u8 = 1;
/// A clause may begin here: there is a comma or the like.
const CLAUSE: u8 = 2;
/// A sentence may begin here.
const SENTENCE: u8 = 3;

/// Letters and digits of a text, one after another: compatible characters are the same (Unicode NFKC), so are upper and lower
/// case; accents, vowel points and the tatweel are left out, and all that is neither letter nor digit.
pub(crate) struct Letters {
    text: String,
    /// For each byte of `text` and its end: whether a word, a clause or a sentence may begin there.
    begins: Vec<u8>,
}

impl Letters {
    /// The letters of a text, with the boundaries of words and clauses.
    pub(crate) fn of_words(text: &str) -> Self {
        Self::of(&text.nfkc().collect::<String>(), &[])
    }

    /// The letters of a text, with the boundaries of words and sentences: by Unicode's rules (UAX #29), at marks that these do
    /// not take for ends, and at white space in scripts that write no other sign.
    pub(crate) fn of_sentences(text: &str) -> Self {
        let text: String = text.nfkc().collect();
        let bounds: Vec<usize> = text.split_sentence_bound_indices().map(|(start, _)| start).collect();
        Self::of(&text, &bounds)
    }

    fn of(text: &str, bounds: &[usize]) -> Self {
        let mut letters = Self { text: String::with_capacity(text.len()), begins: Vec::with_capacity(text.len() + 1) };
        let mut bounds = bounds.iter().copied().peekable();
        let mut gap = Gap::default();
        for (place, character) in text.char_indices() {
            let bound = bounds.next_if(|&bound| bound <= place).is_some();
            gap.sentence |= bound;
            if is_ignored(character) {
                continue;
            }
            if !character.is_alphanumeric() {
                gap.pass(character);
                continue;
            }
            let begins = letters.boundary(&gap, character);
            gap = Gap { last: Some(character), ..Gap::default() };
            letters.push(character, begins);
        }
        letters.begins.push(SENTENCE);
        letters
    }

    fn boundary(&self, gap: &Gap, next: char) -> u8 {
        let pause = gap.space && (is_space_pausing(next) || gap.last.is_some_and(is_space_pausing));
        if self.text.is_empty() || gap.sentence || pause {
            SENTENCE
        } else if gap.clause {
            CLAUSE
        } else if gap.wide || !(is_spaced(next) && gap.last.is_some_and(is_spaced)) {
            WORD
        } else {
            INSIDE
        }
    }

    /// Adds a letter without accents and case.
    fn push(&mut self, letter: char, begins: u8) {
        let start = self.text.len();
        if letter.is_ascii() {
            self.text.push(letter.to_ascii_lowercase());
        } else if is_hangul_syllable(letter) {
            self.text.push(letter);
        } else {
            let plain = std::iter::once(letter).nfd().filter(|part| !is_ignored(*part) && part.is_alphanumeric());
            // By way of upper case, so that final forms and ligatures are the same as others.
            self.text.extend(plain.flat_map(char::to_uppercase).flat_map(char::to_lowercase));
        }
        if self.text.len() > start {
            self.begins.push(begins);
            self.begins.resize(self.text.len(), INSIDE);
        }
    }

    /// All letters.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `other` is what begins at a letter, with its words cut where they are cut there.
    pub(crate) fn have_at(&self, start: usize, other: &Self) -> bool {
        let end = start + other.text.len();
        let cut = |begins: &[u8]| begins.iter().map(|begins| *begins >= WORD).collect::<Vec<_>>();
        self.text[start..].starts_with(&other.text)
            && cut(&self.begins[start + 1..end]) == cut(&other.begins[1..other.text.len()])
            && self.are_words(start, end)
    }

    /// Whether the letters from `start` to `end` may be one or more whole words.
    pub(crate) fn are_words(&self, start: usize, end: usize) -> bool {
        self.begins[start] >= WORD && self.begins[end] >= WORD
    }

    /// Whether the letters from `start` to `end` may be one or more whole clauses.
    pub(crate) fn are_clauses(&self, start: usize, end: usize) -> bool {
        self.begins[start] >= CLAUSE && self.begins[end] >= CLAUSE
    }

    /// Whether the letters from `start` to `end` may be one or more whole sentences.
    pub(crate) fn are_sentences(&self, start: usize, end: usize) -> bool {
        self.begins[start] == SENTENCE && self.begins[end] == SENTENCE
    }
}

/// What lies between two letters.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each says of one kind of sign whether it was met")]
struct Gap {
    /// The letter before it.
    last: Option<char>,
    /// Whether there is anything in it.
    wide: bool,
    space: bool,
    clause: bool,
    sentence: bool,
}

impl Gap {
    fn pass(&mut self, character: char) {
        self.wide = true;
        self.space |= character.is_whitespace();
        self.clause |= ends_clause(character) || matches!(character, '–' | '—');
        self.sentence |= parts_sentences(character);
    }
}

/// Whether a character parts sentences that Unicode's rules see as one: quotation marks and brackets, in which a whole
/// sentence may stand, full stops before small letters, semicolons, and Tibetan shads.
fn parts_sentences(character: char) -> bool {
    const MARKS: &str = ".;:!?\n|\"“”„‟«»‹›「」『』《》〈〉【】()[]—―།༎༏༑༔";
    MARKS.contains(character)
}

/// Whether a character is left out wherever it is, without parting its neighbours: accents, vowel points and other marks that
/// are no letters by themselves, the tatweel, and what has no width.
fn is_ignored(character: char) -> bool {
    if character.is_ascii() {
        return false;
    }
    match character.script() {
        // The zero-width non-joiner parts a Persian word from its endings.
        Script::Inherited => character != '\u{200c}',
        Script::Hebrew | Script::Syriac => is_combining_mark(character),
        _ if is_combining_mark(character) => !character.is_alphanumeric(),
        _ => matches!(character, '\u{640}' | '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}'),
    }
}

fn is_hangul_syllable(letter: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn copies_of_a_text_have_the_same_letters() {
        for (text, letters) in [
            ("", ""),
            ("…", ""),
            ("🦀", ""),
            ("A", "a"),
            ("It’s 5 o'clock!", "its5oclock"),
            ("Ｆｕｌｌ　ｗｉｄｔｈ", "fullwidth"),
            ("Café", "cafe"),
            ("Cafe\u{301}", "cafe"),
            ("Straße STRASSE", "strassestrasse"),
            ("ΟΔΥΣΣΕΥΣ Ὀδυσσεύς", "οδυσσευσοδυσσευσ"),
            ("İstanbul ISTANBUL", "istanbulistanbul"),
            ("ёж еж", "ежеж"),
            ("كِتَابـٌ كتاب", "كتابكتاب"),
            ("שָׁלוֹם שלום", "שלוםשלום"),
            ("か\u{3099}が", "かか"),
            ("각각", "각각"),
            ("soft\u{ad}hyphen zero\u{200b}width", "softhyphenzerowidth"),
        ] {
            assert_eq!(Letters::of_words(text).as_str(), letters, "{text:?}");
            assert_eq!(Letters::of_sentences(text).as_str(), letters, "{text:?}");
        }
    }

    /// `text` marks with `|` where its sentences begin.
    fn check(text: &str) {
        let parts: Vec<&str> = text.split('|').collect();
        let letters = Letters::of_sentences(&parts.concat());
        let mut expected = vec![0];
        for part in &parts {
            expected.push(expected.last().unwrap() + Letters::of_words(part).as_str().len());
        }
        let found: Vec<usize> = (0..=letters.as_str().len()).filter(|&at| letters.begins[at] == SENTENCE).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn sentences_begin_after_the_marks_of_their_script() {
        for text in [
            "Es regnet. |Wir bleiben.",
            "no capitals. |none at all",
            "他来了。|我们走吧！|好",
            "他说：|“你好吗？”|我点头",
            "मैं घर पर हूँ। |तुम कहाँ हो",
            "میں گھر پر ہوں۔ |تم کہاں ہو",
            "أنا في البيت. |أين أنت؟ |هنا",
            "Ես տանն եմ։ |Դու որտեղ ես",
            "እኔ ቤት ነኝ። |አንተ የት ነህ",
            "ខ្ញុំនៅផ្ទះ។ |អ្នកនៅឯណា",
            "ကျွန်တော် အိမ်မှာ။ |ခင်ဗျား ဘယ်မှာလဲ".replace(' ', "").as_str(),
            "ང་ནང་ལ་ཡོད།|ཁྱེད་རང་ག་པར་ཡོད",
            "ฉันอยู่บ้าน |เธออยู่ไหน",
            "ຂ້ອຍຢູ່ເຮືອນ |ເຈົ້າຢູ່ໃສ",
        ] {
            check(text);
        }
    }

    proptest! {
        /// Boundaries are between letters, and a whole text is a sentence.
        #[test]
        fn any_text_is_one_or_more_whole_sentences(text in "\\PC{0,40}") {
            let letters = Letters::of_sentences(&text);
            prop_assert_eq!(letters.begins.len(), letters.as_str().len() + 1);
            prop_assert!(letters.are_sentences(0, letters.as_str().len()));
            let at_letters = letters.begins.iter().enumerate().filter(|(_, begins)| **begins != INSIDE);
            for (at, _) in at_letters {
                prop_assert!(letters.as_str().is_char_boundary(at));
            }
        }
    }
}
