//! Submissions hold what leaderboards accept, and faults in them are found.

use jove_tasks::{Answer, Entity, Task, TaskData, check_submission, submission_lines};

use crate::support::Files;

const TEST: &str = "{\"id\": 0, \"text\": \"张三和李四写书，张三读\"}\n{\"id\": 1, \"text\": \"无\"}\n";

/// What is found wrong with lines that are given for [`TEST`].
fn problems(task: Task, name: &str, lines: &str, test: Option<&str>) -> Vec<String> {
    let files = Files::new();
    let path = files.write(name, lines);
    let test = test.map(|test| files.write("test.json", test));
    let found = check_submission(task, &path, test.as_deref()).unwrap();
    found
        .iter()
        .map(|problem| problem.to_string().replace(&format!("{}/", files.folder.path().display()), ""))
        .collect()
}

#[test]
fn entities_are_written_with_inclusive_ends_and_pass_their_own_check() {
    let files = Files::new();
    let labelled = "{\"text\": \"张三和李四写书，张三读\", \"label\": {\"name\": {\"张三\": [[0, 1], [8, 9]], \"李四\": [[3, 4]]}, \"book\": {\"书\": [[6, 6]]}}}\n";
    let mut options = files.task(Task::Cluener, "json", labelled, labelled);
    options.labels = Some(vec!["book".to_owned(), "name".to_owned()]);
    options.test = Some(files.write("test.json", TEST));
    let data = TaskData::read(&options).unwrap();
    let answers = [data.train[0].answer.clone().unwrap(), Answer::Entities(Vec::<Entity>::new())];
    let lines = submission_lines(&data.labels, &data.test.unwrap(), &answers);
    let expected = "{\"id\": 0, \"label\": {\"book\":{\"书\":[[6,6]]},\"name\":{\"张三\":[[0,1],[8,9]],\"李四\":[[3,4]]}}}\n{\"id\": 1, \"label\": {}}\n";
    assert_eq!(lines, expected);
    assert_eq!(problems(Task::Cluener, "cluener_predict.json", &lines, Some(TEST)), Vec::<String>::new());
}

#[test]
fn faults_are_named_with_their_line() {
    let test = "{\"sentence1\": \"a\", \"sentence2\": \"b\"}\n".repeat(2);
    let check = |lines: &str, expected: &[&str]| {
        let found = problems(Task::Afqmc, "afqmc_predict.json", lines, Some(&test));
        assert_eq!(found.len(), expected.len(), "{found:?}");
        found.iter().zip(expected).for_each(|(found, part)| assert!(found.contains(part), "{part}: {found}"));
    };
    check("{\"id\": 0, \"label\": \"0\"}\n{\"id\": \"1\", \"label\": \"1\", \"label_desc\": \"x\"}\n", &[]);
    check("{\"id\": 0, \"label\": \"0\"}\n", &["expected 2 lines, as in the test file, found `1`"]);
    check("{\"id\": 0, \"label\": \"0\"}\n{\"id\": 0, \"label\": \"0\"}\n", &[":2: expected the id 1"]);
    check(
        "{\"id\": 0, \"label\": 0}\n{\"id\": 1, \"label\": \"2\"}\n",
        &[":1: expected one of the labels 0, 1, as a text", ":2:"],
    );
    check(
        "{\"id\": 0, \"label\": \"0\", \"p\": 1}\nx\n",
        &["the fields id and label alone, not p", ":2: expected an object of JSON"],
    );
    check("{\"label\": \"0\"}\n{\"id\": 1}\n", &[":1: expected the id 0", ":2: expected the field label"]);
}

#[test]
fn names_sizes_and_spans_are_checked() {
    let line = "{\"id\": 0, \"label\": \"100\"}\n";
    let found = problems(Task::Tnews, "tnews_predict.json", line, None);
    assert!(found[0].contains("expected the name tnews11_predict.json, found `tnews_predict.json`"), "{found:?}");
    assert!(found[1].contains("expected 10000 lines, as in the published test file"), "{found:?}");
    let spans = |label: &str, test: Option<&str>| {
        let lines = format!("{{\"id\": 0, \"label\": {label}}}\n{{\"id\": 1, \"label\": {{}}}}\n");
        problems(Task::Cluener, "cluener_predict.json", &lines, test).first().cloned().unwrap_or_default()
    };
    assert!(spans("{\"name\": {\"张三\": [[0, 2]]}}", Some(TEST)).contains("the text `张三` at its offsets"));
    assert!(spans("{\"name\": {\"张三\": [[0, 2]]}}", None).contains("a span as long as `张三`"));
    assert!(
        spans("{\"name\": {\"张三\": [[0, 1]]}, \"book\": {\"三和\": [[1, 2]]}}", Some(TEST))
            .contains("do not overlap")
    );
    assert!(spans("{\"person\": {}}", Some(TEST)).contains("not person"));
    let files = Files::new();
    let error = check_submission(Task::Ner, &files.write("x.json", ""), None).unwrap_err().to_string();
    assert!(error.contains("expected a task of CLUE or CLUENER, found ner"), "{error}");
}
