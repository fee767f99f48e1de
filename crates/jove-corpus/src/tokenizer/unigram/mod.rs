//! Training a Unigram vocabulary, as SentencePiece does ("Subword Regularization", arXiv 1804.10959, §3.2): start with
//! many frequent substrings, then alternate between estimating their probabilities and pruning those with the least loss.
//!
//! The trainer of the `tokenizers` crate splits its sums by the number of threads and scores dropped characters in the
//! order of a hash map, so that its result differs from process to process. This one sums over a fixed number of parts
//! in a fixed order. It is also about ten times as fast.

mod lattice;
mod piece;
mod prune;
mod seeds;

use std::collections::{BTreeMap, BTreeSet};

use jove_core::Layout;
use tokenizers::models::ModelWrapper;
use tokenizers::models::unigram::Unigram;
use unicode_script::{Script, UnicodeScript};

use self::lattice::Lattices;
use self::piece::{Piece, Run};
use super::names::SpecialNames;
use super::options::TrainOptions;
use super::parts;
use super::words::{self, WordCount};
use crate::error::{Error, Result};

/// Han text has no spaces, and a small corpus repeats whole phrases of it. A piece that spans a phrase would hide the
/// names in it, so pieces are as short as nearly all Han pieces of XLM-R are (98 in 100 have three characters or fewer).
const HAN_CHARACTERS_MAX: usize = 4;

/// Longer runs are cut here; no piece is longer than 16 characters anyway.
const RUN_CHARS_MAX: usize = 128;

/// Trains pieces for words that begin with `▁`. Ids: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, pieces by falling score,
/// `<mask>` last.
pub(super) fn train(words: &[WordCount], options: &TrainOptions) -> Result<ModelWrapper> {
    let names = SpecialNames::of(Layout::XlmRoberta);
    let leading = [&names.first, &names.pad, &names.separator, &names.unknown];
    let mut alphabet = words::alphabet(words, options.character_coverage, options.characters_max() - leading.len());
    alphabet.extend(parts::SPACE.chars());
    let runs = runs(words, &alphabet);
    if runs.iter().all(|(run, _)| run == parts::SPACE) {
        return Err(Error::Train {
            expected: "texts with at least one character".to_owned(),
            found: "none".to_owned(),
        });
    }
    let alphabet: Vec<char> = alphabet.into_iter().collect();
    let wanted = options.vocab_size as usize - leading.len() - 1;
    let trained = estimate(&numbered(&runs, &alphabet), alphabet.len(), wanted);
    let mut pieces: Vec<(String, f64)> = leading.iter().map(|name| ((*name).clone(), 0.0)).collect();
    pieces.extend(finish(&trained, &alphabet, wanted));
    pieces.push((names.mask.clone(), 0.0));
    Unigram::from(pieces, Some(3), false)
        .map(ModelWrapper::from)
        .map_err(|error| Error::Train { expected: "a vocabulary".to_owned(), found: error.to_string() })
}

fn numbered(runs: &[(String, u64)], alphabet: &[char]) -> Vec<Run> {
    let number = |character: char| alphabet.binary_search(&character).map(|place| place as u32).ok();
    let run = |(run, count): &(String, u64)| Run {
        characters: run.chars().filter_map(number).collect(),
        count: *count as f64,
        longest: longest(run),
    };
    runs.iter().map(run).collect()
}

fn longest(run: &str) -> usize {
    let word = run.strip_prefix(parts::SPACE);
    if word.unwrap_or(run).chars().all(|character| character.script() == Script::Han) {
        HAN_CHARACTERS_MAX + usize::from(word.is_some())
    } else {
        seeds::CHARACTERS_MAX
    }
}

/// Shrinks the seeds to a tenth more than wanted.
fn estimate(runs: &[Run], alphabet: usize, wanted: usize) -> Vec<Piece> {
    const ROUNDS: usize = 2;
    let target = wanted + wanted / 10;
    let mut pieces = seeds::seeds(runs, alphabet, (wanted * 10).max(10_000));
    loop {
        for _ in 0..ROUNDS {
            let expected = Lattices::new(&pieces, alphabet).expected(runs);
            pieces = maximise(pieces, &expected);
        }
        if pieces.len() <= target {
            return pieces;
        }
        let before = pieces.len();
        pieces = prune::prune(pieces, runs, alphabet, target);
        if pieces.len() == before {
            return pieces;
        }
    }
}

/// New probabilities from expected counts, with the sparse prior of Bayesian EM: the logarithms become digammas. Pieces
/// that are hardly ever expected are dropped, single characters never.
fn maximise(pieces: Vec<Piece>, expected: &[f64]) -> Vec<Piece> {
    const EXPECTED_MIN: f64 = 0.5;
    let kept: Vec<(Piece, f64)> = pieces
        .into_iter()
        .zip(expected.iter().copied())
        .filter(|(piece, expected)| piece.characters.len() == 1 || *expected >= EXPECTED_MIN)
        .map(|(piece, expected)| (piece, expected.max(EXPECTED_MIN)))
        .collect();
    let total = digamma(kept.iter().map(|(_, expected)| expected).sum());
    kept.into_iter().map(|(piece, expected)| Piece { score: digamma(expected) - total, ..piece }).collect()
}

