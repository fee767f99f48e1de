//! One finding at a time.

use jove_kb::{Format, Level, LintOptions, lint};
use proptest::prelude::*;

use crate::common::Place;

/// Names of the findings in one row, except those about missing names and descriptions.
fn check(row: &str, expected: &[&str]) {
    let (kb, report) = Place::new().build(Format::Jsonl, row);
    assert_eq!(report.bad, 0, "{row}");
    let findings = lint(&kb, &LintOptions::default()).unwrap();
    let names: Vec<_> = findings.iter().map(|finding| finding.name).filter(|name| !name.contains("without")).collect();
    assert_eq!(names, expected, "{row}");
}

fn label(lang: &str, text: &str) -> String {
    serde_json::json!({"id": "x", "labels": {lang: text}}).to_string()
}

#[test]
fn each_defect_has_its_finding() {
    check(&label("zh", "北京大学"), &[]);
    check(&label("en", "of"), &["common-word-alias"]);
    check(&label("en", "OF"), &["common-word-alias"]);
    check(&label("zh", "水"), &["one-character-alias"]);
    check(&label("en", "é"), &["one-character-alias"]);
    check(&label("en", "🙂"), &[]);
    check(&label("en", "e\u{301}"), &[]);
    check(&label("en", "bad\u{fffd}text"), &["damaged-text"]);
    check(&label("en", "Ã©tÃ©"), &["damaged-text"]);
    check(&label("zh", "中國学校"), &["traditional-and-simplified"]);
    check(&label("zh", "Beijing City"), &["language-disagrees-with-script"]);
    check(&label("he", "שלום"), &[]);
    check(&label("en", "北京"), &["language-disagrees-with-script"]);
    check(r#"{"id":"x","labels":{"en":"some name"},"facts":{"p":["x"]}}"#, &["self-loop"]);
    check(r#"{"id":"x","descriptions":{"en":"bad\ufffd"}}"#, &["damaged-text"]);
}

#[test]
fn entities_without_names_or_descriptions_are_named() {
    let (kb, _) = Place::new().build(Format::Jsonl, r#"{"id":"k1","facts":{"p":["k2"]},"descriptions":{"en":"it"}}"#);
    let findings = lint(&kb, &LintOptions::default()).unwrap();
    let examples = |name: &str| findings.iter().find(|finding| finding.name == name).unwrap().examples.clone();
    assert_eq!(examples("entity-without-name"), ["k1", "k2"]);
    assert_eq!(examples("entity-without-description"), ["k2"]);
}

#[test]
fn names_shared_by_many_are_counted_from_the_limit_on() {
    for (holders, expected) in [(5, 0), (6, 1), (20, 1)] {
        let row = |n: usize| format!("{{\"id\":\"k{n}\",\"labels\":{{\"en\":\"Springfield\"}}}}\n");
        let (kb, _) = Place::new().build(Format::Jsonl, (0..holders).map(row).collect::<String>());
        let findings = lint(&kb, &LintOptions::default()).unwrap();
        let shared = findings.iter().filter(|finding| finding.name == "shared-alias").count();
        assert_eq!(shared, expected, "{holders} holders");
    }
}

#[test]
fn levels_are_ordered_and_parsed() {
    assert!(Level::Note < Level::Warning && Level::Warning < Level::Error);
    for (name, level) in [("note", Level::Note), ("warning", Level::Warning), ("error", Level::Error)] {
        assert_eq!(name.parse::<Level>().unwrap(), level);
    }
    for name in ["", "Error", "fatal"] {
        let message = name.parse::<Level>().unwrap_err().to_string();
        assert!(message.starts_with("level: expected note, warning or error"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn findings_are_sorted_counted_and_have_few_examples(
        names in prop::collection::vec("(a|的|中|國|国|Ã|©|🙂|e\u{301}|ש){1,3}", 1..30), examples in 0..4_usize,
    ) {
        let row = |(n, name): (usize, &String)| {
            serde_json::json!({"id": format!("k{n}"), "labels": {"zh": name}}).to_string() + "\n"
        };
        let (kb, _) = Place::new().build(Format::Jsonl, names.iter().enumerate().map(row).collect::<String>());
        let findings = lint(&kb, &LintOptions { examples, ..LintOptions::default() }).unwrap();
        prop_assert!(findings.is_sorted_by(|a, b| (b.level, a.name) <= (a.level, b.name)));
        for finding in findings {
            prop_assert!(finding.count > 0);
            prop_assert_eq!(finding.examples.len() as u64, finding.count.min(examples as u64), "{}", finding.name);
        }
    }
}
