//! The entity that a person means.

use std::collections::BTreeSet;

use jove_core::{EntityId, Lang};

use crate::error::{Error, Result};
use crate::kb::Kb;

/// Entities that a refusal names.
const NEAR_MAX: usize = 5;

impl Kb {
    /// The entity of a key, of a number (`#7`), or of a name that only one entity has. Nothing near is taken for it.
    ///
    /// # Errors
    /// [`Error::NoSuchEntity`] with the nearest ones, [`Error::SharedName`] with the entities of a name, and when the knowledge base
    /// cannot be read.
    pub fn find(&self, text: &str, lang: Lang) -> Result<EntityId> {
        if let Some(entity) = self.entity_id(text)? {
            return Ok(entity);
        }
        let number = text.strip_prefix('#').and_then(|number| number.parse::<u32>().ok());
        if let Some(number) = number.filter(|number| self.entity_count().is_ok_and(|count| u64::from(*number) < count))
        {
            return Ok(EntityId(number));
        }
        let mut named = BTreeSet::new();
        let sql = "SELECT DISTINCT entity FROM name WHERE text = ? LIMIT ?";
        self.each("looking up a name", sql, rusqlite::params![text.trim(), NEAR_MAX as i64 + 1], |row| {
            named.insert(EntityId(row.get(0)?));
            Ok(())
        })?;
        let mut named = named.into_iter();
        match (named.next(), named.next()) {
            (Some(entity), None) => Ok(entity),
            (Some(first), Some(second)) => {
                let keys = [first, second].into_iter().chain(named).take(NEAR_MAX).map(|entity| self.key(entity));
                Err(Error::SharedName { name: text.to_owned(), keys: keys.collect::<Result<_>>()? })
            }
            _ => Err(Error::NoSuchEntity { wanted: text.to_owned(), near: self.near(text, lang)? }),
        }
    }

    /// Entities that a search finds, as a person may give them.
    fn near(&self, text: &str, lang: Lang) -> Result<Vec<String>> {
        let hits = self.search(text, lang, NEAR_MAX)?.into_iter();
        let shown = |key: String, label: Option<String>| match label.filter(|label| *label != key) {
            Some(label) => format!("{key} ({label})"),
            None => key,
        };
        Ok(hits.map(|hit| shown(hit.key, hit.label)).collect())
    }
}
