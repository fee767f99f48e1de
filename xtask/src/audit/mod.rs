//! `cargo xtask audit`: security advisories and licences of everything in `Cargo.lock`, without a network.
//!
//! `deny.toml` says what is allowed, in the format of `cargo deny`, which can be run on it as well. The advisories are those of
//! the RustSec database as of a day, facts only, in `advisories.tsv`; `cargo xtask advisories FOLDER` renews them from a checkout.

mod advisories;
mod licences;
mod policy;

use std::path::Path;

use anyhow::Result;

pub(crate) use advisories::renew;

use crate::packages::Package;
use policy::Policy;

/// The RustSec database's facts.
const DATABASE: &str = "xtask/advisories.tsv";

/// Everything in the lock file that the policy of `deny.toml` refuses, a line each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let packages = Package::all(root)?;
    let policy = Policy::read(&root.join("deny.toml"))?;
    let database = std::fs::read_to_string(root.join(DATABASE))?;
    refused(&packages, &policy, &database)
}

fn refused(packages: &[Package], policy: &Policy, database: &str) -> Result<Vec<String>> {
    let mut refused = sources(packages);
    refused.extend(advisories::check(packages, policy, database)?);
    refused.extend(licences::check(packages, policy));
    Ok(refused)
}

/// Packages that come neither from the registry nor from the workspace.
fn sources(packages: &[Package]) -> Vec<String> {
    let strange = |package: &&Package| package.source.as_ref().is_some_and(|source| !source.starts_with("registry+"));
    packages.iter().filter(strange).map(|package| format!("{package}: expected the registry as its source")).collect()
}

#[cfg(test)]
mod tests;
