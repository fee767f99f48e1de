//! Losses fall, by every objective.

use jove_core::Silent;
use jove_trainer::{TrainConfig, read_metrics};

use crate::world::{everything, linking, output, plain, remembering, trainer};

/// The mean of an objective over the first and over the last line of metrics.
fn first_and_last(config: &TrainConfig, objectives: &[&str]) -> Vec<(f64, f64)> {
    let dir = tempfile::tempdir().unwrap();
    trainer(config, dir.path()).run(&Silent).unwrap();
    let lines = read_metrics(&output(dir.path()).metrics()).unwrap();
    assert_eq!(lines.last().unwrap().step, config.steps.unwrap());
    let mean = |line: usize, name: &str| lines[line].losses[name].mean();
    objectives.iter().map(|name| (mean(0, name), mean(lines.len() - 1, name))).collect()
}

#[test]
fn masked_words_are_learned() {
    let config = TrainConfig { dropout: false, log_every: 10, ..plain(120) };
    let [(first, last)] = first_and_last(&config, &["mlm"])[..] else { unreachable!() };
    assert!(first > 3.0 && last < 0.6 * first, "{first} {last}");
}

#[test]
fn every_objective_is_learned_beside_the_others() {
    let config = TrainConfig { dropout: false, log_every: 10, ..everything(150) };
    let names = ["mlm", "link", "tlm", "translation", "word-alignment"];
    for ((first, last), name) in first_and_last(&config, &names).into_iter().zip(names) {
        assert!(last < 0.7 * first, "{name}: {first} {last}");
    }
}

#[test]
fn mentions_find_their_descriptions_among_remembered_ones() {
    let config = TrainConfig { dropout: false, log_every: 10, ..remembering(150) };
    let [(first, last)] = first_and_last(&config, &["link"])[..] else { unreachable!() };
    assert!(last < 0.5 * first, "{first} {last}");
}

#[test]
fn objects_are_found_by_subject_and_relation() {
    let config = TrainConfig { dropout: false, log_every: 10, ..linking(200) };
    let [(first, last)] = first_and_last(&config, &["relation"])[..] else { unreachable!() };
    assert!(last < 0.7 * first, "{first} {last}");
}

#[test]
fn collapse_is_watched_on_every_line() {
    let dir = tempfile::tempdir().unwrap();
    trainer(&linking(4), dir.path()).run(&Silent).unwrap();
    for line in read_metrics(&output(dir.path()).metrics()).unwrap() {
        let gauge = |name: &str| line.diagnostics[name];
        for contrast in ["link", "relation"] {
            assert!((0.0..=4.0).contains(&gauge(&format!("{contrast}.alignment"))));
            assert!((0.0..1.0).contains(&gauge(&format!("{contrast}.filtered"))));
            for side in ["mentions", "descriptions"] {
                assert!((-8.0..=0.0).contains(&gauge(&format!("{contrast}.{side}.uniformity"))));
                assert!((1.0..=16.0).contains(&gauge(&format!("{contrast}.{side}.effective-rank"))));
            }
        }
        assert!((0.01..=1.0).contains(&gauge("link.temperature")) && gauge("link.keys") > 2.0);
        assert!(gauge("relation.filtered") > 0.0, "a country trades with three");
    }
}

/// Three batches in a step are one large batch: the loss is divided by the items of all three, so the gradient is as long
/// as that of one.
#[test]
fn accumulation_divides_once_by_the_whole_count() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig { gradient_accumulation_steps: 3, ..plain(2) };
    let report = trainer(&config, dir.path()).step().unwrap();
    let single = trainer(&plain(2), dir.path()).step().unwrap();
    assert!(report.tokens > 2 * single.tokens);
    assert!(report.losses["mlm"].count > 2 * single.losses["mlm"].count);
    assert!(report.gradient_norm < 2.0 * single.gradient_norm, "a sum over batches would have thrice the norm");
}
