//! What holds for every plan.

use jove_core::{EntityId, Lang, Purpose, Seed, SpecialTokens, TokenId, TokenizedText};
use jove_masking::{
    Corruption, MaskAction, MaskConfig, MaskPlan, ReplacementScope, SameType, TypedName, UnitKind, UnitWeights, plan,
    plan_with,
};
use proptest::prelude::*;

use crate::texts::{SPECIALS, any_text, text};

fn any_config() -> impl Strategy<Value = MaskConfig> {
    let weight = || prop_oneof![Just(0.0), Just(0.3), Just(1.0)];
    let weights = (weight(), weight(), weight(), weight(), weight()).prop_map(|(entity, pos, word, span, token)| {
        let token = if entity + pos + word + span == 0.0 { 1.0 } else { token };
        UnitWeights { entity, pos, word, span, token }
    });
    (weights, 0.05..0.9f64, any::<bool>(), 1..20u32, 0.0..1.0f64).prop_map(
        |(weights, budget, per_token, unit_tokens_max, entity_swap)| MaskConfig {
            weights,
            budget,
            draw: if per_token { ReplacementScope::Token } else { ReplacementScope::Unit },
            unit_tokens_max,
            entity_swap,
            ..MaskConfig::default()
        },
    )
}

fn draw(text: &TokenizedText, config: &MaskConfig, seed: u64) -> MaskPlan {
    plan(text, config, &SPECIALS, &mut Seed(seed).rng(Purpose::Mask, 1, 2)).unwrap()
}

proptest! {
    #[test]
    fn targets_are_sorted_and_never_twice_nor_special(text in any_text(), config in any_config(), seed: u64) {
        config.validate().unwrap();
        let plan = draw(&text, &config, seed);
        prop_assert!(plan.targets.is_sorted_by(|a, b| a.position < b.position));
        for target in &plan.targets {
            let original = text.tokens[target.position as usize];
            prop_assert_eq!(target.original, original);
            prop_assert!(!SPECIALS.contains(original));
            prop_assert!(target.input == SPECIALS.mask || !SPECIALS.contains(target.input));
            match target.action {
                MaskAction::Mask => prop_assert_eq!(target.input, SPECIALS.mask),
                MaskAction::Keep => prop_assert_eq!(target.input, original),
                MaskAction::Random => {}
                MaskAction::Swap => prop_assert!(false, "no replacement is known"),
            }
        }
    }

    #[test]
    fn units_are_whole_and_their_tokens_are_the_targets(text in any_text(), config in any_config(), seed: u64) {
        let plan = draw(&text, &config, seed);
        prop_assert!(plan.units.is_sorted_by(|a, b| a.span.end <= b.span.start));
        let covered: Vec<u32> = plan
            .units
            .iter()
            .flat_map(|unit| unit.span.start..unit.span.end)
            .filter(|position| !SPECIALS.contains(text.tokens[*position as usize]))
            .collect();
        prop_assert_eq!(covered, plan.targets.iter().map(|target| target.position).collect::<Vec<_>>());
        for unit in &plan.units {
            let known = match unit.kind {
                UnitKind::Entity => text.mentions.contains(&(unit.span, unit.entity.unwrap())),
                UnitKind::Pos => text.words.iter().any(|(span, pos)| *span == unit.span && config.pos_tags.contains(pos)),
                UnitKind::Token => unit.span.len() == 1,
                UnitKind::Word => unit.span.len() == 1 || text.words.iter().any(|(span, _)| *span == unit.span),
                UnitKind::Span => true,
            };
            prop_assert!(known, "{:?}", unit);
            prop_assert!(unit.span.len() <= config.unit_tokens_max as usize);
        }
    }

    #[test]
    fn the_same_stream_gives_the_same_plan(text in any_text(), config in any_config(), seed: u64) {
        prop_assert_eq!(draw(&text, &config, seed), draw(&text, &config, seed));
    }

    #[test]
    fn only_targets_change(text in any_text(), config in any_config(), seed: u64) {
        let plan = draw(&text, &config, seed);
        let inputs = plan.apply(&text.tokens);
        prop_assert_eq!(inputs.len(), text.tokens.len());
        for (position, (before, after)) in text.tokens.iter().zip(&inputs).enumerate() {
            let is_target = plan.targets.iter().any(|target| target.position as usize == position);
            prop_assert!(is_target || before == after);
        }
    }
}

