//! `jove init`, and the run file that it writes.

use std::fs;
use std::path::Path;

use crate::shell::{Ended, jove};

fn run(folder: &Path, arguments: &str) -> Ended {
    jove(folder, &arguments.split(' ').collect::<Vec<_>>())
}

/// A graph of islands in some layout, and text that names them.
fn world(folder: &Path) {
    let islands = ["Aurel", "Brisa", "Corin", "Dorte", "Elmo", "Fenja", "Gaspar", "Hedda"];
    let mut graph = "island;relation;other\n".to_owned();
    let mut text = String::new();
    for (number, island) in islands.iter().enumerate() {
        let next = islands[(number + 1) % islands.len()];
        graph += &format!("{island};north of;{next}\n{island};instance of;island\n");
        for year in 0..8 {
            text += &format!(
                "In the year {} the harbour of {island} took in {} boats on a single day.\n",
                1900 + year,
                number * year + 3
            );
        }
    }
    fs::write(folder.join("islands.csv"), graph).unwrap();
    fs::create_dir(folder.join("texts")).unwrap();
    fs::write(folder.join("texts/a.txt"), text).unwrap();
}

#[test]
fn what_it_proposes_can_be_run() {
    let folder = tempfile::tempdir().unwrap();
    world(folder.path());
    let ended = run(folder.path(), "init mine --graph islands.csv --text texts --minutes 1");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    for part in
        ["found: islands.csv: a table with semicolons", "found: texts: 1 files of text", "next: jove run mine/run.toml"]
    {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    let small = "run mine/run.toml --set train.tokens=4096 --set tokenizers.bert.size=300 --set model.hidden-size=16 \
                 --set model.layers=1 --set model.heads=2 --set model.intermediate-size=32";
    let ran = run(folder.path(), small);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(folder.path().join("mine/runs/mine/report.html").exists());
}

#[test]
fn nothing_is_replaced_and_nonsense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    world(folder.path());
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/run.toml"), "years of work").unwrap();
    fs::write(folder.path().join("page.html"), "<!doctype html>").unwrap();
    for (arguments, expected) in [
        ("init mine --graph islands.csv --text texts", "mine/run.toml: is there already"),
        ("init a/b --graph islands.csv --text texts", "expected 1 to 64 letters"),
        ("init new --graph page.html --text texts", "a web page"),
        ("init new --graph islands.csv --text page.html --minutes 0", "--minutes: expected a number above 0"),
        ("init new --graph missing.csv --text texts", "missing.csv"),
        ("init new --graph islands.csv --text texts --pairs islands.csv", "expected two columns by a tab"),
    ] {
        let ended = run(folder.path(), arguments);
        assert!(ended.code == 2 && ended.err.contains(expected), "{arguments}: {}", ended.err);
    }
    assert_eq!(fs::read_to_string(folder.path().join("mine/run.toml")).unwrap(), "years of work");
    assert!(!folder.path().join("new").exists());
}
