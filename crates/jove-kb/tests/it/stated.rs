//! What a base says is what its source states, no more and no less: small files of many formats, each read by a person first.

use std::collections::BTreeSet;

use jove_core::Silent;
use jove_kb::{BuildOptions, Columns, ExportFormat, Format, Kb, Source, build, export_to};

use crate::common::Place;

/// Builds from files of one folder, the first of which is the source (the folder, where its name is empty), and compares all
/// that the base says (`subject | what | object | kind`) and the number of bad rows.
fn check(format: Format, files: &[(&str, &str)], change: impl FnOnce(&mut Source), expected: &[&str], bad: u64) {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    for (name, content) in files {
        place.file(&format!("data/{}", if name.is_empty() { "x" } else { name }), content);
    }
    let mut source = Source::new(format, if files.len() > 1 { place.path("data") } else { place.path("data/x") });
    if files.len() == 1 && !files[0].0.is_empty() {
        source.path = place.path("data").join(files[0].0);
    }
    change(&mut source);
    let options = BuildOptions { max_bad: 1000, ..BuildOptions::new(place.path("kb"), vec![source]) };
    let report = build(&options, &Silent).unwrap();
    let kb = Kb::open(&report.out).unwrap();
    let mut out = Vec::new();
    export_to(&kb, ExportFormat::Tsv, &mut out, &Silent).unwrap();
    let text = String::from_utf8(out).unwrap();
    let found: BTreeSet<String> = text
        .lines()
        .skip(1)
        .filter(|line| !line.contains("\t@entity\t"))
        .map(|line| line.replace('\t', " | "))
        .collect();
    let expected: BTreeSet<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    let invented: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && invented.is_empty(), "{format}: missing {missing:#?}, invented {invented:#?}");
    assert_eq!(report.bad, bad, "{format}: {:?}", report.problems);
}

fn plain(_: &mut Source) {}

#[test]
fn tables_of_triples() {
    check(
        Format::Tsv,
        &[(
            "",
            "head\ttail\trelation\nRiver_Town\tNorth_Land_(state)\tlocated_in\n\"Old Mill\"@en\tRiver_Town\tpart of\n",
        )],
        plain,
        &[
            "River_Town | @label | River Town | text",
            "North_Land_(state) | @label | North Land (state) | text",
            "North_Land_(state) | @alias | North Land | text",
            "Old Mill | @label | Old Mill | text@en",
            "River_Town | located_in | North_Land_(state) | entity",
            "Old Mill | part of | River_Town | entity",
        ],
        0,
    );
    // A number is no name; a row of another width is no row.
    check(
        Format::Csv,
        &[("", "水稻,产地,\"湖南,北部\"\n水稻,编号,00260881\n水稻,产地,湖南,湖北\n")],
        plain,
        &[
            "水稻 | @label | 水稻 | text@zh",
            "湖南,北部 | @label | 湖南,北部 | text@zh",
            "水稻 | 产地 | 湖南,北部 | entity",
            "水稻 | 编号 | 00260881 | entity",
        ],
        1,
    );
    check(
        Format::Tsv,
        &[(
            "",
            "?s\t?p\t?o\n<http://x/a>\t<http://x/p>\t\"3\"^^xsd:integer\n<http://x/a>\tlabel\t\"Alpha \\\"A\\\"\"@en\n",
        )],
        plain,
        &["http://x/a | @label | Alpha \"A\" | text@en", "http://x/a | http://x/p | 3 | text^xsd:integer"],
        0,
    );
}

