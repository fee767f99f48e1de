//! What batches hold.

use jove_core::{EntityId, Lang, Layout, ModelConfig, TokenId};
use jove_masking::{MaskConfig, SameType, TypedName, UnitWeights};
use jove_objectives::Pooling;
use jove_trainer::{
    Batch, Collator, LinkTargets, MaskedTokens, Objective, Targets, TrainConfig, TrainingData, TranslationTargets,
};
use proptest::prelude::*;

use crate::world::{COUNTRIES, data, everything, linking, model, plain, sentence, specials};

fn assembler(config: &TrainConfig, data: TrainingData) -> Collator {
    Collator::new(config, data, specials(), model().config()).unwrap()
}

/// An objective's targets; empty ones where it has none.
fn targets<T: Targets + Default + Clone>(batch: &Batch, objective: Objective) -> T {
    batch.get(objective).cloned().unwrap_or_default()
}

fn masked(batch: &Batch, objective: Objective) -> MaskedTokens {
    targets(batch, objective)
}

fn links(batch: &Batch) -> LinkTargets {
    targets(batch, Objective::Link)
}

fn sequence(batch: &Batch, index: usize) -> &[u32] {
    &batch.tokens[batch.cu_seqlens[index]..batch.cu_seqlens[index + 1]]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_row_asked_for_is_there(seed: u64, batch_tokens in 256usize..600, max_length in 8usize..16, step in 0u64..9) {
        let config = TrainConfig { seed: jove_core::Seed(seed), batch_tokens, max_length, ..everything(9) };
        let batches = assembler(&config, data()).step(step).unwrap();
        let batch = &batches[0];
        prop_assert!(batch.len() <= batch_tokens && batch.len() > batch_tokens / 2);
        prop_assert_eq!(batch.segments.len(), batch.len());
        for index in 0..batch.cu_seqlens.len() - 1 {
            let tokens = sequence(batch, index);
            prop_assert!(tokens.len() <= max_length && tokens[0] == 1 && tokens[tokens.len() - 1] == 2);
        }
        for targets in [masked(batch, Objective::Mlm), masked(batch, Objective::Tlm)] {
            prop_assert_eq!(targets.rows.len(), targets.labels.len());
            prop_assert!(targets.rows.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(targets.rows.iter().all(|&row| row < batch.len() && batch.tokens[row] > 2));
        }
        let link = links(batch);
        prop_assert!(link.positives.iter().all(|&index| index < link.entities.len()));
        let mut entities = link.entities.clone();
        entities.sort();
        entities.dedup();
        prop_assert_eq!(entities.len(), link.descriptions.len());
        let pairs: TranslationTargets = targets(batch, Objective::Translation);
        prop_assert_eq!(pairs.sources.len(), pairs.targets.len());
        prop_assert!(pairs.sources.len() >= 2);
    }
}

#[test]
fn mentions_stand_where_their_entity_does() {
    let mut config = everything(1);
    config.objectives.mlm.weight = 0.0;
    config.objectives.tlm.weight = 0.0;
    config.objectives.link.pooling = Pooling::First;
    let batch = assembler(&config, data()).step(0).unwrap().remove(0);
    let link = links(&batch);
    assert!(masked(&batch, Objective::Mlm).rows.is_empty() && link.mentions.len() > 2);
    for (rows, &index) in link.mentions.iter().zip(&link.positives) {
        let EntityId(country) = link.entities[index];
        let spelt = [sentence(country, true, false).tokens[4], sentence(country, true, true).tokens[4]];
        assert!(spelt.contains(&TokenId(batch.tokens[rows.start])) && rows.len() == 1);
        assert_eq!(batch.tokens[link.descriptions[index].start], 1, "the first token stands for the description");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hard_negatives_belong_to_no_mention_and_are_no_namesakes(seed: u64, wanted in 1usize..3, step in 0u64..9) {
        let mut config = TrainConfig { seed: jove_core::Seed(seed), ..linking(9) };
        config.objectives.link.hard_negatives = wanted;
        config.objectives.link.mentions = 2;
        let batch = assembler(&config, data()).step(step).unwrap().remove(0);
        let link = links(&batch);
        prop_assert!(link.descriptions.len() <= 2 * (1 + wanted));
        prop_assert_eq!(link.descriptions.len(), link.entities.len());
        prop_assert_eq!(link.excluded.len(), link.mentions.len());
        let asked: Vec<u32> = link.positives.iter().map(|&index| link.entities[index].0).collect();
        for (index, entity) in link.entities.iter().enumerate() {
            let like = |&asked: &u32| [1, 2].contains(&((entity.0 + COUNTRIES - asked) % COUNTRIES));
            prop_assert!(link.positives.contains(&index) || asked.iter().any(like), "{entity:?} {asked:?}");
        }
        for (&asked, excluded) in asked.iter().zip(&link.excluded) {
            let namesake = match asked { 0 => vec![EntityId(1)], 1 => vec![EntityId(0)], _ => vec![] };
            prop_assert_eq!(excluded, &namesake);
        }
    }

    #[test]
    fn facts_stand_beside_their_objects_and_nothing_true_is_a_negative(seed: u64, step in 0u64..9) {
        let config = TrainConfig { seed: jove_core::Seed(seed), ..linking(9) };
        let batch = assembler(&config, data()).step(step).unwrap().remove(0);
        let (facts, truth) = (targets::<LinkTargets>(&batch, Objective::Relation), data().relations);
        prop_assert!(facts.mentions.len() > 1);
        for ((query, &positive), excluded) in facts.mentions.iter().zip(&facts.positives).zip(&facts.excluded) {
            let subject = EntityId(batch.tokens[query.start] - 10);
            let relation = u32::from(batch.tokens[query.end - 1] != 6);
            let object = facts.entities[positive];
            prop_assert!(truth.holds(subject, relation, object));
            prop_assert_eq!(batch.tokens[facts.descriptions[positive].start] - 10, object.0);
            for &other in &facts.entities {
                prop_assert_eq!(excluded.contains(&other), truth.holds(subject, relation, other));
            }
        }
    }
}

#[test]
fn hard_negatives_are_drawn_anew_within_the_share() {
    let config = linking(9);
    let mut assembler = assembler(&config, data());
    let mut drawn = Vec::new();
    for step in 0..9 {
        let link = links(&assembler.step(step).unwrap()[0]);
        drawn.push((0..link.entities.len()).filter(|index| !link.positives.contains(index)).count());
        let tokens: usize = link.descriptions.iter().map(|rows| rows.len() + 2).sum();
        assert!(tokens <= config.batch_tokens / 4);
    }
    assert!(drawn.iter().any(|&count| count > 0), "{drawn:?}");
}

#[test]
fn masks_change_with_the_epoch_and_hide_what_they_say() {
    let all = TrainingData { text: Box::new(vec![sentence(3, true, false)]), ..TrainingData::default() };
    let mut assembler = assembler(&plain(1), all);
    let batch = assembler.step(0).unwrap().remove(0);
    let original = sentence(3, true, false).tokens;
    let mut inputs: Vec<&[u32]> = (0..batch.cu_seqlens.len() - 1).map(|index| sequence(&batch, index)).collect();
    let masked = masked(&batch, Objective::Mlm);
    for (&row, &label) in masked.rows.iter().zip(&masked.labels) {
        let start = batch.cu_seqlens[batch.cu_seqlens.partition_point(|&bound| bound <= row) - 1];
        assert_eq!(original[row - start - 1], TokenId(label));
    }
    assert_eq!(batch.examples.last().unwrap().epoch as usize, inputs.len() - 1);
    inputs.sort_unstable();
    inputs.dedup();
    assert!(inputs.len() > 3, "{inputs:?}");
}

#[test]
fn pairs_follow_the_layout() {
    let mut config = everything(1);
    config.objectives.mlm.weight = 0.0;
    config.objectives.link.weight = 0.0;
    config.objectives.translation.weight = 0.0;
    let shape =
        ModelConfig { layout: Layout::XlmRoberta, type_vocab_size: 1, pad_token_id: 0, ..model().config().clone() };
    let batch = Collator::new(&config, data(), specials(), &shape).unwrap().step(0).unwrap().remove(0);
    assert!(batch.segments.iter().all(|&segment| segment == 0));
    let separators = |tokens: &[u32]| tokens.iter().filter(|&&token| token == 2).count();
    assert!((0..batch.cu_seqlens.len() - 1).all(|index| separators(sequence(&batch, index)) == 3));
    assert!(batch.len() > 200, "pairs alone fill the batch");
}

#[test]
fn texts_of_any_kind_fit() {
    let mut odd = sentence(0, true, false);
    (odd.tokens, odd.words, odd.mentions) = (vec![], vec![], vec![]);
    let mut long = sentence(1, true, false);
    long.tokens = vec![TokenId(9); 500];
    let data = TrainingData { text: Box::new(vec![odd, long]), ..TrainingData::default() };
    let batch = assembler(&plain(1), data).step(0).unwrap().remove(0);
    assert!(
        (1..batch.cu_seqlens.len())
            .all(|index| [2, 16].contains(&(batch.cu_seqlens[index] - batch.cu_seqlens[index - 1])))
    );
}

/// What the link cannot use goes to text: a control without links reads as many tokens.
#[test]
fn text_without_links_fills_the_batch_all_the_same() {
    let config = linking(4);
    let mut unlinked = data();
    let texts = (0..COUNTRIES).map(|country| {
        let mut text = sentence(country, true, false);
        text.mentions.clear();
        text
    });
    unlinked.text = Box::new(texts.collect::<Vec<_>>());
    let batch = assembler(&config, unlinked).step(0).unwrap().remove(0);
    assert_eq!(batch.count(Objective::Link), 0);
    let longest = sentence(0, true, false).tokens.len() + 2;
    assert!(batch.len() <= config.batch_tokens && batch.len() + longest > config.batch_tokens, "{}", batch.len());
}

#[test]
fn word_alignment_alone_reads_pairs_as_one_sequence() {
    let mut config = plain(1);
    config.objectives.mlm.weight = 0.0;
    config.objectives.word_alignment.weight = 1.0;
    let batch = assembler(&config, data()).step(0).unwrap().remove(0);
    assert!(batch.len() > 200 && batch.pairs.len() == batch.cu_seqlens.len() - 1);
    for (pair, bounds) in batch.pairs.iter().zip(batch.cu_seqlens.windows(2)) {
        assert_eq!(
            (pair.first.clone(), pair.second.clone()),
            (bounds[0] + 1..bounds[0] + 6, bounds[1] - 6..bounds[1] - 1)
        );
    }
    let hidden = |row: &usize| batch.pairs.iter().any(|pair| pair.first.contains(row) || pair.second.contains(row));
    let masked = masked(&batch, Objective::Tlm);
    assert!(!masked.rows.is_empty() && masked.rows.iter().all(hidden));
}

/// Each language is sampled by its number of examples to the power of the exponent, texts and pairs alike.
#[test]
fn languages_are_sampled_by_the_exponent() {
    let japanese = |index: usize| index < 2;
    let mut all = data();
    let mut pairs = Vec::new();
    let mut texts = Vec::new();
    for index in 0..40u32 {
        let (mut first, second) = (sentence(index % 12, true, false), sentence(index % 12, true, true));
        if japanese(index as usize) {
            first.lang = "ja".parse().unwrap();
        }
        texts.push(first.clone());
        // The language that is not English counts, whichever side it stands on.
        pairs.push(if index % 2 == 0 { (first, second) } else { (second, first) });
    }
    (all.text, all.pairs) = (Box::new(texts), Box::new(pairs));
    let mut config = everything(1);
    config.objectives.link.weight = 0.0;
    let mut assembler = assembler(&config, all);
    let mut counts = std::collections::BTreeMap::new();
    for step in 0..400 {
        for example in &assembler.step(step).unwrap()[0].examples {
            let count: &mut [f64; 2] = counts.entry(example.origin).or_default();
            count[usize::from(japanese(example.index))] += 1.0;
        }
    }
    let expected = 2f64.powf(0.3) / (2f64.powf(0.3) + 38f64.powf(0.3));
    assert_eq!(counts.len(), 3);
    for (origin, [chinese, japanese]) in counts {
        let found = japanese / (chinese + japanese);
        assert!((found - expected).abs() < 0.03, "{origin:?}: {found}, expected {expected}; as they are: 0.05");
    }
}

#[test]
fn a_swapped_name_is_of_the_same_type_and_the_label_is_what_stood_there() {
    // Countries with even numbers are of one type, the others of another.
    let names = (0..COUNTRIES).map(|country| TypedName {
        entity: EntityId(country),
        kind: country % 2,
        lang: Lang::ZH,
        tokens: vec![sentence(country, true, false).tokens[4]],
    });
    let weights = UnitWeights { entity: 1.0, pos: 0.0, word: 0.0, span: 0.0, token: 0.0 };
    let mask = MaskConfig { weights, entity_swap: 1.0, budget: 0.9, ..MaskConfig::default() };
    let texts: Vec<_> = (0..COUNTRIES).flat_map(|c| [sentence(c, true, false), sentence(c, true, true)]).collect();
    let data = || TrainingData {
        text: Box::new(texts.clone()),
        mask: mask.clone(),
        replacements: SameType::new(names.clone()),
        ..TrainingData::default()
    };
    let batch = assembler(&plain(1), data()).step(0).unwrap().remove(0);
    let mut swapped = 0;
    let masked = masked(&batch, Objective::Mlm);
    for (&row, &label) in masked.rows.iter().zip(&masked.labels) {
        let spelt = |other, token| (0..COUNTRIES).find(|c| sentence(*c, true, other).tokens[4] == TokenId(token));
        let Some(country) = spelt(false, label) else {
            assert!(spelt(true, label).is_some(), "only names are masked");
            assert!(spelt(false, batch.tokens[row]).is_none(), "a text in another language has no names to swap");
            continue;
        };
        let seen = spelt(false, batch.tokens[row]);
        if seen.is_some_and(|seen| seen != country) {
            swapped += 1;
            assert_eq!(seen.map(|seen| seen % 2), Some(country % 2));
        }
    }
    assert!(swapped > 5, "{swapped}");
    assert_eq!(assembler(&plain(1), data()).step(0).unwrap().remove(0).tokens, batch.tokens);
}
