//! Every line format against odd files: what is good in them is taken, what is bad is counted.

use jove_core::Silent;
use jove_kb::{Format, Kb, build};
use proptest::prelude::*;

use crate::common::Place;

/// Formats with one fact a line.
const FORMATS: [Format; 10] = [
    Format::Jsonl,
    Format::Tsv,
    Format::Csv,
    Format::Spo,
    Format::Wikidata,
    Format::NTriples,
    Format::NQuads,
    Format::ConceptNet,
    Format::OwnThink,
    Format::CnDbpedia,
];

/// The key of an entity in a format whose keys have a shape.
fn key(format: Format, name: &str) -> String {
    match format {
        Format::NTriples | Format::NQuads => format!("http://x/{name}"),
        Format::ConceptNet => format!("/c/en/{name}"),
        _ => name.to_owned(),
    }
}

/// A line that states one fact.
fn row(format: Format, subject: &str, object: &str) -> String {
    let (s, o) = (key(format, subject), key(format, object));
    match format {
        Format::Jsonl => serde_json::json!({"id": s, "facts": {"p": o}}).to_string(),
        Format::Wikidata => {
            let statement = serde_json::json!([{"mainsnak": {"datavalue": {"value": {"id": o}}}}]);
            serde_json::json!({"id": s, "claims": {"P1": statement}}).to_string() + ","
        }
        Format::NTriples => format!("<{s}> <http://x/p> <{o}> ."),
        Format::NQuads => format!("<{s}> <http://x/p> <{o}> <http://x/g> ."),
        Format::ConceptNet => format!("/a\t/r/PartOf\t{s}\t{o}\t{{}}"),
        Format::Csv | Format::OwnThink => format!("{s},p,{o}"),
        _ => format!("{s}\tp\t{o}"),
    }
}

fn check(format: Format, what: &str, content: impl AsRef<[u8]>, (facts, bad): (u64, u64)) {
    let (kb, report) = Place::new().build(format, content);
    assert_eq!((report.facts, report.bad), (facts, bad), "{format}, {what}: {:?}", report.problems);
    assert_eq!(kb.fact_count().unwrap(), facts, "{format}, {what}");
    let stats = kb.stats().unwrap();
    assert_eq!(stats.integrity, "ok", "{format}, {what}");
}

#[test]
fn good_lines_are_taken_whatever_is_around_them() {
    for format in FORMATS {
        let good = row(format, "a", "b");
        check(format, "no line end at the end", &good, (1, 0));
        check(format, "a byte order mark", format!("\u{feff}{good}\n"), (1, 0));
        check(format, "line ends of Windows", format!("{good}\r\n{}\r\n", row(format, "b", "c")), (2, 0));
        check(format, "the same line twice", format!("{good}\n{good}\n"), (1, 0));
        check(format, "a loop", row(format, "a", "a"), (1, 0));
    }
}

#[test]
fn bad_lines_are_counted_and_cost_nothing_else() {
    for format in FORMATS {
        let good = row(format, "a", "b");
        let around = |line: &[u8]| [good.as_bytes(), b"\n", line, b"\n", row(format, "b", "c").as_bytes()].concat();
        check(format, "broken UTF-8", around(b"\xff\xfe\tp\tb"), (2, 1));
        check(format, "UTF-8 that ends too early", around("中".as_bytes().split_last().unwrap().1), (2, 1));
        check(format, "a surrogate", around(b"a\tp\t\xed\xa0\x80"), (2, 1));
        check(format, "a zero byte", around(b"a\0"), (2, 1));
        check(format, "half a line", around(&good.as_bytes()[..good.len() / 2 - 1]), (2, 1));
        check(format, "prose", around("שלום 🙂 e\u{301}".as_bytes()), (2, 1));
    }
}

/// Lines that one format rejects behind a good one, with a piece of the message.
fn refused(format: Format, line: &str, expected: &str) {
    let good = match format {
        Format::CcCedict => "傳統 传统 [chuan2 tong3] /tradition/".to_owned(),
        Format::GeoNames => format!("1\tA{}", "\t".repeat(17)),
        _ => row(format, "a", "b"),
    };
    let (kb, report) = Place::new().build(format, format!("{good}\n{line}"));
    let before = Place::new().build(format, good).0.fact_count().unwrap();
    assert_eq!((report.bad, kb.fact_count().unwrap()), (1, before), "{format}: {line}");
    let problem = &report.problems[0];
    assert_eq!(problem.line, Some(2), "{format}: {line}");
    assert!(problem.to_string().contains(expected), "{format}: {problem}");
}