#[test]
fn tables_with_columns_by_name() {
    let columns = |source: &mut Source| {
        source.columns = Columns {
            subject: "x_index".into(),
            predicate: "relation".into(),
            object: "y_index".into(),
            label: "x_name".into(),
            kind: "x_type".into(),
            object_label: "y_name".into(),
            object_type: "y_type".into(),
            ..Columns::default()
        };
    };
    check(
        Format::Csv,
        &[(
            "",
            "relation,x_index,x_type,x_name,y_index,y_type,y_name\ntarget,1,drug,\"Blue, oral\",2,gene,INS\nis like,3,drug,INS,1,drug,\"Blue, oral\"\n",
        )],
        columns,
        &[
            "1 | @label | Blue, oral | text",
            "1 | @type | drug | entity",
            "2 | @label | INS | text",
            "2 | @type | gene | entity",
            "3 | @label | INS | text",
            "3 | @type | drug | entity",
            "1 | target | 2 | entity",
            "3 | is like | 1 | entity",
        ],
        0,
    );
    // Nodes of Neo4j: rows that hold only a relation are not of this table.
    let nodes = |source: &mut Source| {
        source.columns = Columns {
            subject: "_id".into(),
            predicate: 0.into(),
            object: 0.into(),
            label: "name".into(),
            kind: "_labels".into(),
            separator: ":".into(),
            ..Columns::default()
        };
    };
    check(
        Format::Csv,
        &[(
            "",
            "\"_id\",\"_labels\",\"name\",\"_start\",\"_end\",\"_type\"\n\"1\",\":City:Port\",\"Rivertown\",,,\n,,,\"1\",\"2\",\"IN\"\n",
        )],
        nodes,
        &["1 | @label | Rivertown | text", "1 | @type | City | entity", "1 | @type | Port | entity"],
        0,
    );
}

#[test]
fn names_of_ids() {
    let place = Place::new();
    let facts = place.file("facts.tsv", "00260881\t_hypernym\t00260622\n00260881\t_hypernym\tRiver_Town\n");
    let names = place.file("names.tsv", "00260881\tland reform\nRiver_Town\tRivertown\n");
    let mut named = Source::new(Format::Tsv, names);
    named.columns = Columns { predicate: 0.into(), object: 0.into(), label: 2.into(), ..Columns::default() };
    let sources = [Source::new(Format::Tsv, facts), named];
    for order in [[0, 1], [1, 0]] {
        let sources = order.map(|at| sources[at].clone()).to_vec();
        let report = build(&BuildOptions::new(place.path("kb"), sources), &Silent).unwrap();
        let kb = Kb::open(&report.out).unwrap();
        let names = |key: &str| {
            let names = kb.names(kb.entity_id(key).unwrap().unwrap()).unwrap();
            names.into_iter().map(|(_, name, is_label)| (name, is_label)).collect::<Vec<_>>()
        };
        assert_eq!(names("00260881"), [("land reform".to_owned(), true)]);
        assert_eq!(names("00260622"), []);
        assert_eq!(names("River_Town"), [("Rivertown".to_owned(), true), ("River Town".to_owned(), false)]);
    }
}

const PREFIXES: &str = "@prefix ex: <http://ex.org/> .\n@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n\
    @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n@prefix xl: <http://www.w3.org/2008/05/skos-xl#> .\n\
    @prefix owl: <http://www.w3.org/2002/07/owl#> .\n";

