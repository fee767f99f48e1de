//! Folders of knowledge graph embedding: OpenKE's numbers, and the texts of FB15k-237, WN18RR and their like.
//!
//! `entity2id.txt` and `relation2id.txt` number keys, `train2id.txt` and its like hold head, tail and relation by number;
//! `train.txt` and its like hold keys. Files of names and descriptions stand beside them under the names that KG-BERT and the data
//! sets' authors gave them. Training, validation and test parts are one graph.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::cell::Cell;
use super::rows::rows;
use crate::error::Result;
use crate::intake::{Intake, name_of};
use crate::options::Source;

/// The files that a folder may have.
pub(crate) const FILES: &[&str] = &[
    "entity2id.txt",
    "relation2id.txt",
    "entities.dict",
    "relations.dict",
    "relation2text.txt",
    "entity2text.txt",
    "entity2textlong.txt",
    "FB15k_mid2name.txt",
    "FB15k_mid2description.txt",
    "wordnet-mlj12-definitions.txt",
    "train2id.txt",
    "valid2id.txt",
    "test2id.txt",
    "train.txt",
    "valid.txt",
    "test.txt",
];

/// Words after the first comma of a text that is a name and its definition.
const DEFINITION_WORDS_MIN: usize = 4;

/// Keys by number.
#[derive(Default)]
struct Keys {
    entities: BTreeMap<u32, String>,
    relations: BTreeMap<u32, String>,
    /// Every relation that a list names.
    known: HashSet<String>,
}

/// Reads a file of the folder; `folder` is read in the order of [`FILES`], numbers first.
pub(super) fn read(files: &[std::path::PathBuf], source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let mut keys = Keys::default();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match name.as_str() {
            "entity2id.txt" | "entities.dict" => {
                ids(path, &mut keys.entities, intake)?;
                for key in keys.entities.values() {
                    entity(key, source, intake)?;
                }
            }
            "relation2id.txt" | "relations.dict" => {
                ids(path, &mut keys.relations, intake)?;
                keys.known.extend(keys.relations.values().cloned());
            }
            "relation2text.txt" => relation_names(path, source, &mut keys, intake)?,
            "train2id.txt" | "valid2id.txt" | "test2id.txt" => numbers(path, &keys, source, intake)?,
            "train.txt" | "valid.txt" | "test.txt" => triples(path, &keys, source, intake)?,
            _ => texts(path, &name, source, intake)?,
        }
    }
    Ok(())
}

/// Adds an entity under its key.
fn entity(key: &str, source: &Source, intake: &mut Intake<'_>) -> Result<crate::intake::Provisional> {
    let (entity, first) = intake.entity(key)?;
    if first {
        intake.name_by_key(entity, Intake::guess_lang(source.lang, key), key)?;
    }
    Ok(entity)
}

/// Whether a line is the count that lists of OpenKE begin with.
fn is_count(row: &str) -> bool {
    row.trim().parse::<u64>().is_ok()
}

fn ids(path: &Path, ids: &mut BTreeMap<u32, String>, intake: &mut Intake<'_>) -> Result<()> {
    let number_first = path.extension().is_some_and(|end| end == "dict");
    rows(path, "a key and its number", intake, |row, _| {
        if is_count(row) {
            return Ok(true);
        }
        let row = row.trim();
        let parts = if row.contains('\t') { row.rsplit_once('\t') } else { row.rsplit_once(char::is_whitespace) };
        let Some((first, last)) = parts else { return Ok(false) };
        let (key, number) = if number_first { (last, first) } else { (first, last) };
        let Ok(number) = number.trim().parse() else { return Ok(false) };
        ids.insert(number, key.trim().to_owned());
        Ok(!key.trim().is_empty())
    })
}

