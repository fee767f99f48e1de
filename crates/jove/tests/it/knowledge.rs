//! `jove kb` and `jove link` on a graph of four islands.

use serde_json::{Value, json};

use crate::shell::Folder;

const GRAPH: &str = r#"{"id":"lora","labels":{"zh":"洛拉岛","en":"Lora Island"},"types":["island"],"descriptions":{"zh":"东边的岛","en":"the eastern island"},"facts":{"ferry":["minta"],"twin":["keso"]}}
{"id":"minta","labels":{"zh":"明塔岛","en":"Minta Island"},"types":["island"],"facts":{"ferry":["lora"]}}
{"id":"keso","labels":{"zh":"克索岛","en":"Keso Island"},"types":["island"],"facts":{"twin":["lora"]}}
{"id":"ivri","labels":{"he":"האי עברי","en":"Ivri 😀 e\u0301"},"types":["island"]}
"#;

const PATTERNS: &str = r#"
[relations.ferry.sentences]
zh = ["{subject}有渡轮开往{object}。"]
en = ["A ferry runs from {subject} to {object}."]
"#;

fn islands() -> Folder {
    let folder = Folder::new(&[("graph.jsonl", GRAPH), ("patterns.toml", PATTERNS)]);
    folder.works("kb build --out kb.sqlite --source jsonl:graph.jsonl");
    folder
}

#[test]
fn a_build_reports_what_it_read() {
    let folder = Folder::new(&[("graph.jsonl", GRAPH)]);
    let report = &folder.json("kb build --out kb.sqlite --source jsonl:graph.jsonl --json")[0];
    assert_eq!((&report["entities"], &report["facts"], &report["bad"]), (&json!(4), &json!(4), &json!(0)), "{report}");
    assert!(folder.path("kb.sqlite").exists());
}

#[test]
fn a_build_from_a_configuration_equals_one_from_flags() {
    let folder = islands();
    let config = "sources = [{ path = \"graph.jsonl\" }]\nselect = { languages = [\"zh\"] }\n";
    std::fs::write(folder.path("kb.toml"), config).unwrap();
    folder.works("kb build --out config.sqlite --config kb.toml");
    folder.works("kb build --out flags.sqlite --source jsonl:graph.jsonl --langs zh");
    assert_eq!(folder.works("kb export config.sqlite"), folder.works("kb export flags.sqlite"));
    assert_ne!(folder.works("kb export config.sqlite"), folder.works("kb export kb.sqlite"));
}

#[test]
fn invalid_options_of_a_build_are_named() {
    let folder = Folder::new(&[
        ("graph.jsonl", GRAPH),
        ("memory.toml", "sources = [{ path = \"graph.jsonl\" }]\nsort-memory-mib = 1\n"),
        ("column.toml", "sources = [{ format = \"tsv\", path = \"a.tsv\", columns = { subject = 0 } }]\n"),
        ("typo.toml", "sorces = []\n"),
        ("empty.toml", ""),
    ]);
    for (arguments, expected) in [
        ("--config memory.toml", "sort-memory-mib: expected an integer, 8 or more, found 1"),
        ("--config column.toml", "sources[0].columns.subject: expected a column, counted from 1, or its name, found 0"),
        ("--config typo.toml", "sorces"),
        ("--config empty.toml", "expected at least one source"),
        ("--source jsonl:graph.jsonl --source tsv:graph.jsonl", "sources[1].name: expected a different name"),
        ("--source jsonl:none.jsonl", "none.jsonl"),
    ] {
        folder.refuses(&format!("kb build --out kb.sqlite {arguments}"), &["error: ", expected]);
        assert!(!folder.path("kb.sqlite").exists(), "{arguments}");
    }
    for (source, expected) in [("graph.jsonl", "FORMAT:PATH"), ("jsonI:graph.jsonl", "unknown source format `jsonI`")] {
        folder.refuses(&format!("kb build --out kb.sqlite --source {source}"), &[expected]);
    }
}

