//! What contrasts remember from step to step: the slow encoder and the queues that it fills.

use std::collections::BTreeMap;
use std::path::Path;

use dfdx::prelude::HasShape as _;
use jove_checkpoint::{NamedTensor, TensorFile, write_tensor_file};
use jove_core::Silent;
use jove_model::{Backend, Matrix, Parameters as _};
use jove_objectives::{QueuedTranslations, Tensors};

use crate::batch::Batch;
use crate::error::Error;
use crate::momentum::MomentumEncoder;
use crate::objectives::Objectives;
use crate::queue::KeyQueue;
use jove_objectives::Model;

const MOMENTUM_FILE: &str = "momentum.safetensors";
const QUEUES_FILE: &str = "queues.safetensors";

/// What every key of a queue stands for, by the queue's name.
pub(crate) type Identities = BTreeMap<String, Vec<u64>>;

/// Translations that are contrasted with what is remembered.
#[derive(Clone, Copy, Debug)]
struct Contrasted {
    /// The layer they are taken from, if not the last.
    layer: Option<usize>,
}

/// The slow encoder and the queues of the objectives that have one.
#[derive(Debug)]
pub(crate) struct ContrastiveState<D: Backend> {
    pub(crate) encoder: MomentumEncoder<D>,
    /// Descriptions, by entity.
    pub(crate) link: KeyQueue,
    /// The first and the second sides of translation pairs, by their text; the two hold the same pairs in the same order.
    pub(crate) translation: [KeyQueue; 2],
    /// Where translations are contrasted with what is remembered.
    contrasted: Option<Contrasted>,
}

impl<D: Backend> ContrastiveState<D> {
    /// An empty memory; `None` where no objective has a queue.
    pub(crate) fn new(objectives: &Objectives, model: &Model<D>) -> Option<Self> {
        let link = objectives.link_queue();
        let width = model.link.as_ref().map_or(1, jove_objectives::LinkHead::width);
        let options = &objectives.translation;
        let contrasted = objectives.translation_queue().map(|_| Contrasted { layer: options.layer });
        let sides = || KeyQueue::new(options.queue, model.config().hidden_size);
        (link > 0 || contrasted.is_some()).then(|| Self {
            encoder: MomentumEncoder::new(model, objectives.momentum),
            link: KeyQueue::new(link, width),
            translation: [sides(), sides()],
            contrasted,
        })
    }

    /// Follows the updated model, then adds the keys of a step's batches, each made by the slow encoder.
    pub(crate) fn update(&mut self, model: &Model<D>, batches: &[Batch]) -> Result<(), Error> {
        self.encoder.follow(model)?;
        for batch in batches {
            if let Some(keys) = self.encoder.descriptions(batch)? {
                let entities: Vec<u64> = batch.link.entities.iter().map(|entity| u64::from(entity.0)).collect();
                self.link.push(&numbers(&keys), &entities);
            }
            if let (Some(Contrasted { layer }), false) = (self.contrasted, batch.translation.sources.is_empty()) {
                let keys = self.encoder.translations(batch, layer)?;
                let texts = &batch.translation.texts;
                let [first, second] = &mut self.translation;
                first.push(&numbers(&keys[0]), &texts.iter().map(|text| text.0).collect::<Vec<_>>());
                second.push(&numbers(&keys[1]), &texts.iter().map(|text| text.1).collect::<Vec<_>>());
            }
        }
        Ok(())
    }

