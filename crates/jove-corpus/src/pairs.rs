//! Reading sentence pairs.

use std::path::{Path, PathBuf};

use jove_core::{InvalidSetting, Lang, Problem, Progress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clean;
use crate::duplicate::{Memory, Seen};
use crate::reject::Rejects;
use crate::rows::{Rows, text_of};
use crate::text::LINE_BYTES_MAX;
use crate::{Error, Result};

/// A file of sentence pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PairSource {
    /// A file with one pair a line: two columns with a tab between.
    pub path: PathBuf,
    /// The languages of the two columns, such as `["zh", "en"]`.
    pub langs: [Lang; 2],
}

/// Pairs to read, and how many bad rows are allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PairOptions {
    /// Where the pairs are.
    pub sources: Vec<PairSource>,
    /// The largest ratio of the two sides' lengths, in bytes of UTF-8; pairs beyond are taken for misaligned and passed
    /// over. At least 1. Default: 6.
    pub ratio_max: f64,
    /// Whether a pair that was seen before is passed over; case, punctuation and white space do not count.
    /// Default: true.
    pub duplicates: bool,
    /// How many bad rows (other than two columns, an empty side, other bytes than UTF-8) are allowed before work stops.
    /// Default: 0.
    pub max_bad: u64,
    /// Where bad rows are kept. Default: nowhere.
    pub reject_file: Option<PathBuf>,
}

impl Default for PairOptions {
    fn default() -> Self {
        Self { sources: Vec::new(), ratio_max: 6.0, duplicates: true, max_bad: 0, reject_file: None }
    }
}

/// Two sentences that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentencePair {
    /// The two sentences.
    pub texts: [String; 2],
    /// Their languages.
    pub langs: [Lang; 2],
    /// Which source they came from, as a place in the list of sources.
    pub source: usize,
    /// The line, counted from 1.
    pub line: u64,
}

/// What became of the rows of pair files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PairReport {
    /// Pairs found.
    pub read: u64,
    /// Pairs handed on.
    pub kept: u64,
    /// Passed over: seen before.
    pub duplicates: u64,
    /// Passed over: one side is far longer than the other.
    pub misaligned: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// The first problems.
    pub problems: Vec<Problem>,
}

/// Reads every source in order and hands each pair to `each`.
///
/// # Errors
/// When an option cannot hold, a file cannot be read, too many rows are bad, nothing is left ([`Error::EmptyCorpus`]),
/// the user stopped the work, or `each` fails.
pub fn read_pairs<E: From<Error>>(
    options: &PairOptions,
    progress: &dyn Progress,
    mut each: impl FnMut(SentencePair) -> Result<(), E>,
) -> Result<PairReport, E> {
    let ratio_max = options.ratio_max;
    InvalidSetting::check(ratio_max >= 1.0, "ratio-max", "a number, 1 or more", ratio_max).map_err(Error::from)?;
    let mut rejects = Rejects::new(options.reject_file.as_deref(), options.max_bad);
    let mut memory = Memory::new(options.duplicates, 1.0);
    let mut report = PairReport::default();
    progress.begin("read pairs", Some(options.sources.len() as u64), "files");
    for (number, source) in options.sources.iter().enumerate() {
        let mut pairs = Pairs::open(&source.path)?;
        while let Some((texts, line)) = pairs.next(&mut rejects)? {
            if progress.cancelled() {
                return Err(Error::Interrupted.into());
            }
            report.read += 1;
            if ratio(&texts) > options.ratio_max {
                report.misaligned += 1;
            } else if memory.see(&texts.join("\t")) != Seen::New {
                report.duplicates += 1;
            } else {
                report.kept += 1;
                each(SentencePair { texts, langs: source.langs, source: number, line })?;
            }
        }
        progress.advance(1);
    }
    progress.end();
    (report.rejected, report.problems) = rejects.finish()?;
    if report.kept == 0 {
        let path = options.sources.first().map(|source| source.path.clone()).unwrap_or_default();
        return Err(Error::EmptyCorpus { path, rejected: report.rejected }.into());
    }
    Ok(report)
}

/// How many times longer the longer side is. Bytes of UTF-8 compare languages better than characters: a Han character
/// has three and stands for about one and a half syllables.
pub(crate) fn ratio(texts: &[String; 2]) -> f64 {
    let [left, right] = texts.each_ref().map(|text| text.len().max(1) as f64);
    (left / right).max(right / left)
}

/// The pairs of one file.
pub(crate) struct Pairs {
    rows: Rows,
    path: PathBuf,
}

impl Pairs {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Self { rows: Rows::open(path, LINE_BYTES_MAX)?, path: path.to_owned() })
    }

    /// The next pair, tidied; bad rows go to `rejects`, blank lines and lines that begin with `#` mean nothing.
    pub(crate) fn next(&mut self, rejects: &mut Rejects) -> Result<Option<([String; 2], u64)>> {
        while let Some(row) = self.rows.next()? {
            let split = text_of(&row, &self.path, LINE_BYTES_MAX).and_then(|line| {
                let meaningless = line.trim().is_empty() || line.starts_with('#');
                if meaningless { Ok(None) } else { self.split(line, row.number).map(Some) }
            });
            match split {
                Ok(Some(texts)) => return Ok(Some((texts, row.number))),
                Ok(None) => {}
                Err(problem) => rejects.reject(problem, &row.bytes)?,
            }
        }
        Ok(None)
    }

    fn split(&self, line: &str, number: u64) -> Result<[String; 2], Problem> {
        let columns: Vec<String> = line.split('\t').take(9).map(clean::tidy).collect();
        let problem = |expected: &str| Problem::new(&self.path, Some(number), expected, line);
        match <[String; 2]>::try_from(columns) {
            Ok(texts) if texts.iter().all(|text| !text.is_empty()) => Ok(texts),
            Ok(_) => Err(problem("text in both columns")),
            Err(_) => Err(problem("2 columns with one tab between")),
        }
    }
}
