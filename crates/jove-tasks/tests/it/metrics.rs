//! Scores are those of scikit-learn, SciPy and seqeval (`reference_scores.py`).

use jove_core::ByteSpan;
use jove_tasks::{Answer, Measure, entities_of};
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("reference_scores.json")).unwrap();
    all[kind].as_array().unwrap().clone()
}

fn check(measure: Measure, case: &Value, answers: fn(&Value) -> Answer) {
    let [gold, predicted] =
        ["gold", "predicted"].map(|side| case[side].as_array().unwrap().iter().map(answers).collect::<Vec<_>>());
    let (expected, found) = (case[measure.name()].as_f64().unwrap(), measure.score(&gold, &predicted));
    assert!((found - expected).abs() <= 4.0 * f64::EPSILON, "{}: {found} {expected}", measure.name());
}

#[test]
fn classes_are_scored_as_by_scikit_learn() {
    for case in cases("classes") {
        let class = |value: &Value| Answer::Class(value.as_u64().unwrap() as u32);
        check(Measure::Accuracy, &case, class);
        check(Measure::MacroF1, &case, class);
    }
}

#[test]
fn entities_are_scored_as_by_seqeval() {
    for case in cases("tags") {
        check(Measure::EntityF1, &case, |row| {
            let tags = row.as_array().unwrap().iter().map(|tag| tag.as_u64().unwrap() as u32);
            Answer::Entities(entities_of(tags.zip(0..).map(|(tag, at)| (ByteSpan::new(at, at + 1), tag))))
        });
    }
}

#[test]
fn numbers_are_scored_as_by_scipy() {
    for case in cases("numbers") {
        let number = |value: &Value| Answer::Number(value.as_f64().unwrap());
        check(Measure::Pearson, &case, number);
        check(Measure::Spearman, &case, number);
    }
}

#[test]
fn nothing_scores_nothing() {
    for measure in [Measure::Accuracy, Measure::MacroF1, Measure::EntityF1, Measure::Pearson, Measure::Spearman] {
        assert_eq!(measure.score(&[], &[]), 0.0, "{}", measure.name());
    }
}