#[test]
fn bad_rows_are_kept_and_limited() {
    let folder = Folder::new(&[("graph.jsonl", &format!("{GRAPH}not json\n"))]);
    folder.refuses(
        "kb build --out kb.sqlite --source jsonl:graph.jsonl --max-bad 0",
        &["1 bad rows, 0 allowed", "hint: "],
    );
    let said = folder.works("kb build --out kb.sqlite --source jsonl:graph.jsonl --max-bad 1 --reject-file bad.jsonl");
    assert!(said.contains("graph.jsonl:5") && said.contains("1 bad rows are kept in bad.jsonl"), "{said}");
    assert!(folder.read("bad.jsonl").contains("not json"));
}

#[test]
fn a_base_is_counted_and_searched() {
    let folder = islands();
    let stats = &folder.json("kb stats kb.sqlite --json")[0];
    assert_eq!((&stats["entities"], &stats["integrity"]), (&json!(4), &json!("ok")), "{stats}");
    let said = folder.works("kb stats kb.sqlite");
    assert!(said.contains("without description") && said.contains("integrity: ok"), "{said}");
    for (text, lang, expected) in [
        ("洛拉", "zh", "lora\t洛拉岛\n"),
        ("Lora", "en", "lora\tLora Island\n"),
        ("😀", "en", ""),
        ("עברי", "he", "ivri\tהאי עברי\n"),
        ("克索岛", "en", "keso\tKeso Island\n"),
    ] {
        assert_eq!(folder.works(&format!("kb search kb.sqlite {text} --lang {lang}")), expected, "{text}");
    }
    assert_eq!(folder.json("kb search kb.sqlite Island --limit 2 --json").len(), 2);
}

#[test]
fn neighbours_are_the_facts_in_both_directions() {
    let folder = islands();
    let said = folder.works("kb neighbors kb.sqlite lora --lang en");
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    let expected = [
        "Keso Island\ttwin\tLora Island",
        "Lora Island\tferry\tMinta Island",
        "Lora Island\ttwin\tKeso Island",
        "Minta Island\tferry\tLora Island",
    ];
    assert_eq!(lines, expected);
    assert_eq!(folder.json("kb neighbors kb.sqlite 洛拉岛 --json").len(), 4, "an entity is found by its name too");
    folder.refuses("kb neighbors kb.sqlite 无此岛", &["no entity has the key or name `无此岛`", "hint: "]);
}

#[test]
fn an_exported_base_is_built_to_the_same_base_again() {
    let folder = islands();
    let first = folder.works("kb export kb.sqlite");
    folder.works("kb export kb.sqlite --out export.jsonl");
    assert_eq!(folder.read("export.jsonl"), first);
    folder.works("kb build --out again.sqlite --source jsonl:export.jsonl");
    assert_eq!(folder.works("kb export again.sqlite"), first);
    for format in ["ntriples", "tsv"] {
        let text = folder.works(&format!("kb export kb.sqlite --format {format}"));
        assert!(text.lines().count() >= 4 && text.contains("lora"), "{format}: {text}");
    }
}

#[test]
fn facts_become_sentences_with_their_spans() {
    let folder = islands();
    let ended = folder.jove("kb verbalize kb.sqlite --patterns patterns.toml --per-fact 1 --held-out 0");
    assert!(
        ended.code == 0 && ended.err.contains("2 without a pattern"),
        "facts without sentences are told of: {}",
        ended.err
    );
    let sentences: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sentences.len(), 4, "two facts in two languages: {sentences:?}");
    for sentence in &sentences {
        let text = sentence["text"].as_str().unwrap();
        assert!(text.contains("渡轮") || text.contains("ferry"), "{text}");
        assert_eq!(sentence["part"], "train", "{sentence}");
    }
    folder.refuses(
        "kb verbalize kb.sqlite --patterns patterns.toml --held-out 1",
        &["held-out-fraction: expected a number from 0 to below 1, found 1"],
    );
    folder.refuses("kb verbalize kb.sqlite --patterns none.toml", &["none.toml"]);
}

