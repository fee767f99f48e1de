//! Counting the words that a vocabulary is trained on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use tokenizers::{
    NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Tokenizer,
};

use crate::error::{Error, Result};

/// A word as the model will see it, and how often it occurs.
pub(super) type WordCount = (String, u64);

/// Counts the words of texts under a tokenizer's rules, sorted by spelling. Reads at most `bytes_max` bytes.
pub(super) fn count<T: AsRef<str> + Send>(
    rules: &Tokenizer,
    texts: impl IntoIterator<Item = T>,
    bytes_max: u64,
) -> Result<Vec<WordCount>> {
    const BATCH_BYTES: usize = 4 << 20;
    let mut texts = texts.into_iter().peekable();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut left = bytes_max;
    while left > 0 && texts.peek().is_some() {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while bytes < BATCH_BYTES && left > 0 {
            let Some(text) = texts.next() else { break };
            let length = text.as_ref().len();
            bytes += length;
            left = left.saturating_sub(length as u64);
            batch.push(text.as_ref().to_owned());
        }
        merge(&mut counts, count_batch(rules, &batch)?);
    }
    Ok(counts.into_iter().collect())
}

/// The most frequent characters that cover the given fraction of all, at most `most`, at least one.
pub(super) fn alphabet(words: &[WordCount], coverage: f64, most: usize) -> BTreeSet<char> {
    let mut counts: HashMap<char, u64> = HashMap::new();
    for (word, count) in words {
        // Control characters separate the inputs of the trainer and never become pieces.
        for character in word.chars().filter(|character| !character.is_control()) {
            *counts.entry(character).or_default() += count;
        }
    }
    let mut ranked: Vec<(u64, char)> = counts.into_iter().map(|(character, count)| (count, character)).collect();
    ranked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let total: u64 = ranked.iter().map(|(count, _)| count).sum();
    let wanted = total as f64 * coverage;
    let mut covered = 0;
    let mut kept = BTreeSet::new();
    for (count, character) in ranked.into_iter().take(most.max(1)) {
        if covered as f64 >= wanted {
            break;
        }
        covered += count;
        kept.insert(character);
    }
    kept
}

fn count_batch(rules: &Tokenizer, batch: &[String]) -> Result<BTreeMap<String, u64>> {
    batch
        .par_iter()
        .try_fold(BTreeMap::new, |mut counts, text| {
            for word in split(rules, text)? {
                *counts.entry(word).or_default() += 1;
            }
            Ok(counts)
        })
        .try_reduce(BTreeMap::new, |mut left, right| {
            merge(&mut left, right);
            Ok(left)
        })
}

fn split(rules: &Tokenizer, text: &str) -> Result<Vec<String>> {
    let rejected = |error: tokenizers::Error| Error::Tokenize(error.to_string());
    let mut normalized = NormalizedString::from(text);
    if let Some(normalizer) = rules.get_normalizer() {
        normalizer.normalize(&mut normalized).map_err(rejected)?;
    }
    let mut pieces = PreTokenizedString::from(normalized);
    if let Some(pre_tokenizer) = rules.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut pieces).map_err(rejected)?;
    }
    let splits = pieces.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
    Ok(splits.into_iter().map(|(word, _, _)| word.to_owned()).filter(|word| !word.is_empty()).collect())
}

fn merge(into: &mut BTreeMap<String, u64>, from: BTreeMap<String, u64>) {
    for (word, count) in from {
        *into.entry(word).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_keeps_what_is_frequent() {
        let words = vec![("aab".to_owned(), 10), ("c中".to_owned(), 1)];
        assert_eq!(alphabet(&words, 1.0, 10), BTreeSet::from(['a', 'b', 'c', '中']));
        assert_eq!(alphabet(&words, 0.9, 10), BTreeSet::from(['a', 'b']));
        assert_eq!(alphabet(&words, 1.0, 1), BTreeSet::from(['a']));
    }
}