#[test]
fn turtle() {
    let turtle = |text: &str, expected: &[&str], bad| {
        check(Format::Turtle, &[("", &format!("{PREFIXES}{text}"))], plain, expected, bad);
    };
    turtle(
        "ex:a rdfs:label \"Alpha\"@en ; ex:link <http://ex.org/x y> ; ex:knows ex:b , <bad iri> , ex:c .\nex:b ex:knows ex:c .",
        &[
            "http://ex.org/a | @label | Alpha | text@en",
            "http://ex.org/a | http://ex.org/knows | http://ex.org/b | entity",
            "http://ex.org/a | http://ex.org/knows | http://ex.org/c | entity",
            "http://ex.org/b | http://ex.org/knows | http://ex.org/c | entity",
        ],
        2,
    );
    turtle(
        "ex:capitalOf a owl:ObjectProperty ; rdfs:label \"is capital of\"@en ; owl:inverseOf ex:hasCapital .\n\
         ex:borders a owl:SymmetricProperty . ex:rome ex:capitalOf ex:italy . ex:borders rdfs:label \"grenzt an\"@de .",
        &[
            "http://ex.org/capitalOf | @predicate-label | is capital of | text@en",
            "http://ex.org/borders | @predicate-label | grenzt an | text@de",
            "http://ex.org/capitalOf | @inverse | http://ex.org/hasCapital | entity",
            "http://ex.org/borders | @inverse | http://ex.org/borders | entity",
            "http://ex.org/rome | http://ex.org/capitalOf | http://ex.org/italy | entity",
        ],
        0,
    );
    turtle(
        "ex:1 xl:prefLabel ex:x1 ; xl:altLabel ex:x2 ; skos:definition \"Grown wet.\"@en . ex:x1 xl:literalForm \"paddy\"@en .\n\
         ex:x2 a xl:Label ; xl:literalForm \"wet rice\"@en . ex:2 skos:prefLabel \"cereal\"@en ; skos:hiddenLabel \"cereall\"@en .",
        &[
            "http://ex.org/1 | @label | paddy | text@en",
            "http://ex.org/1 | @alias | wet rice | text@en",
            "http://ex.org/1 | @description | Grown wet. | text@en",
            "http://ex.org/2 | @label | cereal | text@en",
            "http://ex.org/2 | @alias | cereall | text@en",
        ],
        0,
    );
    // What is said of a triple is no fact of its ends.
    turtle(
        "ex:a ex:knows ex:b {| ex:since 1999 |} ; ex:likes ex:c .\n<< ex:a ex:knows ex:b >> ex:source ex:d .",
        &[
            "http://ex.org/a | http://ex.org/knows | http://ex.org/b | entity",
            "http://ex.org/a | http://ex.org/likes | http://ex.org/c | entity",
        ],
        0,
    );
}

