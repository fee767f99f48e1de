//! Reading text files into clean texts.

use jove_core::{Lang, Problem, Progress};
use serde::Serialize;

use super::files::list_all;
use super::options::{TextOptions, TextSource, WEIGHT_MAX};
use super::records::{RawText, Texts};
use crate::clean::{self, CleanOptions, Dropped};
use crate::duplicate::{DuplicateFilter, Occurrence};
use crate::error::{Error, Result};
use crate::language;
use crate::reject::Rejects;

/// A text after cleaning.
#[derive(Clone, Debug, PartialEq)]
pub struct CleanText {
    /// The text.
    pub text: String,
    /// Its language, given or identified; `und` where neither is possible.
    pub lang: Lang,
    /// The index of its source in [`TextOptions::sources`].
    pub source: usize,
    /// Its domain: that of its source, else what its file says of it.
    pub domain: Option<String>,
    /// How often it is read in training: the weight of its source, times what its file says.
    pub weight: f64,
    /// The index of its file, in the order of reading.
    pub file: usize,
    /// The line where it begins, counted from 1.
    pub line: u64,
}

/// How many texts of a corpus were read, kept and skipped, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextReport {
    /// Files read.
    pub files: u64,
    /// Texts found, before cleaning and splitting.
    pub read: u64,
    /// Texts kept, after splitting.
    pub kept: u64,
    /// Bytes of UTF-8 in the texts kept.
    pub bytes: u64,
    /// Texts skipped as shorter than `chars-min`.
    pub too_short: u64,
    /// Texts skipped for a share of symbols above `symbols-max`.
    pub symbols: u64,
    /// Texts skipped as duplicates of an earlier one.
    pub duplicates: u64,
    /// Texts skipped as near-duplicates of an earlier one.
    pub near_duplicates: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// The first twenty problems of rejected rows.
    pub problems: Vec<Problem>,
}

impl TextReport {
    /// How many texts were skipped for which reason, such as `2 shorter than chars-min = 4`.
    fn left_out(&self, clean: &CleanOptions) -> Vec<String> {
        let reasons = [
            (self.too_short, format!("shorter than chars-min = {}", clean.chars_min)),
            (self.symbols, format!("with a share of symbols above symbols-max = {}", clean.symbols_max)),
            (self.duplicates + self.near_duplicates, "like an earlier one".to_owned()),
            (self.rejected, "rejected as bad rows".to_owned()),
        ];
        reasons.into_iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}")).collect()
    }
}

/// Reads every source in order, cleans and de-duplicates its texts, and passes each one that is kept to `each`.
///
/// # Resource usage
/// One line of at most 1 MiB is held at a time. De-duplication keeps 16 bytes for each text, and about 700 bytes for
/// each one of 80 characters or more while `near-duplicates` is below 1.
///
/// # Errors
/// When an option is invalid, a file cannot be read, more than `max-bad` rows are bad ([`Error::TooManyProblems`]), no
/// text is kept ([`Error::EmptyCorpus`]), the user interrupts ([`Error::Interrupted`]), or `each` fails.
pub fn read_texts<E: From<Error>>(
    options: &TextOptions,
    progress: &dyn Progress,
    mut each: impl FnMut(CleanText) -> Result<(), E>,
) -> Result<TextReport, E> {
    options.clean.validate().map_err(Error::from)?;
    let mut reader = Reader::new(options)?;
    let files = list_all(&options.sources)?;
    progress.begin("read text", Some(files.len() as u64), "files");
    for (number, (source, path)) in files.iter().enumerate() {
        let mut found = Vec::new();
        let mut blocks = Texts::open(path, &options.sources[*source])?;
        while let Some(text) = blocks.next(&mut reader.rejects)? {
            if progress.cancelled() {
                return Err(Error::Interrupted.into());
            }
            let about = &options.sources[*source];
            reader.clean(&text, about, &mut found);
            let RawText { line, domain, weight, .. } = text;
            let domain = about.domain.clone().or(domain);
            let weight = (about.weight * weight).min(WEIGHT_MAX);
            for (text, lang) in found.drain(..) {
                each(CleanText { text, lang, domain: domain.clone(), weight, source: *source, file: number, line })?;
            }
        }
        progress.advance(1);
    }
    progress.end();
    let report = reader.finish(files.len() as u64)?;
    if report.kept == 0 {
        let path = options.sources.first().map(|source| source.path.clone()).unwrap_or_default();
        return Err(Error::EmptyCorpus { path, left_out: report.left_out(&options.clean) }.into());
    }
    Ok(report)
}

struct Reader<'a> {
    options: &'a TextOptions,
    duplicates: DuplicateFilter,
    rejects: Rejects,
    report: TextReport,
}

impl<'a> Reader<'a> {
    fn new(options: &'a TextOptions) -> Result<Self> {
        let duplicates = DuplicateFilter::new(options.clean.duplicates, options.clean.near_duplicates);
        let inputs = options.sources.iter().map(|source| source.path.as_path());
        let rejects = Rejects::new(options.reject_file.as_deref(), options.max_bad, inputs)?;
        Ok(Self { options, duplicates, rejects, report: TextReport::default() })
    }

    /// Adds the clean parts of a text that are not duplicates to `found`, with their languages.
    fn clean(&mut self, raw: &RawText, source: &TextSource, found: &mut Vec<(String, Lang)>) {
        self.report.read += 1;
        let parts = match clean::clean(&raw.text, &self.options.clean) {
            Ok(parts) => parts,
            Err(Dropped::TooShort) => return self.report.too_short += 1,
            Err(Dropped::Symbols) => return self.report.symbols += 1,
        };
        for part in parts {
            match self.duplicates.insert(&part) {
                Occurrence::Exact => self.report.duplicates += 1,
                Occurrence::Near => self.report.near_duplicates += 1,
                Occurrence::First => {
                    self.report.kept += 1;
                    self.report.bytes += part.len() as u64;
                    let lang = source.lang.or(raw.lang).or_else(|| language::identify(&part)).unwrap_or(Lang::UND);
                    found.push((part, lang));
                }
            }
        }
    }

    fn finish(mut self, files: u64) -> Result<TextReport> {
        self.report.files = files;
        (self.report.rejected, self.report.problems) = self.rejects.finish()?;
        Ok(self.report)
    }
}
