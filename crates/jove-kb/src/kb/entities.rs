//! Descriptions, types and popularity of entities.

use jove_core::{EntityId, Lang};
use rusqlite::params;

use super::lang::lang;
use super::store::Kb;
use crate::error::{Error, Result};

impl Kb {
    /// Popularity of an entity, in the sources' unit; 0 where unknown.
    ///
    /// # Errors
    /// When there is no such entity or the knowledge base cannot be read.
    pub fn popularity(&self, entity: EntityId) -> Result<f32> {
        self.one("reading a popularity", "SELECT popularity FROM entity WHERE id = ?", [entity.0])?
            .ok_or_else(|| Error::UnknownEntity(format!("#{}", entity.0)))
    }

    /// Every description of an entity, ordered by language.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn descriptions_of(&self, entity: EntityId) -> Result<Vec<(Option<Lang>, String)>> {
        self.texts("SELECT DISTINCT lang, text FROM description WHERE entity = ? ORDER BY lang, text", entity.0)
    }

    /// The description of an entity in exactly this language.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn description(&self, entity: EntityId, lang: Lang) -> Result<Option<String>> {
        self.one(
            "reading a description",
            "SELECT text FROM description WHERE entity = ? AND lang = ? ORDER BY source, text LIMIT 1",
            params![entity.0, lang.as_str()],
        )
    }

    /// One description of every entity that has one in exactly this language, ordered by entity.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
    pub fn type_names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        self.each("reading types", "SELECT name FROM type ORDER BY id", [], |row| {
            names.push(row.get(0)?);
            Ok(())
        })?;
        Ok(names)
    }

    /// Texts with their languages, of an entity or a predicate.
    pub(super) fn texts(&self, sql: &str, id: u32) -> Result<Vec<(Option<Lang>, String)>> {
        let mut texts = Vec::new();
        self.each("reading text", sql, [id], |row| {
            texts.push((lang(row.get_ref(0)?.as_str()?), row.get(1)?));
            Ok(())
        })?;
        Ok(texts)
    }
}
