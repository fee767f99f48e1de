//! Files are written through `jove-files` alone, so that its rule of what may be replaced holds everywhere.

use super::measure::test_files;
use super::names::{Names, attributes};
use super::workspace::{Place, Source, Workspace, for_tests};

/// The ends of paths that make, replace or move a file. `File::create_new` replaces nothing and is not among them.
const WRITERS: &[[&str; 2]] = &[
    ["File", "create"],
    ["File", "options"],
    ["fs", "write"],
    ["fs", "copy"],
    ["fs", "rename"],
    ["fs", "hard_link"],
    ["OpenOptions", "new"],
    ["AtomicWriteFile", "open"],
    ["AtomicWriteFile", "options"],
];

/// Files that write by themselves, each only in folders that the program has made or under names of its own.
const MAY_WRITE: &[(&str, &str)] = &[
    ("crates/jove-files/", "the rule itself"),
    ("crates/jove-kb/src/building/", "SQLite writes a hidden file beside the base, which is then renamed; the lock"),
    ("crates/jove-checkpoint/src/folder.rs", "files of a new folder"),
    ("crates/jove-checkpoint/src/atomic_folder.rs", "a new folder is renamed as a whole"),
    ("crates/jove-checkpoint/src/hub/cache.rs", "the cache, by checksum"),
    ("crates/jove-experiment/src/cache/", "folders of stages"),
    ("crates/jove-experiment/src/disk.rs", "files of a stage"),
    ("crates/jove-experiment/src/files.rs", "files of a stage"),
    ("crates/jove-experiment/src/tokenizer_source.rs", "a folder for a moment"),
    ("crates/jove-experiment/src/ablate.rs", "logs of arms"),
    ("crates/jove-experiment/src/warnings.rs", "lines are added to a file of a stage"),
    ("crates/jove-factory/src/build.rs", "the folder of finished files, replaced as a whole"),
    ("crates/jove-trainer/src/checkpoint.rs", "a new folder is renamed as a whole"),
    ("crates/jove-trainer/src/metrics.rs", "lines are added to the run's own file"),
    ("crates/jove-model/src/bench/process.rs", "a counter of the system"),
    ("crates/jove-browser/", "tests alone"),
    ("xtask/", "tools of the house"),
];

/// Reports each file that writes around the rule.
pub(crate) fn check(workspace: &Workspace, broken: &mut Vec<String>) {
    for package in &workspace.packages {
        let of_tests = test_files(package);
        let code = |source: &&Source| source.place == Place::Src && !of_tests.contains(source.path.as_str());
        let may = |path: &str| MAY_WRITE.iter().any(|(place, _)| path.starts_with(place));
        for source in package.sources.iter().filter(code).filter(|source| !may(&source.path)) {
            let found = writers(source).into_iter();
            let report =
                |(line, name)| format!("{}:{line}: `{name}` writes a file; use jove_files::Output", source.path);
            broken.extend(found.map(report));
        }
    }
}

/// Where a source names a writer outside its tests.
fn writers(source: &Source) -> Vec<(usize, String)> {
    let mut names = Names::default();
    source.syntax.items.iter().filter(|item| !for_tests(attributes(item))).for_each(|item| names.add(item));
    let imported = names.imports.into_iter().map(|import| import.path);
    let writes = |segments: &[String]| WRITERS.iter().any(|writer| segments.ends_with(&writer.map(str::to_owned)));
    let found = names.paths.into_iter().chain(imported).filter(|path| writes(&path.segments));
    found.map(|path| (path.line, path.segments.join("::"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let syntax = syn::parse_file(text).unwrap();
        let source = Source { path: "a.rs".to_owned(), place: Place::Src, text: text.to_owned(), syntax };
        let found: Vec<String> = writers(&source).into_iter().map(|(_, name)| name).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn writers_are_found_and_tests_are_left_alone() {
        check("fn f() { std::fs::write(p, \"\"); File::create(p); }", &["std::fs::write", "File::create"]);
        check("use std::fs::write as put; fn f() { g!(OpenOptions::new()) }", &["OpenOptions::new", "std::fs::write"]);
        check("mod inner { fn f() { fs::rename(a, b); } }", &["fs::rename"]);
        check("fn f() { File::create_new(p); File::open(p); Output::create(p, k); write(p); }", &[]);
        check("#[cfg(test)] mod tests { fn f() { std::fs::write(p, \"\"); } }", &[]);
    }
}
