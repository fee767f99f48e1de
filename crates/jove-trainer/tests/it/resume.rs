//! A run that was stopped ends at the same bits as one that was not.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::{Progress, Silent};
use jove_objectives::Model;
use jove_trainer::{Error, MetricsLine, Pretraining, TrainConfig, Trainer, read_metrics};

use crate::world::{
    bits, data, everything, linking, model, output, plain, pretraining, remembering, specials, trainer,
};

/// Asks to stop after some steps.
struct StopAfter {
    left: AtomicU64,
}

impl StopAfter {
    fn steps(steps: u64) -> Self {
        Self { left: AtomicU64::new(steps + 1) }
    }
}

impl Progress for StopAfter {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        self.left.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

type Trained = (Vec<(String, Vec<u32>)>, Vec<String>);

/// The bits of the model and the lines of metrics, but for their speed.
fn result(dir: &Path, model: &Model<dfdx::prelude::Cpu>) -> Trained {
    let lines = read_metrics(&output(dir).metrics()).unwrap();
    let plain = lines.into_iter().map(|mut line| {
        line.tokens_per_second = 0.0;
        serde_json::to_string(&line).unwrap()
    });
    (bits(model), plain.collect())
}

fn resumed(config: &TrainConfig, dir: &Path) -> Result<Trainer<Pretraining<dfdx::prelude::Cpu>>, Error> {
    Trainer::resume(config.loop_options(), pretraining(config), output(dir))
}

fn straight(config: &TrainConfig) -> Trained {
    let dir = tempfile::tempdir().unwrap();
    let mut whole = trainer(config, dir.path());
    whole.run(&Silent).unwrap();
    result(dir.path(), whole.model())
}

fn in_parts(config: &TrainConfig, stops: &[u64]) -> Trained {
    let dir = tempfile::tempdir().unwrap();
    for &steps in stops {
        let stopped = resumed(config, dir.path()).unwrap().run(&StopAfter::steps(steps));
        assert!(matches!(stopped, Err(Error::Interrupted { .. })), "{stopped:?}");
    }
    let mut rest = resumed(config, dir.path()).unwrap();
    rest.run(&Silent).unwrap();
    result(dir.path(), rest.model())
}

#[test]
fn n_steps_equal_two_halves_bit_for_bit() {
    let config = TrainConfig { gradient_accumulation_steps: 2, ..everything(8) };
    let whole = straight(&config);
    assert_eq!(whole, in_parts(&config, &[4]));
    assert_eq!(whole, in_parts(&config, &[0, 3, 2]));
}

#[test]
fn queues_and_the_slow_encoder_go_on_as_well() {
    let config = TrainConfig { gradient_accumulation_steps: 2, ..remembering(8) };
    let whole = straight(&config);
    assert_eq!(whole, in_parts(&config, &[4]));
    assert_eq!(whole, in_parts(&config, &[0, 3, 2]));
    assert_ne!(
        whole.0,
        straight(&TrainConfig { gradient_accumulation_steps: 2, ..everything(8) }).0,
        "the queue is heeded"
    );
}

#[test]
fn hard_negatives_relations_and_the_temperature_go_on_as_well() {
    let config = linking(6);
    assert_eq!(straight(&config), in_parts(&config, &[3]));
    assert_eq!(straight(&config), in_parts(&config, &[1, 2]));
}

#[test]
fn without_a_queue_there_is_no_second_encoder() {
    let held = |config: &TrainConfig| {
        let dir = tempfile::tempdir().unwrap();
        trainer(config, dir.path()).run(&Silent).unwrap();
        output(dir.path()).checkpoint().join("momentum.safetensors").exists()
    };
    assert!(held(&remembering(2)));
    assert!(!held(&everything(2)));
    let mut off = remembering(2);
    off.objectives.link.weight = 0.0;
    assert!(!held(&off), "nor where the link itself is off");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let config = remembering(4);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| straight(&config))
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(5));
}

