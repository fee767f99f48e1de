//! Several sources together: order, updates, selections.

use std::collections::BTreeSet;

use jove_core::Silent;
use jove_kb::{BuildOptions, ExportFormat, Format, Kb, Selection, Source, build, export_to};
use proptest::prelude::*;

use crate::common::Place;

/// A row of one of nine entities: a name, a type, a popularity and a fact.
fn row() -> impl Strategy<Value = String> {
    (0..9_u32, "(a|中|🙂|ש){1,3}", 0..3_u32, 0..100_u32, 0..9_u32).prop_map(|(id, name, kind, popularity, object)| {
        serde_json::json!({
            "id": format!("e{id}"), "labels": {"en": name}, "types": [format!("t{kind}")],
            "popularity": popularity, "facts": {format!("p{kind}"): [format!("e{object}")]},
        })
        .to_string()
    })
}

fn rows() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(row(), 1..8)
}

/// The content of a knowledge base without the order of entities.
fn content(kb: &Kb) -> BTreeSet<String> {
    let mut out = Vec::new();
    export_to(kb, ExportFormat::Tsv, &mut out, &Silent).unwrap();
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

fn read(options: &BuildOptions) -> Kb {
    build(options, &Silent).unwrap();
    Kb::open(&options.out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn two_files_are_as_good_as_one(first in rows(), second in rows()) {
        let place = Place::new();
        let one = place.file("one.jsonl", first.join("\n"));
        let two = place.file("two.jsonl", second.join("\n"));
        let both = place.file("both.jsonl", [first.join("\n"), second.join("\n")].join("\n"));
        let sources = |paths: &[&std::path::Path]| paths.iter().map(|p| Source::new(Format::Jsonl, *p)).collect();
        let apart = read(&BuildOptions::new(place.path("apart"), sources(&[&one, &two])));
        let turned = read(&BuildOptions::new(place.path("turned"), sources(&[&two, &one])));
        let together = read(&BuildOptions::new(place.path("together"), sources(&[&both])));
        prop_assert_eq!(content(&apart), content(&together));
        prop_assert_eq!(content(&turned), content(&together));
    }

    #[test]
    fn an_update_equals_a_build_of_all_sources(first in rows(), second in rows(), changed in rows()) {
        let place = Place::new();
        let one = place.file("one.jsonl", first.join("\n"));
        let two = place.file("two.jsonl", second.join("\n"));
        let sources = vec![Source::new(Format::Jsonl, one), Source::new(Format::Jsonl, &two)];
        read(&BuildOptions::new(place.path("kb"), sources.clone()));
        place.file("two.jsonl", changed.join("\n"));
        let update = BuildOptions {
            update: true,
            ..BuildOptions::new(place.path("kb"), vec![Source::new(Format::Jsonl, two)])
        };
        let updated = read(&update);
        let fresh = read(&BuildOptions::new(place.path("fresh"), sources));
        prop_assert_eq!(content(&updated), content(&fresh));
    }

    #[test]
    fn little_memory_for_sorting_changes_nothing(rows in rows()) {
        let place = Place::new();
        let source = vec![Source::new(Format::Jsonl, place.file("a.jsonl", rows.join("\n")))];
        let large = read(&BuildOptions { sort_memory_mib: 64, ..BuildOptions::new(place.path("large"), source.clone()) });
        let small = read(&BuildOptions { sort_memory_mib: 8, ..BuildOptions::new(place.path("small"), source) });
        prop_assert_eq!(content(&large), content(&small));
    }

    #[test]
    fn a_selection_keeps_exactly_what_it_names(rows in rows(), kind in 0..3_u32, popularity_min in 0..100_u32) {
        let place = Place::new();
        let source = vec![Source::new(Format::Jsonl, place.file("a.jsonl", rows.join("\n")))];
        let whole = read(&BuildOptions::new(place.path("whole"), source.clone()));
        let (wanted, least) = (format!("t{kind}"), popularity_min as f32);
        let select = Selection { types: vec![wanted.clone()], popularity_min: least, ..Selection::default() };
        let part = read(&BuildOptions { select, ..BuildOptions::new(place.path("part"), source) });
        let keys = |kb: &Kb, keep: &dyn Fn(jove_core::EntityId) -> bool| -> BTreeSet<String> {
            let ids = (0..kb.entity_count().unwrap() as u32).map(jove_core::EntityId);
            ids.filter(|id| keep(*id)).map(|id| kb.key(id).unwrap()).collect()
        };
        let expected = keys(&whole, &|id| {
            whole.types(id).unwrap().contains(&wanted) && whole.popularity(id).unwrap() >= least
        });
        prop_assert_eq!(keys(&part, &|_| true), expected);
        for fact in part.facts().unwrap() {
            let [subject, object] = [fact.subject, fact.object].map(|entity| part.key(entity).unwrap());
            let known = |key: &str| whole.entity_id(key).unwrap().unwrap();
            let twin = whole.facts_of(known(&subject), usize::MAX).unwrap();
            prop_assert!(twin.iter().any(|other| other.object == known(&object)));
        }
    }
}

#[test]
fn folders_are_read_in_order_of_name_and_by_ending() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    for (name, rows) in [("b.tsv", "b\tp\tc\n"), ("a.tsv", "a\tp\tb\n"), ("notes.txt", "x\ty\tz\n")] {
        place.file(&format!("folder/{name}"), rows);
    }
    let kb = read(&BuildOptions::new(place.path("kb"), vec![Source::new(Format::Tsv, place.path("folder"))]));
    assert_eq!(kb.entity_count().unwrap(), 3);
    let keys: Vec<_> = (0..3).map(|id| kb.key(jove_core::EntityId(id)).unwrap()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
}

#[test]
fn a_build_is_the_same_byte_for_byte() {
    let place = Place::new();
    let rows = (0..500).map(|n| format!("实体{n}\tp{}\t实体{}\n", n % 7, n * 31 % 500)).collect::<Vec<_>>().concat();
    let options = place.options(Format::Tsv, &place.file("a.tsv", rows));
    let bytes = || {
        build(&options, &Silent).unwrap();
        std::fs::read(&options.out).unwrap()
    };
    assert_eq!(bytes(), bytes());
}
