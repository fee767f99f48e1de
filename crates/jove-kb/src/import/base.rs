//! A source of an older knowledge base, read back so that a new knowledge base can keep it.

use rusqlite::Row;

use crate::error::{Error, Result};
use crate::intake::{Intake, Provisional, name_of};
use crate::kb::Kb;
use crate::schema::LABEL;

use jove_core::Lang;

/// Hands everything that source `number` of a knowledge base said to the intake.
pub(crate) fn read(kb: &Kb, number: u32, keys_are_names: bool, intake: &mut Intake<'_>) -> Result<()> {
    intake.progress.begin("keep what is there", None, "rows");
    let mut old = Old { kb, number, entities: vec![None; kb.entity_count()? as usize], keys_are_names };
    old.keys(intake)?;
    old.texts(intake)?;
    old.predicates(intake)?;
    old.facts(intake)?;
    intake.progress.end();
    if intake.progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
}

struct Old<'a> {
    kb: &'a Kb,
    number: u32,
    /// The new number of each old entity that the source knows, by a key that the source itself used.
    entities: Vec<Option<Provisional>>,
    /// Whether the source's layout makes names of keys.
    keys_are_names: bool,
}

impl Old<'_> {
    /// Runs a query over the source's rows. Reading and taking in fail in different ways: the first failure of taking
    /// in is kept until the query ends.
    fn rows(&self, sql: &str, mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<Result<()>>) -> Result<()> {
        let mut failed = Ok(());
        self.kb.each("reading the old knowledge base", sql, [self.number], |row| {
            if failed.is_ok() {
                failed = take(row)?;
            }
            Ok(())
        })?;
        failed
    }

    fn keys(&mut self, intake: &mut Intake<'_>) -> Result<()> {
        let mut entities = std::mem::take(&mut self.entities);
        self.rows("SELECT key, entity FROM entity_key WHERE source = ? ORDER BY entity, own DESC, key", |row| {
            let (key, old) = (row.get_ref(0)?.as_str()?, row.get::<_, u32>(1)? as usize);
            Ok(intake.entity(key).map(|(new, _)| {
                if let Some(slot) = entities.get_mut(old) {
                    slot.get_or_insert(new);
                }
            }))
        })?;
        self.entities = entities;
        self.rows("SELECT a, b FROM same_as WHERE source = ? ORDER BY a, b", |row| {
            Ok(intake.same_as(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))
        })
    }

    fn entity(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<Provisional> {
        let old = row.get::<_, u32>(column)? as usize;
        self.entities.get(old).copied().flatten().ok_or(rusqlite::Error::IntegralValueOutOfRange(column, old as i64))
    }

    fn texts(&self, intake: &mut Intake<'_>) -> Result<()> {
        let sql = "SELECT n.entity, n.role, n.lang, n.text, n.prior, e.key FROM name n JOIN entity e ON e.id = n.entity
            WHERE n.source = ?";
        self.rows(sql, |row| {
            let (entity, lang, text) = (self.entity(row, 0)?, tag(row, 2)?, row.get_ref(3)?.as_str()?);
            Ok(if self.keys_are_names && text == name_of(row.get_ref(5)?.as_str()?) {
                intake.derived_name(entity, lang, text)
            } else if row.get::<_, u8>(1)? == LABEL {
                intake.label(entity, lang, text)
            } else {
                intake.alias(entity, lang, text, row.get(4)?)
            })
        })?;
        self.rows("SELECT entity, lang, text FROM description WHERE source = ?", |row| {
            Ok(intake.description(self.entity(row, 0)?, tag(row, 1)?, row.get_ref(2)?.as_str()?))
        })?;
        self.rows(
            "SELECT e.entity, t.name FROM entity_type e JOIN type t ON t.id = e.type WHERE e.source = ?",
            |row| Ok(intake.entity_type(self.entity(row, 0)?, row.get_ref(1)?.as_str()?)),
        )?;
        self.rows("SELECT entity, value FROM popularity WHERE source = ?", |row| {
            Ok(intake.popularity(self.entity(row, 0)?, row.get(1)?))
        })
    }

    fn predicates(&self, intake: &mut Intake<'_>) -> Result<()> {
        let sql = "SELECT p.key, l.lang, l.text FROM predicate_label l JOIN predicate p ON p.id = l.predicate
            WHERE l.source = ?";
        self.rows(sql, |row| {
            Ok(intake.predicate_label(row.get_ref(0)?.as_str()?, tag(row, 1)?, row.get_ref(2)?.as_str()?))
        })?;
        let sql = "SELECT p.key, q.key FROM predicate_inverse i JOIN predicate p ON p.id = i.predicate
            JOIN predicate q ON q.id = i.inverse WHERE i.source = ?";
        self.rows(sql, |row| Ok(intake.predicate_inverse(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)))
    }

    fn facts(&self, intake: &mut Intake<'_>) -> Result<()> {
        let predicates = self.kb.predicates()?;
        let key = |row: &Row<'_>| -> rusqlite::Result<&str> {
            let id = row.get::<_, u32>(1)? as usize;
            let info = predicates.get(id).ok_or(rusqlite::Error::IntegralValueOutOfRange(1, id as i64))?;
            Ok(info.key.as_str())
        };
        self.rows("SELECT subject, predicate, object FROM fact WHERE source = ?", |row| {
            Ok(intake.fact(self.entity(row, 0)?, key(row)?, self.entity(row, 2)?))
        })?;
        self.rows("SELECT subject, predicate, value, lang, datatype FROM literal WHERE source = ?", |row| {
            let (value, datatype) = (row.get_ref(2)?.as_str()?, row.get_ref(4)?.as_str()?);
            Ok(intake.literal(self.entity(row, 0)?, key(row)?, value, tag(row, 3)?, datatype))
        })
    }
}

fn tag(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Lang>> {
    Ok(Lang::new(row.get_ref(column)?.as_str()?).ok())
}
