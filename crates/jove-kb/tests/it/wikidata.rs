//! Values, ranks and redirects of Wikidata's dump.

use jove_core::Lang;
use jove_kb::Format;

use crate::common::Place;

/// Imports one statement with this value, and compares the literal: value, language, datatype.
fn check(value: &str, expected: Option<(&str, Option<&str>, &str)>) {
    let row = format!(r#"{{"id":"Q1","claims":{{"P1":[{{"mainsnak":{{"datavalue":{{"value":{value}}}}}}}]}}}}"#);
    let (kb, report) = Place::new().build(Format::Wikidata, &row);
    assert_eq!((report.bad, report.facts), (0, 0), "{value}: {:?}", report.problems);
    let literals = kb.literals(kb.entity_id("Q1").unwrap().unwrap()).unwrap();
    let found = literals.first().map(|literal| (literal.value.as_str(), literal.lang, literal.datatype.as_str()));
    let expected = expected.map(|(text, lang, datatype)| (text, lang.map(|tag| Lang::new(tag).unwrap()), datatype));
    assert_eq!(found, expected, "{value}");
}

#[test]
fn values_become_literals_with_language_and_datatype() {
    check(r#""plain""#, Some(("plain", None, "")));
    check(r#""中\n🙂""#, Some(("中\n🙂", None, "")));
    check(r#"{"text":"你好","language":"zh"}"#, Some(("你好", Some("zh"), "")));
    check(r#"{"text":"x","language":"not a tag"}"#, Some(("x", None, "")));
    check(r#"{"time":"+2001-01-15T00:00:00Z","precision":11}"#, Some(("+2001-01-15T00:00:00Z/11", None, "time")));
    check(r#"{"time":"+1500-00-00T00:00:00Z","precision":7}"#, Some(("+1500-00-00T00:00:00Z/7", None, "time")));
    check(r#"{"amount":"+3","unit":"1"}"#, Some(("+3", None, "quantity")));
    check(r#"{"amount":"+12.5","unit":"http://w/entity/Q11573"}"#, Some(("+12.5 Q11573", None, "quantity")));
    check(r#"{"latitude":1.5,"longitude":-2}"#, Some(("1.5,-2", None, "coordinate")));
    check(r#"{"latitude":1.5,"longitude":-2,"globe":"http://w/entity/Q2"}"#, Some(("1.5,-2", None, "coordinate")));
    check(
        r#"{"latitude":1.5,"longitude":-2,"globe":"http://w/entity/Q405"}"#,
        Some(("1.5,-2 Q405", None, "coordinate")),
    );
    check(r#"{"latitude":1.5}"#, None);
    check("{}", None);
}

/// Facts of one statement with these fields beside its value.
fn facts(statement: &str) -> Vec<String> {
    let row = format!(r#"{{"id":"Q1","claims":{{"P1":[{{{statement}}}]}}}}"#);
    let (kb, report) = Place::new().build(Format::Wikidata, &row);
    assert_eq!(report.bad, 0, "{statement}: {:?}", report.problems);
    kb.facts().unwrap().iter().map(|fact| kb.key(fact.object).unwrap()).collect()
}

#[test]
fn deprecated_and_empty_statements_are_left_out() {
    let value = r#""mainsnak":{"datavalue":{"value":{"id":"Q2"}}}"#;
    for (rank, expected) in [("normal", &["Q2"][..]), ("preferred", &["Q2"]), ("deprecated", &[])] {
        assert_eq!(facts(&format!(r#"{value},"rank":"{rank}""#)), expected, "{rank}");
    }
    assert_eq!(facts(value), ["Q2"]);
    assert!(facts(r#""mainsnak":{"snaktype":"novalue"}"#).is_empty());
}

#[test]
fn entity_values_may_lack_their_id() {
    for (value, expected) in [
        (r#"{"id":"Q2"}"#, "Q2"),
        (r#"{"entity-type":"item","numeric-id":2}"#, "Q2"),
        (r#"{"entity-type":"property","numeric-id":2}"#, "P2"),
        (r#"{"entity-type":"lexeme","numeric-id":2,"id":"L2"}"#, "L2"),
    ] {
        assert_eq!(facts(&format!(r#""mainsnak":{{"datavalue":{{"value":{value}}}}}"#)), [expected], "{value}");
    }
}

#[test]
fn symmetric_and_inverse_properties_are_declared() {
    let property = |claims: &str| format!(r#"{{"id":"P1","claims":{{{claims}}}}}"#);
    let value = |id: &str| format!(r#"[{{"mainsnak":{{"datavalue":{{"value":{{"id":"{id}"}}}}}}}}]"#);
    let read = |row: &str| {
        let (kb, _) = Place::new().build(Format::Wikidata, row);
        let info = kb.predicates().unwrap()[0].clone();
        (info.key.clone(), info.symmetric, info.inverse.map(|id| kb.predicates().unwrap()[id.0 as usize].key.clone()))
    };
    let inverse = read(&property(&format!(r#""P1696":{}"#, value("P9"))));
    assert_eq!(inverse, ("P1".to_owned(), false, Some("P9".to_owned())));
    let symmetric = read(&property(&format!(r#""P31":{}"#, value("Q18647518"))));
    assert_eq!(symmetric, ("P1".to_owned(), true, Some("P1".to_owned())));
}

#[test]
fn the_statements_of_best_rank_are_taken() {
    let statement = |value: &str, rank: &str| {
        format!(r#"{{"mainsnak":{{"datavalue":{{"value":{{"id":"{value}"}}}}}},"rank":"{rank}"}}"#)
    };
    let check = |ranks: &[(&str, &str)], expected: &[&str]| {
        let all: Vec<String> = ranks.iter().map(|(value, rank)| statement(value, rank)).collect();
        let row = format!(r#"{{"id":"Q1","claims":{{"P36":[{}]}}}}"#, all.join(","));
        let kb = Place::new().build(Format::Wikidata, row).0;
        let found: Vec<String> = kb.facts().unwrap().iter().map(|fact| kb.key(fact.object).unwrap()).collect();
        assert_eq!(found, expected, "{ranks:?}");
    };
    check(&[("Q2", "normal"), ("Q3", "preferred"), ("Q4", "deprecated"), ("Q5", "preferred")], &["Q3", "Q5"]);
    check(&[("Q2", "normal"), ("Q3", "normal"), ("Q4", "deprecated")], &["Q2", "Q3"]);
    check(&[("Q4", "deprecated")], &[]);
}

#[test]
fn one_odd_statement_costs_no_more_than_itself() {
    let good = r#"{"mainsnak":{"datavalue":{"value":{"id":"Q2"}}}}"#;
    for odd in ["{}", "7", r#"{"mainsnak":{"datavalue":{"value":7}}}"#, "null"] {
        let row = format!(r#"{{"id":"Q1","labels":{{"en":{{"value":"One"}}}},"claims":{{"P1":[{good},{odd}]}}}}"#);
        let (kb, report) = Place::new().build(Format::Wikidata, &row);
        assert_eq!((report.bad, kb.fact_count().unwrap()), (1, 1), "{odd}: {:?}", report.problems);
        assert!(report.problems[0].to_string().contains("1 of the entity"), "{odd}: {}", report.problems[0]);
        assert!(kb.entity_id("Q1").unwrap().is_some());
    }
}

#[test]
fn entities_are_found_wherever_the_brackets_of_the_array_stand() {
    let one = |id: &str| format!(r#"{{"id":"{id}","labels":{{"en":{{"value":"n{id}"}}}}}}"#);
    for text in [
        format!("[\n{},\n{}\n]\n", one("Q1"), one("Q2")),
        format!("[{},\n{}]", one("Q1"), one("Q2")),
        format!("{}\n{}", one("Q1"), one("Q2")),
    ] {
        let (kb, report) = Place::new().build(Format::Wikidata, &text);
        assert_eq!((report.bad, report.entities), (0, 2), "{text}: {:?}", report.problems);
        assert!(kb.entity_id("Q2").unwrap().is_some());
    }
}

#[test]
fn lexemes_media_files_and_deleted_entities() {
    let lexeme = r#"{"id":"L9","type":"lexeme","lemmas":{"en":{"language":"en","value":"run"}}}"#;
    let media = r#"{"id":"M7","statements":{"P180":[{"mainsnak":{"datavalue":{"value":{"id":"Q2"}}}}]}}"#;
    let deleted = r#"{"id":"Q3","missing":""}"#;
    let (kb, report) = Place::new().build(Format::Wikidata, [lexeme, media, deleted].join("\n"));
    assert_eq!((report.bad, kb.fact_count().unwrap()), (1, 1), "{:?}", report.problems);
    assert!(report.problems[0].to_string().contains("an entity that exists"));
    assert!(kb.entity_id("Q3").unwrap().is_none());
    assert_eq!(kb.search("run", Lang::EN, 5).unwrap().len(), 1);
}
