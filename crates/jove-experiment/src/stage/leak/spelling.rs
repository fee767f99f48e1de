//! Training data in the form in which a model reads it: the letters that its tokens spell.

use aho_corasick::AhoCorasick;
use jove_core::TokenId;
use jove_core::script::is_spaced;
use jove_corpus::Tokenizer;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::error::Result;

/// What an unknown token spells: no letter of any text.
const UNKNOWN: char = '\u{10ffff}';

/// The letters and digits that tokens spell, in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spelling {
    letters: String,
    /// For each byte of `letters` and its end, whether a word may begin there.
    begins: Vec<bool>,
}

impl Spelling {
    /// Of a text, as the vocabulary spells it.
    pub(crate) fn of_text(tokenizer: &Tokenizer, text: &str) -> Result<Self> {
        Self::of(tokenizer, &tokenizer.encode_text(text)?.tokens)
    }

    /// Of tokens without special ones.
    pub(crate) fn of(tokenizer: &Tokenizer, tokens: &[TokenId]) -> Result<Self> {
        let unknown = tokenizer.specials().unknown;
        let mut spelling = Self::default();
        let mut last = ' ';
        for run in tokens.chunk_by(|a, b| (*a == unknown) == (*b == unknown)) {
            if run[0] == unknown {
                last = spelling.push(last, UNKNOWN);
            } else {
                last = tokenizer.decode(run)?.nfkc().fold(last, |last, next| spelling.push(last, next));
            }
        }
        spelling.begins.push(true);
        Ok(spelling)
    }

    /// Adds a character if it is a letter, after the character `last`; what the next one comes after.
    fn push(&mut self, last: char, next: char) -> char {
        if !next.is_alphanumeric() && next != UNKNOWN {
            let belongs_to_last = is_combining_mark(next) || next == '\u{200d}';
            return if belongs_to_last { last } else { ' ' };
        }
        // Nothing is known of what stands beside an unknown piece: it may be the rest of a word.
        let begins = ![last, next].into_iter().all(|character| is_spaced(character) || character == UNKNOWN);
        let start = self.letters.len();
        self.letters.extend(next.to_lowercase().filter(|part| part.is_alphanumeric() || *part == UNKNOWN));
        self.begins.resize(self.letters.len(), false);
        self.begins[start] = begins;
        next
    }

    /// Letters and digits, without what parts them.
    pub(crate) fn letters(&self) -> &str {
        &self.letters
    }

    /// Number of bytes of the letters.
    pub(crate) fn len(&self) -> usize {
        self.letters.len()
    }

    /// Whether the vocabulary knows all of it.
    pub(crate) fn is_known(&self) -> bool {
        !self.letters.contains(UNKNOWN)
    }

    /// Whether these letters are the first ones of `other`.
    pub(crate) fn leads(&self, other: &Self) -> bool {
        other.letters.starts_with(&self.letters)
    }

    fn begins_at(&self, place: usize) -> bool {
        self.begins[place]
    }

    /// Whether `other` stands here as whole words, cut where they are cut there.
    fn has_at(&self, start: usize, other: &Self) -> bool {
        let end = start + other.len();
        self.letters[start..].starts_with(&other.letters)
            && self.begins_at(start)
            && self.begins_at(end)
            && self.begins[start + 1..end] == other.begins[1..other.len()]
    }
}

/// Spellings that are searched for.
pub(crate) struct SpellingSearch {
    heads: AhoCorasick,
    spellings: Vec<Spelling>,
}

/// The most bytes of a spelling that are searched for at once; what follows is compared.
const HEAD: usize = 24;

impl SpellingSearch {
    /// None of them may be empty.
    pub(crate) fn new(spellings: Vec<Spelling>) -> Self {
        let heads = spellings.iter().map(|one| &one.letters[..one.letters.floor_char_boundary(HEAD)]);
        let heads = AhoCorasick::new(heads).expect("heads are short, and memory ends before their numbers do");
        Self { heads, spellings }
    }

    /// Where the spellings stand in `spelling` as whole words: the number of each with its first byte.
    pub(crate) fn words_in<'a>(&'a self, spelling: &'a Spelling) -> impl Iterator<Item = (usize, usize)> + 'a {
        let heads = self.heads.find_overlapping_iter(&spelling.letters);
        heads.filter_map(|head| {
            let number = head.pattern().as_usize();
            spelling.has_at(head.start(), &self.spellings[number]).then_some((number, head.start()))
        })
    }

    /// The first spelling of at least `least` bytes that stands in `spelling` between words, wherever its own words are cut;
    /// or that is all of it.
    pub(crate) fn sentence_in(&self, spelling: &Spelling, least: usize) -> Option<usize> {
        self.heads.find_overlapping_iter(&spelling.letters).find_map(|head| {
            let (start, number) = (head.start(), head.pattern().as_usize());
            let sought = &self.spellings[number];
            let end = start + sought.len();
            let stands = spelling.letters[start..].starts_with(&sought.letters)
                && (sought.len() >= least || sought.len() == spelling.len())
                && spelling.begins_at(start)
                && spelling.begins_at(end);
            stands.then_some(number)
        })
    }
}

#[cfg(test)]
mod tests {
    use jove_corpus::TrainerKind;

    use super::*;

    fn tokenizer(kind: TrainerKind) -> Tokenizer {
        let words = [
            "The harbour, closed!",
            "the harbour of the northern island is closed.",
            "HARBOUR, Togo to go togo",
            "北岛 的港口关闭了",
            "Paris compares paris",
        ];
        Tokenizer::train(kind, words.repeat(8), 200).unwrap()
    }

    fn spelled(kind: TrainerKind, text: &str) -> Spelling {
        Spelling::of_text(&tokenizer(kind), text).unwrap()
    }

    #[test]
    fn tokens_spell_the_letters_of_their_text() {
        for kind in [TrainerKind::WordPiece, TrainerKind::Unigram] {
            for (text, letters) in
                [("", ""), ("The harbour, closed!", "theharbourclosed"), ("北岛 的港口", "北岛的港口")]
            {
                let spelling = spelled(kind, text);
                assert_eq!(spelling.letters, letters, "{kind:?}");
                assert_eq!(spelling.begins.len(), letters.len() + 1);
                assert!(spelling.is_known());
            }
            assert!(!spelled(kind, "the ☃ شتاء").is_known(), "{kind:?}");
        }
    }

    fn check(sought: &str, text: &str, words: bool, sentence: bool) {
        for kind in [TrainerKind::WordPiece, TrainerKind::Unigram] {
            let search = SpellingSearch::new(vec![spelled(kind, sought)]);
            let spelling = spelled(kind, text);
            assert_eq!(search.words_in(&spelling).count() > 0, words, "{kind:?} {sought} / {text}");
            assert_eq!(search.sentence_in(&spelling, 15).is_some(), sentence, "{kind:?} {sought} / {text}");
        }
    }

    #[test]
    fn words_are_found_whole_and_sentences_from_some_length_on() {
        check("Togo", "go to Togo", true, false);
        check("Togo", "the closed togo", true, false);
        check("Togo", "to go", false, true);
        check("Togo", "the to go", false, false);
        check("Paris", "compares paris", true, false);
        check("pares", "compares", false, false);
        check("港口", "北岛的港口关闭了", true, false);
        check("北岛的港口关闭了", "the 北岛的港口关闭了 closed", true, true);
        check("the harbour is closed", "of the HARBOUR, is closed. the island", true, true);
        check("the harbour is closed", "the harbour is close", false, false);
    }
}
