//! What the losses of a batch read: the interface, and the kind that several objectives share.

use std::any::Any;
use std::fmt;
use std::ops::Range;

/// One objective's part of a batch: its items and the rows of the packed matrix that they stand in.
pub trait Targets: Any + fmt::Debug + Send + Sync {
    /// Number of items, such as masked tokens, that the loss is a sum over.
    fn count(&self) -> usize;

    /// Calls `f` for every range of rows that the loss reads; where `f` changes it, the target takes over what it is now.
    /// The length of a range stays as it is.
    fn for_each_range(&mut self, f: &mut dyn FnMut(&mut Range<usize>));

    /// A copy.
    fn boxed(&self) -> Box<dyn Targets>;
}

impl Clone for Box<dyn Targets> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// Calls `f` for a single row as a range of one.
pub(crate) fn single_row(row: &mut usize, f: &mut dyn FnMut(&mut Range<usize>)) {
    let mut range = *row..*row + 1;
    f(&mut range);
    *row = range.start;
}

/// Masked tokens that have to be predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskedTokens {
    /// Rows of the packed matrix, ascending.
    pub rows: Vec<usize>,
    /// The token that stood there.
    pub labels: Vec<u32>,
}

impl MaskedTokens {
    /// Adds the tokens of `other`, each at the row that `row` makes of its own.
    pub(crate) fn append(&mut self, other: Self, row: impl Fn(usize) -> usize) {
        self.rows.extend(other.rows.into_iter().map(row));
        self.labels.extend(other.labels);
    }
}

impl Targets for MaskedTokens {
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn for_each_range(&mut self, f: &mut dyn FnMut(&mut Range<usize>)) {
        self.rows.iter_mut().for_each(|row| single_row(row, f));
    }

    fn boxed(&self) -> Box<dyn Targets> {
        Box::new(self.clone())
    }
}