fn numbers(path: &Path, keys: &Keys, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    rows(path, "head, tail and relation by known numbers", intake, |row, intake| {
        if is_count(row) {
            return Ok(true);
        }
        let cells: Vec<_> = row.split_whitespace().map(str::parse::<u32>).collect();
        let [Ok(head), Ok(tail), Ok(relation)] = cells.as_slice() else { return Ok(false) };
        let known = (keys.entities.get(head), keys.relations.get(relation), keys.entities.get(tail));
        let (Some(head), Some(relation), Some(tail)) = known else { return Ok(false) };
        let (head, tail) = (entity(head, source, intake)?, entity(tail, source, intake)?);
        intake.fact(head, relation, tail)?;
        Ok(true)
    })
}

/// Triples of keys: head, relation, tail, or the relation last where the lists say so.
fn triples(path: &Path, keys: &Keys, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    rows(path, "head, relation and tail by tabs", intake, |row, intake| {
        let cells: Vec<_> = row.split('\t').map(str::trim).collect();
        let &[head, second, third] = cells.as_slice() else { return Ok(false) };
        if cells.iter().any(|cell| cell.is_empty()) {
            return Ok(false);
        }
        let relation_last = !keys.known.contains(second) && keys.known.contains(third);
        let (relation, tail) = if relation_last { (third, second) } else { (second, third) };
        let (head, tail) = (entity(head, source, intake)?, entity(tail, source, intake)?);
        intake.fact(head, relation, tail)?;
        Ok(true)
    })
}

fn relation_names(path: &Path, source: &Source, keys: &mut Keys, intake: &mut Intake<'_>) -> Result<()> {
    rows(path, "a relation and its name", intake, |row, intake| {
        let Some((relation, name)) = row.split_once('\t') else { return Ok(false) };
        keys.known.insert(relation.trim().to_owned());
        intake.predicate_label(relation.trim(), Intake::guess_lang(source.lang, name), name)?;
        Ok(true)
    })
}

/// Names and descriptions of entities.
fn texts(path: &Path, file: &str, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    rows(path, "an entity and its text", intake, |row, intake| {
        let mut cells = row.split('\t').map(str::trim);
        let (Some(key), Some(text)) = (cells.next(), cells.next()) else { return Ok(false) };
        let (entity, _) = intake.entity(key)?;
        let cell = Cell::parse(text);
        let lang = cell.lang.or_else(|| Intake::guess_lang(source.lang, &cell.text));
        match file {
            "entity2textlong.txt" | "FB15k_mid2description.txt" => intake.description(entity, lang, &cell.text)?,
            "wordnet-mlj12-definitions.txt" => {
                intake.label(entity, lang, &word_of_sense(&cell.text))?;
                intake.description(entity, lang, cells.next().unwrap_or(""))?;
            }
            "FB15k_mid2name.txt" => intake.label(entity, lang, &name_of(&cell.text))?,
            _ => match definition(&cell.text) {
                Some(name) => {
                    intake.label(entity, lang, name)?;
                    intake.description(entity, lang, &cell.text)?;
                }
                None => intake.label(entity, lang, &cell.text)?,
            },
        }
        Ok(true)
    })
}

/// The name in a text like `land reform, a redistribution of agricultural land`.
fn definition(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(", ")?;
    (rest.split_whitespace().count() >= DEFINITION_WORDS_MIN).then_some(name)
}

/// `__land_reform_NN_1` is `land reform`.
fn word_of_sense(sense: &str) -> String {
    let words: Vec<_> = sense.split('_').filter(|word| !word.is_empty()).collect();
    let tail = words.len().saturating_sub(2);
    let tagged = words.len() > 2
        && words[tail + 1].bytes().all(|byte| byte.is_ascii_digit())
        && words[tail].bytes().all(|byte| byte.is_ascii_uppercase());
    words[..if tagged { tail } else { words.len() }].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_out_of_texts() {
        assert_eq!(word_of_sense("__land_reform_NN_1"), "land reform");
        assert_eq!(word_of_sense("水稻"), "水稻");
        assert_eq!(word_of_sense(""), "");
        assert_eq!(definition("land reform, a redistribution of land"), Some("land reform"));
        assert_eq!(definition("Springfield, Illinois"), None);
        assert_eq!(definition("🙂"), None);
    }
}
