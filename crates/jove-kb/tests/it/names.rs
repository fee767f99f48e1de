//! Names, languages and selections.

use jove_core::{EntityId, Lang, Silent};
use jove_kb::{Format, Kb, Selection, build};
use proptest::prelude::*;

use crate::common::Place;

const ROW: &str = r#"{"id":"x","labels":{"zh":"中国","zh-Hant":"中國","en":"China","fr":"Chine","":"CHN"}}"#;

#[test]
fn a_label_comes_in_the_nearest_language() {
    let (kb, _) = Place::new().build(Format::Jsonl, ROW);
    for (wanted, expected) in
        [("zh", "中国"), ("zh-Hant", "中國"), ("zh-HK", "中国"), ("fr", "Chine"), ("fr-CA", "Chine"), ("de", "China")]
    {
        let lang = Lang::new(wanted).unwrap();
        assert_eq!(kb.label(EntityId(0), lang).unwrap().as_deref(), Some(expected), "{wanted}");
        let exact = kb.label_in(EntityId(0), lang).unwrap();
        assert_eq!(exact.is_some(), matches!(wanted, "zh" | "zh-Hant" | "fr"), "{wanted}");
    }
    let (kb, _) = Place::new().build(Format::Jsonl, r#"{"id":"x","labels":{"he":"סין"}}"#);
    assert_eq!(kb.label(EntityId(0), Lang::ZH).unwrap().as_deref(), Some("סין"), "any is better than none");
    assert_eq!(kb.label(EntityId(7), Lang::ZH).unwrap(), None);
}

#[test]
fn labels_in_a_language_fall_back_on_those_of_all_and_of_none() {
    let rows = r#"{"id":"a","labels":{"":"none","mul":"all","en":"own"}}
{"id":"b","labels":{"":"none","mul":"all","fr":"other"}}
{"id":"c","labels":{"":"none","fr":"other"}}
{"id":"d","labels":{"fr":"other"}}"#;
    let kb = Place::new().build(Format::Jsonl, rows).0;
    let labels: Vec<String> = kb.labels_in(Lang::EN).unwrap().into_values().collect();
    assert_eq!(labels, ["own", "all", "none"]);
    let tsv = Place::new().build(Format::Tsv, "Rivertown\tlocated in\tNorthland\n").0;
    assert_eq!(tsv.labels_in(Lang::EN).unwrap().len(), 2, "names of a table have no language");
}

#[test]
fn names_for_all_languages_stay_whatever_is_selected() {
    let place = Place::new();
    let row = r#"{"id":"a","labels":{"mul":"all","fr":"other"}}"#;
    let mut options = place.options(Format::Jsonl, &place.file("x.jsonl", row));
    options.select = Selection { languages: vec![Lang::EN], ..Selection::default() };
    build(&options, &Silent).unwrap();
    assert_eq!(Kb::open(&options.out).unwrap().languages().unwrap(), [("mul".to_owned(), 1)]);
}

fn languages(select: &[&str]) -> Vec<String> {
    let place = Place::new();
    let mut options = place.options(Format::Jsonl, &place.file("x.jsonl", ROW));
    let languages = select.iter().map(|tag| Lang::new(tag).unwrap()).collect();
    options.select = Selection { languages, ..Selection::default() };
    build(&options, &Silent).unwrap();
    Kb::open(&options.out).unwrap().languages().unwrap().into_iter().map(|(tag, _)| tag).collect()
}

#[test]
fn a_selected_language_brings_its_variants_but_not_the_other_way_round() {
    assert_eq!(languages(&[]), ["", "en", "fr", "zh", "zh-Hant"]);
    assert_eq!(languages(&["zh"]), ["", "zh", "zh-Hant"]);
    assert_eq!(languages(&["zh-Hant"]), ["", "zh-Hant"]);
    assert_eq!(languages(&["en", "fr"]), ["", "en", "fr"]);
    assert_eq!(languages(&["ja"]), [""], "names without a language stay");
}

fn prior(text: &str) -> Option<f32> {
    let row = format!(r#"{{"id":"x","aliases":{{"en":[{text}]}}}}"#);
    let (kb, _) = Place::new().build(Format::Jsonl, row);
    kb.aliases().unwrap().first().map(|record| record.prior)
}

#[test]
fn the_greatest_prior_of_an_alias_counts() {
    for (text, expected) in [
        (r#""a""#, Some(1.0)),
        (r#"{"text":"a","prior":0.25}"#, Some(0.25)),
        (r#"{"text":"a","prior":1}"#, Some(1.0)),
        (r#"{"text":"a","prior":0.25},{"text":"a","prior":0.5}"#, Some(0.5)),
        (r#""  ""#, None),
    ] {
        assert_eq!(prior(text), expected, "{text}");
    }
}

fn any_name() -> impl Strategy<Value = String> {
    "(a|B|中|国|🙂|e\u{301}|ש|ท|'|\"|-| |%|\\*|_){1,8}"
        .prop_filter("names have a letter", |name| name.contains(char::is_alphanumeric))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_name_finds_its_entity(names in prop::collection::vec(any_name(), 1..6)) {
        let row = |(number, name): (usize, &String)| {
            serde_json::json!({"id": format!("key{number}"), "labels": {"en": name}}).to_string() + "\n"
        };
        let (kb, _) = Place::new().build(Format::Jsonl, names.iter().enumerate().map(row).collect::<String>());
        for (number, name) in names.iter().enumerate() {
            let hits = kb.search(name, Lang::EN, 100).unwrap();
            prop_assert!(hits.iter().any(|hit| hit.key == format!("key{number}")), "{} in {:?}", name, hits);
        }
    }

    #[test]
    fn no_text_breaks_the_search(text in "\\PC{0,30}|[\"*()^:+ANDORNEAT ]{0,20}|\u{0}|\\n") {
        let (kb, _) = Place::new().build(Format::Jsonl, ROW);
        prop_assert!(kb.search(&text, Lang::ZH, 10).unwrap().len() <= 1);
    }

    #[test]
    fn aliases_are_the_names_of_all_entities(names in prop::collection::vec(any_name(), 1..6)) {
        let row = |(number, name): (usize, &String)| {
            serde_json::json!({"id": format!("k{number}"), "aliases": {"en": [name], "zh": [name]}}).to_string() + "\n"
        };
        let (kb, _) = Place::new().build(Format::Jsonl, names.iter().enumerate().map(row).collect::<String>());
        let aliases = kb.aliases().unwrap();
        prop_assert!(aliases.is_sorted_by_key(|record| record.entity));
        prop_assert_eq!(aliases.len(), 2 * names.len());
        for (number, name) in names.iter().enumerate() {
            let entity = kb.entity_id(&format!("k{number}")).unwrap().unwrap();
            let own: Vec<_> = aliases.iter().filter(|record| record.entity == entity).collect();
            prop_assert!(own.iter().all(|record| record.alias.split_whitespace().eq(name.split_whitespace())));
            prop_assert_eq!(kb.names(entity).unwrap().len(), own.len());
        }
    }
}
