//! Optimal transport between the words of two sentences, and the word alignment read from it.

/// How an alignment is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Rounds of Sinkhorn's iteration, from 1; XLM-Align takes 2.
    pub iterations: usize,
    /// Strength of the entropic regularization: similarities are divided by it; above 0. The smaller, the nearer the plan
    /// is to an assignment.
    pub regularization: f64,
    /// Rounds of alignment, from 1: with 1 the two directions must agree; each further round aligns what is left, words
    /// that have a counterpart already at a discount (SimAlign's itermax, arXiv 2004.08728, section 2.2). XLM-Align takes 2.
    pub rounds: usize,
}

impl Default for Transport {
    fn default() -> Self {
        Self { iterations: 2, regularization: 0.1, rounds: 1 }
    }
}

/// What a word weighs in a further round where either it or its candidate has a counterpart already; SimAlign's value.
const DISCOUNT: f64 = 0.9;

/// The transport plan `[rows, columns]`, row by row, between uniform masses `1 / rows` and `1 / columns` that are close
/// where `similarity` is high: Sinkhorn's iteration in logarithms, so that no similarity over- or underflows. The columns
/// sum to their masses after any number of rounds, the rows in the limit. Empty where a side is.
///
/// Self-labelling of Improving Pretrained Cross-Lingual Language Models via Self-Labeled Word Alignment, arXiv 2106.06381,
/// section 3.1; Sinkhorn Distances, arXiv 1306.0895, algorithm 1.
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

/// The word alignment of a plan `[rows, columns]` as pairs of a row and a column, in order: a word and its counterpart
/// carry more mass to each other than to any other word. More rounds align more words, see [`Transport::rounds`].
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

