//! Tables of triples: tab- or comma-separated, with a column mapping.

use std::path::Path;

use jove_core::Problem;

use super::input::Lines;
use super::records::{Records, split_quoted};
use super::reserved;
use crate::error::Result;
use crate::intake::{Intake, Object};
use crate::options::{Columns, Source};

/// How cells are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// By tabs, without quoting.
    Tabs,
    /// By commas, with double quotes around cells that need them; a quoted cell may hold line ends.
    Commas,
}

/// Reads a file.
pub(crate) fn read(path: &Path, source: &Source, dialect: Dialect, intake: &mut Intake<'_>) -> Result<()> {
    match dialect {
        Dialect::Tabs => read_tabs(path, source, intake),
        Dialect::Commas => read_commas(path, source, intake),
    }
}

fn read_tabs(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, line)) = lines.next_text(intake)? {
        if number == 1 && line == reserved::HEADER {
            return reserved::read_table(path, &mut lines, intake);
        }
        if number > source.columns.skip && !line.is_empty() {
            take((path, number, line), cells(line.split('\t'), &source.columns), source, intake)?;
        }
    }
    Ok(())
}

fn read_commas(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let mut records = Records::open(path, usize::MAX, intake)?;
    let columns = &source.columns;
    let mut quoted = Vec::new();
    while let Some((number, record)) = records.next(intake)? {
        if number <= columns.skip || record.is_empty() {
            continue;
        }
        if !record.contains('"') {
            take((path, number, record), cells(record.split(','), columns), source, intake)?;
            continue;
        }
        quoted.clear();
        let whole = split_quoted(record, &mut quoted);
        let found = if whole { cells(quoted.iter().map(String::as_str), columns) } else { None };
        take((path, number, record), found, source, intake)?;
    }
    Ok(())
}

/// Takes the triple of a row, or rejects the row where there is none.
fn take(
    (path, number, row): (&Path, u64, &str),
    found: Option<(&str, &str, &str)>,
    source: &Source,
    intake: &mut Intake<'_>,
) -> Result<()> {
    if let Some((subject, predicate, object)) = found {
        return take_triple(subject, predicate, object, source, intake);
    }
    let columns = &source.columns;
    let needed = columns.subject.max(columns.predicate).max(columns.object);
    let expected = format!("{needed} columns with a subject, a predicate and an object");
    intake.reject(Problem::new(path, Some(number), expected, row), row.as_bytes())
}

fn take_triple(subject: &str, predicate: &str, object: &str, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let lang = source.lang;
    let mut take = |object: &str| {
        intake.triple(subject, predicate, Object::Entity(object), |intake, entity, key| {
            intake.label(entity, Intake::guess_lang(lang, key), key)
        })
    };
    if source.columns.separator.is_empty() {
        return take(object);
    }
    object.split(&source.columns.separator).map(str::trim).filter(|part| !part.is_empty()).try_for_each(take)
}

/// Subject, predicate and object of a row, none of them empty.
fn cells<'a>(row: impl Iterator<Item = &'a str>, columns: &'a Columns) -> Option<(&'a str, &'a str, &'a str)> {
    let mut found = ("", columns.relation.as_str(), "");
    for (number, cell) in (1..).zip(row) {
        if number == columns.subject {
            found.0 = cell.trim();
        }
        if number == columns.predicate {
            found.1 = cell.trim();
        }
        if number == columns.object {
            found.2 = cell.trim();
        }
    }
    (!found.0.is_empty() && !found.1.is_empty() && !found.2.is_empty()).then_some(found)
}
