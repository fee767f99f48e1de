//! `jove finetune`, `eval`, `predict`, `fill-mask` and `embed` on a small model, from arguments to files.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use jove_checkpoint::{ExtraFile, NamedTensor, required_tensors, save_hf};
use jove_core::ModelConfig;
use jove_corpus::{Tokenizer, TrainOptions};

/// A folder with a model in `model` and a task in `run.toml`, which goes away with it.
struct Scratch(tempfile::TempDir);

/// A text that names one of three people, and where the name is.
fn row(at: usize) -> String {
    let name = ["王明", "李力", "赵天"][at % 3];
    let place = ["山上", "水边", "城里", "田间"][at % 4];
    format!(
        "{{\"text\": \"{name}在{place}😀\", \"label\": {{\"name\": {{\"{name}\": [[0, 1]]}}, \"scene\": {{\"{place}\": [[3, 4]]}}}}}}\n"
    )
}

fn rows(from: usize, to: usize) -> String {
    (from..to).map(row).collect()
}

impl Scratch {
    fn new() -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        let options = TrainOptions { vocab_size: 80, ..TrainOptions::default() };
        let tokenizer = Tokenizer::train_with(&options, (0..24).map(row).collect::<Vec<_>>()).unwrap();
        let count = tokenizer.specials().vocab_size as usize;
        let config = ModelConfig { max_position_embeddings: 32, ..ModelConfig::bert(count, 16, 1, 2, 32) };
        let noise = |at: usize| ((at.wrapping_mul(2_654_435_761) >> 7) % 2001) as f32 / 1e5 - 0.01;
        let tensor = |spec: jove_checkpoint::TensorSpec| {
            let shift = if spec.name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            let values = (0..spec.count().unwrap()).map(|at| shift + noise(at + spec.name.len())).collect::<Vec<_>>();
            NamedTensor::new(spec.name, spec.shape, values).unwrap()
        };
        let tensors: Vec<NamedTensor> = required_tensors(&config).into_iter().map(tensor).collect();
        let files = tokenizer.files().unwrap().into_iter();
        let files: Vec<ExtraFile> = files.map(|(name, bytes)| ExtraFile::new(&name, bytes).unwrap()).collect();
        save_hf(&scratch.path("model"), &config, &tensors, &files).unwrap();
        scratch.write("train.json", &rows(0, 96));
        scratch.write("dev.json", &rows(96, 120));
        scratch.write("test.json", "{\"id\": 0, \"text\": \"王明在水边\"}\n{\"id\": 1, \"text\": \"😀\"}\n");
        let run = "output = \"out\"\nseeds = [1]\n[task]\nformat = \"cluener\"\nlabels = [\"name\", \"scene\"]\ntrain = \"train.json\"\n\
                   dev = \"dev.json\"\ntest = \"test.json\"\nnot-comparable = \"toy data\"\n[[models]]\nname = \"tiny\"\ncheckpoint = \"model\"\n\
                   [train]\nepochs = 6\nlearning-rate = 1e-2\nbatch-size = 8\nmax-length = 24\nsave-every = 2\n";
        scratch.write("run.toml", run);
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command on some input; its exit code, what it printed, and what it complained of.
    fn jove(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut command = Command::cargo_bin("jove").unwrap();
        let output =
            command.current_dir(self.0.path()).args(arguments).arg("--quiet").write_stdin(input).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Runs a command that should end well; what it printed.
    fn works(&self, arguments: &[&str], input: &str) -> String {
        let (code, out, complaints) = self.jove(arguments, input);
        assert_eq!((code, complaints.as_str()), (0, ""), "{arguments:?}: {out}");
        out
    }

    /// A run that goes on in the background.
    fn begin(&self, output: &str) -> Child {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("jove"));
        let output = format!("output={output}");
        command.current_dir(self.0.path()).args(["finetune", "run.toml", "--quiet", "--set", &output]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn json(line: &str) -> serde_json::Value {
        serde_json::from_str(line).unwrap()
    }
}

#[test]
fn a_task_goes_from_its_data_to_a_submission_and_to_answers() {
    let scratch = Scratch::new();
    let doctor = scratch.works(&["eval", "doctor", "run.toml"], "");
    assert!(doctor.contains("train: 96 examples, lengths") && doctor.contains("name 96, scene 96"), "{doctor}");
    assert!(doctor.contains("warning: 24 examples of dev also stand in train"), "{doctor}");
    let table = scratch.works(&["finetune", "run.toml"], "");
    assert!(table.contains("**cluener, entity-f1 on dev**") && table.contains("| majority | 0.0000 |"), "{table}");
    assert!(table.contains("Not comparable with published scores: toy data."), "{table}");
    let results = Scratch::json(&fs::read_to_string(scratch.path("out/results.json")).unwrap());
    let score = results["rows"][2]["interval"]["score"].as_f64().unwrap();
    assert!(score > 0.9, "{results}");

    let submission = "out/tiny/seed-1/cluener_predict.json";
    let checked = scratch.works(&["eval", "--check", submission, "--task", "cluener", "--test", "test.json"], "");
    assert!(checked.contains("can be sent"), "{checked}");
    let (code, found, _) = scratch.jove(&["eval", "--check", submission, "--task", "cluener"], "");
    assert!(code == 1 && found.contains("expected 1345 lines, as in the published test file, found `2`"), "{found}");
    let page = scratch.works(&["eval", "--suite", "clue", "--results", "out/results.json"], "");
    let own = format!("| tiny (dev, 1 run; not comparable: toy data) | {:.2} [", 100.0 * score);
    assert!(page.contains("| JoveBM-NLU-pd | 80.44 |") && page.contains(&own), "{page}");
    scratch.works(&["eval", "--suite", "clue", "--format", "html", "--output", "clue.html"], "");
    assert!(fs::read_to_string(scratch.path("clue.html")).unwrap().starts_with("<!doctype html>"));
    let (code, _, complaint) = scratch.jove(&["eval", "--suite", "clue", "--output", "run.toml"], "");
    assert!(code == 2 && complaint.contains("found another file"), "{complaint}");

    let best = "out/tiny/seed-1/best";
    let answers = scratch.works(&["predict", "--checkpoint", best], "李力在田间😀\n{\"id\": 5, \"text\": \"无\"}\n\n");
    let answers: Vec<serde_json::Value> = answers.lines().map(Scratch::json).collect();
    assert_eq!((answers.len(), answers[1]["id"].as_str()), (3, Some("5")));
    let first = &answers[0]["entities"];
    assert_eq!(
        (first[0]["text"].as_str(), first[1]["text"].as_str(), first[1]["start"].as_u64()),
        (Some("李力"), Some("田间"), Some(3))
    );
}

#[test]
fn a_run_killed_at_random_moments_ends_at_the_same_bytes() {
    let scratch = Scratch::new();
    assert!(scratch.begin("whole").wait().unwrap().success());
    let mut kills = 0u64;
    loop {
        let mut child = scratch.begin("killed");
        std::thread::sleep(Duration::from_millis(20 + (kills * 7919) % 300 + 15 * kills));
        match child.try_wait().unwrap() {
            Some(status) => break assert!(status.success()),
            None => child.kill().unwrap(),
        }
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 200, "no progress");
    }
    assert!(kills > 0);
    for name in [
        "best/model.safetensors",
        "best/classifier.safetensors",
        "checkpoint/optimizer.safetensors",
        "evaluations.json",
        "cluener_predict.json",
    ] {
        let read = |output: &str| fs::read(scratch.path(output).join("tiny/seed-1").join(name)).unwrap();
        assert!(read("whole") == read("killed"), "{name} after {kills} kills");
    }
}

#[test]
fn masks_are_filled_and_texts_become_vectors() {
    let scratch = Scratch::new();
    let filled = scratch.works(&["fill-mask", "--checkpoint", "model", "--top", "3", "--json"], "王[MASK]在[MASK]\n");
    let filled = Scratch::json(&filled);
    assert_eq!((filled["masks"].as_array().unwrap().len(), filled["masks"][1].as_array().unwrap().len()), (2, 3));
    let (code, _, complaint) = scratch.jove(&["fill-mask", "--checkpoint", "model"], "王[MASK]\n王\n");
    assert!(code == 2 && complaint.contains("-:2") && complaint.contains("expected a text with [MASK]"), "{complaint}");
    let texts = "王明\n\ne\u{301} שלום 😀\n";
    let lines = scratch.works(&["embed", "--checkpoint", "model", "--normalize"], texts);
    let lines: Vec<serde_json::Value> = lines.lines().map(Scratch::json).collect();
    assert_eq!(lines.len(), 3);
    scratch.works(&["embed", "--checkpoint", "model", "--normalize", "--output", "v.npy"], texts);
    let bytes = fs::read(scratch.path("v.npy")).unwrap();
    assert!(String::from_utf8_lossy(&bytes[10..128]).contains("'shape': (3, 16)") && bytes.len() == 128 + 3 * 16 * 4);
    let numbers: Vec<f32> = bytes[128..].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    for (row, line) in numbers.chunks(16).zip(&lines) {
        let shown: Vec<f32> = line["vector"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect();
        assert_eq!(row, shown);
    }
    let (code, _, complaint) = scratch.jove(&["embed", "--checkpoint", "model", "--output", "run.toml"], texts);
    assert!(code == 2 && complaint.contains("found another file"), "{complaint}");
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let scratch = Scratch::new();
    for (arguments, expected) in [
        (&["predict", "--checkpoint", "model"][..], "name the folder `best` of a run of jove finetune"),
        (&["eval"], "expected doctor FILE, --suite clue, or --check FILE --task TASK"),
        (&["eval", "--suite", "glue"], "--suite: expected clue, found glue"),
        (&["finetune", "nowhere.toml"], "nowhere.toml"),
        (&["finetune", "run.toml", "--model", "x"], "--model: expected NAME=FOLDER"),
        (
            &["finetune", "run.toml", "--set", "task.train=test.json", "--set", "task.test=train.json"],
            "as in a test file",
        ),
    ] {
        let (code, _, complaint) = scratch.jove(arguments, "");
        assert!(code == 2 && complaint.contains(expected), "{arguments:?}: {complaint}");
    }
}
