//! Commands that read a run file: `run`, `train`, `corpus`, `mask`, `report`.

use std::fs;

use serde_json::Value;

use crate::fixture::Fixture;
use crate::shell::{Ended, jove};

fn run(fixture: &Fixture, arguments: &str) -> Ended {
    jove(&fixture.path("."), &arguments.split(' ').collect::<Vec<_>>())
}

fn works(fixture: &Fixture, arguments: &str) -> String {
    let ended = run(fixture, arguments);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments}: {}", ended.out);
    ended.out
}

fn json(fixture: &Fixture, arguments: &str) -> Value {
    serde_json::from_str(&works(fixture, arguments)).unwrap()
}

#[test]
fn a_resolved_run_file_resolves_to_itself() {
    let fixture = Fixture::new();
    let resolved = works(&fixture, "run run.toml --resolve");
    fixture.write("resolved.toml", &resolved);
    assert_eq!(works(&fixture, "run resolved.toml --resolve"), resolved);
    assert!(!fixture.path("runs").exists(), "nothing is run");
}

#[test]
fn overrides_reach_the_resolved_run_file() {
    let fixture = Fixture::new();
    let resolved = works(&fixture, "run run.toml --resolve --set train.steps=7 --set seeds=[3,4]");
    let resolved: toml::Table = resolved.parse().unwrap();
    assert_eq!(resolved["train"]["steps"].as_integer(), Some(7));
    assert_eq!(resolved["seeds"].as_array().map(Vec::len), Some(2));
    for variant in resolved["variants"].as_array().unwrap() {
        assert_eq!(variant["train"]["steps"].as_integer(), Some(7), "{variant}");
    }
}

/// What `jove run` refuses later, both that load and that check refuse.
#[test]
fn an_invalid_setting_is_refused_without_running_anything() {
    for (from, to, expected) in [
        (
            "recipe = \"kg\"",
            "recipe = \"kg\"\nmasking = { budget = 2.0 }",
            "error: variant \"kg\": masking.budget: expected",
        ),
        ("[text]", "[text]\nclean = { chars-max = 0 }", "error: text.clean.chars-max: expected 16 or more"),
        ("max-length = 32", "max-length = 600", "error: train.batch-tokens: expected 1200"),
        ("steps = 4", "stpes = 4", "did you mean `steps`?"),
        ("steps = 4", "steps = -4", "steps = -4"),
        ("name = \"islands\"", "name = [", "TOML parse error"),
    ] {
        let fixture = Fixture::new();
        fixture.edit(from, to);
        for command in ["run run.toml --resolve", "train run.toml --dry-run", "run run.toml", "corpus stats run.toml"] {
            let ended = run(&fixture, command);
            assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{command}: {}", ended.err);
            assert!(ended.err.contains(expected) && ended.err.contains("\nhint: "), "{command}: {}", ended.err);
        }
        assert!(!fixture.path("runs").exists());
    }
}

#[test]
fn invalid_overrides_are_named() {
    let fixture = Fixture::new();
    for (assignment, expected) in [
        ("train.steps", "--set train.steps: expected KEY=VALUE"),
        ("=3", "--set =3: expected a key before `=`"),
        ("train.steps.more=3", "--set train.steps.more=3: `steps` is a value, not a section"),
        ("train.stpes=3", "train: unknown key `stpes`"),
        ("train.steps=0", "train.steps: expected at least one step"),
        ("train.warmup=many", "train.warmup: expected a number, found string \"many\""),
    ] {
        let ended = run(&fixture, &format!("run run.toml --resolve --set {assignment}"));
        assert_eq!(ended.code, 2, "{assignment}");
        assert!(ended.err.contains(expected) && ended.err.contains("\nhint: "), "{assignment}: {}", ended.err);
    }
}

