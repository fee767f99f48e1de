//! The licences of everything that is linked into the binary, in one text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use walkdir::WalkDir;

use crate::packages::Package;

/// Beginnings of the names of files with licences, in lower case.
const NAMES: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
/// How deep they are looked for: C libraries lie in a folder of the package that builds them.
const DEPTH_MAX: usize = 2;
const RULE: &str = "--------------------------------------------------------------------------------";

/// The text: each licence once, below the packages that carry it.
pub(super) fn collect(packages: &[Package]) -> Result<String> {
    let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut text = "jove is linked with the packages below; each is under the licence stated beside it.\n\n".to_owned();
    for package in packages {
        let stated = package.license.as_deref().unwrap_or("see below");
        writeln!(text, "{package}: {stated}")?;
        let folder = package.manifest_path.parent().unwrap_or(Path::new(""));
        for licence in licences(folder)? {
            holders.entry(licence).or_default().push(package.to_string());
        }
    }
    ensure!(!holders.is_empty(), "found no file with a licence in any package");
    for (licence, packages) in holders {
        let mut packages = packages;
        packages.dedup();
        write!(text, "\n{RULE}\n{}\n\n{licence}\n", packages.join(", "))?;
    }
    Ok(text)
}

/// The texts of a package's licences.
fn licences(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for file in WalkDir::new(folder).max_depth(DEPTH_MAX).sort_by_file_name() {
        let file = file?;
        let name = file.file_name().to_string_lossy().to_lowercase();
        let is_source = [".rs", ".c", ".h", ".py"].iter().any(|ending| name.ends_with(ending));
        if file.file_type().is_file() && !is_source && NAMES.iter().any(|known| name.starts_with(known)) {
            texts.push(String::from_utf8_lossy(&std::fs::read(file.path())?).replace('\r', "").trim().to_owned());
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn package(root: &Path, name: &str, files: &[(&str, &str)]) -> Package {
        let folder = root.join(name);
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".parse().unwrap(),
            license: Some("MIT".to_owned()),
            manifest_path: folder.join("Cargo.toml"),
            source: Some("registry+r".to_owned()),
        }
    }

    #[test]
    fn a_licence_stands_once_below_all_that_carry_it() {
        let folder = tempfile::tempdir().unwrap();
        let packages = [
            package(folder.path(), "a", &[("LICENSE-MIT", "one\r\ntext\n"), ("src/license.rs", "code")]),
            package(folder.path(), "b", &[("license.txt", "one\ntext"), ("lib/COPYING", "of the C library")]),
            package(folder.path(), "c", &[("src/lib/deep/LICENSE", "too deep"), ("README.md", "words")]),
        ];
        let text = collect(&packages).unwrap();
        let check = |part: &str, times: usize| assert_eq!(text.matches(part).count(), times, "{part} in {text}");
        check("one\ntext", 1);
        check("a 1.0.0, b 1.0.0", 1);
        check("c 1.0.0: MIT", 1);
        check("of the C library", 1);
        for part in ["code", "too deep", "words"] {
            check(part, 0);
        }
    }

    #[test]
    fn packages_without_any_licence_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let packages =
            [Package { manifest_path: PathBuf::from("/nowhere/Cargo.toml"), ..package(folder.path(), "a", &[]) }];
        assert!(collect(&packages).is_err());
    }
}
