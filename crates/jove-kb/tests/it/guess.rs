//! Files of many layouts, each of which must be told by its contents.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jove_kb::{Guess, guess};

/// Facts of every table here, as rows of three.
const FACTS: [[&str; 3]; 6] = [
    ["River Town", "located in", "Northland"],
    ["Hill Town", "located in", "Northland"],
    ["Lake Town", "located in", "Southland"],
    ["River Town", "twinned with", "Lake Town"],
    ["Northland", "borders", "Southland"],
    ["Hill Town", "twinned with", "Lake Town"],
];

fn table(sign: &str, header: &str, order: [usize; 3]) -> String {
    let rows = FACTS.map(|row| order.map(|at| row[at]).join(sign) + "\n");
    header.to_owned() + &rows.concat()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Format, settings of the source besides, and facts.
fn check(path: &Path, format: &str, settings: &[&str], facts: u64) -> Guess {
    let found = guess(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let shown = found.settings();
    assert_eq!(found.source.format.as_str(), format, "{found}");
    for part in settings {
        assert!(shown.contains(part), "{found}: {shown}");
    }
    let columns = shown.lines().filter(|line| line.starts_with("columns")).count();
    assert_eq!(columns == 0, !settings.iter().any(|part| !part.starts_with("encoding")), "{found}: {shown}");
    assert_eq!(found.sample.as_ref().map(|sample| sample.facts), Some(facts), "{found}");
    found
}

#[test]
fn tables_are_told_by_their_cells() {
    let folder = Folder::new();
    let file = |name: &str, content: String| folder.write(name, content);
    check(&file("a.tsv", table("\t", "", [0, 1, 2])), "tsv", &[], 6);
    check(&file("a.txt", table("\t", "", [0, 1, 2])), "tsv", &[], 6);
    check(&file("a.csv", table(",", "", [0, 1, 2])), "csv", &[], 6);
    check(&file("b.csv", table(",", "subject,predicate,object\n", [0, 1, 2])), "csv", &[], 6);
    check(&file("c.csv", table(",", "head,tail,relation\n", [0, 2, 1])), "csv", &[], 6);
    check(&file("d.csv", table(";", "", [0, 1, 2])), "csv", &["delimiter = \";\""], 6);
    check(&file("e.txt", table("|", "", [0, 1, 2])), "csv", &["delimiter = \"|\""], 6);
    check(&file("f.tsv", table("\t", "", [0, 2, 1])), "tsv", &["predicate = 3", "object = 2"], 6);
    check(&file("a.spo", table("\t", "", [0, 1, 2])), "spo", &[], 6);
    let asked = check(&file("g.csv", table(",", "Town,How,Other\n", [0, 1, 2])), "csv", &["header = true"], 6);
    assert!(asked.questions.iter().any(|question| question.contains("Town, How, Other")), "{:?}", asked.questions);
}

#[test]
fn tables_of_other_programs_are_told_by_their_headers() {
    let folder = Folder::new();
    let ends = "relation,display_relation,x_index,x_id,x_type,x_name,y_index,y_id,y_type,y_name\n\
                p,interacts with,0,96,gene,Abe1,8,56,gene,Kip2\np,treats,1,77,drug,Zolan,9,12,disease,Marsh fever\n";
    let found = check(&folder.write("kg.csv", ends), "csv", &["x_id"], 2);
    assert!(found.settings().contains("object-label = \"y_name\""), "{}", found.settings());
    let nodes = "townId:ID,name,:LABEL\nt1,River Town,Town\nt2,Hill Town,Town\n";
    check(&folder.write("nodes.csv", nodes), "csv", &["townId:ID"], 0);
    let edges = ":START_ID,:END_ID,:TYPE\nt1,t2,TWIN\nt2,t1,TWIN\n";
    check(&folder.write("edges.csv", edges), "csv", &[], 2);
    check(&folder.write("nodes.tsv", "id\tname\tkind\nGene::9\tSoc3\tGene\nGene::5\tPlk\tGene\n"), "tsv", &["kind"], 0);
}

#[test]
fn encodings_and_packings_are_told() {
    let folder = Folder::new();
    let chinese = "水稻,属于,禾本科\n小麦,属于,禾本科\n苹果树,果实,苹果\n桃树,果实,桃子\n".to_owned();
    let (bytes, ..) = encoding_rs::GB18030.encode(&chinese);
    let asked = check(&folder.write("gbk.csv", &bytes), "csv", &["encoding = \"gb18030\""], 4);
    assert!(!asked.questions.is_empty());
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(table("\t", "", [0, 1, 2]).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check(&folder.write("utf16.tsv", utf16), "tsv", &[], 6);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(chinese.as_bytes()).unwrap();
    check(&folder.write("a.csv.gz", packed.finish().unwrap()), "csv", &[], 4);
}

#[test]
fn formats_of_the_web_are_told() {
    let folder = Folder::new();
    let statement = "<http://x.org/a> <http://x.org/p> <http://x.org/b> .\n";
    check(&folder.write("a.nt", statement), "ntriples", &[], 1);
    check(&folder.write("a.txt", statement.replace(" .", " <http://x.org/g> .")), "nquads", &[], 1);
    let dbpedia = statement.replace("x.org/", "dbpedia.org/resource/");
    check(&folder.write("b.ttl", dbpedia), "dbpedia", &[], 1);
    check(&folder.write("c.ttl", "@prefix x: <http://x.org/> .\nx:a x:p x:b ;\n  x:q x:c .\n"), "turtle", &[], 2);
    check(&folder.write("d.trig", "@prefix x: <http://x.org/> .\nx:g {\n  x:a x:p x:b .\n}\n"), "trig", &[], 1);
    let xml = "<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:x=\"http://x.org/\">\n\
               <rdf:Description rdf:about=\"http://x.org/a\"><x:p rdf:resource=\"http://x.org/b\"/></rdf:Description>\n</rdf:RDF>\n";
    check(&folder.write("e.owl", xml), "rdfxml", &[], 1);
    let json = "{\"@context\": {\"p\": {\"@id\": \"http://x.org/p\", \"@type\": \"@id\"}}, \"@id\": \"http://x.org/a\", \"p\": \"http://x.org/b\"}";
    check(&folder.write("f.json", json), "jsonld", &[], 1);
    let native = "{\"id\":\"a\",\"labels\":{\"en\":\"A\"},\"facts\":{\"p\":[\"b\"]}}\n{\"id\":\"b\",\"labels\":{\"en\":\"B\"}}\n";
    check(&folder.write("g.jsonl", native), "jsonl", &[], 1);
}

#[test]
fn known_dumps_are_told_whatever_their_ending() {
    let folder = Folder::new();
    let cedict = "# CC-CEDICT\n水稻 水稻 [shui3 dao4] /rice plant/\n甲乙 甲乙 [jia3 yi3] /first and second/\n";
    check(&folder.write("dict.txt", cedict), "cc-cedict", &[], 0);
    let place = |id: u32, name: &str| {
        format!("{id}\t{name}\t{name}\t\t1.5\t2.5\tP\tPPL\tXX\t\t\t\t\t\t{}\t\t10\tX/Y\t2020-01-01\n", id * 100)
    };
    let found = guess(&folder.write("places.txt", place(1, "Riverton") + &place(2, "Hillton"))).unwrap();
    assert_eq!(found.source.format.as_str(), "geonames", "{found}");
    let edge = "/a/[/r/IsA/,/c/en/apple/,/c/en/fruit/]\t/r/IsA\t/c/en/apple\t/c/en/fruit\t{\"weight\": 1.0}\n";
    check(&folder.write("edges.csv", edge), "conceptnet", &[], 1);
    check(&folder.write("own.csv", "实体,属性,值\n水稻,产地,湖南\n小麦,产地,河北\n"), "ownthink", &[], 2);
    let cn = "水稻（粮食）\tBaiduCARD\t一种粮食。\n水稻（粮食）\tBaiduTAG\t作物\n水稻（粮食）\t产地\t湖南\n";
    let found = guess(&folder.write("cn.txt", cn)).unwrap();
    assert_eq!(found.source.format.as_str(), "cn-dbpedia", "{found}");
}

#[test]
fn folders_are_told_by_their_files() {
    let folder = Folder::new();
    for name in ["a.csv", "b.csv", "README.md"] {
        folder.write(name, table(",", "", [0, 1, 2]));
    }
    let found = guess(folder.0.path()).unwrap();
    assert_eq!((found.source.format.as_str(), found.source.path.as_path()), ("csv", folder.0.path()), "{found}");
    assert!(found.questions.iter().any(|question| question.contains("1 other file")), "{:?}", found.questions);
    assert!((found.facts() - 12.0).abs() < 1e-9, "six facts in each of two files: {}", found.facts());
}

#[test]
fn what_is_no_graph_says_what_it_seems_to_be() {
    let folder = Folder::new();
    for (name, content, expected) in [
        ("a.html", "<!doctype html><p>Not found", "a web page"),
        ("b.csv", "", "empty"),
        ("c.csv", "one\ntwo\nthree\n", "a table of one column"),
        ("d.json", "{\"name\": \"x\"}", "JSON"),
        ("e.bin", "%PDF-1.7", "a PDF document"),
    ] {
        let error = guess(&folder.write(name, content)).unwrap_err();
        assert!(error.to_string().contains(expected) || format!("{error:?}").contains(expected), "{name}: {error}");
    }
    assert!(guess(Path::new("missing")).is_err());
}
