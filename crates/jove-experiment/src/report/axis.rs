//! From values to places in a picture.

/// A range of values along an axis of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    is_log: bool,
}

/// Values that reach over more than this factor are easier to compare on a logarithmic axis.
const LOG_FACTOR: f64 = 30.0;

impl Axis {
    /// An axis over all finite `values`, with a margin, between two places; `None` where they are none. `may_be_log` allows a
    /// logarithmic one for positive values that differ much.
    pub(crate) fn over(values: impl Iterator<Item = f64>, from: f64, to: f64, may_be_log: bool) -> Option<Self> {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        let is_log = may_be_log && low > 0.0 && high / low > LOG_FACTOR;
        let mut axis = Self { low, high, from, to, is_log };
        let [a, b] = [axis.scaled(low), axis.scaled(high)];
        let margin = if b > a { 0.06 * (b - a) } else { 0.5 * a.abs().max(0.1) };
        (axis.low, axis.high) = (axis.unscaled(a - margin), axis.unscaled(b + margin));
        // Counts and shares begin at nothing.
        if !is_log && low >= 0.0 {
            axis.low = axis.low.max(0.0);
        }
        Some(axis)
    }

    /// Whether its values are spaced by their logarithms.
    pub(crate) fn is_log(&self) -> bool {
        self.is_log
    }

    /// Where a value lies.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let [low, high, value] = [self.low, self.high, value].map(|value| self.scaled(value));
        self.from + (self.to - self.from) * ((value - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Round values to label, about so many.
    pub(crate) fn ticks(&self, about: usize) -> Vec<f64> {
        if self.is_log {
            let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
            let marks = decades.flat_map(|decade| [1.0, 3.0].map(|step| step * 10f64.powi(decade)));
            return marks.filter(|mark| (self.low..=self.high).contains(mark)).collect();
        }
        let raw = (self.high - self.low) / about.max(1) as f64;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= raw);
        let step = step.unwrap_or(power);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|mark| mark as f64 * step).collect()
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.is_log { value.max(f64::MIN_POSITIVE).ln() } else { value }
    }

    fn unscaled(&self, value: f64) -> f64 {
        if self.is_log { value.exp() } else { value }
    }
}

/// A label with no more digits than its value needs.
pub(crate) fn label(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 {
        return format!("{} M", short(value / 1e6));
    }
    if size >= 1e4 { format!("{} k", short(value / 1e3)) } else { short(value) }
}

fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (if text == "-0" { "0" } else { text }).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_have_the_digits_that_they_need() {
        for (value, expected) in [
            (0.0, "0"),
            (0.05, "0.05"),
            (-0.25, "−0.25"),
            (12.0, "12"),
            (30_000.0, "30 k"),
            (1_200_000.0, "1.2 M"),
            (-0.000_001, "0"),
        ] {
            assert_eq!(label(value), expected);
        }
    }

    #[test]
    fn values_far_apart_are_spaced_by_their_logarithms_where_that_is_allowed() {
        let of = |values: &[f64], may| Axis::over(values.iter().copied(), 0.0, 100.0, may).unwrap();
        assert!(of(&[1.0, 1000.0], true).is_log() && !of(&[1.0, 1000.0], false).is_log());
        assert!(!of(&[1.0, 20.0], true).is_log() && !of(&[0.0, 1000.0], true).is_log());
        assert_eq!(of(&[10.0, 1000.0], true).ticks(5), [10.0, 30.0, 100.0, 300.0, 1000.0]);
        assert_eq!(Axis::over([f64::NAN].into_iter(), 0.0, 1.0, true), None);
    }

    proptest! {
        #[test]
        fn places_keep_the_order_of_values_and_ticks_lie_on_the_axis(
            mut values in prop::collection::vec(-1e6..1e6f64, 1..20), may_be_log in any::<bool>(),
        ) {
            let axis = Axis::over(values.iter().copied(), 10.0, 500.0, may_be_log).unwrap();
            values.sort_by(f64::total_cmp);
            let places: Vec<f64> = values.iter().map(|value| axis.place(*value)).collect();
            prop_assert!(places.is_sorted() && places.iter().all(|place| (10.0..=500.0).contains(place)));
            let ticks = axis.ticks(5);
            prop_assert!((1..=12).contains(&ticks.len()), "{:?}", ticks);
        }
    }
}
