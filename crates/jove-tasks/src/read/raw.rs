//! Examples whose labels are still names.

use jove_core::{ByteSpan, Problem};

/// An answer whose labels are names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RawAnswer {
    Class(String),
    Number(f64),
    Entities(Vec<(ByteSpan, String)>),
}

/// An example whose labels are names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawExample {
    pub(crate) id: Option<String>,
    pub(crate) first: String,
    pub(crate) second: Option<String>,
    pub(crate) answer: Option<RawAnswer>,
    pub(crate) line: u64,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) examples: Vec<RawExample>,
    pub(crate) problems: Vec<Problem>,
    /// Rows that annotators did not agree on, marked `-` in CMNLI and OCNLI; they are left out.
    pub(crate) undecided: usize,
    /// Rows that have no label at all.
    pub(crate) without_label: usize,
}
