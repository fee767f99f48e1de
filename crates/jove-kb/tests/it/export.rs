//! What goes in comes out equal.

use std::collections::BTreeMap;

use jove_core::Silent;
use jove_kb::{BuildOptions, ExportFormat, Format, Kb, Source, build, export, export_to};
use proptest::prelude::*;

use crate::common::Place;

/// The whole content of a base as sorted lines. Facts are a set: the order of a relation's objects says nothing.
fn content(kb: &Kb) -> Vec<String> {
    let mut out = Vec::new();
    export_to(kb, ExportFormat::Jsonl, &mut out, &Silent).unwrap();
    let mut lines: Vec<_> = String::from_utf8(out).unwrap().lines().map(in_order).collect();
    lines.sort();
    lines
}

fn in_order(line: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
    if let Some(facts) = row.get_mut("facts").and_then(serde_json::Value::as_object_mut) {
        for objects in facts.values_mut().filter_map(serde_json::Value::as_array_mut) {
            objects.sort_by_key(ToString::to_string);
        }
    }
    row.to_string()
}

/// Exports a base in each format, builds it again from the export, and compares.
fn check_round_trips(place: &Place, kb: &Kb) {
    let expected = content(kb);
    for (format, back) in [
        (ExportFormat::Jsonl, Format::Jsonl),
        (ExportFormat::NTriples, Format::NTriples),
        (ExportFormat::Tsv, Format::Tsv),
    ] {
        let file = place.path(&format!("export.{format:?}"));
        export(kb, format, &file, &Silent).unwrap();
        let options = BuildOptions {
            max_bad: 0,
            ..BuildOptions::new(place.path("again.sqlite"), vec![Source::new(back, &file)])
        };
        build(&options, &Silent).unwrap();
        assert_eq!(content(&Kb::open(&options.out).unwrap()), expected, "{format:?}");
    }
}

/// Text of every kind that a row may hold.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("中国".to_owned()),
        Just("e\u{301}🙂".to_owned()),
        Just("שלום".to_owned()),
        Just("a\"b\\c\td\ne".to_owned()),
        Just("@label".to_owned()),
        Just("http://example.org/x".to_owned()),
        Just("_:b0".to_owned()),
        "\\PC{1,12}",
    ]
    .prop_map(|text| text.trim().to_owned())
    .prop_filter("names are not empty", |text| !text.is_empty())
}

fn lang() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "zh", "en", "zh-Hant", "pt-BR"]).prop_map(str::to_owned)
}

prop_compose! {
    fn entity()(
        id in text(),
        labels in prop::collection::btree_map(lang(), text(), 0..3),
        aliases in prop::collection::btree_map(lang(), prop::collection::vec(text(), 1..3), 0..2),
        prior in 0.01..1.0_f32,
        descriptions in prop::collection::btree_map(lang(), text(), 0..2),
        types in prop::collection::vec(text(), 0..2),
        popularity in 0.0..1e6_f32,
        facts in prop::collection::btree_map(text(), prop::collection::vec(text(), 1..3), 0..3),
        values in prop::collection::btree_map(text(), (text(), lang(), text()), 0..2),
        same in prop::collection::vec(text(), 0..2),
    ) -> String {
        let mut told: BTreeMap<_, Vec<_>> = facts
            .into_iter()
            .map(|(p, o)| (p, o.into_iter().map(|key| serde_json::json!(key)).collect()))
            .collect();
        for (predicate, (value, lang, datatype)) in values {
            let mut literal = serde_json::json!({"value": value, "datatype": datatype});
            if !lang.is_empty() {
                literal["lang"] = serde_json::json!(lang);
            }
            told.entry(predicate).or_default().push(literal);
        }
        let mut aliases: BTreeMap<_, Vec<_>> =
            aliases.into_iter().map(|(l, names)| (l, names.into_iter().map(|n| serde_json::json!(n)).collect())).collect();
        aliases.entry("en".to_owned()).or_default().push(serde_json::json!({"text": "known as", "prior": prior}));
        serde_json::json!({
            "id": id, "labels": labels, "aliases": aliases, "descriptions": descriptions, "types": types,
            "popularity": popularity, "facts": told, "same-as": same,
        })
        .to_string()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_format_brings_back_what_it_was_given(rows in prop::collection::vec(entity(), 1..6), inverse: bool) {
        let place = Place::new();
        let mut source = rows.join("\n");
        if inverse {
            source += "\n{\"predicate\":\"p\",\"inverse\":\"q\",\"labels\":{\"zh\":\"甲\"}}\n{\"predicate\":\"s\",\"symmetric\":true}";
        }
        let (kb, report) = place.build(Format::Jsonl, source);
        prop_assert_eq!(report.bad, 0);
        check_round_trips(&place, &kb);
    }
}

#[test]
fn bases_from_tables_come_back() {
    let place = Place::new();
    let (kb, _) = place.build(Format::Tsv, "水稻\t别名\t稻\n水稻\t产地\t湖南\nA\t@odd\tB\n@x\ty\tz\n");
    check_round_trips(&place, &kb);
}

#[test]
fn an_export_that_cannot_be_written_leaves_nothing() {
    let place = Place::new();
    let (kb, _) = place.build(Format::Tsv, "a\tb\tc\n");
    assert!(export(&kb, ExportFormat::Jsonl, &place.path("no/such/folder"), &Silent).is_err());
    assert!("xml".parse::<ExportFormat>().is_err());
}
