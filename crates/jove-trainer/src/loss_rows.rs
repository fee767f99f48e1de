//! The hidden states that the losses of a batch read.

use std::ops::Range;

use jove_objectives::Pointer;

use crate::batch::{Batch, LinkTargets, Targets, TranslationTargets};

/// What the losses of a batch read of the last layer. Few rows of it, most often: a model that predicts hidden tokens needs
/// no other hidden states, see [`jove_model::Encoder::forward_rows`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LossRows {
    /// The rows of the packed matrix that some loss reads, ascending, none twice; at least one, since not every device
    /// knows matrices without rows.
    pub(crate) rows: Vec<u32>,
    /// As in the batch, but rows are counted among [`LossRows::rows`]; the same for all below.
    pub(crate) mlm: Targets,
    pub(crate) tlm: Targets,
    pub(crate) link: LinkTargets,
    pub(crate) relation: LinkTargets,
    /// `None` where translations are read of another layer.
    pub(crate) translation: Option<TranslationTargets>,
    pub(crate) pointers: Vec<Pointer>,
}

impl LossRows {
    /// What is asked of `batch`; `inner` says that translations are read of another layer than the last.
    pub(crate) fn of(batch: &Batch, inner: bool) -> Self {
        let translation = (!inner).then_some(&batch.translation);
        let mut read = vec![false; batch.len()];
        let mut mark = |rows: &Range<usize>| read[rows.clone()].fill(true);
        batch.mlm.rows.iter().chain(&batch.tlm.rows).for_each(|&row| mark(&(row..row + 1)));
        for targets in [&batch.link, &batch.relation] {
            targets.mentions.iter().chain(&targets.descriptions).for_each(&mut mark);
        }
        translation.into_iter().flat_map(|pairs| pairs.sources.iter().chain(&pairs.targets)).for_each(&mut mark);
        for pointer in &batch.pointers {
            mark(&(pointer.row..pointer.row + 1));
            mark(&pointer.among);
        }
        if let (false, Some(first)) = (read.contains(&true), read.first_mut()) {
            *first = true;
        }
        let places = RowMap::of(&read);
        Self {
            mlm: places.targets(&batch.mlm),
            tlm: places.targets(&batch.tlm),
            link: places.link(&batch.link),
            relation: places.link(&batch.relation),
            translation: translation.map(|pairs| TranslationTargets {
                sources: places.ranges(&pairs.sources),
                targets: places.ranges(&pairs.targets),
                texts: pairs.texts.clone(),
            }),
            pointers: batch.pointers.iter().map(|pointer| places.pointer(pointer)).collect(),
            rows: (0..read.len() as u32).filter(|&row| read[row as usize]).collect(),
        }
    }
}

/// For each row, how many rows before it are read: its place among them, if it is one.
struct RowMap(Vec<usize>);

impl RowMap {
    fn of(read: &[bool]) -> Self {
        let count = |count: &mut usize, &read: &bool| {
            let before = *count;
            *count += usize::from(read);
            Some(before)
        };
        Self(read.iter().scan(0, count).collect())
    }

    /// All rows of a range are read, so they stay side by side.
    fn range(&self, rows: &Range<usize>) -> Range<usize> {
        let start = self.0.get(rows.start).copied().unwrap_or(0);
        start..start + rows.len()
    }

    fn ranges(&self, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        ranges.iter().map(|rows| self.range(rows)).collect()
    }

    fn targets(&self, targets: &Targets) -> Targets {
        Targets { rows: targets.rows.iter().map(|&row| self.0[row]).collect(), labels: targets.labels.clone() }
    }

    fn link(&self, targets: &LinkTargets) -> LinkTargets {
        LinkTargets {
            mentions: self.ranges(&targets.mentions),
            descriptions: self.ranges(&targets.descriptions),
            ..targets.clone()
        }
    }

    fn pointer(&self, pointer: &Pointer) -> Pointer {
        Pointer { row: self.0[pointer.row], among: self.range(&pointer.among), target: self.0[pointer.target] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::single_range_in_vec_init, reason = "one span is what is meant")]
    fn batch() -> Batch {
        let link = LinkTargets { mentions: vec![3..5], descriptions: vec![16..19], ..LinkTargets::default() };
        let translation =
            TranslationTargets { sources: vec![10..12], targets: vec![13..15], ..TranslationTargets::default() };
        Batch {
            tokens: vec![5; 20],
            mlm: Targets { rows: vec![1, 4], labels: vec![7, 8] },
            tlm: Targets { rows: vec![8], labels: vec![9] },
            link,
            translation,
            pointers: vec![Pointer { row: 8, among: 5..7, target: 6 }],
            ..Batch::default()
        }
    }

    #[test]
    fn every_row_read_keeps_its_hidden_state() {
        let (batch, asked) = (batch(), LossRows::of(&batch(), false));
        assert_eq!(asked.rows, [1, 3, 4, 5, 6, 8, 10, 11, 13, 14, 16, 17, 18]);
        let back = |rows: &[usize]| rows.iter().map(|&row| asked.rows[row] as usize).collect::<Vec<_>>();
        assert_eq!(back(&asked.mlm.rows), batch.mlm.rows);
        assert_eq!(back(&asked.tlm.rows), batch.tlm.rows);
        let ranges =
            |ranges: &[Range<usize>]| ranges.iter().flat_map(|r| back(&r.clone().collect::<Vec<_>>())).collect();
        let rows = |ranges: &[Range<usize>]| ranges.iter().flat_map(Clone::clone).collect::<Vec<_>>();
        let check = |found: &[Range<usize>], expected: &[Range<usize>]| {
            let found: Vec<usize> = ranges(found);
            assert_eq!(found, rows(expected));
        };
        check(&asked.link.mentions, &batch.link.mentions);
        check(&asked.link.descriptions, &batch.link.descriptions);
        let translation = asked.translation.as_ref().unwrap();
        check(&translation.sources, &batch.translation.sources);
        check(&translation.targets, &batch.translation.targets);
        check(&[asked.pointers[0].among.clone()], &[batch.pointers[0].among.clone()]);
        assert_eq!(back(&[asked.pointers[0].row, asked.pointers[0].target]), [8, 6]);
    }

    #[test]
    fn what_another_layer_is_asked_for_is_left_out() {
        let asked = LossRows::of(&batch(), true);
        assert_eq!(asked.rows, [1, 3, 4, 5, 6, 8, 16, 17, 18]);
        assert!(asked.translation.is_none());
        assert_eq!(LossRows::of(&Batch { tokens: vec![5; 3], ..Batch::default() }, false).rows, [0]);
    }
}
