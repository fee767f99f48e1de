//! Checkpoints that are damaged, or put together from several runs, are refused; a run that fails inside keeps its last step.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::{Advise as _, Progress, Seed, Silent, TokenizedText};
use jove_trainer::{Cause, Error, Examples, Pretraining, TrainConfig, Trainer, TrainingData};

use crate::world::{
    COUNTRIES, bits, data, model, output, plain, pretraining, remembering, sentence, specials, trainer,
};

/// A run of four steps that has a checkpoint of the third.
fn config() -> TrainConfig {
    TrainConfig { save_every: 3, ..remembering(4) }
}

/// Trains to the third step under a seed.
fn interrupted(dir: &Path, seed: u64) {
    let config = TrainConfig { seed: Seed(seed), ..config() };
    let stopped = trainer(&config, dir).run(&Stop { after: 3, panics: false, seen: AtomicU64::new(0) });
    assert!(matches!(stopped, Err(Error::Interrupted { step: 3 })), "{stopped:?}");
}

/// Stops or panics once some steps are taken.
struct Stop {
    after: u64,
    panics: bool,
    seen: AtomicU64,
}

impl Progress for Stop {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, by: u64) {
        let seen = self.seen.fetch_add(by, Ordering::SeqCst) + by;
        assert!(!(self.panics && seen == self.after), "the bar broke");
    }
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        !self.panics && self.seen.load(Ordering::SeqCst) == self.after
    }
}

/// Changes a file of an interrupted run, and expects the run to name it.
fn check(file: &str, change: impl FnOnce(&Path, &Path)) {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    interrupted(dir.path(), 1);
    interrupted(other.path(), 2);
    let ends = || Trainer::resume(config().loop_options(), pretraining(&config()), output(dir.path()));
    change(&dir.path().join(file), &other.path().join(file));
    let error = match ends() {
        Ok(mut resumed) => resumed.run(&Silent).unwrap_err(),
        Err(error) => error,
    };
    let name = Path::new(file).file_name().unwrap().to_str().unwrap();
    assert!(error.to_string().contains(name), "{file}: {error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains(&format!("delete {} to train anew", dir.path().display())), "{hint}");
}

#[test]
fn parts_of_another_run_of_the_same_shape_are_refused() {
    for file in [
        "model.safetensors",
        "optimizer.safetensors",
        "momentum.safetensors",
        "queues.safetensors",
        "heads.safetensors",
    ] {
        check(&format!("checkpoint/{file}"), |path, other| {
            fs::copy(other, path).unwrap();
        });
    }
    check("metrics.jsonl", |path, other| {
        fs::copy(other, path).unwrap();
    });
}

#[test]
fn parts_that_are_cut_changed_or_missing_are_named() {
    let files = ["model.safetensors", "optimizer.safetensors", "queues.safetensors", "state.json", "config.json"];
    for file in files.map(|file| format!("checkpoint/{file}")).into_iter().chain(["metrics.jsonl".to_owned()]) {
        check(&file, |path, _| fs::remove_file(path).unwrap());
        check(&file, |path, _| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 3]).unwrap();
        });
        check(&file, |path, _| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 3;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        });
    }
    check("checkpoint/heads.safetensors.copy", |path, _| fs::write(path, "").unwrap());
}

#[test]
fn a_step_beyond_the_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    trainer(&plain(4), dir.path()).run(&Silent).unwrap();
    let fewer = plain(3).loop_options();
    let error = Trainer::resume(fewer, pretraining(&plain(4)), output(dir.path())).unwrap_err();
    assert!(error.to_string().contains("a step up to 3"), "{error}");
}

/// The bits of a run that is taken up after it failed with a panic, at a step's number of which a checkpoint was saved.
fn after_panic(dir: &Path, config: &TrainConfig, error: &Error, step: u64) -> Vec<(String, Vec<u32>)> {
    assert!(matches!(error, Error::Panicked { step: at, saved: true, .. } if *at == step), "{error:?}");
    let mut resumed = Trainer::resume(config.loop_options(), pretraining(config), output(dir)).unwrap();
    assert_eq!(resumed.steps_taken(), step);
    resumed.run(&Silent).unwrap();
    bits(resumed.model())
}

fn straight(config: &TrainConfig) -> Vec<(String, Vec<u32>)> {
    let dir = tempfile::tempdir().unwrap();
    let mut whole = trainer(config, dir.path());
    whole.run(&Silent).unwrap();
    bits(whole.model())
}

#[test]
fn a_panic_between_steps_loses_no_step() {
    let (dir, config) = (tempfile::tempdir().unwrap(), remembering(5));
    let broken = Stop { after: 2, panics: true, seen: AtomicU64::new(0) };
    let error = trainer(&config, dir.path()).run(&broken).unwrap_err();
    assert!(error.to_string().contains("the bar broke"), "{error}");
    assert_eq!(after_panic(dir.path(), &config, &error, 2), straight(&config));
}

/// Texts whose reader breaks once, after some reads.
struct Breaks {
    texts: Vec<TokenizedText>,
    left: Arc<AtomicU64>,
}

impl Examples<TokenizedText> for Breaks {
    fn len(&self) -> usize {
        self.texts.len()
    }

    fn get(&self, index: usize) -> Result<TokenizedText, Cause> {
        assert!(self.left.fetch_sub(1, Ordering::SeqCst) != 1, "the disk broke");
        Ok(self.texts[index].clone())
    }
}

#[test]
fn a_panic_within_a_step_keeps_the_step_before() {
    let config = remembering(5);
    let whole = straight(&config);
    let all =
        |other| (0..COUNTRIES).flat_map(move |country| [true, false].map(|order| sentence(country, order, other)));
    for reads in [1, 20, 60] {
        let (dir, left) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(u64::MAX)));
        let text = Breaks { texts: all(false).chain(all(true)).collect(), left: Arc::clone(&left) };
        let broken = TrainingData { text: Box::new(text), ..data() };
        let task = Pretraining::new(&config, model(), broken, specials()).unwrap();
        let mut trainer = Trainer::new(config.loop_options(), task, output(dir.path())).unwrap();
        left.store(reads, Ordering::SeqCst);
        let error = trainer.run(&Silent).unwrap_err();
        assert!(error.to_string().contains("the disk broke"), "{error}");
        assert_eq!(after_panic(dir.path(), &config, &error, trainer.steps_taken()), whole);
    }
}
