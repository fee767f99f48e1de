//! Reading text files into clean texts.

use std::path::{Path, PathBuf};

use jove_core::{InvalidSetting, Lang, Problem, Progress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clean::{self, CleanOptions, Dropped};
use crate::duplicate::{Memory, Seen};
use crate::reject::Rejects;
use crate::rows::{Rows, text_of};
use crate::{Error, Result, language};

/// How texts lie in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextFormat {
    /// By the file's name: `.jsonl` is `json-lines`, everything else `lines`.
    #[default]
    Auto,
    /// One text a line; blank lines mean nothing.
    Lines,
    /// Lines up to a blank line are one text.
    Blocks,
    /// One JSON object a line, with the text in one of its fields.
    JsonLines,
    /// Tab-separated columns, one text a line, with the text in one of them; quotes around it are taken off.
    Table,
}

/// Text to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TextSource {
    /// A file, or a folder whose `.txt` and `.jsonl` files are read in the order of their names, folders inside too.
    pub path: PathBuf,
    /// The language of every text; without it each text's language is guessed. Default: none.
    pub lang: Option<Lang>,
    /// How texts lie in the files. Default: `auto`.
    pub format: TextFormat,
    /// What holds the text: a field's name in JSON lines, a column's number in a table, counted from 1. Default when
    /// empty: `text` and 1.
    pub field: String,
    /// A name for the kind of text, such as `news`, by which texts may be balanced. Default: none.
    pub domain: Option<String>,
}

impl TextSource {
    /// Checks every field, without touching a file.
    ///
    /// # Errors
    /// Names the first invalid field.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        InvalidSetting::check(!self.path.as_os_str().is_empty(), "path", "a file or a folder", "none")?;
        let is_column = self.field.is_empty() || self.field.parse::<usize>().is_ok_and(|column| column > 0);
        let valid = self.format != TextFormat::Table || is_column;
        InvalidSetting::check(valid, "field", "a column of the table, counted from 1", format!("`{}`", self.field))
    }
}

/// Texts to read, how they are cleaned, and how many bad rows are allowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TextOptions {
    /// Where the text is.
    pub sources: Vec<TextSource>,
    /// What is done to every text.
    pub clean: CleanOptions,
    /// How many bad rows (other bytes than UTF-8, NUL bytes, lines beyond 1 MiB, broken JSON) are allowed before work
    /// stops. Default: 0.
    pub max_bad: u64,
    /// Where bad rows are kept. Default: nowhere.
    pub reject_file: Option<PathBuf>,
}

/// A text fit to learn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanText {
    /// The text.
    pub text: String,
    /// Its language, given or guessed; `und` where nothing speaks for one.
    pub lang: Lang,
    /// Which source it came from, as a place in the list of sources.
    pub source: usize,
    /// The file it came from, as a place in the order of reading.
    pub file: usize,
    /// The line it begins in, counted from 1.
    pub line: u64,
}

/// What became of the rows of a corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextReport {
    /// Files read.
    pub files: u64,
    /// Texts found, before cleaning and splitting.
    pub read: u64,
    /// Texts handed on.
    pub kept: u64,
    /// Bytes of the texts handed on.
    pub bytes: u64,
    /// Passed over: shorter than `chars-min`.
    pub too_short: u64,
    /// Passed over: more signs than prose.
    pub symbols: u64,
    /// Passed over: seen before.
    pub duplicates: u64,
    /// Passed over: nearly seen before.
    pub near_duplicates: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// The first problems.
    pub problems: Vec<Problem>,
}

/// The longest line that is taken.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;

/// Reads every source in order and hands each clean text to `each`, in memory that does not grow with the files (but
/// for the hashes by which copies are found).
///
/// # Errors
/// When an option cannot hold, a file cannot be read, too many rows are bad, nothing is left ([`Error::EmptyCorpus`]),
/// the user stopped the work, or `each` fails.
pub fn read_texts<E: From<Error>>(
    options: &TextOptions,
    progress: &dyn Progress,
    mut each: impl FnMut(CleanText) -> Result<(), E>,
) -> Result<TextReport, E> {
    options.clean.validate().map_err(Error::from)?;
    let mut reader = Reader::new(options);
    let files = list_all(&options.sources)?;
    progress.begin("read text", Some(files.len() as u64), "files");
    for (number, (source, path)) in files.iter().enumerate() {
        let mut found = Vec::new();
        let mut blocks = Texts::open(path, &options.sources[*source])?;
        while let Some(text) = blocks.next(&mut reader.rejects)? {
            if progress.cancelled() {
                return Err(Error::Interrupted.into());
            }
            reader.take(&text, &options.sources[*source], &mut found);
            for (text, lang, line) in found.drain(..) {
                each(CleanText { text, lang, source: *source, file: number, line })?;
            }
        }
        progress.advance(1);
    }
    progress.end();
    let report = reader.finish(files.len() as u64)?;
    if report.kept == 0 {
        let path = options.sources.first().map(|source| source.path.clone()).unwrap_or_default();
        return Err(Error::EmptyCorpus { path, rejected: report.rejected }.into());
    }
    Ok(report)
}

/// The files of all sources, each with the place of its source in the list.
pub(crate) fn list_all(sources: &[TextSource]) -> Result<Vec<(usize, PathBuf)>> {
    let mut files = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        list(&source.path, 0, &mut |path| files.push((number, path)))?;
    }
    Ok(files)
}

