//! Finding entities by name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jove_core::{EntityId, Lang};
use serde::Serialize;

use crate::error::Result;
use crate::kb::Kb;
use crate::search_text::push_spaced;

/// Entities examined for one question; the best of them are returned.
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
    /// Its name in the wanted language, or the nearest one.
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
    /// When the knowledge base cannot be read.
    pub fn search(&self, text: &str, lang: Lang, limit: usize) -> Result<Vec<Hit>> {
        let wanted = text.trim().to_lowercase();
        let mut ranks = Ranks::new();
        if let Some(entity) = self.entity_id(text)? {
            self.rank(ONE, rusqlite::params![entity.0], &wanted, &mut ranks)?;
        }
        // Of very many names that hold the words, only some are examined: those that are just these words come first.
        if self.has("name_by_text")? {
            let params = rusqlite::params![text.trim(), CANDIDATES_MAX as i64];
            self.rank(NAMED, params, &wanted, &mut ranks)?;
        }
        if self.has("search")? {
            for query in queries(text) {
                // Beginnings of words take longest, and matter only where whole words do not find enough.
                if ranks.len() < limit {
                    self.rank(MATCHING, rusqlite::params![query, CANDIDATES_MAX as i64], &wanted, &mut ranks)?;
                }
            }
        }
        let mut ranked: Vec<_> = ranks.into_iter().collect();
        ranked.sort_by(|(a, x), (b, y)| {
            (y.exact.cmp(&x.exact))
                .then(y.popularity.total_cmp(&x.popularity))
                .then(x.shortest.cmp(&y.shortest))
                .then(a.cmp(b))
        });
        ranked.truncate(limit);
        let hit = |(entity, rank): (EntityId, Rank)| {
            Ok(Hit { entity, key: rank.key, label: self.label(entity, lang)?, popularity: rank.popularity })
        };
        ranked.into_iter().map(hit).collect()
    }

    /// Whether the knowledge base has a table or an index of this name.
    fn has(&self, name: &str) -> Result<bool> {
        let mut there = false;
        self.each("looking for an index", "SELECT 1 FROM sqlite_master WHERE name = ?", [name], |_| {
            there = true;
            Ok(())
        })?;
        Ok(there)
    }

    /// Adds the entities that a query finds.
    fn rank(&self, sql: &str, params: impl rusqlite::Params, wanted: &str, ranks: &mut Ranks) -> Result<()> {
        self.each("searching", sql, params, |row| {
            let rank = match ranks.entry(EntityId(row.get(0)?)) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let key: String = row.get(1)?;
                    let exact = key.to_lowercase() == wanted;
                    entry.insert(Rank { key, popularity: row.get(2)?, exact, shortest: usize::MAX })
                }
            };
            if let Some(name) = row.get_ref(3)?.as_str_or_null()? {
                rank.exact |= name == wanted || name.to_lowercase() == wanted;
                rank.shortest = rank.shortest.min(name.chars().count());
            }
            Ok(())
        })
    }
}

/// What an entity is ranked by.
struct Rank {
    key: String,
    popularity: f32,
    exact: bool,
    /// Characters of its shortest name.
    shortest: usize,
}

type Ranks = BTreeMap<EntityId, Rank>;

/// One entity with its names.
const ONE: &str = "SELECT e.id, e.key, e.popularity, n.text FROM entity e LEFT JOIN name n ON n.entity = e.id
    WHERE e.id = ?";
/// Entities with just this name, and their names.
const NAMED: &str = "SELECT e.id, e.key, e.popularity, n.text
    FROM (SELECT DISTINCT entity FROM name INDEXED BY name_by_text WHERE text = ? LIMIT ?) found
    CROSS JOIN entity e ON e.id = found.entity LEFT JOIN name n ON n.entity = e.id";
/// Entities that the full-text index finds, and their names.
const MATCHING: &str = "SELECT e.id, e.key, e.popularity, n.text
    FROM (SELECT rowid AS entity FROM search WHERE search MATCH ? LIMIT ?) found
    CROSS JOIN entity e ON e.id = found.entity LEFT JOIN name n ON n.entity = e.id";

/// A question in the index's language: each run without spaces a phrase. A second one takes the last word for a
/// beginning; words of scripts without spaces are single characters, and need none. Everything is quoted, so that no
/// word is taken for an operator.
fn queries(text: &str) -> Vec<String> {
    let mut phrases = Vec::new();
    let mut open = false;
    for run in text.split_whitespace() {
        let mut spaced = String::new();
        push_spaced(&mut spaced, run);
        let words: Vec<_> = spaced.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
        if !words.is_empty() {
            open = !spaced.ends_with(' ');
            phrases.push(format!("\"{}\"", words.join(" ").replace('"', " ")));
        }
    }
    let whole = phrases.join(" ");
    match (phrases.is_empty(), open) {
        (true, _) => Vec::new(),
        (false, true) => vec![whole.clone(), whole + "*"],
        (false, false) => vec![whole],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_hold_no_operators() {
        for (text, expected) in [
            ("", &[][..]),
            ("  ?! ", &[]),
            ("中国", &["\"中 国\""]),
            ("T恤x", &["\"T 恤 x\"", "\"T 恤 x\"*"]),
            ("new york", &["\"new\" \"york\"", "\"new\" \"york\"*"]),
            ("a OR \"b", &["\"a\" \"OR\" \" b\"", "\"a\" \"OR\" \" b\"*"]),
            ("שלום", &["\"שלום\"", "\"שלום\"*"]),
            ("🙂", &[]),
        ] {
            assert_eq!(queries(text), expected, "{text}");
        }
    }
}
