//! Columns as in CoNLL: a token and its tag a line, an empty line after every sentence.

use std::path::Path;

use jove_core::script::is_spaced;
use jove_core::{ByteSpan, Problem};

use super::lines::for_each_line;
use super::raw::{RawAnswer, RawExample, Rows};
use crate::error::Error;
use crate::task::Task;

/// Whether a file is read as columns.
pub(crate) fn is_conll(path: &Path, task: Task) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    task == Task::Ner && ["conll", "bio", "txt"].contains(&ending)
}

/// Reads all sentences. The first column is the token, the last the tag; tags are those of BIO, BIOES or BMES.
pub(crate) fn read(path: &Path, rows: &mut Rows) -> Result<(), Error> {
    let mut sentence = Sentence::default();
    for_each_line(path, |line, text| {
        let columns: Vec<&str> = text.split_whitespace().collect();
        match columns.as_slice() {
            [] | ["-DOCSTART-", ..] => rows.examples.extend(std::mem::take(&mut sentence).finish()),
            [_] => rows.problems.push(Problem::new(path, Some(line), "a token and its tag", text)),
            [token, .., tag] => {
                if let Err(expected) = sentence.push(line, token, tag) {
                    rows.problems.push(Problem::new(path, Some(line), expected, text));
                }
            }
        }
        Ok(())
    })?;
    rows.examples.extend(sentence.finish());
    Ok(())
}

#[derive(Default)]
struct Sentence {
    line: u64,
    text: String,
    entities: Vec<(ByteSpan, String)>,
    /// Whether the last entity may go on.
    open: bool,
}

impl Sentence {
    fn push(&mut self, line: u64, token: &str, tag: &str) -> Result<(), &'static str> {
        if self.text.is_empty() {
            self.line = line;
        }
        let both = self.text.chars().next_back().zip(token.chars().next());
        if both.is_some_and(|(last, first)| is_spaced(last) || is_spaced(first)) {
            self.text.push(' ');
        }
        let start = self.text.len() as u32;
        self.text.push_str(token);
        let span = ByteSpan::new(start, self.text.len() as u32);
        if tag == "O" {
            self.open = false;
            return Ok(());
        }
        let expected = "a tag such as O, B-TYPE or I-TYPE";
        let (place, kind) = tag.split_once('-').filter(|(_, kind)| !kind.is_empty()).ok_or(expected)?;
        let inside = match place {
            "B" | "S" => false,
            "I" | "M" | "E" => true,
            _ => return Err(expected),
        };
        match self.entities.last_mut() {
            Some((last, same)) if inside && self.open && same == kind => last.end = span.end,
            _ => self.entities.push((span, kind.to_owned())),
        }
        self.open = !matches!(place, "S" | "E");
        Ok(())
    }

    fn finish(self) -> Option<RawExample> {
        let Self { line, text, mut entities, .. } = self;
        entities.sort();
        let answer = Some(RawAnswer::Entities(entities));
        (!text.is_empty()).then_some(RawExample { id: None, first: text, second: None, answer, line })
    }
}
