//! OpenEA folders: two graphs by IRI, their values, and links between them.

use std::path::Path;

use super::cell::Cell;
use super::names;
use super::rows::{needed, rows};
use crate::error::Result;
use crate::intake::{Intake, Object, Provisional};

/// The files that a folder may have.
pub(crate) const FILES: &[&str] = &["rel_triples_1", "rel_triples_2", "attr_triples_1", "attr_triples_2", "ent_links"];

/// Reads a folder.
pub(super) fn read(folder: &Path, intake: &mut Intake<'_>) -> Result<()> {
    for side in ["1", "2"] {
        let path = folder.join(format!("rel_triples_{side}"));
        needed(&path)?;
        triples(&path, false, intake)?;
        let path = folder.join(format!("attr_triples_{side}"));
        if path.exists() {
            triples(&path, true, intake)?;
        }
    }
    let path = folder.join("ent_links");
    if !path.exists() {
        return Ok(());
    }
    rows(&path, "two entities", intake, |row, intake| {
        let Some((a, b)) = row.split_once('\t') else { return Ok(false) };
        let keys = [a, b].map(|cell| Cell::parse(cell.trim()).text);
        for key in &keys {
            let (entity, first) = intake.entity(key)?;
            if first {
                name(intake, entity, key)?;
            }
        }
        intake.same_as(&keys[0], &keys[1])?;
        Ok(true)
    })
}

fn triples(path: &Path, values: bool, intake: &mut Intake<'_>) -> Result<()> {
    rows(path, "subject, relation and object by tabs", intake, |row, intake| {
        let cells: Vec<_> = row.splitn(3, '\t').map(|cell| Cell::parse(cell.trim())).collect();
        let [subject, relation, object] = cells.as_slice() else { return Ok(false) };
        if cells.iter().any(|cell| cell.text.is_empty()) {
            return Ok(false);
        }
        let told = if values {
            Object::Value { text: &object.text, lang: object.lang, datatype: object.datatype }
        } else {
            Object::Entity(&object.text)
        };
        intake.triple(&subject.text, &relation.text, told, name)?;
        Ok(true)
    })
}

/// Entities of DBpedia are named by the end of their IRIs; others by their values alone.
fn name(intake: &mut Intake<'_>, entity: Provisional, key: &str) -> Result<()> {
    names::dbpedia(intake, entity, key)
}
