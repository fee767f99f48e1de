//! What operators refuse, and with which words: the same in both forms.

use dfdx::prelude::{Cpu, NoneTape, OwnedTape};
use jove_core::{ModelConfig, Seed};
use jove_model::ops::{
    AttentionArgs, AttentionWeights, FeedForwardWeights, NormWeights, SublayerPass, Tables, composed, tape,
};
use jove_model::{AdamState, Backend, Encoder, Error, PackedBatch, Pass};

use crate::support::{matrix, vector};

/// Both forms refuse, with this message.
fn check<T>(forms: [Result<T, Error>; 2], expected: &str) {
    for (form, result) in ["own", "composed"].into_iter().zip(forms) {
        assert_eq!(result.map_or_else(|error| error.to_string(), |_| "nothing".to_owned()), expected, "{form}");
    }
}

#[test]
fn rows_of_another_width_are_refused() {
    let (x, w, b) = (matrix(3, 4, 1), matrix(5, 6, 2), vector(5, 3));
    let forms = [Cpu::linear(x.clone(), &w, Some(&b)), composed::linear(x.clone(), &w, Some(&b))];
    check(forms, "linear: expected rows of 6, found 4");
    let (w, b) = (matrix(5, 4, 2), vector(4, 3));
    let forms = [Cpu::linear(x.clone(), &w, Some(&b)), composed::linear(x.clone(), &w, Some(&b))];
    check(forms, "linear: expected a bias of 5, found 4");
    let y = matrix(3, 5, 2);
    let forms = [Cpu::similarity(x.clone(), y.clone()), composed::similarity(x.clone(), y)];
    check(forms, "similarity: expected rows of 4, found 5");
    let norm = NormWeights { weight: &vector(3, 1), bias: &vector(4, 1), epsilon: 1e-5 };
    let forms = [Cpu::add_norm(x.clone(), None, &norm, None), composed::add_norm(x, None, &norm, None)];
    check(forms, "layer_norm: expected weight and bias of 4, found 3 and 4");
}

#[test]
fn rows_and_spans_beyond_the_last_are_refused() {
    let x = matrix(3, 4, 1);
    let forms = [Cpu::rows(x.clone(), &[0, 3]), composed::rows(x.clone(), &[0, 3])];
    check(forms, "rows: expected rows below 3, found 3");
    for (span, found) in [((1, 1), "1..1"), ((2, 1), "2..1"), ((1, 4), "1..4")] {
        let forms = [Cpu::span_mean(x.clone(), &[(0, 1), span]), composed::span_mean(x.clone(), &[(0, 1), span])];
        check(forms, &format!("span_mean: expected non-empty spans within 3 rows, found {found}"));
    }
}

#[test]
fn targets_that_do_not_fit_are_refused() {
    let x = matrix(3, 4, 1);
    let forms = |targets: &[u32]| [Cpu::cross_entropy(x.clone(), targets), composed::cross_entropy(x.clone(), targets)];
    check(forms(&[0, 0]), "cross_entropy: expected 3 targets, found 2");
    check(forms(&[0, 4, 0]), "cross_entropy: expected targets below 4, found 4");
    let (w, b) = (matrix(9, 4, 2), vector(9, 3));
    let forms = |targets: &[u32]| {
        let own = Cpu::vocabulary_cross_entropy(x.clone(), &w, &b, targets);
        [own, composed::vocabulary_cross_entropy(x.clone(), &w, &b, targets)]
    };
    check(forms(&[0, 0]), "vocabulary_cross_entropy: expected 3 targets, found 2");
    check(forms(&[0, 9, 0]), "vocabulary_cross_entropy: expected targets below 9, found 9");
}

#[test]
fn heads_and_sequences_that_do_not_fit_are_refused() {
    let [q, k, v] = [1, 2, 3].map(|salt| matrix(4, 6, salt));
    let forms = |cu_seqlens: &[usize], heads| {
        let args = AttentionArgs { cu_seqlens, heads, mask: None };
        let own = Cpu::attention(q.clone(), k.clone(), v.clone(), &args);
        [own, composed::attention(q.clone(), k.clone(), v.clone(), &args)]
    };
    for heads in [0, 4] {
        let found = format!("[(4, 6), (4, 6), (4, 6)] with {heads} heads");
        let expected = "attention: expected three equal shapes and heads that divide the width";
        check(forms(&[0, 4], heads), &format!("{expected}, found {found}"));
    }
    for wrong in [&[0, 3][..], &[1, 4], &[0, 5, 4], &[]] {
        check(forms(wrong, 2), &format!("attention: expected cu_seqlens from 0 to 4, found {wrong:?}"));
    }
}

