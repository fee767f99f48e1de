//! `jove cache`: what is listed, verified and pruned, and with which exit code.

use std::fs;

use assert_cmd::Command;

use crate::fixture::Fixture;

/// The exit code and both outputs of a command on the fixture's run file.
fn jove(fixture: &Fixture, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("jove").unwrap();
    let output = command.arg("--quiet").args(arguments).arg(fixture.path("run.toml")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn stages_are_listed_verified_and_pruned() {
    let fixture = Fixture::new();
    assert_eq!(jove(&fixture, &["cache", "list"]).1, "0 stages, 0 B\n");
    assert_eq!(jove(&fixture, &["train", "--variant", "pd"]).0, 0);
    let stages = fixture.stages();
    let (code, list, _) = jove(&fixture, &["cache", "list"]);
    assert_eq!((code, list.lines().count()), (0, stages.len() + 1), "{list}");
    assert!(list.contains("finished") && list.contains("just now") && list.contains("run.toml"), "{list}");

    let (code, verified, _) = jove(&fixture, &["cache", "verify"]);
    assert_eq!((code, verified), (0, format!("{} stages, 0 damaged\n", stages.len())));
    let text = stages.iter().find(|stage| stage.starts_with("text-")).unwrap();
    fs::write(fixture.path("runs/cache").join(text).join("train.jsonl"), "").unwrap();
    let (code, verified, _) = jove(&fixture, &["cache", "verify"]);
    assert_eq!(code, 1);
    assert!(verified.contains(&format!("{text}: train.jsonl: expected ")), "{verified}");

    let (code, _, said) = jove(&fixture, &["train", "--variant", "pd"]);
    assert_eq!(code, 0);
    assert!(said.contains("is damaged and is made again"), "{said}");
    let (code, pruned, _) = jove(&fixture, &["cache", "prune"]);
    assert_eq!(code, 0);
    assert!(pruned.contains(&format!("{text}.damaged")) && pruned.contains("--yes"), "{pruned}");
    assert!(fixture.path("runs/cache").join(format!("{text}.damaged")).exists(), "only listed");
    let (code, pruned, _) = jove(&fixture, &["cache", "prune", "--yes"]);
    assert_eq!(code, 0);
    assert!(pruned.ends_with("removed\n"), "{pruned}");
    assert!(!fixture.path("runs/cache").join(format!("{text}.damaged")).exists());
    assert_eq!(fixture.stages(), stages, "what the run needs is kept");
}