#[test]
fn another_seed_gives_another_model() {
    let seed = jove_core::Seed(2);
    assert_ne!(straight(&plain(2)).0, straight(&TrainConfig { seed, ..plain(2) }).0);
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    trainer(&plain(2), dir.path()).run(&Silent).unwrap();
    let message = |config: &TrainConfig| resumed(config, dir.path()).unwrap_err().to_string();
    assert!(message(&TrainConfig { learning_rate: 1e-4, ..plain(2) }).contains("same settings"));
    assert!(message(&everything(2)).contains("same heads"));
    let mut fewer = data();
    fewer.fingerprint = "other".to_owned();
    let other = Pretraining::new(&plain(2), model(), fewer, specials()).unwrap();
    let other = Trainer::resume(plain(2).loop_options(), other, output(dir.path()));
    assert!(other.unwrap_err().to_string().contains("same data"));
    assert_eq!(resumed(&TrainConfig { log_every: 1, ..plain(2) }, dir.path()).unwrap().steps_taken(), 2);
}

#[test]
fn what_a_killed_process_left_is_cleared() {
    let dir = tempfile::tempdir().unwrap();
    trainer(&plain(2), dir.path()).run(&Silent).unwrap();
    // Killed while the model's own folder was moved into that of the next checkpoint.
    std::fs::create_dir_all(dir.path().join(".checkpoint.new.1/new/.model.new.1/new")).unwrap();
    assert_eq!(resumed(&plain(2), dir.path()).unwrap().steps_taken(), 2);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn computing_activations_again_changes_no_bit() {
    let config = everything(3);
    assert_eq!(straight(&config), straight(&TrainConfig { gradient_checkpointing: true, ..config }));
}

#[test]
fn an_inner_layer_for_alignment_is_resumed_and_matters() {
    let mut config = everything(4);
    let last = straight(&config);
    config.objectives.translation.layer = Some(1);
    config.objectives.word_alignment.layer = Some(1);
    let inner = straight(&config);
    assert_ne!(inner.0, last.0);
    assert_eq!(inner, in_parts(&config, &[1]));
    config.objectives.translation.layer = Some(2);
    config.objectives.word_alignment.layer = Some(2);
    assert_eq!(straight(&config).0, last.0, "the second layer of two is the last");
}

#[test]
fn measuring_gradient_shares_changes_no_bit() {
    let without = TrainConfig { gradient_accumulation_steps: 2, gradient_share_every: 0, ..everything(8) };
    let with = TrainConfig { gradient_share_every: 2, ..without.clone() };
    let (plain, measured) = (straight(&without), straight(&with));
    assert_eq!(plain.0, measured.0);
    assert_eq!(measured, in_parts(&with, &[3]));
    for (index, (plain, measured)) in plain.1.iter().zip(&measured.1).enumerate() {
        let mut line: MetricsLine = serde_json::from_str(measured).unwrap();
        let shares = std::mem::take(&mut line.gradient_shares);
        assert_eq!(&serde_json::to_string(&line).unwrap(), plain);
        assert_eq!(shares.len(), if index % 2 == 1 { 5 } else { 0 }, "every second line tells");
        if !shares.is_empty() {
            assert!((shares.values().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(shares.values().all(|&share| share > 0.0));
        }
    }
}

#[test]
fn translations_that_are_remembered_are_resumed() {
    let mut config = everything(6);
    let plain = straight(&config);
    config.objectives.translation.form = jove_trainer::TranslationForm::Xlco;
    config.objectives.translation.queue = 16;
    let whole = straight(&config);
    assert_ne!(whole.0, plain.0);
    assert_eq!(whole, in_parts(&config, &[0, 3]));
    let measured = TrainConfig { gradient_share_every: 1, ..config.clone() };
    assert_eq!(whole.0, straight(&measured).0, "measuring adds nothing to the queue");
}
