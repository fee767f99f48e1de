//! Learning a Unigram vocabulary with the `tokenizers` crate, made reproducible.
//!
//! The crate's trainer splits its sums by the number of threads and walks a hash map to score characters that it had
//! dropped. So it gets sorted input, one thread of its own, and its scores for those characters are dealt out again.

use std::collections::{BTreeSet, HashMap};

use jove_core::Layout;
use tokenizers::AddedToken;
use tokenizers::models::ModelWrapper;
use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use unicode_script::{Script, UnicodeScript};

use super::train::characters_max;
use super::words::{self, WordCount};
use super::{TrainOptions, parts};
use crate::{Error, Result};

/// Longer runs are cut here; no piece is longer than 16 characters anyway.
const RUN_CHARS_MAX: usize = 128;

/// Learns pieces for words that begin with `▁`. Ids: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, pieces by falling score,
/// `<mask>` last.
pub(super) fn learn(words: &[WordCount], options: &TrainOptions) -> Result<ModelWrapper> {
    let names = parts::special_names(Layout::XlmRoberta);
    let leading = [names.first, names.pad, names.separator, names.unknown];
    let mut alphabet = words::alphabet(words, options.character_coverage, characters_max(options) - leading.len());
    alphabet.extend(parts::SPACE.chars());
    let runs = runs(words, &alphabet);
    if runs.iter().all(|(run, _)| run == parts::SPACE) {
        return Err(failed("no character"));
    }
    let learnt = train(runs.clone(), options.vocab_size - 1, &leading)?;
    let mut pieces: Vec<(String, f64)> = learnt.iter().cloned().collect();
    settle_ties(&mut pieces[leading.len()..], &runs);
    pieces.push((names.mask.to_owned(), 0.0));
    Unigram::from(pieces, Some(3), false).map(ModelWrapper::from).map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "it takes errors as they come")]
fn failed(error: impl ToString) -> Error {
    Error::Train { expected: "a vocabulary that holds every character".to_owned(), found: error.to_string() }
}

fn train(runs: Vec<(String, u32)>, vocab_size: u32, leading: &[&str]) -> Result<Unigram> {
    let trainer = UnigramTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab_size)
        .special_tokens(leading.iter().map(|name| AddedToken::from(*name, true)).collect())
        .unk_token(Some("<unk>".to_owned()))
        // Ten candidates for each wanted piece: more changes little and costs much.
        .seed_size((vocab_size as usize * 10).max(10_000))
        .build()
        .map_err(failed)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(failed)?;
    let mut model = Unigram::default();
    pool.install(|| trainer.do_train(runs, &mut model)).map_err(failed)?;
    Ok(model)
}

/// Cuts words into runs of one script, as SentencePiece's trainer does, so that no piece joins a full stop to a word;
/// characters outside the alphabet part runs too.
fn runs(words: &[WordCount], alphabet: &BTreeSet<char>) -> Vec<(String, u32)> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for (word, count) in words {
        let mut run = String::new();
        let mut kind = None;
        let mut chars = 0;
        for character in word.chars() {
            let next = kind_of(character);
            let known = alphabet.contains(&character);
            let parts_here = !known || chars == RUN_CHARS_MAX || (next.is_some() && kind.is_some() && next != kind);
            if parts_here && !run.is_empty() {
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
    let mut runs: Vec<(String, u32)> =
        counts.into_iter().map(|(run, count)| (run, u32::try_from(count).unwrap_or(u32::MAX))).collect();
    runs.sort_unstable();
    scale(&mut runs);
    runs
}

/// The trainer sums counts in 32 bits: a corpus beyond that is scaled down.
fn scale(runs: &mut [(String, u32)]) {
    let weight = |(run, count): &(String, u32)| u64::from(*count) * (run.chars().count() as u64 + 1);
    let total: u64 = runs.iter().map(weight).sum();
    let divisor = total.div_ceil(u64::from(u32::MAX)).max(1);
    for (_, count) in runs {
        *count = (u64::from(*count).div_ceil(divisor)) as u32;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit,
    Script(Script),
}

/// What a run is made of; `None` joins with anything.
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

/// Characters that training had dropped come back with scores `lowest`, `lowest + 0.0001`, … in the order of a hash map.
/// Those scores are dealt out again, the best to the most frequent character, and pieces of one score are put in order
/// of spelling.
fn settle_ties(pieces: &mut [(String, f64)], runs: &[(String, u32)]) {
    let mut counts: HashMap<char, u64> = HashMap::new();
    for (run, count) in runs {
        for character in run.chars() {
            *counts.entry(character).or_default() += u64::from(*count);
        }
    }
    let lowest = pieces.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
    let mut penalty = 0.0;
    let mut dealt: BTreeSet<u64> = BTreeSet::new();
    for _ in 0..pieces.len() {
        dealt.insert((lowest + penalty).to_bits());
        penalty += 0.0001;
    }
    let single = |piece: &str| piece.chars().next().filter(|first| first.len_utf8() == piece.len());
    let mut revived: Vec<usize> = (0..pieces.len())
        .filter(|&at| single(&pieces[at].0).is_some() && dealt.contains(&pieces[at].1.to_bits()))
        .collect();
    let mut scores: Vec<f64> = revived.iter().map(|&at| pieces[at].1).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let rank = |at: usize| single(&pieces[at].0).map(|first| (std::cmp::Reverse(counts.get(&first)), first));
    revived.sort_by_key(|&at| rank(at));
    for (at, score) in revived.into_iter().zip(scores) {
        pieces[at].1 = score;
    }
    pieces.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
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
    fn huge_counts_fit_the_trainer() {
        let mut runs = vec![("ab".to_owned(), u32::MAX), ("c".to_owned(), 1)];
        scale(&mut runs);
        assert!(runs.iter().map(|(run, count)| u64::from(*count) * (run.len() as u64 + 1)).sum::<u64>() < 1 << 33);
        assert_eq!(runs[1].1, 1);
    }

    #[test]
    fn dealt_scores_do_not_depend_on_their_order() {
        let runs = [("abc".to_owned(), 1), ("b".to_owned(), 5)];
        let piece = |name: &str, score| (name.to_owned(), score);
        let mut one = [piece("ab", -1.0), piece("a", -9.0 + 0.0001), piece("b", -9.0)];
        let mut two = [piece("ab", -1.0), piece("b", -9.0 + 0.0001), piece("a", -9.0)];
        settle_ties(&mut one, &runs);
        settle_ties(&mut two, &runs);
        assert_eq!(one, two);
        assert_eq!(one[1].0, "b");
    }
}
