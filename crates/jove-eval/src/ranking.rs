//! Measures of a ranking.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How well rankings put the right answer first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankScores {
    /// Number of items.
    pub items: usize,
    /// Part of the items whose right answer is ranked first, in [0, 1].
    pub recall_at_1: f64,
    /// Part of the items whose right answer is among the first five, in [0, 1].
    pub recall_at_5: f64,
    /// Mean of 1 / rank, in (0, 1].
    pub mean_reciprocal_rank: f64,
    /// What `recall_at_1` would be of a random ranking.
    pub chance_recall_at_1: f64,
    /// What `mean_reciprocal_rank` would be of a random ranking.
    pub chance_mean_reciprocal_rank: f64,
}

/// The places of all items' right answers, with their scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Their scores.
    pub scores: RankScores,
    /// One place an item, in the order of items, for paired comparisons.
    pub ranks: Vec<Rank>,
}

impl Ranking {
    /// The ranking of these places.
    pub fn new(ranks: Vec<Rank>) -> Self {
        Self { scores: RankScores::of(&ranks), ranks }
    }
}

/// The place of one item's right answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rank {
    /// Its place, counted from 1; ties share the mean of their places, so a constant score gains nothing.
    pub rank: f64,
    /// Number of candidates, the right one included.
    pub candidates: usize,
}

impl Rank {
    /// The place of the candidate `answer` among `scores`, larger ones first. A score that is no number comes last.
    pub fn of(answer: usize, scores: &[f32]) -> Self {
        // Adding 0 makes −0 equal to 0.
        let key = |index: usize| if scores[index].is_nan() { f32::NEG_INFINITY } else { scores[index] + 0.0 };
        let places = (0..scores.len()).filter(|&other| other != answer).map(|other| key(other).total_cmp(&key(answer)));
        let (above, level) = places.fold((0, 0), |(above, level), order| match order {
            Ordering::Greater => (above + 1, level),
            Ordering::Equal => (above, level + 1),
            Ordering::Less => (above, level),
        });
        Self { rank: 1.0 + f64::from(above) + f64::from(level) / 2.0, candidates: scores.len() }
    }

    /// 1 where the answer stands alone in the first place, else 0.
    pub fn hit(self) -> f64 {
        if self.rank <= 1.0 { 1.0 } else { 0.0 }
    }
}

impl RankScores {
    /// The scores of many items; all 0 where there are none.
    pub fn of(ranks: &[Rank]) -> Self {
        let mean = |measure: fn(&Rank) -> f64| ranks.iter().map(measure).sum::<f64>() / ranks.len().max(1) as f64;
        Self {
            items: ranks.len(),
            recall_at_1: mean(|rank| rank.hit()),
            recall_at_5: mean(|rank| if rank.rank <= 5.0 { 1.0 } else { 0.0 }),
            mean_reciprocal_rank: mean(|rank| 1.0 / rank.rank),
            chance_recall_at_1: mean(|rank| 1.0 / rank.candidates as f64),
            chance_mean_reciprocal_rank: mean(|rank| {
                (1..=rank.candidates).map(|place| 1.0 / place as f64).sum::<f64>() / rank.candidates as f64
            }),
        }
    }
}

impl Ranking {
    /// The mean of the scores of each group, so that a group counts as one however many items it has: `groups[index]` is
    /// the group of an item, and an item without one counts nowhere. `items` is the number of items all the same.
    pub fn macro_scores<G: Ord>(&self, groups: &[Option<G>]) -> RankScores {
        let mut by_group: BTreeMap<&G, Vec<Rank>> = BTreeMap::new();
        for (rank, group) in self.ranks.iter().zip(groups) {
            if let Some(group) = group {
                by_group.entry(group).or_default().push(*rank);
            }
        }
        let scores: Vec<RankScores> = by_group.values().map(|ranks| RankScores::of(ranks)).collect();
        let mean = |of: fn(&RankScores) -> f64| scores.iter().map(of).sum::<f64>() / scores.len().max(1) as f64;
        RankScores {
            items: scores.iter().map(|scores| scores.items).sum(),
            recall_at_1: mean(|scores| scores.recall_at_1),
            recall_at_5: mean(|scores| scores.recall_at_5),
            mean_reciprocal_rank: mean(|scores| scores.mean_reciprocal_rank),
            chance_recall_at_1: mean(|scores| scores.chance_recall_at_1),
            chance_mean_reciprocal_rank: mean(|scores| scores.chance_mean_reciprocal_rank),
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the expected numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_and_nan_gain_nothing() {
        assert_eq!(Rank::of(1, &[0.1, 0.9, 0.3]).rank, 1.0);
        assert_eq!(Rank::of(0, &[0.1, 0.9, 0.3]).rank, 3.0);
        assert_eq!(Rank::of(0, &[1.0, 1.0, 1.0]).rank, 2.0);
        assert_eq!(Rank::of(0, &[f32::NAN, 0.0]).rank, 2.0);
        assert_eq!(Rank::of(0, &[f32::NAN; 4]).hit(), 0.0);
    }

    #[test]
    fn scores_are_means_over_items() {
        let rank = |rank, candidates| Rank { rank, candidates };
        let scores = RankScores::of(&[rank(1.0, 2), rank(4.0, 4)]);
        assert_eq!((scores.items, scores.recall_at_1, scores.recall_at_5), (2, 0.5, 1.0));
        assert_eq!(scores.mean_reciprocal_rank, 0.625);
        assert_eq!(scores.chance_recall_at_1, 0.375);
        assert_eq!(RankScores::of(&[]), RankScores::default());
    }

    #[test]
    fn a_group_counts_once() {
        let rank = |rank| Rank { rank, candidates: 2 };
        let ranking = Ranking::new([1.0, 1.0, 1.0, 2.0, 2.0].map(rank).to_vec());
        let scores = ranking.macro_scores(&[Some('a'), Some('a'), Some('a'), Some('b'), None]);
        assert_eq!((scores.items, scores.recall_at_1, scores.chance_recall_at_1), (4, 0.5, 0.5));
        assert_eq!(ranking.macro_scores::<u8>(&[]), RankScores::default());
    }

    proptest! {
        #[test]
        fn ranks_are_places(scores in prop::collection::vec(0u8..5, 1..20)) {
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            let ranks: Vec<Rank> = (0..scores.len()).map(|answer| Rank::of(answer, &scores)).collect();
            let sum: f64 = ranks.iter().map(|rank| rank.rank).sum();
            prop_assert!((sum - (scores.len() * (scores.len() + 1)) as f64 / 2.0).abs() < 1e-9);
        }
    }
}
