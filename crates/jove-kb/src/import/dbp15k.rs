//! DBP15K folders: two graphs by number, and links between them.
//!
//! `ent_ids_1|2` and `rel_ids_1|2` give IRIs, `triples_1|2` facts, `sup_ent_ids`, `ref_ent_ids` or `ent_links` the
//! pairs of entities that are the same. Links that a folder does not have are not guessed.

use std::collections::HashMap;
use std::path::Path;

use super::names;
use super::rows::{needed, rows};
use crate::error::Result;
use crate::intake::Intake;

/// The files that a folder may have.
pub(crate) const FILES: &[&str] = &[
    "ent_ids_1",
    "ent_ids_2",
    "rel_ids_1",
    "rel_ids_2",
    "triples_1",
    "triples_2",
    "sup_ent_ids",
    "ref_ent_ids",
    "ent_links",
];

type Ids = HashMap<u32, String>;

/// Reads a folder.
pub(crate) fn read(folder: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut entities = Ids::new();
    for side in ["1", "2"] {
        ids(&folder.join(format!("ent_ids_{side}")), &mut entities, intake)?;
        let mut relations = Ids::new();
        ids(&folder.join(format!("rel_ids_{side}")), &mut relations, intake)?;
        triples(&folder.join(format!("triples_{side}")), &entities, &relations, intake)?;
    }
    for name in ["sup_ent_ids", "ref_ent_ids", "ent_links"] {
        let path = folder.join(name);
        if path.exists() {
            links(&path, &entities, intake)?;
        }
    }
    Ok(())
}

fn ids(path: &Path, ids: &mut Ids, intake: &mut Intake<'_>) -> Result<()> {
    needed(path)?;
    rows(path, "a number and an IRI", intake, |row, intake| {
        let Some((id, iri)) = row.split_once('\t') else { return Ok(false) };
        let (Ok(id), false) = (id.trim().parse(), iri.trim().is_empty()) else { return Ok(false) };
        let iri = iri.trim();
        if iri.contains("/resource/") {
            let (entity, first) = intake.entity(iri)?;
            if first {
                names::dbpedia(intake, entity, iri)?;
            }
        }
        ids.insert(id, iri.to_owned());
        Ok(true)
    })
}

fn triples(path: &Path, entities: &Ids, relations: &Ids, intake: &mut Intake<'_>) -> Result<()> {
    needed(path)?;
    rows(path, "three known numbers", intake, |row, intake| {
        let mut cells = row.split('\t').map(|cell| cell.trim().parse::<u32>().ok());
        let mut next = || cells.next().flatten();
        let (Some(subject), Some(relation), Some(object)) = (next(), next(), next()) else { return Ok(false) };
        let known = (entities.get(&subject), relations.get(&relation), entities.get(&object));
        let (Some(subject), Some(relation), Some(object)) = known else { return Ok(false) };
        let (subject, _) = intake.entity(subject)?;
        let (object, _) = intake.entity(object)?;
        intake.fact(subject, relation, object)?;
        Ok(true)
    })
}

fn links(path: &Path, entities: &Ids, intake: &mut Intake<'_>) -> Result<()> {
    rows(path, "two known numbers or IRIs", intake, |row, intake| {
        let Some((a, b)) = row.split_once('\t') else { return Ok(false) };
        let key = |cell: &str| match cell.trim().parse() {
            Ok(id) => entities.get(&id).cloned(),
            Err(_) => Some(cell.trim().to_owned()).filter(|iri| iri.contains("://")),
        };
        let (Some(a), Some(b)) = (key(a), key(b)) else { return Ok(false) };
        intake.same_as(&a, &b)?;
        Ok(true)
    })
}
