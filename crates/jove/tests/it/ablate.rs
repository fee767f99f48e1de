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
    assert!(fs::metadata(two.path("runs/islands/arms/kg-text-only-2.log")).is_ok());
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

/// The processes that run arms of a fixture's grid.
#[cfg(target_os = "linux")]
fn arms(fixture: &Fixture) -> Vec<String> {
    let file = fixture.path("run.toml").display().to_string();
    let command = |process: &fs::DirEntry| fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let found = processes.filter(|process| command(process).contains(&file) && command(process).contains("--arm"));
    found.map(|process| process.file_name().into_string().unwrap()).collect()
}

/// Waits for something that takes seconds at most, and fails after a minute.
#[cfg(target_os = "linux")]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1200 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{what}");
}

#[cfg(target_os = "linux")]
#[test]
fn arms_end_with_the_process_that_started_them() {
    let fixture = grid();
    let program = assert_cmd::cargo::cargo_bin("jove");
    let mut parent = std::process::Command::new(program)
        .args(["--quiet", "ablate", "--set", "train.steps=100000"])
        .arg(fixture.path("run.toml"))
        .spawn()
        .unwrap();
    let trains = |stage: &String| stage.starts_with("train-") && stage.ends_with(".partial");
    wait_until("two arms train", || {
        arms(&fixture).len() == 2 && crate::fixture::names(&fixture.path("runs/cache")).iter().any(trains)
    });
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("no arm trains on", || arms(&fixture).is_empty());
}

#[test]
fn arms_that_need_the_same_stages_wait_for_one_another() {
    let fixture = grid();
    let started: Vec<_> = [("pd", "1"), ("pd", "2"), ("kg", "1"), ("kg", "2")]
        .into_iter()
        .map(|(name, seed)| {
            let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("jove"));
            command.args(["--quiet", "ablate", "--arm", name, "--seed", seed]).arg(fixture.path("run.toml"));
            command.stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let ended: Vec<_> = started.into_iter().map(|process| process.wait_with_output().unwrap()).collect();
    let said: String = ended.iter().map(|output| String::from_utf8_lossy(&output.stderr)).collect();
    assert!(ended.iter().all(|output| output.status.success()), "{said}");
    assert!(said.contains("waiting for another run, which is making"), "{said}");
    assert!(ablate(&fixture, &[]).status.success());
}

#[test]
fn one_seed_needs_the_users_word() {
    let fixture = grid();
    let output = ablate(&fixture, &["--set", "seeds=[1]"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("--allow-single-seed"), "{said}");
}