#[test]
fn a_dry_run_counts_without_training() {
    let fixture = Fixture::new();
    let plans = json(&fixture, "train run.toml --dry-run --json");
    let names: Vec<&str> = plans.as_array().unwrap().iter().filter_map(|plan| plan["variant"].as_str()).collect();
    assert_eq!(names, ["pd", "kg", "ml"]);
    for plan in plans.as_array().unwrap() {
        assert_eq!(plan["steps"], 4, "{plan}");
        assert!(plan["peak_bytes"].as_u64() > plan["weights_bytes"].as_u64(), "{plan}");
    }
    let said = works(&fixture, "train run.toml --dry-run --variant kg");
    assert!(said.starts_with("kg\n  parameters ") && said.contains("expected peak"), "{said}");
    let ended = run(&fixture, "train run.toml --dry-run --variant gk");
    assert!(ended.code == 2 && ended.err.contains("one of pd, kg, ml, found `gk`"), "{}", ended.err);
    assert!(!fixture.path("runs").exists());
}

#[test]
fn a_corpus_is_counted_by_language() {
    let fixture = Fixture::new();
    let stats = json(&fixture, "corpus stats run.toml --json");
    assert_eq!((&stats["langs"]["zh"]["texts"], &stats["langs"]["en"]["texts"]), (&48.into(), &48.into()), "{stats}");
    let said = works(&fixture, "corpus stats run.toml");
    assert!(said.starts_with("96 texts in 2 files, 96 kept") && said.contains("characters per text"), "{said}");
}

#[test]
fn a_damaged_corpus_fails_its_check() {
    let fixture = Fixture::new();
    assert_eq!(run(&fixture, "corpus doctor run.toml").code, 0);
    fixture.write("text/zh.txt", b"\xb7\xa8\xb9\xfa\xb5\xc4\xca\xd7\xb6\xbc\n".as_slice());
    let ended = run(&fixture, "corpus doctor run.toml");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.lines().any(|line| line.starts_with("bad ")) && ended.out.contains("zh.txt:1"), "{}", ended.out);
}

#[test]
fn masks_are_shown_and_counted_as_training_makes_them() {
    let fixture = Fixture::new();
    let counts = json(&fixture, "mask stats run.toml --variant kg --json");
    let (rate, budget) = (counts["rate"].as_f64().unwrap(), counts["budget"].as_f64().unwrap());
    assert!((rate - budget).abs() < 0.05 && counts["counts"]["mentions"].as_u64() > Some(0), "{counts}");
    let said = works(&fixture, "mask stats run.toml --variant kg");
    assert!(said.contains("entities linked: 12 of 12") && said.contains("the model sees: "), "{said}");
    assert_eq!(works(&fixture, "mask preview run.toml --html masks.html --texts 5"), "masks.html\n");
    let first = fs::read_to_string(fixture.path("masks.html")).unwrap();
    assert!(first.contains("Masks of kg in epoch 0"));
    works(&fixture, "mask preview run.toml --html again.html --texts 5");
    assert_eq!(fs::read_to_string(fixture.path("again.html")).unwrap(), first, "masks depend on nothing but the seed");
    works(&fixture, "mask preview run.toml --html later.html --texts 5 --epoch 1");
    assert_ne!(fs::read_to_string(fixture.path("later.html")).unwrap(), first);
    let ended = run(&fixture, "mask stats run.toml --variant none");
    assert!(ended.code == 2 && ended.err.contains("found `none`"), "{}", ended.err);
}

#[test]
fn a_report_is_written_again_from_its_results() {
    let fixture = Fixture::new();
    fixture.edit("[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n\n[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    let said = works(&fixture, "run run.toml");
    assert!(said.contains("| pd") && said.contains("report: "), "{said}");
    let page = fs::read_to_string(fixture.path("runs/islands/report.html")).unwrap();
    fs::remove_file(fixture.path("runs/islands/report.html")).unwrap();
    let again = works(&fixture, "report runs/islands");
    assert_eq!(again.lines().next(), said.lines().next());
    assert_eq!(fs::read_to_string(fixture.path("runs/islands/report.html")).unwrap(), page);
    assert!(json(&fixture, "report runs/islands --json").is_array());
    let trained = json(&fixture, "train run.toml --json");
    assert_eq!(trained.as_array().map(Vec::len), Some(1));
    let checkpoint = trained[0]["checkpoint"].as_str().unwrap();
    assert!(fixture.path(checkpoint).join("model.safetensors").exists(), "{checkpoint}");
    let ended = run(&fixture, "report none");
    assert!(ended.code == 2 && ended.err.contains("none"), "{}", ended.err);
}
