//! How often each language or domain is drawn.

use jove_core::InvalidSetting;

use crate::Result;

/// Probabilities proportional to `counts[i] ^ alpha`: 1 draws as the data lies, 0 draws all alike, and 0.3 is XLM-R's
/// choice ("Unsupervised Cross-lingual Representation Learning at Scale", arXiv 1911.02116, §3). What is empty is never
/// drawn.
///
/// # Errors
/// When `alpha` is outside [0, 1] or every count is 0.
pub fn balance(counts: &[u64], alpha: f64) -> Result<Vec<f64>> {
    InvalidSetting::check((0.0..=1.0).contains(&alpha), "alpha", "a number from 0 to 1", alpha)?;
    let weights: Vec<f64> =
        counts.iter().map(|&count| if count == 0 { 0.0 } else { (count as f64).powf(alpha) }).collect();
    let total: f64 = weights.iter().sum();
    InvalidSetting::check(total > 0.0, "sources", "at least one with text", "none")?;
    Ok(weights.into_iter().map(|weight| weight / total).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_languages_are_drawn_more_often_than_they_occur() {
        assert_eq!(balance(&[90, 10, 0], 1.0).unwrap(), [0.9, 0.1, 0.0]);
        assert_eq!(balance(&[90, 10, 0], 0.0).unwrap(), [0.5, 0.5, 0.0]);
        let tempered = balance(&[90, 10], 0.3).unwrap();
        assert!(tempered[1] > 0.3 && tempered[1] < 0.4, "{tempered:?}");
        assert!(balance(&[0, 0], 0.3).is_err());
        assert!(balance(&[1], f64::NAN).is_err());
    }
}
