//! What a knowledge base holds, in numbers.

use serde::Serialize;

use crate::error::Result;
use crate::kb::{Kb, SourceInfo};

/// Counts of a knowledge base.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stats {
    /// Entities.
    pub entities: u64,
    /// Different facts.
    pub facts: u64,
    /// Literals.
    pub literals: u64,
    /// Labels and aliases.
    pub names: u64,
    /// Descriptions.
    pub descriptions: u64,
    /// Entities without any name.
    pub unnamed: u64,
    /// Entities without a description.
    pub undescribed: u64,
    /// Entities without a fact in either direction.
    pub isolated: u64,
    /// Facts of the best connected entity.
    pub degree_max: u64,
    /// How many entities have so many facts: up to 0, 1, 2, 4, 8 … of them.
    pub degree_histogram: Vec<(u64, u64)>,
    /// How many entities have so many names: up to 0, 1, 2, 4, 8 … of them.
    pub names_histogram: Vec<(u64, u64)>,
    /// Languages of the names.
    pub language_count: u64,
    /// Names in each language, and of names without one under the empty string; most first, at most 200 of them.
    pub languages: Vec<(String, u64)>,
    /// Entities of each type, most first, at most 50 of them.
    pub types: Vec<(String, u64)>,
    /// Facts of each predicate, most first, at most 50 of them.
    pub predicates: Vec<(String, u64)>,
    /// Where it came from.
    pub sources: Vec<SourceInfo>,
    /// What SQLite's integrity check says: `ok`, or what is broken.
    pub integrity: String,
}

impl Kb {
    /// Counts everything and checks the file.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        let degrees = self.degrees()?;
        let names = self.counts_by_entity("SELECT entity, count(*) FROM name GROUP BY entity")?;
        let described = self.number("SELECT count(DISTINCT entity) FROM description")?;
        let mut languages = self.languages()?;
        languages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        languages.truncate(200);
        let entities = self.entity_count()?;
        Ok(Stats {
            entities,
            facts: self.fact_count()?,
            literals: self.literal_count()?,
            names: names.iter().sum(),
            descriptions: self.number("SELECT count(*) FROM description")?,
            unnamed: names.iter().filter(|count| **count == 0).count() as u64,
            undescribed: entities.saturating_sub(described),
            isolated: degrees.iter().filter(|degree| **degree == 0).count() as u64,
            degree_max: degrees.iter().copied().max().unwrap_or(0),
            degree_histogram: histogram(&degrees),
            names_histogram: histogram(&names),
            language_count: self.language_count()?,
            languages,
            types: self.top(
                "SELECT t.name, count(DISTINCT e.entity) FROM entity_type e JOIN type t ON t.id = e.type
                GROUP BY t.id ORDER BY 2 DESC, 1 LIMIT 50",
            )?,
            predicates: self.top(
                "SELECT p.key, c.n FROM (SELECT predicate, count(*) AS n FROM fact GROUP BY predicate) c
                JOIN predicate p ON p.id = c.predicate ORDER BY 2 DESC, 1 LIMIT 50",
            )?,
            sources: self.sources()?,
            integrity: self.integrity()?,
        })
    }

    /// What SQLite's own check of the file says: `ok`, or what is broken.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn integrity(&self) -> Result<String> {
        let mut lines: Vec<String> = Vec::new();
        self.each("checking integrity", "PRAGMA integrity_check(10)", [], |row| {
            lines.push(row.get(0)?);
            Ok(())
        })?;
        Ok(lines.join("; "))
    }

    /// Facts of every entity, as subject and as object.
    pub(crate) fn degrees(&self) -> Result<Vec<u64>> {
        let mut degrees = vec![0; self.entity_count()? as usize];
        self.visit_facts(|fact| {
            for end in [fact.subject, fact.object] {
                if let Some(slot) = degrees.get_mut(end.0 as usize) {
                    *slot += 1;
                }
            }
        })?;
        Ok(degrees)
    }

    fn counts_by_entity(&self, sql: &str) -> Result<Vec<u64>> {
        let mut counts = vec![0; self.entity_count()? as usize];
        self.each("counting", sql, [], |row| {
            if let Some(slot) = counts.get_mut(row.get::<_, u32>(0)? as usize) {
                *slot = row.get::<_, i64>(1)?.max(0) as u64;
            }
            Ok(())
        })?;
        Ok(counts)
    }

    pub(crate) fn number(&self, sql: &str) -> Result<u64> {
        let mut number = 0;
        self.each("counting", sql, [], |row| {
            number = row.get::<_, i64>(0)?.max(0) as u64;
            Ok(())
        })?;
        Ok(number)
    }

    fn top(&self, sql: &str) -> Result<Vec<(String, u64)>> {
        let mut rows = Vec::new();
        self.each("counting", sql, [], |row| {
            rows.push((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64));
            Ok(())
        })?;
        Ok(rows)
    }
}

/// Counts by powers of two: each pair is a greatest value and how many values are at most that and above the one before.
fn histogram(values: &[u64]) -> Vec<(u64, u64)> {
    let mut bars: Vec<(u64, u64)> = Vec::new();
    for value in values {
        let bar = if *value == 0 { 0 } else { (64 - (value - 1).leading_zeros()) as usize + 1 };
        while bars.len() <= bar {
            let top = if bars.is_empty() { 0 } else { 1 << (bars.len() - 1) };
            bars.push((top, 0));
        }
        bars[bar].1 += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_double() {
        assert_eq!(histogram(&[]), []);
        assert_eq!(histogram(&[0, 1, 2, 3, 4, 5, 8]), [(0, 1), (1, 1), (2, 1), (4, 2), (8, 2)]);
    }
}
