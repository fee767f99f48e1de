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
    check(Format::Csv, "甲;在;乙\n丙;在;丁\n", ["semicolons", "tr ';'"]);
    check(Format::Csv, b"\xbc\xd7,\xd4\xda,\xd2\xd2\n".as_slice(), ["another encoding", "GB18030"]);
    check(Format::Tsv, b"\xff\xfea\0\t\0p\0\t\0b\0".as_slice(), ["UTF-16", "iconv"]);
    check(Format::Tsv, "2\n0 1 0\n1 0 0\n", ["OpenKE", "entity2id"]);
    check(Format::Turtle, "<?xml version=\"1.0\"?><rdf:RDF/>", ["RDF/XML", "riot"]);
    check(Format::Turtle, "{\"@context\": {}, \"@id\": \"a\"}", ["JSON-LD", "riot"]);
    check(Format::NTriples, "<http://x/a> <http://x/p> <http://x/b> <http://x/g> .\n", ["N-Quads", "riot"]);
    check(Format::Wikidata, "{\"entities\":{\"Q1\":{\n\"id\":\"Q1\"}}}", ["wbgetentities", "jq"]);
    check(Format::CcCedict, "C0000005|ENG|P|L0|", ["vertical bars", "tr '|'"]);
    check(Format::GeoNames, b"PK\x03\x04".as_slice(), ["zip", "unzip"]);
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

#[test]
fn archives_inside_packed_files_are_seen() {
    let tar = [vec![b'a'; 257], b"ustar\0".to_vec(), vec![0; 700]].concat();
    let packed = zstd::encode_all(tar.as_slice(), 1).unwrap();
    check(Format::Tsv, packed, ["a tar archive", "tar --extract"]);
}