#[test]
fn a_problem_at_the_asked_level_fails_the_check() {
    let folder = islands();
    let ended = folder.jove("kb lint kb.sqlite --fail-at note");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("    → "), "every finding comes with advice: {}", ended.out);
    assert_eq!(folder.jove("kb lint kb.sqlite").code, 0);
    folder.refuses("kb lint kb.sqlite --fail-at worst", &["expected note, warning or error, found worst"]);
}

#[test]
fn a_page_of_a_base_opens_with_the_asked_entity() {
    let folder = islands();
    assert_eq!(folder.works("kb view kb.sqlite --out view.html --entity keso"), "view.html\n");
    assert!(folder.read("view.html").contains("克索岛"));
    assert!(folder.works("kb migrate kb.sqlite").starts_with("schema "));
}

#[test]
fn a_file_that_is_no_base_is_refused_by_every_command() {
    let folder = Folder::new(&[("kb.sqlite", "洛拉岛"), ("empty.sqlite", ""), ("text.txt", "洛拉岛")]);
    for kb in ["kb.sqlite", "empty.sqlite", "none.sqlite"] {
        for command in ["kb stats", "kb lint", "kb export", "link --input text.txt --output out.jsonl --kb"] {
            folder.refuses(&format!("{command} {kb}"), &["error: ", kb, "hint: "]);
        }
    }
    assert!(!folder.path("out.jsonl").exists());
}

#[test]
fn links_slice_to_the_names_of_their_entities() {
    let folder = islands();
    let text = "我们坐船去洛拉岛。\n\n今天下雨\nהאי עברי 😀\n";
    std::fs::write(folder.path("text.txt"), text).unwrap();
    let counts = &folder.json("link --kb kb.sqlite --input text.txt --output out.jsonl --html links.html --json")[0];
    assert_eq!((&counts["texts"], &counts["linked"]), (&json!(4), &json!(2)), "{counts}");
    let lines: Vec<serde_json::Value> =
        folder.read("out.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    for (line, expected) in lines.iter().zip(text.lines()) {
        assert_eq!(line["text"], expected);
    }
    assert_eq!(lines[0]["mentions"].as_array().map(Vec::len), Some(1), "{}", lines[0]);
    let mention = &lines[0]["mentions"][0];
    assert_eq!(
        (&mention["name"], &mention["lang"], &mention["label"]),
        (&json!("洛拉岛"), &json!("zh"), &json!("洛拉岛"))
    );
    let shown = folder.works(&format!("kb neighbors kb.sqlite {}", mention["key"].as_str().unwrap()));
    assert!(shown.contains("洛拉岛"), "the key is one that other commands take: {shown}");
    assert_eq!(lines.iter().map(|line| line["lang"].as_str().unwrap()).collect::<Vec<_>>(), ["zh", "und", "zh", "he"]);
    assert_eq!(lines[3]["mentions"].as_array().map(Vec::len), Some(1), "{}", lines[3]);
    assert!(folder.read("links.html").contains("洛拉岛"));
    let said = folder.works("link --kb kb.sqlite --input text.txt --output out.parquet");
    assert!(said.starts_with("2 mentions in 2 of 4 texts"), "{said}");
    assert!(folder.path("out.parquet").exists());
}

#[test]
fn a_score_outside_its_range_is_refused_before_anything_is_written() {
    let folder = islands();
    std::fs::write(folder.path("text.txt"), "洛拉岛").unwrap();
    let arguments = "link --kb kb.sqlite --input text.txt --output out.jsonl --score-min 2";
    folder.refuses(arguments, &["score-min: expected a number from 0 to 1, found 2", "hint: "]);
    std::fs::write(folder.path("bytes.txt"), b"a\xff").unwrap();
    folder.refuses("link --kb kb.sqlite --input bytes.txt --output out.jsonl", &["bytes.txt:1"]);
    folder.refuses("link --kb kb.sqlite --input none.txt --output out.jsonl", &["none.txt"]);
    assert!(!folder.path("out.jsonl").exists());
}
