//! How vectors are spread over the unit sphere: a diagnostic of contrastive losses.

/// How a set of vectors is spread over the unit sphere. After a collapse all vectors are nearly the same: uniformity near 0 and
/// effective rank near 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// `ln E exp(−2 |x − y|²)` over all pairs of different rows scaled to length 1: 0 where all are the same, about −4 where
    /// they are spread evenly over a sphere of many dimensions, at least −8. Understanding Contrastive Representation
    /// Learning through Alignment and Uniformity on the Hypersphere, arXiv 2005.10242, equation 2 with t = 2.
    pub uniformity: f64,
    /// `exp(−Σ p ln p)` with `p` the singular values of the rows scaled to length 1, divided by their sum: between 1 and the
    /// number of rows or columns. The Effective Rank: A Measure of Effective Dimensionality, Roy and Vetterli, EUSIPCO 2007,
    /// definition 1.
    pub effective_rank: f64,
}

/// Largest sample of rows: the cost is cubic in it.
const ROWS_MAX: usize = 64;

impl Spread {
    /// The spread of at most 64 evenly chosen rows; `None` for fewer than two.
    ///
    /// # Shapes
    /// `vectors` is `[rows, width]`, row by row.
    pub fn of(vectors: &[f32], width: usize) -> Option<Self> {
        let rows = unit_rows(vectors, width);
        if rows.len() < 2 {
            return None;
        }
        let gram: Vec<Vec<f64>> = rows.iter().map(|a| rows.iter().map(|b| dot(a, b)).collect()).collect();
        let pairs = (rows.len() * (rows.len() - 1) / 2) as f64;
        // |x − y|² = 2 − 2 x·y for rows of length 1.
        let kernel: f64 =
            (0..rows.len()).flat_map(|i| gram[i][..i].iter()).map(|cosine| (4.0 * (cosine - 1.0)).exp()).sum();
        let singular: Vec<f64> = eigenvalues(gram).into_iter().map(|value| value.max(0.0).sqrt()).collect();
        let total: f64 = singular.iter().sum();
        let part = |value: f64| if value > 0.0 { -value / total * (value / total).ln() } else { 0.0 };
        let entropy: f64 = singular.into_iter().map(part).sum();
        Some(Self { uniformity: (kernel / pairs).ln(), effective_rank: entropy.exp() })
    }
}

/// Alignment of positive pairs: the mean of `|x − y|²` over rows scaled to length 1, in [0, 4]; 0 without rows. arXiv 2005.10242,
/// equation 1 with α = 2.
///
/// # Shapes
/// `left` and `right` are `[rows, width]`, row by row; row i of one is the positive of row i of the other.
pub fn alignment(left: &[f32], right: &[f32], width: usize) -> f64 {
    let pairs = left.chunks_exact(width.max(1)).zip(right.chunks_exact(width.max(1)));
    let (mut sum, mut count) = (0.0, 0.0);
    for (x, y) in pairs {
        sum += 2.0 - 2.0 * dot(&unit(x), &unit(y));
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

fn unit_rows(vectors: &[f32], width: usize) -> Vec<Vec<f64>> {
    let count = vectors.len() / width.max(1);
    let kept = count.min(ROWS_MAX);
    (0..kept).map(|index| unit(&vectors[index * count / kept * width..][..width])).collect()
}

fn unit(row: &[f32]) -> Vec<f64> {
    let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt().max(1e-12);
    row.iter().map(|&value| f64::from(value) / length).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The eigenvalues of a symmetric matrix, unordered, by Jacobi rotations (Golub and Van Loan, Matrix Computations, section
/// 8.5.5).
fn eigenvalues(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let size = matrix.len();
    let total: f64 = matrix.iter().flatten().map(|value| value * value).sum();
    // Convergence is quadratic; ten sweeps are more than any matrix of this size needs.
    for _ in 0..10 {
        let off: f64 = (0..size).flat_map(|i| matrix[i][..i].iter()).map(|value| value * value).sum();
        if off <= 1e-16 * total {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut matrix, p, q);
            }
        }
    }
    (0..size).map(|i| matrix[i][i]).collect()
}

/// Rotates the plane of two axes so that their off-diagonal entry becomes 0.
fn rotate(matrix: &mut [Vec<f64>], p: usize, q: usize) {
    let entry = matrix[p][q];
    if entry.abs() < 1e-300 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * entry);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        let (a, b) = (row[p], row[q]);
        (row[p], row[q]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
    // p < q, so row q is the first of the lower part.
    let (upper, lower) = matrix.split_at_mut(q);
    for (first, second) in upper[p].iter_mut().zip(&mut lower[0]) {
        (*first, *second) = (cosine * *first - sine * *second, sine * *first + cosine * *second);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eigenvalues_keep_the_trace_and_the_sum_of_squares(
            values in prop::collection::vec(-2.0..2.0f32, 0..90), width in 1usize..7,
        ) {
            let near = |found: f64, expected: f64| (found - expected).abs() < 1e-6 * (1.0 + expected.abs());
            let rows = unit_rows(&values, width);
            let gram: Vec<Vec<f64>> = rows.iter().map(|a| rows.iter().map(|b| dot(a, b)).collect()).collect();
            let trace: f64 = (0..gram.len()).map(|i| gram[i][i]).sum();
            let squares: f64 = gram.iter().flatten().map(|value| value * value).sum();
            let found = eigenvalues(gram);
            prop_assert!(near(found.iter().sum(), trace));
            prop_assert!(near(found.iter().map(|value| value * value).sum(), squares));
        }
    }
}
