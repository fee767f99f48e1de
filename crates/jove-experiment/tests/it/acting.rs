//! Every setting of a run file does something: it makes a stage anew, or it stands in a list of those that act elsewhere, with
//! the reason. The settings come from the schema, so a new one cannot be forgotten.

use std::fs;
use std::path::Path;

use jove_core::Progress;
use jove_core::Silent;
use jove_experiment::{Error, Run, RunFile};
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::fixture::{Fixture, names};
use crate::tables::{lookup, plant, value};

/// Every objective, kind of mask and queue at once, in the model `all`; and one variant in the other layout.
const RUN: &str = r#"
name = "islands"
output = "runs"

[data]
root = "."

[kb]
sources = [{ format = "jsonl", path = "kb.jsonl" }]

[verbalize]
patterns = "patterns.toml"
sentences = { held-out-fraction = 0.3 }

[text]
sources = [{ path = "text/zh.txt", lang = "zh" }, { path = "text/en.txt", lang = "en" }, { path = "text/en.2.txt", lang = "en", domain = "news" }]
domain-exponent = 0.5

[pairs]
train = [{ path = "pairs.tsv", langs = ["zh", "en"] }]
probe = [{ path = "dev.tsv", langs = ["zh", "en"] }]

[tokenizers.bert]
size = 400

[tokenizers.xlm-roberta]
size = 400

[model]
hidden-size = 32
layers = 2
heads = 2
intermediate-size = 64

[train]
steps = 3
batch-tokens = 2048
max-length = 32

[probes]
tatoeba = { folder = "tatoeba", languages = ["cmn"] }

[ablation]
controls = false

[[variants]]
name = "all"
recipe = "ml"
masking = { entity-swap = 0.3, weights = { entity = 1.0, pos = 1.0, span = 1.0, token = 1.0, word = 1.0 } }

[variants.train.objectives]
momentum = 0.9
mlm = { weight = 1.0 }
link = { weight = 0.2, token-fraction = 0.2, queue = 16, hard-negatives = 1 }
relation = { weight = 0.2, token-fraction = 0.2 }
tlm = { weight = 1.0, token-fraction = 0.2 }
translation = { weight = 0.3, token-fraction = 0.2, form = "xlco", queue = 16, layer = 1 }
word-alignment = { weight = 0.2, token-fraction = 0.2, layer = 1 }

[[variants]]
name = "pd"
recipe = "pd"
"#;

/// Other values than the base's where half of it, one more or the other one will not do.
const OTHER: &[(&str, &str)] = &[
    ("seeds", "[2]"),
    ("output", "'other'"),
    ("data.root", "'./.'"),
    ("kb.sources[0].path", "'kb.2.jsonl'"),
    ("kb.sources[0].lang", "'fr'"),
    ("kb.sources[0].roles", "'roles.toml'"),
    ("kb.sources[0].encoding", "'gbk'"),
    ("kb.sources[0].base", "'http://example.org/'"),
    ("kb.sources[0].columns.header", "true"),
    ("kb.sources[0].columns.quoted", "true"),
    ("kb.select.languages", "['zh']"),
    ("kb.select.predicates", "['ferry']"),
    ("kb.select.types", "['island']"),
    ("verbalize.patterns", "'patterns.2.toml'"),
    ("verbalize.sentences.langs", "['en']"),
    ("text.sources[0].path", "'text/en.txt'"),
    ("text.sources[0].lang", "'ja'"),
    ("text.sources[0].domain", "'news'"),
    ("text.clean.chars-max", "1000"),
    ("pairs.train[0].path", "'pairs.2.tsv'"),
    ("pairs.train[0].langs", "['ja', 'en']"),
    ("pairs.probe[0].path", "'pairs.2.tsv'"),
    ("pairs.probe[0].langs", "['ja', 'en']"),
    ("tokenizers.bert.path", "'vocabulary/bert'"),
    ("tokenizers.xlm-roberta.path", "'vocabulary/xlm-roberta'"),
    ("model.hidden-size", "64"),
    ("model.heads", "4"),
    ("probes.tatoeba.folder", "'text'"),
    ("probes.tatoeba.languages", "['deu']"),
    ("ablation.primary", "['entity cloze, R@1']"),
    ("ablation.controls-for", "'all'"),
    ("variants[0].name", "'other'"),
    ("variants[0].recipe", "'kg'"),
    ("variants[0].layout", "'bert'"),
    ("variants[0].graph", "'shuffled'"),
    ("variants[0].verbalize", "'shuffled'"),
    ("variants[0].masking.pos-tags", "['NUM']"),
    ("variants[0].masking.unit-tokens-max", "1"),
    ("variants[0].masking.span-words-max", "1"),
    ("train.seed", "7"),
    ("train.language-exponent", "1.0"),
    ("train.warmup", "0.9"),
    ("train.weight-decay", "0.9"),
    ("train.max-grad-norm", "0.001"),
    ("train.epsilon", "0.1"),
    ("train.betas", "[0.5, 0.6]"),
    ("train.max-length", "8"),
    ("train.batch-tokens", "1024"),
    ("train.objectives.tlm.token-fraction", "0.3"),
    ("train.objectives.word-alignment.token-fraction", "0.3"),
    ("train.objectives.link.mentions", "2"),
    ("train.objectives.link.description-length", "8"),
    ("train.objectives.relation.description-length", "8"),
    ("train.objectives.link.projection", "16"),
    ("train.objectives.link.queue", "4"),
    ("train.objectives.translation.queue", "4"),
    ("train.objectives.translation.layer", "2"),
    ("train.objectives.word-alignment.layer", "2"),
    ("train.objectives.word-alignment.iterations", "20"),
    ("train.objectives.word-alignment.rounds", "5"),
    ("train.objectives.word-alignment.regularization", "1.0"),
];

