//! Tables of triples: tab- or comma-separated, with a column mapping.

use std::path::Path;

use jove_core::Problem;

use super::input::Lines;
use super::reserved;
use crate::error::Result;
use crate::intake::{Intake, Object};
use crate::options::{Columns, Source};

/// How cells are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// By tabs, without quoting.
    Tabs,
    /// By commas, with double quotes around cells that need them.
    Commas,
}

/// Reads a file.
pub(crate) fn read(path: &Path, source: &Source, dialect: Dialect, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    let columns = &source.columns;
    let needed = columns.subject.max(columns.predicate).max(columns.object) as usize;
    let mut quoted = Vec::new();
    while let Some((number, line)) = lines.next_text(intake)? {
        if number == 1 && line == reserved::HEADER {
            return reserved::read_table(path, &mut lines, intake);
        }
        if number <= columns.skip || line.is_empty() {
            continue;
        }
        let found = match dialect {
            Dialect::Tabs => cells(line.split('\t'), columns),
            Dialect::Commas if !line.contains('"') => cells(line.split(','), columns),
            Dialect::Commas => {
                quoted.clear();
                if split_quoted(line, &mut quoted) { cells(quoted.iter().map(String::as_str), columns) } else { None }
            }
        };
        if let Some((subject, predicate, object)) = found {
            take(subject, predicate, object, source, intake)?;
        } else {
            let expected = format!("{needed} columns with a subject, a predicate and an object");
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
        }
    }
    Ok(())
}

fn take(subject: &str, predicate: &str, object: &str, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
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

/// Parts a line with quoted cells; `false` when a quote is left open or something follows a closing one.
pub(crate) fn split_quoted(line: &str, cells: &mut Vec<String>) -> bool {
    let mut rest = line;
    loop {
        let mut cell = String::new();
        if let Some(inside) = rest.strip_prefix('"') {
            rest = inside;
            loop {
                let Some((text, after)) = rest.split_once('"') else { return false };
                cell.push_str(text);
                rest = after;
                match rest.strip_prefix('"') {
                    Some(after) => {
                        cell.push('"');
                        rest = after;
                    }
                    None => break,
                }
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            cell.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        cells.push(cell);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return rest.is_empty(),
        }
    }
}
