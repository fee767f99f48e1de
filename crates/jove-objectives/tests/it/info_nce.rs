//! InfoNCE against its definition.

use dfdx::prelude::{AsArray as _, Backward as _, Trace as _};
use jove_model::ops::tape;
use jove_model::{Backend as _, Cpu};
use jove_objectives::{Contrast, InfoNce, info_nce, symmetric_info_nce};
use proptest::prelude::*;

use crate::helpers::{gradient, matrix, orders, permuted, to_rows, value, values};

const CONTRAST: Contrast = Contrast { temperature: 0.5, margin: 0.2 };

/// The definition, in f64 and plain loops.
fn naive(q: &[Vec<f64>], k: &[Vec<f64>], positives: &[usize], negative: impl Fn(usize, usize) -> bool) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = |a: &[f64], b: &[f64]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    let mut loss = 0.0;
    for (i, &positive) in positives.iter().enumerate() {
        let own = (cosine(&q[i], &k[positive]) - 0.2) / 0.5;
        let others = (0..k.len()).filter(|&j| j != positive && negative(i, j));
        let total = own.exp() + others.map(|j| (cosine(&q[i], &k[j]) / 0.5).exp()).sum::<f64>();
        loss += total.ln() - own;
    }
    loss
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn equals_the_definition_under_any_filter(
        q in values(12), k in values(9), positives in prop::collection::vec(0usize..3, 4),
        table in prop::collection::vec(any::<bool>(), 12),
    ) {
        let negative = |i: usize, j: usize| table[i * 3 + j];
        let loss = info_nce(matrix(4, &q), matrix(3, &k), &positives, negative, CONTRAST).unwrap();
        let expected = naive(&to_rows(&q, 4), &to_rows(&k, 3), &positives, negative);
        prop_assert_eq!(loss.count, 4);
        prop_assert!((value(&loss) - expected).abs() < 1e-4 * (1.0 + expected));
    }

    #[test]
    fn gradients_equal_finite_differences(q in values(9), k in values(9)) {
        let negative = |i: usize, j: usize| i + j != 2;
        let loss = |q: &[f32], k: &[f32]| {
            let (q, k) = (to_rows(q, 3), to_rows(k, 3));
            f64::midpoint(naive(&q, &k, &[0, 1, 2], negative), naive(&k, &q, &[0, 1, 2], negative))
        };
        let (left, right) = (matrix(3, &q), matrix(3, &k));
        let traced = symmetric_info_nce(left.leaky_trace(), right.retaped(), negative, CONTRAST).unwrap();
        let grads = traced.sum.backward();
        for (index, (found_q, found_k)) in
            grads.get(&left).as_vec().into_iter().zip(grads.get(&right).as_vec()).enumerate()
        {
            let shifted = |v: &[f32], by: f32| {
                let mut v = v.to_vec();
                v[index] += by;
                v
            };
            let expected_q = (loss(&shifted(&q, 0.01), &k) - loss(&shifted(&q, -0.01), &k)) / 0.02;
            let expected_k = (loss(&q, &shifted(&k, 0.01)) - loss(&q, &shifted(&k, -0.01))) / 0.02;
            prop_assert!((f64::from(found_q) - expected_q).abs() < 0.02 * (1.0 + expected_q.abs()));
            prop_assert!((f64::from(found_k) - expected_k).abs() < 0.02 * (1.0 + expected_k.abs()));
        }
    }

    /// The loss depends on the set of keys, not on whether they are in the batch or in the queue; so do the gradients of
    /// queries and of keys in the batch.
    #[test]
    fn keys_in_the_queue_count_as_keys_in_the_batch(
        q in values(12), k in values(18), positives in prop::collection::vec(0usize..3, 4), blocked in 0usize..24,
    ) {
        let negative = |i: usize, j: usize| i * 6 + j != blocked;
        let (queries, whole, half) = (matrix(4, &q), matrix(6, &k), matrix(3, &k[..9]));
        let queue = Cpu::l2_normalize(matrix(3, &k[9..])).unwrap();
        let form = |queue| InfoNce { contrast: CONTRAST, queue, temperature: None };
        let in_batch =
            form(None).loss(queries.leaky_trace(), whole.retaped(), &positives, negative).unwrap();
        let queued =
            form(Some(&queue)).loss(queries.leaky_trace(), half.retaped(), &positives, negative).unwrap();
        prop_assert!((in_batch.sum.array() - queued.sum.array()).abs() < 1e-5 * (1.0 + in_batch.sum.array()));
        let (in_batch, queued) = (in_batch.sum.backward(), queued.sum.backward());
        let close = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5);
        prop_assert!(close(in_batch.get(&queries).as_vec(), queued.get(&queries).as_vec()));
        prop_assert!(close(in_batch.get(&whole).as_vec()[..9].to_vec(), queued.get(&half).as_vec()));
    }

    #[test]
    fn the_order_of_queries_and_of_keys_does_not_matter(
        q in values(12), k in values(15), positives in prop::collection::vec(0usize..5, 4),
        query_order in orders(4), key_order in orders(5), table in prop::collection::vec(any::<bool>(), 20),
    ) {
        let negative = |i: usize, j: usize| table[i * 5 + j];
        let (queries, keys) = (matrix(4, &q), matrix(5, &k));
        let loss = info_nce(queries.clone(), keys.clone(), &positives, negative, CONTRAST).unwrap();
        let moved: Vec<usize> = query_order
            .iter()
            .map(|&query| key_order.iter().position(|&key| key == positives[query]).unwrap())
            .collect();
        let negative = |i: usize, j: usize| table[query_order[i] * 5 + key_order[j]];
        let (queries, keys) = (permuted(&queries, &query_order), permuted(&keys, &key_order));
        let other = info_nce(queries, keys, &moved, negative, CONTRAST).unwrap();
        prop_assert!((value(&loss) - value(&other)).abs() < 1e-5 * (1.0 + value(&loss)));
    }

    #[test]
    fn both_sides_play_the_same_part_and_lengths_play_none(
        q in values(9), k in values(9), scales in prop::collection::vec(0.2..5.0f32, 6),
    ) {
        let negative = |i: usize, j: usize| i + j != 1;
        let loss = |left: &[f32], right: &[f32]| {
            value(&symmetric_info_nce(matrix(3, left), matrix(3, right), negative, CONTRAST).unwrap())
        };
        let expected = loss(&q, &k);
        prop_assert!((loss(&k, &q) - expected).abs() < 1e-5 * (1.0 + expected));
        let scaled = |values: &[f32], scales: &[f32]| {
            values.iter().enumerate().map(|(index, value)| value * scales[index / 3]).collect::<Vec<f32>>()
        };
        let rescaled = loss(&scaled(&q, &scales[..3]), &scaled(&k, &scales[3..]));
        prop_assert!((rescaled - expected).abs() < 1e-4 * (1.0 + expected), "{} {}", rescaled, expected);
    }

    /// A hot softmax is uniform over the positive and its negatives; a cold one sees the nearest key only.
    #[test]
    fn temperature_has_its_limits(q in values(6), k in values(12), blocked in 1usize..4) {
        let keys = to_rows(&k, 4);
        let query = &to_rows(&q, 2)[..1];
        let loss = |temperature: f32| {
            let contrast = Contrast { temperature, margin: 0.0 };
            value(&info_nce(matrix(1, &q[..3]), matrix(4, &k), &[0], |_, key| key != blocked, contrast).unwrap())
        };
        prop_assert!((loss(1e6) - 3f64.ln()).abs() < 1e-4);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let cosine = |key: usize| {
            dot(&query[0], &keys[key]) / (dot(&query[0], &query[0]) * dot(&keys[key], &keys[key])).sqrt()
        };
        let best = (1..4).filter(|&key| key != blocked).map(cosine).fold(f64::NEG_INFINITY, f64::max);
        let gap = (best - cosine(0)).max(0.0);
        prop_assert!((loss(1e-3) * 1e-3 - gap).abs() < 2e-3, "{} {}", loss(1e-3) * 1e-3, gap);
    }

    #[test]
    fn it_is_never_negative_and_a_margin_only_adds(q in values(9), k in values(9), margin in 0.0..1.0f32) {
        let loss = |margin| {
            let contrast = Contrast { temperature: 0.1, margin };
            value(&info_nce(matrix(3, &q), matrix(3, &k), &[0, 1, 2], |_, _| true, contrast).unwrap())
        };
        prop_assert!(loss(0.0) >= 0.0);
        prop_assert!(loss(margin) >= loss(0.0) - 1e-4);
    }
}

