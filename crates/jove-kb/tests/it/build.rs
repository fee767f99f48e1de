//! Sources in, base out.

use jove_core::{Advise, EntityId, Lang, Silent};
use jove_kb::{BuildOptions, Error, Format, Kb, Selection, Source, build};

use crate::common::Place;

const CAPITALS: &str = r#"{"predicate": "capital", "inverse": "capital-of", "labels": {"en": "capital", "zh": "首都"}}
{"predicate": "borders", "symmetric": true}
{"id": "cn", "labels": {"zh": "中国", "en": "China"}, "aliases": {"zh": ["中华人民共和国", {"text": "华夏", "prior": 0.25}]}, "descriptions": {"en": "country in Asia", "zh": "亚洲国家"}, "types": ["country"], "popularity": 9.5, "facts": {"capital": ["bj"], "borders": ["ru"], "motto": [{"value": "🙂 e\u0301", "lang": "en"}]}}
{"id": "bj", "labels": {"zh": "北京", "en": "Beijing", "he": "בייג׳ינג"}, "types": ["city"]}
{"id": "ru", "labels": {"en": "Russia"}, "facts": {"borders": "cn"}, "same-as": ["wd:Q159"]}
"#;

#[test]
fn the_native_format_comes_in_whole() {
    let (kb, report) = Place::new().build(Format::Jsonl, CAPITALS);
    assert_eq!((report.entities, report.facts, report.literals, report.merged), (3, 3, 1, 1));
    let cn = kb.entity_id("cn").unwrap().unwrap();
    assert_eq!(kb.entity_id("wd:Q159").unwrap(), kb.entity_id("ru").unwrap());
    assert_eq!(kb.entity_id("中国").unwrap(), None, "names are no keys");
    assert_eq!(kb.label(cn, Lang::ZH).unwrap().as_deref(), Some("中国"));
    assert_eq!(kb.label(cn, Lang::new("fr").unwrap()).unwrap().as_deref(), Some("China"));
    assert_eq!(kb.description(cn, Lang::ZH).unwrap().as_deref(), Some("亚洲国家"));
    assert_eq!(kb.types(cn).unwrap(), ["country"]);
    assert!((kb.popularity(cn).unwrap() - 9.5).abs() < 1e-6);
    let literals = kb.literals(cn).unwrap();
    assert_eq!((literals.len(), literals[0].value.as_str(), literals[0].lang), (1, "🙂 e\u{301}", Some(Lang::EN)));
    let predicates = kb.predicates().unwrap();
    let capital = predicates.iter().find(|info| info.key == "capital").unwrap();
    assert_eq!(predicates[capital.inverse.unwrap().0 as usize].key, "capital-of");
    assert!(predicates.iter().any(|info| info.key == "borders" && info.symmetric));
    let priors: Vec<_> = kb.aliases().unwrap().into_iter().filter(|record| record.alias == "华夏").collect();
    assert!((priors[0].prior - 0.25).abs() < 1e-6 && (priors[0].popularity - 9.5).abs() < 1e-6);
}

#[test]
fn tables_of_triples_make_names_and_roles() {
    let rows =
        "北京\t首都于\t中国\n北京\t别名\t燕京\n北京\t别名\tPeking\n北京\t类型\t城市\n北京\t描述\t一座城市\nA\tr\tB\n";
    let (kb, report) = Place::new().build(Format::Tsv, rows);
    assert_eq!((report.entities, report.facts), (4, 2));
    let city = kb.entity_id("北京").unwrap().unwrap();
    let names = kb.names(city).unwrap();
    let zh = Some(Lang::ZH);
    assert_eq!(names, [(zh, "北京".into(), true), (None, "Peking".into(), false), (zh, "燕京".into(), false)]);
    assert_eq!(kb.types(city).unwrap(), ["城市"]);
    assert_eq!(kb.label(kb.entity_id("A").unwrap().unwrap(), Lang::ZH).unwrap().as_deref(), Some("A"));
}

