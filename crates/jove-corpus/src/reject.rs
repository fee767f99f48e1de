//! Bad rows: counted, kept, and too many of them stop the work.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jove_core::Problem;
use serde_json::json;

use crate::{Error, Result};

/// The first problems, for a report; all of them are in the reject file.
const SAMPLES: usize = 20;

/// Where bad rows go: a file of JSON lines with `file`, `line`, `expected` and the `row` (or `bytes`, in hexadecimal,
/// where the row is not UTF-8). The file is made at the first bad row and is kept when work stops early.
#[derive(Debug)]
pub struct Rejects {
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    limit: u64,
    count: u64,
    samples: Vec<Problem>,
}

impl Rejects {
    /// Keeps bad rows in a file, if one is named, and allows `limit` of them.
    pub fn new(path: Option<&Path>, limit: u64) -> Self {
        Self { path: path.map(Path::to_owned), file: None, limit, count: 0, samples: Vec::new() }
    }

    /// Takes a bad row.
    ///
    /// # Errors
    /// When the file cannot be written, or with [`Error::TooManyProblems`] past the limit.
    pub fn reject(&mut self, problem: Problem, row: &[u8]) -> Result<()> {
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

    /// How many rows were bad so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Closes the file; returns how many rows were bad, and the first twenty problems.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<(u64, Vec<Problem>)> {
        self.flush()?;
        Ok((self.count, std::mem::take(&mut self.samples)))
    }

    fn write(&mut self, problem: &Problem, row: &[u8]) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.file.is_none() {
            self.file = Some(BufWriter::new(File::create(path).map_err(Error::io(path))?));
        }
        let mut record = json!({ "file": problem.file, "line": problem.line, "expected": problem.expected });
        match std::str::from_utf8(row) {
            Ok(row) => record["row"] = json!(row),
            Err(_) => record["bytes"] = json!(hexadecimal(row)),
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{record}").map_err(Error::io(path))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        match (&mut self.file, &self.path) {
            (Some(file), Some(path)) => file.flush().map_err(Error::io(path)),
            _ => Ok(()),
        }
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
    fn rows_are_kept_and_the_limit_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.jsonl");
        let mut rejects = Rejects::new(Some(&path), 2);
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
    fn without_bad_rows_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.jsonl");
        assert_eq!(Rejects::new(Some(&path), 0).finish().unwrap(), (0, vec![]));
        assert!(!path.exists());
    }
}
