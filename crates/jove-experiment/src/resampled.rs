//! How sure a difference between two variants is, by a bootstrap over seeds and items together.

use serde::{Deserialize, Serialize};

use crate::results::Measure;

/// The bootstrap of the difference between two variants in one measure; positive is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resampled {
    /// The variant.
    pub variant: String,
    /// What it is compared to.
    pub base: String,
    /// The probe.
    pub probe: String,
    /// The measure.
    pub measure: String,
    /// Lower end of the 95% percentile interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Two-sided p: twice the share of resamples on the other side of 0, at most 1.
    pub p: f64,
}

/// That of a pair in a measure, whichever of the two is the base.
pub(crate) fn find(resampled: &[Resampled], [variant, base]: [&str; 2], measure: &Measure) -> Option<Resampled> {
    resampled.iter().filter(|one| one.probe == measure.probe && one.measure == measure.measure).find_map(|one| {
        match (one.variant.as_str(), one.base.as_str()) {
            pair if pair == (variant, base) => Some(one.clone()),
            pair if pair == (base, variant) => {
                let names = (variant.to_owned(), base.to_owned());
                Some(Resampled { variant: names.0, base: names.1, low: -one.high, high: -one.low, ..one.clone() })
            }
            _ => None,
        }
    })
}
