//! Trivial baselines answer as they are told.

use jove_core::Seed;
use jove_tasks::{Answer, Interval, MajorityBaseline, Measure, NgramBaseline, Task, TaskData, TaskOptions};

use crate::support::Files;

/// Accuracy, F1 or correlation of both baselines on dev.
fn scores(options: &TaskOptions) -> (f64, f64) {
    let data = TaskData::read(options).unwrap();
    let gold: Vec<Answer> = data.dev.iter().filter_map(|example| example.answer.clone()).collect();
    let (majority, ngrams) = (MajorityBaseline::train(&data), NgramBaseline::train(&data, Seed(1)));
    let of = |predicted: Vec<Answer>| {
        let interval = Interval::of(options.measure(), &gold, &[predicted]);
        assert!(interval.low <= interval.score && interval.score <= interval.high, "{interval:?}");
        interval.score
    };
    let constant = of(data.dev.iter().map(|_| majority.predict()).collect());
    (constant, of(data.dev.iter().map(|example| ngrams.predict(example)).collect()))
}

fn rows(from: u32, to: u32, row: impl Fn(u32) -> String) -> String {
    (from..to).map(row).collect()
}

#[test]
fn n_grams_learn_what_characters_tell_and_the_majority_stays_what_it_is() {
    let files = Files::new();
    // Two of three rows are of class 0; the class is told by one character.
    let text = |at: u32| {
        format!(
            "{}{}{}\t{}\n",
            at % 7,
            if at.is_multiple_of(3) { "好" } else { "坏" },
            at % 11,
            u32::from(at.is_multiple_of(3))
        )
    };
    let head = "text\tlabel\n";
    let options = files.task(
        Task::Text,
        "tsv",
        &(head.to_owned() + &rows(0, 90, text)),
        &(head.to_owned() + &rows(90, 120, text)),
    );
    assert_eq!(scores(&options), (20.0 / 30.0, 1.0));
}

#[test]
fn pairs_are_told_by_what_both_have() {
    let files = Files::new();
    let word = |at: u32| ["苹果", "香蕉", "西瓜", "葡萄", "桃子"][(at % 5) as usize];
    let pair = |at: u32| format!("吃{}\t买{}\t{}\n", word(at), word(at + at % 2), u32::from(at.is_multiple_of(2)));
    let options = files.task(Task::Afqmc, "tsv", &rows(0, 100, pair), &rows(100, 140, pair));
    let (majority, ngrams) = scores(&options);
    assert!((majority - 0.5).abs() < 1e-9 && ngrams > 0.9, "{majority} {ngrams}");
}

#[test]
fn characters_tell_entities_and_numbers_follow_their_features() {
    let files = Files::new();
    let sentence = |at: u32| {
        let name = ["王小明", "李大力", "赵天"][(at % 3) as usize];
        let end = name.chars().count();
        format!("{{\"text\": \"{name}今天去了{}城\", \"label\": [[0, {end}, \"name\"]]}}\n", at % 10)
    };
    let options = files.task(Task::Ner, "json", &rows(0, 60, sentence), &rows(60, 80, sentence));
    let (none, tagged) = scores(&options);
    assert!(none == 0.0 && tagged > 0.95, "{none} {tagged}");
    let number = |at: u32| format!("{},{}\n", if at.is_multiple_of(2) { "多多" } else { "少" }, 3 + at % 2);
    let head = "text,label\n".to_owned();
    let mut options =
        files.task(Task::Regression, "csv", &(head.clone() + &rows(0, 60, number)), &(head + &rows(60, 70, number)));
    assert!(scores(&options).1 > 0.99);
    options.measure = Some(Measure::Spearman);
    assert!(scores(&options).1 > 0.99);
}
