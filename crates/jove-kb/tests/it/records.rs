//! Records that span lines, and names that a format could lose.

use jove_kb::{Format, Kb};
use proptest::prelude::*;

use crate::common::Place;

/// All facts as subject, predicate, object by key.
fn facts(kb: &Kb) -> Vec<[String; 3]> {
    let predicate = |id| kb.predicate_name(id).unwrap().unwrap().to_owned();
    let mut facts: Vec<_> = kb
        .facts()
        .unwrap()
        .iter()
        .map(|fact| [kb.key(fact.subject).unwrap(), predicate(fact.predicate), kb.key(fact.object).unwrap()])
        .collect();
    facts.sort();
    facts
}

fn check(format: Format, content: &str, (bad, rows): (u64, u64), expected: &[[&str; 3]]) {
    let (kb, report) = Place::new().build(format, content);
    assert_eq!((report.bad, report.sources[0].rows), (bad, rows), "{content}: {:?}", report.problems);
    assert_eq!(facts(&kb), expected.iter().map(|row| row.map(str::to_owned)).collect::<Vec<_>>(), "{content}");
}

#[test]
fn a_quoted_cell_may_hold_line_ends() {
    check(Format::Csv, "山,在,\"上\n下\"\n丙,在,丁\n", (0, 2), &[["丙", "在", "丁"], ["山", "在", "上\n下"]]);
    check(Format::Csv, "\"a\r\n\n\"\"b\"\"\",p,c", (0, 1), &[["a\n\n\"b\"", "p", "c"]]);
    check(Format::OwnThink, "实体,属性,值\n队,荣誉,\"一\n二\"\n队,市,河\n", (0, 3), &[["队", "市", "河"]]);
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line() {
    let many = "x,p,y\n".repeat(3000);
    check(Format::Csv, &format!("a,p,\"b\n{many}"), (1, 3001), &[["x", "p", "y"]]);
    check(Format::Csv, "a,p,\"b\nc,p,d\ne,p,\"f\"\n", (1, 3), &[["c", "p", "d"], ["e", "p", "f"]]);
    check(Format::OwnThink, "a,p,\"b\nc,p,d\n", (0, 2), &[["a", "p", "\"b"], ["c", "p", "d"]]);
}

/// Names of an entity, sorted.
fn names(kb: &Kb, key: &str) -> Vec<String> {
    let entity = kb.entity_id(key).unwrap().unwrap();
    let mut names: Vec<String> = kb.names(entity).unwrap().into_iter().map(|(_, text, _)| text).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn both_ends_of_same_as_keep_their_names_in_any_order() {
    let link = "Beijing\tsame as\t北京\n";
    let fact = "北京\tcapital of\t中国\n";
    for content in [link.to_owned(), format!("{link}{fact}"), format!("{fact}{link}")] {
        let kb = Place::new().build(Format::Tsv, &content).0;
        assert_eq!(names(&kb, "北京"), ["Beijing", "北京"], "{content}");
    }
    let redirect = "<http://dbpedia.org/resource/Nrothland> <http://dbpedia.org/ontology/wikiPageRedirects> \
                    <http://dbpedia.org/resource/Northland> .\n";
    let fact = "<http://dbpedia.org/resource/Northland> <http://dbpedia.org/ontology/capital> \
                <http://dbpedia.org/resource/Newcapital> .\n";
    for content in [format!("{redirect}{fact}"), format!("{fact}{redirect}")] {
        let kb = Place::new().build(Format::Dbpedia, &content).0;
        assert_eq!(names(&kb, "http://dbpedia.org/resource/Northland"), ["Northland", "Nrothland"], "{content}");
    }
}

#[test]
fn texts_that_are_no_names_are_left_out_and_counted() {
    let long = "种植历史很长。".repeat(60);
    let rows = format!("水稻\t历史\t{long}\n水稻\t产地\t湖南\n...\t义原\t标点\nA &amp; B\tp\t\u{200b}\n");
    let (kb, report) = Place::new().build(Format::Tsv, rows);
    assert_eq!((report.bad, report.facts, report.sources[0].no_names), (0, 4, 3), "{:?}", report.sources);
    assert!(report.sources[0].no_name_examples.iter().any(|text| text.contains("more than 1024 bytes")));
    assert_eq!(names(&kb, "A &amp; B"), ["A & B"]);
    assert!(names(&kb, "...").is_empty());
}

#[test]
fn a_prior_outside_its_range_is_a_bad_row() {
    for prior in ["0", "-1", "50", "1e-60"] {
        let row = format!(r#"{{"id":"a","aliases":{{"en":[{{"text":"Big Town","prior":{prior}}}]}}}}"#);
        let (kb, report) = Place::new().build(Format::Jsonl, format!("{row}\n{}", row.replace(prior, "0.5")));
        assert_eq!(report.bad, 1, "{prior}: {:?}", report.problems);
        assert!(report.problems[0].to_string().contains("a prior above 0 and at most 1"), "{}", report.problems[0]);
        assert_eq!(names(&kb, "a"), ["Big Town"]);
    }
}

#[test]
fn language_tags_are_of_one_case() {
    let rows = r#"{"id":"a","labels":{"zh-hant":"甲","zh_Hant":"甲","PT-br":"A"}}"#;
    let kb = Place::new().build(Format::Jsonl, rows).0;
    let tags: Vec<String> = kb.languages().unwrap().into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, ["pt-BR", "zh-Hant"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_written_by_a_csv_writer_come_back(cells in prop::collection::vec("[a甲\",\n ]{1,6}", 3)) {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        prop_assume!(cells.iter().all(|cell| !cell.trim().is_empty()));
        let content = format!("x,p,y\n{}\nx,p,z\n", quoted.join(","));
        let (kb, report) = Place::new().build(Format::Csv, &content);
        prop_assert_eq!((report.bad, report.facts), (0, 3), "{}", content);
        let trimmed: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        prop_assert!(facts(&kb).iter().any(|fact| fact.iter().eq(trimmed.iter())), "{}", content);
    }
}
