//! Realised rates and shares over many texts.

use jove_core::{Purpose, Seed, TokenizedText};
use jove_masking::{MaskConfig, MaskStats, ReplacementScope, UnitKind, UnitWeights, plan};
use rand::RngExt;

use crate::texts::{SPECIALS, text};

/// Sentences of 5 to 80 tokens with words of 1 to 3 tokens and mentions of 2 to 6.
fn sentences(count: u64) -> Vec<TokenizedText> {
    (0..count)
        .map(|example| {
            let mut rng = Seed(11).rng(Purpose::Sampling, 0, example);
            let length = rng.random_range(5..80);
            let tokens: Vec<u32> = (0..length).map(|_| rng.random_range(98..300)).collect();
            let words: Vec<u32> = (0..length).map(|_| rng.random_range(1..4)).collect();
            let mentions: Vec<(u32, u32)> = (0..length).step_by(12).map(|at| (at, rng.random_range(2..7))).collect();
            text(&tokens, &words, &mentions)
        })
        .collect()
}

fn stats(config: &MaskConfig) -> MaskStats {
    let mut stats = MaskStats::default();
    for (example, text) in sentences(10_000).iter().enumerate() {
        let mut rng = Seed(3).rng(Purpose::Mask, 0, example as u64);
        stats.add(text, &plan(text, config, &SPECIALS, &mut rng).unwrap(), &SPECIALS);
    }
    stats
}

#[test]
fn the_realised_rate_is_the_mask_rate() {
    let span = UnitWeights { span: 1.0, word: 0.0, ..UnitWeights::default() };
    let configs = [
        MaskConfig::pd(),
        MaskConfig::kg(),
        MaskConfig::ml(),
        MaskConfig { weights: span, ..MaskConfig::pd() },
        MaskConfig { budget: 0.4, ..MaskConfig::kg() },
    ];
    for config in configs {
        let stats = stats(&config);
        assert!((stats.rate() - config.budget).abs() < 0.005, "{} for {config:?}", stats.rate());
    }
}

#[test]
fn kinds_get_their_weight_s_share() {
    // A mask rate small enough that no kind runs out of units.
    let config = MaskConfig { budget: 0.15, ..MaskConfig::kg() };
    let stats = stats(&config);
    let weights = config.weights;
    for (kind, weight) in
        [(UnitKind::Entity, weights.entity), (UnitKind::Pos, weights.pos), (UnitKind::Token, weights.token)]
    {
        let share = stats.share(kind);
        assert!((share - weight).abs() < 0.12, "{kind:?}: {share}");
    }
    assert!(!stats.targets_by_kind.contains_key("span"));
}

#[test]
fn actions_follow_the_corruption() {
    for draw in [ReplacementScope::Unit, ReplacementScope::Token] {
        let stats = stats(&MaskConfig { draw, ..MaskConfig::kg() });
        for (action, expected) in [("mask", 0.8), ("random", 0.1), ("keep", 0.1)] {
            let share = stats.targets_by_action[action] as f64 / stats.targets as f64;
            assert!((share - expected).abs() < 0.02, "{draw:?} {action}: {share}");
        }
    }
}

#[test]
fn merged_counts_equal_counts_in_one_go() {
    let config = MaskConfig::kg();
    let mut parts = [MaskStats::default(), MaskStats::default()];
    let mut whole = MaskStats::default();
    for (example, text) in sentences(60).iter().enumerate() {
        let plan = plan(text, &config, &SPECIALS, &mut Seed(3).rng(Purpose::Mask, 0, example as u64)).unwrap();
        parts[example % 2].add(text, &plan, &SPECIALS);
        whole.add(text, &plan, &SPECIALS);
    }
    let [mut left, right] = parts;
    left.merge(&right);
    assert_eq!(left, whole);
    assert!(whole.mentions_masked > 0 && whole.mentions_masked <= whole.mentions);
}
