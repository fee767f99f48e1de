//! What one forward pass reads, and what its losses read of the result.

use std::any::Any;
use std::collections::BTreeMap;

use jove_objectives::PairRows;

use crate::example::Example;
use crate::objective::kind::Objective;
use crate::targets::Targets;

/// Sequences packed one after another, and for every objective the rows of the packed matrix that its loss reads.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Token ids of all sequences, special ones included.
    pub tokens: Vec<u32>,
    /// Token types, one a token.
    pub segments: Vec<u32>,
    /// Where sequences begin, and where the last one ends; one longer than there are sequences.
    pub cu_seqlens: Vec<usize>,
    /// The pairs that are read as one sequence; these sequences stand one behind the other.
    pub pairs: Vec<PairRows>,
    /// The items of every objective that has any.
    pub targets: BTreeMap<Objective, Box<dyn Targets>>,
    /// Where all this comes from.
    pub examples: Vec<Example>,
}

impl Batch {
    /// A batch of nothing.
    pub(crate) fn new() -> Self {
        Self { cu_seqlens: vec![0], ..Self::default() }
    }

    /// Number of tokens, special ones included.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// An objective's items; `None` where it has none, or they are of another type.
    pub fn get<T: Targets>(&self, objective: Objective) -> Option<&T> {
        let targets: &dyn Any = &**self.targets.get(&objective)?;
        targets.downcast_ref()
    }

    /// An objective's items, to be added to.
    pub(crate) fn entry<T: Targets + Default>(&mut self, objective: Objective) -> &mut T {
        let targets = self.targets.entry(objective).or_insert_with(|| Box::new(T::default()));
        let targets: &mut dyn Any = &mut **targets;
        targets.downcast_mut().expect("an objective has one type of targets")
    }

    /// Number of an objective's items.
    pub fn count(&self, objective: Objective) -> usize {
        self.targets.get(&objective).map_or(0, |targets| targets.count())
    }

    /// Adds a sequence with its token types; returns the row of its first token.
    pub(crate) fn push(&mut self, tokens: impl IntoIterator<Item = u32>, segments: impl Fn(usize) -> u32) -> usize {
        let start = self.tokens.len();
        self.tokens.extend(tokens);
        let length = self.tokens.len() - start;
        self.segments.extend((0..length).map(segments));
        self.cu_seqlens.push(self.tokens.len());
        start
    }
}
