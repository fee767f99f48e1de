//! Heads learn, resume exactly, and refuse what they cannot take.

use dfdx::prelude::Cpu;
use jove_core::{Seed, Silent, TokenId};
use jove_model::Parameters as _;
use jove_objectives::Pooling;
use jove_trainer::{
    Error, FineTuning, FineTuningOptions, HeadKind, HeadTarget, LoopOptions, Step as _, TaskModel, TaskSequence,
    Trainer, read_metrics,
};

use crate::world::{model, output};

type Labelled = (TaskSequence, HeadTarget);

/// `[CLS] … [SEP]`; texts of class 1, a third of them, hold token 9, the others token 8.
fn sequence(index: u32) -> TaskSequence {
    let noise = (0..3 + index % 5).map(|at| 10 + (7 * index + 3 * at) % 20);
    let inside = noise.chain([8 + u32::from(index.is_multiple_of(3))]);
    let tokens: Vec<TokenId> = [1].into_iter().chain(inside).chain([2]).map(TokenId).collect();
    TaskSequence { segments: vec![0; tokens.len()], tokens }
}

/// What the head should say: the class of the text, tags of even and odd tokens, a number.
fn labelled(head: HeadKind) -> Vec<Labelled> {
    let target = |sequence: &TaskSequence, index: u32| {
        let class = u32::from(index.is_multiple_of(3));
        match head {
            HeadKind::Classes => HeadTarget::Class(class),
            HeadKind::Number => HeadTarget::Number(2.0 * class as f32 - 0.5),
            HeadKind::Tags => {
                let tag =
                    |token: &TokenId| (token.0 > 4).then_some(u32::from(token.0 >= 10) + u32::from(token.0 >= 20));
                HeadTarget::Tags(sequence.tokens.iter().map(tag).collect())
            }
        }
    };
    (0..60).map(|index| (sequence(index), target(&sequence(index), index))).collect()
}

fn options(steps: u64) -> LoopOptions {
    LoopOptions {
        steps,
        gradient_accumulation_steps: 12,
        learning_rate: 5e-3,
        save_every: 0,
        log_every: 5,
        ..LoopOptions::default()
    }
}

fn own(head: HeadKind, frozen: bool, pooling: Pooling) -> FineTuningOptions {
    let outputs = match head {
        HeadKind::Classes => 2,
        HeadKind::Tags => 3,
        HeadKind::Number => 1,
    };
    FineTuningOptions {
        head,
        outputs,
        pooling,
        frozen,
        batch_size: 12,
        batch_tokens: 40,
        layer_decay: 0.9,
        head_rate: 2.0,
    }
}

fn task(options: &LoopOptions, own: FineTuningOptions) -> FineTuning<Cpu> {
    let model = TaskModel::new(model(), own, Seed(1)).unwrap();
    FineTuning::new(options, model, labelled(own.head)).unwrap()
}

fn bits(trainer: &Trainer<FineTuning<Cpu>>) -> Vec<u32> {
    let mut all = Vec::new();
    trainer.model().visit(&mut |parameter| all.extend(parameter.to_vec().iter().map(|value| value.to_bits())));
    all
}

/// The weights after all steps, with a stop and a resume after each of `stops` steps.
fn trained(own: FineTuningOptions, steps: u64, stops: &[u64]) -> Vec<u32> {
    let dir = tempfile::tempdir().unwrap();
    let begin = || Trainer::resume(options(steps), task(&options(steps), own), output(dir.path())).unwrap();
    let mut done = 0;
    for &stop in stops {
        let mut trainer = begin();
        assert_eq!(trainer.steps_taken(), done);
        done += stop;
        trainer.run_to(done, &Silent).unwrap();
    }
    let mut trainer = begin();
    trainer.run(&Silent).unwrap();
    assert_eq!(trainer.steps_taken(), steps);
    bits(&trainer)
}

#[test]
fn n_steps_equal_two_halves_bit_for_bit() {
    for (head, frozen) in
        [(HeadKind::Classes, false), (HeadKind::Classes, true), (HeadKind::Tags, false), (HeadKind::Number, false)]
    {
        let own = own(head, frozen, Pooling::Mean);
        let whole = trained(own, 6, &[]);
        assert_eq!(whole, trained(own, 6, &[3]), "{head:?}");
        assert_eq!(whole, trained(own, 6, &[1, 0, 3]), "{head:?}");
    }
}

/// How many of all items a trained model answers right, and of how many.
fn right(trainer: &Trainer<FineTuning<Cpu>>, own: &FineTuningOptions) -> (usize, usize) {
    let (sequences, targets): (Vec<TaskSequence>, Vec<HeadTarget>) = labelled(own.head).into_iter().unzip();
    let scores = trainer.model().scores(&sequences).unwrap();
    let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as u32;
    let mut all = Vec::new();
    for (scores, target) in scores.iter().zip(&targets) {
        match target {
            HeadTarget::Class(class) => all.push(best(scores) == *class),
            HeadTarget::Number(number) => all.push((scores[0] - number).abs() < 0.7),
            HeadTarget::Tags(tags) => {
                let tagged = scores.chunks(own.outputs).zip(tags);
                all.extend(tagged.filter_map(|(row, tag)| tag.map(|tag| best(row) == tag)));
            }
        }
    }
    (all.iter().filter(|right| **right).count(), all.len())
}

