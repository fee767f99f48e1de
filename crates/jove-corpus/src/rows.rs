//! Lines of files, read in bounded memory whatever the file holds.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use jove_core::Problem;
use jove_files::{open_file, skip_line};

use crate::error::{Error, Result};

/// The maximum length of a line, in bytes; longer ones are bad rows.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;

/// A line without its line break, as bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Counted from 1.
    pub(crate) number: u64,
    /// Its bytes, at most the limit.
    pub(crate) bytes: Vec<u8>,
    /// Whether more bytes followed and were skipped.
    pub(crate) cut: bool,
}

/// Reads a file line by line and keeps at most `limit` bytes of each.
pub(crate) struct Rows {
    reader: BufReader<File>,
    path: PathBuf,
    limit: usize,
    number: u64,
}

impl Rows {
    /// Opens a file; a byte-order mark of UTF-16 is an error, one of UTF-8 is skipped.
    pub(crate) fn open(path: &Path, limit: usize) -> Result<Self> {
        Self::new(open_file(path).map_err(Error::io(path))?, path, limit)
    }

    /// [`Rows::open`] for what is open already.
    pub(crate) fn new(file: File, path: &Path, limit: usize) -> Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let head = reader.fill_buf().map_err(Error::io(path))?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(Error::malformed(path, "text in UTF-8", "the byte-order mark of UTF-16"));
        }
        let mark = if head.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        reader.consume(mark);
        Ok(Self { reader, path: path.to_owned(), limit, number: 0 })
    }

    /// The next line, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Row>> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(self.limit as u64 + 1).read_until(b'\n', &mut bytes);
        if read.map_err(Error::io(&self.path))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let ended = bytes.last() == Some(&b'\n');
        if ended {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        let cut = bytes.len() > self.limit;
        if cut {
            bytes.truncate(self.limit);
            if !ended {
                skip_line(&mut self.reader).map_err(Error::io(&self.path))?;
            }
        }
        Ok(Some(Row { number: self.number, bytes, cut }))
    }
}

/// The text of a line, or what is wrong with it.
pub(crate) fn text_of<'a>(row: &'a Row, path: &Path, limit: usize) -> Result<&'a str, Problem> {
    let problem = |expected: String, found: &str| Problem::new(path, Some(row.number), expected, found);
    if row.cut {
        return Err(problem(format!("at most {limit} bytes in a line"), &lossy(&row.bytes)));
    }
    if row.bytes.contains(&0) {
        return Err(problem("text without NUL bytes".to_owned(), &lossy(&row.bytes)));
    }
    std::str::from_utf8(&row.bytes).map_err(|error| {
        let at = error.valid_up_to();
        let expected = format!("UTF-8 (byte 0x{:02x} at column {} is not)", row.bytes[at], at + 1);
        problem(expected, &lossy(&row.bytes))
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: usize) -> Vec<(u64, Vec<u8>, bool)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        std::fs::write(&path, bytes).unwrap();
        let mut rows = Rows::open(&path, limit).unwrap();
        std::iter::from_fn(|| rows.next().unwrap()).map(|row| (row.number, row.bytes, row.cut)).collect()
    }

    #[test]
    fn lines_end_as_on_every_system() {
        let rows = read("a\r\n\n中\nlast".as_bytes(), 100);
        let texts: Vec<_> = rows.iter().map(|(_, bytes, _)| std::str::from_utf8(bytes).unwrap()).collect();
        assert_eq!(texts, ["a", "", "中", "last"]);
        assert_eq!(read(b"", 100), []);
        assert_eq!(read("\u{feff}a".as_bytes(), 100), [(1, b"a".to_vec(), false)]);
    }

    #[test]
    fn long_lines_are_cut_and_skipped() {
        let bytes = [vec![b'x'; 300_000], b"\nb\n".to_vec(), vec![b'y'; 9]].concat();
        let rows = read(&bytes, 8);
        assert_eq!(rows[0], (1, vec![b'x'; 8], true));
        assert_eq!(rows[1], (2, b"b".to_vec(), false));
        assert_eq!(rows[2], (3, vec![b'y'; 8], true));
        assert_eq!(read(b"12345678\n1", 8), [(1, b"12345678".to_vec(), false), (2, b"1".to_vec(), false)]);
    }

    #[test]
    fn bytes_that_are_not_text_are_named() {
        let check = |bytes: &[u8]| {
            let row = Row { number: 7, bytes: bytes.to_vec(), cut: false };
            text_of(&row, Path::new("x.txt"), 10).map(str::to_owned).map_err(|problem| problem.to_string())
        };
        assert_eq!(check("🦀é".as_bytes()), Ok("🦀é".to_owned()));
        assert!(check(b"ab\xff").unwrap_err().starts_with("x.txt:7: expected UTF-8 (byte 0xff at column 3"));
        assert!(check(b"a\0b").unwrap_err().contains("NUL"));
    }

    #[test]
    fn utf_16_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        std::fs::write(&path, b"\xff\xfea\0").unwrap();
        assert!(Rows::open(&path, 10).is_err_and(|error| error.to_string().contains("UTF-16")));
    }
}
