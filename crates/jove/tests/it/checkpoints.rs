//! `jove import`, `export`, `convert` and `vocab` on small models.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use jove_checkpoint::{ExtraFile, NamedTensor, load_hf, required_tensors, save_hf};
use jove_core::{Layout, ModelConfig};
use jove_corpus::{Tokenizer, TrainOptions, TrainerKind};

const TEXTS: [&str; 8] = [
    "农业是国民经济的基础。",
    "农民在田里种水稻和小麦。",
    "The farmers sow rice and wheat.",
    "Rice needs water, wheat needs less.",
    "חיטה ואורז",
    "e\u{301}te\u{301} 😀",
    "我",
    "",
];

/// A folder with a model in it, which goes away with it.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new(layout: Layout) -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        let kind = if layout == Layout::Bert { TrainerKind::WordPiece } else { TrainerKind::Unigram };
        let options = TrainOptions { kind, vocab_size: 120, ..TrainOptions::default() };
        let tokenizer = Tokenizer::train_with(&options, TEXTS.repeat(4)).unwrap();
        let count = tokenizer.specials().vocab_size as usize;
        let config = match layout {
            Layout::Bert => ModelConfig::bert(count, 8, 1, 2, 16),
            Layout::XlmRoberta => ModelConfig::xlm_roberta(count, 8, 1, 2, 16),
        };
        let tensors: Vec<NamedTensor> = required_tensors(&config)
            .into_iter()
            .map(|spec| {
                let values = (0..spec.count().unwrap()).map(|at| (at % 97) as f32 / 97.0).collect::<Vec<_>>();
                NamedTensor::new(spec.name, spec.shape, values).unwrap()
            })
            .collect();
        let files: Vec<ExtraFile> =
            tokenizer.files().unwrap().into_iter().map(|(name, bytes)| ExtraFile::new(&name, bytes).unwrap()).collect();
        save_hf(&scratch.path("model"), &config, &tensors, &files).unwrap();
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command in the folder; its exit code, what it printed, and what it complained of.
    fn jove(&self, arguments: &str) -> (i32, String, String) {
        let mut command = Command::cargo_bin("jove").unwrap();
        let output = command.current_dir(self.0.path()).args(arguments.split(' ')).arg("--quiet").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Runs a command that should end well; what it printed.
    fn works(&self, arguments: &str) -> String {
        let (code, out, complaints) = self.jove(arguments);
        assert_eq!((code, complaints.as_str()), (0, ""), "{arguments}: {out}");
        out
    }
}

fn assert_equal_weights(a: &Path, b: &Path) {
    let ((config_a, a), (config_b, b)) = (load_hf(a).unwrap(), load_hf(b).unwrap());
    assert_eq!(config_a, config_b);
    assert_eq!(a.names().collect::<Vec<_>>(), b.names().collect::<Vec<_>>());
    for name in a.names() {
        assert_eq!(a.get(name).unwrap(), b.get(name).unwrap());
    }
}

#[test]
fn a_model_goes_through_every_format_and_back() {
    for (layout, formats) in [(Layout::Bert, ["hf", "uer", "tf"]), (Layout::XlmRoberta, ["hf", "hf", "hf"])] {
        let scratch = Scratch::new(layout);
        for format in formats {
            let said = scratch.works(&format!("export --format {format} --checkpoint model --out {format}"));
            assert!(said.contains(&format!("wrote {format}")), "{said}");
            scratch.works(&format!("import --format {format} --from {format} --out back-{format}"));
            assert_equal_weights(&scratch.path("model"), &scratch.path(&format!("back-{format}")));
            let tokenizer = fs::read(scratch.path("model/tokenizer.json")).unwrap();
            assert_eq!(fs::read(scratch.path(&format!("back-{format}/tokenizer.json"))).unwrap(), tokenizer);
        }
    }
}

#[test]
fn differences_are_explained() {
    let scratch = Scratch::new(Layout::XlmRoberta);
    let said = scratch.works("convert --checkpoint model --to-format uer --out uer --verify");
    assert!(said.contains("identical: ") && said.contains("added to every row of the position table"), "{said}");
    assert!(!said.contains("NO EXPLANATION"), "{said}");
    let said = scratch.works("convert --checkpoint uer --from-format uer --to-format hf --out hf --verify --json");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["different"], serde_json::json!([]), "{said}");
}

