//! What a run refuses, with what words, and that it leaves nothing half.

use std::fs;

use jove_core::Advise;
use jove_experiment::Run;

use crate::fixture::{Fixture, names};

/// The error and its hint, as the command line shows them.
fn refused(fixture: &Fixture) -> String {
    let error = match fixture.load() {
        Ok(run) => run.execute(&jove_core::Silent).unwrap_err(),
        Err(error) => error,
    };
    assert!(!fixture.path("runs/islands/report.html").exists());
    let half: Vec<String> = fixture.stages().into_iter().filter(|name| name.ends_with(".partial")).collect();
    assert!(half.is_empty(), "{half:?}");
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    format!("{text}\nhint: {}", error.hint().expect("every refusal comes with a hint"))
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("pairs.tsv")).unwrap();
    assert_says(&refused(&fixture), &["pairs.tsv", "hint: "]);
    let nowhere = Run::load(&fixture.path("none.toml"), &[]).unwrap_err();
    assert_says(&nowhere.to_string(), &["none.toml"]);
}

#[test]
fn a_typo_gets_the_nearest_key() {
    let fixture = Fixture::new();
    fixture.edit("batch-tokens = 512", "batch-tokenz = 512");
    assert_says(&refused(&fixture), &["run.toml", "batch-tokenz", "did you mean `batch-tokens`?"]);
    let fixture = Fixture::new();
    fixture.edit("recipe = \"kg\"", "recipe = \"kg\"\nmasking = { budgte = 0.2 }");
    assert_says(&refused(&fixture), &["variant \"kg\": masking: unknown key `budgte`", "did you mean `budget`?"]);
}

#[test]
fn a_malformed_row_of_the_graph_is_named_and_kept() {
    let fixture = Fixture::new();
    let graph = fs::read_to_string(fixture.path("kb.jsonl")).unwrap();
    fixture.write("kb.jsonl", graph.replacen("{\"id\":\"keso\"", "{\"id\":7", 1));
    assert_says(&refused(&fixture), &["kb.jsonl", "3"]);
    let rejects = fs::read_to_string(fixture.path("runs/islands/kb.rejects.jsonl")).unwrap();
    assert_says(&rejects, &["克索岛"]);
}

#[test]
fn a_malformed_pair_is_named_and_kept() {
    let fixture = Fixture::new();
    let pairs = fs::read_to_string(fixture.path("pairs.tsv")).unwrap();
    fixture.write("pairs.tsv", pairs + "只有一列\n");
    assert_says(&refused(&fixture), &["pairs.tsv", "49"]);
    assert_says(&fs::read_to_string(fixture.path("runs/islands/pairs.rejects.jsonl")).unwrap(), &["只有一列"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_named() {
    let fixture = Fixture::new();
    fixture.write("text/zh.txt", b"\xb7\xa8\xb9\xfa\xb5\xc4\xca\xd7\xb6\xbc\n".as_slice());
    assert_says(&refused(&fixture), &["zh.txt", "1", "UTF-8"]);
    let fixture = Fixture::new();
    fixture.write("run.toml", b"name = \"\xff\"".as_slice());
    assert_says(&refused(&fixture), &["run.toml", "UTF-8"]);
}

#[test]
fn an_empty_corpus_is_refused() {
    let fixture = Fixture::new();
    fixture.write("text/zh.txt", "\n\n");
    fixture.write("text/en.txt", "");
    assert_says(&refused(&fixture), &["zh.txt"]);
}

#[test]
fn text_that_never_names_the_graph_is_refused() {
    let fixture = Fixture::new();
    fixture.edit("[verbalize]\npatterns = \"patterns.toml\"\nsentences = { held-out-fraction = 0.3 }\n", "");
    fixture.edit("train = [{ path = \"pairs.tsv\", langs = [\"zh\", \"en\"] }]\n", "");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    fixture.write("text/zh.txt", "今天天气很好。\n我们去公园散步吧。\n");
    fixture.write("text/en.txt", "The weather is fine today.\nLet us go for a walk.\n");
    assert_says(&refused(&fixture), &["names an entity of the graph", "hint: check that the graph's names"]);
}

#[test]
fn invalid_settings_are_named() {
    let cases = [
        ("seeds = [1]", "seeds = [1, 1]", "seeds: expected"),
        ("name = \"islands\"", "name = \"../islands\"", "name: expected"),
        ("held-out-fraction = 0.3", "held-out-fraction = 1.5", "verbalize.sentences.held-out-fraction: expected"),
        ("[\"cmn\"]", "[]", "probes.tatoeba.languages: expected different codes"),
        ("[\"cmn\"]", "[\"../x\"]", "probes.tatoeba.languages: expected different codes"),
        ("[probes]", "[probes]\ncandidates = 1", "probes.candidates: expected an integer, 2 or more"),
        ("steps = 4", "steps = 0", "train.steps: expected"),
        ("heads = 2", "heads = 5", "model.heads: expected a divisor"),
        ("train = [{ path = \"pairs.tsv\", langs = [\"zh\", \"en\"] }]", "train = []", "pairs.train: expected pairs"),
    ];
    for (from, to, expected) in cases {
        let fixture = Fixture::new();
        fixture.edit(from, to);
        assert_says(&refused(&fixture), &[expected]);
    }
}

/// A folder that takes no file stands for a disk that is full: both fail a write in the middle of a stage.
#[test]
#[cfg(target_os = "linux")]
fn a_write_that_fails_leaves_no_stage() {
    let fixture = Fixture::new();
    fixture.write("runs", "a file where the folder should be");
    let error = fixture.load().unwrap().execute(&jove_core::Silent).unwrap_err();
    assert_says(&error.to_string(), &["cannot create", "runs"]);
    assert!(names(&fixture.path("runs")).is_empty());
}

#[test]
fn a_model_beyond_the_memory_is_refused_before_anything_is_read() {
    for (setting, found, named) in [
        ("layers = 1\n", "layers = 1_000_000_007\n", "model.layers and model.hidden-size"),
        ("hidden-size = 32\n", "hidden-size = 2_000_000\n", "model.layers and model.hidden-size"),
        ("batch-tokens = 512\n", "batch-tokens = 16_777_216\n", "train.batch-tokens"),
    ] {
        let fixture = Fixture::new();
        fixture.edit(setting, found);
        if named == "train.batch-tokens" {
            fixture.edit("intermediate-size = 64", "intermediate-size = 1_000_000");
        }
        let text = refused(&fixture);
        assert_says(&text, &["variant \"pd\": expected a model that fits into memory", "hint: lower ", named]);
        assert!(fixture.stages().is_empty());
        // A dry run says what it would take.
        let plans = fixture.load().unwrap().plan(&[]).unwrap();
        assert!(plans.iter().all(|plan| plan.peak_bytes > 1 << 40), "{plans:?}");
    }
}
