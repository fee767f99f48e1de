//! `deny.toml`, as far as it is read here.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// What is allowed.
#[derive(Debug, Deserialize)]
pub(crate) struct Policy {
    pub(crate) advisories: Advisories,
    pub(crate) licenses: Licences,
}

/// Which advisories are allowed.
#[derive(Debug, Deserialize)]
pub(crate) struct Advisories {
    #[serde(default)]
    pub(crate) ignore: Vec<Ignored>,
}

/// An advisory that is known and allowed.
#[derive(Debug, Deserialize)]
pub(crate) struct Ignored {
    pub(crate) id: String,
    /// Why; required, so that nothing is ignored without a reason.
    #[serde(rename = "reason")]
    pub(crate) _reason: String,
}

/// Which licences are allowed.
#[derive(Debug, Deserialize)]
pub(crate) struct Licences {
    /// SPDX identifiers.
    pub(crate) allow: Vec<String>,
    /// Packages with further licences.
    #[serde(default)]
    pub(crate) exceptions: Vec<Exception>,
}

/// Further licences of one package.
#[derive(Debug, Deserialize)]
pub(crate) struct Exception {
    #[serde(rename = "crate")]
    pub(crate) name: String,
    pub(crate) allow: Vec<String>,
}

impl Policy {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    pub(crate) fn ignores(&self, advisory: &str) -> bool {
        self.advisories.ignore.iter().any(|ignored| ignored.id == advisory)
    }

    /// Whether a package may be used under a licence.
    pub(crate) fn allows(&self, package: &str, licence: &str) -> bool {
        let has = |allowed: &[String]| allowed.iter().any(|id| id == licence);
        let of_package = |exception: &Exception| exception.name == package && has(&exception.allow);
        has(&self.licenses.allow) || self.licenses.exceptions.iter().any(of_package)
    }
}
