//! Finding entities by name.

use jove_core::{EntityId, Lang};
use serde::Serialize;

use crate::search_text::push_spaced;
use crate::{Kb, Result};

/// Entities looked at for one question; the best of them are returned.
const CANDIDATES_MAX: usize = 2_000;

/// An entity that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hit {
    /// The entity.
    #[serde(skip)]
    pub entity: EntityId,
    /// Its key.
    pub key: String,
    /// Its name in the asked language, or the nearest.
    pub label: Option<String>,
    /// Its popularity.
    pub popularity: f32,
}

impl Kb {
    /// Entities of which a key or name holds all words of `text`, best first: those with exactly this key or name,
    /// then the best known, then those with the shortest names. Any part of a Chinese, Japanese, Korean or Thai name
    /// is found; a word of other scripts is found by its beginning when it is the last.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub fn search(&self, text: &str, lang: Lang, limit: usize) -> Result<Vec<Hit>> {
        let mut found = Vec::new();
        if let Some(entity) = self.entity_id(text)? {
            found.push(entity);
        }
        let Some(query) = query(text) else { return self.hits(&found, text, lang, limit) };
        if self.has_search_index()? {
            self.each(
                "searching",
                "SELECT rowid FROM search WHERE search MATCH ? LIMIT ?",
                rusqlite::params![query, CANDIDATES_MAX as i64],
                |row| {
                    found.push(EntityId(row.get(0)?));
                    Ok(())
                },
            )?;
        }
        found.sort_unstable();
        found.dedup();
        self.hits(&found, text, lang, limit)
    }

    fn has_search_index(&self) -> Result<bool> {
        let mut there = false;
        self.each("looking for the index", "SELECT 1 FROM sqlite_master WHERE name = 'search'", [], |_| {
            there = true;
            Ok(())
        })?;
        Ok(there)
    }

    /// Ranks candidates.
    fn hits(&self, found: &[EntityId], text: &str, lang: Lang, limit: usize) -> Result<Vec<Hit>> {
        let wanted = text.trim().to_lowercase();
        let mut ranked = Vec::new();
        for &entity in found {
            let key = self.key(entity)?;
            let mut exact = key.to_lowercase() == wanted;
            let mut shortest = usize::MAX;
            let sql = "SELECT text FROM name WHERE entity = ?";
            self.each("reading names", sql, [entity.0], |row| {
                let name = row.get_ref(0)?.as_str()?;
                exact |= name.to_lowercase() == wanted;
                shortest = shortest.min(name.chars().count());
                Ok(())
            })?;
            ranked.push((!exact, -self.popularity(entity)?, shortest, entity, key));
        }
        ranked.sort_by(|a, b| (a.0.cmp(&b.0)).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)).then(a.3.cmp(&b.3)));
        ranked.truncate(limit);
        ranked
            .into_iter()
            .map(|(_, popularity, _, entity, key)| {
                Ok(Hit { entity, key, label: self.label(entity, lang)?, popularity: -popularity })
            })
            .collect()
    }
}

/// The words of a question in the index's language: each run without spaces a phrase, the last one a beginning.
/// Everything is quoted, so that no word is taken for an operator.
fn query(text: &str) -> Option<String> {
    let mut phrases = Vec::new();
    for run in text.split_whitespace() {
        let mut spaced = String::new();
        push_spaced(&mut spaced, run);
        let words: Vec<_> = spaced.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
        if !words.is_empty() {
            phrases.push(format!("\"{}\"", words.join(" ").replace('"', " ")));
        }
    }
    if let Some(last) = phrases.last_mut() {
        last.push('*');
    }
    (!phrases.is_empty()).then(|| phrases.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_hold_no_operators() {
        for (text, expected) in [
            ("", None),
            ("  ?! ", None),
            ("中国", Some("\"中 国\"*")),
            ("new york", Some("\"new\" \"york\"*")),
            ("a OR \"b", Some("\"a\" \"OR\" \" b\"*")),
            ("שלום", Some("\"שלום\"*")),
        ] {
            assert_eq!(query(text).as_deref(), expected, "{text}");
        }
    }
}
