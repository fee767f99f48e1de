//! The rank of the correct candidate.

use std::cmp::Ordering;

/// The rank of one item's correct answer.
#[derive(Clone, Copy, Debug, PartialEq)]
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
