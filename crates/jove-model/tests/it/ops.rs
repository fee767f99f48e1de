//! Every fused operator against its composed form, and against itself on other numbers of threads.

use std::borrow::Cow;

use dfdx::prelude::{Cpu, OwnedTape, TensorFromVec};
use jove_core::{ModelConfig, Seed};
use jove_model::ops::adamw_update::Rates;
use jove_model::ops::{
    AttentionArgs, AttentionWeights, FeedForwardWeights, NormWeights, SublayerPass, Tables, composed, tape,
};
use jove_model::{AdamState, AdamW, Backend, MaskedLm, Moments, PackedBatch, Parameters as _};
use proptest::prelude::*;

use crate::support::{Collected, check, cumulative, gap, lengths, mask, matrix, vector, weigh};

fn check_linear((n, k, out): (usize, usize, usize)) {
    check("linear", |fused| {
        let (x, w, b) = (matrix(n, k, 1), matrix(out, k, 2), vector(out, 3));
        let y = if fused {
            Cpu::linear(tape::start(&x), &w, Some(&b)).unwrap()
        } else {
            composed::linear(tape::start(&x), &w, Some(&b)).unwrap()
        };
        let value = y.as_vec();
        let mut grads = tape::backward(weigh(y)).unwrap();
        (value, Collected(vec![]).with(&x, &mut grads).with(&w, &mut grads).with(&b, &mut grads).0)
    });
}

fn check_rowwise(rows: usize, width: usize, rate: f64) {
    check("gelu", |fused| {
        let x = matrix(rows, width, 1);
        let large = tape::scale(tape::start(&x), 4.0).unwrap();
        let y = if fused { Cpu::gelu(large).unwrap() } else { composed::gelu(large).unwrap() };
        let value = y.as_vec();
        let mut grads = tape::backward(weigh(y)).unwrap();
        (value, Collected(vec![]).with(&x, &mut grads).0)
    });
    check("dropout", |fused| {
        let x = matrix(rows, width, 1);
        let start = tape::start(&x);
        let y =
            if fused { Cpu::dropout(start, mask(rate, 1)) } else { composed::dropout(start, mask(rate, 1)) }.unwrap();
        let value = y.as_vec();
        let mut grads = tape::backward(weigh(y)).unwrap();
        (value, Collected(vec![]).with(&x, &mut grads).0)
    });
    for with_residual in [false, true] {
        check("add_norm", |fused| {
            let (x, residual) = (matrix(rows, width, 1), matrix(rows, width, 2));
            let (gain, bias) = (vector(width, 3), vector(width, 4));
            let norm = NormWeights { weight: &gain, bias: &bias, epsilon: 1e-5 };
            let (start, other) = (tape::start(&x), with_residual.then(|| tape::start(&residual)));
            let y = if fused {
                Cpu::add_norm(start, other, &norm, mask(rate, 2)).unwrap()
            } else {
                composed::add_norm(start, other, &norm, mask(rate, 2)).unwrap()
            };
            let value = y.as_vec();
            let mut grads = tape::backward(weigh(y)).unwrap();
            let all = Collected(vec![]).with(&x, &mut grads).with(&residual, &mut grads);
            (value, all.with(&gain, &mut grads).with(&bias, &mut grads).0)
        });
    }
}

fn check_attention(lengths: &[usize], heads: usize, size: usize, rate: f64) {
    let cu_seqlens = cumulative(lengths);
    let (tokens, width) = (*cu_seqlens.last().unwrap(), heads * size);
    check("attention", |fused| {
        let [query, key, value] = [1, 2, 3].map(|salt| matrix(tokens, width, salt));
        let args = AttentionArgs { cu_seqlens: &cu_seqlens, heads, mask: mask(rate, 3) };
        let [a, b, c] = [&query, &key, &value].map(tape::start);
        let y = if fused { Cpu::attention(a, b, c, &args) } else { composed::attention(a, b, c, &args) }.unwrap();
        let out = y.as_vec();
        let mut grads = tape::backward(weigh(y)).unwrap();
        (out, Collected(vec![]).with(&query, &mut grads).with(&key, &mut grads).with(&value, &mut grads).0)
    });
}

