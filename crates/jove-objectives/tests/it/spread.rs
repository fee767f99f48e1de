//! Uniformity, effective rank and alignment of sets with known values.

use jove_objectives::{Spread, alignment};
use proptest::prelude::*;

use crate::helpers::values;

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6 * (1.0 + expected.abs())
}

#[test]
fn known_sets_have_their_spread() {
    let same = Spread::of(&[3.0, 4.0, 6.0, 8.0, 0.3, 0.4], 2).unwrap();
    assert!(near(same.uniformity, 0.0) && near(same.effective_rank, 1.0), "{same:?}");
    // Four axes: every pair is at a squared distance of 2, and all singular values are equal.
    let axes: Vec<f32> = (0..16).map(|i| if i % 5 == 0 { 2.0 } else { 0.0 }).collect();
    let axes = Spread::of(&axes, 4).unwrap();
    assert!(near(axes.uniformity, -4.0) && near(axes.effective_rank, 4.0), "{axes:?}");
    // Three equal rows and another: singular values √3 and 1.
    let split = Spread::of(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0], 2).unwrap();
    let p = 3f64.sqrt() / (3f64.sqrt() + 1.0);
    assert!(near(split.effective_rank, (-p * p.ln() - (1.0 - p) * (1.0 - p).ln()).exp()), "{split:?}");
    let opposite = Spread::of(&[1.0, 0.0, -2.0, 0.0], 2).unwrap();
    assert!(near(opposite.uniformity, -8.0) && near(opposite.effective_rank, 1.0), "{opposite:?}");
    assert!(Spread::of(&[1.0, 2.0], 2).is_none() && Spread::of(&[], 3).is_none());
}

#[test]
fn alignment_is_the_mean_squared_distance_of_pairs() {
    assert!(near(alignment(&[1.0, 0.0, 0.0, 2.0], &[5.0, 0.0, 0.0, -1.0], 2), 2.0));
    assert!(near(alignment(&[1.0, 0.0], &[0.0, 3.0], 2), 2.0));
    assert!(near(alignment(&[], &[], 2), 0.0));
}

proptest! {
    #[test]
    fn spread_keeps_its_bounds(values in prop::collection::vec(-2.0..2.0f32, 0..90), width in 1usize..7) {
        let Some(spread) = Spread::of(&values, width) else { return Ok(()) };
        prop_assert!((-8.0 - 1e-9..=1e-9).contains(&spread.uniformity), "{spread:?}");
        let most = (values.len() / width).min(width) as f64;
        prop_assert!(spread.effective_rank <= most + 1e-3, "{spread:?} {most}");
        prop_assert!(spread.effective_rank >= 0.999);
    }

    #[test]
    fn lengths_and_the_order_of_rows_do_not_matter(values in values(15), scale in 0.1..9.0f32) {
        let plain = Spread::of(&values, 3).unwrap();
        let moved: Vec<f32> = values.chunks(3).rev().flatten().map(|value| value * scale).collect();
        let moved = Spread::of(&moved, 3).unwrap();
        prop_assert!((plain.uniformity - moved.uniformity).abs() < 1e-5);
        prop_assert!((plain.effective_rank - moved.effective_rank).abs() < 1e-4);
    }

    #[test]
    fn alignment_is_symmetric_and_bounded(left in values(12), right in values(12)) {
        let found = alignment(&left, &right, 3);
        prop_assert!((0.0..=4.0 + 1e-9).contains(&found) && near(found, alignment(&right, &left, 3)));
        prop_assert!(alignment(&left, &left, 3) < 1e-9);
    }
}
