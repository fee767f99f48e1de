//! Optimal transport between the words of two sentences, and the word alignment that a plan implies.

/// Options of the word alignment by optimal transport.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Sinkhorn iterations, at least 1. Default 2, as in XLM-Align.
    pub iterations: usize,
    /// Entropic regularization, by which similarities are divided; above 0. The smaller, the closer the plan is to an
    /// assignment. Default 0.1.
    pub regularization: f64,
    /// Rounds of alignment, at least 1. One round keeps the links in which both directions agree; each further round adds
    /// links, with a discount for words that are aligned already (SimAlign's itermax, arXiv 2004.08728, section 2.2).
    /// Default 1; XLM-Align takes 2.
    pub rounds: usize,
}

impl Default for Transport {
    fn default() -> Self {
        Self { iterations: 2, regularization: 0.1, rounds: 1 }
    }
}

/// Factor in further rounds where exactly one of two words is aligned already; SimAlign's value.
const DISCOUNT: f64 = 0.9;

/// The transport plan `P = diag(u) · exp(similarity / regularization) · diag(v)` between uniform masses: rows sum to `1 / rows` in
/// the limit, columns to `1 / columns` after any number of iterations. Computed in logarithms, so that no similarity over- or
/// underflows.
///
/// Self-labelling of Improving Pretrained Cross-Lingual Language Models via Self-Labeled Word Alignment, arXiv 2106.06381,
/// section 3.1; Sinkhorn Distances, arXiv 1306.0895, algorithm 1.
///
/// # Shapes
/// `similarity` and the plan are `[rows, columns]`, row by row; the plan is empty where a side is.
///
/// # Panics
/// Where `similarity` does not hold `rows * columns` numbers.
pub fn sinkhorn(similarity: &[f32], (rows, columns): (usize, usize), options: &Transport) -> Vec<f64> {
    assert_eq!(similarity.len(), rows * columns, "one similarity for each row and column");
    if similarity.is_empty() {
        return Vec::new();
    }
    let kernel: Vec<f64> = similarity.iter().map(|&s| f64::from(s) / options.regularization).collect();
    let (mut row_scale, mut column_scale) = (vec![0.0; rows], vec![0.0; columns]);
    for _ in 0..options.iterations.max(1) {
        for (row, scale) in row_scale.iter_mut().enumerate() {
            let terms = (0..columns).map(|column| kernel[row * columns + column] + column_scale[column]);
            *scale = -(rows as f64).ln() - log_sum_exp(terms);
        }
        for (column, scale) in column_scale.iter_mut().enumerate() {
            let terms = (0..rows).map(|row| kernel[row * columns + column] + row_scale[row]);
            *scale = -(columns as f64).ln() - log_sum_exp(terms);
        }
    }
    let scales = row_scale.iter().flat_map(|row| column_scale.iter().map(move |column| row + column));
    kernel.iter().zip(scales).map(|(kernel, scale)| (kernel + scale).exp()).collect()
}

fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + terms.map(|term| (term - largest).exp()).sum::<f64>().ln()
}

/// The word alignment of a plan as pairs of a row and a column, ascending: two words are linked where each carries more mass to
/// the other than to any other word. More rounds align more words, see [`Transport::rounds`].
///
/// # Shapes
/// `plan` is `[rows, columns]`, row by row.
///
/// # Panics
/// Where `plan` does not hold `rows * columns` numbers.
pub fn align(plan: &[f64], (rows, columns): (usize, usize), rounds: usize) -> Vec<(usize, usize)> {
    assert_eq!(plan.len(), rows * columns, "one mass for each row and column");
    let (mut row_taken, mut column_taken) = (vec![false; rows], vec![false; columns]);
    let mut links = Vec::new();
    for _ in 0..rounds {
        let mass = |row: usize, column: usize| {
            let factor = match (row_taken[row], column_taken[column]) {
                (false, false) => 1.0,
                (true, true) => 0.0,
                _ => DISCOUNT,
            };
            plan[row * columns + column] * factor
        };
        let forward = (0..rows).map(|row| largest((0..columns).map(|column| mass(row, column))));
        let backward: Vec<_> = (0..columns).map(|column| largest((0..rows).map(|row| mass(row, column)))).collect();
        let agreed = forward.enumerate().filter_map(|(row, column)| Some((row, column?)));
        let new: Vec<(usize, usize)> = agreed.filter(|&(row, column)| backward[column] == Some(row)).collect();
        if new.is_empty() {
            break;
        }
        for &(row, column) in &new {
            (row_taken[row], column_taken[column]) = (true, true);
        }
        links.extend(new);
    }
    links.sort_unstable();
    links
}

/// The index of the largest number above 0, the first of equals; `None` where no number is above 0. NaN never is.
fn largest(masses: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best = (None, 0.0);
    for (index, mass) in masses.enumerate() {
        if mass > best.1 {
            best = (Some(index), mass);
        }
    }
    best.0
}
