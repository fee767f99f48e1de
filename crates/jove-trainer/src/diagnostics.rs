//! Whether contrasts have collapsed.

use jove_model::Backend;
use jove_objectives::{LinkHead, LinkItems, LinkOutput, Spread, alignment};

use crate::matrix::to_rows;
use crate::metrics::Diagnostics;

/// Vectors that lie nearer together than this are said to have collapsed: on average less than a quarter apart, squared.
const UNIFORMITY_MAX: f64 = -0.5;

/// Reads what a contrast came to.
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

/// Says so where vectors have collapsed after the first tenth of a run; before that they are all alike anyway.
pub(crate) fn warn_of_collapse(diagnostics: &Diagnostics, step: u64, steps: u64) {
    for gauge in collapsed(diagnostics).filter(|_| step > steps / 10) {
        tracing::warn!(step, gauge, value = diagnostics[gauge], "vectors of a contrast lie in one place");
    }
}

fn collapsed(diagnostics: &Diagnostics) -> impl Iterator<Item = &str> {
    let near = diagnostics.iter().filter(|(name, value)| name.ends_with(".uniformity") && **value > UNIFORMITY_MAX);
    near.map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_in_one_place_are_named() {
        let diagnostics = Diagnostics::from(
            [("link.mentions.uniformity", -0.1), ("link.descriptions.uniformity", -2.5), ("link.alignment", 0.0)]
                .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(collapsed(&diagnostics).collect::<Vec<_>>(), ["link.mentions.uniformity"]);
    }
}
