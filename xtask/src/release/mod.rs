//! `cargo xtask release FOLDER`: the binary as it is given to others, with the licences of what it is linked from.
//!
//! Paths of the machine that it was built on are taken out of the binary, which is searched for them afterwards.

mod notices;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::packages::Package;

/// Files of the repository that go along.
const FILES: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Builds the release into the folder `out`.
pub(crate) fn build(root: &Path, out: &Path) -> Result<()> {
    std::fs::create_dir_all(out)?;
    let paths = build_paths(root)?;
    let binary = compile(root, &paths)?;
    let found = leftovers(&std::fs::read(&binary)?, &paths);
    ensure!(found.is_empty(), "{}: expected no path of this machine, found {}", binary.display(), found.join(", "));
    let copy =
        |from: &Path, name: &str| std::fs::copy(from, out.join(name)).with_context(|| from.display().to_string());
    copy(&binary, "jove")?;
    FILES.iter().try_for_each(|file| copy(&root.join(file), file).map(drop))?;
    let notices = notices::collect(&Package::linked_into(root, "jove")?)?;
    Ok(std::fs::write(out.join("THIRD-PARTY-NOTICES.txt"), notices)?)
}

/// Folders of this machine whose names the compilers would write into the binary, and what stands there instead.
fn build_paths(root: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("no CARGO_HOME")?;
    Ok(vec![
        (root.canonicalize()?, "jove"),
        (cargo_home.canonicalize()?, "cargo"),
        (PathBuf::from(String::from_utf8(sysroot.stdout)?.trim()), "rust"),
    ])
}

/// The binary, built without the paths.
fn compile(root: &Path, paths: &[(PathBuf, &str)]) -> Result<PathBuf> {
    let map = |option: &str| {
        let one = |(path, name): &(PathBuf, &str)| format!("{option}={}={name}", path.display());
        paths.iter().map(one).collect::<Vec<_>>()
    };
    let with = |variable: &str, more: Vec<String>, separator: &str| {
        let given = std::env::var(variable).unwrap_or_default();
        let all = given.split_whitespace().map(str::to_owned).chain(more).collect::<Vec<_>>();
        OsString::from(all.join(separator))
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--package", "jove"])
        .current_dir(root)
        .env("CARGO_ENCODED_RUSTFLAGS", with("RUSTFLAGS", map("--remap-path-prefix"), "\x1f"))
        .env("CFLAGS", with("CFLAGS", map("-ffile-prefix-map"), " "))
        .status()?;
    ensure!(status.success(), "cargo build: {status}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/jove"))
}

/// Paths of the machine that stand in a binary.
fn leftovers(binary: &[u8], paths: &[(PathBuf, &str)]) -> Vec<String> {
    let text = String::from_utf8_lossy(binary);
    paths.iter().map(|(path, _)| path.display().to_string()).filter(|path| text.contains(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_machine_are_found() {
        let paths = [(PathBuf::from("/home/me/jove"), "jove"), (PathBuf::from("/home/me/.cargo"), "cargo")];
        let check = |binary: &[u8], expected: &[&str]| assert_eq!(leftovers(binary, &paths), expected);
        check(b"\0panicked at jove/src/a.rs\0cargo/registry", &[]);
        check(
            b"\xff/home/me/.cargo/registry/src/a.rs\0/home/me/jove/x\0/home/me/jove/y",
            &["/home/me/jove", "/home/me/.cargo"],
        );
    }
}
