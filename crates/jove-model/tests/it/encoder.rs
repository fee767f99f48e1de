//! The rows that a loss reads, compared with a pass over all rows.

use dfdx::prelude::{Axes2, Cpu, HasShape as _, NoneTape, OwnedTape, SumTo as _, TensorFromVec as _, TryMul as _};
use jove_core::{ModelConfig, Seed};
use jove_model::ops::tape;
use jove_model::{Backend as _, Encoder, PackedBatch, Parameters as _, Pass};
use proptest::prelude::*;

use crate::support::{bits, gap, lengths};

fn batch(config: &ModelConfig, lengths: &[usize]) -> PackedBatch {
    let mut batch = PackedBatch::builder(config);
    for (n, &length) in lengths.iter().enumerate() {
        batch.push(&(0..length).map(|i| ((i * 31 + n * 7) % 50) as u32).collect::<Vec<_>>()).unwrap();
    }
    batch.build()
}

/// Every row of `rows` is that of the full pass, bit for bit; gradients of all parameters are close.
fn check(config: &ModelConfig, lengths: &[usize], rows: &[u32], pass: &Pass) {
    let encoder = Encoder::new(config, &Cpu::default(), Seed(1)).unwrap();
    let batch = batch(config, lengths);
    let run = |picked: bool| {
        let tape = OwnedTape::default();
        let hidden = if picked {
            encoder.forward_rows(&batch, rows, tape, pass).unwrap().last
        } else {
            Cpu::rows(encoder.forward(&batch, tape, pass).unwrap().last, rows).unwrap()
        };
        let value = hidden.as_vec();
        let weights = (0..value.len()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let weights = Cpu::default().tensor_from_vec(weights, *hidden.shape());
        let total = hidden.try_mul(weights).unwrap().try_sum::<(), Axes2<0, 1>>().unwrap();
        let mut found = tape::backward(total).unwrap();
        let mut gradients = Vec::new();
        // The bias of keys moves all scores of a query alike: its gradient is rounding alone.
        encoder.visit(&mut |parameter| {
            if !parameter.name.ends_with("key.bias") {
                gradients.push((parameter.name.clone(), parameter.gradient(&mut found).unwrap()));
            }
        });
        (value, gradients)
    };
    let (value, gradients) = run(true);
    let (expected, expected_gradients) = run(false);
    assert!(bits(&value) == bits(&expected), "{lengths:?}, {} rows", rows.len());
    for ((name, found), (_, expected)) in gradients.iter().zip(&expected_gradients) {
        let difference = gap(found, expected);
        assert!(difference < 1e-4, "{name}: {difference}");
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let again = pool.install(|| run(true));
    assert!(again.1.iter().zip(&gradients).all(|(a, b)| bits(&a.1) == bits(&b.1)), "with 3 threads");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn selected_rows_equal_those_of_the_full_pass(
        lengths in prop::collection::vec(lengths(), 1..3),
        (heads, size, intermediate) in (1..4usize, 16..30usize, 16..200usize),
        every in 1..9usize,
        drops in any::<bool>(),
        recompute in any::<bool>(),
    ) {
        let lengths = lengths.concat();
        let config = ModelConfig::bert(50, heads * size, 2, heads, intermediate);
        let rows: Vec<u32> = (0..lengths.iter().sum::<usize>() as u32).step_by(every).collect();
        let pass = if drops { Pass::train(Seed(2), 3) } else { Pass::eval() };
        check(&config, &lengths, &rows, &pass.with_recompute(recompute));
    }
}

#[test]
fn rows_may_stand_in_any_order_and_repeat() {
    let config = ModelConfig::bert(50, 16, 2, 2, 24);
    let rows: Vec<u32> = (0..90).rev().chain([5, 5, 200]).collect();
    check(&config, &[100, 1, 120], &rows, &Pass::train(Seed(2), 3));
    // A sequence of one row, one of which only the last row is read, and one of which none is.
    let rows: Vec<u32> = (0..70).chain([100, 220]).collect();
    check(&config, &[100, 1, 120, 60], &rows, &Pass::train(Seed(2), 3));
}

#[test]
fn rows_of_long_sequences_and_wide_layers_are_the_same() {
    let config = ModelConfig::bert(50, 256, 1, 4, 1024);
    check(&config, &[129, 512, 120], &(0..760).step_by(7).collect::<Vec<_>>(), &Pass::eval());
    let config = ModelConfig::bert(50, 768, 1, 12, 3072);
    check(&config, &[100, 128], &(0..228).step_by(3).collect::<Vec<_>>(), &Pass::train(Seed(2), 3));
}

#[test]
fn an_inner_layer_has_all_rows_and_rows_must_exist() {
    let config = ModelConfig::bert(50, 16, 2, 2, 24);
    let encoder = Encoder::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let batch = batch(&config, &[100, 50]);
    let rows: Vec<u32> = (10..100).collect();
    for layer in [1, 2] {
        let pass = Pass::eval().with_layer(layer);
        let all = encoder.forward(&batch, NoneTape, &pass).unwrap();
        let some = encoder.forward_rows(&batch, &rows, NoneTape, &pass).unwrap();
        assert_eq!(bits(&some.layer.unwrap().as_vec()), bits(&all.layer.unwrap().as_vec()), "layer {layer}");
        assert_eq!(bits(&some.last.as_vec()), bits(&all.last.as_vec()[10 * 16..100 * 16]), "layer {layer}");
    }
    assert!(encoder.forward_rows(&batch, &[150], NoneTape, &Pass::eval()).is_err());
    assert_eq!(*encoder.forward_rows(&batch, &[], NoneTape, &Pass::eval()).unwrap().last.shape(), (0, 16));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_sequence_does_not_depend_on_others_in_its_batch(lengths in lengths(), layout in any::<bool>()) {
        let new = if layout { ModelConfig::bert } else { ModelConfig::xlm_roberta };
        let config = new(50, 16, 2, 2, 24);
        let encoder = Encoder::new(&config, &Cpu::default(), Seed(1)).unwrap();
        let together = batch(&config, &lengths);
        let all = encoder.forward(&together, NoneTape, &Pass::eval()).unwrap().last.as_vec();
        for sequence in 0..together.len() {
            let rows = together.rows(sequence);
            let mut alone = PackedBatch::builder(&config);
            alone.push(&together.tokens()[rows.clone()]).unwrap();
            let found = encoder.forward(&alone.build(), NoneTape, &Pass::eval()).unwrap().last.as_vec();
            prop_assert!(gap(&found, &all[rows.start * 16..rows.end * 16]) < 1e-5);
        }
    }
}