    /// All queues by their names.
    fn queues(&self) -> [(&'static str, &KeyQueue); 3] {
        let [first, second] = &self.translation;
        [("link", &self.link), ("translation-sources", first), ("translation-targets", second)]
    }

    fn queues_mut(&mut self) -> [(&'static str, &mut KeyQueue); 3] {
        let [first, second] = &mut self.translation;
        [("link", &mut self.link), ("translation-sources", first), ("translation-targets", second)]
    }

    /// What the keys stand for, for the state of a checkpoint.
    pub(crate) fn identities(&self) -> Identities {
        let named = self.queues().into_iter().map(|(name, queue)| (name.to_owned(), queue.identities().collect()));
        named.collect()
    }

    /// Writes the slow encoder and the keys into a checkpoint.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let none = BTreeMap::new();
        write_tensor_file(&dir.join(MOMENTUM_FILE), &Tensors::of(&self.encoder), &none, &Silent)?;
        let keys: Vec<NamedTensor<'_>> = self
            .queues()
            .into_iter()
            .map(|(name, queue)| {
                let shape = vec![queue.len(), queue.width()];
                NamedTensor { name: name.to_owned(), shape, data: queue.keys().into() }
            })
            .collect();
        Ok(write_tensor_file(&dir.join(QUEUES_FILE), &keys, &none, &Silent)?)
    }

    /// Reads what [`ContrastiveState::save`] wrote.
    pub(crate) fn load(&mut self, dir: &Path, identities: &Identities) -> Result<(), Error> {
        let slow = TensorFile::open(&dir.join(MOMENTUM_FILE))?;
        let mut failure = None;
        let loaded = self
            .encoder
            .load(&mut |name| slow.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok());
        failure.map_or(Ok(()), Err)?;
        loaded?;
        let path = dir.join(QUEUES_FILE);
        let file = TensorFile::open(&path)?;
        for (name, queue) in self.queues_mut() {
            let keys = file.get(name)?.data;
            if !queue.restore(&keys, identities.get(name).map_or(&[], Vec::as_slice)) {
                return Err(Error::damaged(&path, format!("expected keys of the {name} queue, one an identity")));
            }
        }
        Ok(())
    }
}

/// The queues of a step as constants on the device.
#[derive(Debug)]
pub(crate) struct Queues<D: Backend> {
    /// Descriptions and their entities; `None` where there are none.
    pub(crate) link: Option<(Matrix<D>, Vec<u32>)>,
    /// Translation pairs; `None` where there are none.
    pub(crate) translation: Option<QueuedPairs<D>>,
}

/// Translation pairs of former steps.
#[derive(Debug)]
pub(crate) struct QueuedPairs<D: Backend> {
    sources: Matrix<D>,
    targets: Matrix<D>,
    texts: Vec<(u64, u64)>,
}

impl<D: Backend> QueuedPairs<D> {
    /// As a contrast takes them.
    pub(crate) fn borrow(&self) -> QueuedTranslations<'_, D> {
        QueuedTranslations { sources: &self.sources, targets: &self.targets, texts: &self.texts }
    }
}

impl<D: Backend> Queues<D> {
    pub(crate) fn of(memory: Option<&ContrastiveState<D>>, device: &D) -> Result<Self, Error> {
        let Some(memory) = memory else { return Ok(Self { link: None, translation: None }) };
        let entities = || memory.link.identities().map(|identity| identity as u32).collect();
        let [first, second] = &memory.translation;
        let texts = || first.identities().zip(second.identities()).collect();
        let sides = first.matrix(device)?.zip(second.matrix(device)?);
        Ok(Self {
            link: memory.link.matrix(device)?.map(|keys| (keys, entities())),
            translation: sides.map(|(sources, targets)| QueuedPairs { sources, targets, texts: texts() }),
        })
    }
}

