//! What contrasts keep from step to step: the momentum encoder and the queues that it fills.

use std::collections::BTreeMap;
use std::path::Path;

use jove_checkpoint::{NamedTensor, TensorFile, write_tensor_file};
use jove_core::Silent;
use jove_model::{Backend, Parameters as _};
use jove_objectives::{Model, Tensors};

use crate::batch::Batch;
use crate::error::Error;
use crate::momentum::MomentumEncoder;
use crate::objective::Objectives;
use crate::objective::kind::Objective;
use crate::queue::{KeyQueue, QueuedKeys};

const MOMENTUM_FILE: &str = "momentum.safetensors";
const QUEUES_FILE: &str = "queues.safetensors";

/// What every key of a queue stands for, by the queue's name.
pub(crate) type Identities = BTreeMap<String, Vec<u64>>;

/// The momentum encoder and the queues of the objectives that have one.
#[derive(Debug)]
pub(crate) struct ContrastiveState<D: Backend> {
    pub(crate) encoder: MomentumEncoder<D>,
    queues: BTreeMap<&'static str, KeyQueue>,
}

impl<D: Backend> ContrastiveState<D> {
    /// Empty queues; `None` where no objective has one.
    pub(crate) fn new(objectives: &Objectives, model: &Model<D>) -> Option<Self> {
        let of = |objective| objectives.get::<D>(objective).queues(model);
        let queues: BTreeMap<&'static str, KeyQueue> = Objective::ALL.into_iter().flat_map(of).collect();
        (!queues.is_empty()).then(|| Self { encoder: MomentumEncoder::new(model, objectives.momentum), queues })
    }

    /// Follows the updated model, then adds the keys of a step's batches, each made by the momentum encoder.
    pub(crate) fn update(&mut self, objectives: &Objectives, model: &Model<D>, batches: &[Batch]) -> Result<(), Error> {
        self.encoder.follow(model)?;
        for batch in batches {
            for objective in Objective::ALL {
                objectives.get::<D>(objective).enqueue(&self.encoder, batch, &mut self.queues)?;
            }
        }
        Ok(())
    }

