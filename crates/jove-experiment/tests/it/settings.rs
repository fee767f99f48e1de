//! Every invalid value of a run file is refused when the file is loaded, and the message names the key that holds it.

use std::fs;

use jove_core::Advise;
use jove_experiment::{Run, RunFile};
use serde_json::Value as Json;
use toml::Table;

use crate::tables::{plant, value};

/// A run file with every section. Loading it touches no other file.
const RUN: &str = r#"
name = "islands"

[kb]
sources = [{ format = "tsv", path = "kb.tsv" }, { path = "kb.jsonl" }]

[verbalize]
patterns = "patterns.toml"

[text]
sources = [{ path = "zh.tsv", format = "table" }]

[pairs]
train = [{ path = "pairs.tsv", langs = ["zh", "en"] }]
probe = [{ path = "dev.tsv", langs = ["zh", "en"] }]

[train]
steps = 4
batch-tokens = 16384
max-length = 32

[probes]
tatoeba = { folder = "tatoeba", languages = ["cmn"] }

[ablation]

[[variants]]
name = "pd"
recipe = "pd"

[[variants]]
name = "kg"
recipe = "kg"

[[variants]]
name = "ml"
recipe = "ml"
"#;

/// The variant in whose section values are planted, and its index.
const VARIANT: (&str, usize) = ("kg", 1);

/// An invalid value for every validated key outside of variants.
const INVALID: &[(&str, &str)] = &[
    ("name", "'../islands'"),
    ("name", "''"),
    ("seeds", "[]"),
    ("seeds", "[1, 1]"),
    ("variants", "[]"),
    ("kb.sources", "[]"),
    ("kb.sources[0].path", "''"),
    ("kb.sources[1].name", "'kb.tsv'"),
    ("kb.sources[0].columns.subject", "0"),
    ("kb.sources[1].columns.object", "0"),
    ("verbalize.patterns", "''"),
    ("verbalize.sentences.langs", "[]"),
    ("verbalize.sentences.held-out-fraction", "1.0"),
    ("verbalize.sentences.per-fact", "0"),
    ("text.sources[0].path", "''"),
    ("text.sources[0].field", "'文本'"),
    ("text.sources[0].field", "'0'"),
    ("text.clean.chars-max", "0"),
    ("text.clean.symbols-max", "1.5"),
    ("text.clean.near-duplicates", "nan"),
    ("text.held-out", "0.6"),
    ("text.domain-exponent", "2.0"),
    ("text.sources[0].weight", "0.0"),
    ("verbalize.weight", "-1.0"),
    ("pairs.train", "[]"),
    ("pairs.train[0].path", "''"),
    ("pairs.probe[0].path", "''"),
    ("link.chars-min", "0"),
    ("link.score-min", "-0.1"),
    ("tokenizers.bert.size", "3"),
    ("tokenizers.xlm-roberta.size", "4_000_000"),
    ("model.hidden-size", "0"),
    ("model.layers", "0"),
    ("model.heads", "5"),
    ("model.intermediate-size", "0"),
    ("model.dropout", "1.0"),
    ("ablation.jobs", "0"),
    ("ablation.controls-for", "'岛'"),
    ("probes.items-max", "0"),
    ("probes.items-min", "0"),
    ("probes.candidates", "1"),
    ("probes.tatoeba.languages", "[]"),
    ("probes.tatoeba.languages", "['../x']"),
];