#[test]
fn without_negatives_nothing_is_learnt() {
    let keys = matrix(2, &[0.3, 0.4, -0.5, 0.1]);
    let queries = matrix(1, &[1.0, 0.2]);
    let loss = |x| info_nce(x, keys.retaped(), &[0], |_, _| false, CONTRAST).unwrap();
    assert!(value(&loss(tape::start(&queries))).abs() < 1e-6);
    assert!(gradient(&queries, loss).iter().all(|number| number.abs() < 1e-6));
}

#[test]
fn a_queue_of_another_width_is_refused() {
    let (two, narrow) = (matrix(2, &[1.0; 4]), matrix(2, &[1.0; 2]));
    let form = InfoNce { contrast: CONTRAST, queue: Some(&narrow), temperature: None };
    let error = form.loss(two.clone(), two, &[0, 1], |_, _| true).unwrap_err();
    assert_eq!(error.to_string(), "width of the queue: expected 2, found 1");
}

#[test]
fn a_false_negative_has_no_part_in_the_loss() {
    let loss = |third: f32| {
        let keys = matrix(3, &[1.0, 0.0, 0.0, 1.0, third, 1.0]);
        info_nce(matrix(1, &[1.0, 0.1]), keys, &[0], |_, key| key != 2, CONTRAST).unwrap().sum.array()
    };
    assert_eq!(loss(0.3).to_bits(), loss(-5.0).to_bits());
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let (two, three) = (matrix(2, &[1.0; 4]), matrix(3, &[1.0; 6]));
    let refuse = |positives: &[usize]| {
        info_nce(two.clone(), three.clone(), positives, |_, _| true, CONTRAST).unwrap_err().to_string()
    };
    assert_eq!(refuse(&[0]), "positives: expected 2, found 1");
    assert_eq!(refuse(&[0, 3]), "positive: expected rows below 3, found 3");
    let rows = symmetric_info_nce(two.clone(), three.clone(), |_, _| true, CONTRAST).unwrap_err().to_string();
    assert_eq!(rows, "rows of the right side: expected 2, found 3");
    let width = info_nce(two, matrix(1, &[1.0; 3]), &[0, 0], |_, _| true, CONTRAST).unwrap_err().to_string();
    assert_eq!(width, "width of the keys: expected 2, found 3");
}
