//! The facts of the RustSec database, and which of them concern a package of the lock file.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use semver::VersionReq;
use serde::Deserialize;
use walkdir::WalkDir;

use super::policy::Policy;
use crate::packages::Package;

/// The columns of the file; a day of the database stands above them.
const COLUMNS: &str = "id\tpackage\tkind\tpatched\tunaffected";

/// One line of the file.
struct Advisory<'a> {
    id: &'a str,
    package: &'a str,
    /// `vulnerability`, or what the database calls an informational advisory: `unsound`, `unmaintained`, `notice`.
    kind: &'a str,
    /// Versions that it does not concern: patched or unaffected.
    sound: Vec<VersionReq>,
}

/// Packages that an advisory concerns which the policy doesn't ignore, and ignored ones that concern none.
pub(super) fn check(packages: &[Package], policy: &Policy, database: &str) -> Result<Vec<String>> {
    let mut refused = Vec::new();
    let mut needless: Vec<&str> = policy.advisories.ignore.iter().map(|ignored| ignored.id.as_str()).collect();
    for line in database.lines().filter(|line| line.starts_with("RUSTSEC-")) {
        let advisory = Advisory::parse(line)?;
        for package in packages.iter().filter(|package| advisory.concerns(package)) {
            needless.retain(|id| *id != advisory.id);
            if !policy.ignores(advisory.id) {
                refused.push(format!("{package}: {} ({})", advisory.id, advisory.kind));
            }
        }
    }
    refused.extend(needless.iter().map(|id| format!("deny.toml: {id} concerns no package any more")));
    Ok(refused)
}

impl<'a> Advisory<'a> {
    fn parse(line: &'a str) -> Result<Self> {
        let cells: Vec<&str> = line.split('\t').collect();
        ensure!(cells.len() == 5, "expected {COLUMNS}, found {line}");
        let requirements = cells[3..].iter().flat_map(|cell| cell.split(';')).filter(|text| !text.is_empty());
        let sound = requirements.map(|text| VersionReq::parse(text).with_context(|| line.to_owned()));
        Ok(Self { id: cells[0], package: cells[1], kind: cells[2], sound: sound.collect::<Result<_>>()? })
    }

    fn concerns(&self, package: &Package) -> bool {
        package.name == self.package && !self.sound.iter().any(|sound| sound.matches(&package.version))
    }
}

/// An advisory's file in the database, as far as it is read here.
#[derive(Deserialize)]
struct Entry {
    advisory: Head,
    versions: Versions,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    package: String,
    informational: Option<String>,
    withdrawn: Option<String>,
}

#[derive(Deserialize)]
struct Versions {
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// Makes the file of facts from a checkout of the RustSec database; `day` is the day of the checkout's last commit.
pub(crate) fn renew(checkout: &Path, day: &str) -> Result<String> {
    let mut lines = Vec::new();
    for file in WalkDir::new(checkout.join("crates")).min_depth(2).max_depth(2) {
        let file = file?;
        let text = std::fs::read_to_string(file.path())?;
        lines.extend(line(&text).with_context(|| file.path().display().to_string())?);
    }
    ensure!(!lines.is_empty(), "{}: expected the folder `crates` of the RustSec database", checkout.display());
    lines.sort();
    let mut table = format!("# The RustSec advisory database, facts only, as of {day}.\n{COLUMNS}\n");
    for line in lines {
        writeln!(table, "{line}")?;
    }
    Ok(table)
}

/// The line of an advisory; `None` if it was withdrawn.
fn line(text: &str) -> Result<Option<String>> {
    let front = text.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).context("no front matter")?;
    let Entry { advisory, versions } = toml::from_str(front)?;
    if advisory.withdrawn.is_some() {
        return Ok(None);
    }
    let kind = advisory.informational.as_deref().unwrap_or("vulnerability");
    let [patched, unaffected] = [versions.patched, versions.unaffected].map(|requirements| requirements.join(";"));
    Ok(Some(format!("{}\t{}\t{kind}\t{patched}\t{unaffected}", advisory.id, advisory.package)))
}