/// An invalid value for every validated key of `[train]`, which a variant may hold as well.
const INVALID_TRAIN: &[(&str, &str)] = &[
    ("train.steps", "0"),
    ("train.gradient-accumulation-steps", "0"),
    ("train.max-length", "7"),
    ("train.max-length", "513"),
    ("train.batch-tokens", "10"),
    ("train.log-every", "0"),
    ("train.learning-rate", "0.0"),
    ("train.learning-rate", "inf"),
    ("train.warmup", "1.0"),
    ("train.weight-decay", "-0.1"),
    ("train.betas", "[0.9, 1.0]"),
    ("train.epsilon", "0.0"),
    ("train.max-grad-norm", "-1.0"),
    ("train.language-exponent", "2.0"),
    ("train.objectives.momentum", "1.0"),
    ("train.objectives.mlm.weight", "-1.0"),
    ("train.objectives.link.weight", "nan"),
    ("train.objectives.link.temperature", "0.0"),
    ("train.objectives.link.queue", "9_000_000"),
    ("train.objectives.link.hard-negatives", "17"),
    ("train.objectives.link.mentions", "1"),
    ("train.objectives.link.description-length", "2"),
    ("train.objectives.link.projection", "0"),
    ("train.objectives.tlm.weight", "-1.0"),
    ("train.objectives.translation.weight", "-1.0"),
    ("train.objectives.translation.temperature", "0.0"),
    ("train.objectives.translation.margin", "-0.1"),
    ("train.objectives.translation.queue", "9_000_000"),
    ("train.objectives.translation.layer", "0"),
    ("train.objectives.translation.layer", "3"),
    ("train.objectives.relation.weight", "-1.0"),
    ("train.objectives.relation.temperature", "0.0"),
    ("train.objectives.relation.description-length", "2"),
    ("train.objectives.relation.projection", "0"),
    ("train.objectives.word-alignment.weight", "-1.0"),
    ("train.objectives.word-alignment.layer", "0"),
    ("train.objectives.word-alignment.layer", "3"),
    ("train.objectives.word-alignment.iterations", "0"),
    ("train.objectives.word-alignment.regularization", "0.0"),
    ("train.objectives.word-alignment.rounds", "11"),
];

/// An invalid value for every validated key that only a variant holds.
const INVALID_VARIANT: &[(&str, &str)] = &[
    ("name", "'a/b'"),
    ("masking.budget", "2.0"),
    ("masking.budget", "nan"),
    ("masking.corruption.mask", "1.5"),
    ("masking.corruption.random", "-0.1"),
    ("masking.corruption", "{ mask = 0.8, random = 0.3 }"),
    ("masking.weights", "{ entity = 0, pos = 0, token = 0 }"),
    ("masking.weights.entity", "-1.0"),
    ("masking.weights.pos", "inf"),
    ("masking.weights.word", "-1.0"),
    ("masking.weights.span", "-1.0"),
    ("masking.weights.token", "-1.0"),
    ("masking.pos-tags", "[]"),
    ("masking.span-stop", "0.0"),
    ("masking.span-words-max", "0"),
    ("masking.unit-tokens-max", "1000"),
    ("masking.entity-swap", "2.0"),
];

/// What is said of a run file; nothing where it is valid.
fn refusal(table: &Table, overrides: &[String]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    fs::write(&path, toml::to_string(table).unwrap()).unwrap();
    Run::load(&path, overrides).err().map(|error| {
        assert!(error.hint().is_some(), "every refusal comes with a hint: {error}");
        error.to_string()
    })
}

fn planted(path: &str, text: &str) -> String {
    let mut table: Table = RUN.parse().unwrap();
    plant(&mut table, path, value(text));
    refusal(&table, &[]).unwrap_or_else(|| panic!("{path} = {text} is not refused"))
}

#[test]
fn the_file_is_valid_as_it_is() {
    assert_eq!(refusal(&RUN.parse().unwrap(), &[]), None);
}

#[test]
fn an_invalid_value_is_refused_by_its_path() {
    for (path, text) in INVALID.iter().chain(INVALID_TRAIN) {
        let message = planted(path, text);
        assert!(message.starts_with(&format!("{path}: expected ")), "{path} = {text}: {message}");
    }
}

#[test]
fn an_invalid_value_of_a_variant_is_refused_by_its_path_and_the_variants_name() {
    for (path, text) in INVALID_VARIANT.iter().chain(INVALID_TRAIN) {
        let message = planted(&format!("variants[{}].{path}", VARIANT.1), text);
        let name = if *path == "name" { "a/b" } else { VARIANT.0 };
        let expected = format!("variant \"{name}\": {path}: expected ");
        assert!(message.starts_with(&expected), "{path} = {text}: {message}");
    }
}

