//! Correlations.

/// Pearson's correlation; 0 where one side never changes.
pub(crate) fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (centred(x), centred(y));
    let along: f64 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
    let length = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let lengths = length(&x) * length(&y);
    if lengths > 0.0 { (along / lengths).clamp(-1.0, 1.0) } else { 0.0 }
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| value - mean).collect()
}

/// Pearson's correlation of the ranks.
pub(crate) fn spearman(x: &[f64], y: &[f64]) -> f64 {
    pearson(&ranks(x), &ranks(y))
}

/// Ranks from 1; equal numbers share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    // Adding 0 makes -0 equal to 0.
    let key = |at: usize| values[at] + 0.0;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = |&&at: &&usize| key(at).total_cmp(&key(order[start])).is_eq();
        let end = start + order[start..].iter().take_while(same).count();
        let rank = (start + end + 1) as f64 / 2.0;
        order[start..end].iter().for_each(|&at| ranks[at] = rank);
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

    use super::*;

    #[test]
    fn equal_numbers_share_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[]), Vec::<f64>::new());
    }

    #[test]
    fn what_never_changes_is_not_correlated() {
        assert_eq!(pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), 0.0);
        assert_eq!(pearson(&[], &[]), 0.0);
        assert!((spearman(&[1.0, 10.0, 100.0], &[-3.0, 0.0, 0.5]) - 1.0).abs() < 1e-15);
    }
}
