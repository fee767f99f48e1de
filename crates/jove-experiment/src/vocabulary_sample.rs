//! Which texts a vocabulary is trained on, where all of them are more than its budget.

use std::collections::BTreeMap;

use jove_core::{Lang, Purpose, Seed};
use rand::RngExt as _;

/// The vocabulary belongs to all seeds of a run.
const SEED: Seed = Seed(0);

/// A sample of the texts of every language.
#[derive(Debug)]
pub(crate) struct VocabularySample {
    /// The share of each language's texts, up to 1.
    shares: BTreeMap<Lang, f64>,
}

impl VocabularySample {
    /// A sample of about `budget` bytes. A language's part of it is in proportion to its size to the power of `exponent`, as
    /// training draws its examples; a language smaller than its part is taken whole, and the others share the rest.
    pub(crate) fn new(bytes: &BTreeMap<Lang, u64>, budget: u64, exponent: f64) -> Self {
        let mut shares = BTreeMap::new();
        let mut open: Vec<(Lang, f64)> = bytes.iter().map(|(lang, bytes)| (*lang, *bytes as f64)).collect();
        let mut left = budget as f64;
        loop {
            let weights: f64 = open.iter().map(|(_, bytes)| bytes.powf(exponent)).sum();
            let part = |bytes: f64| left * bytes.powf(exponent) / weights;
            let (whole, others): (Vec<_>, Vec<_>) = open.iter().copied().partition(|(_, bytes)| *bytes <= part(*bytes));
            if whole.is_empty() {
                shares.extend(others.iter().map(|(lang, bytes)| (*lang, part(*bytes) / bytes)));
                return Self { shares };
            }
            left -= whole.iter().map(|(_, bytes)| bytes).sum::<f64>();
            shares.extend(whole.into_iter().map(|(lang, _)| (lang, 1.0)));
            open = others;
        }
    }

    /// Whether the sample holds the text of this row; the same for every run over the same texts.
    pub(crate) fn takes(&self, lang: Lang, row: u64) -> bool {
        let share = self.shares.get(&lang).copied().unwrap_or(1.0);
        share >= 1.0 || SEED.rng(Purpose::Vocabulary, 0, row).random::<f64>() < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(bytes: &[(Lang, u64)], budget: u64, exponent: f64) -> VocabularySample {
        VocabularySample::new(&bytes.iter().copied().collect(), budget, exponent)
    }

    #[test]
    fn text_within_the_budget_is_taken_whole() {
        for (bytes, budget) in [(&[][..], 1), (&[(Lang::ZH, 5)], 5), (&[(Lang::ZH, 900), (Lang::EN, 100)], 1000)] {
            let sample = sample(bytes, budget, 0.3);
            assert!(sample.shares.values().all(|share| *share >= 1.0), "{sample:?}");
        }
    }

    #[test]
    fn a_small_language_is_taken_whole_and_the_rest_is_shared() {
        let th = Lang::new("th").unwrap();
        let sample = sample(&[(Lang::ZH, 1_000_000), (Lang::EN, 1_000_000), (th, 1000)], 101_000, 0.3);
        assert!((sample.shares[&th] - 1.0).abs() < 1e-12);
        for lang in [Lang::ZH, Lang::EN] {
            assert!((sample.shares[&lang] - 0.05).abs() < 1e-9, "{sample:?}");
        }
    }

    #[test]
    fn the_sample_has_about_the_size_of_its_budget_and_reaches_the_end() {
        let sample = sample(&[(Lang::ZH, 800_000), (Lang::EN, 200_000)], 100_000, 1.0);
        let rows: Vec<u64> = (0..10_000).filter(|row| sample.takes(Lang::ZH, *row)).collect();
        assert!((900..1100).contains(&rows.len()), "{}", rows.len());
        assert!(rows.iter().any(|row| *row > 9_000) && rows.iter().any(|row| *row < 1_000));
    }

    proptest::proptest! {
        #[test]
        fn the_parts_add_up_to_the_budget(
            sizes in proptest::collection::vec(1..1_000_000_u64, 1..9), budget in 1..2_000_000_u64, exponent in 0.0..=1.0,
        ) {
            let langs = ["zh", "en", "th", "ja", "de", "fr", "ar", "he", "hi"];
            let bytes: BTreeMap<Lang, u64> = langs.iter().zip(&sizes).map(|(lang, size)| (Lang::new(lang).unwrap(), *size)).collect();
            let sample = VocabularySample::new(&bytes, budget, exponent);
            let taken: f64 = bytes.iter().map(|(lang, size)| sample.shares[lang] * *size as f64).sum();
            let expected = (budget as f64).min(bytes.values().sum::<u64>() as f64);
            proptest::prop_assert!((taken - expected).abs() < 1e-6 * expected, "{taken} of {expected}");
            proptest::prop_assert!(sample.shares.values().all(|share| *share > 0.0 && *share <= 1.0));
        }
    }
}
