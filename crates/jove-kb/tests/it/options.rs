//! Invalid options and interruptions.

use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::{Advise, Lang, Progress, Silent};
use jove_kb::{
    BuildOptions, Error, ExportFormat, Format, Kb, Patterns, Source, VerbalizeOptions, ViewOptions, build, export,
    verbalize, view,
};

use crate::common::Place;

fn refused(change: impl Fn(&mut BuildOptions), expected: &str) {
    let mut options = BuildOptions::new("kb.sqlite", vec![Source::new(Format::Csv, "a.csv")]);
    options.validate().unwrap();
    change(&mut options);
    let message = options.validate().unwrap_err().to_string();
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn build_options_outside_their_range_are_refused_by_name() {
    refused(|o| o.out = "".into(), "out: expected a file to write, found ``");
    refused(|o| o.out = "..".into(), "out: expected a file to write");
    refused(|o| o.sources.push(Source::new(Format::Tsv, "b/a.csv")), "sources[1].name: expected a different name");
    refused(|o| o.sources[0].columns.subject = 0.into(), "sources[0].columns.subject: expected");
    refused(|o| o.sources[0].columns.object = 0.into(), "sources[0].columns.object");
    refused(|o| o.sources[0].columns.predicate = 0.into(), "sources[0].columns.relation: expected");
    refused(|o| o.sort_memory_mib = 7, "sort-memory-mib: expected an integer, 8 or more, found 7");
}

#[test]
fn sentence_options_outside_their_range_are_refused_by_name() {
    let valid = VerbalizeOptions::default();
    valid.validate().unwrap();
    for (options, expected) in [
        (VerbalizeOptions { langs: Vec::new(), ..valid.clone() }, "langs: expected at least one language"),
        (
            VerbalizeOptions { held_out_fraction: 1.0, ..valid.clone() },
            "held-out-fraction: expected a number from 0 to below 1, found 1",
        ),
        (VerbalizeOptions { held_out_fraction: f64::NAN, ..valid.clone() }, "held-out-fraction"),
        (VerbalizeOptions { held_out_fraction: -0.1, ..valid.clone() }, "held-out-fraction"),
        (VerbalizeOptions { per_fact: 0, ..valid.clone() }, "per-fact: expected an integer, 1 or more, found 0"),
    ] {
        let message = options.validate().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn sources_on_the_command_line_name_a_format_and_a_path() {
    for (text, expected) in [
        ("tsv:a.tsv", Ok((Format::Tsv, "a.tsv"))),
        ("jsonl:", Ok((Format::Jsonl, ""))),
        ("csv:C:\\a.csv", Ok((Format::Csv, "C:\\a.csv"))),
        ("a.tsv", Err("source: expected FORMAT:PATH")),
        ("", Err("source: expected FORMAT:PATH")),
        (":a", Err("unknown source format ``")),
        ("TSV:a", Err("unknown source format `TSV`")),
        ("表:a", Err("unknown source format `表`")),
    ] {
        match (text.parse::<Source>(), expected) {
            (Ok(source), Ok((format, path))) => assert_eq!(source, Source::new(format, path)),
            (Err(error), Err(expected)) => assert!(error.to_string().starts_with(expected), "{error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
    for format in Format::ALL {
        assert_eq!(format.as_str().parse::<Format>().unwrap(), *format);
    }
    let hint = |name: &str| name.parse::<Format>().unwrap_err().hint().unwrap();
    assert_eq!(hint("wikidat"), "did you mean `wikidata`?");
    assert_eq!(hint("jsnol"), "did you mean `jsonl`?");
    assert!(hint("xyzzy").contains("FORMAT:PATH"));
}

/// Asks to stop after some units of work.
struct StopAfter {
    left: AtomicU64,
}

impl Progress for StopAfter {
    fn begin(&self, _task: &str, _total: Option<u64>, _unit: &'static str) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _text: &str) {}
    fn end(&self) {}

    fn cancelled(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }
}

#[test]
fn an_interrupted_build_leaves_the_existing_knowledge_base() {
    let place = Place::new();
    let (_, report) = place.build(Format::Tsv, "a\tp\tb\n");
    let before = std::fs::read(&report.out).unwrap();
    let rows = (0..40_000).map(|n| format!("s{n}\tp\to{}\n", n % 7)).collect::<Vec<_>>().concat();
    let source = place.file("many.tsv", rows);
    for checks in [0, 1, 5, 10, 14] {
        let stop = StopAfter { left: AtomicU64::new(checks) };
        match build(&place.options(Format::Tsv, &source), &stop) {
            Err(Error::Interrupted) => {}
            found => panic!("after {checks} checks: {found:?}"),
        }
        assert_eq!(std::fs::read(&report.out).unwrap(), before, "after {checks} checks");
    }
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("building")), "{left:?}");
}

#[test]
fn an_interrupted_page_or_export_leaves_no_file() {
    let place = Place::new();
    let rows = (0..2_000).map(|n| format!("s{n}\tp\to{n}\n")).collect::<Vec<_>>().concat();
    let (kb, _) = place.build(Format::Tsv, rows);
    let stop = || StopAfter { left: AtomicU64::new(1) };
    for format in [ExportFormat::Jsonl, ExportFormat::NTriples, ExportFormat::Tsv] {
        let error = export(&kb, format, &place.path("out"), &stop()).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error}");
    }
    assert!(matches!(view(&kb, &ViewOptions::default(), &place.path("out"), &stop()), Err(Error::Interrupted)));
    assert!(!place.path("out").exists());
}

#[test]
fn patterns_are_refused_by_what_is_wrong_with_them() {
    let place = Place::new();
    for (text, expected) in [
        ("[relations.a.sentences]\nen = [\"{subject} only\"]", "{object}"),
        ("[relations.a]\nhold_out = true", "hold_out"),
        ("[relation.a]", "relation"),
        ("= 3", "TOML"),
    ] {
        let file = place.file("patterns.toml", text);
        let error = Patterns::read(&file).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("patterns.toml") && message.contains(expected), "{message}");
    }
    assert!(matches!(Patterns::read(&place.path("none.toml")), Err(Error::Io { .. })));
}

#[test]
fn facts_without_a_pattern_or_a_name_make_no_sentence() {
    let place = Place::new();
    let rows = r#"{"id":"a","labels":{"zh":"甲"},"facts":{"p":["b","c"],"q":["b"]}}
{"id":"b","labels":{"zh":"乙"}}
"#;
    let (kb, _) = place.build(Format::Jsonl, rows);
    let patterns = Patterns::parse("[relations.p.sentences]\nzh = [\"{subject}在{object}。\"]").unwrap();
    let sentences = |langs: Vec<Lang>| {
        let options = VerbalizeOptions { langs, held_out_fraction: 0.0, ..VerbalizeOptions::default() };
        verbalize(&kb, &patterns, &options).unwrap().train.into_iter().map(|s| s.text).collect::<Vec<_>>()
    };
    assert_eq!(sentences(vec![Lang::ZH]), ["甲在乙。"]);
    assert!(sentences(vec![Lang::EN]).is_empty());
    assert_eq!(Kb::open(&place.path("kb.sqlite")).unwrap().fact_count().unwrap(), 3);
    build(&place.options(Format::Jsonl, &place.file("empty.jsonl", r#"{"id":"a"}"#)), &Silent).unwrap();
    let empty = Kb::open(&place.path("kb.sqlite")).unwrap();
    assert!(verbalize(&empty, &patterns, &VerbalizeOptions::default()).unwrap().train.is_empty());
}
