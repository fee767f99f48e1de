//! Fills the tables of a new base from sorted rows.

use std::collections::HashSet;
use std::path::Path;

use jove_core::Progress;
use rusqlite::{Connection, OpenFlags, Statement, params};

use super::Read;
use super::batch::Batch;
use super::facts::{FactRow, SortedFacts};
use super::rows::{Fields, Tag};
use super::sorter::SortedRecords;
use super::write::{CHECK_EVERY, Sorted, Written};
use crate::schema::{APPLICATION_ID, INDEXES, NAME_INDEX, SEARCH, SEARCH_FILLING, TABLES, VERSION};
use crate::search_text::{BREAK, push_spaced};
use crate::{BuildOptions, Error, Result};

/// Writes a whole base to `path`, which does not exist yet. Nothing here needs to survive a crash: a half-written
/// file is never put in place.
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
    let connection = Connection::open_with_flags(path, flags).map_err(database("creating the base"))?;
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
    connection.close().map_err(|(_, error)| database("closing the base")(error))?;
    Ok(written)
}

/// Looks now and then whether to go on.
fn look(count: u64, progress: &dyn Progress) -> Result<()> {
    if count.is_multiple_of(CHECK_EVERY) {
        progress.advance(CHECK_EVERY);
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
    }
    Ok(())
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
        look(count, progress)?;
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
        look(count, progress)?;
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
    if written.names_beside_keys {
        connection.execute_batch(NAME_INDEX)?;
    }
    connection.execute_batch("COMMIT; PRAGMA analysis_limit=256; PRAGMA optimize=0x10002;")?;
    progress.end();
    Ok(())
}

/// A statement of many rows, each a record.
type Records<'a> = Batch<'a, Vec<u8>>;

/// One prepared insert a table.
struct Filler<'a> {
    entity_key: Records<'a>,
    same_as: Statement<'a>,
    type_name: Statement<'a>,
    predicate: Statement<'a>,
    predicate_label: Statement<'a>,
    predicate_inverse: Statement<'a>,
    popularity: Statement<'a>,
    /// A table numbered by its key may abort a statement halfway, so that many rows at once would need a journal, and
    /// with it the full-text index would write itself out each time.
    entity: Statement<'a>,
    name: Records<'a>,
    description: Records<'a>,
    entity_type: Records<'a>,
    literal: Records<'a>,
    popularities: &'a [f32],
    search: Option<SearchFiller<'a>>,
    /// The key of the present entity.
    key: String,
}

impl<'a> Filler<'a> {
    fn new(connection: &'a Connection, search: bool, popularities: &'a [f32]) -> rusqlite::Result<Self> {
        let sql = |sql| connection.prepare(sql);
        Ok(Self {
            entity_key: Batch::new(connection, "INSERT OR FAIL INTO entity_key", 4, |row: &Vec<u8>, binder| {
                let mut f = Fields(&row[1..]);
                let (key, source, own) = (f.text_bytes(), f.u16(), f.u8());
                binder.text(key)?;
                binder.bind(source)?;
                binder.bind(f.u32())?;
                binder.bind(own)
            })?,
            same_as: sql("INSERT INTO same_as VALUES(?, ?, ?)")?,
            type_name: sql("INSERT INTO type VALUES(?, ?)")?,
            predicate: sql("INSERT INTO predicate VALUES(?, ?)")?,
            predicate_label: sql("INSERT INTO predicate_label VALUES(?, ?, ?, ?)")?,
            predicate_inverse: sql("INSERT INTO predicate_inverse VALUES(?, ?, ?)")?,
            popularity: sql("INSERT OR REPLACE INTO popularity VALUES(?, ?, ?)")?,
            entity: sql("INSERT INTO entity VALUES(?, ?, ?)")?,
            name: Batch::new(connection, "INSERT OR IGNORE INTO name", 6, |row: &Vec<u8>, binder| {
                let mut f = Fields(&row[1..]);
                binder.bind(f.u32())?;
                binder.bind(f.u8())?;
                binder.text(f.text_bytes())?;
                binder.text(f.text_bytes())?;
                binder.bind(f.u16())?;
                binder.bind(f32::from_bits(!f.u32()))
            })?,
            description: Batch::new(connection, "INSERT OR FAIL INTO description", 4, |row: &Vec<u8>, binder| {
                let mut f = Fields(&row[1..]);
                binder.bind(f.u32())?;
                binder.text(f.text_bytes())?;
                binder.text(f.text_bytes())?;
                binder.bind(f.u16())
            })?,
            entity_type: Batch::new(connection, "INSERT OR FAIL INTO entity_type", 3, |row: &Vec<u8>, binder| {
                let mut f = Fields(&row[1..]);
                binder.bind(f.u32())?;
                binder.bind(f.u32())?;
                binder.bind(f.u16())
            })?,
            literal: Batch::new(connection, "INSERT OR FAIL INTO literal", 6, |row: &Vec<u8>, binder| {
                let mut f = Fields(&row[1..]);
                binder.bind(f.u32())?;
                binder.bind(f.u32())?;
                binder.text(f.text_bytes())?;
                binder.text(f.text_bytes())?;
                binder.text(f.text_bytes())?;
                binder.bind(f.u16())
            })?,
            popularities,
            search: search.then(|| SearchFiller::new(connection)).transpose()?,
            key: String::new(),
        })
    }