#[test]
fn other_rdf() {
    let fact = |name: &str| format!("http://ex.org/{name} | http://ex.org/p | http://ex.org/b | entity");
    let label = "http://ex.org/a | @label | Alpha | text@en";
    check(
        Format::NQuads,
        &[(
            "",
            "<http://ex.org/a> <http://ex.org/p> <http://ex.org/b> <http://ex.org/g> .\n<http://ex.org/c> <http://ex.org/p> <http://ex.org/b> .\n<a>\n",
        )],
        plain,
        &[&fact("a"), &fact("c")],
        1,
    );
    check(
        Format::TriG,
        &[(
            "",
            "@prefix ex: <http://ex.org/> .\nex:g { ex:a ex:p ex:b , <no iri> . ex:c ex:p ex:b }\nex:d ex:p ex:b .",
        )],
        plain,
        &[&fact("a"), &fact("c"), &fact("d")],
        1,
    );
    let xml = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY ex \"http://ex.org/\">]>\n<rdf:RDF \
        xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:rdfs=\"http://www.w3.org/2000/01/rdf-schema#\" \
        xmlns:ex=\"http://ex.org/\">\n<rdf:Description rdf:about=\"&ex;a\"><rdfs:label xml:lang=\"en\">Alpha</rdfs:label>\
        <ex:p rdf:resource=\"b\"/><ex:q rdf:resource=\"http://ex.org/x y\"/></rdf:Description>\
        <rdf:Description rdf:about=\"c\"><ex:p rdf:resource=\"b\"/></rdf:Description></rdf:RDF>";
    let base = |source: &mut Source| source.base = "http://ex.org/".into();
    check(Format::RdfXml, &[("", xml)], base, &[label, &fact("a"), &fact("c")], 1);
    let json = "{\"@context\":{\"ex\":\"http://ex.org/\",\"name\":{\"@id\":\"http://www.w3.org/2000/01/rdf-schema#label\",\
        \"@language\":\"en\"},\"p\":{\"@id\":\"ex:p\",\"@type\":\"@id\"}},\"@graph\":[{\"@id\":\"ex:a\",\"name\":\"Alpha\",\"p\":\"ex:b\"},\
        {\"@id\":\"ex:c\",\"p\":\"b\"}]}";
    check(Format::JsonLd, &[("", json)], base, &[label, &fact("a"), &fact("c")], 0);
    check(
        Format::Dbpedia,
        &[(
            "",
            "<http://dbpedia.org/resource/Nrothland> <http://dbpedia.org/ontology/wikiPageRedirects> <http://dbpedia.org/resource/Northland> .\n<http://dbpedia.org/resource/Northland> <http://dbpedia.org/ontology/capital> <http://dbpedia.org/resource/Newtown_(Northland)> .\n",
        )],
        plain,
        &[
            "http://dbpedia.org/resource/Northland | @label | Northland | text@en",
            "http://dbpedia.org/resource/Northland | @alias | Nrothland | text@en",
            "http://dbpedia.org/resource/Northland | @same-as | http://dbpedia.org/resource/Nrothland | entity",
            "http://dbpedia.org/resource/Newtown_(Northland) | @label | Newtown (Northland) | text@en",
            "http://dbpedia.org/resource/Newtown_(Northland) | @alias | Newtown | text@en",
            "http://dbpedia.org/resource/Northland | http://dbpedia.org/ontology/capital | http://dbpedia.org/resource/Newtown_(Northland) | entity",
        ],
        0,
    );
    // Wikidata's dump of best-ranked statements: properties are relations, pages are no entities.
    let entity = "<http://www.wikidata.org/entity/";
    let direct = "<http://www.wikidata.org/prop/direct/";
    let rows = [
        format!("{entity}Q7> <http://www.w3.org/2000/01/rdf-schema#label> \"Northland\"@en ."),
        format!("{entity}Q7> {direct}P31> {entity}Q6> ."),
        format!("{entity}Q7> {direct}P36> {entity}Q8> ."),
        format!("{entity}Q7> {direct}P569> _:genid1 ."),
        format!("<https://en.wikipedia.org/wiki/Northland> <http://schema.org/about> {entity}Q7> ."),
        format!("{entity}P36> <http://www.w3.org/2000/01/rdf-schema#label> \"capital\"@en ."),
        format!("{entity}P36> <http://wikiba.se/ontology#directClaim> {direct}P36> ."),
    ];
    check(
        Format::NTriples,
        &[("", &rows.join("\n"))],
        plain,
        &[
            "http://www.wikidata.org/entity/Q7 | @label | Northland | text@en",
            "http://www.wikidata.org/entity/Q7 | @type | http://www.wikidata.org/entity/Q6 | entity",
            "http://www.wikidata.org/entity/Q7 | http://www.wikidata.org/prop/direct/P36 | http://www.wikidata.org/entity/Q8 | entity",
            "http://www.wikidata.org/prop/direct/P36 | @predicate-label | capital | text@en",
        ],
        0,
    );
}

