//! Transport plans and the alignments that they imply.

use jove_objectives::{Transport, align, sinkhorn};
use proptest::prelude::*;

use crate::helpers::orders;

/// The discount of further rounds.
const DISCOUNT: f32 = 0.9;

type Table = (usize, usize, Vec<f32>);

fn tables() -> impl Strategy<Value = Table> {
    (1usize..7, 1usize..7).prop_flat_map(|(rows, columns)| {
        (Just(rows), Just(columns), prop::collection::vec(-1.0..1.0f32, rows * columns))
    })
}

fn tables_with_orders() -> impl Strategy<Value = (Table, Vec<usize>, Vec<usize>)> {
    tables().prop_flat_map(|table| (Just(table.clone()), orders(table.0), orders(table.1)))
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
    fn the_order_of_words_does_not_matter((table, row_order, column_order) in tables_with_orders(), rounds in 1usize..3) {
        let (rows, columns, values) = &table;
        let mixed = permuted(&table, &row_order, &column_order);
        let [plan, mixed_plan] =
            [values, &mixed].map(|values| sinkhorn(values, (*rows, *columns), &Transport::default()));
        for (index, mass) in mixed_plan.iter().enumerate() {
            let expected = plan[row_order[index / columns] * columns + column_order[index % columns]];
            prop_assert!((mass - expected).abs() < 1e-9, "{mass} {expected}");
        }
        // Ties go to the first, so only plans without ties have one alignment in every order.
        let mut masses: Vec<f32> = values.iter().map(|value| value + 2.0).collect();
        masses.sort_unstable_by(f32::total_cmp);
        prop_assume!(masses.windows(2).all(|pair| pair[0] < pair[1] && (pair[0] - pair[1] * DISCOUNT).abs() > 0.0));
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
    fn the_sides_can_change_places((rows, columns, values) in tables()) {
        let options = Transport { iterations: 500, regularization: 0.3, rounds: 1 };
        let transposed: Vec<f32> = (0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect();
        let plan = sinkhorn(&values, (rows, columns), &options);
        let other = sinkhorn(&transposed, (columns, rows), &options);
        for (index, mass) in plan.iter().enumerate() {
            prop_assert!((mass - other[index % columns * rows + index / columns]).abs() < 1e-6);
        }
    }

    /// What all words of the other side share says nothing.
    #[test]
    fn a_constant_on_a_row_changes_nothing((rows, columns, values) in tables(), shift in -3.0..3.0f32, row in 0usize..7) {
        let moved: Vec<f32> = values
            .iter()
            .enumerate()
            .map(|(index, value)| if index / columns == row % rows { value + shift } else { *value })
            .collect();
        let [plain, moved] = [&values, &moved].map(|values| sinkhorn(values, (rows, columns), &Transport::default()));
        prop_assert!(plain.iter().zip(&moved).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn strong_regularization_spreads_the_mass_evenly((rows, columns, values) in tables()) {
        let options = Transport { regularization: 1e6, ..Transport::default() };
        let plan = sinkhorn(&values, (rows, columns), &options);
        prop_assert!(plan.iter().all(|mass| (mass * (rows * columns) as f64 - 1.0).abs() < 1e-5));
    }

    #[test]
    fn weak_regularization_finds_a_planted_assignment(order in orders(5), noise in prop::collection::vec(0.0..0.4f32, 25)) {
        let similarity: Vec<f32> =
            noise.iter().enumerate().map(|(i, noise)| noise + if order[i / 5] == i % 5 { 0.5 } else { 0.0 }).collect();
        let options = Transport { iterations: 50, regularization: 0.01, rounds: 1 };
        let plan = sinkhorn(&similarity, (5, 5), &options);
        let expected: Vec<(usize, usize)> = order.iter().copied().enumerate().collect();
        prop_assert_eq!(align(&plan, (5, 5), 1), expected);
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
fn sides_of_one_word_or_none() {
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