/// Where the largest number above 0 is, the first of equals; what is no number counts as none.
fn largest(masses: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best = (None, 0.0);
    for (index, mass) in masses.enumerate() {
        if mass > best.1 {
            best = (Some(index), mass);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Table = (usize, usize, Vec<f32>);

    fn tables() -> impl Strategy<Value = Table> {
        (1usize..7, 1usize..7).prop_flat_map(|(rows, columns)| {
            (Just(rows), Just(columns), prop::collection::vec(-1.0..1.0f32, rows * columns))
        })
    }

    fn permuted((rows, columns, values): &Table, row_order: &[usize], column_order: &[usize]) -> Vec<f32> {
        assert_eq!((row_order.len(), column_order.len()), (*rows, *columns));
        row_order.iter().flat_map(|r| column_order.iter().map(move |c| values[r * columns + c])).collect()
    }

    /// Sinkhorn's iteration as it is written down, with plain products.
    fn plain((rows, columns, values): &Table, options: &Transport) -> Vec<f64> {
        let kernel: Vec<f64> = values.iter().map(|&s| (f64::from(s) / options.regularization).exp()).collect();
        let (mut u, mut v) = (vec![1.0; *rows], vec![1.0; *columns]);
        for _ in 0..options.iterations {
            for r in 0..*rows {
                u[r] = 1.0 / *rows as f64 / (0..*columns).map(|c| kernel[r * columns + c] * v[c]).sum::<f64>();
            }
            for c in 0..*columns {
                v[c] = 1.0 / *columns as f64 / (0..*rows).map(|r| kernel[r * columns + c] * u[r]).sum::<f64>();
            }
        }
        (0..rows * columns).map(|i| u[i / columns] * kernel[i] * v[i % columns]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_and_columns_sum_to_their_masses(table in tables()) {
            let (rows, columns, values) = &table;
            let options = Transport { iterations: 500, regularization: 0.3, rounds: 1 };
            let plan = sinkhorn(values, (*rows, *columns), &options);
            for row in 0..*rows {
                let sum: f64 = plan[row * columns..][..*columns].iter().sum();
                prop_assert!((sum - 1.0 / *rows as f64).abs() < 1e-6, "row {row}: {sum}");
            }
            let few = sinkhorn(values, (*rows, *columns), &Transport::default());
            for plan in [plan, few] {
                for column in 0..*columns {
                    let sum: f64 = (0..*rows).map(|row| plan[row * columns + column]).sum();
                    prop_assert!((sum - 1.0 / *columns as f64).abs() < 1e-9, "column {column}: {sum}");
                }
            }
        }

        #[test]
        fn equals_the_plain_iteration(table in tables(), iterations in 1usize..4) {
            let options = Transport { iterations, ..Transport::default() };
            let found = sinkhorn(&table.2, (table.0, table.1), &options);
            for (found, expected) in found.into_iter().zip(plain(&table, &options)) {
                prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }

        #[test]
        fn the_order_of_words_does_not_matter(table in tables(), seed: u64, rounds in 1usize..3) {
            let (rows, columns, values) = &table;
            let order = |count: usize, by: u64| {
                let mut order: Vec<usize> = (0..count).collect();
                order.sort_by_key(|&index| (index as u64 + 1).wrapping_mul(by | 1) % 101);
                order
            };
            let (row_order, column_order) = (order(*rows, seed), order(*columns, seed >> 7));
            let mixed = permuted(&table, &row_order, &column_order);
            let [plan, mixed_plan] =
                [values, &mixed].map(|values| sinkhorn(values, (*rows, *columns), &Transport::default()));
            for (index, mass) in mixed_plan.iter().enumerate() {
                let expected = plan[row_order[index / columns] * columns + column_order[index % columns]];
                prop_assert!((mass - expected).abs() < 1e-9, "{mass} {expected}");
            }
            // Of equal masses the first counts, so only plans without equals are alike in any order.
            let mut masses: Vec<f32> = values.iter().map(|value| value + 2.0).collect();
            masses.sort_unstable_by(f32::total_cmp);
            prop_assume!(masses.windows(2).all(|pair| pair[0] < pair[1] && (pair[0] - pair[1] * DISCOUNT as f32).abs() > 0.0));
            let find = |values: &[f32]| {
                let plan: Vec<f64> = values.iter().map(|&value| f64::from(value + 2.0)).collect();
                align(&plan, (*rows, *columns), rounds)
            };
            let mut back: Vec<(usize, usize)> =
                find(&mixed).into_iter().map(|(row, column)| (row_order[row], column_order[column])).collect();
            back.sort_unstable();
            prop_assert_eq!(back, find(values));
        }

        #[test]
        fn more_rounds_only_add(table in tables()) {
            let plan = sinkhorn(&table.2, (table.0, table.1), &Transport::default());
            let [one, two] = [1, 2].map(|rounds| align(&plan, (table.0, table.1), rounds));
            prop_assert!(one.iter().all(|link| two.contains(link)));
            prop_assert!(!one.is_empty());
            prop_assert!(one.windows(2).all(|pair| pair[0].0 < pair[1].0), "one counterpart a word in the first round");
        }
    }

    #[test]
    fn one_word_and_no_word() {
        let options = Transport::default();
        let plan = sinkhorn(&[0.3], (1, 1), &options);
        assert!((plan[0] - 1.0).abs() < 1e-12);
        assert_eq!(align(&plan, (1, 1), 2), [(0, 0)]);
        assert_eq!(align(&sinkhorn(&[], (0, 3), &options), (0, 3), 2), []);
        assert_eq!(align(&sinkhorn(&[], (0, 0), &options), (0, 0), 1), []);
        let one_for_three = sinkhorn(&[0.1, 0.9, 0.2], (1, 3), &options);
        assert!(one_for_three.iter().all(|mass| (mass - 1.0 / 3.0).abs() < 1e-12), "all of it has to go somewhere");
    }

    #[test]
    fn a_further_round_finds_the_second_word_of_a_phrase() {
        // Rows 0 and 1 both mean column 0; row 1 less so.
        let plan = [0.5, 0.01, 0.4, 0.02];
        assert_eq!(align(&plan, (2, 2), 1), [(0, 0)]);
        assert_eq!(align(&plan, (2, 2), 2), [(0, 0), (1, 0)]);
    }

    #[test]
    fn extreme_similarities_neither_overflow_nor_vanish() {
        let options = Transport { regularization: 1e-3, ..Transport::default() };
        let plan = sinkhorn(&[1e4, -1e4, -1e4, 1e4], (2, 2), &options);
        assert!(plan.iter().all(|mass| mass.is_finite()));
        assert_eq!(align(&plan, (2, 2), 1), [(0, 0), (1, 1)]);
        let broken = sinkhorn(&[f32::NAN; 4], (2, 2), &options);
        assert_eq!(align(&broken, (2, 2), 2), []);
    }
}