/// What happens to a model's weights, and how.
type Damage = (&'static str, fn(&Path));

#[test]
fn refusals_name_the_file_and_write_nothing() {
    let damage: [Damage; 5] = [
        ("no longer whole", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("a flipped bit", |file| {
            let mut bytes = fs::read(file).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(file, bytes).unwrap();
        }),
        ("gone", |file| fs::remove_file(file).unwrap()),
        ("of another model", |file| {
            let config = file.with_file_name("config.json");
            let text = fs::read_to_string(&config).unwrap();
            fs::write(config, text.replace("\"hidden_size\": 8", "\"hidden_size\": 4")).unwrap();
        }),
        ("a format of no sense", |_| {}),
    ];
    for (what, damage) in damage {
        let scratch = Scratch::new(Layout::Bert);
        damage(&scratch.path("model/model.safetensors"));
        let format = if what == "a format of no sense" { "onnx" } else { "uer" };
        let (code, out, complaints) =
            scratch.jove(&format!("export --format {format} --checkpoint model --out there/out"));
        assert_eq!((code, out.as_str()), (2, ""), "{what}: {complaints}");
        assert!(complaints.starts_with("error: "), "{what}: {complaints}");
        if format == "uer" {
            assert!(complaints.contains("model") && complaints.contains("hint: "), "{what}: {complaints}");
        }
        assert!(!scratch.path("there/out").exists(), "{what}");
    }
}

#[test]
fn a_trimmed_vocabulary_cuts_its_corpus_as_before() {
    for layout in [Layout::Bert, Layout::XlmRoberta] {
        let scratch = Scratch::new(layout);
        fs::write(scratch.path("zh.txt"), [TEXTS[0], "", TEXTS[1]].join("\n")).unwrap();
        fs::write(scratch.path("he.txt"), TEXTS[4]).unwrap();
        let said =
            scratch.works("vocab trim --checkpoint model --corpus zh:zh.txt --corpus he:he.txt --out small --json");
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert!(report["pieces-after"].as_u64() < report["pieces-before"].as_u64(), "{said}");
        let zh = &report["languages"]["zh"];
        assert_eq!((&zh["texts"], &zh["tokens-after"]), (&serde_json::json!(2), &zh["tokens-before"]), "{said}");
        assert_eq!((&zh["pieces-dropped"], &zh["unknown-after"]), (&serde_json::json!(0), &zh["unknown-before"]));
        let (old, new) = (Tokenizer::load(&scratch.path("model")), Tokenizer::load(&scratch.path("small")));
        let (old, new) = (old.unwrap(), new.unwrap());
        for text in [TEXTS[0], TEXTS[1], TEXTS[4]] {
            let pieces = |tokenizer: &Tokenizer| -> Vec<Option<String>> {
                tokenizer.encode_text(text).unwrap().tokens.into_iter().map(|token| tokenizer.piece(token)).collect()
            };
            assert_eq!(pieces(&old), pieces(&new), "{text}");
        }
        let ((before, _), (config, _)) =
            (load_hf(&scratch.path("model")).unwrap(), load_hf(&scratch.path("small")).unwrap());
        assert_eq!(config.vocab_size as u64, report["pieces-after"].as_u64().unwrap());
        let rows = before.vocab_size - config.vocab_size;
        assert_eq!(
            report["parameters-saved"],
            rows * (config.hidden_size + 1),
            "a row of the table, a bias of the head"
        );
        let (code, _, complaints) = scratch.jove("vocab trim --checkpoint model --corpus zh.txt --out none");
        assert!(code == 2 && complaints.contains("expected LANG:FILE"), "{complaints}");
        assert!(!scratch.path("none").exists());
    }
}

#[test]
fn new_words_are_one_piece() {
    for layout in [Layout::Bert, Layout::XlmRoberta] {
        let scratch = Scratch::new(layout);
        fs::write(scratch.path("words.txt"), "水稻种植\ntractor\nCOVID-19\n").unwrap();
        let said = scratch.works("vocab extend --checkpoint model --words words.txt --out large --json");
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(report["added"], 3, "{said}");
        let tokenizer = Tokenizer::load(&scratch.path("large")).unwrap();
        let one = |word: &str| tokenizer.encode_text(word).unwrap().tokens.len();
        assert_eq!(one("tractor"), 1);
        let (config, _) = load_hf(&scratch.path("large")).unwrap();
        assert_eq!(config.vocab_size, tokenizer.specials().vocab_size as usize);
        let several: Vec<&str> = report["cut"].as_array().unwrap().iter().filter_map(|word| word.as_str()).collect();
        for word in ["水稻种植", "COVID-19"] {
            assert_eq!(one(word) > 1, several.contains(&word), "{word}: {said}");
        }
    }
}

#[test]
fn a_hub_is_asked_for_nothing_when_offline() {
    let scratch = Scratch::new(Layout::Bert);
    let mut command = Command::cargo_bin("jove").unwrap();
    let command =
        command.current_dir(scratch.path(".")).env("HF_HOME", scratch.path("cache")).env("HF_HUB_OFFLINE", "1");
    let output = command.args(["import", "--from", "hub:owner/name", "--out", "x", "--quiet"]).output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(complaints.contains("owner/name@main: not in the cache") && complaints.contains("hint: "), "{complaints}");
}