#[test]
fn an_invalid_override_is_refused_by_its_path() {
    for (path, text) in INVALID_TRAIN {
        let message = refusal(&RUN.parse().unwrap(), &[format!("{path}={text}")]).unwrap();
        assert!(message.starts_with(&format!("{path}: expected ")), "{path} = {text}: {message}");
    }
}

/// A value that a section outside of variants holds is named there, also where it is invalid for one variant alone.
#[test]
fn a_shared_value_is_named_where_it_stands() {
    let mut table: Table = RUN.parse().unwrap();
    plant(&mut table, "train.warmup", value("2.0"));
    plant(&mut table, "variants[0].train.warmup", value("0.1"));
    assert!(refusal(&table, &[]).unwrap().starts_with("train.warmup: expected "));
    let mut table: Table = RUN.parse().unwrap();
    plant(&mut table, "train.batch-tokens", value("256"));
    let message = refusal(&table, &[]).unwrap();
    assert!(message.starts_with("train.batch-tokens: expected enough for "), "{message}");
}

#[test]
fn a_default_that_does_not_fit_one_variant_is_named_with_it() {
    let mut table: Table = RUN.parse().unwrap();
    plant(&mut table, "variants[0].train.objectives.link", value("{ weight = 1.0, description-length = 1000 }"));
    plant(&mut table, "train", value("{ steps = 4, max-length = 32 }"));
    let message = refusal(&table, &[]).unwrap();
    assert!(message.starts_with("variant \"pd\": train.batch-tokens: expected enough for link"), "{message}");
}

#[test]
fn a_column_of_relations_may_be_left_out_with_a_name_for_them() {
    let mut table: Table = RUN.parse().unwrap();
    plant(&mut table, "kb.sources[0].columns", value("{ predicate = 0 }"));
    let message = refusal(&table, &[]).unwrap();
    assert!(message.starts_with("kb.sources[0].columns.relation: expected a name"), "{message}");
    plant(&mut table, "kb.sources[0].columns.relation", value("'synonym'"));
    assert_eq!(refusal(&table, &[]), None);
}

