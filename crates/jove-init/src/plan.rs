//! What the files of an experiment are made from.

use std::path::PathBuf;

use jove_core::Lang;
use jove_kb::Guess;

use crate::budget::Budget;
use crate::pairs::Pairs;
use crate::text::Text;

/// What all parts of a proposal are made from.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) from: Option<PathBuf>,
    pub(crate) minutes: f64,
    pub(crate) graph: Vec<Guess>,
    pub(crate) text: Vec<Text>,
    pub(crate) pairs: Vec<Pairs>,
    /// The languages that facts are put into words in: those of the text that the graph has names in.
    pub(crate) told: Vec<Lang>,
    pub(crate) budget: Budget,
}

/// Tokens of a sentence made from a fact, and sentences made of each.
pub(crate) const SENTENCE_TOKENS: f64 = 20.0;
pub(crate) const SENTENCES_PER_FACT: u32 = 2;