#[test]
fn folders_of_embedding_data_sets() {
    let openke = [
        ("entity2id.txt", "3\nRiver_Town\t0\n/m/0aaa1\t1\n水 稻 2\n"),
        ("relation2id.txt", "1\n/location/in\t0\n"),
        ("train2id.txt", "2\n0 1 0\n2\t1\t0\n"),
        ("valid2id.txt", "1\n0 7 0\n"),
        ("entity2text.txt", "/m/0aaa1\tNorthland\n"),
        ("entity2textlong.txt", "/m/0aaa1\tA country far up.\n"),
        ("relation2text.txt", "/location/in\tlies in\n"),
    ];
    check(
        Format::OpenKe,
        &openke,
        |source| source.lang = Some(jove_core::Lang::EN),
        &[
            "River_Town | @label | River Town | text@en",
            "水 稻 | @label | 水 稻 | text@en",
            "/m/0aaa1 | @label | Northland | text@en",
            "/m/0aaa1 | @description | A country far up. | text@en",
            "River_Town | /location/in | /m/0aaa1 | entity",
            "水 稻 | /location/in | /m/0aaa1 | entity",
            "/location/in | @predicate-label | lies in | text@en",
        ],
        1,
    );
    let texts = [
        ("train.txt", "00260881\t_hypernym\t00260622\n"),
        ("test.txt", "00260622\t_hypernym\t00200000\n"),
        ("wordnet-mlj12-definitions.txt", "00260881\t__land_reform_NN_1\ta redistribution of land\n"),
        ("notes.txt", "no\tpart of\tit\n"),
    ];
    check(
        Format::OpenKe,
        &texts,
        plain,
        &[
            "00260881 | @label | land reform | text",
            "00260881 | @description | a redistribution of land | text",
            "00260881 | _hypernym | 00260622 | entity",
            "00260622 | _hypernym | 00200000 | entity",
        ],
        0,
    );
    let openea = [
        (
            "rel_triples_1",
            "http://dbpedia.org/resource/Aa\thttp://dbpedia.org/ontology/in\thttp://dbpedia.org/resource/Bb\n",
        ),
        (
            "rel_triples_2",
            "http://www.wikidata.org/entity/Q7\thttp://www.wikidata.org/entity/P17\thttp://www.wikidata.org/entity/Q8\n",
        ),
        (
            "attr_triples_2",
            "http://www.wikidata.org/entity/Q8\thttp://www.w3.org/2004/02/skos/core#prefLabel\t\"Bee\"@en\n",
        ),
        ("ent_links", "http://dbpedia.org/resource/Bb\thttp://www.wikidata.org/entity/Q8\n"),
    ];
    check(
        Format::OpenEa,
        &openea,
        plain,
        &[
            "http://dbpedia.org/resource/Aa | @label | Aa | text@en",
            "http://dbpedia.org/resource/Bb | @label | Bee | text@en",
            "http://dbpedia.org/resource/Bb | @alias | Bb | text@en",
            "http://dbpedia.org/resource/Bb | @same-as | http://www.wikidata.org/entity/Q8 | entity",
            "http://dbpedia.org/resource/Aa | http://dbpedia.org/ontology/in | http://dbpedia.org/resource/Bb | entity",
            "http://www.wikidata.org/entity/Q7 | http://www.wikidata.org/entity/P17 | http://dbpedia.org/resource/Bb | entity",
        ],
        0,
    );
}

#[test]
fn wikidata_and_its_relatives() {
    let five = [
        ("wikidata5m_entity.txt", "Q7\tGreen River\tRio Verde\tVerde\nQ8\tOld Town\n"),
        ("wikidata5m_relation.txt", "P17\tcountry\tland\n"),
        ("wikidata5m_text.txt", "Q8\tOld Town is a town.\n"),
        ("wikidata5m_all_triplet.txt", "Q7\tP17\tQ8\nQ7\tQ8\n"),
    ];
    check(
        Format::Wikidata5m,
        &five,
        plain,
        &[
            "Q7 | @label | Green River | text@en",
            "Q7 | @alias | Rio Verde | text@en",
            "Q7 | @alias | Verde | text@en",
            // Two cells are an id and its name, whatever they look like.
            "Q7 | @label | Q8 | text@en",
            "Q8 | @label | Old Town | text@en",
            "Q8 | @description | Old Town is a town. | text@en",
            "P17 | @predicate-label | country | text@en",
            "Q7 | P17 | Q8 | entity",
        ],
        0,
    );
    let pretty = "{\n  \"entities\": {\n    \"Q7\": {\n      \"id\": \"Q7\",\n      \"labels\": {\"zh-hant\": {\"value\": \"玻璃塔\"}},\n\
        \x20     \"claims\": {\"P31\": [{\"mainsnak\": {\"datavalue\": {\"value\": {\"id\": \"Q5\"}}}}]}\n    },\n    \"Q9\": {\"id\": \"Q9\", \
        \"missing\": \"\"}\n  }\n}\n";
    let expected = ["Q7 | @label | 玻璃塔 | text@zh-Hant", "Q7 | @type | Q5 | entity"];
    check(Format::Wikidata, &[("", pretty)], plain, &expected, 1);
    let item = |id: &str| format!("{{\"id\":\"{id}\",\"labels\":{{\"en\":{{\"value\":\"N {id}\"}}}}}}");
    let both = ["Q7 | @label | N Q7 | text@en", "Q8 | @label | N Q8 | text@en"];
    for text in [
        format!("[{},{}]", item("Q7"), item("Q8")),
        format!("{{\"Q7\":{}}}\n{{\"Q8\":{}}}\n", item("Q7"), item("Q8")),
        format!("[\n{{\n\"id\":\"Q7\",\"labels\":{{\"en\":{{\"value\":\"N Q7\"}}}}\n}},\n{}\n]", item("Q8")),
    ] {
        check(Format::Wikidata, &[("", &text)], plain, &both, 0);
    }
    let cut = format!("{{\"id\":\"Q6\",\"labels\":{{\n{}\n{}\n", item("Q7"), item("Q8"));
    check(Format::Wikidata, &[("", &cut)], plain, &both, 1);
}

