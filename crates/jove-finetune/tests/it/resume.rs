//! A run that is stopped again and again ends as one that was not.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::{Progress, Silent};
use jove_finetune::Error;

use crate::world::{World, files};

/// Says that the user wants to stop after so many looks.
struct StopAfter(AtomicU64);

impl Progress for StopAfter {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        let left = self.0.load(Ordering::SeqCst);
        self.0.store(left.saturating_sub(1), Ordering::SeqCst);
        left == 0
    }
}

/// All that a run wrote, but for speeds, which no two runs share.
fn outcome(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = files(folder);
    for (path, bytes) in &mut all {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if path.ends_with("metrics.jsonl") {
            let line = |line: &str| line.split(",\"tokens_per_second\"").next().unwrap_or_default().to_owned();
            *bytes = text.lines().map(line).collect::<Vec<_>>().join("\n").into_bytes();
        }
        // The state holds the hash of the lines with their speeds, and so its own.
        if path.ends_with("state.json") {
            let kept = |line: &&str| !line.contains("blake3") && !line.contains("digest");
            *bytes = text.lines().filter(kept).collect::<Vec<_>>().join("\n").into_bytes();
        }
        if path.ends_with("results.json") {
            *bytes = text.replace(&folder.display().to_string(), "").into_bytes();
        }
    }
    all
}

#[test]
fn a_run_that_is_stopped_at_any_look_ends_at_the_same_bytes() {
    let world = World::new();
    world.names();
    world.run_file("ner", "jsonl", "epochs = 2\nevaluations = 2\nsave-every = 3\n");
    let at = |name: &str| {
        world.load(&["seeds=[1, 2]", "baselines=false", &format!("output={}", world.path(name).display())])
    };
    at("whole").execute(&Silent).unwrap();
    let whole = outcome(&world.path("whole"));
    assert!(whole.iter().any(|(path, _)| path.ends_with("tiny/seed-2/best/model.safetensors")));
    let mut stops = 0;
    for looks in (1..6).cycle() {
        match at("stopped").execute(&StopAfter(AtomicU64::new(looks))) {
            Err(Error::Interrupted | Error::Train(jove_trainer::Error::Interrupted { .. })) => stops += 1,
            other => {
                other.unwrap();
                break;
            }
        }
        assert!(stops < 500, "no progress");
    }
    assert!(stops > 10, "{stops}");
    let stopped = outcome(&world.path("stopped"));
    assert_eq!(whole.len(), stopped.len());
    for ((path, bytes), (other, same)) in whole.iter().zip(&stopped) {
        assert_eq!(path, other);
        let text = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
        assert!(bytes == same, "{}: {} {}", path.display(), text(bytes), text(same));
    }
}

#[test]
fn another_setting_does_not_go_on_from_the_checkpoint() {
    let world = World::new();
    world.sentiment();
    world.run_file("text", "tsv", "epochs = 1\n");
    world.load(&[]).execute(&Silent).unwrap();
    let error = world.load(&["train.learning-rate=1e-4"]).execute(&Silent).unwrap_err().to_string();
    assert!(error.contains("expected a checkpoint of a run with the same settings"), "{error}");
    std::fs::remove_file(world.path("out/tiny/seed-1/evaluations.json")).unwrap();
    let results = world.load(&[]).execute(&Silent).unwrap();
    assert_eq!(results.rows[2].steps, [8], "the last step is measured again");
}
