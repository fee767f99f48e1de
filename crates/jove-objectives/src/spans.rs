//! Ranges of rows as the model's operators take them.

use std::ops::Range;

/// The arguments of [`jove_model::Backend::span_mean`] for some ranges of rows.
pub(crate) fn spans(ranges: &[Range<usize>]) -> Vec<(u32, u32)> {
    ranges.iter().map(|range| (range.start as u32, range.end as u32)).collect()
}