/// Settings that make no stage anew, and what they do.
const ELSEWHERE: &[(&str, &str)] = &[
    ("name", "the folder of the results"),
    ("description", "shown in the report"),
    ("data.root", "where paths begin: here it names the same files"),
    ("variants[0].summary", "shown in the report"),
    ("ablation.jobs", "how many arms run at a time"),
    ("ablation.primary", "which measures the report corrects together"),
    ("ablation.sentence-controls", "more controls; they are off here"),
    ("ablation.controls-for", "which variant the controls are of; they are off here"),
];

/// Settings that are not tried here, and where they are.
const NOT_TRIED: &[(&str, &str)] = &[
    ("train.tokens", "given instead of train.steps"),
    ("variants[0].train.tokens", "given instead of train.steps"),
    ("variants[0].train.seed", "refused unless it is one of `seeds`: tests/it/settings.rs"),
    ("model.from", "requires a checkpoint in the layout of all variants: tests/it/whole_run.rs"),
];

/// Settings of training that change no weight, and what they do.
const NO_WEIGHTS: &[(&str, &str)] = &[
    ("train.device", "where the arithmetic is done; refused without a card"),
    ("train.save-every", "when checkpoints are written"),
    ("train.log-every", "when lines of metrics are written"),
    ("train.gradient-share-every", "what lines of metrics hold"),
    ("train.gradient-checkpointing", "memory for time, with the same numbers"),
];

/// Has no patience: whatever is not finished is interrupted.
struct Stopped;

impl Progress for Stopped {
    fn begin(&self, _task: &str, _total: Option<u64>, _unit: &'static str) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _text: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        true
    }
}

/// Every key that holds a plain value, with its schema.
fn leaves(schema: &Json, definitions: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    let definition = |name: &str| &definitions[name.rsplit('/').next().unwrap()];
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        return leaves(definition(name), definitions, path, found);
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
    let items = schema.get("items").and_then(|items| items.get("$ref")).and_then(Json::as_str).map(definition);
    match items.filter(|items| items.get("properties").is_some()) {
        Some(items) => leaves(items, definitions, &format!("{path}[0]"), found),
        None => found.push((path.to_owned(), schema.clone())),
    }
}

/// The values that an enum may take.
fn choices(schema: &Json) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let described = schema.get("oneOf").and_then(Json::as_array).into_iter().flatten();
    listed.chain(described.filter_map(|choice| choice.get("const").and_then(Json::as_str))).collect()
}

/// A value for a key other than the one it has.
fn other(path: &str, schema: &Json, base: Option<&Value>) -> Value {
    let shared = path.strip_prefix("variants[0].").filter(|path| path.starts_with("train."));
    let given = |path: &str| OTHER.iter().find(|(key, _)| *key == path).map(|(_, text)| value(text));
    if let Some(given) = given(path).or_else(|| shared.and_then(given)) {
        return given;
    }
    match base {
        Some(Value::Boolean(flag)) => Value::Boolean(!flag),
        Some(Value::Integer(number)) => Value::Integer(number + 1),
        Some(Value::Float(number)) => Value::Float(if *number == 0.0 { 0.5 } else { number / 2.0 }),
        Some(Value::String(text)) => {
            let choice = choices(schema).into_iter().find(|choice| choice != text);
            Value::String(choice.map_or_else(|| format!("{text}x"), str::to_owned))
        }
        None => Value::String("other".to_owned()),
        Some(other) => panic!("{path}: say in OTHER what else than {other} it may be"),
    }
}

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.write("run.toml", RUN);
    let read = |name: &str| fs::read_to_string(fixture.path(name)).unwrap();
    fixture.write("kb.2.jsonl", read("kb.jsonl").replace("island number", "isle number"));
    fixture.write("patterns.2.toml", read("patterns.toml").replace("A ferry", "A small ferry"));
    let text = read("text/en.txt").replace("fishermen", "women");
    let half: Vec<&str> = text.lines().take(24).collect();
    fixture.write("text/en.2.txt", half.join("\n"));
    fixture.write("pairs.2.tsv", read("pairs.tsv").replace("lighthouses", "beacons"));
    fixture
}

