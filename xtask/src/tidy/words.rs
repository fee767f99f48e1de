//! Words that may stand in some folders alone, or nowhere.

use super::workspace::{Place, Source, Workspace};

/// A word in code, and the folders in which alone it may stand.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("dfdx::", &["crates/jove-model", "crates/jove-objectives", "crates/jove-trainer"]),
    ("cudarc::", &["crates/jove-model"]),
    ("gemm_f32::", &["crates/jove-model"]),
    ("rusqlite::", &["crates/jove-kb"]),
    ("petgraph::", &["crates/jove-kb"]),
    ("aho_corasick::", &["crates/jove-linker", "crates/jove-experiment"]),
    ("jieba_rs::", &["crates/jove-linker"]),
    (
        "parquet::",
        &["crates/jove-corpus", "crates/jove-experiment/src/items", "crates/jove-experiment/src/report/answered.rs"],
    ),
    ("arrow_ipc::", &["crates/jove-corpus"]),
    ("ureq::", &["crates/jove-checkpoint"]),
    ("indicatif::", &["crates/jove"]),
    ("anyhow::", &["crates/jove", "xtask"]),
    ("println!(", &["xtask"]),
    ("print!(", &["xtask"]),
    ("eprintln!(", &["xtask", "crates/jove-browser"]),
    ("eprint!(", &["xtask"]),
    // What a terminal shows passes through these, which escape what it would obey.
    ("stdout()", &["crates/jove/src/context.rs", "crates/jove-files/src/destination.rs"]),
    ("stderr()", &["crates/jove/src/context.rs", "crates/jove/src/advice.rs", "crates/jove/src/progress.rs"]),
    ("std::process::exit", &[]),
    ("std::env::var", &["crates/jove", "crates/jove-browser", "xtask"]),
    ("std::env::args", &["crates/jove", "xtask"]),
];

/// What never lands.
const NEVER: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "#[ignore", "FIXME", "XXX"];

/// The one module that may hold `unsafe`.
const UNSAFE_MODULE: &str = "crates/jove-model/src/view.rs";

/// Checks all sources.
pub(crate) fn check(workspace: &Workspace, broken: &mut Vec<String>) {
    for source in workspace.packages.iter().flat_map(|package| &package.sources) {
        // This file holds the rules themselves.
        if source.path != "xtask/src/tidy/words.rs" {
            check_source(source, broken);
        }
    }
}

fn check_source(source: &Source, broken: &mut Vec<String>) {
    for (number, line) in source.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut report = |what: String| broken.push(format!("{}:{}: {what}", source.path, number + 1));
        for (word, folders) in MAY_NAME {
            let allowed =
                folders.iter().any(|folder| source.path == *folder || source.path.starts_with(&format!("{folder}/")));
            if source.place == Place::Src && !allowed && names(code, word) {
                report(format!("`{word}` may be named only in {folders:?}"));
            }
        }
        for word in NEVER.iter().filter(|word| code.contains(**word)) {
            report(format!("`{word}` never lands"));
        }
        if names(code, "unsafe ") && source.path != UNSAFE_MODULE {
            report(format!("`unsafe` lives in {UNSAFE_MODULE} alone"));
        }
    }
}

/// Whether `code` holds `word` where no longer word ends in it.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let syntax = syn::File { shebang: None, attrs: Vec::new(), items: Vec::new() };
        let mut broken = Vec::new();
        check_source(&Source { path: path.to_owned(), place: Place::Src, text: text.to_owned(), syntax }, &mut broken);
        assert_eq!(broken.len(), expected.len(), "{broken:?}");
        for (found, part) in broken.iter().zip(expected) {
            assert!(found.starts_with(&format!("{path}:")) && found.contains(part), "{found}");
        }
    }

    #[test]
    fn a_word_is_refused_outside_its_folders() {
        let text = "use rusqlite::Connection;\n// rusqlite:: in a comment\nmy_rusqlite::x();\n\"rusqlite::\"";
        check("crates/jove-kb/src/a.rs", text, &[]);
        check("crates/jove-linker/src/a.rs", text, &[":1: `rusqlite::` may be named only in"]);
        check("crates/jove-kb-x/src/a.rs", text, &[":1: `rusqlite::`"]);
    }

    #[test]
    fn unsafe_and_unfinished_code_are_refused() {
        check("crates/jove-kb/src/a.rs", "unsafe { x }\ntodo!()", &[":1: `unsafe` lives", ":2: `todo!(` never"]);
        check(UNSAFE_MODULE, "unsafe { x }", &[]);
        check("crates/jove-kb/src/a.rs", "#![deny(unsafe_code)]\n// todo!()", &[]);
    }
}
