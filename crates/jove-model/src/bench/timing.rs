//! Times of repeated runs.

use std::time::Instant;

/// Seconds that `f` takes.
pub(crate) fn seconds(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

/// The median, the smallest and the largest; 0 of nothing.
pub(crate) fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    [at(values.len() / 2), at(0), at(values.len().saturating_sub(1))]
}
