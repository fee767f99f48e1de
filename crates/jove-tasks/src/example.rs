//! Labelled examples and answers.

use jove_core::ByteSpan;

/// A span of a text with its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    /// Where, in bytes of the text.
    pub span: ByteSpan,
    /// Its type, as an index into the task's labels.
    pub label: u32,
}

/// What a task asks of an example: as it is labelled, or as it is predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// One class, as an index into the task's labels.
    Class(u32),
    /// A number.
    Number(f64),
    /// The entities of a text, sorted, each once.
    Entities(Vec<Entity>),
}

impl Answer {
    /// The class; `None` for another kind of answer.
    pub fn class(&self) -> Option<u32> {
        if let Self::Class(class) = self { Some(*class) } else { None }
    }

    /// The number; `None` for another kind of answer.
    pub fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The entities; none for another kind of answer.
    pub fn entities(&self) -> &[Entity] {
        if let Self::Entities(entities) = self { entities } else { &[] }
    }
}

/// An example of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its id, where its file gives one.
    pub id: Option<String>,
    /// The text, or the first of two.
    pub first: String,
    /// The second text, where there are two.
    pub second: Option<String>,
    /// What is right; `None` in a test file.
    pub answer: Option<Answer>,
    /// Its line in the file, counted from 1.
    pub line: u64,
}
