//! What a search engine does.

use crate::error::Error;

/// Finds every occurrence of its patterns, overlapping ones too.
pub(crate) trait Engine: Sized {
    /// Builds the engine over different, non-empty patterns; a pattern's number is its place.
    fn build(patterns: &[Box<str>]) -> Result<Self, Error>;

    /// Calls `visit` with pattern, start and end of every occurrence, ends in ascending order.
    fn for_each(&self, text: &str, visit: impl FnMut(u32, usize, usize));

    /// Bytes on the heap.
    fn memory(&self) -> usize;
}