#[test]
fn separable_toys_are_learned_better_than_the_majority() {
    for (head, frozen, pooling, steps, rate) in [
        (HeadKind::Classes, false, Pooling::First, 60, 5e-3),
        (HeadKind::Classes, true, Pooling::Mean, 150, 5e-2),
        (HeadKind::Tags, false, Pooling::First, 40, 5e-3),
        (HeadKind::Number, false, Pooling::Mean, 60, 5e-3),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let loop_options = LoopOptions { learning_rate: rate, ..options(steps) };
        let own = own(head, frozen, pooling);
        let mut trainer = Trainer::new(loop_options.clone(), task(&loop_options, own), output(dir.path())).unwrap();
        trainer.run(&Silent).unwrap();
        let (right, all) = right(&trainer, &own);
        assert!(10 * right > 8 * all, "{head:?}, frozen: {frozen}: {right} of {all}");
        let lines = read_metrics(&output(dir.path()).metrics()).unwrap();
        assert!(lines[lines.len() - 1].losses["task"].mean() < lines[0].losses["task"].mean());
    }
}

#[test]
fn passes_of_any_size_have_the_same_loss_and_an_opened_model_the_same_scores() {
    let dir = tempfile::tempdir().unwrap();
    let plain = LoopOptions { dropout: false, ..options(1) };
    let loss = |batch_tokens| {
        let own = FineTuningOptions { batch_tokens, ..own(HeadKind::Tags, false, Pooling::Mean) };
        let mut trainer = Trainer::new(plain.clone(), task(&plain, own), output(dir.path())).unwrap();
        trainer.step().unwrap().losses["task"]
    };
    let (whole, parts) = (loss(4096), loss(12));
    assert!(whole.count == parts.count && (whole.sum - parts.sum).abs() < 1e-3, "{whole:?} {parts:?}");
    let own = own(HeadKind::Classes, false, Pooling::First);
    let mut trainer = Trainer::new(options(3), task(&options(3), own), output(dir.path())).unwrap();
    trainer.run(&Silent).unwrap();
    let sequences: Vec<TaskSequence> = (0..9).map(sequence).collect();
    let opened = TaskModel::open(&output(dir.path()).checkpoint(), &Cpu::default(), own).unwrap();
    assert_eq!(opened.scores(&sequences).unwrap(), trainer.model().scores(&sequences).unwrap());
}

#[test]
fn a_frozen_encoder_stays_as_it_is() {
    let count = |frozen| task(&options(1), own(HeadKind::Classes, frozen, Pooling::Mean)).model().parameter_count();
    assert_eq!(count(true), 2 * 32 + 2);
    assert!(count(false) > 1000);
}

#[test]
fn invalid_settings_and_other_runs_are_named() {
    let good = own(HeadKind::Classes, true, Pooling::Mean);
    let refused = |own: FineTuningOptions, texts: Vec<Labelled>| {
        let model = TaskModel::new(model(), own, Seed(1));
        model.and_then(|model| FineTuning::new(&options(2), model, texts)).unwrap_err().to_string()
    };
    let all = || labelled(HeadKind::Classes);
    for (own, expected) in [
        (FineTuningOptions { outputs: 1, ..good }, "train.outputs: expected 1 for a number, else 2 or more"),
        (FineTuningOptions { batch_size: 0, ..good }, "train.batch-size: expected 1 or more, found 0"),
        (
            FineTuningOptions { batch_tokens: 3, ..good },
            "train.batch-tokens: expected 10 (the longest text) or more, found 3",
        ),
        (FineTuningOptions { layer_decay: 1.5, ..good }, "train.layer-decay: expected above 0 and up to 1, found 1.5"),
        (FineTuningOptions { head_rate: f64::NAN, ..good }, "train.head-rate"),
        (FineTuningOptions { head: HeadKind::Number, outputs: 1, ..good }, "train.label"),
    ] {
        let found = refused(own, all());
        assert!(found.starts_with(expected), "{found}");
    }
    assert!(refused(good, Vec::new()).contains("texts: expected at least one"));
    let beyond = vec![(sequence(0), HeadTarget::Class(2))];
    assert!(refused(good, beyond).contains("found Class(2)"));
    let short = vec![(sequence(0), HeadTarget::Tags(vec![None]))];
    assert!(refused(own(HeadKind::Tags, false, Pooling::Mean), short).contains("train.label"));
    let dir = tempfile::tempdir().unwrap();
    Trainer::new(options(1), task(&options(1), good), output(dir.path())).unwrap().run(&Silent).unwrap();
    let other = Trainer::resume(
        options(1),
        task(&options(1), own(HeadKind::Classes, false, Pooling::Mean)),
        output(dir.path()),
    );
    assert!(matches!(other, Err(Error::OtherRun { part: "settings", .. } | Error::Tensors(_))), "{other:?}");
}
