//! A trained model scores above an untrained one; invalid items are refused.

use std::collections::BTreeSet;

use jove_core::{EntityId, Lang, Progress, Seed, Silent, TokenId, TokenSpan, TokenizedText};
use jove_eval::{
    Answer, ClozeItem, Comparison, Error, MentionItem, MentionQuestion, Perplexity, Probe, ProbeOptions, TokenCounts,
    TypingItem, TypingItems,
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

/// A question that compares every description.
fn question(item: &MentionItem, hidden: bool) -> MentionQuestion {
    MentionQuestion {
        text: String::new(),
        lang: Lang::UND,
        span: jove_core::ByteSpan::new(0, 0),
        entity: item.entity,
        hidden,
        skipped: None,
        excluded: BTreeSet::new(),
        among: None,
        others: Vec::new(),
    }
}

fn reciprocal(answers: &[Answer]) -> f64 {
    answers.iter().map(|answer| 1.0 / answer.rank.rank).sum::<f64>() / answers.len().max(1) as f64
}

fn mean_loss(scores: &[Perplexity]) -> f64 {
    scores.iter().map(|score| score.loss).sum::<f64>() / scores.iter().map(|score| score.tokens).sum::<usize>() as f64
}

#[test]
fn training_shows_in_every_probe() {
    let world = world();
    let (before, after) = (world.untrained(), world.trained(250));
    let cloze = world.clozes();
    let mentions = world.mentions();
    let asked: Vec<MentionQuestion> = mentions.iter().map(|mention| question(mention, false)).collect();
    let asked: Vec<_> = mentions.iter().cloned().zip(&asked).collect();
    let typing = typing(&mentions);
    let scores = |model| {
        let probe = probe(&world, model);
        let described = probe.describe(&world.described(), Comparison::LinkHead).unwrap();
        let mention = probe.mention_retrieval(&asked, &described).unwrap();
        let bitext = probe.bitext_retrieval(&world.pairs()).unwrap();
        let typing = probe.entity_typing(&typing).unwrap();
        assert!(typing.len() > 20 && typing.iter().all(|answer| answer.rank.candidates == 2), "{typing:?}");
        let perplexity = probe.pseudo_perplexity(&numbered(world.texts()), Seed(1)).unwrap();
        [
            reciprocal(&probe.cloze(&cloze).unwrap()),
            reciprocal(&probe.prior_corrected_cloze(&cloze).unwrap()),
            reciprocal(&mention),
            reciprocal(&bitext.forward),
            reciprocal(&bitext.backward),
            reciprocal(&typing),
            (-mean_loss(&perplexity)).exp(),
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
    let cloze = world.clozes();
    let small = ProbeOptions { batch_tokens: 1, ..ProbeOptions::default() };
    let small = Probe::new(&model, world.tokenizer.specials(), small, &Silent);
    let ranks = |answers: Vec<Answer>| answers.iter().map(|answer| answer.rank).collect::<Vec<_>>();
    assert_eq!(ranks(small.cloze(&cloze).unwrap()), ranks(probe(&world, &model).cloze(&cloze).unwrap()));
}

#[test]
fn empty_long_and_unknown_inputs_have_answers() {
    let world = world();
    let model = world.untrained();
    let probe = probe(&world, &model);
    let text = |tokens: Vec<TokenId>| TokenizedText { lang: Lang::UND, tokens, words: vec![], mentions: vec![] };
    assert_eq!(probe.cloze(&[]).unwrap(), []);
    let described = probe.describe(&world.described(), Comparison::LinkHead).unwrap();
    assert_eq!(probe.mention_retrieval(&[], &described).unwrap(), []);
    assert_eq!(probe.bitext_retrieval(&[(text(vec![]), text(vec![TokenId(9)]))]).unwrap().forward, []);
    let long = text(vec![TokenId(9); 1000]);
    let unknown = text(vec![world.tokenizer.specials().unknown; 5]);
    let scores = probe.pseudo_perplexity(&numbered(vec![text(vec![]), long.clone(), unknown]), Seed(1)).unwrap();
    let tokens: Vec<usize> = scores.iter().map(|score| score.tokens).collect();
    assert_eq!(tokens, [0, 62, 0], "every token that the model reads, once");
    assert_eq!(probe.entity_typing(&TypingItems::default()).unwrap(), []);
    let item = ClozeItem {
        tokens: long.tokens,
        gap: TokenSpan::new(990, 992),
        candidates: vec![vec![TokenId(8)], vec![TokenId(7); 3]],
        answer: 1,
        subject: None,
    };
    assert_eq!(probe.cloze(std::slice::from_ref(&item)).unwrap()[0].rank.candidates, 2);
    let refuse = |item| probe.cloze(&[item]).unwrap_err().to_string();
    assert!(refuse(ClozeItem { gap: TokenSpan::new(5, 5), ..item.clone() }).contains("a gap within the sentence"));
    assert!(refuse(ClozeItem { answer: 2, ..item.clone() }).contains("an answer among the candidates, found 2"));
    assert!(refuse(ClozeItem { candidates: vec![vec![]], answer: 0, ..item }).contains("pieces of the vocabulary"));
    let refuse = |entity, span| {
        let mention = MentionItem { tokens: vec![TokenId(9)], span, entity: EntityId(entity) };
        let question = question(&mention, false);
        probe.mention_retrieval(&[(mention, &question)], &described).unwrap_err().to_string()
    };
    assert!(refuse(0, TokenSpan::new(0, 2)).contains("a mention within the sentence"));
    assert!(refuse(999, TokenSpan::new(0, 1)).contains("a described entity, found entity 999"));
}

#[test]
fn an_entity_on_both_sides_of_the_types_is_refused() {
    let world = world();
    let model = world.untrained();
    let mentions = world.mentions().into_iter().take(4);
    let items: Vec<TypingItem> = mentions.map(|mention| TypingItem { mention, class: 0 }).collect();
    let refuse = |items: TypingItems| probe(&world, &model).entity_typing(&items).unwrap_err().to_string();
    let error = refuse(TypingItems { train: items.clone(), test: items.clone(), types: 1 });
    assert!(error.contains("an entity that is not in the training items"), "{error}");
    let error = refuse(TypingItems { train: items.clone(), test: items, types: 0 });
    assert!(error.contains("one of the types, found 0"), "{error}");
}

/// A hidden mention looks the same whatever its name and however long.
#[test]
fn a_hidden_mention_tells_nothing_of_its_name() {
    let world = world();
    let model = world.trained(20);
    let probe = probe(&world, &model);
    let described = probe.describe(&world.described(), Comparison::LinkHead).unwrap();
    let answer = |name: &[u32], hidden| {
        let tokens = [&[9, 10], name, &[11]].concat().into_iter().map(TokenId).collect();
        let item = MentionItem { tokens, span: TokenSpan::new(2, 2 + name.len() as u32), entity: EntityId(0) };
        let question = question(&item, hidden);
        probe.mention_retrieval(&[(item, &question)], &described).unwrap().remove(0)
    };
    assert_eq!(answer(&[30], true), answer(&[40, 41, 42], true));
    assert_ne!(answer(&[30], false), answer(&[40, 41, 42], false));
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
    let unknown = world.tokenizer.specials().unknown;
    for ((_, text), score) in texts.iter().zip(&all) {
        assert_eq!(score.tokens, text.tokens.iter().filter(|&&token| token != unknown).count());
    }
    let (first, last) = texts.split_at(texts.len() / 2);
    for (whole, part) in all.iter().zip([score(first), score(last)].concat()) {
        assert!((whole.loss - part.loss).abs() <= 1e-5 * whole.loss, "{whole:?} {part:?}");
    }
}

#[test]
fn frequencies_predict_the_same_tokens_as_a_model() {
    let world = world();
    let (model, specials) = (world.untrained(), world.tokenizer.specials());
    let probe = probe(&world, &model);
    let texts = numbered(world.texts());
    let mut counts = TokenCounts::new(specials);
    let uniform = counts.perplexity(&texts, 64);
    assert!((mean_loss(&uniform) - f64::from(specials.vocab_size).ln()).abs() < 1e-9);
    for (_, text) in &texts {
        counts.add(&text.tokens);
    }
    let known = counts.perplexity(&texts, 64);
    assert!(mean_loss(&known) < mean_loss(&uniform) - 1.0);
    let tokens = |scores: &[Perplexity]| scores.iter().map(|score| score.tokens).collect::<Vec<_>>();
    assert_eq!(tokens(&known), tokens(&probe.pseudo_perplexity(&texts, Seed(1)).unwrap()));
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
