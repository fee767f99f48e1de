//! Keys, labels and aliases of entities.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jove_core::{AliasRecord, EntityId, Lang};
use rusqlite::params;

use super::lang::{distance, lang};
use super::store::Kb;
use crate::error::{Error, Result};
use crate::schema::LABEL;

/// One name of an entity.
pub(crate) struct NameRecord {
    pub(crate) lang: Option<Lang>,
    pub(crate) text: String,
    /// Whether it is a label; otherwise an alias.
    pub(crate) label: bool,
    pub(crate) prior: f32,
}

impl Kb {
    /// The entity of a key, also of a key that was merged into another.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn entity_id(&self, key: &str) -> Result<Option<EntityId>> {
        self.one("looking up a key", "SELECT entity FROM entity_key WHERE key = ? LIMIT 1", [key])
            .map(|id| id.map(EntityId))
    }

    /// The key of an entity.
    ///
    /// # Errors
    /// When there is no such entity or the knowledge base cannot be read.
    pub fn key(&self, entity: EntityId) -> Result<String> {
        self.one("reading a key", "SELECT key FROM entity WHERE id = ?", [entity.0])?
            .ok_or_else(|| Error::UnknownEntity(format!("#{}", entity.0)))
    }

    /// Every key of an entity: its own first, then those that were merged into it.
    ///
    /// # Errors
    /// When there is no such entity or the knowledge base cannot be read.
    pub fn keys(&self, entity: EntityId) -> Result<Vec<String>> {
        let mut keys = vec![self.key(entity)?];
        let sql = "SELECT DISTINCT key FROM entity_key WHERE entity = ? AND own = 0 ORDER BY key";
        self.each("reading keys", sql, [entity.0], |row| {
            keys.push(row.get(0)?);
            Ok(())
        })?;
        Ok(keys)
    }

    /// The name of an entity in a language; else in the same primary language, in English, in any.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
    pub fn label_in(&self, entity: EntityId, lang: Lang) -> Result<Option<String>> {
        self.one(
            "reading a label",
            "SELECT text FROM name WHERE entity = ? AND role = 1 AND lang = ? ORDER BY source, text LIMIT 1",
            params![entity.0, lang.as_str()],
        )
    }

    /// One label of every entity that has one in exactly this language, else one for all languages (`mul`), else one without a
    /// language; by entity.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn labels_in(&self, lang: Lang) -> Result<BTreeMap<EntityId, String>> {
        let mut labels = BTreeMap::new();
        let sql = "SELECT entity, text FROM name WHERE role = 1 AND lang IN (?1, 'mul', '')
            ORDER BY entity, lang = ?1 DESC, lang DESC, source, text";
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
    /// When the knowledge base cannot be read.
    pub fn names(&self, entity: EntityId) -> Result<Vec<(Option<Lang>, String, bool)>> {
        let mut names = Vec::new();
        let sql = "SELECT DISTINCT lang, text, role FROM name WHERE entity = ? ORDER BY role, lang, text";
        self.each("reading names", sql, [entity.0], |row| {
            names.push((lang(row.get_ref(0)?.as_str()?), row.get(1)?, row.get::<_, u8>(2)? == LABEL));
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
            let label = row.get::<_, u8>(2)? == LABEL;
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

    /// Every name of every entity, labels included, ordered by entity.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn aliases(&self) -> Result<Vec<AliasRecord>> {
        let mut records = Vec::new();
        self.visit_aliases(|record| records.push(record))?;
        Ok(records)
    }

    /// Gives every name of every entity to `visit`, labels included, ordered by entity, without holding all of them.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
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

    /// How many languages the names are in; names without a language do not count.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn language_count(&self) -> Result<u64> {
        self.number("SELECT count(DISTINCT lang) FROM name WHERE lang <> ''")
    }

    /// Every language that a name has, with the number of names in it, ordered by tag; names without a language
    /// count under the empty string.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn languages(&self) -> Result<Vec<(String, u64)>> {
        let mut languages = Vec::new();
        self.each("counting languages", "SELECT lang, count(*) FROM name GROUP BY lang ORDER BY lang", [], |row| {
            languages.push((row.get(0)?, row.get::<_, i64>(1)? as u64));
            Ok(())
        })?;
        Ok(languages)
    }
}
