//! Predicates: keys, labels, inverses.

use jove_core::Lang;
use rusqlite::params;

use super::store::Kb;
use crate::error::Result;
use crate::fact::{PredicateId, PredicateInfo};

impl Kb {
    /// Every predicate, by number.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
    pub fn predicate_name(&self, predicate: PredicateId) -> Result<Option<&str>> {
        Ok(self.predicates()?.get(predicate.0 as usize).map(|info| info.key.as_str()))
    }

    /// The predicate of a key.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn predicate_id(&self, key: &str) -> Result<Option<PredicateId>> {
        let position = self.predicates()?.iter().position(|info| info.key == key);
        Ok(position.map(|index| PredicateId(index as u32)))
    }

    /// The name of a predicate in exactly this language.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn predicate_label(&self, predicate: PredicateId, lang: Lang) -> Result<Option<String>> {
        self.one(
            "reading a predicate's label",
            "SELECT text FROM predicate_label WHERE predicate = ? AND lang = ? ORDER BY source LIMIT 1",
            params![predicate.0, lang.as_str()],
        )
    }

    /// The name of a predicate in a language, else one without a language.
    pub(crate) fn predicate_name_in(&self, predicate: PredicateId, lang: Lang) -> Result<Option<String>> {
        self.one(
            "reading a predicate's label",
            "SELECT text FROM predicate_label WHERE predicate = ?1 AND lang IN (?2, 'mul', '')
                ORDER BY lang = ?2 DESC, lang DESC, source LIMIT 1",
            params![predicate.0, lang.as_str()],
        )
    }

    /// Every name of a predicate.
    pub(crate) fn predicate_labels(&self, predicate: PredicateId) -> Result<Vec<(Option<Lang>, String)>> {
        let sql = "SELECT DISTINCT lang, text FROM predicate_label WHERE predicate = ? ORDER BY lang, text";
        self.texts(sql, predicate.0)
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
}