#[test]
fn plans_do_not_depend_on_the_number_of_threads() {
    let text = text(&(110..170).collect::<Vec<_>>(), &[2; 25], &[(4, 4), (20, 2)]);
    let alone: Vec<MaskPlan> = (0..64).map(|example| example_plan(&text, example)).collect();
    let mut shared: Vec<MaskPlan> = Vec::new();
    std::thread::scope(|scope| {
        let halves: Vec<_> = [0..32, 32..64]
            .into_iter()
            .map(|part| scope.spawn(|| part.map(|example| example_plan(&text, example)).collect::<Vec<_>>()))
            .collect();
        shared.extend(halves.into_iter().flat_map(|half| half.join().unwrap()));
    });
    assert_eq!(alone, shared);
}

fn example_plan(text: &TokenizedText, example: u64) -> MaskPlan {
    plan(text, &MaskConfig::kg(), &SPECIALS, &mut Seed(5).rng(Purpose::Mask, 2, example)).unwrap()
}

#[test]
fn epochs_mask_differently() {
    let text = text(&(110..170).collect::<Vec<_>>(), &[2; 25], &[]);
    let at = |epoch| plan(&text, &MaskConfig::pd(), &SPECIALS, &mut Seed(5).rng(Purpose::Mask, epoch, 0)).unwrap();
    assert_ne!(at(0), at(1));
}

#[test]
fn tokens_of_a_unit_get_the_same_action() {
    let text = text(&(110..170).collect::<Vec<_>>(), &[3; 20], &[]);
    let config = MaskConfig { corruption: Corruption { mask: 0.4, random: 0.3 }, budget: 0.6, ..MaskConfig::pd() };
    for seed in 0..50 {
        let plan = draw(&text, &config, seed);
        for unit in &plan.units {
            let actions: Vec<MaskAction> = plan
                .targets
                .iter()
                .filter(|target| unit.span.range().contains(&(target.position as usize)))
                .map(|target| target.action)
                .collect();
            assert!(actions.windows(2).all(|pair| pair[0] == pair[1]), "{actions:?}");
        }
    }
}

#[test]
fn an_entity_is_swapped_for_one_of_its_type_and_length() {
    let text = text(&[110, 111, 112, 113], &[], &[(1, 2)]);
    let other = [TokenId(200), TokenId(201)];
    let name = |entity, tokens: &[TokenId]| TypedName {
        entity: EntityId(entity),
        kind: 4,
        lang: Lang::ZH,
        tokens: tokens.to_vec(),
    };
    let table = SameType::new([name(1, &[TokenId(111), TokenId(112)]), name(9, &other)]);
    let weights = UnitWeights { entity: 1.0, ..MaskConfig::kg().weights };
    let config = MaskConfig { weights, budget: 0.9, entity_swap: 1.0, ..MaskConfig::kg() };
    let mut swapped = 0;
    for seed in 0..100 {
        let plan = plan_with(&text, &config, &SPECIALS, &table, &mut Seed(seed).rng(Purpose::Mask, 0, 0)).unwrap();
        let entity: Vec<_> = plan.targets.iter().filter(|target| target.action == MaskAction::Swap).collect();
        if !entity.is_empty() {
            swapped += 1;
            assert_eq!(entity.iter().map(|target| target.input).collect::<Vec<_>>(), other);
            assert_eq!(entity[0].original, TokenId(111));
        }
    }
    assert!((20..=80).contains(&swapped), "the own name is drawn half of the time: {swapped}");
}

#[test]
fn where_entities_are_masked_no_word_cuts_a_name() {
    // One word over tokens 0..3, a name over 2..4.
    let text = text(&[110, 111, 112, 113], &[3, 1], &[(2, 2)]);
    let weights = UnitWeights { entity: 0.001, word: 1.0, ..MaskConfig::kg().weights };
    let config =
        MaskConfig { weights: UnitWeights { pos: 0.0, token: 0.0, ..weights }, budget: 0.9, ..MaskConfig::kg() };
    for seed in 0..50 {
        assert!(draw(&text, &config, seed).units.iter().all(|unit| unit.kind == UnitKind::Entity));
    }
}

#[test]
fn empty_and_all_special_texts_have_no_target() {
    for tokens in [vec![], vec![100], vec![100, 100, 103]] {
        assert!(draw(&text(&tokens, &[1; 3], &[(0, 1)]), &MaskConfig::kg(), 3).targets.is_empty());
    }
}

#[test]
fn a_vocabulary_of_special_pieces_only_is_refused() {
    let specials = SpecialTokens { vocab_size: 5, ..SPECIALS };
    let error = plan(&text(&[1], &[], &[]), &MaskConfig::pd(), &specials, &mut Seed(1).rng(Purpose::Mask, 0, 0));
    assert!(error.unwrap_err().to_string().contains("more than its 5 special pieces"));
}
