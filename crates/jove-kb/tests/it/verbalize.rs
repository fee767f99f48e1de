//! Facts in, sentences out.

use std::collections::BTreeSet;

use jove_core::{Lang, Seed};
use jove_kb::{Format, Patterns, VerbalizeOptions, verbalize, verbalize_shuffled};
use proptest::prelude::*;

use crate::common::Place;

const PATTERNS: &str = r#"
[relations.capital]
inverse = "capital-of"
[relations.capital.sentences]
zh = ["{subject}的首都是{object}。", "{object}是{subject}的首都。"]
en = ["{subject} has {object} as its capital.", "The capital of {subject} is {object}."]
[relations.capital-of.sentences]
en = ["{subject} is the seat of government of {object}."]
[relations.borders.sentences]
zh = ["{subject}与{object}接壤。"]
[articles.en]
the = ["Land 1"]
"#;

/// A base of `n` countries with capitals told both ways, in a ring of borders told both ways.
fn source(n: usize) -> String {
    let mut rows = String::new();
    for i in 0..n {
        let (next, previous) = ((i + 1) % n, (i + n - 1) % n);
        let pair = format!(
            "{{\"id\":\"l{i}\",\"labels\":{{\"zh\":\"国{i}\",\"en\":\"Land {i}\"}},\"facts\":{{\"capital\":\"c{i}\",\"borders\":[\"l{next}\",\"l{previous}\"]}}}}\n\
             {{\"id\":\"c{i}\",\"labels\":{{\"zh\":\"城{i}\",\"en\":\"City {i}\"}},\"facts\":{{\"capital-of\":\"l{i}\"}}}}\n"
        );
        rows.push_str(&pair);
    }
    rows
}

#[test]
fn spans_slice_to_names_and_articles_stay_outside() {
    let place = Place::new();
    let (kb, _) = place.build(Format::Jsonl, source(3));
    let patterns = Patterns::parse(PATTERNS).unwrap();
    let options = VerbalizeOptions { held_out_fraction: 0.0, per_fact: 5, ..VerbalizeOptions::default() };
    let out = verbalize(&kb, &patterns, &options).unwrap();
    assert!(out.held_out.is_empty());
    for sentence in &out.train {
        let label = |entity| kb.label_in(entity, sentence.lang).unwrap().unwrap();
        assert_eq!(sentence.subject.slice(&sentence.text).unwrap(), label(sentence.fact.subject));
        assert_eq!(sentence.object.slice(&sentence.text).unwrap(), label(sentence.fact.object));
        assert!(patterns.text(sentence.pattern).unwrap().contains("{subject}"));
    }
    let texts: BTreeSet<_> = out.train.iter().map(|sentence| sentence.text.as_str()).collect();
    assert!(texts.contains("The Land 1 has City 1 as its capital."));
    assert!(texts.contains("The capital of the Land 1 is City 1."));
    assert!(texts.contains("国0与国1接壤。"));
}

#[test]
fn shuffled_sentences_are_as_many_and_state_no_fact() {
    let place = Place::new();
    let (kb, _) = place.build(Format::Jsonl, source(30));
    let patterns = Patterns::parse(PATTERNS).unwrap();
    let options = VerbalizeOptions { held_out_fraction: 0.2, per_fact: 2, ..VerbalizeOptions::default() };
    let told = verbalize(&kb, &patterns, &options).unwrap();
    let wrong = verbalize_shuffled(&kb, &patterns, &options).unwrap();
    assert_eq!(wrong.len(), told.train.len());
    let related: BTreeSet<_> =
        kb.facts().unwrap().iter().flat_map(|f| [(f.subject, f.object), (f.object, f.subject)]).collect();
    for (wrong, told) in wrong.iter().zip(&told.train) {
        assert_eq!((wrong.lang, wrong.pattern, wrong.fact.subject), (told.lang, told.pattern, told.fact.subject));
        assert!(!related.contains(&(wrong.fact.subject, wrong.fact.object)), "{}", wrong.text);
        let label = |entity| kb.label_in(entity, wrong.lang).unwrap().unwrap();
        assert_eq!(wrong.object.slice(&wrong.text).unwrap(), label(wrong.fact.object));
    }
    let objects = |sentences: &[jove_kb::Sentence]| {
        let mut objects: Vec<_> =
            sentences.iter().map(|sentence| (sentence.fact.predicate, sentence.fact.object)).collect();
        objects.sort_unstable();
        objects
    };
    assert_eq!(objects(&wrong), objects(&told.train));
    assert_eq!(verbalize_shuffled(&kb, &patterns, &options).unwrap(), wrong);
}

#[test]
fn odd_patterns_are_refused() {
    for text in ["[relations.a.sentences]\nen = [\"{subject} only\"]", "[relations.a]\nsentence = {}", "x"] {
        assert!(Patterns::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_fallback_names_the_predicate() {
    let place = Place::new();
    let (kb, _) = place.build(Format::Tsv, "水稻\t产地\t湖南\n");
    let patterns = Patterns::parse("[fallback]\nzh = [\"{subject}的{predicate}是{object}。\"]").unwrap();
    let options = VerbalizeOptions { held_out_fraction: 0.0, ..VerbalizeOptions::default() };
    let out = verbalize(&kb, &patterns, &options).unwrap();
    assert_eq!(out.train.len(), 1);
    assert_eq!(out.train[0].text, "水稻的产地是湖南。");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn held_out_facts_and_their_twins_are_never_trained(seed in 0..1000_u64, fraction in 0.05..0.9_f64) {
        let place = Place::new();
        let (kb, _) = place.build(Format::Jsonl, source(12));
        let patterns = Patterns::parse(PATTERNS).unwrap();
        let options = VerbalizeOptions {
            held_out_fraction: fraction, seed: Seed(seed), langs: vec![Lang::ZH, Lang::EN], per_fact: 2,
        };
        let out = verbalize(&kb, &patterns, &options).unwrap();
        let pair = |sentence: &jove_kb::Sentence| {
            let fact = sentence.fact;
            (fact.subject.min(fact.object), fact.subject.max(fact.object))
        };
        // Each pair of this base is tied by one relation, told both ways: pairs tell facts and their twins.
        let trained: BTreeSet<_> = out.train.iter().map(pair).collect();
        prop_assert!(out.held_out.iter().all(|sentence| !trained.contains(&pair(sentence))));
        prop_assert_eq!(verbalize(&kb, &patterns, &options).unwrap(), out);
    }
}
