//! A standard error that is closed or full stops no work.

use std::process::{Command, Stdio};

use crate::fixture::Fixture;

/// A run that warns at its first logged step, and reports progress.
fn run(fixture: &Fixture, standard_error: Stdio) -> bool {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("jove"));
    command.args(["--verbose", "--verbose", "run"]).arg(fixture.path("run.toml"));
    let mut process = command.stdout(Stdio::null()).stderr(standard_error).spawn().unwrap();
    // Where it is a pipe, nobody reads it from here on.
    drop(process.stderr.take());
    process.wait().unwrap().success()
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let fixture = Fixture::new();
    assert!(run(&fixture, Stdio::piped()));
    assert!(fixture.path("runs/islands/report.html").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_it_stops_nothing() {
    let fixture = Fixture::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert!(run(&fixture, full.into()));
    assert!(fixture.path("runs/islands/report.html").is_file());
}
