//! Which rows the last layer computes, so that its matrix products round as those of all rows do.

use crate::packed_batch::PackedBatch;

/// Fewer rows than these the last layer does not compute: the library adds up products of very few rows in another order,
/// and rows would not be those of the full pass, bit for bit.
const ROWS_MIN: usize = 65;
/// As [`ROWS_MIN`], for the product of the queries and the keys of one sequence: numbers in it.
const SCORES_MIN: usize = 257;

/// The selected rows in ascending order, and as many more as it takes for each product in the last layer to have its usual
/// form; all rows where few would be left out.
pub(crate) fn rows(batch: &PackedBatch, rows: &[u32]) -> Vec<u32> {
    let tokens = batch.token_count();
    let mut selected = vec![false; tokens];
    for &row in rows {
        // A row that does not exist is found when rows are picked from all of them.
        match selected.get_mut(row as usize) {
            Some(selected) => *selected = true,
            None => return (0..tokens as u32).collect(),
        }
    }
    for sequence in batch.cu_seqlens().windows(2) {
        add_rows(&mut selected[sequence[0]..sequence[1]]);
    }
    let computed: Vec<u32> = (0..tokens as u32).filter(|&row| selected[row as usize]).collect();
    let few = computed.len() < ROWS_MIN || computed.len() * 5 > tokens * 4;
    if few { (0..tokens as u32).collect() } else { computed }
}

/// Selects the first other rows of a sequence of which too few are selected.
fn add_rows(selected: &mut [bool]) {
    let count = selected.iter().filter(|&&selected| selected).count();
    let least = SCORES_MIN.div_ceil(selected.len()).max(2);
    if count > 0 && count < least {
        selected.iter_mut().filter(|selected| !**selected).take(least - count).for_each(|selected| *selected = true);
    }
}

#[cfg(test)]
mod tests {
    use jove_core::ModelConfig;
    use proptest::prelude::*;

    use super::*;

    fn batch(lengths: &[usize]) -> PackedBatch {
        let mut batch = PackedBatch::builder(&ModelConfig::bert(10, 8, 1, 2, 16));
        for &length in lengths {
            batch.push(&vec![1; length]).unwrap();
        }
        batch.build()
    }

    proptest! {
        #[test]
        fn rows_ascend_and_hold_what_is_selected(
            lengths in prop::collection::vec(1..200usize, 1..5),
            picks in prop::collection::vec(0..200u32, 0..40),
        ) {
            let batch = batch(&lengths);
            let tokens = batch.token_count() as u32;
            let wanted: Vec<u32> = picks.into_iter().filter(|row| *row < tokens).collect();
            let found = rows(&batch, &wanted);
            prop_assert!(found.is_sorted_by(|a, b| a < b) && found.last() < Some(&tokens));
            prop_assert!(wanted.iter().all(|row| found.contains(row)));
            prop_assert!(found.len() >= ROWS_MIN || found.len() == tokens as usize);
        }
    }

    #[test]
    fn products_of_one_sequence_are_not_too_small() {
        let batch = batch(&[300, 300, 300]);
        let found = rows(&batch, &(0..100).chain([450]).collect::<Vec<_>>());
        let in_second = found.iter().filter(|&&row| (300..600).contains(&row)).count();
        assert_eq!((found.len(), in_second), (102, 2));
        assert!(found.iter().all(|row| *row < 600), "nothing of the third sequence is computed");
    }

    #[test]
    fn all_rows_are_computed_where_there_is_nothing_to_gain() {
        let batch = batch(&[100, 40]);
        let all: Vec<u32> = (0..140).collect();
        for wanted in [vec![], vec![3, 3], vec![140], (0..64).collect(), (0..139).collect()] {
            assert_eq!(rows(&batch, &wanted), all, "{wanted:?}");
        }
    }
}
