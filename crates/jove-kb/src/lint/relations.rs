//! Relations that are none: columns in another order than they were read in.

use super::findings::{Findings, Kind, Level};
use crate::error::Result;
use crate::kb::Kb;

const ENTITY: Kind = (
    "relation-is-entity",
    Level::Warning,
    "the relation is an entity too; check that subject, relation and object are read from the right columns",
);

/// Relations of which a base may have few that are entities too.
const FEW: u64 = 3;

/// Finds relations whose keys are keys of entities, where that is most of them.
pub(super) fn check(kb: &Kb, findings: &mut Findings) -> Result<()> {
    let mut relations: u64 = 0;
    let mut both = Vec::new();
    let sql = "SELECT p.key, EXISTS (SELECT 1 FROM entity_key k WHERE k.key = p.key) FROM predicate p ORDER BY p.id";
    kb.each("comparing relations with entities", sql, [], |row| {
        relations += 1;
        if row.get(1)? {
            both.push(row.get::<_, String>(0)?);
        }
        Ok(())
    })?;
    if both.len() as u64 >= FEW && both.len() as u64 * 2 > relations {
        for key in both {
            findings.add(&ENTITY, || key);
        }
    }
    Ok(())
}
