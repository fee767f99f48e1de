//! Sorts rows and puts a finished base in the place of the old one.

use std::fs::File;
use std::path::Path;

use jove_core::Progress;

use super::Read;
use super::fill::fill;
use super::intake::Taken;
use super::number::{DROPPED, Numbering};
use super::rows::{Fields, Row, Tag};
use super::sorter::{Sorted, Sorter};
use crate::{BuildOptions, Error, Result};

/// What is in the base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) entities: u64,
    pub(crate) facts: u64,
    pub(crate) literals: u64,
    pub(crate) names: u64,
    pub(crate) duplicates: u64,
    pub(crate) unselected_entities: u64,
}

/// Rows between two looks at `Progress::cancelled`.
pub(crate) const CHECK_EVERY: u64 = 1 << 14;

/// Writes what was taken to a file beside the base, then puts it in the base's place.
pub(crate) fn write(
    options: &BuildOptions,
    folder: &Path,
    mut taken: Taken,
    read: &[Read],
    progress: &dyn Progress,
) -> Result<Written> {
    let numbering = Numbering::new(&options.select, &mut taken);
    let (sorted, rows) = sort(options, folder, taken, &numbering, progress)?;
    let Numbering { popularity, unselected, numbers, .. } = numbering;
    drop(numbers);
    let temporary = super::beside(&options.out, ".building");
    remove_if_there(&temporary)?;
    let result = fill(options, &temporary, (sorted, rows), &popularity, read, progress)
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
) -> Result<(Sorted, u64)> {
    progress.begin("sort", None, "rows");
    let mut sorter = Sorter::new(folder, (options.sort_memory_mib as usize) << 20);
    let mut renumber = Renumber { numbering, row: Row::default() };
    let mut rows = 0_u64;
    let mut log = taken.log.replay().map_err(Error::io(folder))?;
    let mut record = Vec::new();
    while log.next(&mut record).map_err(Error::io(folder))? {
        rows += 1;
        if rows.is_multiple_of(CHECK_EVERY) {
            progress.advance(CHECK_EVERY);
            if progress.cancelled() {
                return Err(Error::Interrupted);
            }
        }
        renumber.push(&mut record, &mut sorter).map_err(Error::io(folder))?;
    }
    let sorted = sorter.finish().map_err(Error::io(folder))?;
    progress.end();
    Ok((sorted, rows))
}

/// Gives records their final numbers on the way to the sorter.
struct Renumber<'a> {
    numbering: &'a Numbering,
    row: Row,
}

impl Renumber<'_> {
    /// Passes on a record, unless it speaks of an entity that is not kept.
    fn push(&mut self, record: &mut [u8], sorter: &mut Sorter) -> std::io::Result<()> {
        let kept = match Tag::of(record) {
            Tag::EntityKey => self.entity_key(record, sorter)?,
            Tag::Fact => self.renumber(record, 1).1 != DROPPED && self.renumber(record, 9).1 != DROPPED,
            tag if tag.starts_with_entity() => self.renumber(record, 1).1 != DROPPED,
            _ => true,
        };
        if kept { sorter.push(record) } else { Ok(()) }
    }

    /// Renumbers the entity at a place of a record: the old number and the new.
    fn renumber(&self, record: &mut [u8], at: usize) -> (u32, u32) {
        let bytes = record[at..].first_chunk_mut().expect("a record holds all its fields");
        let provisional = u32::from_be_bytes(*bytes);
        let number = self.numbering.numbers[provisional as usize];
        *bytes = number.to_be_bytes();
        (provisional, number)
    }

    /// The first key of a set of merged entities is also the entity's own, which heads its names.
    fn entity_key(&mut self, record: &mut [u8], sorter: &mut Sorter) -> std::io::Result<bool> {
        let (provisional, number) = self.renumber(record, record.len() - 4);
        if self.numbering.roots.contains(provisional) {
            let key = Fields(&record[1..]).text();
            sorter.push(self.row.start(Tag::Name).u32(number).u8(0).text(key).bytes())?;
        } else {
            let own = record.len() - 5;
            record[own] = 0;
        }
        Ok(number != DROPPED)
    }
}
