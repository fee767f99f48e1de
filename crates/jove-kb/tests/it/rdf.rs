//! N-Triples and Turtle: literals, languages, names, blank nodes.

use jove_core::Lang;
use jove_kb::{Format, Kb};

use crate::common::Place;

const LABEL: &str = "<http://www.w3.org/2000/01/rdf-schema#label>";

fn entity(kb: &Kb, key: &str) -> jove_core::EntityId {
    kb.entity_id(key).unwrap().unwrap_or_else(|| panic!("no entity {key}"))
}

/// Imports one literal, and compares its value, language and datatype.
fn check_literal(term: &str, expected: (&str, Option<&str>, &str)) {
    let row = format!("<http://x/a> <http://x/p> {term} .\n");
    let (kb, report) = Place::new().build(Format::NTriples, &row);
    assert_eq!((report.bad, report.literals), (0, 1), "{term}: {:?}", report.problems);
    let literal = kb.literals(entity(&kb, "http://x/a")).unwrap().remove(0);
    let lang = expected.1.map(|tag| Lang::new(tag).unwrap());
    assert_eq!((literal.value.as_str(), literal.lang, literal.datatype.as_str()), (expected.0, lang, expected.2));
}

#[test]
fn literals_keep_value_language_and_datatype() {
    check_literal("\"\"", ("", None, ""));
    check_literal("\"中国\"", ("中国", None, ""));
    check_literal("\"\\u4e2d\\U0001F642\"", ("中🙂", None, ""));
    check_literal("\"a\\tb\\nc\\\"d\\\\\"", ("a\tb\nc\"d\\", None, ""));
    check_literal("\"e\u{301}\"@fr", ("e\u{301}", Some("fr"), ""));
    check_literal("\"שלום\"@he", ("שלום", Some("he"), ""));
    check_literal("\"x\"@zh-hant", ("x", Some("zh-Hant"), ""));
    check_literal("\"x\"@pt-br", ("x", Some("pt-BR"), ""));
    check_literal("\"1\"^^<http://x/int>", ("1", None, "http://x/int"));
    check_literal("\"1\"^^<http://www.w3.org/2001/XMLSchema#string>", ("1", None, ""));
}

