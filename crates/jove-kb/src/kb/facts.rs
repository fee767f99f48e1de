//! Facts and literals.

use jove_core::EntityId;
use rusqlite::{Row, params};

use super::lang::lang;
use super::store::Kb;
use crate::error::Result;
use crate::fact::{Fact, Literal, PredicateId};
use crate::graph::Graph;

impl Kb {
    /// Every different fact, ordered by subject, predicate, object.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn facts(&self) -> Result<Vec<Fact>> {
        let mut facts = Vec::with_capacity(self.fact_count()?.min(1 << 28) as usize);
        self.visit_facts(|fact| facts.push(fact))?;
        Ok(facts)
    }

    /// Gives every different fact to `visit`, ordered by subject, predicate, object, without holding all of them.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
    pub fn facts_of(&self, subject: EntityId, limit: usize) -> Result<Vec<Fact>> {
        let sql = "SELECT DISTINCT subject, predicate, object FROM fact WHERE subject = ?
            ORDER BY subject, predicate, object LIMIT ?";
        self.some_facts(sql, subject, limit)
    }

    /// Facts with this object, at most `limit`, in order of subject.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
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
    /// When the knowledge base cannot be read.
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

    /// The graph of all facts in memory, 8 bytes an edge and direction.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn graph(&self) -> Result<Graph> {
        let mut facts = self.facts()?;
        Ok(Graph::new(self.entity_count()? as usize, &mut facts))
    }
}

fn fact(row: &Row<'_>) -> rusqlite::Result<Fact> {
    Ok(Fact { subject: EntityId(row.get(0)?), predicate: PredicateId(row.get(1)?), object: EntityId(row.get(2)?) })
}
