//! A trained model scores above an untrained one; invalid items are refused.

use std::collections::BTreeSet;

use jove_core::{EntityId, Lang, Progress, Seed, Silent, TokenId, TokenSpan, TokenizedText};
use jove_eval::{
    ClozeItem, ClozeOptions, Error, MentionItem, Probe, ProbeOptions, TypingItem, TypingItems, mention_items,
    relation_cloze_items,
};
use jove_model::Cpu;
use jove_objectives::Model;

use crate::world::{World, world};

fn probe<'a>(world: &World, model: &'a Model<Cpu>) -> Probe<'a, Cpu> {
    Probe::new(model, world.tokenizer.specials(), ProbeOptions::default(), &Silent)
}

fn numbered(texts: Vec<TokenizedText>) -> Vec<(u64, TokenizedText)> {
    (0..).zip(texts).collect()
}

/// Countries and cities: every other one is learnt from.
fn typing(mentions: &[MentionItem]) -> TypingItems {
    let side = |learns: bool| {
        let own = mentions.iter().filter(|mention| (mention.entity.0 / 2 % 2 == 0) == learns);
        own.map(|mention| TypingItem { mention: mention.clone(), class: mention.entity.0 as usize % 2 }).collect()
    };
    TypingItems { train: side(true), test: side(false), types: 2 }
}

#[test]
fn training_shows_in_every_probe() {
    let world = world();
    let (before, after) = (world.untrained(), world.trained(250));
    let cloze = relation_cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    let mentions = mention_items(&world.texts(), 100, Seed(1));
    let descriptions = world.descriptions();
    let half: BTreeSet<EntityId> = descriptions.keys().copied().filter(|entity| entity.0 < 8).collect();
    let typing = typing(&mentions);
    let scores = |model| {
        let probe = probe(&world, model);
        let mention = probe.mention_retrieval(&mentions, &descriptions, &half).unwrap();
        assert_eq!(mention.seen.ranks.len() + mention.unseen.ranks.len(), mention.all.ranks.len());
        let bitext = probe.bitext_retrieval(&world.pairs()).unwrap();
        let typing = probe.entity_typing(&typing).unwrap();
        assert!(typing.items > 20 && typing.chance_accuracy > 0.3 && typing.chance_macro_f1 < 0.5, "{typing:?}");
        let perplexity = probe.pseudo_perplexity(&numbered(world.texts()), Seed(1)).unwrap();
        assert_eq!(perplexity.keys().copied().collect::<Vec<_>>(), [Lang::EN, Lang::ZH]);
        [
            probe.cloze(&cloze).unwrap().scores.mean_reciprocal_rank,
            mention.all.scores.mean_reciprocal_rank,
            bitext.forward.scores.mean_reciprocal_rank,
            bitext.backward.scores.mean_reciprocal_rank,
            typing.accuracy,
            1.0 / perplexity[&Lang::ZH].perplexity(),
        ]
    };
    let (before, after) = (scores(&before), scores(&after));
    for (index, (before, after)) in before.into_iter().zip(after).enumerate() {
        assert!(after > before + 0.1, "probe {index}: {before} {after}");
    }
    assert_eq!(before.map(f64::to_bits), scores(&world.untrained()).map(f64::to_bits), "probes repeat");
}

#[test]
fn batches_change_no_rank() {
    let world = world();
    let model = world.untrained();
    let cloze = relation_cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    let small = ProbeOptions { batch_tokens: 1, ..ProbeOptions::default() };
    let small = Probe::new(&model, world.tokenizer.specials(), small, &Silent);
    assert_eq!(small.cloze(&cloze).unwrap(), probe(&world, &model).cloze(&cloze).unwrap());
}