#[test]
fn unknown_keys_are_named_with_the_nearest_key() {
    for (path, section, near) in [
        ("variants[1].masking.budgte", "variant \"kg\": masking: unknown key `budgte`", "budget"),
        ("variants[1].masking.weights.entitty", "variant \"kg\": masking.weights: unknown key `entitty`", "entity"),
        ("variants[1].train.warmpu", "variant \"kg\": train: unknown key `warmpu`", "warmup"),
        ("text.clean.symbols-mx", "", "symbols-max"),
    ] {
        let mut table: Table = RUN.parse().unwrap();
        plant(&mut table, path, value("1"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.toml");
        fs::write(&file, toml::to_string(&table).unwrap()).unwrap();
        let error = Run::load(&file, &[]).unwrap_err();
        assert!(error.to_string().contains(section), "{error}");
        assert_eq!(error.hint().unwrap(), format!("did you mean `{near}`?"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.toml");
    fs::write(&file, RUN).unwrap();
    let error = Run::load(&file, &["train.stpes=3".to_owned()]).unwrap_err();
    assert!(error.to_string().ends_with("run.toml: train: unknown key `stpes`"), "{error}");
    assert_eq!(error.hint().unwrap(), "did you mean `steps`?");
}

#[test]
fn wrong_types_are_named_by_their_path() {
    for (path, text, expected) in [
        (
            "variants[1].masking.budget",
            "'much'",
            "variant \"kg\": masking.budget: expected a number, found string \"much\"",
        ),
        (
            "variants[1].train.objectives.link.queue",
            "-1",
            "variant \"kg\": train.objectives.link.queue: expected an integer, 0",
        ),
        ("train.steps", "'much'", "steps = \"much\""),
    ] {
        let message = planted(path, text);
        assert!(message.contains(expected), "{message}");
    }
}

/// Which seeds a run file has: `seeds`, else `train.seed`, and never both in contradiction.
#[test]
fn seeds_are_given_once() {
    for (seeds, train, variant, expected) in [
        (None, None, None, Ok("[1]")),
        (None, Some("7"), None, Ok("[7]")),
        (Some("[3, 5]"), None, None, Ok("[3, 5]")),
        (Some("[3, 5]"), Some("5"), None, Ok("[3, 5]")),
        (Some("[7]"), Some("7"), Some("7"), Ok("[7]")),
        (Some("[3, 5]"), Some("7"), None, Err("train.seed: expected one of `seeds`, [3, 5], under each")),
        (None, None, Some("7"), Err("variant \"kg\": train.seed: expected one of `seeds`, [1], under each")),
    ] {
        let mut table: Table = RUN.parse().unwrap();
        let planted = [("seeds", seeds), ("train.seed", train), ("variants[1].train.seed", variant)];
        for (path, text) in planted.into_iter().filter_map(|(path, text)| Some((path, text?))) {
            plant(&mut table, path, value(text));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
        let run = Run::load(&path, &[]);
        match (expected, run) {
            (Ok(expected), Ok(run)) => {
                let resolved: Table = run.resolved().parse().unwrap();
                assert_eq!(resolved["seeds"], value(expected));
                // What is written down in full is the same run.
                fs::write(&path, run.resolved()).unwrap();
                assert_eq!(Run::load(&path, &[]).unwrap().resolved(), run.resolved());
            }
            (Err(expected), Err(error)) => assert!(error.to_string().starts_with(expected), "{error}"),
            (expected, found) => panic!("{expected:?}, {:?}", found.map(|run| run.resolved().to_owned())),
        }
    }
}

/// Every key that holds a plain value, as a path into [`RUN`].
fn leaves(schema: &Json, definitions: &Json, path: &str, found: &mut Vec<String>) {
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        return leaves(&definitions[name.rsplit('/').next().unwrap()], definitions, path, found);
    }
    if let Some(parts) = schema.get("anyOf").and_then(Json::as_array) {
        return leaves(&parts[0], definitions, path, found);
    }
    if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
        for (key, field) in properties {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            leaves(field, definitions, &path, found);
        }
        return;
    }
    let items = schema.get("items").and_then(|items| items.get("$ref")).and_then(Json::as_str);
    let items = items.map(|name| &definitions[name.rsplit('/').next().unwrap()]);
    match items.filter(|items| items.get("properties").is_some()) {
        Some(items) => {
            let index = if path == "variants" { VARIANT.1 } else { 0 };
            leaves(items, definitions, &format!("{path}[{index}]"), found);
        }
        None => found.push(path.to_owned()),
    }
}

/// Whatever stands anywhere in a run file, loading ends, and a refusal names the key.
#[test]
fn a_refusal_of_any_value_anywhere_names_its_key() {
    let schema = schemars::schema_for!(RunFile).to_value();
    let mut paths = Vec::new();
    leaves(&schema, &schema["$defs"], "", &mut paths);
    assert!(paths.len() > 150, "{}", paths.len());
    let values =
        ["-1", "0", "1", "0.3", "9_000_000_000_000_000_000", "nan", "''", "'\\u0301x'", "[]", "['zh']", "true"];
    for path in paths {
        let key = path.rsplit('.').next().unwrap();
        for text in values {
            let mut table: Table = RUN.parse().unwrap();
            plant(&mut table, &path, value(&text.replace("\\u0301", "\u{301}")));
            let Some(message) = refusal(&table, &[]) else { continue };
            let section = message.strip_prefix("variant \"kg\": ").unwrap_or(&message);
            let section = section.split_once(": expected").map_or("", |(section, _)| section);
            let holds = !section.is_empty() && path.contains(section);
            assert!(message.contains(key) || holds, "{path} = {text}: {message}");
        }
    }
}