fn check_vocabulary((n, h, v): (usize, usize, usize)) {
    check("vocabulary_cross_entropy", |fused| {
        let (x, w, b) = (matrix(n, h, 1), matrix(v, h, 2), vector(v, 3));
        let targets: Vec<u32> = (0..n).map(|i| ((i * 7919 + 3) % v) as u32).collect();
        let start = tape::start(&x);
        let loss = if fused {
            Cpu::vocabulary_cross_entropy(start, &w, &b, &targets).unwrap()
        } else {
            composed::vocabulary_cross_entropy(start, &w, &b, &targets).unwrap()
        };
        let value = vec![tape::value(&loss)];
        let mut grads = tape::backward(tape::scale(loss, 0.5).unwrap()).unwrap();
        (value, Collected(vec![]).with(&x, &mut grads).with(&w, &mut grads).with(&b, &mut grads).0)
    });
}

/// Both halves of a layer, with and without computing again, for all rows and for every third.
fn check_sublayers(lengths: &[usize], (heads, size, intermediate): (usize, usize, usize), rate: f64) {
    let (h, tokens): (usize, usize) = (heads * size, lengths.iter().sum());
    let cu_seqlens = cumulative(lengths);
    let third: Vec<u32> = (0..tokens as u32).step_by(3).collect();
    for (recompute, rows) in [(false, None), (true, None), (false, Some(third.as_slice())), (true, Some(&third))] {
        check("attention_sublayer", |fused| {
            let x = matrix(tokens, h, 1);
            let weights: Vec<_> = (0..4).map(|n| (matrix(h, h, 10 + n), vector(h, 20 + n))).collect();
            let (gain, bias) = (vector(h, 3), vector(h, 4));
            let pair = |n: usize| (&weights[n].0, &weights[n].1);
            let norm = NormWeights { weight: &gain, bias: &bias, epsilon: 1e-5 };
            let all = AttentionWeights { qkv: [pair(0), pair(1), pair(2)], output: pair(3), norm };
            let args = AttentionArgs { cu_seqlens: &cu_seqlens, heads, mask: mask(rate, 1) };
            let pass = SublayerPass { mask: mask(rate, 2), recompute, rows };
            let start = tape::start(&x);
            let y = if fused {
                Cpu::attention_sublayer(start, &all, &args, &pass).unwrap()
            } else {
                composed::attention_sublayer(start, &all, &args, &pass).unwrap()
            };
            let value = y.as_vec();
            let mut grads = tape::backward(weigh(y)).unwrap();
            let mut found = Collected(vec![]).with(&x, &mut grads).with(&gain, &mut grads).with(&bias, &mut grads);
            for (n, (w, b)) in weights.iter().enumerate() {
                found = found.with(w, &mut grads);
                // The bias of keys moves all scores of a query alike: its gradient is rounding alone.
                if n != 1 {
                    found = found.with(b, &mut grads);
                }
            }
            (value, found.0)
        });
        check("feed_forward_sublayer", |fused| {
            let x = matrix(rows.map_or(tokens, <[u32]>::len), h, 1);
            let (w1, b1, w2, b2) =
                (matrix(intermediate, h, 5), vector(intermediate, 6), matrix(h, intermediate, 7), vector(h, 8));
            let (gain, bias) = (vector(h, 3), vector(h, 4));
            let norm = NormWeights { weight: &gain, bias: &bias, epsilon: 1e-5 };
            let all = FeedForwardWeights { intermediate: (&w1, &b1), output: (&w2, &b2), norm };
            let pass = SublayerPass { mask: mask(rate, 2), recompute, rows };
            let start = tape::start(&x);
            let y = if fused {
                Cpu::feed_forward_sublayer(start, &all, &pass).unwrap()
            } else {
                composed::feed_forward_sublayer(start, &all, &pass).unwrap()
            };
            let value = y.as_vec();
            let mut grads = tape::backward(weigh(y)).unwrap();
            let found = Collected(vec![]).with(&x, &mut grads).with(&gain, &mut grads).with(&bias, &mut grads);
            let found = found.with(&w1, &mut grads).with(&b1, &mut grads);
            (value, found.with(&w2, &mut grads).with(&b2, &mut grads).0)
        });
    }
}

