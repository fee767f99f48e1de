//! House rules over manifests, sources and pages.

mod circles;
mod manifests;
mod measure;
mod modules;
mod names;
mod outputs;
mod pages;
mod public;
mod words;
mod workspace;

use std::path::Path;

use anyhow::Result;

/// What was found in a tree.
pub(crate) struct Findings {
    /// Every broken rule, as `path:line: what` where there is a line.
    pub(crate) broken: Vec<String>,
    /// Sizes by crate.
    pub(crate) table: String,
}

/// Checks the workspace at `root`.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let workspace = workspace::Workspace::load(root)?;
    let mut broken = Vec::new();
    manifests::check(&workspace, &mut broken);
    circles::check(&workspace, &mut broken);
    words::check(&workspace, &mut broken);
    outputs::check(&workspace, &mut broken);
    public::check(&workspace, &mut broken);
    pages::check(root, &workspace, &mut broken);
    let table = measure::check(&workspace, &mut broken);
    Ok(Findings { broken, table })
}

#[cfg(test)]
mod tests;
