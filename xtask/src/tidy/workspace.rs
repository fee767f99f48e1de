//! The workspace's manifests and sources, parsed once for all rules.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use syn::Attribute;
use toml::Table;
use walkdir::WalkDir;

/// Where in its package a source file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Src,
    Tests,
    /// Benches, examples, fuzz targets.
    Other,
    Build,
}

/// One Rust file.
pub(crate) struct Source {
    /// From the workspace's root, with `/`.
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) text: String,
    pub(crate) syntax: syn::File,
}

/// One crate.
pub(crate) struct Package {
    pub(crate) name: String,
    /// From the workspace's root, such as `crates/jove-kb`.
    pub(crate) folder: String,
    pub(crate) manifest: Table,
    pub(crate) manifest_text: String,
    pub(crate) sources: Vec<Source>,
}

/// All crates.
pub(crate) struct Workspace {
    pub(crate) manifest: Table,
    pub(crate) packages: Vec<Package>,
    /// The text of `README.md` and of all pages in `docs/`.
    pub(crate) pages: String,
}

impl Workspace {
    /// Reads the crates below `root`: `crates/*` and `xtask`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let mut folders: Vec<String> = fs::read_dir(root.join("crates"))?
            .filter_map(|entry| Some(format!("crates/{}", entry.ok()?.file_name().to_str()?)))
            .chain(["xtask".to_owned()])
            .filter(|folder| root.join(folder).join("Cargo.toml").is_file())
            .collect();
        folders.sort();
        let packages = folders.iter().map(|folder| Package::load(root, folder)).collect::<Result<_>>()?;
        let manifest = table(&fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml")?)?;
        Ok(Self { manifest, packages, pages: pages(root) })
    }
}

impl Package {
    fn load(root: &Path, folder: &str) -> Result<Self> {
        let manifest_text = fs::read_to_string(root.join(folder).join("Cargo.toml"))?;
        let manifest = table(&manifest_text).with_context(|| folder.to_owned())?;
        let name = manifest["package"]["name"].as_str().unwrap_or_default().to_owned();
        let files = WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().filter_map(Result::ok);
        let sources = files
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
            .map(|entry| Source::load(root, folder, entry.path()))
            .collect::<Result<_>>()?;
        Ok(Self { name, folder: folder.to_owned(), manifest, manifest_text, sources })
    }

    /// The file at a path from the package's folder.
    pub(crate) fn source(&self, path: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.path == format!("{}/{path}", self.folder))
    }

    /// Whether other crates can depend on it.
    pub(crate) fn is_library(&self) -> bool {
        self.source("src/lib.rs").is_some()
    }
}

impl Source {
    fn load(root: &Path, folder: &str, file: &Path) -> Result<Self> {
        let path = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(file).with_context(|| path.clone())?;
        let syntax = syn::parse_file(&text).with_context(|| path.clone())?;
        let place = match path[folder.len() + 1..].split('/').next() {
            Some("src") => Place::Src,
            Some("tests") => Place::Tests,
            Some("build.rs") => Place::Build,
            _ => Place::Other,
        };
        Ok(Self { path, place, text, syntax })
    }
}

fn table(text: &str) -> Result<Table> {
    Ok(text.parse()?)
}

fn pages(root: &Path) -> String {
    let docs = WalkDir::new(root.join("docs")).into_iter().filter_map(Result::ok).map(|entry| entry.path().to_owned());
    docs.chain([root.join("README.md")]).filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// Whether attributes keep an item for tests alone: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
pub(crate) fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
        let words: Vec<&str> = condition.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let only_tests = words.contains(&"test") && !words.contains(&"not") && !words.contains(&"any");
        attribute.path().is_ident("test") || (attribute.path().is_ident("cfg") && only_tests)
    })
}
