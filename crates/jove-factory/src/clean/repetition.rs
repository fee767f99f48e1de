//! Repetition inside a document: lines, phrases (Gopher, arXiv:2112.11446, table A1).
//!
//! The rule's n-grams are of words. In scripts without spaces they are of characters, twice as many: a Chinese word has about
//! one and a half.

use super::characters::{DIGIT, LETTER, UNSPACED, class_in, table};
use crate::reason::Reason;

/// The greatest share of the characters that the most frequent n-gram may take, by n.
const TOP: [(usize, f64); 3] = [(2, 0.20), (3, 0.18), (4, 0.16)];
/// The greatest share that repeated n-grams may take, by n. A repeated n-gram holds repeated shorter ones: where those of five words take
/// less than half of the least share, the longer ones need not be counted.
const REPEATED: [(usize, f64); 6] = [(5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)];
const REPEATED_LEAST: f64 = 0.05;
/// The greatest shares of repeated lines, and of their characters.
const LINES_MAX: f64 = 0.30;
const LINE_CHARS_MAX: f64 = 0.20;

/// A text of fewer words says a phrase twice without being spam; Gopher has no such texts.
const WORDS_MIN: usize = 50;

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Memory that is used again for each document.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Where each word ends in characters, and the hash of all words up to it.
    ends: Vec<u32>,
    hashes: Vec<u64>,
    counts: Counts,
}

/// Counts by hash: open addressing, with the low bits of a hash as the place and the high ones as the key.
#[derive(Default)]
struct Counts {
    slots: Vec<(u32, u32)>,
}

impl Counts {
    fn clear(&mut self, items: usize) {
        let size = (items * 2).next_power_of_two().max(16);
        self.slots.clear();
        self.slots.resize(size, (0, 0));
    }

    /// Counts a hash; returns how often it was seen with this.
    fn add(&mut self, hash: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let key = (hash >> 32) as u32 | 1;
        let mut at = hash as usize & mask;
        loop {
            let (known, count) = &mut self.slots[at];
            if *count == 0 || *known == key {
                *known = key;
                *count += 1;
                return *count;
            }
            at = (at + 1) & mask;
        }
    }
}

/// Checks a text for repetition.
pub(crate) fn check(text: &str, is_unspaced: bool, scratch: &mut Scratch) -> Result<(), (Reason, String)> {
    check_lines(text, &mut scratch.counts)?;
    scratch.read(text, is_unspaced);
    let factor = if is_unspaced { 2 } else { 1 };
    if scratch.words() < WORDS_MIN * factor {
        return Ok(());
    }
    for (words, most) in TOP {
        let share = scratch.top(words * factor);
        if share > most {
            return Err((Reason::TopNgram, format!("{share:.3} of the text is one {words}-gram, more than {most}")));
        }
    }
    for (words, most) in REPEATED {
        let share = scratch.repeated(words * factor);
        if share > most {
            return Err((Reason::RepeatedNgrams, format!("{share:.3} in repeated {words}-grams, more than {most}")));
        }
        if share < REPEATED_LEAST && words == REPEATED[0].0 {
            break;
        }
    }
    Ok(())
}

fn check_lines(text: &str, counts: &mut Counts) -> Result<(), (Reason, String)> {
    let lines = || text.lines().filter(|line| !line.is_empty());
    let all = lines().count();
    if all < 2 {
        return Ok(());
    }
    counts.clear(all);
    let (mut repeated, mut bytes, mut total) = (0, 0, 0);
    for line in lines() {
        total += line.len();
        if counts.add(hash_bytes(line.as_bytes())) > 1 {
            repeated += 1;
            bytes += line.len();
        }
    }
    let (of_lines, of_bytes) = (f64::from(repeated) / all as f64, bytes as f64 / total as f64);
    if of_lines > LINES_MAX || of_bytes > LINE_CHARS_MAX {
        return Err((Reason::RepeatedLines, format!("{repeated} of {all} lines, {of_bytes:.3} of the text")));
    }
    Ok(())
}

/// A hash of bytes, eight at a time.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix((hash ^ u64::from_le_bytes(word)).wrapping_mul(BASE));
    }
    hash
}