    fn add(&mut self, record: &[u8], written: &mut Written) -> rusqlite::Result<()> {
        let mut f = Fields(&record[1..]);
        match Tag::of(record) {
            Tag::EntityKey => push(&mut self.entity_key, record)?,
            Tag::SameAs => self.same_as.execute(params![f.text(), f.text(), f.u16()])?,
            Tag::TypeName => self.type_name.execute(params![f.u32(), f.text()])?,
            Tag::PredicateName => self.predicate.execute(params![f.u32(), f.text()])?,
            Tag::PredicateLabel => self.predicate_label.execute(params![f.u32(), f.text(), f.text(), f.u16()])?,
            Tag::PredicateInverse => self.predicate_inverse.execute(params![f.u32(), f.u32(), f.u16()])?,
            Tag::Popularity => self.popularity.execute(params![f.u32(), f.u16(), f.f32()])?,
            Tag::Name => return self.add_name(record, written),
            Tag::Description => push(&mut self.description, record)?,
            Tag::EntityType => push(&mut self.entity_type, record)?,
            Tag::Literal => {
                written.literals += 1;
                push(&mut self.literal, record)?
            }
        };
        Ok(())
    }

    fn add_name(&mut self, record: &[u8], written: &mut Written) -> rusqlite::Result<()> {
        let mut f = Fields(&record[1..]);
        let (entity, role) = (f.u32(), f.u8());
        if role == 0 {
            let key = f.text();
            self.entity.execute(params![entity, key, self.popularities[entity as usize]])?;
            written.entities += 1;
            self.key.clear();
            self.key.push_str(key);
            return self.search.as_mut().map_or(Ok(()), |search| search.begin(entity, key));
        }
        written.names += push(&mut self.name, record)? as u64;
        let (_, text) = (f.text(), f.text());
        written.names_beside_keys |= text != self.key;
        if let Some(search) = &mut self.search {
            search.add(text);
        }
        Ok(())
    }

    /// Inserts what waits.
    fn finish(&mut self, written: &mut Written) -> rusqlite::Result<()> {
        written.names += self.name.flush()? as u64;
        for batch in [&mut self.entity_key, &mut self.description, &mut self.entity_type, &mut self.literal] {
            batch.flush()?;
        }
        self.search.as_mut().map_or(Ok(()), SearchFiller::flush)
    }
}

fn push(batch: &mut Records<'_>, record: &[u8]) -> rusqlite::Result<usize> {
    batch.push(|row| {
        row.clear();
        row.extend_from_slice(record);
    })
}

/// Hands the names of one entity after another to the full-text index.
struct SearchFiller<'a> {
    insert: Statement<'a>,
    entity: u32,
    /// The different names as the index takes them.
    text: String,
    /// The first name, and the others: most entities have one.
    first: String,
    others: HashSet<String>,
}

impl<'a> SearchFiller<'a> {
    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let insert = connection.prepare("INSERT INTO search(rowid, names) VALUES(?, ?)")?;
        Ok(Self { insert, entity: 0, text: String::new(), first: String::new(), others: HashSet::new() })
    }

    /// Begins an entity, which is found by its key too.
    fn begin(&mut self, entity: u32, key: &str) -> rusqlite::Result<()> {
        self.flush()?;
        self.entity = entity;
        self.first.push_str(key);
        push_spaced(&mut self.text, key);
        Ok(())
    }

    fn add(&mut self, name: &str) {
        if name != self.first && !self.others.contains(name) {
            self.others.insert(name.to_owned());
            self.text.push_str(BREAK);
            push_spaced(&mut self.text, name);
        }
    }

    fn flush(&mut self) -> rusqlite::Result<()> {
        if !self.text.is_empty() {
            self.insert.execute(params![self.entity, self.text])?;
        }
        self.text.clear();
        self.first.clear();
        self.others.clear();
        Ok(())
    }
}
