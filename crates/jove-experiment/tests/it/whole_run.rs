//! From a run file to a report, and again.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::{Progress, Silent};
use jove_experiment::report::Report;

use crate::fixture::{Fixture, names};

#[test]
fn training_alone_shares_its_stages_with_the_whole_run() {
    let fixture = Fixture::new();
    let run = fixture.load().unwrap();
    let trained = run.train(&["kg".to_owned()], &Silent).unwrap();
    assert_eq!(trained.len(), 1);
    assert!(trained[0].checkpoint.join("model.safetensors").exists() && trained[0].tokens > 0, "{trained:?}");
    assert!(fixture.stages().iter().all(|stage| !stage.starts_with("probe") && !stage.starts_with("train-pd")));
    let before = fs::metadata(trained[0].checkpoint.join("model.safetensors")).unwrap().modified().unwrap();
    fixture.run().unwrap();
    let after = fs::metadata(trained[0].checkpoint.join("model.safetensors")).unwrap().modified().unwrap();
    assert_eq!(before, after);

    let plan = run.plan(&[]).unwrap();
    assert_eq!(plan.len(), 3);
    assert!(plan.iter().all(|plan| plan.peak_bytes > 4 * plan.weights_bytes && plan.steps > 0), "{plan:?}");
    assert!(plan.iter().all(|plan| plan.memory_bytes == 0), "no queue, no momentum encoder");
    let error = run.plan(&["kgg".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("pd, kg, ml") && error.contains("kgg"), "{error}");
}

#[test]
fn three_variants_are_trained_probed_and_compared_and_a_second_run_makes_nothing() {
    let fixture = Fixture::new();
    let outcome = fixture.run().unwrap();
    let variants: Vec<&str> = outcome.results.iter().map(|result| result.variant.as_str()).collect();
    assert_eq!(variants, ["pd", "kg", "ml"]);
    for result in &outcome.results {
        assert!(result.tokens > 0 && result.parameters > 0 && !result.curve.is_empty(), "{result:?}");
        let probes: Vec<&str> = result.measures.iter().map(|measure| measure.probe.as_str()).collect();
        for probe in [
            "entity cloze",
            "relation cloze",
            "relation cloze, mean over relations",
            "relation cloze, prior-corrected",
            "mention → entity, name hidden",
            "mention → entity, other name",
            "bitext zh → en",
            "bitext en → zh",
            "Tatoeba cmn → eng",
            "Tatoeba, mean",
        ] {
            assert!(probes.contains(&probe), "{probe} is not in {probes:?}");
        }
        assert!(result.measures.iter().all(|measure| measure.value.is_finite()));
    }
    let folder = fixture.path("runs/islands");
    for file in ["report.html", "results.json", "table.md", "run.toml"] {
        assert!(folder.join(file).is_file(), "{file} is not in {:?}", names(&folder));
    }
    assert_eq!(Report::read(&folder).unwrap().results, outcome.results);

    let before = fixture.stages();
    let page = fs::read(folder.join("report.html")).unwrap();
    let again = fixture.run().unwrap();
    assert_eq!(fixture.stages(), before);
    assert_eq!(again.results, outcome.results);
    assert_eq!(fs::read(folder.join("report.html")).unwrap(), page);
}

#[test]
fn a_changed_setting_remakes_only_what_depends_on_it() {
    let fixture = Fixture::new();
    fixture.edit("[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n", "");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    fixture.run().unwrap();
    let before = fixture.stages();
    fixture.edit("steps = 4", "steps = 5");
    fixture.run().unwrap();
    let new: Vec<String> = fixture.stages().into_iter().filter(|stage| !before.contains(stage)).collect();
    assert_eq!(new.len(), 2, "{new:?}");
    assert!(new[0].starts_with("probe-pd-1-") && new[1].starts_with("train-pd-1-"), "{new:?}");
}

/// Two variants fewer, and what is left starts from the checkpoint that a first run made.
fn continued() -> Fixture {
    let fixture = Fixture::new();
    fixture.edit("[[variants]]\nname = \"pd\"\nrecipe = \"pd\"\n", "");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    fixture.run().unwrap();
    let trained = fixture.stages().into_iter().find(|stage| stage.starts_with("train-kg-1-")).unwrap();
    fs::rename(fixture.path("runs/cache").join(trained).join("checkpoint"), fixture.path("first")).unwrap();
    fs::remove_dir_all(fixture.path("runs")).unwrap();
    fixture.edit("[model]\n", "[model]\nfrom = \"first\"\n");
    fixture
}

#[test]
fn training_goes_on_from_a_checkpoint_with_its_vocabulary() {
    let fixture = continued();
    // Without a learning rate the weights stay as they came.
    fixture.edit("steps = 4", "steps = 1\nlearning-rate = 1e-30");
    fixture.edit("size = 400", "size = 300");
    fixture.run().unwrap();
    let trained = fixture.stages().into_iter().find(|stage| stage.starts_with("train-kg-1-")).unwrap();
    let trained = fixture.path("runs/cache").join(trained).join("checkpoint");
    let ((config, before), (shape, after)) =
        (jove_checkpoint::load_hf(&fixture.path("first")).unwrap(), jove_checkpoint::load_hf(&trained).unwrap());
    assert_eq!(shape, config);
    for name in before.names() {
        let gap = |(a, b): (&f32, &f32)| f64::from(a - b).abs();
        let (a, b) = (before.get(name).unwrap().data, after.get(name).unwrap().data);
        assert!(a.iter().zip(&*b).map(gap).fold(0.0, f64::max) < 1e-6, "{name}");
    }
    for file in ["tokenizer.json", "vocab.txt"] {
        assert_eq!(fs::read(trained.join(file)).unwrap(), fs::read(fixture.path("first").join(file)).unwrap());
    }
    let before = fixture.stages();
    fixture.run().unwrap();
    assert_eq!(fixture.stages(), before);
}

#[test]
fn a_checkpoint_that_does_not_fit_the_run_is_refused() {
    let cases = [
        (
            "layers = 1",
            "layers = 2",
            "model.layers: expected 1, as in the checkpoint of `model.from`, or nothing, found 2",
        ),
        ("recipe = \"kg\"", "recipe = \"ml\"", "model.from: expected a model in the layout XLM-R, which `kg` has"),
        ("from = \"first\"", "from = \"nowhere\"", "nowhere"),
        ("size = 400", "path = \"large.txt\"", "tokenizers: expected a vocabulary of at most"),
        ("max-length = 32", "max-length = 1024", "max-length"),
    ];
    let fixture = continued();
    let vocabulary = fs::read_to_string(fixture.path("first/vocab.txt")).unwrap();
    fixture.write("large.txt", vocabulary + "שלום\n😀😀\n");
    let written = fs::read_to_string(fixture.path("run.toml")).unwrap();
    for (from, to, expected) in cases {
        fixture.write("run.toml", written.replacen(from, to, 1));
        let error = fixture.run().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Asks to stop after a number of looks.
struct StopAfter(AtomicU64);

impl Progress for StopAfter {
    fn begin(&self, _task: &str, _total: Option<u64>, _unit: &'static str) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _text: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}

#[test]
fn a_run_stopped_anywhere_goes_on_to_the_same_results() {
    let reference = Fixture::new().run().unwrap();
    let fixture = Fixture::new();
    let run = fixture.load().unwrap();
    let mut stops = 0;
    let mut looks = 1;
    let outcome = loop {
        match run.execute(&StopAfter(AtomicU64::new(looks))) {
            Ok(outcome) => break outcome,
            Err(error) => assert!(error.is_interrupted(), "{error}"),
        }
        assert!(!fixture.path("runs/islands/report.html").exists());
        stops += 1;
        looks += looks.div_ceil(2);
    };
    assert!(stops > 3, "{stops}");
    for (ours, theirs) in outcome.results.iter().zip(&reference.results) {
        assert_eq!((&ours.variant, &ours.measures, &ours.curve), (&theirs.variant, &theirs.measures, &theirs.curve));
    }
}

#[test]
fn no_training_text_tells_a_held_out_fact() {
    let fixture = Fixture::new();
    // The two ends of every fact, in sentences of nobody's pattern.
    let mut facts = String::new();
    for line in fs::read_to_string(fixture.path("kb.jsonl")).unwrap().lines() {
        let entity: serde_json::Value = serde_json::from_str(line).unwrap();
        facts.push_str(entity["labels"]["zh"].as_str().unwrap());
        facts.push_str("和它的邻居们每年一起过节。\n");
    }
    fixture.write(
        "text/zh.txt",
        facts + "洛拉岛和明塔岛之间风浪很大。\n明塔岛和克索岛之间风浪很大。\n克索岛和瓦鲁岛之间风浪很大。\n",
    );
    fixture.run().unwrap();
    let stage = |prefix: &str| {
        let name = fixture.stages().into_iter().find(|name| name.starts_with(prefix)).unwrap();
        fixture.path("runs/cache").join(name)
    };
    let held_out: Vec<jove_kb::Sentence> = fs::read_to_string(stage("text-").join("facts.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!held_out.is_empty());
    let training = jove_corpus::AnnotatedReader::open(&stage("annotate-").join("train.parquet")).unwrap();
    for text in training {
        let text = text.unwrap();
        let linked = |entity| text.mentions.iter().any(|mention| mention.entity == entity);
        for sentence in &held_out {
            assert!(!(linked(sentence.fact.subject) && linked(sentence.fact.object)), "{}", text.text);
        }
    }
}

#[test]
fn a_run_that_uses_no_graph_needs_none() {
    let fixture = Fixture::new();
    fixture.edit("[kb]\nsources = [{ format = \"jsonl\", path = \"kb.jsonl\" }]\n", "");
    let refused = fixture.load().unwrap_err().to_string();
    assert!(refused.contains("kb.sources") && refused.contains("`kg`"), "{refused}");
    fixture.edit("[verbalize]\npatterns = \"patterns.toml\"\nsentences = { held-out-fraction = 0.3 }\n", "");
    fixture.edit("[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n", "");
    let outcome = fixture.run().unwrap();
    let probes: Vec<&str> = outcome.results[1].measures.iter().map(|measure| measure.probe.as_str()).collect();
    assert!(probes.contains(&"bitext zh → en") && !probes.contains(&"relation cloze"), "{probes:?}");
}

#[test]
fn warnings_stand_on_the_page_also_where_the_stage_was_made_before() {
    let fixture = Fixture::new();
    fixture.edit("max-length = 32", "max-length = 12");
    fixture.edit("[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n", "");
    let mut pages = Vec::new();
    for _ in 0..2 {
        fixture.run().unwrap();
        let folder = fixture.path("runs/islands");
        let warnings = Report::read(&folder).unwrap().warnings;
        let long =
            warnings.iter().find(|(_, line)| line.contains("translation pairs are longer than train.max-length (12)"));
        assert_eq!(long.map(|(stage, _)| stage.as_str()), Some("train-ml-1"), "{warnings:?}");
        pages.push(fs::read_to_string(folder.join("report.html")).unwrap());
    }
    assert!(pages[0].contains("translation pairs are longer") && pages[0] == pages[1]);
}
