//! Answers that need no model score what the probes report as chance.
#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

use std::collections::BTreeSet;

use jove_core::{EntityId, Seed, Silent, TokenId, TokenSpan};
use jove_eval::{
    ClozeItem, ClozeOptions, MentionItem, Probe, ProbeOptions, TypingItem, TypingItems, relation_cloze_items,
};
use jove_model::{Cpu, Parameters as _};
use jove_objectives::Model;

use crate::world::{World, world};

/// A model whose parameters are all 0: every token is as probable as any other and all states are the same.
fn constant(world: &World) -> Model<Cpu> {
    let mut model = world.untrained();
    model.lm.visit_mut(&mut |mut parameter| {
        let zeros = vec![0.0; parameter.count()];
        parameter.copy_from(&zeros).unwrap();
    });
    model
}

fn mention(entity: u32, token: u32) -> MentionItem {
    MentionItem { tokens: vec![TokenId(token); 3], span: TokenSpan::new(1, 2), entity: EntityId(entity) }
}

#[test]
fn a_constant_model_gains_nothing_in_any_ranking() {
    let world = world();
    let model = constant(&world);
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let items = relation_cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    let cloze = probe.cloze(&items).unwrap();
    let mentions = [mention(0, 9), mention(2, 12)];
    let linked = probe.mention_retrieval(&mentions, &world.descriptions(), &BTreeSet::new()).unwrap();
    let bitext = probe.bitext_retrieval(&world.pairs()).unwrap();
    for ranking in [&cloze, &linked.all, &bitext.forward, &bitext.backward] {
        assert_eq!(ranking.scores.recall_at_1, 0.0);
        for rank in &ranking.ranks {
            assert_eq!(rank.rank, f64::midpoint(1.0, rank.candidates as f64), "all candidates tie");
        }
    }
    assert_eq!(linked.seen.scores.items, 0);
    let texts: Vec<_> = (0..).zip(world.texts()).collect();
    let uniform = f64::from(world.tokenizer.specials().vocab_size);
    for (lang, score) in probe.pseudo_perplexity(&texts, Seed(1)).unwrap() {
        assert!((score.perplexity() / uniform - 1.0).abs() < 1e-4, "{lang}: {} of {uniform}", score.perplexity());
    }
}

#[test]
fn a_constant_model_predicts_the_most_frequent_type() {
    let world = world();
    let model = constant(&world);
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let side = |classes: &[usize], first: u32| -> Vec<TypingItem> {
        let mentions = (first..).zip(classes);
        mentions.map(|(entity, &class)| TypingItem { mention: mention(entity, 9), class }).collect()
    };
    let items = TypingItems { train: side(&[1, 0, 1, 1, 2], 0), test: side(&[0, 1, 1, 2], 10), types: 3 };
    let found = probe.entity_typing(&items).unwrap();
    assert_eq!((found.items, found.accuracy, found.chance_accuracy), (4, 0.5, 0.5));
    // F1 of type 1 is 2 · 2 / (4 + 2), that of the two others 0.
    assert!((found.macro_f1 - 2.0 / 9.0).abs() < 1e-12 && found.macro_f1 == found.chance_macro_f1, "{found:?}");
}

#[test]
fn one_candidate_is_always_found() {
    let world = world();
    let model = world.untrained();
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let item = ClozeItem {
        tokens: vec![TokenId(9); 3],
        gap: TokenSpan::new(1, 2),
        candidates: vec![vec![TokenId(8)]],
        answer: 0,
        relation: None,
    };
    let scores = probe.cloze(&[item]).unwrap().scores;
    assert_eq!((scores.recall_at_1, scores.chance_recall_at_1, scores.mean_reciprocal_rank), (1.0, 1.0, 1.0));
}
