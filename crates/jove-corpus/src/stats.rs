//! Counting what a corpus holds.

use std::collections::BTreeMap;

use jove_core::Progress;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::text::{TextOptions, TextReport, read_texts};

/// Counts over a corpus after cleaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// How many texts were read, kept and skipped.
    pub report: TextReport,
    /// Counts by language tag.
    pub langs: BTreeMap<String, Group>,
    /// Counts by domain; texts without one are under `-`.
    pub domains: BTreeMap<String, Group>,
    /// Deciles of the lengths in characters, from the shortest text to the longest: eleven numbers.
    pub chars: Vec<u32>,
}

/// Texts that share a language or a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Number of texts.
    pub texts: u64,
    /// Their characters, in total.
    pub chars: u64,
    /// Their bytes of UTF-8, in total.
    pub bytes: u64,
}

impl Group {
    fn add(&mut self, chars: u64, bytes: u64) {
        self.texts += 1;
        self.chars += chars;
        self.bytes += bytes;
    }
}

/// Reads and cleans a corpus and counts the texts kept.
///
/// # Resource usage
/// As [`read_texts`], and 4 bytes for each text.
///
/// # Errors
/// As in [`read_texts`].
pub fn stats(options: &TextOptions, progress: &dyn Progress) -> Result<Stats> {
    let mut stats = Stats::default();
    let mut lengths = Vec::new();
    stats.report = read_texts(options, progress, |text| {
        let (chars, bytes) = (text.text.chars().count() as u64, text.text.len() as u64);
        stats.langs.entry(text.lang.to_string()).or_default().add(chars, bytes);
        let domain = text.domain.as_deref().unwrap_or("-");
        stats.domains.entry(domain.to_owned()).or_default().add(chars, bytes);
        lengths.push(chars as u32);
        Ok::<(), Error>(())
    })?;
    lengths.sort_unstable();
    stats.chars = (0..=10).map(|tenth| lengths[(lengths.len() - 1) * tenth / 10]).collect();
    Ok(stats)
}
