//! What the checks find.

use std::collections::BTreeMap;
use std::str::FromStr;

use jove_core::InvalidSetting;
use serde::Serialize;

use crate::error::{Error, Result};

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Will make links or probes worse.
    Warning,
    /// The data is damaged.
    Error,
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "note" => Ok(Self::Note),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(InvalidSetting::new("level", "note, warning or error", name).into()),
        }
    }
}

/// One kind of finding in a knowledge base.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// A short name, such as `short-alias`.
    pub name: &'static str,
    /// Its severity.
    pub level: Level,
    /// How often it was found.
    pub count: u64,
    /// Some of the places.
    pub examples: Vec<String>,
    /// What to do about it.
    pub advice: &'static str,
}

/// Collects findings by name.
pub(super) struct Findings {
    pub(super) all: BTreeMap<&'static str, Finding>,
    examples: usize,
}

impl Findings {
    pub(super) fn new(examples: usize) -> Self {
        Self { all: BTreeMap::new(), examples }
    }

    /// Adds the rarer of two sides of a knowledge base that should have one.
    pub(super) fn add_rarer(&mut self, one: Self, other: Self) {
        let count = |side: &Self| side.all.values().map(|finding| finding.count).sum::<u64>();
        let (few, many) = if count(&one) < count(&other) { (one, other) } else { (other, one) };
        if !many.all.is_empty() {
            self.all.extend(few.all);
        }
    }

    pub(super) fn add(&mut self, kind: &(&'static str, Level, &'static str), example: impl FnOnce() -> String) {
        let (name, level, advice) = *kind;
        let finding = self.all.entry(name).or_insert(Finding { name, level, count: 0, examples: Vec::new(), advice });
        finding.count += 1;
        if finding.examples.len() < self.examples {
            finding.examples.push(example());
        }
    }
}

/// Name, severity and advice of a kind of finding.
pub(super) type Kind = (&'static str, Level, &'static str);