/// The best pieces, every character among them, by falling score and then by spelling.
fn finish(pieces: &[Piece], alphabet: &[char], wanted: usize) -> Vec<(String, f64)> {
    let spell = |piece: &Piece| piece.characters.iter().map(|&number| alphabet[number as usize]).collect::<String>();
    let mut ranked: Vec<(bool, String, f64)> =
        pieces.iter().map(|piece| (piece.characters.len() > 1, spell(piece), piece.score)).collect();
    let by_score = |a: &(bool, String, f64), b: &(bool, String, f64)| b.2.total_cmp(&a.2).then_with(|| a.1.cmp(&b.1));
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| by_score(a, b)));
    ranked.truncate(wanted);
    ranked.sort_by(by_score);
    ranked.into_iter().map(|(_, spelling, score)| (spelling, score)).collect()
}

/// The derivative of the logarithm of the gamma function, for positive numbers.
fn digamma(mut x: f64) -> f64 {
    let mut result = 0.0;
    while x < 7.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    result + x.ln() - 0.5 / x - inverse * (1.0 / 12.0 - inverse * (1.0 / 120.0 - inverse / 252.0))
}

/// Cuts words into runs of one script, as SentencePiece's trainer does, so that no piece joins a full stop to a word;
/// characters outside the alphabet separate runs too.
fn runs(words: &[WordCount], alphabet: &BTreeSet<char>) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (word, count) in words {
        let mut run = String::new();
        let mut kind = None;
        let mut chars = 0;
        for character in word.chars() {
            let next = kind_of(character);
            let known = alphabet.contains(&character);
            let splits = !known || chars == RUN_CHARS_MAX || (next.is_some() && kind.is_some() && next != kind);
            if splits && !run.is_empty() {
                *counts.entry(std::mem::take(&mut run)).or_default() += count;
                (kind, chars) = (None, 0);
            }
            if known {
                run.push(character);
                chars += 1;
                kind = next.or(kind);
            }
        }
        if !run.is_empty() {
            *counts.entry(run).or_default() += count;
        }
    }
    counts.into_iter().collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit,
    Script(Script),
}

/// The kind of a character; `None` for one that continues any run.
fn kind_of(character: char) -> Option<Kind> {
    if character == '▁' {
        return None;
    }
    if character.is_numeric() {
        return Some(Kind::Digit);
    }
    match character.script() {
        Script::Inherited => None,
        // Japanese words mix the three.
        Script::Hiragana | Script::Katakana | Script::Han => Some(Kind::Script(Script::Han)),
        Script::Common if character == 'ー' => Some(Kind::Script(Script::Han)),
        script => Some(Kind::Script(script)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs_of(word: &str) -> Vec<String> {
        let alphabet = word.chars().filter(|&c| c != '?').collect();
        let mut runs: Vec<String> = runs(&[(word.to_owned(), 1)], &alphabet).into_iter().map(|(run, _)| run).collect();
        runs.sort_by_key(|run| word.find(run.as_str()));
        runs
    }

    #[test]
    fn runs_end_where_the_script_changes() {
        assert_eq!(runs_of("▁北京,ok"), ["▁北京", ",", "ok"]);
        assert_eq!(runs_of("▁e\u{301}a12岁"), ["▁e\u{301}a", "12", "岁"]);
        assert_eq!(runs_of("▁ab?ba"), ["▁ab", "ba"]);
        assert_eq!(runs_of("▁東京タワーへ"), ["▁東京タワーへ"]);
        assert_eq!(runs_of(""), Vec::<String>::new());
        assert_eq!(runs_of("▁שלום🦀"), ["▁שלום", "🦀"]);
    }

    #[test]
    fn digamma_has_its_known_values() {
        for (x, value) in
            [(1.0, -0.577_215_664_901_532_9), (0.5, -1.963_510_026_021_423_5), (10.0, 2.251_752_589_066_721)]
        {
            assert!((digamma(x) - value).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn frequent_words_become_pieces() {
        let words: Vec<WordCount> =
            [("▁北京", 50), ("▁北京人", 20), ("▁上海", 40), ("▁the", 90), ("▁theory", 9), ("▁人", 5)]
                .map(|(word, count)| (word.to_owned(), count))
                .into();
        let options = TrainOptions { vocab_size: 22, character_coverage: 1.0, ..TrainOptions::default() };
        let ModelWrapper::Unigram(model) = train(&words, &options).unwrap() else { panic!("a Unigram model") };
        let pieces: Vec<&str> = model.iter().map(|(piece, _)| piece.as_str()).collect();
        for wanted in ["▁the", "▁上海", "人", "▁", "y"] {
            assert!(pieces.contains(&wanted), "{wanted} in {pieces:?}");
        }
        let scores: Vec<f64> = model.iter().map(|(_, score)| *score).collect();
        assert!(scores[4..scores.len() - 1].is_sorted_by(|a, b| a >= b), "{scores:?}");
        assert_eq!((pieces[0], pieces[3], pieces[pieces.len() - 1]), ("<s>", "<unk>", "<mask>"));
    }
}
