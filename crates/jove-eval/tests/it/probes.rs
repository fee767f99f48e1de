//! A trained model knows more than an untrained one.

use std::collections::BTreeSet;

use jove_core::{EntityId, Lang, Progress, Seed, Silent, TokenId, TokenSpan, TokenizedText};
use jove_eval::{ClozeItem, ClozeOptions, Error, MentionItem, Probe, ProbeOptions, cloze_items, mention_items};
use jove_model::Cpu;
use jove_trainer::Model;

use crate::world::{World, world};

fn probe<'a>(world: &World, model: &'a Model<Cpu>) -> Probe<'a, Cpu> {
    Probe::new(model, world.tokenizer.specials(), ProbeOptions::default(), &Silent)
}

#[test]
fn training_shows_in_every_probe() {
    let world = world();
    let (before, after) = (world.untrained(), world.trained(250));
    let cloze = cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    let mentions = mention_items(&world.texts(), 100, Seed(1));
    let descriptions = world.descriptions();
    let half: BTreeSet<EntityId> = descriptions.keys().copied().filter(|entity| entity.0 < 8).collect();
    let scores = |model| {
        let probe = probe(&world, model);
        let mention = probe.mention_retrieval(&mentions, &descriptions, &half).unwrap();
        assert_eq!(mention.seen.ranks.len() + mention.unseen.ranks.len(), mention.all.ranks.len());
        let bitext = probe.bitext_retrieval(&world.pairs()).unwrap();
        let perplexity = probe.pseudo_perplexity(&world.texts(), Seed(1)).unwrap();
        assert_eq!(perplexity.keys().copied().collect::<Vec<_>>(), [Lang::EN, Lang::ZH]);
        [
            probe.entity_cloze(&cloze).unwrap().scores.mean_reciprocal_rank,
            mention.all.scores.mean_reciprocal_rank,
            bitext.forward.scores.mean_reciprocal_rank,
            bitext.backward.scores.mean_reciprocal_rank,
            1.0 / perplexity[&Lang::ZH].perplexity(),
        ]
    };
    let (before, after) = (scores(&before), scores(&after));
    for (index, (before, after)) in before.into_iter().zip(after).enumerate() {
        assert!(after > before + 0.1, "probe {index}: {before} {after}");
    }
    assert_eq!(before.map(f64::to_bits), scores(&world.untrained()).map(f64::to_bits), "probes repeat");
}

/// How sequences are packed into batches is nobody's business.
#[test]
fn batches_change_no_rank() {
    let world = world();
    let model = world.untrained();
    let cloze = cloze_items(&world.kb, &world.sentences, &world.tokenizer, &ClozeOptions::default()).unwrap();
    let small = ProbeOptions { batch_tokens: 1, ..ProbeOptions::default() };
    let small = Probe::new(&model, world.tokenizer.specials(), small, &Silent);
    assert_eq!(small.entity_cloze(&cloze).unwrap(), probe(&world, &model).entity_cloze(&cloze).unwrap());
}

#[test]
fn nothing_and_oddities_are_borne() {
    let world = world();
    let model = world.untrained();
    let probe = probe(&world, &model);
    let text = |tokens: Vec<TokenId>| TokenizedText { lang: Lang::UND, tokens, words: vec![], mentions: vec![] };
    assert_eq!(probe.entity_cloze(&[]).unwrap().scores.items, 0);
    assert_eq!(probe.mention_retrieval(&[], &world.descriptions(), &BTreeSet::new()).unwrap().all.scores.items, 0);
    assert_eq!(probe.bitext_retrieval(&[(text(vec![]), text(vec![TokenId(9)]))]).unwrap().forward.scores.items, 0);
    let long = text(vec![TokenId(9); 1000]);
    let scores = probe.pseudo_perplexity(&[text(vec![]), long.clone()], Seed(1)).unwrap();
    assert!(scores[&Lang::UND].tokens > 0 && scores[&Lang::UND].tokens <= 62);
    let item = ClozeItem {
        tokens: long.tokens,
        gap: TokenSpan::new(990, 992),
        candidates: vec![vec![TokenId(8)], vec![TokenId(7); 3]],
        answer: 1,
    };
    assert_eq!(probe.entity_cloze(std::slice::from_ref(&item)).unwrap().ranks[0].candidates, 2);
    let refuse = |item| probe.entity_cloze(&[item]).unwrap_err().to_string();
    assert!(refuse(ClozeItem { gap: TokenSpan::new(5, 5), ..item.clone() }).contains("a gap within the sentence"));
    assert!(refuse(ClozeItem { answer: 2, ..item.clone() }).contains("an answer among the candidates, found 2"));
    assert!(refuse(ClozeItem { candidates: vec![vec![]], answer: 0, ..item }).contains("pieces of the vocabulary"));
    let mention = MentionItem { tokens: vec![TokenId(9)], span: TokenSpan::new(0, 2), entity: EntityId(0) };
    assert!(probe.mention_retrieval(&[mention], &world.descriptions(), &BTreeSet::new()).is_err());
}

struct Stopped;

impl Progress for Stopped {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_probe_can_be_stopped() {
    let world = world();
    let model = world.untrained();
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Stopped);
    assert!(matches!(probe.pseudo_perplexity(&world.texts(), Seed(1)), Err(Error::Interrupted)));
}
