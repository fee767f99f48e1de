//! Fills the tables of a new base from sorted rows.

use std::path::Path;

use jove_core::Progress;
use rusqlite::{Connection, OpenFlags, Statement, params};

use super::Read;
use super::rows::{Fields, Tag};
use super::sorter::Sorted;
use super::write::{CHECK_EVERY, Written};
use crate::schema::{APPLICATION_ID, INDEXES, SEARCH, TABLES, VERSION};
use crate::search_text::{BREAK, push_spaced};
use crate::{BuildOptions, Error, Result};

/// Writes a whole base to `path`, which does not exist yet. Nothing here needs to survive a crash: a half-written
/// file is never put in place.
pub(crate) fn fill(
    options: &BuildOptions,
    path: &Path,
    (mut sorted, rows): (Sorted, u64),
    popularity: &[f32],
    read: &[Read],
    progress: &dyn Progress,
) -> Result<Written> {
    let database = |doing| Error::database(path, doing);
    // One thread writes, so the library's own locks are in the way.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(database("creating the base"))?;
    prepare(&connection, options.search_index).map_err(database("creating tables"))?;
    progress.begin("write", Some(rows), "rows");
    let mut written = Written::default();
    {
        let mut filler =
            Filler::new(&connection, options.search_index, popularity).map_err(database("preparing to write"))?;
        let mut record = Vec::new();
        let mut previous = Vec::new();
        let mut count = 0_u64;
        while sorted.next(&mut record).map_err(Error::io(path))? {
            count += 1;
            if count.is_multiple_of(CHECK_EVERY) {
                progress.advance(CHECK_EVERY);
                if progress.cancelled() {
                    return Err(Error::Interrupted);
                }
            }
            if record == previous {
                written.duplicates += 1;
                continue;
            }
            filler.add(&record, &mut written).map_err(database("writing rows"))?;
            std::mem::swap(&mut record, &mut previous);
        }
        filler.end_of_names().map_err(database("writing names"))?;
    }
    progress.end();
    finish(&connection, options, read, &written, progress).map_err(database("writing indexes"))?;
    connection.close().map_err(|(_, error)| database("closing the base")(error))?;
    Ok(written)
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
        // One merge at the end is quicker than many on the way.
        connection.execute_batch("INSERT INTO search(search, rank) VALUES('automerge', 0)")?;
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
    connection.execute_batch(INDEXES)?;
    connection.execute_batch("COMMIT; PRAGMA analysis_limit=256; PRAGMA optimize=0x10002;")?;
    progress.end();
    Ok(())
}

/// One prepared insert a table.
struct Filler<'a> {
    entity_key: Statement<'a>,
    same_as: Statement<'a>,
    type_name: Statement<'a>,
    predicate: Statement<'a>,
    predicate_label: Statement<'a>,
    predicate_inverse: Statement<'a>,
    popularity: Statement<'a>,
    entity: Statement<'a>,
    name: Statement<'a>,
    search: Option<Statement<'a>>,
    description: Statement<'a>,
    entity_type: Statement<'a>,
    fact: Statement<'a>,
    literal: Statement<'a>,
    popularities: &'a [f32],
    /// Names of the present entity as the index takes them.
    names: String,
    names_of: u32,
    last_fact: (u32, u32, u32),
}

