//! One row as an example.

use std::path::Path;

use jove_core::Problem;
use serde_json::Value;

use super::raw::{RawAnswer, RawExample};
use super::record::{Layout, Record};
use super::spans;
use crate::answer_kind::AnswerKind;
use crate::options::TaskOptions;
use crate::task::Task;

const IDS: &[&str] = &["id", "idx", "guid", "pairID"];
const LABELS: &[&str] = &["label", "gold_label", "labels", "entities", "score", "tag"];

/// Reads rows of a task from a file.
pub(crate) struct RowReader<'a> {
    path: &'a Path,
    options: &'a TaskOptions,
    labelled: bool,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(path: &'a Path, options: &'a TaskOptions, labelled: bool) -> Self {
        Self { path, options, labelled }
    }

    fn task(&self) -> Task {
        self.options.format
    }

    fn names(own: Option<&'a String>, usual: &'static [&'static str]) -> Vec<&'a str> {
        own.map_or_else(|| usual.to_vec(), |name| vec![name.as_str()])
    }

    fn text_names(&self) -> Vec<&'a str> {
        Self::names(self.options.columns.text.as_ref(), self.task().text_fields())
    }

    fn second_names(&self) -> Vec<&'a str> {
        Self::names(self.options.columns.second.as_ref(), self.task().second_fields())
    }

    fn label_names(&self) -> Vec<&'a str> {
        Self::names(self.options.columns.label.as_ref(), LABELS)
    }

    /// The columns of a table of this task.
    pub(crate) fn layout(&self) -> Layout<'a> {
        let pair = self.task().needs_second() || self.options.columns.second.is_some();
        let second = pair.then(|| self.second_names());
        let columns = [self.text_names()].into_iter().chain(second).chain([self.label_names()]).collect();
        let own = matches!(self.task(), Task::Text | Task::Pair | Task::Regression);
        Layout { columns, header: self.options.columns.header.or(own.then_some(true)) }
    }

    fn problem(&self, record: &Record, expected: impl Into<String>) -> Problem {
        let found = serde_json::to_string(&record.fields).unwrap_or_default();
        Problem::new(self.path, Some(record.line).filter(|line| *line > 0), expected, &found)
    }

    /// Whether a row has a field with a label.
    pub(crate) fn has_label(&self, record: &Record) -> bool {
        record.first_of(&self.label_names()).is_some()
    }

    /// The example of a row; `None` for one that annotators did not agree on.
    pub(crate) fn example(&self, record: &Record) -> Result<Option<RawExample>, Problem> {
        let (first, second) = self.texts(record)?;
        let answer = if self.labelled { Some(self.answer(record, &first)?) } else { None };
        let inference = matches!(self.task(), Task::Cmnli | Task::Ocnli);
        if inference && answer == Some(RawAnswer::Class("-".to_owned())) {
            return Ok(None);
        }
        let ids = Self::names(self.options.columns.id.as_ref(), IDS);
        let id = record.first_of(&ids).and_then(|name| record.text(name));
        Ok(Some(RawExample { id, first, second, answer, line: record.line }))
    }

    fn texts(&self, record: &Record) -> Result<(String, Option<String>), Problem> {
        match self.task() {
            Task::Csl => {
                let keywords = record.fields.get("keyword").and_then(Value::as_array);
                let keywords = keywords.ok_or_else(|| self.problem(record, "a list in the field keyword"))?;
                let words: Option<Vec<&str>> = keywords.iter().map(Value::as_str).collect();
                let words = words.ok_or_else(|| self.problem(record, "texts in the field keyword"))?;
                Ok((words.join(" "), Some(self.field(record, &["abst"])?)))
            }
            Task::Wsc => Ok((spans::marked(record).map_err(|expected| self.problem(record, expected))?, None)),
            Task::Tnews if self.options.keywords => {
                let keywords = record.text("keywords").ok_or_else(|| self.problem(record, "the field keywords"))?;
                Ok((self.field(record, &self.text_names())?, Some(keywords.replace(',', " "))))
            }
            _ => Ok((self.field(record, &self.text_names())?, self.second(record)?)),
        }
    }

    fn second(&self, record: &Record) -> Result<Option<String>, Problem> {
        let names = self.second_names();
        let wanted = self.task().needs_second() || self.options.columns.second.is_some();
        if names.is_empty() || (!wanted && record.first_of(&names).is_none()) {
            return Ok(None);
        }
        self.field(record, &names).map(Some)
    }

    /// A text that must not be empty.
    fn field(&self, record: &Record, names: &[&str]) -> Result<String, Problem> {
        let missing = || self.problem(record, format!("text in the field {}", names.join(" or ")));
        let text = record.first_of(names).and_then(|name| record.text(name)).ok_or_else(missing)?;
        if text.trim().is_empty() { Err(missing()) } else { Ok(text) }
    }

    fn answer(&self, record: &Record, text: &str) -> Result<RawAnswer, Problem> {
        let names = self.label_names();
        let missing = || self.problem(record, format!("a label in the field {}", names.join(" or ")));
        let name = record.first_of(&names).ok_or_else(missing)?;
        if self.task().answers() == AnswerKind::Entities {
            let inclusive = self.task() == Task::Cluener;
            let read = spans::entities(&record.fields[name], text, inclusive);
            return read.map(RawAnswer::Entities).map_err(|expected| self.problem(record, expected));
        }
        let label = record.text(name).filter(|label| !label.trim().is_empty()).ok_or_else(missing)?;
        if self.task().answers() == AnswerKind::Number {
            let number = label.trim().parse().ok().filter(|number: &f64| number.is_finite());
            return number
                .map(RawAnswer::Number)
                .ok_or_else(|| self.problem(record, format!("a number in the field {name}")));
        }
        // The machine-translated training sets of XNLI spell one of the labels otherwise than the others do.
        let label =
            if label == "contradictory" && self.task() == Task::Xnli { "contradiction".to_owned() } else { label };
        Ok(RawAnswer::Class(label))
    }
}
