//! Whole experiments on a graph of a few islands: every stage is the real one.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its fixture has failed")]

mod acting;
mod cache;
mod fixture;
mod grid;
mod knowledge;
mod leaks;
mod needs;
mod refusals;
mod settings;
mod tables;
mod whole_run;

use std::path::Path;

/// `docs/run-file.md` says what the sources say. To bring it up to date: `JOVE_BLESS=1 cargo test -p jove-experiment`.
#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/run-file.md");
    let page = jove_experiment::reference();
    if std::env::var_os("JOVE_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), page);
}

/// The run files that come with the project can be read.
#[test]
fn the_projects_own_run_files_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Beside run files lie those of other commands, such as `jove corpus build`.
        let is_run_file = |path: &Path| std::fs::read_to_string(path).unwrap().contains("[[variants]]");
        if path.extension().is_some_and(|extension| extension == "toml") && is_run_file(&path) {
            jove_experiment::Run::load(&path, &[]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            count += 1;
        }
    }
    assert!(count > 0);
}