impl<'a> Filler<'a> {
    fn new(connection: &'a Connection, search: bool, popularities: &'a [f32]) -> rusqlite::Result<Self> {
        let sql = |sql| connection.prepare(sql);
        Ok(Self {
            entity_key: sql("INSERT INTO entity_key(key, source, own, entity) VALUES(?, ?, ?, ?)")?,
            same_as: sql("INSERT INTO same_as VALUES(?, ?, ?)")?,
            type_name: sql("INSERT INTO type VALUES(?, ?)")?,
            predicate: sql("INSERT INTO predicate VALUES(?, ?)")?,
            predicate_label: sql("INSERT INTO predicate_label VALUES(?, ?, ?, ?)")?,
            predicate_inverse: sql("INSERT INTO predicate_inverse VALUES(?, ?, ?)")?,
            popularity: sql("INSERT OR REPLACE INTO popularity VALUES(?, ?, ?)")?,
            entity: sql("INSERT INTO entity VALUES(?, ?, ?)")?,
            name: sql("INSERT OR IGNORE INTO name VALUES(?, ?, ?, ?, ?, ?)")?,
            search: search.then(|| sql("INSERT INTO search(rowid, names) VALUES(?, ?)")).transpose()?,
            description: sql("INSERT INTO description VALUES(?, ?, ?, ?)")?,
            entity_type: sql("INSERT INTO entity_type VALUES(?, ?, ?)")?,
            fact: sql("INSERT INTO fact VALUES(?, ?, ?, ?)")?,
            literal: sql("INSERT INTO literal VALUES(?, ?, ?, ?, ?, ?)")?,
            popularities,
            names: String::new(),
            names_of: 0,
            last_fact: (u32::MAX, u32::MAX, u32::MAX),
        })
    }

    fn add(&mut self, record: &[u8], written: &mut Written) -> rusqlite::Result<()> {
        let mut f = Fields(&record[1..]);
        match Tag::of(record) {
            Tag::EntityKey => self.entity_key.execute(params![f.text(), f.u16(), f.u8(), f.u32()])?,
            Tag::SameAs => self.same_as.execute(params![f.text(), f.text(), f.u16()])?,
            Tag::TypeName => self.type_name.execute(params![f.u32(), f.text()])?,
            Tag::PredicateName => self.predicate.execute(params![f.u32(), f.text()])?,
            Tag::PredicateLabel => self.predicate_label.execute(params![f.u32(), f.text(), f.text(), f.u16()])?,
            Tag::PredicateInverse => self.predicate_inverse.execute(params![f.u32(), f.u32(), f.u16()])?,
            Tag::Popularity => self.popularity.execute(params![f.u32(), f.u16(), f.f32()])?,
            Tag::Name => return self.add_name(f, written),
            Tag::Description => self.description.execute(params![f.u32(), f.text(), f.text(), f.u16()])?,
            Tag::EntityType => self.entity_type.execute(params![f.u32(), f.u32(), f.u16()])?,
            Tag::Fact => {
                let fact = (f.u32(), f.u32(), f.u32());
                written.facts += u64::from(fact != self.last_fact);
                self.last_fact = fact;
                self.fact.execute(params![fact.0, fact.1, fact.2, f.u16()])?
            }
            Tag::Literal => {
                written.literals += 1;
                self.literal.execute(params![f.u32(), f.u32(), f.text(), f.text(), f.text(), f.u16()])?
            }
        };
        Ok(())
    }

    fn add_name(&mut self, mut f: Fields<'_>, written: &mut Written) -> rusqlite::Result<()> {
        let (entity, role) = (f.u32(), f.u8());
        if role == 0 {
            self.end_of_names()?;
            let key = f.text();
            self.entity.execute(params![entity, key, self.popularities[entity as usize]])?;
            written.entities += 1;
            self.names_of = entity;
            push_spaced(&mut self.names, key);
            return Ok(());
        }
        let (lang, text, source) = (f.text(), f.text(), f.u16());
        let prior = f32::from_bits(!f.u32());
        written.names += self.name.execute(params![entity, role, lang, text, source, prior])? as u64;
        self.names.push_str(BREAK);
        push_spaced(&mut self.names, text);
        Ok(())
    }

    /// Hands the names of the present entity to the index.
    fn end_of_names(&mut self) -> rusqlite::Result<()> {
        if let Some(search) = &mut self.search
            && !self.names.is_empty()
        {
            search.execute(params![self.names_of, self.names])?;
        }
        self.names.clear();
        Ok(())
    }
}
