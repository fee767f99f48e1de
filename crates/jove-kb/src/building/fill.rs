//! Fills the tables of a new knowledge base from sorted rows.

use std::path::Path;

use jove_core::Progress;
use rusqlite::{Connection, OpenFlags, params};

use super::batch::Batch;
use super::filler::Filler;
use super::sorted::{Sorted, check_progress};
use super::source::Read;
use super::written::Written;
use crate::error::{Error, Result};
use crate::intake::{FactRow, SortedFacts, SortedRecords};
use crate::options::BuildOptions;
use crate::schema::{APPLICATION_ID, INDEXES, NAME_INDEX, SEARCH, SEARCH_FILLING, TABLES, VERSION};

/// Writes a knowledge base to `path`, which does not exist yet. Nothing here needs to survive a crash: an incomplete
/// file is never renamed into place.
pub(crate) fn fill(
    options: &BuildOptions,
    path: &Path,
    sorted: Sorted,
    popularity: &[f32],
    read: &[Read],
    progress: &dyn Progress,
) -> Result<Written> {
    let database = |doing| Error::database(path, doing);
    // One thread writes, so the library's own locks are in the way.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(database("creating the knowledge base"))?;
    prepare(&connection, options.search_index).map_err(database("creating tables"))?;
    progress.begin("write", Some(sorted.count), "rows");
    let mut written = Written::default();
    {
        let filler =
            Filler::new(&connection, options.search_index, popularity).map_err(database("preparing to write"))?;
        fill_records(path, sorted.records, filler, &mut written, progress)?;
        fill_facts(path, sorted.facts, &connection, &mut written, progress)?;
    }
    progress.end();
    finish(&connection, options, read, &written, progress).map_err(database("writing indexes"))?;
    connection.close().map_err(|(_, error)| database("closing the knowledge base")(error))?;
    Ok(written)
}

fn fill_records(
    path: &Path,
    mut records: SortedRecords,
    mut filler: Filler<'_>,
    written: &mut Written,
    progress: &dyn Progress,
) -> Result<()> {
    let mut record = Vec::new();
    let mut previous = Vec::new();
    let mut count = 0;
    while records.next(&mut record).map_err(Error::io(path))? {
        count += 1;
        check_progress(count, progress)?;
        if record == previous {
            written.duplicates += 1;
            continue;
        }
        filler.add(&record, written).map_err(Error::database(path, "writing rows"))?;
        std::mem::swap(&mut record, &mut previous);
    }
    filler.finish(written).map_err(Error::database(path, "writing rows"))
}

fn fill_facts(
    path: &Path,
    mut facts: SortedFacts,
    connection: &Connection,
    written: &mut Written,
    progress: &dyn Progress,
) -> Result<()> {
    let database = || Error::database(path, "writing facts");
    let mut batch = Batch::new(connection, "INSERT OR FAIL INTO fact", 4, |row: &FactRow, binder| {
        binder.bind(row.subject())?;
        binder.bind(row.predicate())?;
        binder.bind(row.object())?;
        binder.bind(row.source())
    })
    .map_err(database())?;
    let mut previous = None::<FactRow>;
    let mut count = 0;
    while let Some(row) = facts.next().map_err(Error::io(path))? {
        count += 1;
        check_progress(count, progress)?;
        if previous == Some(row) {
            written.duplicates += 1;
            continue;
        }
        written.facts += u64::from(previous.is_none_or(|previous| previous.fact() != row.fact()));
        previous = Some(row);
        batch.push(|waiting| *waiting = row).map_err(database())?;
    }
    batch.flush().map_err(database())?;
    Ok(())
}

fn prepare(connection: &Connection, search: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -64 * 1024)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch(TABLES)?;
    if search {
        connection.execute_batch(SEARCH)?;
        connection.execute_batch(SEARCH_FILLING)?;
    }
    connection.execute_batch("BEGIN")
}

fn finish(
    connection: &Connection,
    options: &BuildOptions,
    read: &[Read],
    written: &Written,
    progress: &dyn Progress,
) -> rusqlite::Result<()> {
    progress.begin("index", None, "steps");
    let mut insert = connection.prepare("INSERT INTO source VALUES(?, ?, ?, ?, ?, ?, ?)")?;
    for (number, Read { info, .. }) in (0_u32..).zip(read) {
        insert.execute(params![
            number,
            info.name,
            info.format,
            info.path,
            info.licence,
            info.rows as i64,
            info.hash
        ])?;
    }
    let mut meta = connection.prepare("INSERT INTO meta VALUES(?, ?)")?;
    for (key, value) in [
        ("entities", written.entities),
        ("facts", written.facts),
        ("literals", written.literals),
        ("names", written.names),
    ] {
        meta.execute(params![key, value as i64])?;
    }
    if options.search_index {
        connection.execute_batch("INSERT INTO search(search) VALUES('optimize')")?;
    }
    // SQLite sorts an index in pieces as large as its cache, and is quickest where a piece fits the processor's own.
    connection.pragma_update(None, "cache_size", -4 * 1024)?;
    connection.execute_batch(INDEXES)?;
    if written.names_differ_from_keys {
        connection.execute_batch(NAME_INDEX)?;
    }
    connection.execute_batch("COMMIT; PRAGMA analysis_limit=256; PRAGMA optimize=0x10002;")?;
    progress.end();
    Ok(())
}
