//! What the rules on a document's words, lines and symbols look at, counted in one pass.

use super::characters::{BROKEN, DIGIT, LETTER, SENTENCE_END, SPACE, UNSPACED, class_in, table};
use crate::reason::Reason;

/// So many hashes or ellipses are in order, however short the text.
const FEW_SYMBOLS: usize = 2;

/// Counts of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measures {
    pub(crate) chars: usize,
    pub(crate) visible: usize,
    pub(crate) letters: usize,
    pub(crate) unspaced: usize,
    broken: usize,
    curly: usize,
    sentence_ends: usize,
    /// What white space separates; with a letter in it; its letters and digits.
    pub(crate) words: usize,
    alphabetic_words: usize,
    word_chars: usize,
    hashes: usize,
    ellipses: usize,
    lines: usize,
    bullet_lines: usize,
    ellipsis_lines: usize,
}

/// A word that is being read.
#[derive(Clone, Copy, Default)]
struct Word {
    any: bool,
    has_letter: bool,
}

impl Measures {
    pub(crate) fn of(text: &str) -> Self {
        let table = table();
        let mut measures = Self::default();
        let mut word = Word::default();
        for character in text.chars() {
            let class = class_in(table, character);
            measures.chars += 1;
            if class & SPACE != 0 {
                measures.end_word(&mut word);
                continue;
            }
            measures.visible += 1;
            word.any = true;
            if class & LETTER != 0 {
                measures.letters += 1;
                measures.word_chars += 1;
                word.has_letter = true;
                measures.unspaced += usize::from(class & UNSPACED != 0);
            } else {
                measures.word_chars += usize::from(class & DIGIT != 0);
                measures.sign(character, class);
            }
        }
        measures.end_word(&mut word);
        text.lines().filter(|line| !line.is_empty()).for_each(|line| measures.line(line));
        measures
    }

    fn end_word(&mut self, word: &mut Word) {
        self.words += usize::from(word.any);
        self.alphabetic_words += usize::from(word.has_letter);
        *word = Word::default();
    }

    fn sign(&mut self, character: char, class: u8) {
        self.broken += usize::from(class & BROKEN != 0);
        self.sentence_ends += usize::from(class & SENTENCE_END != 0);
        match character {
            '{' => self.curly += 1,
            '#' => self.hashes += 1,
            '…' => self.ellipses += 1,
            _ => {}
        }
    }

    fn line(&mut self, line: &str) {
        const BULLETS: [char; 12] = ['•', '‣', '⁃', '▪', '●', '○', '■', '◦', '·', '*', '-', '–'];
        self.lines += 1;
        self.bullet_lines += usize::from(line.starts_with(BULLETS));
        let is_cut = line.ends_with('…') || line.ends_with("...");
        self.ellipsis_lines += usize::from(is_cut);
        self.ellipses += line.matches("...").count();
    }

    /// Whether the text is in a script without spaces between words.
    pub(crate) fn is_unspaced(&self) -> bool {
        self.unspaced * 10 >= self.letters * 3
    }

    /// The rules that hold for all scripts.
    pub(crate) fn check(&self, chars_min: usize, letters_min: f64) -> Result<(), (Reason, String)> {
        if self.chars < chars_min {
            return Err((Reason::TooShort, format!("{} characters", self.chars)));
        }
        let share = |part: usize| part as f64 / self.visible.max(1) as f64;
        if share(self.letters) < letters_min {
            return Err((Reason::FewLetters, format!("a share of {:.3}", share(self.letters))));
        }
        // One in a thousand, as in CCNet's successors; a text of a few words may have none.
        if self.broken * 1000 > self.visible {
            return Err((Reason::BrokenText, format!("{} of {} characters", self.broken, self.visible)));
        }
        Ok(())
    }

    /// The rules of Gopher (Rae et al., "Scaling Language Models", arXiv:2112.11446, table A1 and section A.1.1), of C4, and for scripts
    /// without spaces those of ChineseWebText (arXiv:2311.01149) in their place.
    pub(crate) fn check_rules(&self, words_min: usize) -> Result<(), (Reason, String)> {
        if self.curly > self.sentence_ends.max(2) {
            return Err((Reason::Code, format!("{} brackets, {} sentence ends", self.curly, self.sentence_ends)));
        }
        self.check_lines()?;
        if self.is_unspaced() { self.check_unspaced() } else { self.check_words(words_min) }
    }

