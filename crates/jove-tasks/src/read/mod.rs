//! From files to examples whose labels are still names.

mod conll;
mod lines;
pub(crate) mod raw;
mod record;
mod records;
mod row;
mod spans;
mod table;

use std::path::Path;

use jove_core::Problem;

use crate::error::Error;
use crate::options::TaskOptions;
use crate::task::Task;
use raw::{RawAnswer, RawExample, Rows};
use record::Record;
use row::RowReader;

/// Reads the rows of a file. Labels are read where `labelled`, and a row without one is then a problem.
pub(crate) fn read(path: &Path, options: &TaskOptions, labelled: bool) -> Result<Rows, Error> {
    let mut rows = Rows::default();
    if conll::is_conll(path, options.format) {
        conll::read(path, &mut rows)?;
        return Ok(rows);
    }
    let reader = RowReader::new(path, options, labelled);
    for record in records::read(path, &reader.layout())? {
        let other = |language: &String| record.text("language").is_some_and(|found| found != *language);
        if options.language.as_ref().is_some_and(other) {
            continue;
        }
        rows.without_label += usize::from(!reader.has_label(&record));
        match reader.example(&record) {
            Ok(Some(example)) => rows.examples.push(example),
            Ok(None) => rows.undecided += 1,
            Err(problem) => rows.problems.push(problem),
        }
    }
    Ok(rows)
}

/// The texts of an example that is to be predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlabelled {
    /// Its id, where it has one.
    pub id: Option<String>,
    /// The text, or the first of two.
    pub first: String,
    /// The second text, where there are two.
    pub second: Option<String>,
}

/// The texts of one line: an object of JSON with the fields of the task, or plain text; two texts are separated by a tab.
///
/// # Errors
/// Where a text is missing; the message says which.
pub fn read_unlabelled(task: Task, line: &str) -> Result<Unlabelled, Problem> {
    let place = |expected: &str| Problem::new("the input", None, expected, line);
    if line.trim_start().starts_with('{') {
        let fields = serde_json::from_str(line).map_err(|_| place("an object of JSON"))?;
        let options = TaskOptions::new(task, "the input".into(), "the input".into());
        let read = RowReader::new(Path::new("the input"), &options, false).example(&Record { line: 0, fields })?;
        let Some(RawExample { id, first, second, .. }) = read else { return Err(place("a row to predict")) };
        return Ok(Unlabelled { id, first, second });
    }
    let mut parts = line.splitn(2, '\t').map(str::to_owned);
    let first = parts.next().unwrap_or_default();
    match (parts.next(), task.second_fields().is_empty()) {
        (second, false) if second.is_some() || !task.needs_second() => Ok(Unlabelled { id: None, first, second }),
        (_, false) => Err(place("two texts separated by a tab, or an object of JSON")),
        (_, true) => Ok(Unlabelled { id: None, first: line.to_owned(), second: None }),
    }
}

/// The lines of a file that are not blank, with their numbers.
pub(crate) fn record_lines(path: &Path, mut take: impl FnMut(u64, &str) -> Result<(), Error>) -> Result<(), Error> {
    lines::for_each_line(path, |line, text| if text.trim().is_empty() { Ok(()) } else { take(line, text) })
}

/// The entities of a label of CLUENER in its text.
pub(crate) fn spans_of(label: &serde_json::Value, text: &str) -> Result<RawAnswer, String> {
    spans::entities(label, text, true).map(RawAnswer::Entities)
}