#[test]
fn refusals_say_what_was_expected() {
    refused(Format::Tsv, "a\tb", "3 columns with a subject, a predicate and an object");
    refused(Format::Tsv, "a\t \tb", "3 columns");
    refused(Format::Csv, "\"a,b,c", "3 columns");
    refused(Format::Csv, "\"a\"x,b,c", "3 columns");
    refused(Format::Jsonl, "[]", "a JSON object with an `id` or a `predicate`");
    refused(Format::Jsonl, "{}", "either an `id` or a `predicate`");
    refused(Format::Jsonl, r#"{"id":"a","predicate":"b"}"#, "either an `id` or a `predicate`");
    refused(Format::Jsonl, r#"{"id":"a","lables":{}}"#, "unknown field `lables`");
    refused(Format::Jsonl, r#"{"id":"a","labels":{"a b":"x"}}"#, "is not a language tag");
    refused(Format::Jsonl, r#"{"id":"a\u0000"}"#, "text without zero bytes");
    refused(Format::Jsonl, r#"{"id":"a","popularity":"much"}"#, "a JSON object");
    refused(Format::Jsonl, r#"{"id":"a","facts":{"year":1999}}"#, "the id of an entity in quotes");
    refused(Format::NQuads, "<http://x/a> <http://x/p> <http://x/b> <g> .", "an N-Quads statement");
    refused(Format::Wikidata, "null", "an entity of a Wikidata dump");
    refused(Format::Wikidata, "{}", "an entity with an `id`");
    refused(Format::Wikidata, r#"{"id":"Q1","labels":[1]}"#, "a list where a map was expected");
    refused(Format::NTriples, "<http://x/a> <http://x/p> .", "an N-Triples statement");
    refused(Format::NTriples, "\"a\" <http://x/p> <http://x/b> .", "an N-Triples statement");
    refused(Format::ConceptNet, "/a\tr/P\t/c/en/a\t/c/en/b", "an assertion: URI, /r/ relation");
    refused(Format::ConceptNet, "/a\t/r/P\t/c/en/a\t", "an assertion");
    refused(Format::OwnThink, "实体", "entity, attribute and value");
    refused(Format::OwnThink, "\"甲,乙,丙", "entity, attribute and value");
    refused(Format::CnDbpedia, "甲\t\t丙", "entity, attribute and value");
    refused(Format::CcCedict, "傳統 传统 /tradition/", "traditional simplified [reading] /meaning/");
    refused(Format::CcCedict, "傳統 [chuan2] /tradition/", "traditional simplified");
    refused(Format::CcCedict, "傳統 传统 [chuan2] tradition", "traditional simplified");
    refused(Format::GeoNames, "1\tBeijing", "19 columns that begin with a number and a name");
    refused(Format::GeoNames, &format!("x{}", "\t".repeat(18)), "19 columns");
}

#[test]
fn rejected_rows_can_be_read_back() {
    let place = Place::new();
    let rows = ["no tab", "a\t\"quoted\"", "🙂 שלום e\u{301}", "\u{1b}[31m"];
    let (_, report) = place.build(Format::Tsv, format!("a\tp\tb\n{}", rows.join("\n")));
    let kept = std::fs::read_to_string(report.reject_file.unwrap()).unwrap();
    let kept: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<_> = kept.iter().map(|line| line["row"].as_str().unwrap()).collect();
    assert_eq!(texts, rows);
    let lines: Vec<_> = kept.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5]);
}

#[test]
fn a_missing_file_and_an_empty_folder_are_refused_by_path() {
    let place = Place::new();
    let error = build(&place.options(Format::Tsv, &place.path("missing.tsv")), &Silent).unwrap_err();
    assert!(error.to_string().contains("missing.tsv"), "{error}");
    std::fs::create_dir(place.path("folder")).unwrap();
    place.file("folder/readme.txt", "a\tp\tb\n");
    let error = build(&place.options(Format::Tsv, &place.path("folder")), &Silent).unwrap_err();
    assert!(error.to_string().contains("a folder with .tsv files"), "{error}");
    assert!(!place.path("kb.sqlite").exists());
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "中国", "שלום", "🙂", "e\u{301}", "𠀀", "a-b", "Ⅷ", "\u{e01}\u{e33}", "한국"])
        .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn keys_of_any_script_come_back(subject in name(), object in name()) {
        for format in FORMATS {
            let (kb, report) = Place::new().build(format, row(format, &subject, &object));
            prop_assert_eq!((report.facts, report.bad), (1, 0), "{}", format);
            let fact = kb.facts().unwrap()[0];
            prop_assert_eq!(kb.key(fact.subject).unwrap(), key(format, &subject));
            prop_assert_eq!(kb.key(fact.object).unwrap(), key(format, &object));
        }
    }

    /// Nothing in a file may stop the build, make it panic or damage the knowledge base.
    #[test]
    fn no_bytes_break_an_importer(bytes in prop::collection::vec(any::<u8>(), 0..200), good in 0..2_usize) {
        for format in Format::ALL.iter().copied().filter(|format| *format != Format::Dbp15k) {
            let mut content = row(Format::Tsv, "a", "b").repeat(good).into_bytes();
            content.extend_from_slice(&bytes);
            let place = Place::new();
            let source = place.file("source", &content);
            if build(&place.options(format, &source), &Silent).is_ok() {
                let kb = Kb::open(&place.path("kb.sqlite")).unwrap();
                prop_assert_eq!(kb.stats().unwrap().integrity, "ok", "{}", format);
            }
        }
    }

    #[test]
    fn quoted_cells_keep_commas_quotes_and_scripts(cells in prop::array::uniform3("(a|中|,|\"|🙂|e\u{301}|ש| ){1,6}")) {
        prop_assume!(cells.iter().all(|cell| !cell.trim().is_empty()));
        let quoted = cells.clone().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        let (kb, report) = Place::new().build(Format::Csv, quoted.join(","));
        prop_assert_eq!((report.facts, report.bad), (1, 0), "{}", quoted.join(","));
        let fact = kb.facts().unwrap()[0];
        prop_assert_eq!(kb.key(fact.subject).unwrap(), cells[0].trim());
        prop_assert_eq!(kb.predicate_name(fact.predicate).unwrap(), Some(cells[1].trim()));
        prop_assert_eq!(kb.key(fact.object).unwrap(), cells[2].trim());
    }
}
