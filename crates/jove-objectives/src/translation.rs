//! The contrast of sentences against their translations.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape};
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix};

use crate::contrast::check_length;
use crate::link::spans;
use crate::{Contrast, Error, InfoNce, symmetric_info_nce};

/// Which rows of a batch are sentences and which are their translations.
#[derive(Clone, Copy, Debug)]
pub struct TranslationItems<'a> {
    /// The rows that stand for every sentence.
    pub sources: &'a [Range<usize>],
    /// The rows that stand for the translation of each.
    pub targets: &'a [Range<usize>],
    /// For every pair a number for each side: pairs with an equal number are no negatives of each other.
    pub texts: &'a [(u64, u64)],
}

/// InfoNCE of sentences against their translations and back, mean-pooled from `hidden` [tokens, width]; the other
/// sentences of the batch are the negatives. The bidirectional translation ranking with additive margin of Language-agnostic BERT
/// Sentence Embedding (arXiv 2007.01852, equations 1 and 2).
///
/// # Errors
/// Where there is no pair, lists differ in length, a range is outside the rows, or the device fails.
pub fn translation_contrast<D: Backend, T: Tape<f32, D>>(
    hidden: Matrix<D, T>,
    items: &TranslationItems<'_>,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    check(items)?;
    let (source_hidden, target_hidden) = tape::fork(hidden);
    let sources = D::span_mean(source_hidden, &spans(items.sources))?;
    let targets = D::span_mean(target_hidden, &spans(items.targets))?;
    let differ = |a: usize, b: usize| share_no_side(items.texts[a], items.texts[b]);
    symmetric_info_nce(sources, targets, differ, contrast)
}

/// What sentences are contrasted with where another encoder makes the keys: constants.
#[derive(Clone, Debug)]
pub struct TranslationKeys<'a, D: Backend> {
    /// The batch's sentences, [pairs, width].
    pub sources: &'a Matrix<D>,
    /// Their translations, [pairs, width].
    pub targets: &'a Matrix<D>,
    /// Pairs of former batches, if any.
    pub queue: Option<QueuedTranslations<'a, D>>,
}

/// Pairs of former batches.
#[derive(Clone, Debug)]
pub struct QueuedTranslations<'a, D: Backend> {
    /// Their first sides, [k, width], rows of length 1.
    pub sources: &'a Matrix<D>,
    /// Their second sides, [k, width], rows of length 1.
    pub targets: &'a Matrix<D>,
    /// For every pair a number for each side, as in [`TranslationItems::texts`].
    pub texts: &'a [(u64, u64)],
}

/// Cross-lingual contrast: InfoNCE of sentences, mean-pooled from `hidden` [tokens, width], against the keys of their
/// translations, and of translations against the keys of their sentences, the mean of the two. The negatives are the other
/// keys of the batch and those of the queue. Where the keys are what `hidden` gives and there is no queue, it is as large as
/// [`translation_contrast`].
///
/// The loss XLCO of InfoXLM (arXiv 2007.07834, section 3.3), where keys and queue are those of Momentum Contrast (arXiv
/// 1911.05722). InfoXLM takes dot products and the queue's negatives alone.
///
/// # Errors
/// Where there is no pair, lists or matrices do not fit together, a range is outside the rows, or the device fails.
pub fn cross_lingual_contrast<D: Backend, T: Tape<f32, D>>(
    hidden: Matrix<D, T>,
    items: &TranslationItems<'_>,
    keys: &TranslationKeys<'_, D>,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    check(items)?;
    for side in [keys.sources, keys.targets] {
        check_length("keys of translations", items.sources.len(), side.shape().0)?;
    }
    let queued = keys.queue.as_ref().map_or(&[][..], |queue| queue.texts);
    for side in keys.queue.iter().flat_map(|queue| [queue.sources, queue.targets]) {
        check_length("texts of the queue", side.shape().0, queued.len())?;
    }
    let (source_hidden, target_hidden) = tape::fork(hidden);
    let sources = D::span_mean(source_hidden, &spans(items.sources))?;
    let targets = D::span_mean(target_hidden, &spans(items.targets))?;
    let positives: Vec<usize> = (0..items.sources.len()).collect();
    let text = |key: usize| items.texts.get(key).copied().unwrap_or_else(|| queued[key - items.texts.len()]);
    let differ = |query: usize, key: usize| share_no_side(items.texts[query], text(key));
    let towards = |queries, own: &Matrix<D>, queue| {
        let form = InfoNce { contrast, queue, temperature: None };
        form.loss(queries, own.retaped::<T>(), &positives, differ)
    };
    let forth = towards(sources, keys.targets, keys.queue.as_ref().map(|queue| queue.targets))?;
    let back = towards(targets, keys.sources, keys.queue.as_ref().map(|queue| queue.sources))?;
    Ok(LossSum { sum: tape::scale(tape::add(forth.sum, back.sum)?, 0.5)?, count: forth.count })
}

