//! Reading and writing the small files of stages and results.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use jove_files::{Kind, Output};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Stage;
use crate::error::{Error, Result};

/// Writes one JSON value a line.
pub(crate) fn write_lines<T: Serialize>(path: &Path, values: impl IntoIterator<Item = T>) -> Result<u64> {
    let fail = |source| Error::io("write", path, source);
    let mut out = BufWriter::new(File::create(path).map_err(fail)?);
    let mut count = 0;
    for value in values {
        serde_json::to_writer(&mut out, &value).map_err(|error| fail(error.into()))?;
        out.write_all(b"\n").map_err(fail)?;
        count += 1;
    }
    out.into_inner().map_err(|error| fail(error.into_error()))?.sync_all().map_err(fail)?;
    Ok(count)
}

/// Reads one JSON value a line.
pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let fail = |source| Error::io("read", path, source);
    let file = BufReader::new(File::open(path).map_err(fail)?);
    file.lines().map(|line| serde_json::from_str(&line.map_err(fail)?).map_err(|error| fail(error.into()))).collect()
}

/// Writes one JSON value.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_lines(path, [value]).map(|_| ())
}

/// Reads one JSON value of a stage.
pub(crate) fn read_json<T: DeserializeOwned>(stage: &Stage, name: &str) -> Result<T> {
    let path = stage.file(name);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
    serde_json::from_str(&text).map_err(|error| Error::io("read", &path, error.into()))
}

/// Creates the folder of a file.
pub(crate) fn create_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))
}

/// Writes a text file of the run's own folder atomically: a temporary sibling is written, synced and renamed.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<()> {
    write_bytes(path, text.as_bytes())
}

/// [`write_file`] for bytes.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    Output::write(path, Kind::ANY, bytes).map_err(|source| Error::io("write", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 8] =
        ["", "a", "法国", "👩‍🚀", "e\u{301}", "שלום עולם", "two\nlines\r\n", "\"quoted\" \\ \u{2028}"];

    #[test]
    fn any_text_comes_back_from_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        assert_eq!(write_lines(&path, TEXTS).unwrap(), TEXTS.len() as u64);
        assert_eq!(read_lines::<String>(&path).unwrap(), TEXTS);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), TEXTS.len());
        assert_eq!(write_lines(&path, [0; 0]).unwrap(), 0);
        assert!(read_lines::<String>(&path).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_missing_or_broken_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.jsonl");
        assert!(read_lines::<u32>(&path).unwrap_err().to_string().contains("broken.jsonl"));
        for text in ["1\nx\n", "1\n\n", "1\n-1\n", "{"] {
            write_file(&path, text).unwrap();
            assert!(read_lines::<u32>(&path).unwrap_err().to_string().contains("broken.jsonl"), "{text:?}");
        }
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        for text in ["long text", "short", ""] {
            write_file(&path, text).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        assert!(write_file(&folder.path().join("none/page.html"), "").is_err());
    }
}
