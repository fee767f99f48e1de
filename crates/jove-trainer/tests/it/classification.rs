//! A classifier of texts learns, and resumes exactly.

use dfdx::prelude::Cpu;
use jove_core::{Silent, TokenId};
use jove_model::Parameters as _;
use jove_objectives::Pooling;
use jove_trainer::{
    Error, LabelledText, LoopOptions, TextClassification, TextClassificationOptions, Trainer, read_metrics,
};

use crate::world::{model, output, specials};

/// Texts of odd length are of class 1 where they hold token 9, else of class 0; a third more are of class 0.
fn texts() -> Vec<LabelledText> {
    let text = |index: u32| {
        let label = u32::from(index.is_multiple_of(3));
        let noise = (0..3 + index % 5).map(|at| TokenId(10 + (7 * index + 3 * at) % 20));
        let tokens = noise.chain(std::iter::once(TokenId(8 + label))).collect();
        LabelledText { tokens, label }
    };
    (0..60).map(text).collect()
}

fn options(steps: u64) -> LoopOptions {
    LoopOptions {
        steps,
        gradient_accumulation_steps: 2,
        learning_rate: 5e-3,
        save_every: 0,
        log_every: 5,
        ..LoopOptions::default()
    }
}

fn own(frozen: bool, pooling: Pooling) -> TextClassificationOptions {
    TextClassificationOptions { classes: 2, pooling, frozen, batch_tokens: 64, max_length: 12 }
}

fn task(steps: u64, own: TextClassificationOptions) -> TextClassification<Cpu> {
    TextClassification::new((&options(steps), own), model(), texts(), specials()).unwrap()
}

fn bits(trainer: &Trainer<TextClassification<Cpu>>) -> Vec<u32> {
    let mut all = Vec::new();
    trainer.model().visit(&mut |parameter| all.extend(parameter.to_vec().iter().map(|value| value.to_bits())));
    all
}

/// The weights after all steps, with a stop and a resume after each of `stops` steps.
fn trained(own: TextClassificationOptions, steps: u64, stops: &[u64]) -> Vec<u32> {
    let dir = tempfile::tempdir().unwrap();
    let begin = || Trainer::resume(options(steps), task(steps, own), output(dir.path())).unwrap();
    for &stop in stops {
        let mut trainer = begin();
        (0..stop).for_each(|_| drop(trainer.step().unwrap()));
        trainer.save().unwrap();
    }
    let mut trainer = begin();
    assert_eq!(trainer.steps_taken(), stops.iter().sum::<u64>());
    trainer.run(&Silent).unwrap();
    bits(&trainer)
}

#[test]
fn n_steps_equal_two_halves_bit_for_bit() {
    for frozen in [false, true] {
        let own = own(frozen, Pooling::Mean);
        let whole = trained(own, 8, &[]);
        assert_eq!(whole, trained(own, 8, &[4]));
        assert_eq!(whole, trained(own, 8, &[1, 0, 3]));
    }
}

#[test]
fn a_separable_toy_is_learned_better_than_the_majority() {
    for (frozen, pooling) in [(false, Pooling::First), (true, Pooling::Mean)] {
        let dir = tempfile::tempdir().unwrap();
        let mut loop_options = options(if frozen { 150 } else { 60 });
        loop_options.learning_rate = if frozen { 5e-2 } else { 5e-3 };
        let task =
            TextClassification::new((&loop_options, own(frozen, pooling)), model(), texts(), specials()).unwrap();
        let mut trainer = Trainer::new(loop_options, task, output(dir.path())).unwrap();
        trainer.run(&Silent).unwrap();
        let tokens: Vec<Vec<TokenId>> = texts().into_iter().map(|text| text.tokens).collect();
        let predicted = trainer.model().predict(&specials(), &tokens).unwrap();
        let correct = predicted.iter().zip(texts()).filter(|(found, text)| **found == text.label).count();
        assert!(correct > 50, "the majority are 40, {correct} are right (frozen: {frozen})");
        let lines = read_metrics(&output(dir.path()).metrics()).unwrap();
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        assert!(last.losses["classification"].mean() < first.losses["classification"].mean());
        assert!(last.diagnostics["classification.accuracy"] > 0.7);
    }
}

#[test]
fn a_frozen_encoder_stays_as_it_is() {
    let counted = |frozen| task(1, own(frozen, Pooling::Mean));
    let count = |task: &TextClassification<Cpu>| {
        use jove_trainer::Step as _;
        task.model().parameter_count()
    };
    assert_eq!(count(&counted(true)), 2 * 32 + 2);
    assert!(count(&counted(false)) > 1000);
}

#[test]
fn invalid_settings_and_other_runs_are_named() {
    let refused = |own: TextClassificationOptions, texts: Vec<LabelledText>| {
        TextClassification::new((&options(2), own), model(), texts, specials()).unwrap_err().to_string()
    };
    let good = own(true, Pooling::Mean);
    assert!(refused(TextClassificationOptions { classes: 1, ..good }, texts()).contains("classes"));
    assert!(refused(TextClassificationOptions { max_length: 64, ..good }, texts()).contains("max-length"));
    assert!(refused(TextClassificationOptions { batch_tokens: 3, ..good }, texts()).contains("batch-tokens"));
    assert!(refused(good, Vec::new()).contains("texts: expected at least one"));
    let beyond = vec![LabelledText { tokens: Vec::new(), label: 2 }];
    assert!(refused(good, beyond).contains("label: expected below 2, found 2"));
    let dir = tempfile::tempdir().unwrap();
    Trainer::new(options(1), task(1, good), output(dir.path())).unwrap().run(&Silent).unwrap();
    let other = Trainer::resume(options(1), task(1, own(false, Pooling::Mean)), output(dir.path()));
    assert!(matches!(other, Err(Error::OtherRun { part: "settings", .. } | Error::Tensors(_))), "{other:?}");
}

#[test]
fn empty_and_odd_texts_are_read() {
    let texts = vec![
        LabelledText { tokens: Vec::new(), label: 0 },
        LabelledText { tokens: vec![TokenId(4)], label: 1 },
        LabelledText { tokens: vec![TokenId(9); 500], label: 1 },
    ];
    let task = TextClassification::new((&options(2), own(false, Pooling::Mean)), model(), texts, specials()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut trainer = Trainer::new(options(2), task, output(dir.path())).unwrap();
    let report = trainer.step().unwrap();
    assert!(report.losses["classification"].count > 6 && report.tokens <= 128);
}