/// The embeddings of a batch, of which the rows at `positions` are taken.
fn check_embedding(lengths: &[usize], positions: impl Fn(u32) -> Vec<u32>) {
    let config = ModelConfig::bert(50, 12, 1, 2, 8);
    let mut batch = PackedBatch::builder(&config);
    for (n, &length) in lengths.iter().enumerate() {
        let tokens: Vec<u32> = (0..length).map(|i| ((i * i + n) % 50) as u32).collect();
        let segments: Vec<u32> = (0..length).map(|i| u32::from(i > length / 2)).collect();
        batch.push_with_segments(&tokens, &segments).unwrap();
    }
    let batch = batch.build();
    let positions = positions(batch.token_count() as u32);
    check("embed and rows", |fused| {
        let (tokens, places, segments) = (matrix(50, 12, 1), matrix(512, 12, 2), matrix(2, 12, 3));
        let tables = Tables { words: &tokens, positions: &places, segments: &segments };
        let y = if fused {
            Cpu::rows(Cpu::embed(&tables, &batch, OwnedTape::default()).unwrap(), &positions).unwrap()
        } else {
            let x = composed::embed(&tables, &batch, OwnedTape::default()).unwrap();
            composed::rows(x, &positions).unwrap()
        };
        let value = y.as_vec();
        let mut grads = tape::backward(weigh(y)).unwrap();
        (value, Collected(vec![]).with(&tokens, &mut grads).with(&places, &mut grads).with(&segments, &mut grads).0)
    });
}

/// Some rows twice, some never, in no order.
fn scattered(rows: u32) -> Vec<u32> {
    (0..rows).rev().step_by(2).chain([0, 0]).collect()
}

/// Gradients of one parameter; their norm is added up in blocks.
fn check_gradient_norm(rows: usize, columns: usize) {
    check("gradient_norm", |fused| {
        let x = matrix(rows, columns, 1);
        let mut gradients = tape::backward(weigh(tape::start(&x))).unwrap();
        let square_sum = if fused {
            Cpu::gradient_square_sum(&x, &mut gradients).unwrap()
        } else {
            composed::gradient_square_sum(&x, &mut gradients).unwrap()
        };
        (vec![square_sum.sqrt() as f32], vec![])
    });
}

/// Every operator that has a fused form, on sequences of these lengths.
fn check_all(lengths: &[usize], rate: f64) {
    let tokens = lengths.iter().sum();
    check_embedding(lengths, scattered);
    check_linear((tokens, 33, 65));
    check_rowwise(tokens, 26, rate);
    check_attention(lengths, 2, 13, rate);
    check_sublayers(lengths, (2, 13, 67), rate);
    check_vocabulary((tokens, 26, 530));
    check_gradient_norm(tokens, 26);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn linear_equals_its_composed_form(n in 1..300usize, k in 1..70usize, out in 1..70usize) {
        check_linear((n, k, out));
    }

    #[test]
    fn rowwise_operators_equal_their_composed_forms(rows in 1..150usize, width in 2..80usize, drops in any::<bool>()) {
        check_rowwise(rows, width, if drops { 0.3 } else { 0.0 });
    }

    #[test]
    fn attention_equals_its_composed_form(lengths in lengths(), heads in 1..4usize, size in 1..20usize, drops in any::<bool>()) {
        check_attention(&lengths, heads, size, if drops { 0.3 } else { 0.0 });
    }

    #[test]
    fn sublayers_equal_their_composed_forms(lengths in lengths(), heads in 1..3usize, size in 8..14usize, intermediate in 1..70usize, drops in any::<bool>()) {
        check_sublayers(&lengths, (heads, size, intermediate), if drops { 0.3 } else { 0.0 });
    }

    #[test]
    fn vocabulary_loss_equals_its_composed_form(n in 1..40usize, h in 1..40usize, v in 2..3000usize) {
        check_vocabulary((n, h, v));
    }

    #[test]
    fn embedding_equals_its_composed_form(lengths in lengths()) {
        check_embedding(&lengths, scattered);
    }

    #[test]
    fn gradient_norm_equals_its_composed_form(rows in 1..300usize, columns in 1..200usize) {
        check_gradient_norm(rows, columns);
    }
}

#[test]
fn sequences_of_one_token_agree() {
    for rate in [0.0, 0.1] {
        check_all(&[1], rate);
        check_all(&[1, 1, 1], rate);
    }
}

#[test]
fn a_sequence_of_512_tokens_agrees() {
    check_all(&[512], 0.1);
}

#[test]
fn lengths_that_fill_no_tile_agree() {
    check_all(&[129, 1, 63, 257, 31], 0.1);
}

/// Where a row has nothing left, its probabilities are all 0 and its norm is that of a constant.
#[test]
fn rows_that_are_dropped_whole_agree() {
    check_all(&[1, 30, 2], 0.97);
}

