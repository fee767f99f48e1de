//! What stops before training, and how it is named.

use jove_core::Advise as _;
use jove_tasks::{Measure, Task, TaskData, TaskOptions};

use crate::support::{Files, message};

const DEV: &str = "a\tb\t0\nc\td\t1\n";

fn refused(task: Task, ending: &str, train: &str, dev: &str, adjust: fn(&mut TaskOptions)) -> String {
    let files = Files::new();
    let mut options = files.task(task, ending, train, dev);
    adjust(&mut options);
    let error = TaskData::read(&options).unwrap_err();
    let shown = message(&error, files.folder.path());
    error.hint().map_or(shown.clone(), |hint| format!("{shown} ({hint})"))
}

fn check(task: Task, ending: &str, train: &str, expected: &str) {
    let dev = if ending == "tsv" { DEV } else { train };
    let found = refused(task, ending, train, dev, |_| ());
    assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
}

#[test]
fn bad_rows_are_named_with_their_line() {
    check(Task::Afqmc, "tsv", "a\tb\t0\nc\td\t2\n", "train.tsv:2: expected one of the labels 0, 1, found `2`");
    check(
        Task::Afqmc,
        "tsv",
        "a\tb\t0\nc\t1\n",
        "train.tsv:2: expected 3 columns (sentence1, sentence2, label), found `c\\t1`",
    );
    check(Task::Afqmc, "tsv", "a\tb\t0\n \tb\t0\nc\t\t1\n", "train.tsv:2: expected text in the field sentence1");
    check(Task::Afqmc, "tsv", "a\tb\t0\n \tb\t0\nc\t\t1\n", "(and 1 more such rows)");
    check(
        Task::Afqmc,
        "json",
        "{\"sentence1\": \"a\", \"label\": 0}",
        "train.json:1: expected text in the field sentence2",
    );
    check(Task::Afqmc, "json", "{\"sentence1\": \"a\"", "train.json:1: expected an object of JSON");
    check(
        Task::Afqmc,
        "json",
        "[{\"sentence1\": \"a\"}]",
        "expected one object of JSON a line, found an array (jq -c '.[]'",
    );
    let twice = "{\"id\": 7, \"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 0}\n{\"id\": \"7\", \"sentence1\": \"c\", \"sentence2\": \"d\", \"label\": 1}";
    check(Task::Afqmc, "json", twice, "train.json:2: expected an id of its own (line 1 has the same), found `7`");
    check(
        Task::Csl,
        "json",
        "{\"abst\": \"a\", \"keyword\": \"b\", \"label\": 1}",
        "expected a list in the field keyword",
    );
    check(Task::Regression, "csv", "text,label\na,NaN\n", "train.csv:2: expected a number in the field label");
    check(
        Task::Ner,
        "conll",
        "a B-X\nb Q-X\n",
        "train.conll:2: expected a tag such as O, B-TYPE or I-TYPE, found `b Q-X`",
    );
    check(Task::Ner, "conll", "a B-X\nb\n", "train.conll:2: expected a token and its tag, found `b`");
}

#[test]
fn spans_have_to_spell_their_texts() {
    let row = |label: &str| format!("{{\"text\": \"张三写书\", \"label\": {label}}}");
    check(
        Task::Cluener,
        "json",
        &row("{\"name\": {\"张三\": [[0, 2]]}}"),
        "expected the text `张三` at its offsets, found `张三写` there",
    );
    check(
        Task::Cluener,
        "json",
        &row("{\"name\": {\"书\": [[3, 4]]}}"),
        "expected spans within the 4 characters of the text, found 3 to 5",
    );
    check(
        Task::Cluener,
        "json",
        &row("{\"name\": {\"书\": [[3, 18446744073709551615]]}}"),
        "whole numbers as the two ends",
    );
    check(
        Task::Cluener,
        "json",
        &row("{\"person\": {\"张三\": [[0, 1]]}}"),
        "expected one of the labels address, book",
    );
    check(Task::Ner, "json", &row("[[2, 2, \"x\"]]"), "spans within the 4 characters");
    check(Task::Ner, "json", &row("[[0, 1]]"), "a text as the type of an entity");
    check(Task::Ner, "json", &row("\"x\""), "an object or a list of entities");
    let wsc = "{\"text\": \"猫和它\", \"target\": {\"span1_text\": \"猫\", \"span1_index\": 1, \"span2_text\": \"它\", \"span2_index\": 2}, \"label\": \"true\"}";
    check(Task::Wsc, "json", wsc, "expected the text `猫` at its offsets, found `和` there");
}

