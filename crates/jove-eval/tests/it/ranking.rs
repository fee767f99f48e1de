//! Ranks under ties.
#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

use jove_eval::{Answer, Rank};
use proptest::prelude::*;

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

proptest! {
    #[test]
    fn ranks_of_all_candidates_sum_to_those_of_a_permutation(scores in prop::collection::vec(0u8..5, 1..20)) {
        let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
        let ranks: Vec<Rank> = (0..scores.len()).map(|answer| Rank::of(answer, &scores)).collect();
        let sum: f64 = ranks.iter().map(|rank| rank.rank).sum();
        prop_assert!((sum - (scores.len() * (scores.len() + 1)) as f64 / 2.0).abs() < 1e-9);
        let named: f64 = (0..scores.len()).map(|answer| Answer::naming_one(answer, &scores).rank.rank).sum();
        prop_assert!((named - sum).abs() < 1e-9);
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
}
