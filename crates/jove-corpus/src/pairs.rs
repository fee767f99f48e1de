//! Reading sentence pairs.

use std::path::{Path, PathBuf};

use jove_core::{InvalidSetting, Lang, Problem, Progress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clean;
use crate::duplicate::{DuplicateFilter, Occurrence};
use crate::error::{Error, Result};
use crate::reject::Rejects;
use crate::rows::{LINE_BYTES_MAX, Rows, text_of};

/// A file of sentence pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PairSource {
    /// A file with one pair a line: two columns separated by a tab.
    pub path: PathBuf,
    /// The languages of the two columns, such as `["zh", "en"]`.
    pub langs: [Lang; 2],
}

/// Sentence pairs to read, and how many bad rows are tolerated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PairOptions {
    /// The files to read.
    pub sources: Vec<PairSource>,
    /// The maximum ratio of the two sides' lengths, in bytes of UTF-8; pairs above it are skipped as misaligned.
    /// At least 1. Default: 6.
    pub ratio_max: f64,
    /// Whether duplicates are skipped; case, punctuation and white space are ignored in the comparison. Default: true.
    pub duplicates: bool,
    /// How many bad rows (other than two columns, an empty side, other bytes than UTF-8) are tolerated before reading
    /// stops. Default: 0.
    pub max_bad: u64,
    /// The file that bad rows are written to. Default: none.
    pub reject_file: Option<PathBuf>,
}

impl Default for PairOptions {
    fn default() -> Self {
        Self { sources: Vec::new(), ratio_max: 6.0, duplicates: true, max_bad: 0, reject_file: None }
    }
}

/// Two sentences that are translations of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentencePair {
    /// The two sentences.
    pub texts: [String; 2],
    /// Their languages.
    pub langs: [Lang; 2],
    /// The index of their source in [`PairOptions::sources`].
    pub source: usize,
    /// The line, counted from 1.
    pub line: u64,
}

/// How many pairs were read, kept and skipped, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PairReport {
    /// Pairs found.
    pub read: u64,
    /// Pairs kept.
    pub kept: u64,
    /// Pairs skipped as duplicates of an earlier one.
    pub duplicates: u64,
    /// Pairs skipped as one side is far longer than the other.
    pub misaligned: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// The first twenty problems of rejected rows.
    pub problems: Vec<Problem>,
}

impl PairReport {
    /// How many pairs were skipped for which reason.
    fn left_out(&self, ratio_max: f64) -> Vec<String> {
        let reasons = [
            (self.misaligned, format!("with sides whose lengths differ more than ratio-max = {ratio_max} times")),
            (self.duplicates, "like an earlier one".to_owned()),
            (self.rejected, "rejected as bad rows".to_owned()),
        ];
        reasons.into_iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}")).collect()
    }
}

/// Reads every source in order and passes each pair that is kept to `each`.
///
/// # Resource usage
/// One line of at most 1 MiB is held at a time; de-duplication keeps 16 bytes for each pair.
///
/// # Errors
/// When an option is invalid, a file cannot be read, more than `max-bad` rows are bad ([`Error::TooManyProblems`]), no
/// pair is kept ([`Error::EmptyCorpus`]), the user interrupts ([`Error::Interrupted`]), or `each` fails.
pub fn read_pairs<E: From<Error>>(
    options: &PairOptions,
    progress: &dyn Progress,
    mut each: impl FnMut(SentencePair) -> Result<(), E>,
) -> Result<PairReport, E> {
    let ratio_max = options.ratio_max;
    InvalidSetting::check(ratio_max >= 1.0, "ratio-max", "a number, 1 or more", ratio_max).map_err(Error::from)?;
    let mut reader = Reader::new(options)?;
    progress.begin("read pairs", Some(options.sources.len() as u64), "files");
    for (number, source) in options.sources.iter().enumerate() {
        let mut pairs = Pairs::open(&source.path)?;
        while let Some((texts, line)) = pairs.next(&mut reader.rejects)? {
            if progress.cancelled() {
                return Err(Error::Interrupted.into());
            }
            if reader.keeps(&texts) {
                each(SentencePair { texts, langs: source.langs, source: number, line })?;
            }
        }
        progress.advance(1);
    }
    progress.end();
    let report = reader.finish()?;
    if report.kept == 0 {
        let path = options.sources.first().map(|source| source.path.clone()).unwrap_or_default();
        return Err(Error::EmptyCorpus { path, left_out: report.left_out(ratio_max) }.into());
    }
    Ok(report)
}

struct Reader<'a> {
    options: &'a PairOptions,
    duplicates: DuplicateFilter,
    rejects: Rejects,
    report: PairReport,
}

impl<'a> Reader<'a> {
    fn new(options: &'a PairOptions) -> Result<Self> {
        let duplicates = DuplicateFilter::new(options.duplicates, 1.0);
        let inputs = options.sources.iter().map(|source| source.path.as_path());
        let rejects = Rejects::new(options.reject_file.as_deref(), options.max_bad, inputs)?;
        Ok(Self { options, duplicates, rejects, report: PairReport::default() })
    }

    /// Counts a pair, and returns whether it is kept.
    fn keeps(&mut self, texts: &[String; 2]) -> bool {
        self.report.read += 1;
        if ratio(texts) > self.options.ratio_max {
            self.report.misaligned += 1;
            return false;
        }
        let first = self.duplicates.insert(&texts.join("\t")) == Occurrence::First;
        *(if first { &mut self.report.kept } else { &mut self.report.duplicates }) += 1;
        first
    }

    fn finish(mut self) -> Result<PairReport> {
        (self.report.rejected, self.report.problems) = self.rejects.finish()?;
        Ok(self.report)
    }
}

/// How many times longer the longer side is. Bytes of UTF-8 compare languages better than characters: a Han character
/// has three bytes and represents about one and a half syllables.
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

    /// The next pair, with white space normalized; bad rows go to `rejects`, blank lines and comments (`#`) are ignored.
    pub(crate) fn next(&mut self, rejects: &mut Rejects) -> Result<Option<([String; 2], u64)>> {
        while let Some(row) = self.rows.next()? {
            let split = text_of(&row, &self.path, LINE_BYTES_MAX).and_then(|line| {
                let ignored = line.trim().is_empty() || line.starts_with('#');
                if ignored { Ok(None) } else { self.split(line, row.number).map(Some) }
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
        let columns: Vec<String> = line.split('\t').take(9).map(clean::normalize).collect();
        let problem = |expected: &str| Problem::new(&self.path, Some(number), expected, line);
        match <[String; 2]>::try_from(columns) {
            Ok(texts) if texts.iter().all(|text| !text.is_empty()) => Ok(texts),
            Ok(_) => Err(problem("text in both columns")),
            Err(_) => Err(problem("2 columns separated by a tab")),
        }
    }
}
