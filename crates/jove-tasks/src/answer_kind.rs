//! Kinds of answers.

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// One of some classes.
    Class,
    /// A number.
    Number,
    /// Spans of the text, each of a type.
    Entities,
}
