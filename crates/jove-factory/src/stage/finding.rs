//! What all searches for duplicates share.

use super::{Segment, StageContext};
use crate::sort::Sorter;

/// The work of finding duplicates.
pub(super) struct Finding<'a> {
    pub(super) context: &'a StageContext<'a>,
    pub(super) segments: &'a [Segment],
    pub(super) documents: u64,
}

impl Finding<'_> {
    pub(super) fn sorter<const N: usize>(&self) -> Sorter<N> {
        Sorter::new(self.context.work.folder(), self.context.sort_bytes())
    }
}
