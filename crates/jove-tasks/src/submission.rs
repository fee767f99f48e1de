//! Files for the leaderboards of CLUE and CLUENER.

use std::path::Path;

use jove_core::{ByteSpan, Problem};
use serde_json::{Map, Value, json};

use crate::answer_kind::AnswerKind;
use crate::error::Error;
use crate::example::{Answer, Example};
use crate::options::TaskOptions;
use crate::read::raw::{RawAnswer, Rows};
use crate::read::{read, record_lines, spans_of};
use crate::task::Task;

/// The lines of a submission: for every example in the order of the test file its id, which is its place where the file gives none,
/// and its label by name; CLUENER's entities with inclusive offsets in characters.
pub fn submission_lines(labels: &[String], examples: &[Example], answers: &[Answer]) -> String {
    let mut lines = String::new();
    for (place, (example, answer)) in examples.iter().zip(answers).enumerate() {
        let number = |id: &String| id.parse::<u64>().map_or_else(|_| json!(id), |id| json!(id));
        let id = example.id.as_ref().map_or_else(|| json!(place), number);
        let label = match answer {
            Answer::Class(class) => json!(labels[*class as usize]),
            Answer::Number(number) => json!(number),
            Answer::Entities(_) => entity_object(labels, &example.first, answer),
        };
        lines.push_str(&format!("{{\"id\": {id}, \"label\": {label}}}\n"));
    }
    lines
}

/// Types, then texts, then spans.
fn entity_object(labels: &[String], text: &str, answer: &Answer) -> Value {
    let mut types = Map::new();
    for entity in answer.entities() {
        let surface = entity.span.slice(text).unwrap_or_default();
        let start = text[..entity.span.start as usize].chars().count();
        let of_type = types.entry(labels[entity.label as usize].clone()).or_insert_with(|| json!({}));
        let spans = of_type.as_object_mut().map(|all| all.entry(surface.to_owned()).or_insert_with(|| json!([])));
        if let Some(spans) = spans.and_then(Value::as_array_mut) {
            spans.push(json!([start, start + surface.chars().count() - 1]));
        }
    }
    Value::Object(types)
}

/// The number of examples in the published test file: of CLUE 1.1 and CLUENER.
fn published_size(task: Task) -> Option<usize> {
    match task {
        Task::Tnews => Some(10_000),
        Task::Iflytek => Some(2_600),
        Task::Afqmc => Some(3_861),
        Task::Cmnli => Some(13_880),
        Task::Ocnli | Task::Csl => Some(3_000),
        Task::Wsc => Some(2_574),
        Task::Cluener => Some(1_345),
        _ => None,
    }
}

/// What is wrong with an existing submission: its name, its fields, labels, ids that have gaps or repeat, its length, which is
/// that of `test` or else of the published test file, and spans that are not in the texts of `test`. Empty where it can be sent.
///
/// # Errors
/// Where a file cannot be read, or the task has no submissions.
pub fn check_submission(task: Task, path: &Path, test: Option<&Path>) -> Result<Vec<Problem>, Error> {
    let labels = task.labels().unwrap_or_default();
    let Some(name) = task.submission() else {
        return Err(Error::file(
            path,
            "a task of CLUE or CLUENER",
            task.name(),
            "other tasks have no submission format",
        ));
    };
    let mut problems = Vec::new();
    let own = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if own != name {
        problems.push(Problem::new(path, None, format!("the name {name}"), &own));
    }
    let unlabelled = |test: &Path| read(test, &TaskOptions::new(task, test.into(), test.into()), false);
    let test: Option<Rows> = test.map(unlabelled).transpose()?;
    let mut check = Check { task, labels, path, test: test.as_ref(), problems };
    let mut count = 0;
    record_lines(path, |line, text| {
        check.line(count, line, text);
        count += 1;
        Ok(())
    })?;
    let expected = test.as_ref().map(|rows| rows.examples.len()).or_else(|| published_size(task));
    if let Some(expected) = expected.filter(|&expected| expected != count) {
        let what = if test.is_some() { "as in the test file" } else { "as in the published test file" };
        check.problems.push(Problem::new(path, None, format!("{expected} lines, {what}"), &count.to_string()));
    }
    Ok(check.problems)
}

struct Check<'a> {
    task: Task,
    labels: Vec<String>,
    path: &'a Path,
    test: Option<&'a Rows>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn line(&mut self, place: usize, line: u64, text: &str) {
        if let Err(expected) = self.problem(place, text) {
            self.problems.push(Problem::new(self.path, Some(line), expected, text));
        }
    }

    fn problem(&self, place: usize, text: &str) -> Result<(), String> {
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| "an object of JSON".to_owned())?;
        let example = self.test.and_then(|rows| rows.examples.get(place));
        let id = example.and_then(|example| example.id.clone()).unwrap_or_else(|| place.to_string());
        let found = fields.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        if found.as_deref() != Some(id.as_str()) {
            return Err(format!("the id {id}, ids being those of the test file in its order"));
        }
        if let Some(other) = fields.keys().find(|name| !["id", "label", "label_desc"].contains(&name.as_str())) {
            return Err(format!("the fields id and label alone, not {other}"));
        }
        let label = fields.get("label").ok_or("the field label")?;
        if self.task.answers() == AnswerKind::Entities {
            return self.entities(label, example.map(|example| example.first.as_str()));
        }
        let known = label.as_str().is_some_and(|label| self.labels.iter().any(|known| known == label));
        if known { Ok(()) } else { Err(format!("one of the labels {}, as a text", self.labels.join(", "))) }
    }

    /// Checks types, and spans against a text; without one, against the texts that they name.
    fn entities(&self, label: &Value, text: Option<&str>) -> Result<(), String> {
        let types = label.as_object().ok_or("an object of types as the label")?;
        if let Some(kind) = types.keys().find(|kind| !self.labels.contains(kind)) {
            return Err(format!("types among {}, not {kind}", self.labels.join(", ")));
        }
        let RawAnswer::Entities(found) = (match text {
            Some(text) => spans_of(label, text)?,
            None => return lengths(types),
        }) else {
            return Ok(());
        };
        let overlaps = |pair: &[(ByteSpan, String)]| pair[0].0.overlaps(pair[1].0);
        if found.windows(2).any(overlaps) { Err("entities that do not overlap".to_owned()) } else { Ok(()) }
    }
}

/// Whether every span is as long as the text that it names.
fn lengths(types: &Map<String, Value>) -> Result<(), String> {
    for surfaces in types.values() {
        for (surface, spans) in surfaces.as_object().ok_or("an object of texts for every type")? {
            for span in spans.as_array().ok_or("a list of spans for every text")? {
                let ends = span.get(0).and_then(Value::as_u64).zip(span.get(1).and_then(Value::as_u64));
                let length = ends.and_then(|(start, end)| (end + 1).checked_sub(start));
                if length != Some(surface.chars().count() as u64) {
                    return Err(format!("a span as long as `{surface}`, its end inclusive"));
                }
            }
        }
    }
    Ok(())
}
