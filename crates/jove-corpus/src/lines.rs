//! Lines as they stand in a file, for work that must not change them.

use std::path::{Path, PathBuf};

use jove_core::Problem;
use jove_files::open_stream;

use crate::error::{Error, Result};
use crate::reject::Rejects;
use crate::rows::{LINE_BYTES_MAX, Rows, text_of};

/// The lines of a file, a pipe or standard input (`-`), one after another and unchanged but for their ends. Bad rows, which
/// are other bytes than UTF-8, NUL bytes and lines beyond 1 MiB, are left out, counted and kept in a reject file.
///
/// # Resource usage
/// One line of at most 1 MiB is held at a time.
pub struct TextLines {
    rows: Rows,
    rejects: Rejects,
    path: PathBuf,
}

impl TextLines {
    /// Opens `path`; `max_bad` bad rows are tolerated, and written to `reject_file` where there is one.
    ///
    /// # Errors
    /// When `path` is a folder, a device without an end or text in UTF-16, or the reject file is `path` or another file that
    /// is no reject file.
    pub fn open(path: &Path, max_bad: u64, reject_file: Option<&Path>) -> Result<Self> {
        let rejects = Rejects::new(reject_file, max_bad, [path])?;
        let rows = Rows::new(open_stream(path).map_err(Error::io(path))?, path, LINE_BYTES_MAX)?;
        Ok(Self { rows, rejects, path: path.to_owned() })
    }

    /// The next line that is text, or `None` at the end.
    ///
    /// # Errors
    /// When reading fails, more than `max_bad` rows are bad ([`Error::TooManyProblems`]), or more than 1 GiB comes without
    /// a line end.
    pub fn read(&mut self) -> Result<Option<String>> {
        while let Some(row) = self.rows.next()? {
            match text_of(&row, &self.path, LINE_BYTES_MAX) {
                Ok(text) => return Ok(Some(text.to_owned())),
                Err(problem) => self.rejects.reject(problem, &row.bytes)?,
            }
        }
        Ok(None)
    }

    /// How many rows were bad, and the first twenty of them.
    ///
    /// # Errors
    /// When the reject file cannot be written.
    pub fn finish(self) -> Result<(u64, Vec<Problem>)> {
        self.rejects.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], max_bad: u64, expected: Result<(&[&str], u64), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.txt");
        std::fs::write(&path, bytes).unwrap();
        let read = || {
            let mut lines = TextLines::open(&path, max_bad, None)?;
            let mut texts = Vec::new();
            while let Some(text) = lines.read()? {
                texts.push(text);
            }
            Ok::<_, Error>((texts, lines.finish()?.0))
        };
        match (read(), expected) {
            (Ok((texts, bad)), Ok(expected)) => {
                assert_eq!((texts.iter().map(String::as_str).collect(), bad), (expected.0.to_vec(), expected.1));
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{bytes:?}: {found:?}"),
        }
    }

    #[test]
    fn lines_stay_as_they_are_and_bad_rows_are_counted() {
        check(b"", 0, Ok((&[], 0)));
        let text = "\u{feff} 北京 \r\n\nהאי e\u{301} 😀\nx";
        check(text.as_bytes(), 0, Ok((&[" 北京 ", "", "האי e\u{301} 😀", "x"], 0)));
        check(b"a\n\xff\xfe\nb\0\nc", 2, Ok((&["a", "c"], 2)));
        check(b"a\n\xff\xfe\nb\0\nc", 1, Err("at most 1 bad rows, found 2; the last: "));
        let long = ["x".repeat(LINE_BYTES_MAX + 1), "\n中\n".to_owned()].concat();
        check(long.as_bytes(), 1, Ok((&["中"], 1)));
        check(long.as_bytes(), 0, Err("text.txt:1: expected at most 1048576 bytes in a line"));
    }
}