#[test]
fn rows_that_a_sublayer_cannot_select_are_refused() {
    let (x, square, bias) = (matrix(4, 6, 1), matrix(6, 6, 2), vector(6, 3));
    let norm = || NormWeights { weight: &bias, bias: &bias, epsilon: 1e-5 };
    let pair = (&square, &bias);
    let attention = AttentionWeights { qkv: [pair; 3], output: pair, norm: norm() };
    let args = AttentionArgs { cu_seqlens: &[0, 4], heads: 2, mask: None };
    let forms = |rows: &[u32]| {
        let pass = SublayerPass { mask: None, recompute: false, rows: Some(rows) };
        let own = Cpu::attention_sublayer(x.clone(), &attention, &args, &pass);
        [own, composed::attention_sublayer(x.clone(), &attention, &args, &pass)]
    };
    check(forms(&[1, 1]), "sublayer: expected rows that ascend, found [1, 1]");
    check(forms(&[2, 1]), "sublayer: expected rows that ascend, found [2, 1]");
    check(forms(&[4]), "sublayer: expected rows below 4, found 4");
    let feed_forward = FeedForwardWeights { intermediate: pair, output: pair, norm: norm() };
    let pass = SublayerPass { mask: None, recompute: false, rows: Some(&[0, 1]) };
    let own = Cpu::feed_forward_sublayer(x.clone(), &feed_forward, &pass);
    let forms = [own, composed::feed_forward_sublayer(x, &feed_forward, &pass)];
    check(forms, "feed_forward: expected 2 rows, found 4");
}

#[test]
fn ids_beyond_a_table_are_refused() {
    let mut batch = PackedBatch::builder(&ModelConfig::bert(50, 8, 1, 2, 16));
    batch.push(&[2, 49, 3]).unwrap();
    let batch = batch.build();
    let [words, positions, segments] = [(49, 1), (512, 2), (2, 3)].map(|(rows, salt)| matrix(rows, 8, salt));
    let tables = Tables { words: &words, positions: &positions, segments: &segments };
    let forms = [Cpu::embed(&tables, &batch, NoneTape), composed::embed(&tables, &batch, NoneTape)];
    check(forms, "embedding: expected rows below 49, found 49");
}

#[test]
fn a_layer_that_does_not_exist_is_refused() {
    let config = ModelConfig::bert(50, 8, 2, 2, 16);
    let encoder = Encoder::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let mut batch = PackedBatch::builder(&config);
    batch.push(&[2, 9, 3]).unwrap();
    let error = encoder.forward(&batch.build(), NoneTape, &Pass::eval().with_layer(3)).unwrap_err();
    assert_eq!(error.to_string(), "encoder: expected a layer up to 2, found 3");
    let broken = ModelConfig { num_attention_heads: 3, ..config };
    let error = Encoder::new(&broken, &Cpu::default(), Seed(1)).unwrap_err();
    assert_eq!(error.to_string(), "model.num-attention-heads: expected a divisor of hidden-size 8, found 3");
}

/// The backward pass frees the gradients of intermediate values.
#[test]
fn the_gradient_of_an_intermediate_value_is_refused() {
    let x = matrix(2, 3, 1);
    let y = Cpu::gelu(tape::start(&x)).unwrap();
    let (y, again) = tape::fork(y);
    let untraced: jove_model::Matrix<Cpu> = again.retaped();
    let mut gradients = tape::backward(Cpu::cross_entropy(Cpu::gelu(y).unwrap(), &[0, 1]).unwrap()).unwrap();
    assert_eq!(tape::gradient(&x, &mut gradients).unwrap().len(), 6);
    let message = tape::gradient(&untraced, &mut gradients).unwrap_err().to_string();
    let expected = "gradient: expected the gradient of a parameter or an input, 6 numbers, found 0: already used up";
    assert_eq!(message, expected);
}

#[test]
fn moments_of_another_size_are_refused() {
    let (dev, mut state) = (Cpu::default(), AdamState::<Cpu>::default());
    let error = state.insert(&dev, "bert.x", vec![0.0; 3], vec![0.0; 4]).unwrap_err();
    assert_eq!(error.to_string(), "parameter bert.x: expected 3 numbers, found 4");
    state.insert(&dev, "实体", vec![1.0, 2.0], vec![3.0, 4.0]).unwrap();
    assert_eq!(state.sizes().collect::<Vec<_>>(), [("实体", 2)]);
    assert_eq!((state.first("实体"), state.second("实体")), (Some(vec![1.0, 2.0]), Some(vec![3.0, 4.0])));
    assert_eq!((state.first("x"), state.second("x")), (None, None));
}

#[test]
fn an_update_refuses_the_state_of_another_model() {
    let dev = Cpu::default();
    let mut layer = jove_model::Linear::new(&dev, "l", (2, 3), 0.1, Seed(1)).unwrap();
    let mut state = AdamState::default();
    state.insert(&dev, "l.weight", vec![0.0; 5], vec![0.0; 5]).unwrap();
    let y = layer.forward(tape::start(&matrix(1, 2, 1))).unwrap();
    let y: jove_model::Matrix<Cpu, OwnedTape<f32, Cpu>> = y;
    let mut gradients = tape::backward(Cpu::cross_entropy(y, &[2]).unwrap()).unwrap();
    let constants = jove_model::AdamW::default();
    let result = jove_model::ops::adamw::update(&mut layer, &mut gradients, &mut state, &constants, 0.1, 1.0);
    assert_eq!(result.unwrap_err().to_string(), "parameter l.weight: expected 6 numbers, found 5");
}