    fn check_lines(&self) -> Result<(), (Reason, String)> {
        let of_lines = |part: usize| format!("{part} of {} lines", self.lines);
        if self.bullet_lines * 10 > self.lines * 9 && self.lines > 1 {
            return Err((Reason::BulletLines, of_lines(self.bullet_lines)));
        }
        if self.ellipsis_lines * 10 > self.lines * 3 && self.lines > 1 {
            return Err((Reason::EllipsisLines, of_lines(self.ellipsis_lines)));
        }
        Ok(())
    }

    fn check_unspaced(&self) -> Result<(), (Reason, String)> {
        const CHARS_PER_LINE_MIN: usize = 10;
        if self.lines > 3 && self.visible < self.lines * CHARS_PER_LINE_MIN {
            let found = format!("{:.1} characters a line", self.visible as f64 / self.lines as f64);
            return Err((Reason::ShortLines, found));
        }
        // Gopher's symbols for every word, with 1.6 characters a word.
        for symbols in [self.hashes, self.ellipses] {
            if symbols > FEW_SYMBOLS && symbols * 16 > self.letters {
                return Err((Reason::SymbolWords, format!("{symbols} for {} letters", self.letters)));
            }
        }
        Ok(())
    }

    fn check_words(&self, words_min: usize) -> Result<(), (Reason, String)> {
        const WORDS_MAX: usize = 100_000;
        if self.words < words_min || self.words > WORDS_MAX {
            return Err((Reason::WordCount, format!("{} words", self.words)));
        }
        let length = self.word_chars as f64 / self.words.max(1) as f64;
        if !(3.0..=10.0).contains(&length) {
            return Err((Reason::WordLength, format!("{length:.2} letters")));
        }
        for symbols in [self.hashes, self.ellipses] {
            if symbols > FEW_SYMBOLS && symbols * 10 > self.words {
                return Err((Reason::SymbolWords, format!("{symbols} for {} words", self.words)));
            }
        }
        if self.alphabetic_words * 10 < self.words * 8 {
            return Err((Reason::FewAlphabetic, format!("{} of {} words", self.alphabetic_words, self.words)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Reason>) {
        let measures = Measures::of(text);
        let found = measures.check(2, 0.5).and_then(|()| measures.check_rules(5));
        assert_eq!(found.err().map(|(reason, _)| reason), expected, "{text}");
    }

    #[test]
    fn each_rule_removes_its_kind_and_leaves_prose() {
        for prose in [
            "The quick brown fox jumps over the lazy dog near the river.",
            "北京是中华人民共和国的首都，位于华北平原的北部。",
            "Москва является столицей России и крупнейшим городом страны.",
            "ירושלים היא עיר הבירה של מדינת ישראל והעיר הגדולה בה.",
            "東京は日本の首都であり、世界でも最も人口の多い都市です。",
            "भारत दक्षिण एशिया में स्थित भारतीय उपमहाद्वीप का सबसे बड़ा देश है।",
        ] {
            check(prose, None);
        }
        check("", Some(Reason::TooShort));
        check("中", Some(Reason::TooShort));
        check("12345 67890 11121 31415 --- ===", Some(Reason::FewLetters));
        check("text with \u{fffd} in it and more words", Some(Reason::BrokenText));
        check("one two three", Some(Reason::WordCount));
        check("a b c d e f g h i j k l m", Some(Reason::WordLength));
        check(
            "supercalifragilistic expialidocious antidisestablishmentarianism incomprehensibilities otorhinolaryngologist",
            Some(Reason::WordLength),
        );
        check("one # two # three # four five seven eight nine", Some(Reason::SymbolWords));
        check("- one thing\n- two things\n- three things\n- four things", Some(Reason::BulletLines));
        check("what happened next...\nyou will never guess…\nread about it here…", Some(Reason::EllipsisLines));
        check("words 1234 and 5678 with 9012 more 3456 numbers 7890", Some(Reason::FewAlphabetic));
        check("function f() { if (x) { g(); } else { h(); } } var xyz { a } { b }", Some(Reason::Code));
        check("首页\n新闻\n体育\n财经\n娱乐\n科技", Some(Reason::ShortLines));
        check("今天#天气#很好#我们#去公园吧，那里的花都开了", Some(Reason::SymbolWords));
    }

    #[test]
    fn words_and_lines_are_counted_by_their_script() {
        let measures = Measures::of("one two\n三四五 e\u{301}");
        assert_eq!((measures.words, measures.letters, measures.unspaced, measures.lines), (4, 11, 3, 2));
        assert!(!measures.is_unspaced() && Measures::of("我用 Rust 写程序，它很快").is_unspaced());
    }
}
