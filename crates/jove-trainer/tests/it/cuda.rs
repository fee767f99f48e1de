//! Training on dfdx's CUDA device beside the same training on the processor; needs a card, or an emulator of its driver.

use std::path::Path;

use dfdx::prelude::Cpu;
use jove_masking::MaskConfig;
use jove_model::{Backend, Parameters as _};
use jove_trainer::{Pretraining, StepReport, TrainConfig, Trainer, TrainingData};

use crate::world::{data, everything, linking, model_on, output, plain, specials};

/// What two devices may differ by, relative to the number expected.
const BOUND: f64 = 1e-3;

/// Weights below this count as this.
const NEAR_ZERO: f64 = 1e-2;

/// Each step's report, and every parameter at the end.
type Trained = (Vec<StepReport>, Vec<(String, Vec<f32>)>);

fn trainer<D: Backend>(config: &TrainConfig, device: &D, dir: &Path) -> Trainer<Pretraining<D>> {
    let data = TrainingData { mask: MaskConfig::kg(), ..data() };
    let task = Pretraining::new(config, model_on(device), data, specials()).unwrap();
    Trainer::resume(config.loop_options(), task, output(dir)).unwrap()
}

/// All steps of a run, which stops halfway and goes on from its checkpoint.
fn train<D: Backend>(config: &TrainConfig, device: &D) -> Trained {
    let dir = tempfile::tempdir().unwrap();
    let steps = config.total_steps();
    let mut reports = Vec::new();
    for part in [steps / 2, steps - steps / 2] {
        let mut trainer = trainer(config, device, dir.path());
        reports.extend((0..part).map(|_| trainer.step().unwrap()));
        trainer.save().unwrap();
    }
    let mut parameters = Vec::new();
    trainer(config, device, dir.path()).model().visit(&mut |parameter| {
        parameters.push((parameter.name.clone(), parameter.to_vec()));
    });
    (reports, parameters)
}

/// Losses, gradient norms and weights agree, and each of the objectives took part.
fn check(config: &TrainConfig, objectives: &[&str]) {
    let (found, weights) = train(config, &jove_objectives::cuda().unwrap());
    let (expected, expected_weights) = train(config, &Cpu::default());
    assert_eq!(found.len() as u64, config.total_steps());
    for (found, expected) in found.iter().zip(&expected) {
        let step = expected.step;
        assert_eq!((found.step, found.tokens), (step, expected.tokens));
        assert!(expected.losses.keys().eq(found.losses.keys()), "step {step}: {found:?}");
        for (name, loss) in &expected.losses {
            assert_eq!(found.losses[name].count, loss.count, "step {step}: {name}");
            close(found.losses[name].mean(), loss.mean(), &format!("step {step}: {name}"));
        }
        close(found.gradient_norm, expected.gradient_norm, &format!("step {step}: gradient norm"));
        for (name, share) in &expected.gradient_shares {
            close(found.gradient_shares[name], *share, &format!("step {step}: share of {name}"));
        }
    }
    for objective in objectives {
        assert!(expected.iter().any(|report| report.losses.contains_key(*objective)), "no {objective}");
    }
    assert_eq!(weights.len(), expected_weights.len());
    for ((name, found), (expected_name, expected)) in weights.iter().zip(&expected_weights) {
        assert_eq!(name, expected_name);
        let largest = expected.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
        let difference = found.iter().zip(expected).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        // A softmax does not see what is added to all scores, so biases of keys have no gradient but rounding; AdamW, which
        // divides by its size, makes small steps of that, other ones on each device.
        let largest = f64::from(largest).max(NEAR_ZERO);
        assert!(f64::from(difference) <= BOUND * largest, "{name}: {difference} of {largest}");
    }
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= BOUND * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
}

/// Entity and part-of-speech masks, the knowledge link, dropout, clipping.
#[test]
fn a_kg_model_trains_as_on_the_processor() {
    let mut config = TrainConfig { gradient_share_every: 5, ..plain(20) };
    config.objectives.link.weight = 0.5;
    config.objectives.link.description_length = 8;
    config.objectives.link.projection = 16;
    assert!(config.dropout && config.clip > 0.0);
    check(&config, &["mlm", "link"]);
}

#[test]
fn all_other_objectives_train_as_on_the_processor() {
    check(&everything(4), &["mlm", "link", "tlm", "translation", "word-alignment"]);
    check(&linking(4), &["mlm", "link", "relation"]);
}
