//! Reading a base.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use jove_core::{AliasRecord, EntityId, Lang};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, params};
use serde::Serialize;

use crate::schema::{APPLICATION_ID, VERSION};
use crate::{Error, Fact, Graph, Literal, PredicateId, PredicateInfo, Result};

/// A knowledge base, opened for reading. Opening loads nothing: what is asked for is read.
pub struct Kb {
    path: PathBuf,
    connection: Connection,
    predicates: OnceCell<Vec<PredicateInfo>>,
}

/// A source of a base, as the base remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// Its format.
    pub format: String,
    /// Where it was read from.
    pub path: String,
    /// The licence it was given.
    pub licence: String,
    /// Rows or lines it had.
    pub rows: u64,
    /// BLAKE3 of its files one after another, as stored on disk; empty where it is not known.
    pub hash: String,
}

/// One name of an entity.
pub(crate) struct NameRecord {
    pub(crate) lang: Option<Lang>,
    pub(crate) text: String,
    /// Whether it is a label, not an alias.
    pub(crate) label: bool,
    pub(crate) prior: f32,
}

impl Kb {
    /// Opens a base.
    ///
    /// # Errors
    /// When the file is missing, no base, or written by a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        if let Err(error) = std::fs::metadata(path) {
            return Err(Error::io(path)(error));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(Error::database(path, "opening"))?;
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let application = pragma("application_id")
            .map_err(|_| Error::NotABase { path: path.to_owned(), found: "a file that is no database".into() })?;
        if application != i64::from(APPLICATION_ID) {
            return Err(Error::NotABase { path: path.to_owned(), found: "another program's database".into() });
        }
        let version = pragma("user_version").map_err(Error::database(path, "reading the version"))?;
        if version != i64::from(VERSION) {
            let found = u32::try_from(version).unwrap_or(u32::MAX);
            return Err(Error::Version { path: path.to_owned(), expected: VERSION, found });
        }
        Ok(Self { path: path.to_owned(), connection, predicates: OnceCell::new() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn wrap(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + '_ {
        Error::database(&self.path, doing)
    }

    /// Runs a query and gives every row to `visit`.
    pub(crate) fn each(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let run = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                visit(row)?;
            }
            Ok(())
        };
        run().map_err(self.wrap(doing))
    }

    fn meta(&self, key: &'static str) -> Result<u64> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get::<_, i64>(0))
            .map(|count| count.max(0) as u64)
            .map_err(self.wrap("reading counts"))
    }

