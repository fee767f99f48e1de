//! A source that nothing is taken of stops the build, keeps the old base, and says what the file seems to be.

use jove_core::{Advise as _, Silent};
use jove_kb::{BuildOptions, Error, Format, build};

use crate::common::Place;

/// Builds over a good base from a file of another layout; `expected` are parts of message and hint.
fn check(format: Format, content: impl AsRef<[u8]>, expected: [&str; 2]) {
    let place = Place::new();
    let (_, report) = place.build(Format::Tsv, "a\tp\tb\n");
    let before = std::fs::read(&report.out).unwrap();
    let source = place.file("other", content);
    let error = build(&place.options(format, &source), &Silent).unwrap_err();
    assert!(matches!(error, Error::OtherLayout { .. } | Error::NoText { .. }), "{format}: {error}");
    let hint = error.hint().unwrap();
    assert!(error.to_string().contains(expected[0]) && hint.contains(expected[1]), "{format}: {error}; {hint}");
    assert_eq!(std::fs::read(&report.out).unwrap(), before, "{format}");
}

#[test]
fn the_nearest_way_to_a_readable_file_is_told() {
    check(Format::Csv, "甲;在;乙\n丙;在;丁\n", ["semicolons", "--delimiter"]);
    check(Format::Csv, b"\xbc\xd7,\xd4\xda,\xd2\xd2\n".as_slice(), ["another encoding", "--encoding gb18030"]);
    check(Format::Tsv, b"a\0\t\0p\0\t\0b\0\n\0".as_slice(), ["UTF-16", "--encoding utf-16le"]);
    check(Format::Tsv, b"\xff\xfe\0\0a\0\0\0".as_slice(), ["UTF-32", "iconv"]);
    check(Format::Tsv, "2\n0 1 0\n1 0 0\n", ["OpenKE", "openke:FOLDER"]);
    check(Format::Turtle, "<?xml version=\"1.0\"?><rdf:RDF/>", ["RDF/XML", "rdfxml:"]);
    check(Format::Turtle, "{\"@context\": {}, \"@id\": \"a\"}", ["JSON-LD", "jsonld:"]);
    check(Format::NTriples, "<http://x/a> <http://x/p> <http://x/b> <http://x/g> .\n", ["N-Quads", "nquads:"]);
    check(Format::Tsv, "C0000005|ENG|P|L0|", ["vertical bars", "--delimiter"]);
    check(Format::Tsv, "Q7\tGreen River\tVerde\tRio\nQ8\tOld Town\nQ9\tNew\tNeu\n", ["Wikidata5M", "wikidata5m:"]);
    check(Format::Csv, "\"_id\",\"_labels\",\"name\"\n\"1\",\":City\",\"A\"\n", ["Neo4j", "--config"]);
    check(Format::Csv, "personId:ID,name,:LABEL\n1,A,B\n", ["Neo4j", "--config"]);
    check(Format::Turtle, "<#a> <p> <#b> .", ["relative IRIs", "--base"]);
    for format in [Format::Jsonl, Format::Tsv, Format::OwnThink, Format::NTriples, Format::ConceptNet] {
        check(format, "", ["empty", "fetched whole"]);
        check(format, "\n\r\n\n", ["empty", "fetched whole"]);
    }
}

#[test]
fn a_source_that_is_mostly_bad_is_taken_only_on_request() {
    let place = Place::new();
    let source = place.file("x.tsv", "a\tp\tb\none\ntwo\n");
    let options = place.options(Format::Tsv, &source);
    let error = build(&options, &Silent).unwrap_err();
    assert!(error.to_string().contains("2 bad ones among 3"), "{error}");
    assert!(std::fs::read_to_string(place.path("kb.sqlite.rejects.jsonl")).unwrap().contains("two"));
    let report = build(&BuildOptions { max_bad: 101, ..options.clone() }, &Silent).unwrap();
    assert_eq!((report.bad, report.facts), (2, 1));
    place.file("x.tsv", "a\tp\tb\nc\tp\td\none\ntwo\n");
    assert_eq!(build(&options, &Silent).unwrap().bad, 2);
}
