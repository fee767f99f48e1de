//! Rows as fields with names, whatever the file's format.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use jove_core::Problem;
use jove_files::{open_stream, skip_line};
use serde_json::{Map, Value};

use super::table;
use crate::error::Error;

/// The longest line, in bytes.
pub(crate) const LINE_BYTES_MAX: u64 = 4 << 20;

/// A row: its fields by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) line: u64,
    pub(crate) fields: Map<String, Value>,
}

impl Record {
    /// A field as text: a string as it is, a number or a truth value as it is spelled; `None` where it is missing or null.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The first of some fields that the row has.
    pub(crate) fn first_of<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| self.fields.get(*name).is_some_and(|value| !value.is_null()))
    }
}

/// How the columns of a table are named.
#[derive(Clone, Debug)]
pub(crate) struct Layout<'a> {
    /// The columns of a table without names, each with the names that it may have.
    pub(crate) columns: Vec<Vec<&'a str>>,
    /// Whether the first line names the columns; `None` where its names tell.
    pub(crate) header: Option<bool>,
}

/// Reads all rows of a file: objects of JSON, one a line or in one array, or a table.
pub(crate) fn read(path: &Path, layout: &Layout<'_>) -> Result<Vec<Record>, Error> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "json" | "jsonl" => json(path),
        "tsv" | "txt" => table::named(path, table::tsv(path)?, layout),
        "csv" => table::named(path, table::csv(path)?, layout),
        other => Err(Error::file(
            path,
            "a name that ends in .json, .jsonl, .tsv or .csv",
            format!("`.{other}`"),
            "rename the file by what it holds",
        )),
    }
}

fn json(path: &Path) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    for_each_line(path, |line, text| {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if line == 1 && text.starts_with('[') {
            return Err(Error::file(
                path,
                "one object of JSON a line",
                "an array",
                "jq -c '.[]' FILE writes its objects as lines",
            ));
        }
        let fields = serde_json::from_str(text)
            .map_err(|_| Error::rows(vec![Problem::new(path, Some(line), "an object of JSON", text)]).unwrap_err())?;
        records.push(Record { line, fields });
        Ok(())
    })?;
    Ok(records)
}

/// Hands every line to `take`, with its number and without its end.
pub(crate) fn for_each_line(path: &Path, mut take: impl FnMut(u64, &str) -> Result<(), Error>) -> Result<(), Error> {
    let mut input = BufReader::new(open_stream(path).map_err(Error::read(path))?);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if read_line(&mut input, &mut bytes).map_err(Error::read(path))? == 0 {
            break;
        }
        let mut line = bytes.as_slice();
        if number == 1 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let Ok(text) = std::str::from_utf8(line) else {
            let text = String::from_utf8_lossy(line);
            return Error::rows(vec![Problem::new(path, Some(number), "text in UTF-8", &text)]);
        };
        if bytes.len() as u64 > LINE_BYTES_MAX {
            let expected = format!("a line of at most {LINE_BYTES_MAX} bytes");
            return Error::rows(vec![Problem::new(path, Some(number), expected, text)]);
        }
        take(number, text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)))?;
    }
    Ok(())
}

fn read_line(input: &mut BufReader<File>, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let read = input.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', bytes)?;
    if read as u64 > LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
        skip_line(input)?;
        // A character that the limit cut is left out, so that the rest can be shown.
        while std::str::from_utf8(bytes).is_err() && bytes.len() as u64 > LINE_BYTES_MAX - 3 {
            bytes.pop();
        }
        bytes.resize(LINE_BYTES_MAX as usize + 1, b' ');
    }
    Ok(read)
}
