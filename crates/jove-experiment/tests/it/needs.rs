//! What every arm needs is asked before the first of them is trained.

use std::fs;

use jove_core::{Advise, Silent};
use serde_json::Value;

use crate::fixture::Fixture;

/// What is said before anything is trained, with its hint.
fn refused(fixture: &Fixture) -> String {
    let error = fixture.run().unwrap_err();
    assert!(fixture.stages().iter().all(|stage| !stage.starts_with("train-")), "nothing was trained");
    format!("{error}\nhint: {}", error.hint().expect("every refusal comes with a hint"))
}

fn check(fixture: &Fixture, parts: &[&str]) {
    let said = refused(fixture);
    assert!(parts.iter().all(|part| said.contains(part)), "{parts:?} are not all in: {said}");
}

/// The islands with what `change` makes of each entity, and without sentences of facts.
fn graph(change: impl Fn(&mut Value)) -> Fixture {
    let fixture = Fixture::new();
    let lines = fs::read_to_string(fixture.path("kb.jsonl")).unwrap();
    let changed = lines.lines().map(|line| {
        let mut entity: Value = serde_json::from_str(line).unwrap();
        change(&mut entity);
        entity.to_string() + "\n"
    });
    fixture.write("kb.jsonl", changed.collect::<String>());
    fixture
}

const SENTENCES: &str = "[verbalize]\npatterns = \"patterns.toml\"\nsentences = { held-out-fraction = 0.3 }\n";

fn of_types_alone() -> Fixture {
    let fixture = graph(|entity| {
        let fields = entity.as_object_mut().unwrap();
        fields.remove("facts");
        fields.remove("descriptions");
    });
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "");
    fixture
}

#[test]
fn a_graph_of_types_alone_is_refused_before_the_first_arm_and_the_line_mends_it() {
    let fixture = of_types_alone();
    check(
        &fixture,
        &["verbalize: expected facts with names in zh or en", "found 0 facts", "leave the section [verbalize] out"],
    );
    fixture.edit(SENTENCES, "");
    check(
        &fixture,
        &[
            "variant \"kg\": objective link",
            "descriptions of at least two entities, found 0",
            "describe = { types = true }",
        ],
    );
    fixture.edit("[probes]", "[describe]\ntypes = true\n\n[probes]");
    fixture.load().unwrap().dry_run(&Silent).unwrap();
}

#[test]
fn a_graph_in_other_languages_is_told_from_one_without_patterns() {
    let german = graph(|entity| {
        let name = entity["labels"]["en"].take();
        entity["labels"] = serde_json::json!({"de": name});
    });
    check(&german, &["expected facts with names in zh or en", "names in de (12 names)", "langs = [\"de\"]"]);
    let without = Fixture::new();
    without.write("patterns.toml", "[relations.other.sentences]\nzh = [\"{subject}与{object}。\"]\n");
    check(&without, &["found 24 facts", "verbalize.patterns needs sentences for the graph's relations"]);
}

#[test]
fn a_dry_run_says_what_a_grid_takes_and_trains_nothing() {
    let fixture = Fixture::new();
    fixture.edit("seeds = [1]", "seeds = [1, 2, 3]");
    fixture.edit("[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n", "[ablation]\njobs = 2\n");
    let plan = fixture.load().unwrap().dry_run(&Silent).unwrap();
    let names: Vec<&str> = plan.variants.iter().map(|arm| arm.variant.as_str()).collect();
    assert_eq!(names, ["pd", "kg", "kg-graph-shuffled", "kg-text-only", "kg-sentences", "kg-shuffled-sentences"]);
    assert!(plan.variants.iter().all(|arm| arm.tokens == 2048 && arm.steps == 4 && arm.seconds_per_step > 0.0));
    assert!((plan.seeds, plan.jobs) == (3, 2) && plan.seconds > 0.0);
    let bitext = plan.probes.iter().find(|probe| probe.probe.starts_with("bitext")).unwrap();
    assert_eq!(bitext.items_max, 48);
    assert!(plan.probes.iter().all(|probe| probe.smallest_visible.is_some() == (probe.items_max > 0)));
    assert!(fixture.stages().iter().all(|stage| !stage.starts_with("train-")));
    assert!(!fixture.path("runs/islands/report.html").exists());
}
