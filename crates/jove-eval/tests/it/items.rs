//! Items can be answered, and not by copying or by another truth.

use std::collections::BTreeSet;

use jove_core::{AnnotatedText, EntityId, Lang, Mention, Seed};
use jove_eval::{ClozeItem, ClozeOptions, entity_cloze_items, mention_items, relation_cloze_items, typing_items};

use crate::world::{World, world};

fn spelt(world: &World, tokens: &[jove_core::TokenId]) -> String {
    world.tokenizer.decode(tokens).unwrap().replace(' ', "")
}

/// Every candidate as a word, the correct one first.
fn candidates(world: &World, item: &ClozeItem) -> Vec<String> {
    let names: Vec<String> = item.candidates.iter().map(|tokens| spelt(world, tokens)).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert_eq!(names[item.answer], spelt(world, &item.tokens[item.gap.range()]));
    names
}

#[test]
fn no_candidate_of_a_relation_is_another_truth_or_of_another_relation() {
    let world = world();
    let items = relation_cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    assert_eq!(items.len(), world.sentences.len());
    for item in &items {
        let names = candidates(&world, item);
        let text = spelt(&world, &item.tokens);
        if text.contains("接壤") || text.contains("borders") {
            // Eight countries, less the subject and its other neighbour.
            assert_eq!(names.len(), 6, "{text} {names:?}");
        } else {
            assert_eq!(names.len(), 8, "{text} {names:?}");
        }
    }
    let relations: BTreeSet<_> = items.iter().map(|item| item.relation).collect();
    assert!(relations.len() == 2 && !relations.contains(&None), "{relations:?}");
}

/// A text that follows no pattern, with links from its names.
fn text(world: &World, text: &str, lang: Lang, names: &[&str]) -> AnnotatedText {
    let labels = world.kb.labels_in(lang).unwrap();
    let mention = |name: &&str| {
        let start = text.find(name).unwrap() as u32;
        let entity = labels.iter().find(|(_, label)| label == name).map(|(&entity, _)| entity).unwrap();
        Mention { span: jove_core::ByteSpan::new(start, start + name.len() as u32), entity, score: 1.0 }
    };
    AnnotatedText { text: text.to_owned(), lang, words: vec![], mentions: names.iter().map(mention).collect() }
}

#[test]
fn no_candidate_in_text_is_as_true_as_the_answer() {
    let world = world();
    let items = |texts: &[AnnotatedText]| {
        entity_cloze_items(&world.kb, texts, &world.tokenizer, &ClozeOptions::default()).unwrap()
    };
    // 日本 lies between 德国 and 埃及: where one is the answer, the other is equally true, and 日本 is in the text.
    let items_of = items(&[text(&world, "日本和埃及一起过节。", Lang::ZH, &["日本", "埃及"])]);
    assert_eq!(items_of.len(), 2);
    for item in &items_of {
        let names = candidates(&world, item);
        assert_eq!(item.relation, None);
        assert_eq!(names.len(), 6, "{names:?}");
        let absent = if names[0] == "埃及" { ["日本", "德国"] } else { ["埃及", "秘鲁"] };
        assert!(names.iter().all(|name| !absent.contains(&name.as_str())), "{names:?}");
    }
    let alone = items(&[text(&world, "昨天我们从秘鲁回来。", Lang::ZH, &["秘鲁"])]);
    assert_eq!(candidates(&world, &alone[0]).len(), 8);
    let copied = items(&[text(&world, "秘鲁是秘鲁。", Lang::ZH, &["秘鲁"])]);
    assert_eq!(copied, [], "an answer that occurs twice can be copied");
}

#[test]
fn limits_hold_and_seeds_sample() {
    let world = world();
    let items = |seed| {
        let options = ClozeOptions { items_max: 5, candidates: 3, seed: Seed(seed) };
        relation_cloze_items(&world.kb, &world.sentences, &world.tokenizer, &options).unwrap()
    };
    assert_eq!(items(1), items(1));
    assert_ne!(items(1), items(2));
    assert!(items(1).len() == 5 && items(1).iter().all(|item| item.candidates.len() <= 3));
    assert_eq!(mention_items(&world.texts(), 7, Seed(1)).len(), 7);
    assert_eq!(mention_items(&[], 7, Seed(1)), []);
}

#[test]
fn no_entity_is_on_both_sides_of_the_types() {
    let world = world();
    for seed in 0..5 {
        let items = typing_items(&world.kb, &world.texts(), 1000, Seed(seed)).unwrap();
        let entities = |items: &[jove_eval::TypingItem]| -> BTreeSet<EntityId> {
            items.iter().map(|item| item.mention.entity).collect()
        };
        assert!(entities(&items.train).is_disjoint(&entities(&items.test)));
        if items.types == 0 {
            // Of 16 entities, a type has too few on one side under some draws.
            assert!(items.train.is_empty() && items.test.is_empty());
        } else {
            assert!(items.types == 2 && entities(&items.test).len() >= 8, "{}", items.types);
        }
    }
    assert_eq!(typing_items(&world.kb, &[], 10, Seed(0)).unwrap().types, 0);
}
