//! Items are fair.

use std::collections::BTreeSet;

use jove_core::Seed;
use jove_eval::{ClozeOptions, cloze_items, mention_items};

use crate::world::world;

#[test]
fn no_candidate_is_another_truth_or_of_another_type() {
    let world = world();
    let items = cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    assert_eq!(items.len(), world.sentences.len());
    for item in &items {
        let spelt = |tokens: &[_]| world.tokenizer.decode(tokens).unwrap().replace(' ', "");
        let gap = spelt(&item.tokens[item.gap.range()]);
        let names: BTreeSet<String> = item.candidates.iter().map(|tokens| spelt(tokens)).collect();
        assert_eq!(spelt(&item.candidates[item.answer]), gap);
        assert_eq!(names.len(), item.candidates.len(), "{names:?}");
        let text = spelt(&item.tokens);
        if text.contains("接壤") || text.contains("borders") {
            // Eight countries, less the subject and its other neighbour.
            assert_eq!(item.candidates.len(), 6, "{text} {names:?}");
        } else {
            assert_eq!(item.candidates.len(), 8, "{text} {names:?}");
        }
    }
}

#[test]
fn limits_and_seeds_choose() {
    let world = world();
    let items = |seed| {
        let options = ClozeOptions { items_max: 5, candidates: 3, seed: Seed(seed) };
        cloze_items(&world.kb, &world.sentences, &world.tokenizer, &options).unwrap()
    };
    assert_eq!(items(1), items(1));
    assert_ne!(items(1), items(2));
    assert!(items(1).len() == 5 && items(1).iter().all(|item| item.candidates.len() <= 3));
    assert_eq!(mention_items(&world.texts(), 7, Seed(1)).len(), 7);
    assert_eq!(mention_items(&[], 7, Seed(1)), []);
}
