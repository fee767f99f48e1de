//! What one answerer says to one item.

use crate::ranking::Rank;

/// Best candidates that are kept of an item.
const KEPT: usize = 5;

/// What one answerer says to one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The rank of the correct candidate.
    pub rank: Rank,
    /// Its score.
    pub score: f32,
    /// The best five candidates, by their index among the item's, with their scores, the best first.
    pub top: Vec<(usize, f32)>,
}

impl Answer {
    /// The answer that the scores of all candidates give. Ties share the mean of their ranks, so a model that scores all
    /// alike is no better than chance; NaN counts as negative infinity.
    ///
    /// # Panics
    /// Where `answer` is not below the number of scores.
    pub fn of(answer: usize, scores: &[f32]) -> Self {
        Self { rank: Rank::of(answer, scores), score: scores[answer], top: best(scores) }
    }

    /// The same for an answerer that has to name one candidate: of equals the first one comes first. Candidates are in random
    /// order, so this is what a choice among equals by lot is expected to score.
    ///
    /// # Panics
    /// Where `answer` is not below the number of scores.
    pub fn naming_one(answer: usize, scores: &[f32]) -> Self {
        let before = |&other: &usize| {
            let (own, score) = (scores[answer], scores[other]);
            other != answer && (score > own || (score >= own && other < answer))
        };
        let rank = 1.0 + (0..scores.len()).filter(before).count() as f64;
        Self { rank: Rank { rank, candidates: scores.len() }, score: scores[answer], top: best(scores) }
    }
}

fn best(scores: &[f32]) -> Vec<(usize, f32)> {
    let key = |index: &usize| if scores[*index].is_nan() { f32::NEG_INFINITY } else { scores[*index] + 0.0 };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let by_score = |a: &usize, b: &usize| key(b).total_cmp(&key(a)).then(a.cmp(b));
    if order.len() > KEPT {
        order.select_nth_unstable_by(KEPT - 1, by_score);
        order.truncate(KEPT);
    }
    order.sort_unstable_by(by_score);
    order.into_iter().map(|index| (index, scores[index])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_equals_in_their_order() {
        let scores = [0.5, 0.9, f32::NAN, 0.5, 0.1, 0.7, 0.5];
        let answer = Answer::of(3, &scores);
        let order: Vec<usize> = answer.top.iter().map(|(index, _)| *index).collect();
        assert_eq!(order, [1, 5, 0, 3, 6]);
        assert_eq!((answer.rank, answer.score), (Rank { rank: 4.0, candidates: 7 }, 0.5));
        assert_eq!(Answer::naming_one(3, &scores).rank, Rank { rank: 4.0, candidates: 7 });
        assert_eq!(Answer::naming_one(0, &scores).rank, Rank { rank: 3.0, candidates: 7 });
        assert_eq!(Answer::of(0, &[1.0]).top, [(0, 1.0)]);
    }

    #[test]
    fn whoever_names_one_of_equals_is_right_as_often_as_chance() {
        let hits: f64 = (0..4).map(|answer| Answer::naming_one(answer, &[0.0; 4]).rank.hit()).sum();
        assert!((hits - 1.0).abs() < 1e-12);
    }
}
