//! The statements that insert records.

use std::collections::HashSet;

use rusqlite::{Connection, Statement, params};

use super::batch::Batch;
use super::labels::Labels;
use super::written::Written;
use crate::intake::{Fields, Tag};
use crate::search_text::{BREAK, push_spaced};

/// A statement of many rows, each a record.
type Records<'a> = Batch<'a, Vec<u8>>;

/// One prepared insert a table.
pub(super) struct Filler<'a> {
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
    /// The key of the current entity.
    key: String,
    labels: Labels,
}

impl<'a> Filler<'a> {
    pub(super) fn new(connection: &'a Connection, search: bool, popularities: &'a [f32]) -> rusqlite::Result<Self> {
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
            labels: Labels::default(),
        })
    }

    pub(super) fn add(&mut self, record: &[u8], written: &mut Written) -> rusqlite::Result<()> {
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
            self.labels.begin();
            self.key.clear();
            self.key.push_str(key);
            return self.search.as_mut().map_or(Ok(()), |search| search.begin(entity, key));
        }
        let (lang, text) = (f.text(), f.text());
        let final_role = self.labels.role(role, lang);
        written.names += self.name.push(|row| {
            row.clear();
            row.extend_from_slice(record);
            row[5] = final_role;
        })? as u64;
        written.names_differ_from_keys |= text != self.key;
        if let Some(search) = &mut self.search {
            search.add(text);
        }
        Ok(())
    }

    /// Inserts the pending rows.
    pub(super) fn finish(&mut self, written: &mut Written) -> rusqlite::Result<()> {
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

/// Adds the names of one entity after another to the full-text index.
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