#[test]
fn files_that_are_not_what_they_should_be_are_refused_as_a_whole() {
    let test = "{\"id\": 0, \"sentence1\": \"a\", \"sentence2\": \"b\"}\n{\"id\": 1, \"sentence1\": \"c\", \"sentence2\": \"d\"}\n";
    check(
        Task::Afqmc,
        "json",
        test,
        "expected labelled examples, found no label in any of 2 rows, as in a test file (give the labelled file",
    );
    check(Task::Afqmc, "tsv", "a\tb\nc\td\n", "no label in any of 2 rows");
    check(
        Task::Afqmc,
        "tsv",
        "a\tb\t0\nc\td\t0\n",
        "expected training examples of every label, found none of 1 (leave labels",
    );
    check(Task::Afqmc, "tsv", "\n\n", "expected at least one example, found none");
    check(
        Task::Text,
        "tsv",
        "文本\t类\n好\tgood\n坏\tbad\n",
        "expected a first line that names the column of the text (sentence1, sentence, text,",
    );
    check(Task::Text, "csv", "text,label\n好,good\n", "expected two classes or more, found good");
    check(Task::Afqmc, "parquet", "x", "expected a name that ends in .json, .jsonl, .tsv or .csv, found `.parquet`");
    let unknown = refused(Task::Text, "csv", "text,label\na,x\nb,y\n", "text,label\nc,z\n", |_| ());
    assert!(unknown.contains("dev.csv:2: expected one of the labels x, y, found `z`"), "{unknown}");
}

#[test]
fn settings_that_do_not_fit_are_named() {
    let check = |adjust: fn(&mut TaskOptions), expected: &str| {
        let found = refused(Task::Afqmc, "tsv", DEV, DEV, adjust);
        assert!(found.starts_with(expected), "{found}");
    };
    check(|options| options.dev = options.train.clone(), "task.dev: expected a file of its own, found");
    check(|options| options.test = Some(options.dev.clone()), "task.test: expected a file of its own, found");
    check(
        |options| options.measure = Some(Measure::EntityF1),
        "task.measure: expected a measure of the answers of afqmc, found entity-f1",
    );
    check(|options| options.keywords = true, "task.keywords: expected true for tnews alone");
    check(
        |options| options.labels = Some(vec!["0".to_owned(), "0".to_owned()]),
        "task.labels: expected labels, each once, found 0, 0",
    );
    check(|options| options.train = "/nowhere/train.tsv".into(), "/nowhere/train.tsv: cannot be read");
}

#[test]
fn bytes_that_are_no_text_and_endless_lines_are_refused() {
    let files = Files::new();
    let mut options = files.task(Task::Afqmc, "tsv", DEV, DEV);
    options.train = files.folder.path().join("bytes.tsv");
    std::fs::write(&options.train, b"a\tb\t0\n\xff\xfe\t\x00\n").unwrap();
    let found = message(&TaskData::read(&options).unwrap_err(), files.folder.path());
    assert!(found.starts_with("bytes.tsv:2: expected text in UTF-8"), "{found}");
    std::fs::write(&options.train, format!("a\tb\t0\n{}\n", "长".repeat(2 << 20))).unwrap();
    let found = message(&TaskData::read(&options).unwrap_err(), files.folder.path());
    assert!(found.starts_with("bytes.tsv:2: expected a line of at most 4194304 bytes"), "{found}");
}
