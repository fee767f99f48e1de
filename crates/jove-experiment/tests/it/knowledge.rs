//! What is read of the graph is made once for all arms and probes, in the languages of the run's texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use jove_core::{Silent, TokenId};
use jove_corpus::Tokenizer;
use jove_experiment::Worker;
use serde_json::Value;

use crate::fixture::Fixture;

/// How many finished stages there are of each part of the knowledge.
fn parts(fixture: &Fixture) -> BTreeMap<String, usize> {
    let mut parts = BTreeMap::new();
    for stage in fixture.stages() {
        if let Some(part) = stage.strip_prefix("knowledge-") {
            *parts.entry(part.rsplit_once('-').unwrap().0.to_owned()).or_default() += 1;
        }
    }
    parts
}

fn check(fixture: &Fixture, expected: &[(&str, usize)]) {
    let nobody = Worker { program: "/nowhere/jove".into(), arguments: Vec::new() };
    fixture.load().unwrap().ablate(&nobody, &Silent).unwrap();
    let expected: BTreeMap<String, usize> = expected.iter().map(|&(part, count)| (part.to_owned(), count)).collect();
    assert_eq!(parts(fixture), expected);
}

/// The islands under two seeds, as an ablation of `kg`, which is trained with `settings`.
fn grid(settings: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.edit("seeds = [1]", "seeds = [1, 2]");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "[ablation]\n");
    fixture.edit("recipe = \"kg\"", &format!("recipe = \"kg\"\n{settings}"));
    fixture
}

#[test]
fn a_grid_makes_each_part_once() {
    // Twelve arms with twelve probes: pd, kg, and the four controls of kg.
    check(&grid(""), &[("descriptions", 1), ("negatives", 1)]);
}

#[test]
fn only_what_depends_on_the_seed_or_the_graph_is_made_for_each() {
    let settings = "masking = { entity-swap = 0.5 }\ntrain = { objectives = { link = { hard-negatives = 2 }, \
                    relation = { weight = 0.3, description-length = 12 } } }";
    let expected = [("descriptions", 1), ("negatives", 2), ("relations", 2), ("replacements", 1)];
    check(&grid(settings), &expected);
}

#[test]
fn without_held_out_facts_and_links_nothing_is_described() {
    let fixture = grid("");
    fixture.edit("recipe = \"kg\"\n", "recipe = \"pd\"\nmasking = { budget = 0.3 }\n");
    fixture.edit("sentences = { held-out-fraction = 0.3 }", "sentences = { held-out-fraction = 0.0 }");
    check(&fixture, &[]);
}

#[test]
fn replacements_that_cannot_be_are_refused_before_training() {
    let fixture = grid("masking = { entity-swap = 0.5 }");
    let graph = fs::read_to_string(fixture.path("kb.jsonl")).unwrap();
    fixture.write("kb.jsonl", graph.replace("\"types\":[\"island\"],", ""));
    let error = fixture.run().unwrap_err().to_string();
    assert!(error.contains("masking.entity-swap: no two names"), "{error}");
    assert!(fixture.stages().iter().all(|stage| !stage.starts_with("train-")), "{:?}", fixture.stages());
}

fn stage(fixture: &Fixture, prefix: &str) -> PathBuf {
    let name = fixture.stages().into_iter().find(|name| name.starts_with(prefix)).unwrap();
    fixture.path("runs/cache").join(name)
}

/// The descriptions of every entity, as the vocabulary spells them.
fn described(fixture: &Fixture) -> Vec<Vec<String>> {
    let tokenizer = Tokenizer::load(&stage(fixture, "tokenizer-bert-").join("tokenizer")).unwrap();
    let lines = fs::read_to_string(stage(fixture, "knowledge-descriptions-").join("descriptions.jsonl")).unwrap();
    let spelled = |line: &str| {
        let (_, descriptions): (u32, Vec<Vec<TokenId>>) = serde_json::from_str(line).unwrap();
        descriptions.iter().map(|tokens| tokenizer.decode(tokens).unwrap().replace(' ', "")).collect()
    };
    lines.lines().map(spelled).collect()
}

#[test]
fn a_graph_in_japanese_and_german_is_described_in_both() {
    let fixture = Fixture::new();
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    fixture.edit("tatoeba = { folder = \"tatoeba\", languages = [\"cmn\"] }", "");
    fixture.edit("path = \"text/zh.txt\", lang = \"zh\"", "path = \"text/zh.txt\", lang = \"ja\"");
    fixture.edit("path = \"text/en.txt\", lang = \"en\"", "path = \"text/en.txt\", lang = \"de\"");
    let run = fs::read_to_string(fixture.path("run.toml")).unwrap();
    fixture.write("run.toml", run.replace("langs = [\"zh\", \"en\"]", "langs = [\"ja\", \"de\"]"));
    fixture.edit("held-out-fraction = 0.3", "held-out-fraction = 0.3, langs = [\"ja\", \"de\"]");
    let graph = fs::read_to_string(fixture.path("kb.jsonl")).unwrap();
    let graph = graph.replace("\"zh\":", "\"ja\":").replace("\"en\":", "\"de\":");
    let mut entities: Vec<Value> = graph.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for entity in &mut entities {
        // A language that no text of the run is in.
        entity["labels"]["fr"] = format!("Île {}", entity["id"].as_str().unwrap()).into();
    }
    let lines: Vec<String> = entities.iter().map(Value::to_string).collect();
    fixture.write("kb.jsonl", lines.join("\n"));
    let patterns = fs::read_to_string(fixture.path("patterns.toml")).unwrap();
    fixture.write("patterns.toml", patterns.replace("zh = ", "ja = ").replace("en = ", "de = "));
    let outcome = fixture.run().unwrap();
    assert!(outcome.results[1].measures.iter().any(|measure| measure.probe == "mention → entity, other name"));

    let all = described(&fixture);
    assert_eq!(all.len(), entities.len());
    let label = |entity: &Value, lang: &str| entity["labels"][lang].as_str().unwrap().to_lowercase();
    for descriptions in &all {
        let [japanese, german] = descriptions.as_slice() else { panic!("{descriptions:?}") };
        let named = entities.iter().find(|entity| japanese.starts_with(&label(entity, "ja")));
        let entity = named.unwrap_or_else(|| panic!("{japanese}"));
        assert!(japanese.len() > label(entity, "ja").len(), "{japanese}");
        assert!(german.starts_with(&label(entity, "de")) && german.contains("island"), "{german}");
    }
}