    /// Number of entities; ids run from 0 to one less.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn entity_count(&self) -> Result<u64> {
        self.meta("entities")
    }

    /// Number of different facts.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn fact_count(&self) -> Result<u64> {
        self.meta("facts")
    }

    /// Number of literals.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn literal_count(&self) -> Result<u64> {
        self.meta("literals")
    }

    /// The entity of a key, also of a key that was merged into another.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn entity_id(&self, key: &str) -> Result<Option<EntityId>> {
        self.connection
            .prepare_cached("SELECT entity FROM entity_key WHERE key = ? LIMIT 1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map(|id| id.map(EntityId))
            .map_err(self.wrap("looking up a key"))
    }

    /// The key of an entity.
    ///
    /// # Errors
    /// When there is no such entity or the base cannot be read.
    pub fn key(&self, entity: EntityId) -> Result<String> {
        self.connection
            .prepare_cached("SELECT key FROM entity WHERE id = ?")
            .and_then(|mut statement| statement.query_row([entity.0], |row| row.get(0)).optional())
            .map_err(self.wrap("reading a key"))?
            .ok_or_else(|| Error::UnknownEntity(format!("#{}", entity.0)))
    }

    /// How well known an entity is, in the sources' unit; 0 where nothing is known.
    ///
    /// # Errors
    /// When there is no such entity or the base cannot be read.
    pub fn popularity(&self, entity: EntityId) -> Result<f32> {
        self.connection
            .prepare_cached("SELECT popularity FROM entity WHERE id = ?")
            .and_then(|mut statement| statement.query_row([entity.0], |row| row.get(0)).optional())
            .map_err(self.wrap("reading a popularity"))?
            .ok_or_else(|| Error::UnknownEntity(format!("#{}", entity.0)))
    }

    /// The name of an entity in a language; else in the same primary language, in English, in any.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn label(&self, entity: EntityId, lang: Lang) -> Result<Option<String>> {
        let mut best: Option<(u8, String)> = None;
        let sql = "SELECT lang, text FROM name WHERE entity = ? AND role = 1 ORDER BY lang, source, text";
        self.each("reading labels", sql, [entity.0], |row| {
            let distance = distance(row.get_ref(0)?.as_str()?, lang);
            if best.as_ref().is_none_or(|(nearest, _)| distance < *nearest) {
                best = Some((distance, row.get(1)?));
            }
            Ok(())
        })?;
        Ok(best.map(|(_, text)| text))
    }

    /// The name of an entity in exactly this language.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn label_in(&self, entity: EntityId, lang: Lang) -> Result<Option<String>> {
        self.connection
            .prepare_cached(
                "SELECT text FROM name WHERE entity = ? AND role = 1 AND lang = ? ORDER BY source, text LIMIT 1",
            )
            .and_then(|mut statement| {
                statement.query_row(params![entity.0, lang.as_str()], |row| row.get(0)).optional()
            })
            .map_err(self.wrap("reading a label"))
    }

    /// One label of every entity that has one in exactly this language.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn labels_in(&self, lang: Lang) -> Result<BTreeMap<EntityId, String>> {
        let mut labels = BTreeMap::new();
        let sql = "SELECT entity, text FROM name WHERE role = 1 AND lang = ? ORDER BY entity, source, text";
        self.each("reading labels", sql, [lang.as_str()], |row| {
            if let Entry::Vacant(entry) = labels.entry(EntityId(row.get(0)?)) {
                entry.insert(row.get(1)?);
            }
            Ok(())
        })?;
        Ok(labels)
    }

    /// Every name of an entity: language where known, text, and whether it is a label.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn names(&self, entity: EntityId) -> Result<Vec<(Option<Lang>, String, bool)>> {
        let mut names = Vec::new();
        let sql = "SELECT DISTINCT lang, text, role FROM name WHERE entity = ? ORDER BY role, lang, text";
        self.each("reading names", sql, [entity.0], |row| {
            names.push((lang(row.get_ref(0)?.as_str()?), row.get(1)?, row.get::<_, u8>(2)? == crate::schema::LABEL));
            Ok(())
        })?;
        Ok(names)
    }

    /// Every name of an entity with whether it is a label and its prior.
    pub(crate) fn alias_records(&self, entity: EntityId) -> Result<Vec<NameRecord>> {
        let mut names = Vec::new();
        let sql = "SELECT lang, text, role, max(prior) FROM name WHERE entity = ? GROUP BY role, lang, text
            ORDER BY role, lang, text";
        self.each("reading names", sql, [entity.0], |row| {
            let label = row.get::<_, u8>(2)? == crate::schema::LABEL;
            names.push(NameRecord {
                lang: lang(row.get_ref(0)?.as_str()?),
                text: row.get(1)?,
                label,
                prior: row.get(3)?,
            });
            Ok(())
        })?;
        Ok(names)
    }

    /// Every description of an entity, ordered by language.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn descriptions_of(&self, entity: EntityId) -> Result<Vec<(Option<Lang>, String)>> {
        self.texts("SELECT DISTINCT lang, text FROM description WHERE entity = ? ORDER BY lang, text", entity.0)
    }

    /// Every name of a predicate.
    pub(crate) fn predicate_labels(&self, predicate: PredicateId) -> Result<Vec<(Option<Lang>, String)>> {
        let sql = "SELECT DISTINCT lang, text FROM predicate_label WHERE predicate = ? ORDER BY lang, text";
        self.texts(sql, predicate.0)
    }

    fn texts(&self, sql: &str, id: u32) -> Result<Vec<(Option<Lang>, String)>> {
        let mut texts = Vec::new();
        self.each("reading text", sql, [id], |row| {
            texts.push((lang(row.get_ref(0)?.as_str()?), row.get(1)?));
            Ok(())
        })?;
        Ok(texts)
    }

    /// Every pair of a predicate and its inverse.
    pub(crate) fn predicate_inverses(&self) -> Result<Vec<(PredicateId, PredicateId)>> {
        let mut pairs = Vec::new();
        let sql = "SELECT DISTINCT predicate, inverse FROM predicate_inverse ORDER BY 1, 2";
        self.each("reading predicates", sql, [], |row| {
            pairs.push((PredicateId(row.get(0)?), PredicateId(row.get(1)?)));
            Ok(())
        })?;
        Ok(pairs)
    }

    /// Every key of an entity: its own first, then those that were merged into it.
    ///
    /// # Errors
    /// When there is no such entity or the base cannot be read.
    pub fn keys(&self, entity: EntityId) -> Result<Vec<String>> {
        let mut keys = vec![self.key(entity)?];
        let sql = "SELECT DISTINCT key FROM entity_key WHERE entity = ? AND own = 0 ORDER BY key";
        self.each("reading keys", sql, [entity.0], |row| {
            keys.push(row.get(0)?);
            Ok(())
        })?;
        Ok(keys)
    }

    /// Every name of every entity, labels included, ordered by entity.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn aliases(&self) -> Result<Vec<AliasRecord>> {
        let mut records = Vec::new();
        self.visit_aliases(|record| records.push(record))?;
        Ok(records)
    }

    /// Gives every name of every entity to `visit`, labels included, ordered by entity, without holding them all.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn visit_aliases(&self, mut visit: impl FnMut(AliasRecord)) -> Result<()> {
        let sql = "SELECT n.entity, n.lang, n.text, n.prior, e.popularity
            FROM name n JOIN entity e ON e.id = n.entity ORDER BY n.entity, n.role, n.lang, n.text, n.source";
        let mut last: Option<AliasRecord> = None;
        self.each("reading names", sql, [], |row| {
            let record = AliasRecord {
                entity: EntityId(row.get(0)?),
                lang: lang(row.get_ref(1)?.as_str()?),
                alias: row.get(2)?,
                prior: row.get(3)?,
                popularity: row.get(4)?,
            };
            match &mut last {
                Some(last) if (last.entity, last.lang, &last.alias) == (record.entity, record.lang, &record.alias) => {
                    last.prior = last.prior.max(record.prior);
                }
                _ => {
                    if let Some(whole) = last.replace(record) {
                        visit(whole);
                    }
                }
            }
            Ok(())
        })?;
        if let Some(whole) = last {
            visit(whole);
        }
        Ok(())
    }

    /// The description of an entity in exactly this language.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn description(&self, entity: EntityId, lang: Lang) -> Result<Option<String>> {
        self.connection
            .prepare_cached("SELECT text FROM description WHERE entity = ? AND lang = ? ORDER BY source, text LIMIT 1")
            .and_then(|mut statement| {
                statement.query_row(params![entity.0, lang.as_str()], |row| row.get(0)).optional()
            })
            .map_err(self.wrap("reading a description"))
    }

    /// One description of every entity that has one in exactly this language, ordered by entity.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn descriptions(&self, lang: Lang) -> Result<Vec<(EntityId, String)>> {
        let mut found: Vec<(EntityId, String)> = Vec::new();
        let sql = "SELECT entity, text FROM description WHERE lang = ? ORDER BY entity, source, text";
        self.each("reading descriptions", sql, [lang.as_str()], |row| {
            let entity = EntityId(row.get(0)?);
            if found.last().is_none_or(|(last, _)| *last != entity) {
                found.push((entity, row.get(1)?));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The types of an entity, ordered by name.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn types(&self, entity: EntityId) -> Result<Vec<String>> {
        let mut types = Vec::new();
        let sql =
            "SELECT DISTINCT t.name FROM entity_type e JOIN type t ON t.id = e.type WHERE e.entity = ? ORDER BY 1";
        self.each("reading types", sql, [entity.0], |row| {
            types.push(row.get(0)?);
            Ok(())
        })?;
        Ok(types)
    }

    /// The first type of every entity, by entity number; `None` for entities without one. Types are numbered as in
    /// [`Kb::type_names`].
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn type_of_all(&self) -> Result<Vec<Option<u32>>> {
        let mut types = vec![None; self.entity_count()? as usize];
        let sql = "SELECT entity, min(type) FROM entity_type GROUP BY entity ORDER BY entity";
        self.each("reading types", sql, [], |row| {
            if let Some(slot) = types.get_mut(row.get::<_, u32>(0)? as usize) {
                *slot = Some(row.get(1)?);
            }
            Ok(())
        })?;
        Ok(types)
    }

    /// The names of all types, by number.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn type_names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        self.each("reading types", "SELECT name FROM type ORDER BY id", [], |row| {
            names.push(row.get(0)?);
            Ok(())
        })?;
        Ok(names)
    }

    /// Every different fact, ordered by subject, predicate, object.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn facts(&self) -> Result<Vec<Fact>> {
        let mut facts = Vec::with_capacity(self.fact_count()?.min(1 << 28) as usize);
        self.visit_facts(|fact| facts.push(fact))?;
        Ok(facts)
    }

    /// Gives every different fact to `visit`, ordered by subject, predicate, object, without holding them all.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn visit_facts(&self, mut visit: impl FnMut(Fact)) -> Result<()> {
        let mut last = None;
        let sql = "SELECT subject, predicate, object FROM fact ORDER BY subject, predicate, object, source";
        self.each("reading facts", sql, [], |row| {
            let fact = fact(row)?;
            if last != Some(fact) {
                visit(fact);
                last = Some(fact);
            }
            Ok(())
        })
    }

    /// Facts with this subject, at most `limit`, in order.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn facts_of(&self, subject: EntityId, limit: usize) -> Result<Vec<Fact>> {
        let sql = "SELECT DISTINCT subject, predicate, object FROM fact WHERE subject = ?
            ORDER BY subject, predicate, object LIMIT ?";
        self.some_facts(sql, subject, limit)
    }

    /// Facts with this object, at most `limit`, in order of subject.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn facts_about(&self, object: EntityId, limit: usize) -> Result<Vec<Fact>> {
        let sql = "SELECT DISTINCT subject, predicate, object FROM fact INDEXED BY fact_by_object WHERE object = ?
            ORDER BY subject LIMIT ?";
        self.some_facts(sql, object, limit)
    }

    fn some_facts(&self, sql: &str, entity: EntityId, limit: usize) -> Result<Vec<Fact>> {
        let mut facts = Vec::new();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.each("reading facts", sql, params![entity.0, limit], |row| {
            facts.push(fact(row)?);
            Ok(())
        })?;
        Ok(facts)
    }

    /// Literals of an entity, ordered by predicate and value.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn literals(&self, subject: EntityId) -> Result<Vec<Literal>> {
        let mut literals = Vec::new();
        let sql = "SELECT DISTINCT predicate, value, lang, datatype FROM literal WHERE subject = ? ORDER BY 1, 2, 3, 4";
        self.each("reading literals", sql, [subject.0], |row| {
            literals.push(Literal {
                predicate: PredicateId(row.get(0)?),
                value: row.get(1)?,
                lang: lang(row.get_ref(2)?.as_str()?),
                datatype: row.get(3)?,
            });
            Ok(())
        })?;
        Ok(literals)
    }

    /// Every predicate, by number.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn predicates(&self) -> Result<&[PredicateInfo]> {
        if let Some(predicates) = self.predicates.get() {
            return Ok(predicates);
        }
        let mut predicates: Vec<PredicateInfo> = Vec::new();
        self.each("reading predicates", "SELECT key FROM predicate ORDER BY id", [], |row| {
            predicates.push(PredicateInfo { key: row.get(0)?, inverse: None, symmetric: false });
            Ok(())
        })?;
        let sql = "SELECT predicate, inverse FROM predicate_inverse ORDER BY predicate, inverse DESC";
        self.each("reading predicates", sql, [], |row| {
            let (id, inverse): (u32, u32) = (row.get(0)?, row.get(1)?);
            if let Some(info) = predicates.get_mut(id as usize) {
                info.symmetric |= id == inverse;
                info.inverse = Some(PredicateId(inverse));
            }
            Ok(())
        })?;
        Ok(self.predicates.get_or_init(|| predicates))
    }

    /// The key of a predicate.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn predicate_name(&self, predicate: PredicateId) -> Result<Option<&str>> {
        Ok(self.predicates()?.get(predicate.0 as usize).map(|info| info.key.as_str()))
    }

    /// The predicate of a key.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn predicate_id(&self, key: &str) -> Result<Option<PredicateId>> {
        let position = self.predicates()?.iter().position(|info| info.key == key);
        Ok(position.map(|index| PredicateId(index as u32)))
    }

    /// The name of a predicate in exactly this language.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn predicate_label(&self, predicate: PredicateId, lang: Lang) -> Result<Option<String>> {
        self.connection
            .prepare_cached("SELECT text FROM predicate_label WHERE predicate = ? AND lang = ? ORDER BY source LIMIT 1")
            .and_then(|mut statement| {
                statement.query_row(params![predicate.0, lang.as_str()], |row| row.get(0)).optional()
            })
            .map_err(self.wrap("reading a predicate's label"))
    }

    /// Every language that a name has, with the number of names in it, ordered by tag; names without a language
    /// count under the empty string.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn languages(&self) -> Result<Vec<(String, u64)>> {
        let mut languages = Vec::new();
        self.each("counting languages", "SELECT lang, count(*) FROM name GROUP BY lang ORDER BY lang", [], |row| {
            languages.push((row.get(0)?, row.get::<_, i64>(1)? as u64));
            Ok(())
        })?;
        Ok(languages)
    }

    /// The sources it was made from, in order.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceInfo>> {
        let mut sources = Vec::new();
        let sql = "SELECT name, format, path, licence, rows, hash FROM source ORDER BY id";
        self.each("reading sources", sql, [], |row| {
            sources.push(SourceInfo {
                name: row.get(0)?,
                format: row.get(1)?,
                path: row.get(2)?,
                licence: row.get(3)?,
                rows: row.get::<_, i64>(4)? as u64,
                hash: row.get(5)?,
            });
            Ok(())
        })?;
        Ok(sources)
    }

    /// The whole graph in memory, 8 bytes an edge and direction.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn graph(&self) -> Result<Graph> {
        let mut facts = self.facts()?;
        Ok(Graph::new(self.entity_count()? as usize, &mut facts))
    }
}

/// How far a language is from the wanted one.
fn distance(tag: &str, wanted: Lang) -> u8 {
    match tag.split('-').next().unwrap_or("") {
        _ if tag == wanted.as_str() => 0,
        primary if tag == primary && primary == wanted.primary() => 1,
        primary if primary == wanted.primary() => 2,
        "en" => 3,
        _ => 4,
    }
}

/// A stored language tag.
fn lang(tag: &str) -> Option<Lang> {
    Lang::new(tag).ok()
}

fn fact(row: &Row<'_>) -> rusqlite::Result<Fact> {
    Ok(Fact { subject: EntityId(row.get(0)?), predicate: PredicateId(row.get(1)?), object: EntityId(row.get(2)?) })
}