#[test]
fn every_row_may_be_taken() {
    check_embedding(&[3, 9], |rows| (0..rows).collect());
    check("vocabulary_cross_entropy of rows", |fused| {
        let (x, w, b) = (matrix(12, 8, 1), matrix(40, 8, 2), vector(40, 3));
        let positions: Vec<u32> = (0..12).collect();
        let targets: Vec<u32> = positions.iter().map(|row| row * 7 % 40).collect();
        let start = tape::start(&x);
        let loss = if fused {
            Cpu::vocabulary_cross_entropy(Cpu::rows(start, &positions).unwrap(), &w, &b, &targets)
        } else {
            let rows = composed::rows(start, &positions).unwrap();
            composed::vocabulary_cross_entropy(rows, &w, &b, &targets)
        }
        .unwrap();
        let value = vec![tape::value(&loss)];
        let mut grads = tape::backward(loss).unwrap();
        (value, Collected(vec![]).with(&x, &mut grads).with(&w, &mut grads).with(&b, &mut grads).0)
    });
}

#[test]
fn sizes_beyond_one_tile_agree() {
    check_linear((1100, 33, 1700));
    check_attention(&[512], 2, 16, 0.1);
    check_attention(&[1], 1, 1, 0.0);
    check_vocabulary((300, 8, 5000));
    check_vocabulary((700, 3, 21_128));
    check_rowwise(2100, 70, 0.1);
    check_sublayers(&[512, 512, 40], (2, 20, 800), 0.1);
    check_embedding(&[512; 3], scattered);
    check_gradient_norm(400, 250);
}

#[test]
fn fused_adamw_equals_its_composed_form() {
    for (rows, columns) in [(1, 1), (3, 5), (130, 200)] {
        let rates = |step| Rates { learning_rate: 0.01, scale: 0.7, step, constants: AdamW::default() };
        let run = |fused: bool| {
            let mut x = matrix(rows, columns, 1);
            let mut state = AdamState::<Cpu>::default();
            state.insert(&Cpu::default(), "x", vec![0.0; rows * columns], vec![0.0; rows * columns]).unwrap();
            let mut moments = Moments {
                first: Cpu::default().tensor_from_vec(vec![0.0; rows * columns], (rows * columns,)),
                second: Cpu::default().tensor_from_vec(vec![0.0; rows * columns], (rows * columns,)),
            };
            for step in 1..4 {
                let mut gradients = tape::backward(weigh(tape::start(&x))).unwrap();
                if fused {
                    Cpu::adamw_update(&mut x, &mut gradients, &mut moments, &rates(step)).unwrap();
                } else {
                    composed::adamw_update(&mut x, &mut gradients, &mut moments, &rates(step)).unwrap();
                }
                assert!(tape::gradient(&x, &mut gradients).unwrap().iter().all(|g| g.to_bits() == 0));
            }
            [x.as_vec(), moments.first.as_vec(), moments.second.as_vec()]
        };
        for (found, expected) in run(true).iter().zip(&run(false)) {
            assert!(gap(found, expected) < 1e-5);
        }
    }
}

#[test]
fn sizes_that_do_not_fit_are_errors() {
    let (x, w) = (matrix(3, 4, 1), matrix(5, 6, 2));
    let message = Cpu::linear(x.clone(), &w, None).unwrap_err().to_string();
    assert_eq!(message, "linear: expected rows of 6, found 4");
    assert!(Cpu::rows(x.clone(), &[3]).is_err());
    assert!(Cpu::span_mean(x.clone(), &[(1, 1)]).is_err());
    assert!(Cpu::span_mean(x.clone(), &[(1, 4)]).is_err());
    assert!(Cpu::cross_entropy(x.clone(), &[0, 0]).is_err());
    assert!(Cpu::cross_entropy(x.clone(), &[0, 0, 4]).is_err());
    let args = AttentionArgs { cu_seqlens: &[0, 2], heads: 2, mask: None };
    assert!(Cpu::attention(x.clone(), x.clone(), x, &args).is_err());
    let config = ModelConfig::bert(40, 8, 1, 2, 16);
    let mut model = MaskedLm::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let missing = model.load(&mut |_| None).unwrap_err().to_string();
    assert!(missing.starts_with("parameter bert.embeddings.word_embeddings.weight: expected 320"), "{missing}");
    assert!(model.load(&mut |_| Some(Cow::from(vec![0.0; 3]))).is_err());
}
