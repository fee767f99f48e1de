//! What a file holds, told by how it begins.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// How much of a file is looked at, in bytes.
const HEAD_BYTES: u64 = 1 << 22;

/// A kind of file that a command writes, and how one is known. An empty file is of every kind.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As in "expected …, found another file", with its article.
    pub(crate) name: &'static str,
    begins: fn(&[u8]) -> bool,
}

impl Kind {
    /// Any file: for names in a folder that the program itself has made.
    pub const ANY: Self = Self::new("a file", |_| true);
    /// A page of HTML.
    pub const HTML: Self = Self::new("an HTML page", |head| {
        let head = head.trim_ascii_start();
        head.get(..14).is_some_and(|start| start.eq_ignore_ascii_case(b"<!doctype html"))
    });
    /// A Parquet file.
    pub const PARQUET: Self = Self::new("a Parquet file", |head| head.starts_with(b"PAR1"));
    /// Bad rows, as JSON lines that say where a row stands and what was expected there.
    pub const REJECTS: Self = Self::new("a reject file", |head| has_fields(head, &["file", "expected"]));

    /// A kind of its own: `begins` is given the first 4 MiB of a file, or all of a smaller one, and says whether it
    /// is one.
    pub const fn new(name: &'static str, begins: fn(&[u8]) -> bool) -> Self {
        Self { name, begins }
    }

    /// Whether a regular file is of this kind, or empty.
    pub(crate) fn is(&self, path: &Path) -> io::Result<bool> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(head.is_empty() || (self.begins)(head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&head)))
    }

    /// Whether the first line is a JSON object with these fields; for [`Kind::new`].
    pub fn has_json_fields(head: &[u8], fields: &[&str]) -> bool {
        has_fields(head, fields)
    }
}

fn has_fields(head: &[u8], fields: &[&str]) -> bool {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let holds = |field: &&str| {
        let name = format!("\"{field}\":");
        line.windows(name.len()).any(|part| part == name.as_bytes())
    };
    line.starts_with(b"{") && fields.iter().all(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, bytes: &[u8], expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(kind.is(&path).unwrap(), expected, "{kind:?}: {:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn a_kind_is_told_by_its_first_bytes() {
        for kind in [Kind::ANY, Kind::HTML, Kind::PARQUET, Kind::REJECTS] {
            check(kind, b"", true);
        }
        for (text, expected) in [
            ("<!doctype html><p>", true),
            ("\u{feff} \n<!DOCTYPE HTML>", true),
            ("<!doctype", false),
            ("<html>", false),
            ("中文", false),
        ] {
            check(Kind::HTML, text.as_bytes(), expected);
        }
        check(Kind::PARQUET, b"PAR1\x15\0", true);
        check(Kind::PARQUET, b"SQLite format 3\0", false);
        for (text, expected) in [
            ("{\"expected\":\"UTF-8\",\"file\":\"שלום\",\"line\":1}\n", true),
            ("{\"id\":\"a\",\"labels\":{\"en\":\"A\"}}\n", false),
            ("{\"id\":\"a\"}\n{\"file\":\"x\",\"expected\":\"y\"}", false),
            ("\"file\": \"expected\":", false),
            ("e\u{301}", false),
        ] {
            check(Kind::REJECTS, text.as_bytes(), expected);
        }
        check(Kind::ANY, b"\xff\0", true);
    }
}