#[test]
fn the_usual_predicates_have_roles() {
    let rows = |predicate: &str, object: &str| {
        let (kb, report) = Place::new().build(Format::NTriples, format!("<http://x/a> <{predicate}> {object} .\n"));
        assert_eq!(report.bad, 0, "{predicate}");
        kb
    };
    let a = |kb: &Kb| entity(kb, "http://x/a");
    for predicate in [
        "http://www.w3.org/2000/01/rdf-schema#label",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://xmlns.com/foaf/0.1/name",
        "http://schema.org/name",
        "http://purl.org/dc/terms/title",
    ] {
        let kb = rows(predicate, "\"name\"@en");
        assert_eq!(kb.label_in(a(&kb), Lang::EN).unwrap().as_deref(), Some("name"), "{predicate}");
    }
    for predicate in [
        "http://www.w3.org/2004/02/skos/core#altLabel",
        "http://schema.org/alternateName",
        "http://www.geneontology.org/formats/oboInOwl#hasExactSynonym",
    ] {
        let kb = rows(predicate, "\"name\"@en");
        assert_eq!(kb.names(a(&kb)).unwrap(), [(Some(Lang::EN), "name".to_owned(), false)], "{predicate}");
    }
    for predicate in [
        "http://www.w3.org/2000/01/rdf-schema#comment",
        "http://schema.org/description",
        "http://www.w3.org/2004/02/skos/core#definition",
        "http://purl.obolibrary.org/obo/IAO_0000115",
    ] {
        let kb = rows(predicate, "\"text\"@en");
        assert_eq!(kb.description(a(&kb), Lang::EN).unwrap().as_deref(), Some("text"), "{predicate}");
    }
    let kb = rows("http://www.w3.org/2002/07/owl#sameAs", "<http://x/b>");
    assert_eq!(kb.keys(a(&kb)).unwrap(), ["http://x/a", "http://x/b"]);
    let kb = rows("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "<http://x/T>");
    assert_eq!(kb.types(a(&kb)).unwrap(), ["http://x/T"]);
}

#[test]
fn a_blank_node_is_one_entity_within_a_file() {
    let rows =
        format!("_:b <http://x/p> <http://x/a> .\n<http://x/a> <http://x/q> _:b .\n_:b {LABEL} \"blank\"@en .\n");
    let (kb, report) = Place::new().build(Format::NTriples, rows);
    assert_eq!((report.entities, report.facts, report.bad), (2, 2, 0));
    let facts = kb.facts().unwrap();
    assert_eq!((facts[0].subject, facts[0].object), (facts[1].object, facts[1].subject));
    let blank = facts.iter().find(|fact| kb.predicate_name(fact.predicate).unwrap() == Some("http://x/p")).unwrap();
    assert_eq!(kb.label_in(blank.subject, Lang::EN).unwrap().as_deref(), Some("blank"));
    assert!(kb.key(blank.subject).unwrap().starts_with("_:jove"));
}

#[test]
fn turtle_and_ntriples_of_the_same_graph_are_equal() {
    let turtle = "@prefix x: <http://x/> .\nx:a x:p x:b , \"中\"@zh ; x:q 3 .\n";
    let ntriples = "<http://x/a> <http://x/p> <http://x/b> .\n<http://x/a> <http://x/p> \"中\"@zh .\n\
        <http://x/a> <http://x/q> \"3\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n";
    let read = |format, text: &str| {
        let (kb, report) = Place::new().build(format, text);
        assert_eq!(report.bad, 0, "{format}");
        let a = entity(&kb, "http://x/a");
        let literals: Vec<_> = kb.literals(a).unwrap().into_iter().map(|l| (l.value, l.lang, l.datatype)).collect();
        let objects: Vec<_> = kb.facts_of(a, 9).unwrap().iter().map(|fact| kb.key(fact.object).unwrap()).collect();
        (literals, objects)
    };
    assert_eq!(read(Format::Turtle, turtle), read(Format::NTriples, ntriples));
}

#[test]
fn turtle_goes_on_after_a_bad_statement() {
    let rows = "@prefix x: <http://x/> .\nx:a x:p x:b .\nx:c x:p .\nx:d x:p x:e .\n";
    let (kb, report) = Place::new().build(Format::Turtle, rows);
    assert!(report.bad >= 1, "{:?}", report.problems);
    assert_eq!(kb.facts_of(entity(&kb, "http://x/a"), 9).unwrap().len(), 1);
    assert_eq!(report.problems[0].line, Some(3));
}

#[test]
fn nodes_without_a_label_have_the_same_keys_in_every_build() {
    let rows = "@prefix x: <http://x/> .\nx:a x:p [ x:q x:b ] , ( x:c ) .\n[ x:q x:d ] x:r x:a .\n";
    let keys = || {
        let (kb, report) = Place::new().build(Format::Turtle, rows);
        (0..report.entities as u32).map(|id| kb.key(jove_core::EntityId(id)).unwrap()).collect::<Vec<_>>()
    };
    let first = keys();
    assert_eq!(first, keys());
    assert!(first.iter().any(|key| key.ends_with(".anon-0")), "{first:?}");
}

#[test]
fn a_quote_that_is_never_closed_costs_what_it_swallows_and_no_more() {
    let good = |name: &str| format!("<http://x/{name}> <http://x/p> <http://x/b> .\n");
    let rows = format!("{}<http://x/c> <http://x/p> \"\"\"open .\n{}", good("a"), good("d"));
    let (kb, report) = Place::new().build(Format::Turtle, rows);
    assert_eq!(report.bad, 1, "{:?}", report.problems);
    for name in ["http://x/a", "http://x/d"] {
        assert_eq!(kb.facts_of(entity(&kb, name), 9).unwrap().len(), 1, "{name}");
    }
}

#[test]
fn triples_nested_without_end_are_bad_rows() {
    let deep = format!(
        "<http://x/a> <http://x/p> {}<http://x/b>{} .",
        "<<( <http://x/a> <http://x/p> ".repeat(9999),
        " )>>".repeat(9999)
    );
    for format in [Format::NTriples, Format::NQuads, Format::Turtle, Format::TriG] {
        let (kb, report) = Place::new().build(format, format!("<http://x/a> <http://x/p> <http://x/b> .\n{deep}\n"));
        assert_eq!((kb.fact_count().unwrap(), report.bad), (1, 1), "{format}");
    }
}

#[test]
fn documents_without_bounds_are_refused() {
    let place = Place::new();
    let refused = |format, content: String| {
        let error = jove_kb::build(&place.options(format, &place.file("x", content)), &jove_core::Silent).unwrap_err();
        error.to_string()
    };
    let head = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">";
    assert!(refused(Format::RdfXml, format!("{head}{}", "<rdf:Description>".repeat(5000))).contains("256 deep"));
    let laughs: Vec<_> = (1..30).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};\">", n - 1)).collect();
    let laughs = laughs.concat();
    let bomb =
        format!("<!DOCTYPE x [<!ENTITY l0 \"haha\">{laughs}]>{head}<rdf:Description rdf:about=\"&l29;\"/></rdf:RDF>");
    assert!(refused(Format::RdfXml, bomb).contains("entities"));
    assert!(refused(Format::JsonLd, "[".repeat(100_000)).contains("256 deep"));
    assert!(refused(Format::JsonLd, "{\"@context\":".repeat(100_000)).contains("256 deep"));
    assert!(refused(Format::JsonLd, "{\"@id\": \"http://x/a\", ".into()).contains("JSON-LD"));
    // Nothing is fetched.
    let remote = refused(Format::JsonLd, "{\"@context\": \"http://x.invalid/c\", \"@id\": \"http://x/a\"}".into());
    assert!(remote.contains("bad"), "{remote}");
}

#[test]
fn entities_of_dbpedia_are_named_by_their_iris() {
    for (iri, lang, names) in [
        ("http://dbpedia.org/resource/Beijing", "en", &["Beijing"][..]),
        ("http://dbpedia.org/resource/Paris_(Texas)", "en", &["Paris (Texas)", "Paris"]),
        ("http://zh.dbpedia.org/resource/%E5%8C%97%E4%BA%AC", "zh", &["北京"]),
        ("http://fr.dbpedia.org/resource/100%25", "fr", &["100%"]),
        ("http://x/other", "en", &[]),
    ] {
        let row = format!("<{iri}> <http://x/p> <http://x/b> .\n");
        let (kb, _) = Place::new().build(Format::Dbpedia, row);
        let found = kb.names(entity(&kb, iri)).unwrap();
        let expected: Vec<_> = names.iter().map(|name| (Some(Lang::new(lang).unwrap()), (*name).to_owned())).collect();
        assert_eq!(found.into_iter().map(|(lang, name, _)| (lang, name)).collect::<Vec<_>>(), expected, "{iri}");
    }
}
