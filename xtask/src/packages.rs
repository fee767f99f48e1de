//! The packages of the lock file, as `cargo metadata` lists them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use semver::Version;
use serde::Deserialize;

/// A package.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: Version,
    /// An SPDX expression.
    pub(crate) license: Option<String>,
    pub(crate) manifest_path: PathBuf,
    /// None for packages of the workspace.
    pub(crate) source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// `build`, `dev`, or none for an ordinary one.
    kind: Option<String>,
}

impl Package {
    /// Every package of the lock file.
    pub(crate) fn all(root: &Path) -> Result<Vec<Self>> {
        Ok(metadata(root, &[])?.packages)
    }

    /// The packages that the binary of the workspace's package `name` is linked from on this machine, without those of the workspace.
    pub(crate) fn linked_into(root: &Path, name: &str) -> Result<Vec<Self>> {
        let target = target()?;
        let Metadata { packages, resolve } = metadata(root, &["--filter-platform", &target])?;
        let first = packages.iter().find(|package| package.name == name && package.source.is_none());
        let mut open = vec![first.with_context(|| format!("no package {name}"))?.id.as_str()];
        let nodes: BTreeMap<&str, &Node> = resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut linked = std::collections::BTreeSet::new();
        while let Some(id) = open.pop() {
            if linked.insert(id) {
                open.extend(
                    nodes[id].deps.iter().filter(|dependency| dependency.is_linked()).map(|dep| dep.pkg.as_str()),
                );
            }
        }
        Ok(packages
            .iter()
            .filter(|package| package.source.is_some() && linked.contains(package.id.as_str()))
            .cloned()
            .collect())
    }
}

impl Dependency {
    fn is_linked(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

fn metadata(root: &Path, arguments: &[&str]) -> Result<Metadata> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The target triple of this machine.
fn target() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
