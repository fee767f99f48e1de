//! Ablations: what is refused, what the controls change, what the statistics say.

use std::collections::BTreeSet;
use std::fs;

use jove_core::{Advise, AnnotatedText, EntityId, Silent};
use jove_corpus::AnnotatedReader;
use jove_experiment::report::Report;
use jove_experiment::{Error, Worker};

use crate::fixture::Fixture;

/// The islands with three seeds and an `[ablation]`, without the multilingual variant.
fn grid(ablation: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.edit("seeds = [1]", "seeds = [1, 2, 3]");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", &format!("[ablation]\n{ablation}"));
    fixture
}

/// What the check says, with its hint.
fn refused(fixture: &Fixture, allow_single_seed: bool) -> String {
    let checked = fixture.load().and_then(|run| run.check_grid(allow_single_seed));
    let error = checked.expect_err("this grid cannot be valid");
    format!("{error}\nhint: {}", error.hint().expect("every refusal comes with a hint"))
}

/// A worker that a grid of one job never calls.
fn nobody() -> Worker {
    Worker { program: "/nowhere/jove".into(), arguments: Vec::new() }
}

#[test]
fn grids_that_cannot_be_valid_are_refused() {
    let cases: [(&str, &str, &[&str]); 7] = [
        ("seeds = [1, 2, 3]", "seeds = [1]", &["seeds", "[1]", "--allow-single-seed"]),
        ("[ablation]\n", "", &["ablation", "none"]),
        ("[ablation]\n", "[ablation]\ncontrolls = true\n", &["controlls", "did you mean `controls`?"]),
        ("[ablation]\n", "[ablation]\ncontrols-for = \"kgg\"\n", &["controls-for", "kgg", "pd, kg"]),
        ("[ablation]\n", "[ablation]\njobs = 0\n", &["ablation.jobs", "0"]),
        (
            "recipe = \"kg\"",
            "recipe = \"kg\"\ntrain = { steps = 5 }",
            &["same number of tokens", "2048 for pd", "2560 for kg"],
        ),
        (
            "recipe = \"kg\"",
            "recipe = \"kg\"\ngraph = \"off\"\ntrain = { objectives = { relation = { weight = 0.3, description-length = 8 } } }",
            &["variant \"kg\": train.objectives.relation.weight", "the variant has no graph"],
        ),
    ];
    for (from, to, parts) in cases {
        let fixture = grid("");
        fixture.edit(from, to);
        let said = refused(&fixture, false);
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?} are not all in: {said}");
    }
    let fixture = grid("");
    fixture.edit("seeds = [1, 2, 3]", "seeds = [1]");
    fixture.load().unwrap().check_grid(true).unwrap();
}

#[test]
fn controls_rebind_or_drop_the_links_and_leave_the_text() {
    let fixture = grid("primary = [\"mention → entity, name hidden, R@1\"]");
    let run = fixture.load().unwrap();
    run.check_grid(false).unwrap();
    let outcome = run.ablate(&nobody(), &Silent).unwrap();
    let names: BTreeSet<&str> = outcome.results.iter().map(|result| result.variant.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["kg", "kg-graph-off", "kg-graph-shuffled", "pd"]));
    assert_eq!(outcome.results.len(), 12);

    let [full, shuffled, off] = ["annotate", "graph-shuffled", "graph-off"].map(|stage| texts(&fixture, stage));
    assert!(full.iter().any(|text| !text.mentions.is_empty()));
    for ((full, shuffled), off) in full.iter().zip(&shuffled).zip(&off) {
        assert_eq!((&full.text, &full.text), (&shuffled.text, &off.text));
        assert!(off.mentions.is_empty());
        assert_eq!(full.mentions.len(), shuffled.mentions.len());
        for (true_one, other) in full.mentions.iter().zip(&shuffled.mentions) {
            assert_eq!(true_one.span, other.span);
            assert_ne!(true_one.entity, other.entity);
        }
    }
    // A name is bound to one wrong entity throughout.
    let bound: BTreeSet<(EntityId, EntityId)> = full
        .iter()
        .zip(&shuffled)
        .flat_map(|(a, b)| a.mentions.iter().map(|m| m.entity).zip(b.mentions.iter().map(|m| m.entity)))
        .collect();
    let entities: BTreeSet<EntityId> = bound.iter().map(|(entity, _)| *entity).collect();
    assert_eq!(bound.len(), entities.len());

    // Every arm is asked the same questions.
    let asked = |variant: &str| -> Vec<(String, usize)> {
        let result = outcome.results.iter().find(|result| result.variant == variant).unwrap();
        result.measures.iter().map(|measure| (measure.title(), measure.items)).collect()
    };
    assert_eq!(asked("pd"), asked("kg-graph-off"));
    assert_eq!(asked("kg"), asked("kg-graph-shuffled"));
}

