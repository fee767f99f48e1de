//! Each format with the quirks of its real dumps, in small rows of our own.

use std::io::Write;

use jove_core::{EntityId, Lang, Silent};
use jove_kb::{BuildOptions, Error, Format, Kb, Source, build};

use crate::common::Place;

fn id(kb: &Kb, key: &str) -> EntityId {
    kb.entity_id(key).unwrap().unwrap_or_else(|| panic!("no entity {key}"))
}

/// Facts as `subject predicate object` keys.
fn facts(kb: &Kb) -> Vec<String> {
    let key = |entity| kb.key(entity).unwrap();
    let facts = kb.facts().unwrap().into_iter();
    let mut facts: Vec<_> = facts
        .map(|f| format!("{} {} {}", key(f.subject), kb.predicate_name(f.predicate).unwrap().unwrap(), key(f.object)))
        .collect();
    facts.sort();
    facts
}

#[test]
fn wikidata() {
    let dump = r#"[
{"type":"item","id":"Q1","labels":{"zh":{"language":"zh","value":"宇宙"},"en":{"language":"en","value":"un\u0069verse"}},"aliases":{"en":[{"language":"en","value":"cosmos"}]},"descriptions":[],"claims":{"P31":[{"rank":"normal","mainsnak":{"snaktype":"value","property":"P31","datavalue":{"type":"wikibase-entityid","value":{"entity-type":"item","numeric-id":5}}}}],"P361":[{"rank":"normal","mainsnak":{"snaktype":"value","datavalue":{"value":{"entity-type":"item","id":"Q2"},"type":"wikibase-entityid"}}},{"rank":"deprecated","mainsnak":{"snaktype":"value","datavalue":{"value":{"entity-type":"item","id":"Q3"},"type":"wikibase-entityid"}}},{"rank":"normal","mainsnak":{"snaktype":"somevalue"}}],"P2":[{"rank":"normal","mainsnak":{"datavalue":{"value":{"text":"你好","language":"zh"},"type":"monolingualtext"}}}],"P3":[{"rank":"preferred","mainsnak":{"datavalue":{"value":{"latitude":1.5,"longitude":-2,"precision":1},"type":"globecoordinate"}}}],"P4":[{"rank":"normal","mainsnak":{"datavalue":{"value":{"amount":"+3","unit":"1"},"type":"quantity"}}}],"P5":[{"rank":"normal","mainsnak":{"datavalue":{"value":"plain","type":"string"}}}]},"sitelinks":{"enwiki":{"site":"enwiki","title":"Universe"},"zhwiki":{"site":"zhwiki","title":"宇宙"}}},
{"type":"item","id":"Q9","labels":[],"aliases":[],"descriptions":[],"claims":[],"sitelinks":[]},
{"entity":"Q10","redirect":"Q1"},
{"entity":"Q1","redirect":"Q10"},
{"type":"property","id":"P361","labels":{"en":{"language":"en","value":"part of"}},"claims":{"P1696":[{"mainsnak":{"datavalue":{"value":{"entity-type":"property","numeric-id":527,"id":"P527"},"type":"wikibase-entityid"}}}]}},
{"type":"item","labels":{}},
]
"#;
    let (kb, report) = Place::new().build(Format::Wikidata, dump);
    assert_eq!(report.bad, 1, "{:?}", report.problems);
    assert_eq!(facts(&kb), ["Q1 P361 Q2"]);
    let universe = id(&kb, "Q1");
    assert_eq!(id(&kb, "Q10"), universe);
    assert_eq!(kb.keys(universe).unwrap(), ["Q1", "Q10"]);
    assert_eq!(kb.label_in(universe, Lang::EN).unwrap().as_deref(), Some("universe"));
    assert_eq!(kb.types(universe).unwrap(), ["Q5"]);
    assert!((kb.popularity(universe).unwrap() - 2.0).abs() < 1e-6);
    let values: Vec<_> = kb.literals(universe).unwrap().into_iter().map(|literal| literal.value).collect();
    assert_eq!(values.len(), 4);
    for value in ["你好", "1.5,-2", "+3", "plain"] {
        assert!(values.iter().any(|one| one == value), "{value}");
    }
    assert_eq!(kb.label(id(&kb, "Q9"), Lang::EN).unwrap(), None);
    let part_of = kb.predicate_id("P361").unwrap().unwrap();
    assert_eq!(kb.predicate_label(part_of, Lang::EN).unwrap().as_deref(), Some("part of"));
    assert_eq!(kb.predicates().unwrap()[part_of.0 as usize].inverse, kb.predicate_id("P527").unwrap());
}