#[test]
fn catalogues() {
    let places = "8\tMill Ford\tMill Ford\tMühlfurt\t46.1\t7.2\tP\tPPL\tCH\t\t\t\t\t\t1234\t\t\t\t\n";
    let names = "1\t8\tpost\t06460\t\t\t\t\n2\t8\tko\t밀퍼드\t1\t\t\t\n3\t8\tde\tAltfurt\t\t\t\t1\n4\t8\tlink\thttps://x\t\t\t\t\n5\tx\tde\tFurt\n";
    check(
        Format::GeoNames,
        &[("places.txt", places), ("names.txt", names)],
        plain,
        &[
            "geonames/8 | @label | Mill Ford | text",
            "geonames/8 | @alias | Mühlfurt | text",
            "geonames/8 | @label | 밀퍼드 | text@ko",
            "geonames/8 | @alias-with-prior | 0.3 Altfurt | text@de",
            "geonames/8 | @type | P.PPL | entity",
            "geonames/8 | @popularity | 1234 | text",
            "geonames/8 | coordinate | 46.1,7.2 | text^coordinate",
            "geonames/8 | country | country/CH | entity",
        ],
        1,
    );
    check(
        Format::Umls,
        &[
            (
                "MRCONSO.RRF",
                "C0000001|ENG|P|L1|PF|S1|Y|A1||||MSH|MH|D1|Blue fever|0|N||\nC0000001|SPA|P|L2|PF|S2|Y|A2||||MSH|MH|D1|Fiebre azul|0|N||\n\
                 C0000001|ENG|S|L3|PF|S3|Y|A3||||MSH|MH|D1|fever, blue|0|N||\nC0000001|ENG|S|L4|PF|S4|Y|A4||||MSH|MH|D1|old word|0|O||\n",
            ),
            ("MRREL.RRF", "C0000001|A1|AUI|CHD|C0000002|A9|AUI|isa|R1||MSH|MSH|||N||\nshort|row\n"),
            ("MRSTY.RRF", "C0000001|T047|B2|Disease|AT1||\n"),
            ("MRDEF.RRF", "C0000001|A1|AT2||MSH|A fever that is blue.|N||\n"),
        ],
        plain,
        &[
            "C0000001 | @label | Blue fever | text@en",
            "C0000001 | @label | Fiebre azul | text@es",
            "C0000001 | @alias | fever, blue | text@en",
            "C0000001 | @type | Disease | entity",
            "C0000001 | @description | A fever that is blue. | text@en",
            // The relation is that of the second concept to the first.
            "C0000002 | isa | C0000001 | entity",
        ],
        1,
    );
}
