//! Which text files are read, and how they are cleaned.

use std::path::PathBuf;

use jove_core::{InvalidSetting, Lang};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clean::CleanOptions;

/// How a file holds its texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextFormat {
    /// Decided by the file's name: `.jsonl` is read as `json-lines`, `.parquet` as `parquet`, everything else as `lines`.
    #[default]
    Auto,
    /// One text a line; blank lines are ignored.
    Lines,
    /// Lines up to a blank line are one text.
    Blocks,
    /// One JSON object a line, with the text in one of its fields.
    JsonLines,
    /// Tab-separated columns, one text a line, with the text in one of them; quotes around it are removed.
    Table,
    /// Parquet with the text in one of its columns, as `jove corpus build` writes it. Where there are columns `lang`, `domain`
    /// and `weight`, they hold for rows whose source says nothing else; weights are multiplied.
    Parquet,
}

/// The largest weight of a text.
pub const WEIGHT_MAX: f64 = 1000.0;

/// A source of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TextSource {
    /// A file, or a folder whose `.txt`, `.jsonl` and `.parquet` files are read in the order of their names, subfolders
    /// included.
    pub path: PathBuf,
    /// The language of every text, as a tag such as `zh`; without it the language of each text is identified.
    pub lang: Option<Lang>,
    /// How the files hold their texts.
    pub format: TextFormat,
    /// The place of the text in a row: the name of a field in JSON lines or of a column in Parquet, the number of a column in
    /// a table, counted from 1. Where it is empty: `text` and 1.
    pub field: String,
    /// The domain of the texts, such as `news`; `text.domain-exponent` balances domains. Without it: a domain of all texts
    /// that have none.
    pub domain: Option<String>,
    /// How often a text is read in training, compared to a text of weight 1; above 0, at most 1000.
    pub weight: f64,
}

impl Default for TextSource {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            lang: None,
            format: TextFormat::default(),
            field: String::new(),
            domain: None,
            weight: 1.0,
        }
    }
}

impl TextSource {
    /// Checks every field, without reading a file.
    ///
    /// # Errors
    /// The first invalid field.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        InvalidSetting::check(!self.path.as_os_str().is_empty(), "path", "a file or a folder", "none")?;
        let is_column = self.field.is_empty() || self.field.parse::<usize>().is_ok_and(|column| column > 0);
        let valid = self.format != TextFormat::Table || is_column;
        InvalidSetting::check(valid, "field", "a column of the table, counted from 1", format!("`{}`", self.field))?;
        let weight = self.weight;
        let valid = weight > 0.0 && weight <= WEIGHT_MAX;
        InvalidSetting::check(valid, "weight", format!("a number above 0, at most {WEIGHT_MAX}"), weight)
    }
}

/// Texts to read, how they are cleaned, and how many bad rows are tolerated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TextOptions {
    /// The files and folders to read.
    pub sources: Vec<TextSource>,
    /// Cleaning and de-duplication.
    pub clean: CleanOptions,
    /// How many bad rows (other bytes than UTF-8, NUL bytes, lines beyond 1 MiB, invalid JSON) are tolerated before
    /// reading stops. Default: 0.
    pub max_bad: u64,
    /// The file that bad rows are written to. Default: none.
    pub reject_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, format: TextFormat, field: &str, expected: Option<&str>) {
        let source = TextSource { path: path.into(), format, field: field.to_owned(), ..TextSource::default() };
        let found = source.validate().err().map(|error| error.to_string());
        assert_eq!(found.as_deref(), expected, "{source:?}");
    }

    #[test]
    fn paths_and_columns_are_checked_without_reading() {
        check("none.txt", TextFormat::Auto, "", None);
        check("", TextFormat::Auto, "", Some("path: expected a file or a folder, found none"));
        check("x.jsonl", TextFormat::JsonLines, "正文", None);
        for field in ["", "1", "12"] {
            check("x.tsv", TextFormat::Table, field, None);
        }
        for field in ["0", "-1", "one", "２"] {
            let expected = format!("field: expected a column of the table, counted from 1, found `{field}`");
            check("x.tsv", TextFormat::Table, field, Some(&expected));
        }
    }

    #[test]
    fn weights_are_numbers_above_0() {
        for (weight, valid) in
            [(1.0, true), (0.01, true), (1000.0, true), (0.0, false), (-1.0, false), (f64::NAN, false)]
        {
            let source = TextSource { path: "x.txt".into(), weight, ..TextSource::default() };
            assert_eq!(source.validate().is_ok(), valid, "{weight}");
        }
    }
}