struct Base {
    fixture: Fixture,
    table: Table,
    resolved: Table,
    leaves: Vec<(String, Json)>,
}

impl Base {
    fn new() -> Self {
        let fixture = fixture();
        let run = fixture.load().unwrap();
        let schema = schemars::schema_for!(RunFile).to_value();
        let mut found = Vec::new();
        leaves(&schema, &schema["$defs"], "", &mut found);
        assert!(found.len() > 150, "{}", found.len());
        for (path, _) in ELSEWHERE.iter().chain(NOT_TRIED).chain(NO_WEIGHTS) {
            assert!(found.iter().any(|(known, _)| known == path), "{path} is no setting");
        }
        let resolved = run.resolved().parse().unwrap();
        Self { table: RUN.parse().unwrap(), resolved, leaves: found, fixture }
    }

    /// The run with another value for a key.
    fn changed(&self, path: &str, schema: &Json) -> Run {
        let mut table = self.table.clone();
        let new = other(path, schema, lookup(&self.resolved, path));
        plant(&mut table, path, new.clone());
        self.fixture.write("changed.toml", toml::to_string(&table).unwrap());
        Run::load(&self.fixture.path("changed.toml"), &[]).unwrap_or_else(|error| panic!("{path} = {new}: {error}"))
    }
}

fn is_tried(path: &str) -> bool {
    NOT_TRIED.iter().all(|(other, _)| *other != path)
}

#[test]
fn every_setting_makes_a_stage_anew_or_acts_elsewhere() {
    let base = Base::new();
    base.fixture.load().unwrap().execute(&Silent).unwrap();
    for layout in ["bert", "xlm-roberta"] {
        let prefix = format!("tokenizer-{layout}-");
        let stage = base.fixture.stages().into_iter().find(|name| name.starts_with(&prefix)).unwrap();
        let from = base.fixture.path("runs/cache").join(stage).join("tokenizer");
        for name in names(&from) {
            fs::create_dir_all(base.fixture.path(&format!("vocabulary/{layout}"))).unwrap();
            fs::copy(from.join(&name), base.fixture.path(&format!("vocabulary/{layout}")).join(&name)).unwrap();
        }
    }
    let mut silent = Vec::new();
    for (path, schema) in base.leaves.iter().filter(|(path, _)| is_tried(path)) {
        let acts = match base.changed(path, schema).execute(&Stopped) {
            Ok(_) => false,
            Err(error @ (Error::Setting { .. } | Error::VariantSetting { .. } | Error::RunFile { .. })) => {
                // A vocabulary of the wrong form is refused by its stage.
                assert!(path.starts_with("tokenizers."), "{path}: {error}");
                true
            }
            Err(_) => true,
        };
        if acts == ELSEWHERE.iter().any(|(other, _)| other == path) {
            silent.push(format!("{path}: acts on stages: {acts}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

/// The weights that the variant `all` learns.
fn learnt(run: &Run) -> Vec<u8> {
    let trained = run.train(&["all".to_owned()], &Silent).unwrap();
    fs::read(Path::new(&trained[0].checkpoint).join("model.safetensors")).unwrap()
}

#[test]
fn every_setting_of_training_changes_what_is_learnt() {
    let base = Base::new();
    let weights = learnt(&base.fixture.load().unwrap());
    let mut silent = Vec::new();
    let of_training = |path: &&(String, Json)| {
        [
            "variants[0].train.",
            "variants[0].masking.",
            "text.sources[0].weight",
            "text.domain-exponent",
            "verbalize.weight",
        ]
        .iter()
        .any(|prefix| path.0.starts_with(prefix))
            || path.0 == "train.seed"
            || path.0 == "seeds"
    };
    for (path, schema) in base.leaves.iter().filter(of_training).filter(|(path, _)| is_tried(path)) {
        let shared = path.strip_prefix("variants[0].").unwrap_or(path);
        let excused = NO_WEIGHTS.iter().any(|(other, _)| *other == shared);
        if shared == "train.device" {
            continue;
        }
        if (learnt(&base.changed(path, schema)) != weights) == excused {
            silent.push(path.as_str());
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}