fn check(items: &TranslationItems<'_>) -> Result<(), Error> {
    check_length("translations", items.sources.len(), items.targets.len())?;
    check_length("texts", items.sources.len(), items.texts.len())?;
    if items.sources.is_empty() { Err(Error::Empty("translation contrast")) } else { Ok(()) }
}

fn share_no_side(a: (u64, u64), b: (u64, u64)) -> bool {
    a.0 != b.0 && a.1 != b.1
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray as _, Cpu, TensorFromVec as _};
    use proptest::prelude::*;

    use super::*;

    /// Two pairs in two dimensions, each pair along its own axis.
    fn hidden(second: [f32; 2]) -> Matrix<Cpu> {
        Cpu::default().tensor_from_vec(vec![1.0, 0.0, 0.0, 1.0, 2.0, 0.0, second[0], second[1]], (4, 2))
    }

    fn loss(second: [f32; 2], texts: &[(u64, u64)], margin: f32) -> f32 {
        let items = TranslationItems { sources: &[0..1, 1..2], targets: &[2..3, 3..4], texts };
        let contrast = Contrast { temperature: 0.1, margin };
        translation_contrast(hidden(second), &items, contrast).unwrap().sum.array()
    }

    #[test]
    fn aligned_pairs_cost_little_and_a_margin_asks_for_more() {
        let texts = [(0, 1), (2, 3)];
        let aligned = loss([0.0, 1.0], &texts, 0.0);
        assert!(aligned < 1e-3);
        assert!(loss([0.0, 1.0], &texts, 0.9) > 100.0 * aligned);
        assert!(loss([1.0, 0.0], &texts, 0.0) > 1.0);
    }

    #[test]
    fn misfits_are_refused() {
        let refuse = |sources: &[Range<usize>], texts: &[(u64, u64)]| {
            let items = TranslationItems { sources, targets: &[2..3, 3..4][..sources.len().min(2)], texts };
            translation_contrast(hidden([0.0, 1.0]), &items, Contrast::default()).unwrap_err().to_string()
        };
        assert_eq!(refuse(&[], &[]), "translation contrast: expected at least one item, found none");
        assert_eq!(refuse(&[0..1, 1..2], &[]), "texts: expected 2, found 0");
        assert!(refuse(&[0..1, 1..9], &[(0, 1), (2, 3)]).contains('9'));
    }

    #[test]
    fn pairs_that_share_a_side_are_no_negatives() {
        assert!(loss([1.0, 0.0], &[(0, 1), (2, 1)], 0.0).abs() < 1e-5);
        assert!(loss([1.0, 0.0], &[(0, 1), (0, 3)], 0.0).abs() < 1e-5);
    }

    const RANGES: [Range<usize>; 6] = [0..2, 2..3, 3..4, 4..6, 6..7, 7..9];

    fn states(values: &[f32]) -> Matrix<Cpu> {
        Cpu::default().tensor_from_vec(values.to_vec(), (9, 3))
    }

    fn pooled(x: &Matrix<Cpu>, ranges: &[Range<usize>]) -> Matrix<Cpu> {
        Cpu::span_mean(x.clone(), &spans(ranges)).unwrap()
    }

    fn value(loss: &LossSum<Cpu>) -> f64 {
        f64::from(loss.sum.array())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Keys that the same states give make it the form in the batch; and a pair that is remembered weighs as much as
        /// one in the batch.
        #[test]
        fn agrees_with_the_form_in_the_batch(
            values in prop::collection::vec(prop_oneof![-2.0..-0.1f32, 0.1..2.0f32], 27), same in 0u64..3,
        ) {
            let contrast = Contrast { temperature: 0.3, margin: 0.1 };
            let x = states(&values);
            let texts = [(1, 2), (3, 4), (5, [6, 2, 4][same as usize])];
            let all = TranslationItems { sources: &RANGES[..3], targets: &RANGES[3..], texts: &texts };
            let (sources, targets) = (pooled(&x, &RANGES[..3]), pooled(&x, &RANGES[3..]));
            let keys = TranslationKeys { sources: &sources, targets: &targets, queue: None };
            let expected = value(&translation_contrast(x.clone(), &all, contrast).unwrap());
            let found = value(&cross_lingual_contrast(x.clone(), &all, &keys, contrast).unwrap());
            prop_assert!((expected - found).abs() < 1e-5 * (1.0 + expected));

            let loss_of = |kept: usize| -> f64 {
                let items = TranslationItems {
                    sources: &RANGES[..kept], targets: &RANGES[3..3 + kept], texts: &texts[..kept],
                };
                let (sources, targets) = (pooled(&x, items.sources), pooled(&x, items.targets));
                let rest = [&RANGES[kept..3], &RANGES[3 + kept..]]
                    .map(|ranges| (!ranges.is_empty()).then(|| Cpu::l2_normalize(pooled(&x, ranges)).unwrap()));
                let queue = rest[0].as_ref().zip(rest[1].as_ref()).map(|(sources, targets)| {
                    QueuedTranslations { sources, targets, texts: &texts[kept..] }
                });
                let keys = TranslationKeys { sources: &sources, targets: &targets, queue };
                value(&cross_lingual_contrast(x.clone(), &items, &keys, contrast).unwrap())
            };
            // The pair left over is asked about only where it is in the batch.
            let alone = TranslationItems { sources: &RANGES[2..3], targets: &RANGES[5..], texts: &texts[2..] };
            let (sources, targets) = (pooled(&x, alone.sources), pooled(&x, alone.targets));
            let rest = [&RANGES[..2], &RANGES[3..5]].map(|ranges| Cpu::l2_normalize(pooled(&x, ranges)).unwrap());
            let queue = QueuedTranslations { sources: &rest[0], targets: &rest[1], texts: &texts[..2] };
            let keys = TranslationKeys { sources: &sources, targets: &targets, queue: Some(queue) };
            let last = value(&cross_lingual_contrast(x.clone(), &alone, &keys, contrast).unwrap());
            prop_assert!((loss_of(3) - loss_of(2) - last).abs() < 1e-4 * (1.0 + loss_of(3)));
        }
    }

    #[test]
    fn gradients_against_constant_keys_equal_finite_differences() {
        let values: Vec<f32> = (0..27).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect();
        let (x, contrast) = (states(&values), Contrast { temperature: 0.5, margin: 0.2 });
        let other = states(&values.iter().rev().copied().collect::<Vec<_>>());
        let texts = [(1, 2), (3, 4), (5, 6)];
        let items = TranslationItems { sources: &RANGES[..3], targets: &RANGES[3..], texts: &texts };
        let (sources, targets) = (pooled(&other, &RANGES[..3]), pooled(&other, &RANGES[3..]));
        let queued = Cpu::l2_normalize(pooled(&other, &[1..4, 5..7])).unwrap();
        let queue = QueuedTranslations { sources: &queued, targets: &queued, texts: &[(7, 8), (1, 9)] };
        let keys = TranslationKeys { sources: &sources, targets: &targets, queue: Some(queue.clone()) };
        let traced = cross_lingual_contrast(tape::start(&x), &items, &keys, contrast).unwrap();
        let mut gradients = tape::backward(traced.sum).unwrap();
        for (index, found) in tape::gradient(&x, &mut gradients).unwrap().into_iter().enumerate() {
            let shifted = |by: f32| {
                let mut values = values.clone();
                values[index] += by;
                value(&cross_lingual_contrast(states(&values), &items, &keys, contrast).unwrap())
            };
            let expected = (shifted(0.01) - shifted(-0.01)) / 0.02;
            assert!((f64::from(found) - expected).abs() < 3e-3 * (1.0 + expected.abs()), "{index}: {found} {expected}");
        }
        let few = TranslationKeys { sources: &queued, ..keys.clone() };
        let message = cross_lingual_contrast(x.clone(), &items, &few, contrast).unwrap_err().to_string();
        assert_eq!(message, "keys of translations: expected 3, found 2");
        let queue = QueuedTranslations { texts: &[], ..queue };
        let unnamed = TranslationKeys { queue: Some(queue), ..keys };
        assert!(cross_lingual_contrast(x, &items, &unnamed, contrast).is_err());
    }
}
