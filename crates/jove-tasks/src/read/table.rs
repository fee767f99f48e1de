//! Tables of tab-separated and comma-separated values.

use std::path::Path;

use jove_core::Problem;
use jove_files::open_stream;
use serde_json::{Map, Value};

use super::lines::for_each_line;
use super::record::{Layout, Record};
use crate::error::Error;

type Cells = (u64, Vec<String>);

/// The rows of a file of tab-separated values; quotes are characters like any other, as in CLUE's and GLUE's files.
pub(crate) fn tsv(path: &Path) -> Result<Vec<Cells>, Error> {
    let mut rows = Vec::new();
    for_each_line(path, |line, text| {
        if !text.trim().is_empty() {
            rows.push((line, text.split('\t').map(str::to_owned).collect()));
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The rows of a file of comma-separated values (RFC 4180).
pub(crate) fn csv(path: &Path) -> Result<Vec<Cells>, Error> {
    let file = open_stream(path).map_err(Error::read(path))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| {
            let line = error.position().map(csv::Position::line);
            Error::Rows {
                problem: Problem::new(path, line, "a row of comma-separated values", &error.to_string()),
                more: 0,
            }
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
        if let (true, Some(bare)) = (rows.is_empty(), cells[0].strip_prefix('\u{feff}')) {
            cells[0] = String::from(bare);
        }
        rows.push((line, cells));
    }
    Ok(rows)
}

/// Names the cells of every row.
pub(crate) fn named(path: &Path, mut rows: Vec<Cells>, layout: &Layout<'_>) -> Result<Vec<Record>, Error> {
    let Some((_, first)) = rows.first() else { return Ok(Vec::new()) };
    let named =
        layout.columns.first().is_some_and(|names| names.iter().any(|name| first.iter().any(|cell| cell == name)));
    let names: Vec<String> = match layout.header {
        Some(true) if !named => return Err(no_header(path, first, layout)),
        Some(false) => unnamed(first.len(), layout),
        _ if named => rows.remove(0).1,
        _ => unnamed(first.len(), layout),
    };
    let mut problems = Vec::new();
    let mut records = Vec::with_capacity(rows.len());
    for (line, cells) in rows {
        if cells.len() != names.len() {
            let expected = format!("{} columns ({})", names.len(), names.join(", "));
            problems.push(Problem::new(path, Some(line), expected, &cells.join("\t")));
            continue;
        }
        let fields: Map<String, Value> = names.iter().cloned().zip(cells.into_iter().map(Value::String)).collect();
        records.push(Record { line, fields });
    }
    Error::rows(problems)?;
    Ok(records)
}

/// The names of a table's columns that has none: as many of the layout's as there are columns.
fn unnamed(count: usize, layout: &Layout<'_>) -> Vec<String> {
    let known = layout.columns.iter().filter_map(|names| names.first()).map(|name| (*name).to_owned());
    let beyond = (layout.columns.len()..count).map(|number| format!("column {}", number + 1));
    known.chain(beyond).take(count).collect()
}

fn no_header(path: &Path, first: &[String], layout: &Layout<'_>) -> Error {
    let names = layout.columns.first().map(|names| names.join(", ")).unwrap_or_default();
    Error::file(
        path,
        format!("a first line that names the column of the text ({names})"),
        first.join(", "),
        "name the columns in [task.columns], or set header = false there if the first line is an example",
    )
}