#[test]
fn ntriples() {
    let rows = "<http://x/a> <http://www.w3.org/2000/01/rdf-schema#label> \"甲\\u00e9\"@zh-hant . # comment\n\
        _:b <http://x/p> <http://x/a> .\n<http://x/a> <http://x/p> \"1\"^^<http://x/int> .\n\
        <http://x/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://x/T> .\n<bad> <http://x/p> <http://x/a> .\n\
        <http://x/a> <http://www.w3.org/2002/07/owl#sameAs> <http://x/z> .\n\n# only a comment\n";
    let (kb, report) = Place::new().build(Format::NTriples, rows);
    assert_eq!(report.bad, 1);
    assert_eq!(report.problems[0].line, Some(5));
    let a = id(&kb, "http://x/a");
    assert_eq!(a, id(&kb, "http://x/z"));
    assert_eq!(kb.label_in(a, Lang::new("zh-Hant").unwrap()).unwrap().as_deref(), Some("甲é"));
    assert_eq!(kb.types(a).unwrap(), ["http://x/T"]);
    assert_eq!(kb.literals(a).unwrap()[0].datatype, "http://x/int");
    assert_eq!(report.facts, 1);
}

#[test]
fn blank_nodes_of_two_sources_stay_apart() {
    let place = Place::new();
    let one = place.file("one.nt", "_:b <http://x/p> <http://x/a> .\n");
    let two = place.file("two.nt", "_:b <http://x/p> <http://x/a> .\n");
    let sources = vec![Source::new(Format::NTriples, one), Source::new(Format::NTriples, two)];
    let report = build(&BuildOptions::new(place.path("kb"), sources), &Silent).unwrap();
    assert_eq!((report.entities, report.facts), (3, 2));
}

#[test]
fn turtle() {
    let rows = "@prefix x: <http://x/> .\nx:a x:p x:b , x:c ; a x:T .\nx:a x:q \"多\\n行\"@zh .\n";
    let (kb, report) = Place::new().build(Format::Turtle, rows);
    assert_eq!((report.facts, report.literals, report.bad), (2, 1, 0));
    assert_eq!(kb.types(id(&kb, "http://x/a")).unwrap(), ["http://x/T"]);
    let (_, report) = Place::new().build(Format::Turtle, "@prefix x: <http://x/> .\nx:a y:p x:b .\nx:a x:p x:b .\n");
    assert_eq!((report.facts, report.bad, report.problems[0].line), (1, 1, Some(2)));
}

#[test]
fn dbpedia() {
    let rows = "<http://zh.dbpedia.org/resource/%E5%8C%97%E4%BA%AC> <http://dbpedia.org/ontology/country> <http://dbpedia.org/resource/Front_(France)> .\n";
    let (kb, _) = Place::new().build(Format::Dbpedia, rows);
    let city = id(&kb, "http://zh.dbpedia.org/resource/%E5%8C%97%E4%BA%AC");
    assert_eq!(kb.label_in(city, Lang::ZH).unwrap().as_deref(), Some("北京"));
    let names = kb.names(id(&kb, "http://dbpedia.org/resource/Front_(France)")).unwrap();
    assert_eq!(names.iter().map(|name| name.1.as_str()).collect::<Vec<_>>(), ["Front (France)", "Front"]);
}

#[test]
fn conceptnet() {
    let rows = "/a/[x]\t/r/Synonym\t/c/en/hard_question/n\t/c/zh/难题\t{\"weight\": 2.0}\n/a\t/r/ExternalURL\t/c/en/a\thttp://x/\t{}\nbad\trow\n";
    let (kb, report) = Place::new().build(Format::ConceptNet, rows);
    assert_eq!((report.facts, report.literals, report.bad), (1, 1, 1));
    let question = id(&kb, "/c/en/hard_question/n");
    assert_eq!(kb.label_in(question, Lang::EN).unwrap().as_deref(), Some("hard question"));
    assert!(kb.predicates().unwrap().iter().any(|info| info.key == "/r/Synonym" && info.symmetric));
}

#[test]
fn encyclopedias() {
    let rows = "实体,属性,值\n胶饴[药材],描述,\"别名饴糖，甜。\"\n胶饴[药材],别名,饴糖\n胶饴[药材],作者,<a>曹雪芹</a>\n胶饴[药材],产地,湖南,湖北\n胶饴[药材],出版,1990年\n坏行\n";
    let (kb, report) = Place::new().build(Format::OwnThink, rows);
    assert_eq!(report.bad, 1);
    let syrup = id(&kb, "胶饴[药材]");
    assert_eq!(kb.label_in(syrup, Lang::ZH).unwrap().as_deref(), Some("胶饴"));
    assert!(kb.description(syrup, Lang::ZH).unwrap().is_some() || !kb.descriptions_of(syrup).unwrap().is_empty());
    assert!(facts(&kb).contains(&"胶饴[药材] 作者 曹雪芹".to_owned()));
    assert!(kb.literals(syrup).unwrap().iter().any(|literal| literal.value == "1990年"));
    let (kb, _) =
        Place::new().build(Format::CnDbpedia, "红玫瑰（小说）\tBaiduTAG\t小说\n红玫瑰（小说）\t作者\t张爱玲\n");
    assert_eq!(kb.types(id(&kb, "红玫瑰（小说）")).unwrap(), ["小说"]);
}

