//! From labels by name to labels by number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::Problem;

use crate::error::Error;
use crate::example::{Answer, Entity, Example};
use crate::read::raw::{RawAnswer, RawExample, Rows};

/// The labels that occur, sorted.
pub(crate) fn labels_of(rows: &Rows) -> Vec<String> {
    let mut labels = BTreeSet::new();
    for example in &rows.examples {
        match &example.answer {
            Some(RawAnswer::Class(label)) => drop(labels.insert(label.clone())),
            Some(RawAnswer::Entities(entities)) => labels.extend(entities.iter().map(|(_, label)| label.clone())),
            Some(RawAnswer::Number(_)) | None => {}
        }
    }
    labels.into_iter().collect()
}

/// The examples of a file with their labels as numbers.
///
/// # Errors
/// Where rows are not of the format, an id occurs twice, a label is none of `labels`, or there is no example.
pub(crate) fn resolve(path: &Path, rows: Rows, labels: &[String]) -> Result<Vec<Example>, Error> {
    let mut problems = rows.problems;
    let mut ids: BTreeMap<String, u64> = BTreeMap::new();
    let numbers: BTreeMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
    let mut examples = Vec::with_capacity(rows.examples.len());
    for raw in rows.examples {
        let RawExample { id, first, second, answer, line } = raw;
        if let Some(before) = id.as_ref().and_then(|id| ids.insert(id.clone(), line)) {
            let expected = format!("an id of its own (line {before} has the same)");
            problems.push(Problem::new(path, Some(line), expected, id.as_deref().unwrap_or_default()));
        }
        match answer.map(|answer| number(answer, &numbers)).transpose() {
            Ok(answer) => examples.push(Example { id, first, second, answer, line }),
            Err(label) => {
                problems.push(Problem::new(path, Some(line), format!("one of the labels {}", shown(labels)), &label));
            }
        }
    }
    problems.sort_by_key(|problem| problem.line);
    Error::rows(problems)?;
    if examples.is_empty() {
        return Err(Error::file(
            path,
            "at least one example",
            "none",
            "is this the right file, and the right language?",
        ));
    }
    Ok(examples)
}

fn number(answer: RawAnswer, numbers: &BTreeMap<&str, u32>) -> Result<Answer, String> {
    let find = |label: String| numbers.get(label.as_str()).copied().ok_or(label);
    Ok(match answer {
        RawAnswer::Class(label) => Answer::Class(find(label)?),
        RawAnswer::Number(number) => Answer::Number(number),
        RawAnswer::Entities(entities) => {
            let number = |(span, label)| Ok(Entity { span, label: find(label)? });
            let mut entities = entities.into_iter().map(number).collect::<Result<Vec<_>, String>>()?;
            entities.sort_unstable();
            Answer::Entities(entities)
        }
    })
}

/// Labels for a message: the first twenty.
fn shown(labels: &[String]) -> String {
    let more = if labels.len() > 20 { format!(", … ({} in all)", labels.len()) } else { String::new() };
    labels[..labels.len().min(20)].join(", ") + &more
}
