//! Each format is read as its task defines it.

use jove_core::ByteSpan;
use jove_tasks::{Answer, Entity, Example, Task, TaskData, TaskOptions, Unlabelled, read_unlabelled};

use crate::support::Files;

/// Reads a task whose training set is given twice, once as its dev set; returns labels and training examples.
fn read(task: Task, ending: &str, text: &str, adjust: fn(&mut TaskOptions)) -> (Vec<String>, Vec<Example>) {
    let files = Files::new();
    let mut options = files.task(task, ending, text, text);
    adjust(&mut options);
    let data = TaskData::read(&options).unwrap();
    assert_eq!(data.train, data.dev);
    (data.labels, data.train)
}

fn two(options: &mut TaskOptions) {
    options.labels = Some(vec!["102".to_owned(), "103".to_owned()]);
}

fn check(task: Task, ending: &str, text: &str, adjust: fn(&mut TaskOptions), expected: &[(&str, Option<&str>, u32)]) {
    let (labels, examples) = read(task, ending, text, adjust);
    let found: Vec<(&str, Option<&str>, u32)> = examples
        .iter()
        .map(|example| (&*example.first, example.second.as_deref(), example.answer.as_ref().unwrap().class().unwrap()))
        .collect();
    assert_eq!(found, expected, "{}: {labels:?}", task.name());
}

#[test]
fn classes_of_clue_are_read() {
    let tnews = "{\"label\": 102, \"label_desc\": \"x\", \"sentence\": \"甲😀\", \"keywords\": \"乙,丙\", \"id\": 3}\n\
                 {\"label\": \"103\", \"sentence\": \"e\u{301} שלום\", \"keywords\": \"\", \"id\": 4}\n";
    check(Task::Tnews, "json", tnews, two, &[("甲😀", None, 0), ("e\u{301} שלום", None, 1)]);
    let with_keywords = |options: &mut TaskOptions| {
        two(options);
        options.keywords = true;
    };
    check(Task::Tnews, "json", tnews, with_keywords, &[("甲😀", Some("乙 丙"), 0), ("e\u{301} שלום", Some(""), 1)]);
    let csl = "{\"id\": 1, \"abst\": \"摘要一\", \"keyword\": [\"甲\", \"乙\"], \"label\": \"1\"}\n\n\
               {\"id\": 2, \"abst\": \"摘要二\", \"keyword\": [\"丙\"], \"label\": \"0\"}\n";
    check(Task::Csl, "json", csl, |_| (), &[("甲 乙", Some("摘要一"), 1), ("丙", Some("摘要二"), 0)]);
}

#[test]
fn pairs_are_read_from_tables_with_and_without_names_and_from_json() {
    let expected = [("一 \"二", Some("三"), 0), ("四", Some("五"), 1)];
    check(Task::Afqmc, "tsv", "一 \"二\t三\t0\r\n四\t五\t1\n", |_| (), &expected);
    check(
        Task::Afqmc,
        "tsv",
        "\u{feff}label\ttext_a\ttext_b\n0\t一 \"二\t三\n1\t四\t五\n",
        |_| (),
        &[].iter().copied().chain([("一 \"二", Some("三"), 0), ("四", Some("五"), 1)]).collect::<Vec<_>>(),
    );
    let json = "{\"sentence1\": \"一 \\\"二\", \"sentence2\": \"三\", \"label\": \"0\"}\n{\"sentence1\": \"四\", \"sentence2\": \"五\", \"label\": 1}";
    check(Task::Afqmc, "jsonl", json, |_| (), &expected);
    let csv = "left,right,same\n\"一 \"\"二\",三,no\n四,五,yes\n";
    let columns = |options: &mut TaskOptions| {
        options.columns.text = Some("left".to_owned());
        options.columns.second = Some("right".to_owned());
        options.columns.label = Some("same".to_owned());
    };
    check(Task::Pair, "csv", csv, columns, &expected);
    let unnamed = |options: &mut TaskOptions| options.columns.header = Some(false);
    check(Task::Text, "tsv", "好\tgood\n坏\tbad\n", unnamed, &[("好", None, 1), ("坏", None, 0)]);
}

#[test]
fn inference_leaves_out_what_annotators_did_not_agree_on_and_reads_one_language() {
    let rows = "a\tb\tneutral\nc\td\t-\ne\tf\tentailment\ng\th\tcontradiction\n";
    let expected = [("a", Some("b"), 2), ("e", Some("f"), 1), ("g", Some("h"), 0)];
    check(Task::Cmnli, "tsv", rows, |_| (), &expected);
    let xnli = "language\tgold_label\tsentence1\tsentence2\nzh\tneutral\ta\tb\nen\tneutral\tx\ty\nzh\tentailment\te\tf\nzh\tcontradictory\tg\th\n";
    check(Task::Xnli, "tsv", xnli, |options| options.language = Some("zh".to_owned()), &expected);
}

