//! The contrast of sentences with their translations, in the batch and with keys of another encoder.

use std::ops::Range;

use dfdx::prelude::AsArray as _;
use jove_model::ops::tape;
use jove_model::{Backend as _, Cpu, Matrix};
use jove_objectives::{
    Contrast, QueuedTranslations, TranslationItems, TranslationKeys, cross_lingual_contrast, translation_contrast,
};
use proptest::prelude::*;

use crate::helpers::{check_input_gradient, gradient, matrix, orders, pooled, value, values};

/// Two pairs in two dimensions, each pair along its own axis.
fn hidden(second: [f32; 2]) -> Matrix<Cpu> {
    matrix(4, &[1.0, 0.0, 0.0, 1.0, 2.0, 0.0, second[0], second[1]])
}

fn loss(second: [f32; 2], texts: &[(u64, u64)], margin: f32) -> f32 {
    let items = TranslationItems { sources: &[0..1, 1..2], targets: &[2..3, 3..4], texts };
    let contrast = Contrast { temperature: 0.1, margin };
    translation_contrast(hidden(second), &items, contrast).unwrap().sum.array()
}

#[test]
fn aligned_pairs_cost_little_and_a_margin_raises_the_cost() {
    let texts = [(0, 1), (2, 3)];
    let aligned = loss([0.0, 1.0], &texts, 0.0);
    assert!(aligned < 1e-3);
    assert!(loss([0.0, 1.0], &texts, 0.9) > 100.0 * aligned);
    assert!(loss([1.0, 0.0], &texts, 0.0) > 1.0);
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
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
    matrix(9, values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// With keys from the same states the loss is that of the form in the batch; a pair in the queue is a negative like one in
    /// the batch.
    #[test]
    fn agrees_with_the_form_in_the_batch(
        values in values(27), same in 0u64..3,
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
        // The third pair has a term of its own only where it is in the batch.
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
    check_input_gradient(&x, |x| cross_lingual_contrast(x, &items, &keys, contrast).unwrap());
    let few = TranslationKeys { sources: &queued, ..keys.clone() };
    let message = cross_lingual_contrast(x.clone(), &items, &few, contrast).unwrap_err().to_string();
    assert_eq!(message, "keys of translations: expected 3, found 2");
    let queue = QueuedTranslations { texts: &[], ..queue };
    let unnamed = TranslationKeys { queue: Some(queue), ..keys };
    assert!(cross_lingual_contrast(x, &items, &unnamed, contrast).is_err());
}

const TEXTS: [(u64, u64); 3] = [(1, 2), (3, 4), (5, 2)];

fn all(texts: &[(u64, u64)]) -> TranslationItems<'_> {
    TranslationItems { sources: &RANGES[..3], targets: &RANGES[3..], texts }
}

#[test]
fn gradients_in_the_batch_equal_finite_differences() {
    let x = states(&(0..27).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect::<Vec<_>>());
    let contrast = Contrast { temperature: 0.5, margin: 0.2 };
    check_input_gradient(&x, |x| translation_contrast(x, &all(&TEXTS), contrast).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn order_of_pairs_and_direction_do_not_matter(values in values(27), order in orders(3)) {
        let (x, contrast) = (states(&values), Contrast { temperature: 0.3, margin: 0.1 });
        let loss = |items: &TranslationItems<'_>| value(&translation_contrast(x.clone(), items, contrast).unwrap());
        let expected = loss(&all(&TEXTS));
        let pick = |ranges: &[Range<usize>]| order.iter().map(|&pair| ranges[pair].clone()).collect::<Vec<_>>();
        let (sources, targets) = (pick(&RANGES[..3]), pick(&RANGES[3..]));
        let texts: Vec<_> = order.iter().map(|&pair| TEXTS[pair]).collect();
        let mixed = loss(&TranslationItems { sources: &sources, targets: &targets, texts: &texts });
        prop_assert!((mixed - expected).abs() < 1e-5 * (1.0 + expected));
        let back = TEXTS.map(|(source, target)| (target, source));
        let back = loss(&TranslationItems { sources: &RANGES[3..], targets: &RANGES[..3], texts: &back });
        prop_assert!((back - expected).abs() < 1e-5 * (1.0 + expected));
    }

    #[test]
    fn rows_of_other_sequences_have_no_part(values in values(27), padding in values(12)) {
        let contrast = Contrast::default();
        let padded = matrix(13, &[&values[..], &padding].concat());
        let loss = |x| translation_contrast(x, &all(&TEXTS), contrast).unwrap();
        let [short, long] = [states(&values), padded.clone()].map(|x| value(&loss(tape::start(&x))));
        prop_assert_eq!(short.to_bits(), long.to_bits());
        prop_assert!(gradient(&padded, loss)[27..].iter().all(|&number| number.abs() < f32::MIN_POSITIVE));
    }
}
