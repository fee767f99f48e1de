//! Sorts rows, writes the new knowledge base and renames it over the old one.

use std::fs::File;
use std::path::Path;

use jove_core::Progress;

use super::fill::fill;
use super::lock::hidden_path;
use super::number::{DROPPED, Numbering};
use super::sorted::{CHECK_EVERY, Sorted};
use super::source::Read;
use super::written::Written;
use crate::error::{Error, Result};
use crate::intake::{FactRow, Fields, Owner, Row, Rows, Tag, Taken};
use crate::options::BuildOptions;
use crate::schema::{ALIAS, DERIVED, LABEL, MERGED};

/// Writes the collected rows to a temporary file, then renames it over the knowledge base.
pub(crate) fn write(
    options: &BuildOptions,
    folder: &Path,
    mut taken: Taken,
    read: &[Read],
    progress: &dyn Progress,
) -> Result<Written> {
    let numbering = Numbering::new(&options.select, &mut taken);
    let sorted = sort(options, folder, taken, &numbering, progress)?;
    let Numbering { popularity, unselected, numbers, .. } = numbering;
    drop(numbers);
    let temporary = hidden_path(&options.out, ".building");
    remove_if_there(&temporary)?;
    let result = fill(options, &temporary, sorted, &popularity, read, progress)
        .and_then(|written| put_in_place(&temporary, &options.out, folder).map(|()| written));
    if result.is_err() {
        // The error that stopped the build matters more than one from tidying up; the next build removes the file.
        let _ = std::fs::remove_file(&temporary);
    }
    result.map(|written| Written { unselected_entities: unselected, ..written })
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

fn put_in_place(temporary: &Path, out: &Path, folder: &Path) -> Result<()> {
    if let Ok(old) = std::fs::metadata(out) {
        std::fs::set_permissions(temporary, old.permissions()).map_err(Error::io(out))?;
    }
    File::open(temporary).and_then(|file| file.sync_all()).map_err(Error::io(temporary))?;
    std::fs::rename(temporary, out).map_err(Error::io(out))?;
    // Windows cannot open folders, and needs no sync to keep a rename.
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().map_err(Error::io(out))?;
    }
    Ok(())
}

fn sort(
    options: &BuildOptions,
    folder: &Path,
    taken: Taken,
    numbering: &Numbering,
    progress: &dyn Progress,
) -> Result<Sorted> {
    progress.begin("sort", None, "rows");
    let rows = if numbering.changed_nothing() {
        taken.rows
    } else {
        renumber(options, folder, taken.rows, numbering, progress)?
    };
    let sorted = Sorted {
        count: rows.count,
        records: rows.records.finish().map_err(Error::io(folder))?,
        facts: rows.facts.finish().map_err(Error::io(folder))?,
    };
    progress.end();
    Ok(sorted)
}

/// Gives rows their final numbers, and drops those of entities that are not kept.
fn renumber(
    options: &BuildOptions,
    folder: &Path,
    rows: Rows,
    numbering: &Numbering,
    progress: &dyn Progress,
) -> Result<Rows> {
    let mut kept = Rows::new(folder, options.sort_memory());
    let mut seen = 0_u64;
    let mut check = || {
        seen += 1;
        if seen.is_multiple_of(CHECK_EVERY) {
            progress.advance(CHECK_EVERY);
            if progress.cancelled() {
                return Err(std::io::Error::from(std::io::ErrorKind::Interrupted));
            }
        }
        Ok(())
    };
    let number = |entity: u32| Some(numbering.numbers[entity as usize]).filter(|number| *number != DROPPED);
    let taken = rows.records.drain(|record| {
        check()?;
        for named in held_names(record, numbering) {
            kept.count += 1;
            kept.records.push(&named)?;
        }
        if renumber_record(record, numbering) {
            kept.count += 1;
            kept.records.push(record)?;
        }
        Ok(())
    });
    let taken = taken.and_then(|()| {
        rows.facts.drain(|fact| {
            check()?;
            if let (Some(subject), Some(object)) = (number(fact.subject()), number(fact.object())) {
                kept.count += 1;
                kept.facts.push(FactRow::new(subject, fact.predicate(), object, fact.source()))?;
            }
            Ok(())
        })
    });
    match taken {
        Ok(()) => Ok(kept),
        Err(_) if progress.cancelled() => Err(Error::Interrupted),
        Err(error) => Err(Error::io(folder)(error)),
    }
}

/// The names of whatever a record's entity holds the names of.
fn held_names(record: &[u8], numbering: &Numbering) -> Vec<Vec<u8>> {
    if Tag::of(record) != Tag::Name || record[5] == 0 {
        return Vec::new();
    }
    let mut fields = Fields(&record[1..]);
    let (holder, role, lang, text, source) = (fields.u32(), fields.u8(), fields.text(), fields.text(), fields.u16());
    let mut row = Row::default();
    let mut names = Vec::new();
    for owner in numbering.holders.owners(holder) {
        match owner {
            Owner::Predicate(predicate) if role != ALIAS => {
                row.start(Tag::PredicateLabel).u32(predicate).text(lang).text(text).u16(source);
            }
            Owner::Entity(owner, as_role) if numbering.numbers[owner as usize] != DROPPED => {
                row.start(Tag::Name).u32(numbering.numbers[owner as usize]).u8(if role == LABEL {
                    as_role
                } else {
                    ALIAS
                });
                row.text(lang).text(text).u16(source).u32(fields.clone().u32());
            }
            _ => continue,
        }
        names.push(row.bytes().to_vec());
    }
    names
}

/// Gives a record its final number; `false` for an entity that is not kept.
fn renumber_record(record: &mut [u8], numbering: &Numbering) -> bool {
    let tag = Tag::of(record);
    let at = match tag {
        Tag::EntityKey => record.len() - 4,
        _ if tag.starts_with_entity() => 1,
        _ => return true,
    };
    let bytes = record[at..].first_chunk_mut().expect("a record holds all its fields");
    let provisional = u32::from_be_bytes(*bytes);
    let number = numbering.numbers[provisional as usize];
    *bytes = number.to_be_bytes();
    let is_root = numbering.roots.contains(provisional);
    if tag == Tag::EntityKey && !is_root {
        let own = record.len() - 5;
        record[own] = 0;
    }
    if tag == Tag::Name && record[5] == DERIVED && !is_root {
        record[5] = MERGED;
    }
    // The first key of a set of merged entities is the entity's own, which heads its names.
    let heads_names = tag == Tag::Name && record[5] == 0;
    number != DROPPED && (is_root || !heads_names)
}