#[test]
fn controls_of_facts_get_wrong_ones_or_none() {
    let fixture = grid("");
    fixture.edit("seeds = [1, 2, 3]", "seeds = [1]");
    fixture.edit(
        "recipe = \"kg\"",
        "recipe = \"pd\"\ntrain = { objectives = { relation = { weight = 0.3, description-length = 12 } } }",
    );
    fixture.load().unwrap().ablate(&nobody(), &Silent).unwrap();
    let losses = |arm: &str| -> BTreeSet<String> {
        let stage = fixture.stages().into_iter().find(|name| name.starts_with(&format!("train-{arm}-1-"))).unwrap();
        let metrics = fs::read_to_string(fixture.path("runs/cache").join(stage).join("metrics.jsonl")).unwrap();
        let last: serde_json::Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
        last["losses"].as_object().unwrap().keys().cloned().collect()
    };
    assert!(losses("kg").contains("relation") && losses("kg-graph-shuffled").contains("relation"));
    assert_eq!(losses("kg-graph-off"), BTreeSet::from(["mlm".to_owned()]));
}

fn texts(fixture: &Fixture, stage: &str) -> Vec<AnnotatedText> {
    let name = fixture.stages().into_iter().find(|name| name.starts_with(&format!("{stage}-"))).unwrap();
    let path = fixture.path("runs/cache").join(name).join("train.parquet");
    AnnotatedReader::open(&path).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn effects_are_written_and_the_resolved_grid_is_the_same_grid() {
    let fixture = grid("primary = [\"entity cloze, R@1\"]");
    fixture.load().unwrap().ablate(&nobody(), &Silent).unwrap();
    let folder = fixture.path("runs/islands");
    let effects = fs::read_to_string(folder.join("effects.csv")).unwrap();
    assert!(effects.lines().any(|line| line.starts_with("kg-graph-off,pd,entity cloze,R@1,3,")), "{effects}");
    assert!(effects.lines().any(|line| line.starts_with("kg,kg-graph-shuffled,entity cloze,R@1,3,")), "{effects}");
    let results = fs::read_to_string(folder.join("results.csv")).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains("entity cloze,R@1")).count(), 12, "{results}");
    let events = folder.join("tensorboard/kg-graph-shuffled-2/events.out.tfevents.0.jove");
    assert!(fs::metadata(events).unwrap().len() > 50);
    let report = Report::read(&folder).unwrap();
    assert!(report.effects()[0].primary && !report.code.is_empty());

    // The saved file, run again, finds all stages finished.
    let stages = fixture.stages();
    let resolved = fs::read_to_string(folder.join("run.toml")).unwrap();
    assert!(resolved.contains("controls = false"), "{resolved}");
    fixture.write("run.toml", resolved);
    let run = fixture.load().unwrap();
    run.check_grid(false).unwrap();
    run.ablate(&nobody(), &Silent).unwrap();
    assert_eq!(fixture.stages(), stages);
}

#[test]
fn an_arm_that_cannot_start_stops_the_grid() {
    let fixture = grid("jobs = 2");
    let error = fixture.load().unwrap().ablate(&nobody(), &Silent).unwrap_err();
    assert!(matches!(error, Error::Io { .. }) && error.to_string().contains("/nowhere/jove"), "{error}");
    assert!(!fixture.path("runs/islands/report.html").exists());
}