#[test]
fn the_spans_of_wsc_are_marked() {
    let row = |first: &str, second: &str, label: &str| {
        format!(
            "{{\"text\": \"那只猫😀看见它跑了\", \"target\": {{{first}, {second}}}, \"label\": \"{label}\", \"idx\": \"{label}\"}}\n"
        )
    };
    let (cat, it) = ("\"span1_text\": \"猫😀\", \"span1_index\": 2", "\"span2_text\": \"它\", \"span2_index\": 6");
    let (touching, before) =
        ("\"span2_text\": \"看\", \"span2_index\": 4", "\"span2_text\": \"那\", \"span2_index\": 0");
    let (one, two) = (row(cat, it, "true"), row(cat, touching, "false"));
    check(
        Task::Wsc,
        "json",
        &(one.clone() + &two),
        |_| (),
        &[("那只_猫😀_看见[它]跑了", None, 1), ("那只_猫😀_[看]见它跑了", None, 0)],
    );
    let three = row(cat, before, "false");
    check(
        Task::Wsc,
        "json",
        &(one + &three),
        |_| (),
        &[("那只_猫😀_看见[它]跑了", None, 1), ("[那]只_猫😀_看见它跑了", None, 0)],
    );
}

/// Texts and types of an example's entities.
fn entities(labels: &[String], example: &Example) -> Vec<(String, String)> {
    let shown = |entity: &Entity| {
        (entity.span.slice(&example.first).unwrap().to_owned(), labels[entity.label as usize].clone())
    };
    example.answer.as_ref().unwrap().entities().iter().map(shown).collect()
}

#[test]
fn entities_are_read_from_each_format() {
    let some = |options: &mut TaskOptions| options.labels = Some(vec!["book".to_owned(), "name".to_owned()]);
    let expected = [("张三😀".to_owned(), "name".to_owned()), ("书".to_owned(), "book".to_owned())];
    // Ends are inclusive in CLUENER alone.
    let cluener = "{\"text\": \"张三😀写了书\", \"label\": {\"name\": {\"张三😀\": [[0, 2]]}, \"book\": {\"书\": [[5, 5]]}}}\n{\"text\": \"无\", \"label\": {}}\n";
    let (labels, examples) = read(Task::Cluener, "json", cluener, some);
    assert_eq!(entities(&labels, &examples[0]), expected);
    assert_eq!(examples[1].answer, Some(Answer::Entities(Vec::new())));
    let listed = "{\"text\": \"张三😀写了书\", \"label\": [[5, 6, \"book\"], [0, 3, \"name\"], [0, 3, \"name\"]]}\n\
                  {\"text\": \"张三😀写了书\", \"entities\": [{\"start\": 0, \"end\": 3, \"type\": \"name\", \"text\": \"张三😀\"}, {\"start\": 5, \"end\": 6, \"label\": \"book\"}]}\n";
    let (labels, examples) = read(Task::Ner, "jsonl", listed, |_| ());
    assert!(examples.iter().all(|example| entities(&labels, example) == expected));
    let columns =
        "张 B-name\n三 I-name\n😀 E-name\n写 O\n了 O\n书 S-book\n\nIn NN I-book\nNew NN B-name\nYork NN I-name\n\n";
    let (labels, examples) = read(Task::Ner, "conll", columns, |_| ());
    assert_eq!(entities(&labels, &examples[0]), expected);
    assert_eq!(examples[1].first, "In New York");
    assert_eq!(examples[1].answer.as_ref().unwrap().entities()[1].span, ByteSpan::new(3, 11));
}

#[test]
fn numbers_are_read_for_texts_and_for_pairs() {
    let (_, examples) = read(Task::Regression, "tsv", "sentence1\tsentence2\tscore\na\tb\t4.5\nc\td\t-1e-1\n", |_| ());
    let numbers: Vec<f64> = examples.iter().map(|example| example.answer.as_ref().unwrap().number().unwrap()).collect();
    assert_eq!((numbers, examples[1].second.as_deref()), (vec![4.5, -0.1], Some("d")));
    let (_, examples) = read(Task::Regression, "csv", "text,label\na,1\nb,2\n", |_| ());
    assert_eq!((examples[0].second.as_deref(), examples[1].answer.clone()), (None, Some(Answer::Number(2.0))));
}

#[test]
fn lines_to_predict_are_text_or_json() {
    let check = |task, line: &str, expected: Option<(Option<&str>, &str, Option<&str>)>| {
        let found = read_unlabelled(task, line).ok();
        let found =
            found.as_ref().map(|Unlabelled { id, first, second }| (id.as_deref(), first.as_str(), second.as_deref()));
        assert_eq!(found, expected, "{line}");
    };
    check(Task::Text, "好\t书", Some((None, "好\t书", None)));
    check(Task::Afqmc, "好\t书\t买", Some((None, "好", Some("书\t买"))));
    check(Task::Afqmc, "好", None);
    check(Task::Regression, "好", Some((None, "好", None)));
    check(Task::Afqmc, "{\"id\": 7, \"sentence1\": \"a\", \"sentence2\": \"b\"}", Some((Some("7"), "a", Some("b"))));
    check(Task::Cluener, "{\"text\": \"שלום\"}", Some((None, "שלום", None)));
    check(Task::Text, "{not json", None);
    check(Task::Text, "", Some((None, "", None)));
}