fn numbers<D: Backend>(x: &Matrix<D>) -> Vec<f32> {
    let mut out = vec![0.0; x.shape().0 * x.shape().1];
    D::copy_into(x, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use jove_core::{EntityId, ModelConfig, Seed};
    use jove_model::PackedBatch;

    use super::*;
    use crate::alignment::TranslationForm;
    use crate::batch::{LinkTargets, TranslationTargets};

    fn model() -> Model<Cpu> {
        let config = ModelConfig { max_position_embeddings: 20, ..ModelConfig::bert(40, 8, 2, 2, 16) };
        Model::new(&config, &Cpu::default(), Seed(1)).unwrap().with_link(4, Seed(1)).unwrap()
    }

    fn objectives(weight: f64, queue: usize) -> Objectives {
        let mut objectives = Objectives { momentum: 0.0, ..Objectives::default() };
        (objectives.link.weight, objectives.link.queue) = (weight, queue);
        objectives
    }

    fn batch() -> Batch {
        let mut batch = Batch::new();
        for tokens in [[1, 7, 8, 2], [1, 9, 5, 2], [1, 6, 7, 2]] {
            batch.push(tokens, |_| 0);
        }
        let entities = vec![EntityId(30), EntityId(31)];
        batch.link = LinkTargets { descriptions: vec![5..7, 9..11], entities, ..LinkTargets::default() };
        batch
    }

    #[test]
    fn as_much_is_held_as_was_expected() {
        let model = model();
        assert!(ContrastiveState::new(&objectives(0.0, 3), &model).is_none());
        assert_eq!(objectives(0.0, 3).memory_bytes(model.config()), 0);
        let memory = ContrastiveState::new(&objectives(1.0, 3), &model).unwrap();
        let held = 4 * memory.encoder.parameter_count() as u64;
        let expected = objectives(1.0, 3).memory_bytes(model.config());
        assert!((held..2 * held).contains(&expected), "{held} {expected}");
    }

    /// Without momentum the slow encoder is the model, so a queue that holds a batch holds what the model makes of it: the
    /// contrast is that of a batch with these descriptions.
    #[test]
    fn without_momentum_the_queue_holds_what_the_model_makes_of_the_batch() {
        let (model, batch) = (model(), batch());
        let mut memory = ContrastiveState::new(&objectives(1.0, 3), &model).unwrap();
        memory.update(&model, std::slice::from_ref(&batch)).unwrap();
        let mut builder = PackedBatch::builder(model.config());
        for bounds in batch.bounds.windows(2) {
            builder.push(&batch.tokens[bounds[0]..bounds[1]]).unwrap();
        }
        let pooled = Cpu::span_mean(model.hidden(&builder.build()).unwrap(), &[(5, 7), (9, 11)]).unwrap();
        let keys = model.link.as_ref().unwrap().descriptions(pooled).unwrap();
        let expected = Cpu::l2_normalize(keys).unwrap().as_vec();
        let queues = Queues::of(Some(&memory), model.device()).unwrap();
        let (found, entities) = queues.link.unwrap();
        assert!(found.as_vec().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
        assert_eq!(entities, [30, 31]);
        memory.update(&model, &[batch]).unwrap();
        assert_eq!(memory.identities()["link"], [31, 30, 31], "three are kept");
    }

    #[test]
    fn translations_are_remembered_in_pairs() {
        let model = model();
        let mut batch = batch();
        batch.push([1, 11, 2], |_| 0);
        batch.translation =
            TranslationTargets { sources: vec![1..3, 9..11], targets: vec![5..7, 13..14], texts: vec![(7, 8), (9, 7)] };
        let mut objectives = objectives(0.0, 9);
        (objectives.translation.weight, objectives.translation.queue) = (1.0, 3);
        assert!(ContrastiveState::new(&objectives, &model).is_none(), "the form in the batch remembers nothing");
        objectives.translation.form = TranslationForm::Xlco;
        let mut memory = ContrastiveState::new(&objectives, &model).unwrap();
        for _ in 0..2 {
            memory.update(&model, std::slice::from_ref(&batch)).unwrap();
        }
        assert_eq!(memory.identities()["translation-sources"], [9, 7, 9]);
        assert_eq!(memory.identities()["translation-targets"], [7, 8, 7]);
        let queues = Queues::of(Some(&memory), model.device()).unwrap();
        let pairs = queues.translation.as_ref().unwrap().borrow();
        assert_eq!(pairs.texts, [(9, 7), (7, 8), (9, 7)]);
        let [_, targets] = memory.encoder.translations(&batch, None).unwrap();
        let expected = Cpu::l2_normalize(targets).unwrap().as_vec();
        assert!(pairs.targets.as_vec()[8..].iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn there_is_a_memory_only_where_something_is_remembered() {
        let model = model();
        assert!(ContrastiveState::new(&objectives(1.0, 0), &model).is_none());
        assert!(ContrastiveState::new(&objectives(0.0, 9), &model).is_none());
        assert!(Queues::<Cpu>::of(None, model.device()).unwrap().link.is_none());
    }
}