#[test]
fn dictionaries_and_places() {
    let rows = "# CC-CEDICT\n傳統 传统 [chuan2 tong3] /tradition/traditional/\nbad line\n";
    let (kb, report) = Place::new().build(Format::CcCedict, rows);
    assert_eq!((report.entities, report.bad), (1, 1));
    assert_eq!(kb.description(EntityId(0), Lang::EN).unwrap().as_deref(), Some("tradition; traditional"));
    let row = "1816670\tBeijing\tBeijing\tPeking,北京\t39.9\t116.4\tP\tPPLC\tCN\t\t22\t\t\t\t11716620\t\t49\tAsia/Shanghai\t2019-06-26\nshort\trow\n";
    let (kb, report) = Place::new().build(Format::GeoNames, row);
    assert_eq!((report.entities, report.facts, report.bad), (2, 1, 1));
    let city = id(&kb, "geonames/1816670");
    assert_eq!(kb.types(city).unwrap(), ["P.PPLC"]);
    assert_eq!(kb.names(city).unwrap().len(), 3);
    assert!(kb.popularity(city).unwrap() > 1e7);
}

#[test]
fn dbp15k_folders() {
    let place = Place::new();
    for (name, rows) in [
        ("ent_ids_1", "0\thttp://zh.dbpedia.org/resource/北京\n1\thttp://zh.dbpedia.org/resource/中国\n"),
        ("ent_ids_2", "2\thttp://dbpedia.org/resource/Beijing\n"),
        ("rel_ids_1", "0\thttp://zh.dbpedia.org/property/country\n"),
        ("rel_ids_2", "1\thttp://dbpedia.org/property/name\n"),
        ("triples_1", "0\t0\t1\n0\t9\t1\n"),
        ("triples_2", ""),
        ("sup_ent_ids", "0\t2\n"),
    ] {
        place.file(name, rows);
    }
    let folder = place.path("ent_ids_1").parent().unwrap().to_owned();
    let report =
        build(&BuildOptions::new(place.path("kb"), vec![Source::new(Format::Dbp15k, folder)]), &Silent).unwrap();
    assert_eq!((report.entities, report.facts, report.merged, report.bad), (2, 1, 1, 1));
    let kb = Kb::open(&report.out).unwrap();
    let city = id(&kb, "http://dbpedia.org/resource/Beijing");
    assert_eq!(kb.label_in(city, Lang::ZH).unwrap().as_deref(), Some("北京"));
    assert_eq!(kb.label_in(city, Lang::EN).unwrap().as_deref(), Some("Beijing"));
}

#[test]
fn roles_come_from_a_file() {
    let place = Place::new();
    let roles = place.file("roles.toml", "other = \"literal\"\n[roles]\n\"学名\" = \"alias\"\n");
    let mut options = place.options(Format::Spo, &place.file("x.spo", "水稻\t学名\tOryza sativa\n水稻\t部位\t枝蔓\n"));
    options.sources[0].roles = Some(roles);
    let report = build(&options, &Silent).unwrap();
    assert_eq!((report.entities, report.literals, report.names), (1, 1, 2));
}

fn packed(name: &str, rows: &[u8]) -> Vec<u8> {
    match name {
        "gzip" => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(rows).unwrap();
            out.finish().unwrap()
        }
        "bzip2" => {
            let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            out.write_all(rows).unwrap();
            out.finish().unwrap()
        }
        _ => zstd::encode_all(rows, 1).unwrap(),
    }
}

#[test]
fn packed_files_are_read_and_truncated_ones_refused() {
    let rows: String =
        (0..3_000).map(|n| format!("实体{n}\tr{}\tb{}", n % 7, n * 31 % 1_000)).collect::<Vec<_>>().join("\n") + "\n";
    for name in ["gzip", "bzip2", "zstd"] {
        let place = Place::new();
        let whole = packed(name, rows.as_bytes());
        let (kb, _) = place.build(Format::Tsv, &whole);
        assert_eq!(kb.fact_count().unwrap(), 3_000, "{name}");
        // Several streams in one file, as parallel packers write them.
        let (kb, _) = place.build(Format::Tsv, [whole.clone(), packed(name, b"x\ty\tz\n")].concat());
        assert_eq!(kb.fact_count().unwrap(), 3_001, "{name}");
        let cut = place.file("cut", &whole[..whole.len() / 2]);
        let error = build(&place.options(Format::Tsv, &cut), &Silent).unwrap_err();
        assert!(matches!(error, Error::Packed { .. }) && error.to_string().contains("cut:"), "{name}: {error}");
        assert_eq!(Kb::open(&place.path("kb.sqlite")).unwrap().fact_count().unwrap(), 3_001, "the old base stays");
    }
}

#[test]
fn endless_lines_cost_one_row() {
    let place = Place::new();
    let mut rows = vec![b'x'; 100 << 20];
    rows.extend_from_slice(b"\na\tb\tc\n");
    let (kb, report) = place.build(Format::Tsv, rows);
    assert_eq!((kb.fact_count().unwrap(), report.bad), (1, 1));
    assert!(report.problems[0].expected.contains("64 MiB"));
    assert!(std::fs::metadata(report.reject_file.unwrap()).unwrap().len() < 2 << 20);
}
