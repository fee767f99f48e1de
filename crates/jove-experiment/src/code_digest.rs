//! The digest of the sources that results depend on. The build script computes it; tests check what it covers.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Sources, by path below the workspace, that no result depends on: a change there leaves finished stages valid. Everything
/// else under `crates/*/src` counts, so that a new file counts until it is listed here.
const EXCLUDED: [&str; 17] = [
    // The command line.
    "crates/jove/",
    // What a run file is proposed from.
    "crates/jove-init/",
    // Fine-tuning, which runs after all stages.
    "crates/jove-tasks/",
    "crates/jove-finetune/",
    // For tests alone.
    "crates/jove-browser/",
    // Pages and files made from results.
    "crates/jove-experiment/src/report/",
    "crates/jove-experiment/src/effects.rs",
    "crates/jove-experiment/src/resampled.rs",
    "crates/jove-experiment/src/collected.rs",
    "crates/jove-experiment/src/items/file.rs",
    "crates/jove-experiment/src/items/resampling.rs",
    "crates/jove-experiment/src/tensorboard.rs",
    "crates/jove-core/src/page.css",
    "crates/jove-core/src/page.rs",
    // The reference page, the counts of `jove mask stats` and this list.
    "crates/jove-experiment/src/reference.rs",
    "crates/jove-experiment/src/coverage.rs",
    "crates/jove-experiment/src/code_digest.rs",
];

/// Files of the workspace that fix the versions and features of dependencies.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "Cargo.lock"];

/// What the build has to watch: the folders of sources that count, with all that is below them, and the manifests.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn watched(workspace: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = folders(workspace)?;
    paths.retain(|folder| counts(workspace, &folder.join("lib.rs")));
    let manifests: Vec<PathBuf> = paths.iter().map(|folder| folder.with_file_name("Cargo.toml")).collect();
    paths.extend(manifests.into_iter().filter(|manifest| manifest.is_file()));
    paths.extend(MANIFESTS.iter().map(|name| workspace.join(name)));
    Ok(paths)
}

/// The digest, in 12 hexadecimal digits: of the names and contents of all files that count.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn digest(workspace: &Path) -> io::Result<String> {
    let mut files = sources(workspace)?;
    files.retain(|file| counts(workspace, file));
    files.extend(MANIFESTS.iter().map(|name| workspace.join(name)));
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let contents = blake3::hash(&fs::read(&file)?);
        hasher.update(blake3::hash(name(workspace, &file).as_bytes()).as_bytes()).update(contents.as_bytes());
    }
    Ok(hasher.finalize().to_hex()[..12].to_owned())
}

/// The sources and the manifest of every crate, sorted, excluded ones too.
fn sources(workspace: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in folders(workspace)? {
        collect(&folder, &mut files)?;
        files.extend(Some(folder.with_file_name("Cargo.toml")).filter(|manifest| manifest.is_file()));
    }
    files.sort();
    Ok(files)
}

/// The folders `crates/*/src`.
fn folders(workspace: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(workspace.join("crates"))? {
        folders.push(entry?.path().join("src"));
    }
    folders.retain(|folder| folder.is_dir());
    Ok(folders)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Whether results depend on a file.
fn counts(workspace: &Path, file: &Path) -> bool {
    let name = name(workspace, file);
    !EXCLUDED.iter().any(|excluded| name == *excluded || excluded.ends_with('/') && name.starts_with(excluded))
}

/// The path below the workspace, with `/` on every system.
fn name(workspace: &Path, file: &Path) -> String {
    let below = file.strip_prefix(workspace).unwrap_or(file);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cache::CODE;

    fn workspace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
    }

    #[test]
    fn every_crate_that_computes_counts() {
        let root = workspace();
        let all = sources(&root).unwrap();
        let crates = |files: &[PathBuf]| -> BTreeSet<String> {
            files.iter().map(|file| name(&root, file).split('/').nth(1).unwrap().to_owned()).collect()
        };
        let counted: Vec<PathBuf> = all.iter().filter(|file| counts(&root, file)).cloned().collect();
        let left_out: BTreeSet<String> = crates(&all).difference(&crates(&counted)).cloned().collect();
        let expected = ["jove", "jove-browser", "jove-finetune", "jove-init", "jove-tasks"].map(str::to_owned);
        assert_eq!(left_out, BTreeSet::from(expected));
        let names: BTreeSet<String> = counted.iter().map(|file| name(&root, file)).collect();
        for file in
            ["linking.rs", "initial_checkpoint.rs", "grid.rs", "execute.rs", "cache/mod.rs", "stage/text.rs", "run.rs"]
        {
            assert!(names.contains(&format!("crates/jove-experiment/src/{file}")), "{file}");
        }
        assert!(names.contains("crates/jove-core/src/lib.rs") && names.len() > 200, "{}", names.len());
    }

    #[test]
    fn every_exclusion_is_a_file_or_folder_that_exists() {
        let root = workspace();
        assert!(watched(&root).unwrap().iter().all(|path| path.exists()));
        for excluded in EXCLUDED {
            assert!(
                root.join(excluded).exists() && root.join(excluded).is_dir() == excluded.ends_with('/'),
                "{excluded}"
            );
        }
    }

    #[test]
    fn the_build_has_the_digest_of_these_sources() {
        assert_eq!(digest(&workspace()).unwrap(), CODE);
    }

    /// A workspace of a few files.
    fn small() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("Cargo.toml", "[workspace]"),
            ("Cargo.lock", ""),
            ("crates/jove-core/src/lib.rs", "mod a;"),
            ("crates/jove-core/src/deep/a.rs", ""),
            ("crates/jove-core/tests/it.rs", ""),
            ("crates/jove/src/main.rs", ""),
            ("crates/jove-experiment/src/report/page.rs", ""),
            ("crates/jove-experiment/src/linking.rs", ""),
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_changed_moved_or_new_file_changes_the_digest_unless_it_is_excluded() {
        for (file, counted) in [
            ("Cargo.lock", true),
            ("Cargo.toml", true),
            ("crates/jove-core/src/lib.rs", true),
            ("crates/jove-core/src/deep/a.rs", true),
            ("crates/jove-core/src/new.rs", true),
            ("crates/jove-core/Cargo.toml", true),
            ("crates/jove/Cargo.toml", false),
            ("crates/jove-experiment/src/linking.rs", true),
            ("crates/jove-experiment/src/reported.rs", true),
            ("crates/jove-core/tests/it.rs", false),
            ("crates/jove/src/main.rs", false),
            ("crates/jove-experiment/src/report/page.rs", false),
            ("crates/jove-experiment/src/report/new.rs", false),
        ] {
            let folder = small();
            let before = digest(folder.path()).unwrap();
            fs::write(folder.path().join(file), "changed").unwrap();
            assert_eq!(digest(folder.path()).unwrap() != before, counted, "{file}");
        }
        let folder = small();
        let before = digest(folder.path()).unwrap();
        let source = folder.path().join("crates/jove-core/src");
        fs::rename(source.join("deep/a.rs"), source.join("a.rs")).unwrap();
        assert_ne!(digest(folder.path()).unwrap(), before);
        fs::remove_file(folder.path().join("Cargo.lock")).unwrap();
        assert!(digest(folder.path()).is_err());
    }
}
