//! Measures of contrasts, by which one sees whether their vectors have collapsed.

use jove_model::Backend;
use jove_objectives::{LinkHead, LinkItems, LinkOutput, Spread, alignment};

use crate::matrix::to_rows;
use crate::metrics::Diagnostics;

/// Measures the vectors of a contrast.
pub(crate) fn read<D: Backend, T>(
    name: &str,
    linked: &LinkOutput<D, T>,
    items: &LinkItems<'_>,
    head: &LinkHead<D>,
    diagnostics: &mut Diagnostics,
) {
    let width = head.width();
    let (mentions, descriptions) = (to_rows(&linked.mentions), to_rows(&linked.descriptions));
    let own = |&positive: &usize| &descriptions[positive * width..][..width];
    let positives: Vec<f32> = items.positives.iter().flat_map(own).copied().collect();
    let mut set = |gauge: &str, value: f64| diagnostics.insert(format!("{name}.{gauge}"), value);
    set("alignment", alignment(&mentions, &positives, width));
    set("filtered", linked.filtered);
    set("keys", linked.keys as f64);
    for (side, vectors) in [("mentions", &mentions), ("descriptions", &descriptions)] {
        if let Some(spread) = Spread::of(vectors, width) {
            set(&format!("{side}.uniformity"), spread.uniformity);
            set(&format!("{side}.effective-rank"), spread.effective_rank);
        }
    }
    if let Some(temperature) = head.temperature() {
        set("temperature", f64::from(temperature.value()));
    }
}