#[test]
fn empty_long_and_unknown_inputs_have_scores() {
    let world = world();
    let model = world.untrained();
    let probe = probe(&world, &model);
    let text = |tokens: Vec<TokenId>| TokenizedText { lang: Lang::UND, tokens, words: vec![], mentions: vec![] };
    assert_eq!(probe.cloze(&[]).unwrap().scores.items, 0);
    assert_eq!(probe.mention_retrieval(&[], &world.descriptions(), &BTreeSet::new()).unwrap().all.scores.items, 0);
    assert_eq!(probe.bitext_retrieval(&[(text(vec![]), text(vec![TokenId(9)]))]).unwrap().forward.scores.items, 0);
    let long = text(vec![TokenId(9); 1000]);
    let unknown = text(vec![world.tokenizer.specials().unknown; 5]);
    let scores = probe.pseudo_perplexity(&numbered(vec![text(vec![]), long.clone(), unknown]), Seed(1)).unwrap();
    assert_eq!(scores[&Lang::UND].tokens, 62, "every token that the model reads, once");
    assert_eq!(probe.entity_typing(&TypingItems::default()).unwrap().items, 0);
    let item = ClozeItem {
        tokens: long.tokens,
        gap: TokenSpan::new(990, 992),
        candidates: vec![vec![TokenId(8)], vec![TokenId(7); 3]],
        answer: 1,
        relation: None,
    };
    assert_eq!(probe.cloze(std::slice::from_ref(&item)).unwrap().ranks[0].candidates, 2);
    let refuse = |item| probe.cloze(&[item]).unwrap_err().to_string();
    assert!(refuse(ClozeItem { gap: TokenSpan::new(5, 5), ..item.clone() }).contains("a gap within the sentence"));
    assert!(refuse(ClozeItem { answer: 2, ..item.clone() }).contains("an answer among the candidates, found 2"));
    assert!(refuse(ClozeItem { candidates: vec![vec![]], answer: 0, ..item }).contains("pieces of the vocabulary"));
    let mention = MentionItem { tokens: vec![TokenId(9)], span: TokenSpan::new(0, 2), entity: EntityId(0) };
    assert!(probe.mention_retrieval(&[mention], &world.descriptions(), &BTreeSet::new()).is_err());
}

#[test]
fn an_entity_on_both_sides_of_the_types_is_refused() {
    let world = world();
    let model = world.untrained();
    let items: Vec<TypingItem> =
        mention_items(&world.texts(), 4, Seed(1)).into_iter().map(|mention| TypingItem { mention, class: 0 }).collect();
    let refuse = |items: TypingItems| probe(&world, &model).entity_typing(&items).unwrap_err().to_string();
    let error = refuse(TypingItems { train: items.clone(), test: items.clone(), types: 1 });
    assert!(error.contains("an entity that is not in the training items"), "{error}");
    let error = refuse(TypingItems { train: items.clone(), test: items, types: 0 });
    assert!(error.contains("one of the types, found 0"), "{error}");
}

/// Masks are the same for all models: they depend on numbers and lengths alone.
#[test]
fn every_token_is_masked_once_whatever_the_other_texts() {
    let world = world();
    let model = world.untrained();
    let probe = probe(&world, &model);
    let texts = numbered(world.texts());
    let score = |texts: &[(u64, TokenizedText)]| probe.pseudo_perplexity(texts, Seed(1)).unwrap();
    let all = score(&texts);
    let tokens: usize = texts.iter().map(|(_, text)| text.tokens.len()).sum();
    let unknown = world.tokenizer.specials().unknown;
    let special = texts.iter().flat_map(|(_, text)| &text.tokens).filter(|&&token| token == unknown).count();
    assert_eq!(all.values().map(|score| score.tokens).sum::<usize>(), tokens - special);
    let (first, last) = texts.split_at(texts.len() / 2);
    for (lang, score_of_all) in &all {
        let parts = [score(first), score(last)].map(|scores| scores.get(lang).map_or(0.0, |score| score.loss));
        let relative = (parts[0] + parts[1] - score_of_all.loss).abs() / score_of_all.loss;
        assert!(relative < 1e-5, "{lang}: {relative}");
    }
}

struct Cancelled;

impl Progress for Cancelled {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_probe_can_be_cancelled() {
    let world = world();
    let model = world.untrained();
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Cancelled);
    assert!(matches!(probe.pseudo_perplexity(&numbered(world.texts()), Seed(1)), Err(Error::Interrupted)));
}
