//! The texts of one file, before cleaning.

use std::path::{Path, PathBuf};

use jove_core::{Lang, Problem};

use super::options::{TextFormat, TextSource, WEIGHT_MAX};
use crate::documents::{Document, DocumentReader};
use crate::error::Result;
use crate::reject::Rejects;
use crate::rows::{LINE_BYTES_MAX, Rows, text_of};

/// A text before cleaning.
#[derive(Debug, PartialEq)]
pub(crate) struct RawText {
    pub(crate) text: String,
    /// The line where it begins, or its row in Parquet, counted from 1.
    pub(crate) line: u64,
    /// What its file says of it.
    pub(crate) lang: Option<Lang>,
    pub(crate) domain: Option<String>,
    pub(crate) weight: f64,
}

impl RawText {
    fn new(text: String, line: u64) -> Self {
        Self { text, line, lang: None, domain: None, weight: 1.0 }
    }
}

/// The texts of one file, in order.
pub(crate) enum Texts {
    /// Of a file of lines.
    Lines(LineTexts),
    /// Of a Parquet file, with the number of rows read.
    Parquet(Box<DocumentReader>, u64),
}

impl Texts {
    pub(crate) fn open(path: &Path, source: &TextSource) -> Result<Self> {
        if resolved(source.format, path) == TextFormat::Parquet {
            let field = if source.field.is_empty() { "text" } else { &source.field };
            return Ok(Self::Parquet(Box::new(DocumentReader::open(path, field)?), 0));
        }
        LineTexts::open(path, source).map(Self::Lines)
    }

    /// The next text that is not blank; bad rows go to `rejects`.
    pub(crate) fn next(&mut self, rejects: &mut Rejects) -> Result<Option<RawText>> {
        let (documents, rows) = match self {
            Self::Lines(texts) => return texts.next(rejects),
            Self::Parquet(documents, rows) => (documents, rows),
        };
        for document in documents {
            *rows += 1;
            let Document { text, lang, domain, weight, .. } = document?;
            if !text.trim().is_empty() {
                let domain = Some(domain).filter(|domain| !domain.is_empty());
                let weight = if weight > 0.0 && weight <= WEIGHT_MAX { weight } else { 1.0 };
                return Ok(Some(RawText { text, line: *rows, lang, domain, weight }));
            }
        }
        Ok(None)
    }
}

/// The texts of a file of lines.
pub(crate) struct LineTexts {
    rows: Rows,
    path: PathBuf,
    format: TextFormat,
    field: String,
}

impl LineTexts {
    fn open(path: &Path, source: &TextSource) -> Result<Self> {
        let format = resolved(source.format, path);
        let field = match (source.field.as_str(), format) {
            ("", TextFormat::Table) => "1".to_owned(),
            ("", _) => "text".to_owned(),
            (field, _) => field.to_owned(),
        };
        Ok(Self { rows: Rows::open(path, LINE_BYTES_MAX)?, path: path.to_owned(), format, field })
    }

    fn next(&mut self, rejects: &mut Rejects) -> Result<Option<RawText>> {
        let mut block: Option<RawText> = None;
        while let Some(row) = self.rows.next()? {
            let line = match text_of(&row, &self.path, LINE_BYTES_MAX) {
                Ok(line) => line,
                Err(problem) => {
                    rejects.reject(problem, &row.bytes)?;
                    continue;
                }
            };
            if self.format == TextFormat::Blocks {
                if ends_block(&mut block, line, row.number) {
                    return Ok(block);
                }
            } else if !line.trim().is_empty() {
                match self.text_in(line) {
                    Ok(text) => return Ok(Some(RawText::new(text, row.number))),
                    Err(expected) => {
                        rejects.reject(Problem::new(&self.path, Some(row.number), expected, line), &row.bytes)?;
                    }
                }
            }
        }
        Ok(block)
    }

    /// The text that a line holds, or what was expected of the line.
    fn text_in(&self, line: &str) -> Result<String, String> {
        match self.format {
            TextFormat::JsonLines => field_of(line, &self.field),
            TextFormat::Table => column_of(line, &self.field),
            TextFormat::Auto | TextFormat::Lines | TextFormat::Blocks | TextFormat::Parquet => Ok(line.to_owned()),
        }
    }
}

/// The format of a file, with `auto` decided by its name.
fn resolved(format: TextFormat, path: &Path) -> TextFormat {
    match format {
        TextFormat::Auto => match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => TextFormat::JsonLines,
            Some("parquet") => TextFormat::Parquet,
            _ => TextFormat::Lines,
        },
        other => other,
    }
}