fn list(path: &Path, depth: usize, found: &mut impl FnMut(PathBuf)) -> Result<()> {
    const DEPTH_MAX: usize = 16;
    if !path.is_dir() {
        std::fs::metadata(path).map_err(Error::io(path))?;
        found(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(Error::io(path))?;
    let mut inside = Vec::new();
    for entry in entries {
        inside.push(entry.map_err(Error::io(path))?.path());
    }
    inside.sort();
    for path in inside {
        let is_text = path.extension().is_some_and(|extension| extension == "txt" || extension == "jsonl");
        if (path.is_dir() && depth < DEPTH_MAX) || (path.is_file() && is_text) {
            list(&path, depth + 1, found)?;
        }
    }
    Ok(())
}

/// A text as it stands in a file.
pub(crate) struct RawText {
    pub(crate) text: String,
    pub(crate) line: u64,
}

/// The texts of one file.
pub(crate) struct Texts {
    rows: Rows,
    path: PathBuf,
    format: TextFormat,
    field: String,
}

impl Texts {
    pub(crate) fn open(path: &Path, source: &TextSource) -> Result<Self> {
        let by_name = if path.extension().is_some_and(|extension| extension == "jsonl") {
            TextFormat::JsonLines
        } else {
            TextFormat::Lines
        };
        let format = if source.format == TextFormat::Auto { by_name } else { source.format };
        let field = match (source.field.as_str(), format) {
            ("", TextFormat::Table) => "1".to_owned(),
            ("", _) => "text".to_owned(),
            (field, _) => field.to_owned(),
        };
        Ok(Self { rows: Rows::open(path, LINE_BYTES_MAX)?, path: path.to_owned(), format, field })
    }

    /// The next text that is not blank; bad rows go to `rejects`.
    pub(crate) fn next(&mut self, rejects: &mut Rejects) -> Result<Option<RawText>> {
        let mut block: Option<RawText> = None;
        while let Some(row) = self.rows.next()? {
            let line = match text_of(&row, &self.path, LINE_BYTES_MAX) {
                Ok(line) => line,
                Err(problem) => {
                    rejects.reject(problem, &row.bytes)?;
                    continue;
                }
            };
            let blank = line.trim().is_empty();
            match (self.format, &mut block) {
                (TextFormat::Blocks, Some(_)) if blank => return Ok(block),
                (TextFormat::Blocks, Some(before)) => {
                    before.text.push('\n');
                    before.text.push_str(line);
                    if before.text.len() > LINE_BYTES_MAX {
                        return Ok(block);
                    }
                }
                _ if blank => {}
                (TextFormat::Blocks, None) => block = Some(RawText { text: line.to_owned(), line: row.number }),
                (TextFormat::JsonLines | TextFormat::Table, _) => match self.field_of(line) {
                    Ok(text) => return Ok(Some(RawText { text, line: row.number })),
                    Err(expected) => {
                        rejects.reject(Problem::new(&self.path, Some(row.number), expected, line), &row.bytes)?;
                    }
                },
                _ => return Ok(Some(RawText { text: line.to_owned(), line: row.number })),
            }
        }
        Ok(block)
    }

    fn field_of(&self, line: &str) -> Result<String, String> {
        if self.format == TextFormat::Table { column_of(line, &self.field) } else { field_of(line, &self.field) }
    }
}

/// The text in a column of a line; quotes hold no line breaks, so that one missing quote costs one line.
fn column_of(line: &str, column: &str) -> Result<String, String> {
    let expected = || format!("tab-separated columns with text in column {column}");
    let number: usize = column.parse().map_err(|_| format!("a column's number as `field`, not `{column}`"))?;
    let text = line.split('\t').nth(number.wrapping_sub(1)).map(str::trim).ok_or_else(expected)?;
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = quoted.map_or_else(|| text.to_owned(), |inside| inside.replace("\"\"", "\""));
    if text.is_empty() { Err(expected()) } else { Ok(text) }
}

fn field_of(line: &str, field: &str) -> Result<String, String> {
    let mut object: serde_json::Value =
        serde_json::from_str(line).map_err(|error| format!("a JSON object ({error})"))?;
    match object.get_mut(field).map(serde_json::Value::take) {
        Some(serde_json::Value::String(text)) => Ok(text),
        _ => Err(format!("a JSON object with the text field `{field}`")),
    }
}

struct Reader<'a> {
    options: &'a TextOptions,
    memory: Memory,
    rejects: Rejects,
    report: TextReport,
}

impl<'a> Reader<'a> {
    fn new(options: &'a TextOptions) -> Self {
        let memory = Memory::new(options.clean.duplicates, options.clean.near_duplicates);
        let rejects = Rejects::new(options.reject_file.as_deref(), options.max_bad);
        Self { options, memory, rejects, report: TextReport::default() }
    }

    fn take(&mut self, raw: &RawText, source: &TextSource, found: &mut Vec<(String, Lang, u64)>) {
        self.report.read += 1;
        let parts = match clean::clean(&raw.text, &self.options.clean) {
            Ok(parts) => parts,
            Err(Dropped::TooShort) => return self.report.too_short += 1,
            Err(Dropped::Symbols) => return self.report.symbols += 1,
        };
        for part in parts {
            match self.memory.see(&part) {
                Seen::Same => self.report.duplicates += 1,
                Seen::Near => self.report.near_duplicates += 1,
                Seen::New => {
                    self.report.kept += 1;
                    self.report.bytes += part.len() as u64;
                    let lang = source.lang.or_else(|| language::identify(&part)).unwrap_or(Lang::UND);
                    found.push((part, lang, raw.line));
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
