//! Pages that name everything of a kind.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::workspace::Workspace;

/// Every crate stands on the code map, and every run file is explained.
pub(crate) fn check(root: &Path, workspace: &Workspace, broken: &mut Vec<String>) {
    if let Err(error) = code_map(root, workspace, broken).and_then(|()| run_files(root, broken)) {
        broken.push(format!("{error:#}"));
    }
}

fn code_map(root: &Path, workspace: &Workspace, broken: &mut Vec<String>) -> Result<()> {
    let map = fs::read_to_string(root.join("docs/architecture.md")).context("docs/architecture.md")?;
    for package in workspace.packages.iter().filter(|package| !map.contains(&format!("`{}`", package.name))) {
        broken.push(format!("docs/architecture.md: `{}` is missing from the code map", package.name));
    }
    Ok(())
}

fn run_files(root: &Path, broken: &mut Vec<String>) -> Result<()> {
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
