//! Licences, as the packages' manifests state them.

use spdx::{Expression, ParseMode};

use super::policy::Policy;
use crate::packages::Package;

/// Packages whose licences the policy doesn't allow.
pub(super) fn check(packages: &[Package], policy: &Policy) -> Vec<String> {
    packages.iter().filter_map(|package| refusal(package, policy)).collect()
}

fn refusal(package: &Package, policy: &Policy) -> Option<String> {
    let Some(stated) = &package.license else { return Some(format!("{package}: expected a licence, found none")) };
    let Ok(expression) = Expression::parse_mode(stated, ParseMode::LAX) else {
        return Some(format!("{package}: {stated} is no SPDX expression"));
    };
    let allowed = expression.evaluate(|requirement| policy.allows(&package.name, &requirement.to_string()));
    (!allowed).then(|| format!("{package}: {stated} is not allowed by deny.toml"))
}
