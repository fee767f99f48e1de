//! The doctor counts what will mislead.

use jove_tasks::{Doctor, Task, TaskData};

use crate::support::Files;

#[test]
fn repeats_contradictions_cuts_and_rare_classes_are_counted() {
    let files = Files::new();
    let train = "a\tb\t0\na\tb\t1\nc\td\t0\nlong long long\tlonger\t0\n";
    let dev = "a \tb\t0\nc\td\t1\ne\tf\t0\n";
    let data = TaskData::read(&files.task(Task::Afqmc, "tsv", train, dev)).unwrap();
    let length = |example: &jove_tasks::Example| example.first.chars().count();
    let report = Doctor { data: &data, length: &length, max_length: 10 }.report();
    let splits: Vec<_> = report.splits.iter().map(|split| (split.split, split.examples, split.truncated)).collect();
    assert_eq!(splits, [("train", 4, 1), ("dev", 3, 0)]);
    assert_eq!(report.splits[0].labels, [("0".to_owned(), 3), ("1".to_owned(), 1)]);
    assert_eq!(report.splits[0].lengths, [1, 1, 14, 14]);
    assert_eq!((report.dev_in_train, report.dev_in_train_otherwise, report.contradictions), (2, 2, 1));
    assert_eq!(report.majority, Some(2.0 / 3.0));
    let expected = [
        "25% of train is longer than max-length = 10 and is cut",
        "fewer than 5 training examples of 0, 1",
        "2 examples of dev also stand in train: scores on dev are too good",
        "1 training examples contradict an earlier one with the same text",
    ];
    assert_eq!(report.warnings, expected);
}

#[test]
fn entities_that_overlap_are_counted() {
    let files = Files::new();
    let row = "{\"text\": \"上海市长\", \"label\": [[0, 2, \"x\"], [0, 4, \"y\"], [3, 4, \"x\"]]}\n";
    let data = TaskData::read(&files.task(Task::Ner, "json", row, "{\"text\": \"无\", \"label\": []}\n")).unwrap();
    let report = Doctor { data: &data, length: &|_| 0, max_length: 1 }.report();
    assert_eq!((report.overlapping_entities, report.majority, report.splits[0].truncated), (2, None, 0));
}
