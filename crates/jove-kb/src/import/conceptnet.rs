//! ConceptNet 5 assertions: tab-separated URI, relation, start, end and a JSON object.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::input::Lines;
use crate::error::Result;
use crate::intake::{Intake, Object, Provisional};

/// Relations that hold both ways, as ConceptNet's documentation lists them.
const SYMMETRIC: &[&str] = &[
    "/r/Antonym",
    "/r/DistinctFrom",
    "/r/EtymologicallyRelatedTo",
    "/r/LocatedNear",
    "/r/RelatedTo",
    "/r/SimilarTo",
    "/r/Synonym",
];

/// Reads a file.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    let mut declared = false;
    while let Some((number, line)) = lines.next_text(intake)? {
        let mut cells = line.split('\t');
        let row = (cells.next(), cells.next(), cells.next(), cells.next());
        match row {
            (Some(_), Some(relation), Some(start), Some(end))
                if relation.starts_with("/r/") && start.starts_with("/c/") && !end.is_empty() =>
            {
                // Ends of `/r/ExternalURL` are pages, not concepts.
                let object = if end.starts_with("/c/") {
                    Object::Entity(end)
                } else {
                    Object::Value { text: end, lang: None, datatype: "url" }
                };
                if !declared {
                    SYMMETRIC.iter().try_for_each(|relation| intake.predicate_inverse(relation, relation))?;
                    declared = true;
                }
                intake.triple(start, relation, object, name)?;
            }
            _ => {
                let expected = "an assertion: URI, /r/ relation, /c/ start, end";
                intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// `/c/en/hard_questions/n` is called `hard questions`.
fn name(intake: &mut Intake<'_>, entity: Provisional, uri: &str) -> Result<()> {
    let mut parts = uri.split('/').skip(2);
    let lang = parts.next().and_then(|tag| Lang::new(tag).ok());
    match parts.next() {
        Some(term) => intake.derived_name(entity, lang, &term.replace('_', " ")),
        None => Ok(()),
    }
}