/// Adds a line to the block being read and returns whether the block is complete.
fn ends_block(block: &mut Option<RawText>, line: &str, number: u64) -> bool {
    let blank = line.trim().is_empty();
    match block {
        Some(_) if blank => true,
        None if blank => false,
        Some(block) => {
            block.text.push('\n');
            block.text.push_str(line);
            block.text.len() > LINE_BYTES_MAX
        }
        None => {
            *block = Some(RawText::new(line.to_owned(), number));
            false
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of a file with its lines, and how many rows were rejected.
    fn read(bytes: &[u8], name: &str, format: TextFormat, field: &str) -> (Vec<(String, u64)>, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let source = TextSource { path: path.clone(), format, field: field.to_owned(), ..TextSource::default() };
        let mut rejects = Rejects::new(None, u64::MAX, []).unwrap();
        let mut texts = Texts::open(&path, &source).unwrap();
        let found = std::iter::from_fn(|| texts.next(&mut rejects).unwrap());
        let found = found.map(|raw| (raw.text, raw.line)).collect();
        (found, rejects.finish().unwrap().0)
    }

    fn check(text: &str, name: &str, format: TextFormat, expected: &[(&str, u64)], rejected: u64) {
        let expected: Vec<(String, u64)> = expected.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect();
        assert_eq!(read(text.as_bytes(), name, format, ""), (expected, rejected), "{text:?} as {format:?}");
    }

    #[test]
    fn each_format_splits_a_file_in_its_own_way() {
        let text = "北京\n\n🦀 e\u{301}\n \nשלום";
        let lines = [("北京", 1), ("🦀 e\u{301}", 3), ("שלום", 5)];
        check(text, "a.txt", TextFormat::Auto, &lines, 0);
        check(text, "a.txt", TextFormat::Lines, &lines, 0);
        check(text, "a.txt", TextFormat::Blocks, &lines, 0);
        check("一\n二\n\n\n三", "a.txt", TextFormat::Blocks, &[("一\n二", 1), ("三", 5)], 0);
        check("一\t二\n\"三 \"\"四\"\"\"\n", "a.tsv", TextFormat::Table, &[("一", 1), ("三 \"四\"", 2)], 0);
        for format in
            [TextFormat::Auto, TextFormat::Lines, TextFormat::Blocks, TextFormat::JsonLines, TextFormat::Table]
        {
            check("", "a.txt", format, &[], 0);
            check("\n \n\t\n", "a.txt", format, &[], 0);
        }
    }

    #[test]
    fn the_name_decides_where_the_format_is_left_open() {
        let row = "{\"text\": \"中\"}";
        check(row, "a.jsonl", TextFormat::Auto, &[("中", 1)], 0);
        check(row, "a.json", TextFormat::Auto, &[(row, 1)], 0);
        check(row, "a.jsonl", TextFormat::Lines, &[(row, 1)], 0);
    }

    #[test]
    fn rows_without_their_field_are_rejected_and_reading_continues() {
        let rows = "{\"text\": \"一\"}\n{\"title\": \"二\"}\n{\"text\": 3}\n[]\n{\n{\"text\": \"六\"}";
        check(rows, "a.jsonl", TextFormat::Auto, &[("一", 1), ("六", 6)], 4);
        let (texts, rejected) = read("一\t二\n三\n四\t\n五\t六".as_bytes(), "a.tsv", TextFormat::Table, "2");
        assert_eq!((texts, rejected), (vec![("二".to_owned(), 1), ("六".to_owned(), 4)], 2));
    }

    #[test]
    fn a_block_without_blank_lines_is_closed_at_the_limit() {
        let line = "x".repeat(1 << 16);
        let text = vec![line.as_str(); 40].join("\n");
        let (texts, _) = read(text.as_bytes(), "a.txt", TextFormat::Blocks, "");
        assert!(texts.len() > 1, "{} blocks", texts.len());
        assert!(texts.iter().all(|(text, _)| text.len() <= LINE_BYTES_MAX + line.len() + 1));
        let joined: Vec<&str> = texts.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(joined.join("\n"), text);
    }

    #[test]
    fn rows_of_parquet_say_what_is_known_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("文.parquet");
        let mut writer = crate::DocumentWriter::create(&path).unwrap();
        for (text, lang, weight) in [("北京", Some("zh"), 0.5), (" \n", None, 1.0), ("שלום", None, -3.0)] {
            let lang = lang.map(|lang| Lang::new(lang).unwrap());
            let document =
                Document { text: text.to_owned(), lang, weight, domain: "新闻".to_owned(), ..Document::default() };
            writer.push(&document).unwrap();
        }
        writer.finish().unwrap();
        let mut rejects = Rejects::new(None, 0, []).unwrap();
        let mut texts = Texts::open(&path, &TextSource { path: path.clone(), ..TextSource::default() }).unwrap();
        let found: Vec<RawText> = std::iter::from_fn(|| texts.next(&mut rejects).unwrap()).collect();
        let known = |text: &str, line, lang, weight| RawText {
            text: text.to_owned(),
            line,
            lang,
            domain: Some("新闻".to_owned()),
            weight,
        };
        assert_eq!(found, [known("北京", 1, Some(Lang::ZH), 0.5), known("שלום", 3, None, 1.0)]);
    }
}
