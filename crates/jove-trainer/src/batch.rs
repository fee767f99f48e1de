//! What one forward pass reads, and what is asked of it.

use std::ops::Range;

use jove_core::EntityId;
use jove_objectives::{PairRows, Pointer};

use crate::source::Example;

/// Sequences packed one after another, and for every objective the rows of the packed matrix it looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Token ids of all sequences, special ones included.
    pub tokens: Vec<u32>,
    /// Token types, one a token.
    pub segments: Vec<u32>,
    /// Where sequences begin, and where the last one ends; one longer than there are sequences.
    pub bounds: Vec<usize>,
    /// Hidden tokens of single texts.
    pub mlm: Targets,
    /// Hidden tokens of pairs.
    pub tlm: Targets,
    /// The pairs that are read as one sequence; these sequences stand one behind the other.
    pub pairs: Vec<PairRows>,
    /// Hidden tokens of pairs and their counterparts; found by the model just before it reads the batch.
    pub pointers: Vec<Pointer>,
    /// Mentions and descriptions.
    pub link: LinkTargets,
    /// Subjects with relations, in the place of mentions, and the descriptions of objects.
    pub relation: LinkTargets,
    /// Sentences and their translations.
    pub translation: TranslationTargets,
    /// Where all this comes from.
    pub examples: Vec<Example>,
}

/// Rows whose token has to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Rows of the packed matrix, ascending.
    pub rows: Vec<usize>,
    /// The token that stood there.
    pub labels: Vec<u32>,
}

/// Mentions and the descriptions they are contrasted against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkTargets {
    /// The rows of every mention.
    pub mentions: Vec<Range<usize>>,
    /// For every mention, the index of its entity's description.
    pub positives: Vec<usize>,
    /// The rows that stand for every description; no entity has two. Some belong to no mention: hard negatives.
    pub descriptions: Vec<Range<usize>>,
    /// The entity of every description.
    pub entities: Vec<EntityId>,
    /// For every mention further entities, ascending, that are no negatives of it; empty where no mention has any.
    pub excluded: Vec<Vec<EntityId>>,
}

/// Sentences and their translations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranslationTargets {
    /// The rows that stand for every first side.
    pub sources: Vec<Range<usize>>,
    /// The rows that stand for every second side.
    pub targets: Vec<Range<usize>>,
    /// For every pair two digests: equal first ones mean equal first sides, equal second ones equal second sides. Pairs
    /// that share a side are no negatives of each other.
    pub texts: Vec<(u64, u64)>,
}

impl Batch {
    /// A batch of nothing.
    pub(crate) fn new() -> Self {
        Self { bounds: vec![0], ..Self::default() }
    }

    /// Number of tokens, special ones included.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Adds a sequence with its token types; returns the row of its first token.
    pub(crate) fn push(&mut self, tokens: impl IntoIterator<Item = u32>, segments: impl Fn(usize) -> u32) -> usize {
        let start = self.tokens.len();
        self.tokens.extend(tokens);
        let length = self.tokens.len() - start;
        self.segments.extend((0..length).map(segments));
        self.bounds.push(self.tokens.len());
        start
    }
}
