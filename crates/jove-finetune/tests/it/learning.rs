//! Toy tasks are learnt, measured and tabulated.

use jove_core::Silent;
use jove_finetune::{FineTuneResults, Predictor};
use jove_objectives::Device;
use jove_tasks::{Answer, Task, TaskData, Unlabelled};

use crate::world::World;

/// The score of the row with this name.
fn score(results: &FineTuneResults, name: &str) -> f64 {
    results.rows.iter().find(|row| row.name == name).unwrap().interval.score
}

#[test]
fn classes_are_learnt_better_than_the_majority_and_the_saved_model_answers_as_measured() {
    let world = World::new();
    world.sentiment();
    world.run_file("text", "tsv", "epochs = 8\npooling = \"mean\"\n");
    let run = world.load(&["seeds=[1, 2]"]);
    let results = run.execute(&Silent).unwrap();
    assert_eq!(score(&results, "majority"), 0.75);
    assert!(score(&results, "tiny") > 0.95, "{results:?}");
    assert_eq!(FineTuneResults::read(&world.path("out/results.json")).unwrap(), results);
    let tiny = &results.rows[2];
    assert_eq!((tiny.scores.len(), tiny.checkpoints.len()), (2, 2));
    let data = TaskData::read(&run.task).unwrap();
    let predictor = Predictor::open(&tiny.checkpoints[1], Device::Cpu).unwrap();
    let text = |first: &str| Unlabelled { id: None, first: first.to_owned(), second: None };
    let texts: Vec<Unlabelled> = data.dev.iter().map(|example| text(&example.first)).collect();
    let predicted = predictor.predict(&texts).unwrap();
    let right =
        predicted.iter().zip(&data.dev).filter(|(found, example)| Some(&found.answer) == example.answer.as_ref());
    assert_eq!(right.count() as f64 / 24.0, tiny.scores[1]);
    let sums: Vec<f64> = predicted.iter().map(|found| found.probabilities.iter().sum()).collect();
    assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-9), "{sums:?}");
    let table = std::fs::read_to_string(world.path("out/results.md")).unwrap();
    assert!(table.contains("| majority | 0.7500 |") && table.contains("24 examples of dev, 64 of train"), "{table}");
}

#[test]
fn entities_are_learnt_and_come_back_on_the_text() {
    let world = World::new();
    world.names();
    world.run_file("ner", "jsonl", "epochs = 8\n");
    let test = "{\"id\": 7, \"text\": \"孙云，在山上写书\"}\n{\"id\": 8, \"text\": \"山\"}\n";
    world.write("test.jsonl", test);
    let results = world.load(&["task.test=test.jsonl", "baselines=false"]).execute(&Silent).unwrap();
    assert!(results.rows.len() == 1 && score(&results, "tiny") > 0.9, "{results:?}");
    let written = std::fs::read_to_string(world.path("out/tiny/seed-1/test_predictions.jsonl")).unwrap();
    assert_eq!(written.lines().next().unwrap(), "{\"id\": 7, \"label\": {\"name\":{\"孙云\":[[0,1]]}}}");
    let predictor = Predictor::open(&world.path("out/tiny/seed-1/best"), Device::Cpu).unwrap();
    let text = Unlabelled { id: Some("x".to_owned()), first: "昨天城里有李力读书".to_owned(), second: None };
    let found = predictor.predict(std::slice::from_ref(&text)).unwrap();
    let json = predictor.json(&text, &found[0]);
    let entity = &json["entities"][0];
    assert_eq!((json["id"].as_str(), entity["text"].as_str()), (Some("x"), Some("李力")));
    assert_eq!(
        (entity["start"].as_u64(), entity["end"].as_u64(), entity["type"].as_str()),
        (Some(5), Some(7), Some("name"))
    );
}

#[test]
fn pairs_and_numbers_are_learnt() {
    let world = World::new();
    let rows = |from: u32, to: u32, row: &dyn Fn(u32) -> String| (from..to).map(row).collect::<String>();
    let number =
        |at: u32| format!("{}\t{}\n", if at.is_multiple_of(2) { "山上写书" } else { "水边" }, 100 + 10 * (at % 2));
    let head = "text\tscore\n".to_owned();
    world.write("train.tsv", &(head.clone() + &rows(0, 32, &number)));
    world.write("dev.tsv", &(head + &rows(32, 48, &number)));
    world.run_file("regression", "tsv", "epochs = 6\npooling = \"mean\"\n");
    let results = world.load(&[]).execute(&Silent).unwrap();
    assert!(score(&results, "tiny") > 0.9, "{results:?}");
    let predictor = Predictor::open(&results.rows[2].checkpoints[0], Device::Cpu).unwrap();
    let text = Unlabelled { id: None, first: "水边".to_owned(), second: None };
    let found = predictor.predict(&[text]).unwrap();
    assert!(matches!(found[0].answer, Answer::Number(number) if (number - 110.0).abs() < 4.0), "{found:?}");

    let names = crate::world::NAMES;
    let pair = |at: u32| {
        format!(
            "{}写书\t{}\t{}\n",
            names[(at % 2) as usize],
            if at.is_multiple_of(3) { "山上" } else { "城里" },
            u32::from(at.is_multiple_of(3))
        )
    };
    world.write("train.tsv", &rows(0, 48, &pair));
    world.write("dev.tsv", &rows(48, 72, &pair));
    world.run_file("afqmc", "tsv", "epochs = 6\nlayer-decay = 0.9\nhead-rate = 2.0\n");
    let results = world.load(&[&format!("output={}", world.path("pairs").display())]).execute(&Silent).unwrap();
    assert!(score(&results, "tiny") > 0.95 && results.task == Task::Afqmc, "{results:?}");
}

#[test]
fn patience_ends_a_training_that_gets_no_better() {
    let world = World::new();
    world.sentiment();
    world.run_file("text", "tsv", "epochs = 30\npatience = 2\nfrozen = true\n");
    world.load(&["train.learning-rate=1e-9"]).execute(&Silent).unwrap();
    let measured = std::fs::read_to_string(world.path("out/tiny/seed-1/evaluations.json")).unwrap();
    assert_eq!(measured.matches("\"step\"").count(), 3, "{measured}");
}

#[test]
fn the_doctor_counts_tokens_of_the_model() {
    let world = World::new();
    world.sentiment();
    world.run_file("text", "tsv", "");
    let report = world.load(&["train.max-length=8"]).doctor().unwrap();
    assert!(report.splits[0].lengths[3] >= 9 && report.splits[0].truncated > 0, "{report:?}");
    // Dev repeats the sentences of train, of which there are only twelve.
    assert_eq!((report.dev_in_train, report.dev_in_train_otherwise), (24, 0));
}
