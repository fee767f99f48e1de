//! Gradients of operators, in both forms, against central differences.

use dfdx::prelude::{Cpu, OwnedTape, TensorFromVec};
use jove_model::ops::{AttentionArgs, AttentionWeights, FeedForwardWeights, NormWeights, SublayerPass, composed, tape};
use jove_model::{Backend, Matrix, Scalar};

use crate::support::{Traced, mask, matrix, noise, vector, weigh};

/// How far an element is moved to both sides.
const STEP: f32 = 5e-3;

/// The gradient of `loss` in a matrix of this size is what its differences are, up to single precision.
fn check(name: &str, (rows, columns): (usize, usize), loss: impl Fn(Traced) -> Scalar<Cpu, OwnedTape<f32, Cpu>>) {
    let numbers = noise(rows * columns, 1);
    let input = |numbers: Vec<f32>| -> Matrix<Cpu> { Cpu::default().tensor_from_vec(numbers, (rows, columns)) };
    let x = input(numbers.clone());
    let mut gradients = tape::backward(loss(tape::start(&x))).unwrap();
    let found = tape::gradient(&x, &mut gradients).unwrap();
    let at = |index: usize, shift: f32| {
        let mut moved = numbers.clone();
        moved[index] += shift;
        f64::from(tape::value(&loss(tape::start(&input(moved)))))
    };
    let largest = found.iter().fold(0.1f32, |most, x| most.max(x.abs()));
    for (index, found) in found.iter().enumerate() {
        let expected = (at(index, STEP) - at(index, -STEP)) / (2.0 * f64::from(STEP));
        let difference = (f64::from(*found) - expected).abs() / f64::from(largest);
        assert!(difference < 5e-3, "{name}: {found} of number {index}, not {expected}");
    }
}

#[test]
fn rowwise_operators_have_the_slope_of_their_values() {
    check("gelu", (3, 7), |x| weigh(Cpu::gelu(x).unwrap()));
    check("gelu composed", (3, 7), |x| weigh(composed::gelu(x).unwrap()));
    check("dropout", (3, 7), |x| weigh(Cpu::dropout(x, mask(0.4, 1)).unwrap()));
    let (weight, bias) = (vector(7, 2), vector(7, 3));
    let norm = NormWeights { weight: &weight, bias: &bias, epsilon: 1e-2 };
    check("add_norm", (3, 7), |x| weigh(Cpu::add_norm(x, None, &norm, mask(0.2, 1)).unwrap()));
    check("add_norm composed", (3, 7), |x| weigh(composed::add_norm(x, None, &norm, mask(0.2, 1)).unwrap()));
    let other = matrix(3, 7, 5);
    check("residual", (3, 7), |x| weigh(Cpu::add_norm(tape::start(&other), Some(x), &norm, None).unwrap()));
}

#[test]
fn products_have_the_slope_of_their_values() {
    let (w, b) = (matrix(5, 4, 2), vector(5, 3));
    check("linear", (3, 4), |x| weigh(Cpu::linear(x, &w, Some(&b)).unwrap()));
    check("linear composed", (3, 4), |x| weigh(composed::linear(x, &w, Some(&b)).unwrap()));
    let b = matrix(4, 6, 4);
    check("similarity", (3, 6), |x| weigh(Cpu::similarity(x, tape::start(&b)).unwrap()));
    check("similarity with itself", (3, 6), |x| {
        let (left, right) = tape::fork(x);
        weigh(Cpu::similarity(left, right).unwrap())
    });
}

#[test]
fn rows_and_spans_have_the_slope_of_their_values() {
    check("rows", (5, 3), |x| weigh(Cpu::rows(x, &[4, 0, 4, 2]).unwrap()));
    check("rows composed", (5, 3), |x| weigh(composed::rows(x, &[4, 0, 4, 2]).unwrap()));
    check("span_mean", (5, 3), |x| weigh(Cpu::span_mean(x, &[(0, 5), (1, 2), (3, 5)]).unwrap()));
    check("l2_normalize", (4, 3), |x| weigh(Cpu::l2_normalize(x).unwrap()));
}

#[test]
fn losses_have_the_slope_of_their_values() {
    check("cross_entropy", (3, 5), |x| Cpu::cross_entropy(x, &[4, 0, 2]).unwrap());
    let (w, b) = (matrix(9, 5, 2), vector(9, 3));
    check("vocabulary_cross_entropy", (3, 5), |x| Cpu::vocabulary_cross_entropy(x, &w, &b, &[8, 0, 3]).unwrap());
    check("vocabulary_cross_entropy composed", (3, 5), |x| {
        composed::vocabulary_cross_entropy(x, &w, &b, &[8, 0, 3]).unwrap()
    });
}

#[test]
fn sublayers_have_the_slope_of_their_values() {
    let weights: Vec<_> = (0..4).map(|n| (matrix(6, 6, 10 + n), vector(6, 20 + n))).collect();
    let (weight, bias) = (vector(6, 3), vector(6, 4));
    let pair = |n: usize| (&weights[n].0, &weights[n].1);
    let norm = || NormWeights { weight: &weight, bias: &bias, epsilon: 1e-1 };
    let attention = AttentionWeights { qkv: [pair(0), pair(1), pair(2)], output: pair(3), norm: norm() };
    let args = AttentionArgs { cu_seqlens: &[0, 3, 4], heads: 2, mask: mask(0.2, 1) };
    for (recompute, rows) in [(false, None), (true, Some(&[1, 3][..]))] {
        let pass = SublayerPass { mask: mask(0.2, 2), recompute, rows };
        check("attention_sublayer", (4, 6), |x| weigh(Cpu::attention_sublayer(x, &attention, &args, &pass).unwrap()));
    }
    let (w1, b1, w2) = (matrix(9, 6, 5), vector(9, 6), matrix(6, 9, 7));
    let feed_forward = FeedForwardWeights { intermediate: (&w1, &b1), output: (&w2, &bias), norm: norm() };
    for recompute in [false, true] {
        let pass = SublayerPass { mask: mask(0.2, 2), recompute, rows: None };
        check("feed_forward_sublayer", (4, 6), |x| weigh(Cpu::feed_forward_sublayer(x, &feed_forward, &pass).unwrap()));
    }
}
