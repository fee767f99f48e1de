//! Bad rows: counted, written to a reject file, and limited in number.

use std::path::Path;

use jove_core::Problem;
use jove_files::{Kind, LateOutput, check_apart};
use serde_json::json;

use crate::error::{Error, Result};

/// How many problems a report shows; all of them are in the reject file.
const SAMPLES: usize = 20;

/// Counts bad rows and writes them to a file of JSON lines with `file`, `line`, `expected` and the `row` (or `bytes`,
/// in hexadecimal, where the row is not UTF-8). The file is created at the first bad row and kept when reading stops
/// early.
#[derive(Debug)]
pub(crate) struct Rejects {
    file: Option<LateOutput>,
    limit: u64,
    count: u64,
    samples: Vec<Problem>,
}

impl Rejects {
    /// Writes bad rows to `path`, if given, and tolerates `limit` of them. The path is none of the `inputs`, and what
    /// lies there is the reject file of an earlier reading, which is forgotten.
    pub(crate) fn new<'a>(path: Option<&Path>, limit: u64, inputs: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let open = |path| check_apart(path, inputs).and_then(|()| LateOutput::new(path, Kind::REJECTS));
        let file = path.map(|path| open(path).map_err(Error::io(path))).transpose()?;
        Ok(Self { file, limit, count: 0, samples: Vec::new() })
    }

    /// Adds a bad row; fails past the limit.
    pub(crate) fn reject(&mut self, problem: Problem, row: &[u8]) -> Result<()> {
        self.count += 1;
        self.write(&problem, row)?;
        if self.count > self.limit {
            self.flush()?;
            return Err(Error::TooManyProblems { limit: self.limit, found: self.count, last: problem });
        }
        if self.samples.len() < SAMPLES {
            self.samples.push(problem);
        }
        Ok(())
    }

    /// Closes the file; returns how many rows were bad, and the first problems.
    pub(crate) fn finish(mut self) -> Result<(u64, Vec<Problem>)> {
        self.flush()?;
        Ok((self.count, std::mem::take(&mut self.samples)))
    }

    fn write(&mut self, problem: &Problem, row: &[u8]) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut record = json!({ "file": problem.file, "line": problem.line, "expected": problem.expected });
        match std::str::from_utf8(row) {
            Ok(row) => record["row"] = json!(row),
            Err(_) => record["bytes"] = json!(hexadecimal(row)),
        }
        file.write_line(record.to_string().as_bytes()).map_err(|error| Error::io(file.path())(error))
    }

    fn flush(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().map_err(|error| Error::io(file.path())(error))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| DIGITS[digit as usize] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_and_the_limit_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.jsonl");
        let mut rejects = Rejects::new(Some(&path), 2, []).unwrap();
        let problem = |line| Problem::new("x.tsv", Some(line), "2 columns", "x");
        rejects.reject(problem(1), "中\t\"文".as_bytes()).unwrap();
        rejects.reject(problem(2), b"\xff\x01").unwrap();
        let error = rejects.reject(problem(3), b"x").unwrap_err();
        assert!(error.to_string().contains("at most 2 bad rows, found 3; the last: x.tsv:3"), "{error}");
        let kept = std::fs::read_to_string(&path).unwrap();
        let rows: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows[0]["row"], "中\t\"文");
        assert_eq!(rows[1]["bytes"], "ff01");
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn a_report_shows_the_first_problems_only() {
        let mut rejects = Rejects::new(None, u64::MAX, []).unwrap();
        for line in 1..=30 {
            rejects.reject(Problem::new("x.txt", Some(line), "UTF-8", "x"), b"\xff").unwrap();
        }
        let (count, problems) = rejects.finish().unwrap();
        assert_eq!(count, 30);
        let lines: Vec<Option<u64>> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, (1..=20).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn a_reject_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/rejects.jsonl");
        let mut rejects = Rejects::new(Some(&path), 9, []).unwrap();
        let error = rejects.reject(Problem::new("x.txt", Some(1), "UTF-8", "x"), b"x").unwrap_err();
        assert!(error.to_string().contains("rejects.jsonl"), "{error}");
    }

    #[test]
    fn only_an_earlier_reject_file_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (old, text) = (folder.path().join("old.jsonl"), folder.path().join("text.txt"));
        std::fs::write(&old, "{\"expected\":\"UTF-8\",\"file\":\"x\",\"line\":1}\n").unwrap();
        std::fs::write(&text, "北京很大\n").unwrap();
        Rejects::new(Some(&old), 0, [text.as_path()]).unwrap().finish().unwrap();
        assert!(!old.exists());
        for inputs in [vec![], vec![text.as_path()]] {
            let error = Rejects::new(Some(&text), 0, inputs).unwrap_err().to_string();
            assert!(error.contains("text.txt: not "), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&text).unwrap(), "北京很大\n");
    }

    #[test]
    fn without_bad_rows_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.jsonl");
        assert_eq!(Rejects::new(Some(&path), 0, []).unwrap().finish().unwrap(), (0, vec![]));
        assert!(!path.exists());
    }
}
