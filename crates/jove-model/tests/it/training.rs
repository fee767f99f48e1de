//! Training steps as a whole.

use dfdx::prelude::{Cpu, OwnedTape};
use jove_core::{ModelConfig, Seed};
use jove_model::ops::{adamw, norm, tape};
use jove_model::{AdamState, AdamW, Backend, Gradients, MaskedLm, PackedBatch, Parameters as _, Pass};

use crate::support::{bits, gap};

#[test]
fn an_empty_mask_costs_nothing_and_has_no_gradient() {
    let config = ModelConfig::bert(60, 8, 1, 2, 16);
    let model = MaskedLm::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let mut batch = PackedBatch::builder(&config);
    batch.push(&[2, 9, 3]).unwrap();
    let hidden = model.forward(&batch.build(), OwnedTape::default(), &Pass::eval()).unwrap();
    let loss = model.loss(hidden.last, &[], &[]).unwrap();
    assert_eq!((tape::value(&loss.sum).to_bits(), loss.count), (0, 0));
    let mut gradients = tape::backward(loss.sum).unwrap();
    assert!(norm::global(&model, &mut gradients).unwrap() < f64::MIN_POSITIVE);
}

#[test]
fn every_row_may_be_masked() {
    let config = ModelConfig::bert(60, 8, 2, 2, 16);
    let model = MaskedLm::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let mut batch = PackedBatch::builder(&config);
    batch.push(&[4; 9]).unwrap();
    let hidden = model.forward(&batch.build(), OwnedTape::default(), &Pass::train(Seed(2), 3)).unwrap();
    let loss = model.loss(hidden.last, &[0, 1, 2, 3, 4, 5, 6, 7, 8], &[5; 9]).unwrap();
    assert!((tape::value(&loss.sum) / 9.0 - 60.0f32.ln()).abs() < 0.3);
}

/// Whole training steps with dropout, with and without computing again, on any number of threads.
#[test]
fn training_steps_do_not_depend_on_threads_or_recomputation() {
    let config = ModelConfig::bert(300, 32, 2, 4, 64);
    let run = |recompute: bool| {
        let mut model = MaskedLm::new(&config, &Cpu::default(), Seed(1)).unwrap();
        let mut state = AdamState::default();
        let mut gradients = Gradients::leaky();
        for step in 0..3u64 {
            let mut batch = PackedBatch::builder(&config);
            for n in 0..3 {
                batch.push(&(0..20 + 30 * n).map(|i| (i * 7 + n + step as u32) % 300).collect::<Vec<_>>()).unwrap();
            }
            let tape = tape::resume(&Cpu::default(), gradients).unwrap();
            let pass = Pass::train(Seed(3), step).with_recompute(recompute);
            let hidden = model.forward(&batch.build(), tape, &pass).unwrap();
            let loss = model.loss(hidden.last, &[1, 5, 30, 70], &[4, 5, 6, 7]).unwrap();
            let mut found = tape::backward(loss.sum).unwrap();
            adamw::update(&mut model, &mut found, &mut state, &AdamW::default(), 1e-2, 0.25).unwrap();
            gradients = tape::recycle(&model, found).unwrap();
        }
        let mut all = Vec::new();
        model.visit(&mut |parameter| all.extend(bits(&parameter.to_vec())));
        all
    };
    let expected = run(false);
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert!(pool.install(|| run(threads > 1)) == expected, "{threads} threads");
    }
}

#[test]
fn gradients_add_up_over_batches_and_objectives() {
    let config = ModelConfig::bert(40, 8, 1, 2, 16);
    let model = MaskedLm::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let mut batch = PackedBatch::builder(&config);
    batch.push(&[2, 9, 11, 3]).unwrap();
    let batch = batch.build();
    let collect = |gradients: &mut Gradients<Cpu>| {
        let mut all = Vec::new();
        model.visit(&mut |parameter| all.extend(parameter.gradient(gradients).unwrap()));
        all
    };
    let hidden = |tape| model.forward(&batch, tape, &Pass::eval().with_layer(0)).unwrap();
    // Two batches into one set of gradients.
    let first = tape::backward(model.loss(hidden(OwnedTape::default()).last, &[1], &[9]).unwrap().sum).unwrap();
    let first = tape::recycle(&model, first).unwrap();
    let tape = tape::resume(&Cpu::default(), first).unwrap();
    let mut apart = tape::backward(model.loss(hidden(tape).last, &[2], &[7]).unwrap().sum).unwrap();
    // Two objectives on one pass.
    let (a, b) = tape::fork(hidden(OwnedTape::default()).last);
    let (a, b) = (model.loss(a, &[1], &[9]).unwrap(), model.loss(b, &[2], &[7]).unwrap());
    let mut together = tape::backward(tape::add(a.sum, b.sum).unwrap()).unwrap();
    assert!(gap(&collect(&mut apart), &collect(&mut together)) < 1e-5);
    // An objective on an intermediate layer reaches the embeddings.
    let hidden = hidden(OwnedTape::default());
    let intermediate = Cpu::l2_normalize(Cpu::span_mean(hidden.layer.unwrap(), &[(0, 2), (1, 4)]).unwrap()).unwrap();
    let (a, b) = tape::fork(intermediate);
    let logits = tape::scale(Cpu::similarity(a, b).unwrap(), 10.0).unwrap();
    let contrast = Cpu::cross_entropy(logits, &[0, 1]).unwrap();
    let mlm = model.loss(hidden.last, &[1], &[9]).unwrap();
    let mut gradients = tape::backward(tape::add(mlm.sum, contrast).unwrap()).unwrap();
    let table = tape::gradient(model.encoder.word_embeddings(), &mut gradients).unwrap();
    assert!(table.iter().any(|g| g.abs() > 0.0));
}