#[test]
fn columns_can_be_mapped() {
    let place = Place::new();
    let path = place.file("x.csv", "id,object,subject\n1,\"b, or \"\"c\"\"\",a\n2,d|e,a\n");
    let mut options = place.options(Format::Csv, &path);
    let columns = &mut options.sources[0].columns;
    (columns.subject, columns.predicate, columns.object, columns.skip) = (3.into(), 0.into(), 2.into(), 1);
    columns.relation = "near".into();
    columns.separator = "|".into();
    build(&options, &Silent).unwrap();
    let kb = Kb::open(&options.out).unwrap();
    assert_eq!(kb.fact_count().unwrap(), 3);
    for key in ["b, or \"c\"", "d", "e"] {
        assert!(kb.entity_id(key).unwrap().is_some(), "{key}");
    }
}

#[test]
fn bad_rows_are_counted_named_and_kept() {
    let place = Place::new();
    let (kb, report) = place.build(Format::Tsv, b"a\tb\tc\nonly one\n\xff\xfe\tb\tc\na\0\tb\tc\n\t\t\na\tb\td\n");
    assert_eq!((report.bad, kb.fact_count().unwrap()), (4, 2));
    assert_eq!(report.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3, 4, 5].map(Some));
    let kept = std::fs::read_to_string(report.reject_file.unwrap()).unwrap();
    assert_eq!(kept.lines().count(), 4);
    assert!(kept.contains("fffe096209"), "{kept}");
}

#[test]
fn too_many_bad_rows_stop_the_build_and_leave_the_old_base() {
    let place = Place::new();
    let (_, report) = place.build(Format::Tsv, "a\tb\tc\n");
    let before = std::fs::read(&report.out).unwrap();
    let source = place.file("bad", "x\n".repeat(50));
    let options = BuildOptions { max_bad: 10, ..place.options(Format::Tsv, &source) };
    let error = build(&options, &Silent).unwrap_err();
    assert!(matches!(error, Error::TooManyBad { bad: 11, max: 10, .. }), "{error}");
    assert!(error.to_string().contains(":11"), "{error}");
    assert!(error.hint().unwrap().contains("rejects.jsonl"));
    assert_eq!(std::fs::read(&report.out).unwrap(), before);
}

#[test]
fn selections_choose_languages_types_and_predicates() {
    let place = Place::new();
    let path = place.file("x.jsonl", CAPITALS);
    let select = Selection { languages: vec![Lang::EN], predicates: vec!["capital".into()], ..Selection::default() };
    let options = BuildOptions { select, ..place.options(Format::Jsonl, &path) };
    let report = build(&options, &Silent).unwrap();
    let kb = Kb::open(&options.out).unwrap();
    assert_eq!(kb.languages().unwrap(), [("en".to_owned(), 3)]);
    assert_eq!((report.facts, report.literals), (1, 0));
    assert!(report.sources[0].unselected > 0);
    let select = Selection { types: vec!["country".into()], popularity_min: 1.0, ..Selection::default() };
    let options = BuildOptions { select, ..place.options(Format::Jsonl, &path) };
    let report = build(&options, &Silent).unwrap();
    assert_eq!((report.entities, report.facts, report.unselected_entities), (1, 0, 3 - 1));
    assert_eq!(Kb::open(&options.out).unwrap().key(EntityId(0)).unwrap(), "cn");
}

#[test]
fn a_file_that_is_no_base_is_named() {
    let place = Place::new();
    for (name, content) in [("empty", ""), ("text", "not a database at all, but long enough to look like one")] {
        let path = place.file(name, content);
        let error = Kb::open(&path).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::NotABase { .. }), "{name}: {error}");
    }
    assert!(matches!(Kb::open(&place.path("missing")).map(|_| ()).unwrap_err(), Error::Io { .. }));
}

#[test]
fn sources_are_parsed_and_checked() {
    assert_eq!("tsv:a:b".parse::<Source>().unwrap(), Source::new(Format::Tsv, "a:b"));
    let error = "jsnol:x".parse::<Source>().unwrap_err();
    assert!(error.to_string().contains("jsonl, tsv, csv"), "{error}");
    assert!("facts.tsv".parse::<Source>().is_err());
    let twice = BuildOptions::new("kb", vec![Source::new(Format::Tsv, "a/x"), Source::new(Format::Tsv, "b/x")]);
    assert!(twice.validate().unwrap_err().to_string().contains("different name"));
}

