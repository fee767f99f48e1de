//! What stops a run, and what is left of it.

use jove_checkpoint::ExtraFile;
use jove_core::{Advise as _, EntityId, Silent, TokenId};
use jove_model::Parameters as _;
use jove_trainer::{Error, Output, Pretraining, Trainer, TrainingData};

use crate::world::{bits, data, everything, model, output, plain, pretraining, specials, trainer};

#[test]
fn a_loss_that_is_no_number_stops_before_the_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut poisoned = model();
    poisoned.visit_mut(&mut |mut parameter| {
        if parameter.name == "cls.predictions.bias" {
            let count = parameter.count();
            parameter.copy_from(&vec![f32::NAN; count]).unwrap();
        }
    });
    let before = bits(&poisoned);
    let mut trainer = Trainer::new(
        plain(5).loop_options(),
        Pretraining::new(&plain(5), poisoned, data(), specials()).unwrap(),
        output(dir.path()),
    )
    .unwrap();
    let error = trainer.step().unwrap_err();
    assert!(matches!(error, Error::NotFinite { step: 1, .. }));
    assert!(error.to_string().contains("step 1: the mlm loss is NaN") && error.to_string().contains("text "));
    assert!(error.hint().is_some());
    assert_eq!(bits(trainer.model()), before);
    assert_eq!(trainer.steps_taken(), 0);
}

#[test]
fn a_run_that_cannot_write_keeps_the_last_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    trainer(&plain(2), dir.path()).run(&Silent).unwrap();
    // A file whose name is longer than any file system allows cannot be written, like any on a full disk.
    let unwritable = ExtraFile::new(&"x".repeat(5000), "").unwrap();
    let output_of = |files| Output { files, ..output(dir.path()) };
    let mut next = Trainer::new(plain(3).loop_options(), pretraining(&plain(3)), output_of(vec![unwritable])).unwrap();
    assert!(next.run(&Silent).is_err());
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    let kept = jove_objectives::Model::open(&output(dir.path()).checkpoint(), model().device()).unwrap();
    assert!(kept.parameter_count() > 0);
}

#[test]
fn missing_data_and_wrong_settings_are_named() {
    let refuse = |config, data| Pretraining::new(&config, model(), data, specials()).unwrap_err().to_string();
    assert_eq!(refuse(plain(1), TrainingData::default()), "objective mlm: expected at least one text, found none");
    let mut long = plain(1);
    long.max_length = 64;
    assert!(refuse(long, data()).starts_with("train.max-length: expected at most 20"));
    let mut deep = everything(1);
    deep.objectives.translation.layer = Some(3);
    assert!(
        refuse(deep, data()).starts_with("train.objectives.translation.layer: expected 1 to 2, the model's layers")
    );
    let mut no_pairs = plain(1);
    no_pairs.objectives.word_alignment.weight = 1.0;
    let texts_only = TrainingData { pairs: Box::new(Vec::new()), ..data() };
    assert!(
        refuse(no_pairs, texts_only).starts_with("objective word-alignment: expected at least one translation pair")
    );
    let mut alone = data();
    alone.descriptions.retain(|&entity, _| entity == EntityId(0));
    let message = refuse(everything(1), alone);
    assert_eq!(message, "objective link: expected descriptions of at least two entities, found one");
    let mut one_pair = data();
    one_pair.pairs = Box::new(vec![one_pair.pairs.get(0).unwrap()]);
    let message = refuse(everything(1), one_pair);
    assert_eq!(message, "objective translation: expected at least two translation pairs, found one");
}

#[test]
fn a_token_beyond_the_vocabulary_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut texts = vec![crate::world::sentence(0, true, false)];
    texts[0].tokens[0] = TokenId(9999);
    let bad = TrainingData { text: Box::new(texts), ..data() };
    let task = Pretraining::new(&plain(1), model(), bad, specials()).unwrap();
    let mut trainer = Trainer::new(plain(1).loop_options(), task, output(dir.path())).unwrap();
    assert!(trainer.step().is_err());
}

#[test]
fn training_on_what_the_vocabulary_does_not_know_stops_and_says_why() {
    for (steps, stopped) in [(4, 4), (50, 10)] {
        let dir = tempfile::tempdir().unwrap();
        let mut text = crate::world::sentence(0, true, false);
        text.tokens.iter_mut().for_each(|token| *token = specials().unknown);
        let unknown = TrainingData { text: Box::new(vec![text]), ..data() };
        let task = Pretraining::new(&plain(steps), model(), unknown, specials()).unwrap();
        let mut trainer = Trainer::new(plain(steps).loop_options(), task, output(dir.path())).unwrap();
        let error = trainer.run(&Silent).unwrap_err();
        assert!(matches!(error, Error::NothingToLearn { step, .. } if step == stopped), "{error}");
        assert!(error.to_string().contains("does not know 100% of the"), "{error}");
        assert!(error.hint().unwrap().contains("tokenizers"));
    }
}
