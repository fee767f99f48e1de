//! `jove ablate`: arms in separate processes give what one process gives, and failures are reported.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use jove_experiment::report::Report;

use crate::fixture::Fixture;

fn grid() -> Fixture {
    let fixture = Fixture::new();
    fixture.edit("seeds = [1]", "seeds = [1, 2]");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "[ablation]\njobs = 2\n");
    fixture
}

fn ablate(fixture: &Fixture, more: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("jove").unwrap();
    command.arg("--quiet").arg("ablate").arg(fixture.path("run.toml")).args(more).output().unwrap()
}

/// The results less what differs between equal runs.
fn results(folder: &Path) -> Vec<(String, u64, String)> {
    let report = Report::read(folder).unwrap();
    let plain = report.results.into_iter().map(|result| {
        let numbers = format!("{:?} {:?} {}", result.measures, result.curve, result.tokens);
        (result.variant, result.seed, numbers)
    });
    plain.collect()
}

#[test]
fn arms_in_parallel_processes_give_what_one_process_gives() {
    let (two, one) = (grid(), grid());
    let output = ablate(&two, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("kg-graph-shuffled") && table.contains("report: "), "{table}");
    assert!(fs::metadata(two.path("runs/islands/arms/kg-graph-off-2.log")).is_ok());
    assert!(ablate(&one, &["--set", "ablation.jobs=1"]).status.success());
    assert_eq!(results(&two.path("runs/islands")), results(&one.path("runs/islands")));
}

#[test]
fn an_arm_that_fails_is_named_with_what_it_said() {
    let fixture = grid();
    let overrides = ["--set", "train.device=cuda"];
    let output = ablate(&fixture, &overrides);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for part in ["under seed 1 failed", "arms/", "--features cuda", "hint: "] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    assert!(!fixture.path("runs/islands/report.html").exists());
}

#[test]
fn one_seed_needs_the_users_word() {
    let fixture = grid();
    let output = ablate(&fixture, &["--set", "seeds=[1]"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("--allow-single-seed"), "{said}");
}
