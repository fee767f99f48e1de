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

const CONTROLS: [&str; 4] = ["kg-graph-shuffled", "kg-text-only", "kg-sentences", "kg-shuffled-sentences"];

#[test]
fn controls_differ_from_their_arm_in_what_their_names_say() {
    let fixture = grid("primary = [\"mention → entity, name hidden, R@1\"]");
    let run = fixture.load().unwrap();
    run.check_grid(false).unwrap();
    let outcome = run.ablate(&nobody(), &Silent).unwrap();
    let names: BTreeSet<&str> = outcome.results.iter().map(|result| result.variant.as_str()).collect();
    assert_eq!(names, CONTROLS.into_iter().chain(["kg", "pd"]).collect());
    assert_eq!(outcome.results.len(), 18);

    let full = texts(&fixture, "annotate", "train.parquet");
    let of = |stage: &str| texts(&fixture, &format!("control-{stage}"), "train.parquet");
    let wrong: Vec<String> =
        texts(&fixture, "shuffled-sentences", "sentences.parquet").into_iter().map(|t| t.text).collect();
    let told: BTreeSet<&str> = full.iter().map(|text| text.text.as_str()).filter(|text| is_sentence(text)).collect();
    assert!(told.len() > 30 && wrong.len() > 30 && wrong.iter().all(|text| !told.contains(text.as_str())));
    let own: Vec<&str> = full.iter().map(|text| text.text.as_str()).filter(|text| !is_sentence(text)).collect();
    let all: Vec<&str> = full.iter().map(|text| text.text.as_str()).collect();
    let with_wrong: Vec<&str> = wrong.iter().map(String::as_str).chain(own.iter().copied()).collect();
    for (stage, expected, links) in [
        ("text-only", &own, false),
        ("sentences", &all, false),
        ("shuffled-sentences", &with_wrong, false),
        ("graph-shuffled", &with_wrong, true),
    ] {
        let found = of(stage);
        assert_eq!(&found.iter().map(|text| text.text.as_str()).collect::<Vec<_>>(), expected, "{stage}");
        assert_eq!(found.iter().any(|text| !text.mentions.is_empty()), links, "{stage}");
    }
    names_are_bound_to_wrong_entities(&full, &of("graph-shuffled"));

    // Every arm is asked the same questions of text and facts, and what it read is counted.
    let asked = |variant: &str| -> Vec<(String, usize)> {
        let result = outcome.results.iter().find(|result| result.variant == variant).unwrap();
        result
            .measures
            .iter()
            .map(|measure| (measure.title(), measure.items))
            .filter(|(title, _)| title.contains("cloze"))
            .collect()
    };
    assert!(CONTROLS.iter().all(|control| asked(control) == asked("kg")));
    let report = Report::read(&fixture.path("runs/islands")).unwrap();
    let read = |name: &str| report.texts.iter().find(|text| text.variants.iter().any(|one| one == name)).unwrap();
    assert_eq!(read("pd").sentences, 0);
    assert_eq!(read("kg").sentences as usize, told.len());
    assert_eq!(read("kg-shuffled-sentences").sentences as usize, wrong.len());
    assert_eq!(read("kg").named_share, Some(1.0));
    assert!(read("kg-graph-shuffled").named_share.unwrap() < 0.1);
}

/// Whether a text of the islands is made from a fact.
fn is_sentence(text: &str) -> bool {
    ["渡轮", "坐船", "姐妹岛", "ferry", "sails", "twinned"].iter().any(|word| text.contains(word))
}

/// A name is bound to one entity throughout, and not to its own.
fn names_are_bound_to_wrong_entities(full: &[AnnotatedText], shuffled: &[AnnotatedText]) {
    let named = |texts: &[AnnotatedText]| -> BTreeSet<(String, EntityId)> {
        let of = |text: &AnnotatedText| {
            let mentions = text.mentions.iter();
            mentions
                .map(|mention| (mention.span.slice(&text.text).unwrap().to_owned(), mention.entity))
                .collect::<Vec<_>>()
        };
        texts.iter().flat_map(of).collect()
    };
    let (full, shuffled) = (named(full), named(shuffled));
    let names: BTreeSet<&str> = shuffled.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), shuffled.len());
    assert!(names.len() > 12 && full.is_disjoint(&shuffled));
}

#[test]
fn a_variant_without_sentences_has_two_controls() {
    let fixture = grid("");
    fixture.edit("recipe = \"kg\"", "recipe = \"kg\"\nverbalize = \"off\"");
    let resolved = fixture.load().unwrap().resolved().to_owned();
    assert!(CONTROLS[..2].iter().all(|name| resolved.contains(name)), "{resolved}");
    assert!(CONTROLS[2..].iter().all(|name| !resolved.contains(name)), "{resolved}");
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
    assert_eq!(losses("kg-text-only"), BTreeSet::from(["mlm".to_owned()]));
}

fn texts(fixture: &Fixture, stage: &str, file: &str) -> Vec<AnnotatedText> {
    // The name of a stage ends in its key, which has no dash.
    let is_it = |name: &String| name.rsplit_once('-').is_some_and(|(own, _)| own == stage);
    let name = fixture.stages().into_iter().find(is_it).unwrap();
    let path = fixture.path("runs/cache").join(name).join(file);
    AnnotatedReader::open(&path).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn effects_are_written_and_the_resolved_grid_is_the_same_grid() {
    let fixture = grid("primary = [\"entity cloze, R@1\"]");
    fixture.load().unwrap().ablate(&nobody(), &Silent).unwrap();
    let folder = fixture.path("runs/islands");
    let effects = fs::read_to_string(folder.join("effects.csv")).unwrap();
    assert!(effects.lines().any(|line| line.starts_with("kg-text-only,pd,entity cloze,R@1,3,")), "{effects}");
    assert!(effects.lines().any(|line| line.starts_with("kg,kg-graph-shuffled,entity cloze,R@1,3,")), "{effects}");
    let results = fs::read_to_string(folder.join("results.csv")).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains("entity cloze,R@1")).count(), 18, "{results}");
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
