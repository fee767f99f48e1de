//! Ranks under ties, and scores against plain loops.
#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

use jove_eval::{Rank, RankScores, Ranking};
use proptest::prelude::*;

fn rank(rank: f64, candidates: usize) -> Rank {
    Rank { rank, candidates }
}

#[test]
fn ties_share_the_mean_of_their_ranks_and_nan_comes_last() {
    for (answer, scores, expected, hit) in [
        (1, &[0.1, 0.9, 0.3][..], 1.0, 1.0),
        (0, &[0.1, 0.9, 0.3], 3.0, 0.0),
        (0, &[1.0, 1.0, 1.0], 2.0, 0.0),
        (0, &[1.0, 1.0], 1.5, 0.0),
        (2, &[0.5, 0.9, 0.5, 0.1], 2.5, 0.0),
        (0, &[-0.0, 0.0], 1.5, 0.0),
        (0, &[f32::NAN, 0.0], 2.0, 0.0),
        (0, &[f32::NAN, f32::NEG_INFINITY], 1.5, 0.0),
        (0, &[f32::NAN; 4], 2.5, 0.0),
        (0, &[f32::INFINITY, f32::MAX], 1.0, 1.0),
        (0, &[0.0], 1.0, 1.0),
    ] {
        let found = Rank::of(answer, scores);
        assert_eq!(
            (found.rank, found.hit(), found.candidates),
            (expected, hit, scores.len()),
            "{answer} of {scores:?}"
        );
    }
}

#[test]
fn scores_are_means_over_items() {
    let scores = RankScores::of(&[rank(1.0, 2), rank(4.0, 4)]);
    assert_eq!((scores.items, scores.recall_at_1, scores.recall_at_5), (2, 0.5, 1.0));
    assert_eq!(scores.mean_reciprocal_rank, 0.625);
    assert_eq!(scores.chance_recall_at_1, 0.375);
    // (1 + 1/2) / 2 and (1 + 1/2 + 1/3 + 1/4) / 4
    assert!((scores.chance_mean_reciprocal_rank - f64::midpoint(0.75, 25.0 / 48.0)).abs() < 1e-12);
    assert_eq!(RankScores::of(&[]), RankScores::default());
    assert_eq!(RankScores::of(&[rank(5.0, 9), rank(5.5, 9)]).recall_at_5, 0.5, "a tie across the border is outside");
}

#[test]
fn a_group_counts_once() {
    let ranking = Ranking::new([1.0, 1.0, 1.0, 2.0, 2.0].map(|place| rank(place, 2)).to_vec());
    let scores = ranking.macro_scores(&[Some('a'), Some('a'), Some('a'), Some('b'), None]);
    assert_eq!((scores.items, scores.recall_at_1, scores.chance_recall_at_1), (4, 0.5, 0.5));
    assert_eq!(ranking.macro_scores::<u8>(&[]), RankScores::default());
    assert_eq!(ranking.macro_scores::<u8>(&[None; 5]), RankScores::default());
}

proptest! {
    #[test]
    fn ranks_of_all_candidates_sum_to_those_of_a_permutation(scores in prop::collection::vec(0u8..5, 1..20)) {
        let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
        let ranks: Vec<Rank> = (0..scores.len()).map(|answer| Rank::of(answer, &scores)).collect();
        let sum: f64 = ranks.iter().map(|rank| rank.rank).sum();
        prop_assert!((sum - (scores.len() * (scores.len() + 1)) as f64 / 2.0).abs() < 1e-9);
    }

    #[test]
    fn ranks_depend_on_the_order_of_scores_alone(scores in prop::collection::vec(-9i8..9, 1..20), answer in 0usize..20) {
        let answer = answer % scores.len();
        let plain: Vec<f32> = scores.iter().map(|&score| f32::from(score)).collect();
        let stretched: Vec<f32> = plain.iter().map(|score| (score * 0.3).exp()).collect();
        prop_assert_eq!(Rank::of(answer, &plain), Rank::of(answer, &stretched));
        let backwards: Vec<f32> = plain.iter().rev().copied().collect();
        prop_assert_eq!(Rank::of(answer, &plain), Rank::of(plain.len() - 1 - answer, &backwards));
    }

    /// The mean over all answers of a ranking without ties is what a random ranking is expected to score.
    #[test]
    fn chance_is_the_mean_over_all_answers(candidates in 1usize..30) {
        let scores: Vec<f32> = (0..candidates).map(|score| score as f32).collect();
        let ranks: Vec<Rank> = (0..candidates).map(|answer| Rank::of(answer, &scores)).collect();
        let found = RankScores::of(&ranks);
        prop_assert!((found.recall_at_1 - found.chance_recall_at_1).abs() < 1e-12);
        prop_assert!((found.mean_reciprocal_rank - found.chance_mean_reciprocal_rank).abs() < 1e-12);
    }

    #[test]
    fn one_group_for_each_item_is_the_plain_mean(places in prop::collection::vec(1u8..9, 1..20)) {
        let ranking = Ranking::new(places.iter().map(|&place| rank(f64::from(place), 9)).collect());
        let groups: Vec<Option<usize>> = (0..places.len()).map(Some).collect();
        let (apart, plain) = (ranking.macro_scores(&groups), ranking.scores);
        prop_assert_eq!(apart.items, plain.items);
        prop_assert!((apart.recall_at_1 - plain.recall_at_1).abs() < 1e-12);
        prop_assert!((apart.mean_reciprocal_rank - plain.mean_reciprocal_rank).abs() < 1e-12);
        let together = ranking.macro_scores(&vec![Some(()); places.len()]);
        prop_assert_eq!(together, plain);
    }
}
