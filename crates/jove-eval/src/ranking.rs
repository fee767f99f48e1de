//! Ranks and their scores.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Scores of many ranks, with those of a random ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankScores {
    /// Number of items.
    pub items: usize,
    /// Fraction of items whose correct answer is ranked first, in [0, 1].
    pub recall_at_1: f64,
    /// Fraction of items whose correct answer is among the first five, in [0, 1].
    pub recall_at_5: f64,
    /// Mean of 1 / rank, in [0, 1].
    pub mean_reciprocal_rank: f64,
    /// Expected `recall_at_1` of a random ranking.
    pub chance_recall_at_1: f64,
    /// Expected `mean_reciprocal_rank` of a random ranking.
    pub chance_mean_reciprocal_rank: f64,
}

/// The ranks of all items' correct answers, with their scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Their scores.
    pub scores: RankScores,
    /// One rank for each item, in the order of items, for paired comparisons.
    pub ranks: Vec<Rank>,
}

impl Ranking {
    /// A ranking with the scores of `ranks`.
    pub fn new(ranks: Vec<Rank>) -> Self {
        Self { scores: RankScores::of(&ranks), ranks }
    }
}

/// The rank of one item's correct answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rank {
    /// The rank, counted from 1; ties share the mean of their ranks, so a constant score is no better than chance.
    pub rank: f64,
    /// Number of candidates, the correct one included.
    pub candidates: usize,
}

impl Rank {
    /// The rank of the candidate `answer` by `scores`, in descending order; NaN comes last, with negative infinity.
    ///
    /// # Panics
    /// Where `answer` is not below the number of scores.
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

    /// 1 where the answer alone has the first rank, else 0.
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
    /// Macro average: the mean over groups of the scores of each group. `groups[index]` is the group of an item; items without a
    /// group are left out. `items` is the number of items with a group.
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
