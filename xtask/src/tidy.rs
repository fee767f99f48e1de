//! House rules over the sources: who may name what, how long a file may grow, what never lands.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use walkdir::WalkDir;

/// A file longer than this is more than one concept.
const FILE_LINES_MAX: usize = 650;

/// A crate, and the crates of ours that it may depend on.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("jove-core", &[]),
    ("jove-browser", &[]),
    ("jove-kb", &["jove-core"]),
    ("jove-linker", &["jove-core"]),
    ("jove-corpus", &["jove-core"]),
    ("jove-masking", &["jove-core"]),
    ("jove-model", &["jove-core"]),
    ("jove-checkpoint", &["jove-core"]),
    ("jove-objectives", &["jove-core", "jove-model", "jove-checkpoint"]),
    (
        "jove-trainer",
        &["jove-core", "jove-kb", "jove-corpus", "jove-masking", "jove-model", "jove-objectives", "jove-checkpoint"],
    ),
    (
        "jove-eval",
        &["jove-core", "jove-kb", "jove-corpus", "jove-masking", "jove-model", "jove-objectives", "jove-checkpoint"],
    ),
];

/// A word in code, and the folders in which alone it may stand.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("dfdx::", &["crates/jove-model", "crates/jove-objectives", "crates/jove-trainer"]),
    ("cudarc::", &["crates/jove-model"]),
    ("rusqlite::", &["crates/jove-kb"]),
    ("petgraph::", &["crates/jove-kb"]),
    ("aho_corasick::", &["crates/jove-linker"]),
    ("jieba_rs::", &["crates/jove-linker"]),
    ("parquet::", &["crates/jove-corpus"]),
    ("arrow_ipc::", &["crates/jove-corpus"]),
    ("indicatif::", &["crates/jove"]),
    ("anyhow::", &["crates/jove", "xtask"]),
    ("println!(", &["xtask"]),
    ("std::process::exit", &[]),
    ("std::env::var", &["crates/jove", "crates/jove-browser", "xtask"]),
    ("std::env::args", &["crates/jove", "xtask"]),
];

/// What never lands.
const NEVER: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "#[ignore", "FIXME", "XXX"];

/// The one module that may hold `unsafe`.
const UNSAFE_MODULE: &str = "crates/jove-model/src/view.rs";

/// Every broken rule, as `path:line: what`.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for folder in ["crates", "xtask"] {
        for entry in WalkDir::new(root.join(folder)).sort_by_file_name() {
            let entry = entry?;
            let path = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            if entry.path().extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(entry.path()).with_context(|| path.clone())?;
                check_source(&path, &text, &mut broken);
            } else if path.ends_with("Cargo.toml") {
                let text = fs::read_to_string(entry.path()).with_context(|| path.clone())?;
                check_manifest(&path, &text, &mut broken);
            }
        }
    }
    check_documented(root, &mut broken)?;
    Ok(broken)
}

fn check_source(path: &str, text: &str, broken: &mut Vec<String>) {
    // This file holds the rules themselves.
    if path == "xtask/src/tidy.rs" {
        return;
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX && !text.contains("tidy: table") {
        broken.push(format!("{path}: {lines} lines, more than {FILE_LINES_MAX}: more than one concept?"));
    }
    let is_test = ["/tests/", "/benches/", "/examples/", "/build.rs"].iter().any(|folder| path.contains(folder));
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut report = |what: String| broken.push(format!("{path}:{}: {what}", number + 1));
        for (word, folders) in MAY_NAME {
            let allowed = is_test || folders.iter().any(|folder| path.starts_with(&format!("{folder}/")));
            if names(code, word) && !allowed {
                report(format!("`{word}` may be named only in {folders:?}"));
            }
        }
        for word in NEVER {
            if code.contains(word) {
                report(format!("`{word}` never lands"));
            }
        }
        if names(code, "unsafe ") && path != UNSAFE_MODULE {
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

fn check_manifest(path: &str, text: &str, broken: &mut Vec<String>) {
    let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(name, _)| path == format!("crates/{name}/Cargo.toml")) else {
        return;
    };
    let normal = text.split("[dev-dependencies]").next().unwrap_or_default();
    for line in normal.lines() {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if name.starts_with("jove-") && !allowed.contains(&name) {
            broken.push(format!("{path}: may not depend on {name}"));
        }
    }
}

/// Every crate stands on the map, and every run file is explained.
fn check_documented(root: &Path, broken: &mut Vec<String>) -> Result<()> {
    let map = fs::read_to_string(root.join("docs/architecture.md")).context("docs/architecture.md")?;
    for entry in fs::read_dir(root.join("crates"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !map.contains(&format!("`{name}`")) {
            broken.push(format!("docs/architecture.md: `{name}` is missing from the code map"));
        }
    }
    let page = fs::read_to_string(root.join("experiments/README.md")).context("experiments/README.md")?;
    for entry in fs::read_dir(root.join("experiments"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "toml") && !page.contains(&name) {
            broken.push(format!("experiments/README.md: {name} is not explained"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<String> {
        let mut broken = Vec::new();
        check_source(path, text, &mut broken);
        broken
    }

    #[test]
    fn the_tree_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert_eq!(check(root).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn forbidden_names_are_found_where_they_stand() {
        let text = "use rusqlite::Connection;\n// rusqlite:: in a comment\nmy_rusqlite::x();";
        assert_eq!(broken("crates/jove-kb/src/a.rs", text), Vec::<String>::new());
        let found = broken("crates/jove-linker/src/a.rs", text);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("crates/jove-linker/src/a.rs:1: `rusqlite::`"), "{found:?}");
    }

    #[test]
    fn unsafe_and_unfinished_code_are_found() {
        assert_eq!(broken("crates/jove-kb/src/a.rs", "unsafe { x }\ntodo!()").len(), 2);
        assert!(broken(UNSAFE_MODULE, "unsafe { x }").is_empty());
        assert!(broken("crates/jove-kb/src/a.rs", "#![deny(unsafe_code)]").is_empty());
    }

    #[test]
    fn dependencies_follow_the_map() {
        let mut found = Vec::new();
        let manifest = "[dependencies]\njove-core.workspace = true\njove-kb.workspace = true\n[dev-dependencies]\njove-model.workspace = true";
        check_manifest("crates/jove-linker/Cargo.toml", manifest, &mut found);
        assert_eq!(found, ["crates/jove-linker/Cargo.toml: may not depend on jove-kb"]);
    }

    #[test]
    fn long_files_are_named_unless_they_are_tables() {
        let long = "x\n".repeat(FILE_LINES_MAX + 1);
        assert_eq!(broken("crates/jove-kb/src/a.rs", &long).len(), 1);
        assert!(broken("crates/jove-kb/src/a.rs", &format!("// tidy: table\n{long}")).is_empty());
    }
}