    /// The keys of every queue that has any, as constants on a device.
    pub(crate) fn keys(&self, device: &D) -> Result<BTreeMap<&'static str, QueuedKeys<D>>, Error> {
        let mut all = BTreeMap::new();
        for (&name, queue) in &self.queues {
            if let Some(keys) = queue.matrix(device)? {
                all.insert(name, QueuedKeys { keys, identities: queue.identities().collect() });
            }
        }
        Ok(all)
    }

    /// What the keys stand for, for the state of a checkpoint.
    pub(crate) fn identities(&self) -> Identities {
        self.queues.iter().map(|(&name, queue)| (name.to_owned(), queue.identities().collect())).collect()
    }

    /// Writes the momentum encoder and the keys into a checkpoint.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let none = BTreeMap::new();
        write_tensor_file(&dir.join(MOMENTUM_FILE), &Tensors::of(&self.encoder), &none, &Silent)?;
        let tensor = |(&name, queue): (&&'static str, &KeyQueue)| NamedTensor {
            name: name.to_owned(),
            shape: vec![queue.len(), queue.width()],
            data: queue.keys().into(),
        };
        let keys: Vec<NamedTensor<'_>> = self.queues.iter().map(tensor).collect();
        Ok(write_tensor_file(&dir.join(QUEUES_FILE), &keys, &none, &Silent)?)
    }

    /// Reads what [`ContrastiveState::save`] wrote.
    pub(crate) fn load(&mut self, dir: &Path, identities: &Identities) -> Result<(), Error> {
        let file = TensorFile::open(&dir.join(MOMENTUM_FILE))?;
        let mut failure = None;
        let loaded = self
            .encoder
            .load(&mut |name| file.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok());
        failure.map_or(Ok(()), Err)?;
        loaded?;
        let path = dir.join(QUEUES_FILE);
        let file = TensorFile::open(&path)?;
        for (&name, queue) in &mut self.queues {
            let keys = file.get(name)?.data;
            if !queue.restore(&keys, identities.get(name).map_or(&[], Vec::as_slice)) {
                return Err(Error::damaged(&path, format!("expected keys of the {name} queue, one an identity")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use jove_core::{EntityId, ModelConfig, Seed};
    use jove_model::PackedBatch;

    use super::*;
    use crate::objective::contrast::LinkTargets;
    use crate::objective::translation::{TranslationForm, TranslationTargets};

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
        *batch.entry(Objective::Link) =
            LinkTargets { descriptions: vec![5..7, 9..11], entities, ..LinkTargets::default() };
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

    /// Without momentum the key encoder is the model, so a queue that holds a batch holds what the model makes of it: the
    /// contrast is that of a batch with these descriptions.
    #[test]
    fn without_momentum_the_queue_holds_what_the_model_makes_of_the_batch() {
        let (model, batch, objectives) = (model(), batch(), objectives(1.0, 3));
        let mut memory = ContrastiveState::new(&objectives, &model).unwrap();
        memory.update(&objectives, &model, std::slice::from_ref(&batch)).unwrap();
        let mut builder = PackedBatch::builder(model.config());
        for bounds in batch.cu_seqlens.windows(2) {
            builder.push(&batch.tokens[bounds[0]..bounds[1]]).unwrap();
        }
        let pooled = Cpu::span_mean(model.hidden(&builder.build()).unwrap(), &[(5, 7), (9, 11)]).unwrap();
        let keys = model.link.as_ref().unwrap().descriptions(pooled).unwrap();
        let expected = Cpu::l2_normalize(keys).unwrap().as_vec();
        let found = &memory.keys(model.device()).unwrap()["link"];
        assert!(found.keys.as_vec().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
        assert_eq!(found.identities, [30, 31]);
        memory.update(&objectives, &model, &[batch]).unwrap();
        assert_eq!(memory.identities()["link"], [31, 30, 31], "three are kept");
    }

    #[test]
    fn translations_are_remembered_in_pairs() {
        let model = model();
        let mut batch = batch();
        batch.push([1, 11, 2], |_| 0);
        *batch.entry(Objective::Translation) =
            TranslationTargets { sources: vec![1..3, 9..11], targets: vec![5..7, 13..14], texts: vec![(7, 8), (9, 7)] };
        let mut objectives = objectives(0.0, 9);
        (objectives.translation.weight, objectives.translation.queue) = (1.0, 3);
        assert!(ContrastiveState::new(&objectives, &model).is_none(), "the form in the batch remembers nothing");
        objectives.translation.form = TranslationForm::Xlco;
        let mut memory = ContrastiveState::new(&objectives, &model).unwrap();
        for _ in 0..2 {
            memory.update(&objectives, &model, std::slice::from_ref(&batch)).unwrap();
        }
        assert_eq!(memory.identities()["translation-sources"], [9, 7, 9]);
        assert_eq!(memory.identities()["translation-targets"], [7, 8, 7]);
        let keys = memory.keys(model.device()).unwrap();
        let (first, second) = (&keys["translation-sources"], &keys["translation-targets"]);
        assert_eq!([&first.identities, &second.identities], [&[9, 7, 9], &[7, 8, 7]]);
        let ranges = [5..7, 13..14];
        let expected = Cpu::l2_normalize(memory.encoder.pooled(&batch, &ranges, None).unwrap()).unwrap().as_vec();
        assert!(second.keys.as_vec()[8..].iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn there_is_a_memory_only_where_something_is_remembered() {
        let model = model();
        assert!(ContrastiveState::new(&objectives(1.0, 0), &model).is_none());
        assert!(ContrastiveState::new(&objectives(0.0, 9), &model).is_none());
    }
}
