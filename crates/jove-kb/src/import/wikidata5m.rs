//! Wikidata5M: triples of Wikidata's ids, and files of their names and descriptions in English.

use std::path::Path;

use jove_core::Lang;

use super::rows::rows;
use crate::error::Result;
use crate::intake::Intake;

/// Reads a file: triples of ids; names of entities or relations, the first of which is the label; or descriptions, in a file
/// whose name has `text` in it.
pub(super) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let descriptions = name.contains("_text") || name.starts_with("text");
    rows(path, "ids of Wikidata: a triple, or an id and its names or text", intake, |row, intake| {
        let mut cells = row.split('\t').map(str::trim).filter(|cell| !cell.is_empty());
        let (Some(key), Some(second)) = (cells.next(), cells.next()) else { return Ok(false) };
        let third = cells.next();
        match (is_id(key, 'Q'), third) {
            (true, Some(object)) if !descriptions && is_id(second, 'P') && is_id(object, 'Q') => {
                let ((subject, _), (object, _)) = (intake.entity(key)?, intake.entity(object)?);
                intake.fact(subject, second, object)?;
            }
            (true, _) if descriptions => {
                let (entity, _) = intake.entity(key)?;
                intake.description(entity, Some(Lang::EN), second)?;
            }
            (true, _) => {
                let (entity, _) = intake.entity(key)?;
                intake.label(entity, Some(Lang::EN), second)?;
                for alias in third.into_iter().chain(cells) {
                    intake.alias(entity, Some(Lang::EN), alias, 1.0)?;
                }
            }
            // Only the first name of a relation is used anywhere.
            (false, _) if is_id(key, 'P') => intake.predicate_label(key, Some(Lang::EN), second)?,
            _ => return Ok(false),
        }
        Ok(true)
    })
}

fn is_id(text: &str, letter: char) -> bool {
    text.strip_prefix(letter)
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
