//! One learning curve for each variant: the mean over its seeds, and how far they spread.

use crate::report::content::Report;

/// A point of the mean curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BandPoint {
    /// Tokens read, on average over seeds.
    pub(crate) tokens: u64,
    /// The lowest loss of any seed.
    pub(crate) low: f64,
    /// The mean loss.
    pub(crate) mean: f64,
    /// The highest loss of any seed.
    pub(crate) high: f64,
}

/// The points of a variant, as far as all its seeds go; losses that are not finite are left out.
pub(crate) fn band(report: &Report, variant: &str) -> Vec<BandPoint> {
    let curves: Vec<_> =
        report.results.iter().filter(|result| result.variant == variant).map(|result| &result.curve).collect();
    let length = curves.iter().map(|curve| curve.len()).min().unwrap_or(0);
    let point = |index: usize| {
        let points = curves.iter().map(|curve| curve[index]);
        let losses: Vec<f64> = points.clone().map(|point| point.loss).filter(|loss| loss.is_finite()).collect();
        let count = curves.len() as u64;
        (!losses.is_empty()).then(|| BandPoint {
            tokens: points.map(|point| point.tokens).sum::<u64>() / count,
            low: losses.iter().copied().fold(f64::MAX, f64::min),
            mean: losses.iter().sum::<f64>() / losses.len() as f64,
            high: losses.iter().copied().fold(f64::MIN, f64::max),
        })
    };
    (0..length).filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_spans_its_seeds() {
        let mut report = crate::report::tests::sample();
        let last = report.results.iter_mut().filter(|result| result.variant == "kg").last().unwrap();
        last.curve.truncate(5);
        last.curve.iter_mut().for_each(|point| point.loss += 1.0);
        let band = band(&report, "kg");
        assert_eq!(band.len(), 5);
        for point in band {
            assert!((point.high - point.low - 1.0).abs() < 1e-9 && (point.mean - point.low - 0.5).abs() < 1e-9);
        }
        assert!(self::band(&report, "nobody").is_empty());
    }
}