/// A model, and its gradients of a masked token.
fn model_and_gradients() -> (MaskedLm<Cpu>, Gradients<Cpu>) {
    let config = ModelConfig::bert(40, 8, 1, 2, 16);
    let model = MaskedLm::new(&config, &Cpu::default(), Seed(1)).unwrap();
    let mut batch = PackedBatch::builder(&config);
    batch.push(&[2, 9, 11, 3]).unwrap();
    let hidden = model.forward(&batch.build(), OwnedTape::default(), &Pass::eval()).unwrap();
    let loss = model.loss(hidden.last, &[1], &[9]).unwrap();
    let gradients = tape::backward(loss.sum).unwrap();
    (model, gradients)
}

fn parameters(model: &MaskedLm<Cpu>) -> Vec<f32> {
    let mut all = Vec::new();
    model.visit(&mut |parameter| all.extend(parameter.to_vec()));
    all
}

#[test]
fn the_norm_is_that_of_all_gradients_as_one_vector() {
    let (model, mut gradients) = model_and_gradients();
    let mut square_sum = 0.0;
    model.visit(&mut |parameter| {
        let gradient = parameter.gradient(&mut gradients).unwrap();
        square_sum += gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>();
    });
    let norm = norm::global(&model, &mut gradients).unwrap();
    assert!((norm / square_sum.sqrt() - 1.0).abs() < 1e-6 && norm > 0.0);
}

#[test]
fn the_norm_of_a_number_that_is_none_is_not_finite() {
    let (mut model, _) = model_and_gradients();
    model.visit_mut(&mut |mut parameter| {
        if parameter.name == "cls.predictions.bias" {
            parameter.copy_from(&[f32::NAN; 40]).unwrap();
        }
    });
    let mut batch = PackedBatch::builder(model.encoder.config());
    batch.push(&[2, 9, 3]).unwrap();
    let hidden = model.forward(&batch.build(), OwnedTape::default(), &Pass::eval()).unwrap();
    let mut gradients = tape::backward(model.loss(hidden.last, &[1], &[9]).unwrap().sum).unwrap();
    assert!(!norm::global(&model, &mut gradients).unwrap().is_finite());
}

#[test]
fn an_update_leaves_gradients_of_zero_and_counts_a_step() {
    let (mut model, mut gradients) = model_and_gradients();
    let (before, mut state) = (parameters(&model), AdamState::default());
    adamw::update(&mut model, &mut gradients, &mut state, &AdamW::default(), 0.0, 1.0).unwrap();
    assert_eq!(bits(&parameters(&model)), bits(&before), "a learning rate of 0 changes nothing");
    assert!(norm::global(&model, &mut gradients).unwrap() < f64::MIN_POSITIVE);
    adamw::update(&mut model, &mut gradients, &mut state, &AdamW::default(), 1e-2, 1.0).unwrap();
    assert_eq!(state.steps, 2);
    assert!(gap(&parameters(&model), &before) > 1e-3, "the moments of the first step move the second");
}

#[test]
fn weight_decay_reaches_matrices_alone() {
    let (mut model, mut gradients) = model_and_gradients();
    let constants = AdamW { beta1: 0.0, weight_decay: 0.5, ..AdamW::default() };
    let mut state = AdamState::default();
    // Without gradients nothing but decay is left.
    adamw::update(&mut model, &mut gradients, &mut state, &constants, 0.0, 0.0).unwrap();
    let (mut before, mut checked) = (Vec::new(), 0);
    model.visit(&mut |parameter| before.push((parameter.shape(), parameter.to_vec())));
    adamw::update(&mut model, &mut gradients, &mut state, &constants, 0.1, 0.0).unwrap();
    model.visit(&mut |parameter| {
        let (shape, old) = &before[checked];
        let factor = if shape.len() == 2 { 0.95 } else { 1.0 };
        let expected: Vec<f32> = old.iter().map(|x| x * factor).collect();
        assert!(gap(&parameter.to_vec(), &expected) < 1e-6, "{}", parameter.name);
        checked += 1;
    });
    assert_eq!(checked, before.len());
}