#[test]
fn a_source_is_replaced_and_the_others_stay() {
    let place = Place::new();
    let path = place.file("world.jsonl", CAPITALS);
    let facts = place.file("facts.tsv", "cn\tneighbour\tru\ncn\tneighbour\tmn\n");
    let mut options = BuildOptions::new(
        place.path("kb.sqlite"),
        vec![Source { licence: "CC0".into(), ..Source::new(Format::Jsonl, &path) }, Source::new(Format::Tsv, &facts)],
    );
    build(&options, &Silent).unwrap();
    let all = |kb: &Kb| {
        let mut out = Vec::new();
        jove_kb::export_to(kb, jove_kb::ExportFormat::Jsonl, &mut out, &Silent).unwrap();
        String::from_utf8(out).unwrap()
    };
    let before = all(&Kb::open(&options.out).unwrap());
    // Importing a source again changes nothing.
    options.update = true;
    options.sources.remove(0);
    build(&options, &Silent).unwrap();
    let kb = Kb::open(&options.out).unwrap();
    assert_eq!(all(&kb), before);
    let sources = kb.sources().unwrap();
    assert_eq!(sources.iter().map(|info| info.name.as_str()).collect::<Vec<_>>(), ["world.jsonl", "facts.tsv"]);
    assert_eq!((sources[0].licence.as_str(), sources[0].hash.len()), ("CC0", 64));
    // Importing it with other rows takes the old ones away, and nothing of the other source.
    place.file("facts.tsv", "cn\tneighbour\tkz\n");
    build(&options, &Silent).unwrap();
    let kb = Kb::open(&options.out).unwrap();
    assert_eq!(kb.entity_id("mn").unwrap(), None);
    assert!(kb.entity_id("kz").unwrap().is_some() && kb.entity_id("wd:Q159").unwrap().is_some());
    assert_eq!(kb.fact_count().unwrap(), 4);
    assert_eq!(kb.sources().unwrap().len(), 2);
}

#[test]
fn older_bases_are_migrated_and_newer_ones_refused() {
    let place = Place::new();
    let (_, report) = place.build(Format::Jsonl, CAPITALS);
    let connection = rusqlite::Connection::open(&report.out).unwrap();
    connection.execute_batch("ALTER TABLE source DROP COLUMN hash; PRAGMA user_version = 1").unwrap();
    let error = Kb::open(&report.out).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Version { found: 1, .. }) && error.hint().unwrap().contains("migrate"));
    assert_eq!(jove_kb::migrate(&report.out).unwrap(), 1);
    assert_eq!(Kb::open(&report.out).unwrap().sources().unwrap()[0].hash, "");
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(jove_kb::migrate(&report.out), Err(Error::Version { found: 99, .. })));
}

#[test]
fn names_are_found_whatever_their_script() {
    let (kb, _) = Place::new().build(Format::Jsonl, CAPITALS);
    let found =
        |text: &str| -> Vec<_> { kb.search(text, Lang::EN, 10).unwrap().into_iter().map(|hit| hit.key).collect() };
    for (text, expected) in [
        ("", vec![]),
        ("国", vec!["cn"]),
        ("中华", vec!["cn"]),
        ("人民", vec!["cn"]),
        ("北京", vec!["bj"]),
        ("bei", vec!["bj"]),
        ("Russia", vec!["ru"]),
        ("wd:Q159", vec!["ru"]),
        ("בייג", vec!["bj"]),
        ("京北", vec![]),
        ("\" OR *", vec![]),
        ("🙂", vec![]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn a_name_alone_comes_before_thousands_that_hold_it() {
    let row = |id: &str, name: &str| format!("{{\"id\":\"{id}\",\"labels\":{{\"en\":\"{name}\"}}}}\n");
    let many: String = (0..3_000).map(|n| row(&format!("t{n}"), &format!("Springfield {n}"))).collect();
    let (kb, _) = Place::new().build(Format::Jsonl, many + &row("s", "Springfield") + &row("z", "中国"));
    let found = kb.search("Springfield", Lang::EN, 3).unwrap();
    assert_eq!((found.len(), found[0].key.as_str()), (3, "s"));
    assert_eq!(kb.search(" 中国 ", Lang::EN, 3).unwrap()[0].label.as_deref(), Some("中国"));
}
