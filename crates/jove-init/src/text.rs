//! What text there is: how much, in which languages, how long its lines are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jove_core::Lang;
use jove_corpus::{TextLines, detect_language};
use jove_files::files_below;

use crate::error::{Error, Result};

/// Files that are looked into, spread over all.
const FILES_MAX: usize = 64;

/// Lines of each.
const LINES_MAX: usize = 200;

/// A language with a smaller share of the sample is noise of the identification, or a few quotations.
const SHARE_MIN: f64 = 0.02;

/// A file or folder of text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) path: PathBuf,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Languages by their share of the sampled characters, the largest first; those of a share below 2% are left out.
    pub(crate) langs: Vec<(Lang, f64)>,
    /// The part of lines that are longer than 100 tokens, by estimate.
    pub(crate) long: f64,
    /// Estimated tokens of all files.
    pub(crate) tokens: f64,
    /// The field of JSON lines that holds the text, where it is not `text`.
    pub(crate) field: Option<String>,
}

impl Text {
    /// Looks at the files of a path.
    pub(crate) fn look(path: &Path) -> Result<Self> {
        let files = files_below(path, &is_text).map_err(Error::io(path))?;
        let mut sample = Sample::default();
        let mut bytes = 0;
        for (number, file) in files.iter().enumerate() {
            bytes += std::fs::metadata(file).map_err(Error::io(file))?.len();
            if files.len() <= FILES_MAX || number % files.len().div_ceil(FILES_MAX) == 0 {
                sample.read(file)?;
            }
        }
        if sample.lines == 0 {
            let found = match files.len() {
                0 => "no such file".to_owned(),
                count => format!("{count} files without a line of text"),
            };
            let hint = "text is read from .txt files, one text a line, and .jsonl files with a field `text`".to_owned();
            return Err(Error::Nothing { path: path.to_owned(), expected: "files of text", found, hint });
        }
        Ok(Self {
            path: path.to_owned(),
            files: files.len(),
            bytes,
            langs: sample.langs(),
            long: sample.long as f64 / sample.lines as f64,
            tokens: sample.tokens / sample.bytes.max(1) as f64 * bytes as f64,
            field: sample.field.filter(|field| field != "text"),
        })
    }
}

/// The endings that a folder of text is read by.
fn is_text(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|ending| ending == "txt" || ending == "jsonl")
}

#[derive(Default)]
struct Sample {
    lines: usize,
    long: usize,
    bytes: usize,
    tokens: f64,
    chars: BTreeMap<Lang, usize>,
    field: Option<String>,
}

impl Sample {
    fn read(&mut self, file: &Path) -> Result<()> {
        let json = file.extension().is_some_and(|ending| ending == "jsonl");
        let mut lines = TextLines::open(file, u64::MAX, None)?;
        for _ in 0..LINES_MAX {
            let Some(line) = lines.read()? else { break };
            if json {
                self.row(&line);
            } else {
                self.line(&line, line.len());
            }
        }
        Ok(())
    }

    /// A row of JSON lines: its field `text`, or the longest text in it.
    fn row(&mut self, line: &str) {
        let Ok(serde_json::Value::Object(row)) = serde_json::from_str(line) else { return };
        let texts = row.iter().filter_map(|(field, value)| Some((field, value.as_str()?)));
        let field = match &self.field {
            Some(field) => row.get_key_value(field).and_then(|(field, value)| Some((field, value.as_str()?))),
            None => texts.max_by_key(|(field, text)| (*field == "text", text.len())),
        };
        if let Some((field, text)) = field {
            self.line(text, line.len());
            self.field = Some(field.clone());
        }
    }

    fn line(&mut self, text: &str, bytes: usize) {
        self.bytes += bytes + 1;
        if text.trim().is_empty() {
            return;
        }
        let tokens = tokens(text);
        self.lines += 1;
        self.long += usize::from(tokens > 100.0);
        self.tokens += tokens;
        if let Some(lang) = detect_language(text).map(|(lang, _)| lang) {
            *self.chars.entry(lang).or_default() += text.chars().count();
        }
    }

    fn langs(&self) -> Vec<(Lang, f64)> {
        let all = self.chars.values().sum::<usize>().max(1) as f64;
        let mut langs: Vec<(Lang, f64)> = self.chars.iter().map(|(lang, chars)| (*lang, *chars as f64 / all)).collect();
        langs.retain(|(_, share)| *share >= SHARE_MIN);
        langs.sort_by(|a, b| b.1.total_cmp(&a.1));
        langs
    }
}

/// About how many tokens a text takes: one for a character of scripts without spaces, one for four others.
fn tokens(text: &str) -> f64 {
    text.chars()
        .map(|c| {
            if ('\u{2e80}'..='\u{9fff}').contains(&c) || ('\u{20000}'..='\u{3ffff}').contains(&c) { 0.8 } else { 0.25 }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(files: &[(&str, &str)]) -> Result<Text> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Text::look(folder.path())
    }

    fn langs(text: &Text) -> Vec<&str> {
        text.langs.iter().map(|(lang, _)| lang.as_str()).collect()
    }

    #[test]
    fn languages_and_amounts_are_found() {
        let zh = "田里的水稻到了秋天就可以收割，农民们都很高兴。\n".repeat(40);
        let en = "The farmers were glad when the harvest was brought in at last.\n".repeat(20);
        let text = look(&[("a/zh.txt", &zh), ("en.txt", &en), ("notes.md", "x"), ("empty.txt", "")]).unwrap();
        assert_eq!((text.files, langs(&text)), (3, vec!["en", "zh"]));
        assert!((500.0..2000.0).contains(&text.tokens), "{text:?}");
        assert_eq!((text.long, text.field), (0.0, None));
    }

    #[test]
    fn the_field_of_json_lines_is_found() {
        let row = |text: &str| format!("{{\"id\": \"7\", \"body\": {text:?}}}\n");
        let rows = row("Vielen Dank für das schöne Buch, das du mir gestern geschenkt hast.").repeat(9);
        let text = look(&[("a.jsonl", &format!("not json\n{rows}"))]).unwrap();
        assert_eq!((text.field.as_deref(), langs(&text)), (Some("body"), vec!["de"]));
        let text = look(&[("a.jsonl", "{\"text\": \"ab\", \"other\": \"abcdefgh\"}\n")]).unwrap();
        assert_eq!(text.field, None);
    }

    #[test]
    fn a_folder_without_text_says_what_is_read() {
        for files in [&[("a.md", "text")][..], &[("a.txt", "\n\n")], &[]] {
            let error = look(files).unwrap_err().to_string();
            assert!(error.contains("expected files of text"), "{error}");
        }
    }
}
