//! The hidden states that the losses of a batch read.

use std::collections::BTreeMap;

use crate::batch::Batch;
use crate::objective::kind::Objective;
use crate::targets::Targets;

/// What the losses of a batch read of the last layer. Few rows of it, most often: a model that predicts masked tokens needs
/// no other hidden states, see [`jove_model::Encoder::forward_rows`].
#[derive(Clone, Debug)]
pub(crate) struct LossRows {
    /// The rows of the packed matrix that some loss reads, ascending, none twice; at least one, since not every device
    /// knows matrices without rows.
    pub(crate) rows: Vec<u32>,
    /// As in the batch, but rows are counted among [`LossRows::rows`]. Objectives that read another layer are left out.
    pub(crate) targets: BTreeMap<Objective, Box<dyn Targets>>,
}

impl LossRows {
    /// What the losses of `batch` read, without the objectives for which `reads_other_layer` holds.
    pub(crate) fn of(batch: &Batch, reads_other_layer: impl Fn(Objective) -> bool) -> Self {
        let mut targets = batch.targets.clone();
        targets.retain(|&objective, _| !reads_other_layer(objective));
        let mut read = vec![false; batch.len()];
        for targets in targets.values_mut() {
            targets.for_each_range(&mut |rows| read[rows.clone()].fill(true));
        }
        if let (false, Some(first)) = (read.contains(&true), read.first_mut()) {
            *first = true;
        }
        let before = rows_before(&read);
        for targets in targets.values_mut() {
            // All rows of a range are read, so they stay side by side.
            targets.for_each_range(&mut |rows| {
                let start = before.get(rows.start).copied().unwrap_or(0);
                *rows = start..start + rows.len();
            });
        }
        Self { rows: (0..read.len() as u32).filter(|&row| read[row as usize]).collect(), targets }
    }
}

/// For each row, how many rows before it are read: its index among those, if it is one.
fn rows_before(read: &[bool]) -> Vec<usize> {
    let count = |count: &mut usize, &read: &bool| {
        let before = *count;
        *count += usize::from(read);
        Some(before)
    };
    read.iter().scan(0, count).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use jove_objectives::Pointer;
    use proptest::prelude::*;

    use super::*;
    use crate::objective::contrast::LinkTargets;
    use crate::objective::translation::TranslationTargets;
    use crate::objective::word_alignment::Pointers;
    use crate::targets::MaskedTokens;

    #[allow(clippy::single_range_in_vec_init, reason = "one span is what is meant")]
    fn batch() -> Batch {
        let mut batch = Batch { tokens: vec![5; 20], ..Batch::default() };
        *batch.entry(Objective::Mlm) = MaskedTokens { rows: vec![1, 4], labels: vec![7, 8] };
        *batch.entry(Objective::Tlm) = MaskedTokens { rows: vec![8], labels: vec![9] };
        *batch.entry(Objective::Link) =
            LinkTargets { mentions: vec![3..5], descriptions: vec![16..19], ..LinkTargets::default() };
        *batch.entry(Objective::Translation) =
            TranslationTargets { sources: vec![10..12], targets: vec![13..15], ..TranslationTargets::default() };
        *batch.entry(Objective::WordAlignment) = Pointers(vec![Pointer { row: 8, among: 5..7, target: 6 }]);
        batch
    }

    /// All rows that targets name, one by one.
    fn rows(targets: &BTreeMap<Objective, Box<dyn Targets>>) -> Vec<usize> {
        let mut all = Vec::new();
        for targets in targets.values() {
            targets.clone().for_each_range(&mut |rows: &mut Range<usize>| all.extend(rows.clone()));
        }
        all
    }

    #[test]
    fn every_row_read_keeps_its_hidden_state() {
        let (batch, read) = (batch(), LossRows::of(&batch(), |_| false));
        assert_eq!(read.rows, [1, 3, 4, 5, 6, 8, 10, 11, 13, 14, 16, 17, 18]);
        let back: Vec<usize> = rows(&read.targets).into_iter().map(|row| read.rows[row] as usize).collect();
        assert_eq!(back, rows(&batch.targets));
        for (objective, targets) in &batch.targets {
            assert_eq!(read.targets[objective].count(), targets.count());
        }
    }

    #[test]
    fn what_another_layer_is_read_for_is_left_out() {
        let read = LossRows::of(&batch(), |objective| objective == Objective::Translation);
        assert_eq!(read.rows, [1, 3, 4, 5, 6, 8, 16, 17, 18]);
        assert!(!read.targets.contains_key(&Objective::Translation));
    }

    #[test]
    fn a_batch_without_targets_reads_one_row() {
        assert_eq!(LossRows::of(&Batch { tokens: vec![5; 3], ..Batch::default() }, |_| false).rows, [0]);
        assert!(LossRows::of(&Batch::default(), |_| false).rows.is_empty());
    }

    proptest! {
        #[test]
        fn labels_stay_with_their_rows(rows in prop::collection::btree_set(0usize..40, 0..20), spans in prop::collection::vec((0usize..36, 0usize..4), 0..6)) {
            let mut batch = Batch { tokens: vec![5; 40], ..Batch::default() };
            let labels: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
            *batch.entry(Objective::Mlm) = MaskedTokens { rows: rows.into_iter().collect(), labels };
            let mentions = spans.into_iter().map(|(start, length)| start..start + length).collect();
            *batch.entry(Objective::Link) = LinkTargets { mentions, ..LinkTargets::default() };
            let mut read = LossRows::of(&batch, |_| false);
            let targets = read.targets.remove(&Objective::Mlm).unwrap();
            let targets: &dyn std::any::Any = &*targets;
            let masked = targets.downcast_ref::<MaskedTokens>().unwrap();
            for (&row, &label) in masked.rows.iter().zip(&masked.labels) {
                prop_assert_eq!(read.rows[row], label);
            }
            prop_assert!(read.rows.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