/// The finisher of SplitMix64.
pub(crate) fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Scratch {
    /// Reads the words of a text: runs of letters and digits, or single characters in scripts without spaces.
    fn read(&mut self, text: &str, is_unspaced: bool) {
        let table = table();
        self.ends.clear();
        self.hashes.clear();
        self.ends.push(0);
        self.hashes.push(0);
        let (mut word, mut chars) = (0_u64, 0_u32);
        for character in text.chars() {
            let class = class_in(table, character);
            if class & (LETTER | DIGIT) == 0 {
                self.end_word(&mut word, chars);
                continue;
            }
            chars += 1;
            word = (word ^ u64::from(character as u32)).wrapping_mul(BASE).rotate_left(23);
            if is_unspaced && class & UNSPACED != 0 {
                self.end_word(&mut word, chars);
            }
        }
        self.end_word(&mut word, chars);
    }

    fn end_word(&mut self, word: &mut u64, chars: u32) {
        if *word != 0 {
            let before = self.hashes.last().copied().unwrap_or_default();
            self.hashes.push(before.wrapping_mul(BASE).wrapping_add(mix(*word)));
            self.ends.push(chars);
            *word = 0;
        }
    }

    /// The hash of the `length` words from `start` on, by the hashes of all words before its ends.
    fn hash(&self, start: usize, length: usize, power: u64) -> u64 {
        mix(self.hashes[start + length].wrapping_sub(self.hashes[start].wrapping_mul(power)))
    }

    fn words(&self) -> usize {
        self.ends.len() - 1
    }

    fn chars(&self, start: usize, length: usize) -> u32 {
        self.ends[start + length] - self.ends[start]
    }

    /// The share of the characters that the most frequent n-gram takes, where one occurs twice.
    fn top(&mut self, length: usize) -> f64 {
        let Some(last) = self.words().checked_sub(length) else { return 0.0 };
        let mut counts = std::mem::take(&mut self.counts);
        counts.clear(last + 1);
        let power = BASE.wrapping_pow(length as u32);
        let (mut most, mut chars) = (1, 0);
        for start in 0..=last {
            let count = counts.add(self.hash(start, length, power));
            if count > most {
                (most, chars) = (count, self.chars(start, length));
            }
        }
        self.counts = counts;
        f64::from(most) * f64::from(chars) / f64::from(self.ends[self.words()].max(1))
    }

    /// The share of the characters in n-grams that occurred before, none counted twice.
    fn repeated(&mut self, length: usize) -> f64 {
        let Some(last) = self.words().checked_sub(length) else { return 0.0 };
        let mut counts = std::mem::take(&mut self.counts);
        counts.clear(last + 1);
        let power = BASE.wrapping_pow(length as u32);
        let (mut start, mut chars) = (0, 0);
        while start <= last {
            let is_known = counts.add(self.hash(start, length, power)) > 1;
            chars += if is_known { self.chars(start, length) } else { 0 };
            start += if is_known { length } else { 1 };
        }
        self.counts = counts;
        f64::from(chars) / f64::from(self.ends[self.words()].max(1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn chars(words: &[String]) -> usize {
        words.iter().map(|word| word.chars().count()).sum()
    }

    /// The rules as the paper words them, without hashes.
    fn naive(text: &str, length: usize) -> (f64, f64) {
        let words = words(text);
        let total = chars(&words).max(1) as f64;
        let mut counts: HashMap<&[String], usize> = HashMap::new();
        words.windows(length).for_each(|gram| *counts.entry(gram).or_default() += 1);
        let most = counts.values().copied().max().unwrap_or_default();
        let top = counts
            .iter()
            .filter(|(_, count)| **count == most && most > 1)
            .map(|(gram, _)| most * chars(gram))
            .collect::<Vec<_>>();
        let (mut seen, mut start, mut repeated) = (HashSet::new(), 0, 0);
        while start + length <= words.len() {
            let gram = &words[start..start + length];
            if seen.insert(gram) {
                start += 1;
            } else {
                repeated += chars(gram);
                start += length;
            }
        }
        // Of several that are as frequent any may be taken.
        (top.iter().copied().max().unwrap_or_default() as f64 / total, repeated as f64 / total)
    }

    fn check(text: &str, is_unspaced: bool, expected: Option<Reason>) {
        let found = super::check(text, is_unspaced, &mut Scratch::default());
        assert_eq!(found.err().map(|(reason, _)| reason), expected, "{text}");
    }

    #[test]
    fn repetition_of_every_kind_is_found() {
        let prose = "The miller's daughter walked to town on Monday with a basket of eggs, and came home in the evening without one.";
        check("", false, None);
        check("the same words, the same words", false, None);
        check(prose, false, None);
        check("北京是中国的首都，上海是中国最大的城市，广州在南方的珠江边。", true, None);
        check(&"the same line again\n".repeat(5), false, Some(Reason::RepeatedLines));
        check(&"buy cheap shoes now ".repeat(20), false, Some(Reason::TopNgram));
        check(&"买房子找我".repeat(30), true, Some(Reason::TopNgram));
        let twice = "One spring an old ferryman lost his boat in the flood and built another from the planks of a barn, which leaked, so that \
                     nobody crossed the river before summer came. ";
        check(&twice.repeat(2), false, Some(Reason::RepeatedNgrams));
    }

    proptest! {
        #[test]
        fn hashes_count_as_words_do(text in "([a-c]{1,2} ){0,60}", length in 2_usize..6) {
            let mut scratch = Scratch::default();
            scratch.read(&text, false);
            let (top, repeated) = naive(&text, length);
            prop_assert!(scratch.top(length) <= top + 1e-9);
            prop_assert!((scratch.repeated(length) - repeated).abs() < 1e-9);
        }

        #[test]
        fn longer_repeated_phrases_take_no_more(text in "([a-b]{1,2} ){0,80}") {
            // What lets the check stop at five words, up to the words at the ends of a phrase that greedy counting leaves out.
            let mut scratch = Scratch::default();
            scratch.read(&text, false);
            let (five, ten) = (scratch.repeated(5), scratch.repeated(10));
            prop_assert!(five >= ten / 2.0 - 1e-9, "{five} {ten}");
        }
    }
}
