//! What is fine-tuned on.

use jove_core::TokenId;
use jove_model::PackedBatch;
use jove_model::PackedBatchBuilder;
use serde::Serialize;

use crate::error::Error;
use crate::example::Example;

/// What a sequence should be answered by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum HeadTarget {
    /// A class.
    Class(u32),
    /// For every token a tag, special tokens included; `None` for one that has none.
    Tags(Vec<Option<u32>>),
    /// A number.
    Number(f32),
}

/// A sequence as a model reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TaskSequence {
    /// Its tokens, special ones included: one first and one last.
    pub tokens: Vec<TokenId>,
    /// The token type of each.
    pub segments: Vec<u32>,
}

impl TaskSequence {
    pub(crate) fn push_to(&self, batch: &mut PackedBatchBuilder) -> Result<(), Error> {
        let tokens: Vec<u32> = self.tokens.iter().map(|token| token.0).collect();
        Ok(batch.push_with_segments(&tokens, &self.segments).map(drop)?)
    }
}

/// Sequences of one forward pass with what they should be answered by.
#[derive(Clone, Debug)]
pub struct FineTuningBatch {
    pub(crate) sequences: PackedBatch,
    /// Indices of the sequences' targets.
    pub(crate) members: Vec<usize>,
    pub(crate) examples: Vec<Example>,
}
