//! Small models for the tests.

use jove_checkpoint::{NamedTensor, TensorSpec, optional_tensors, required_tensors};
use jove_core::{ModelConfig, Purpose, Seed};
use rand::RngExt as _;

pub(crate) fn bert() -> ModelConfig {
    ModelConfig { max_position_embeddings: 12, ..ModelConfig::bert(23, 8, 2, 2, 16) }
}

pub(crate) fn xlm_roberta() -> ModelConfig {
    ModelConfig { max_position_embeddings: 14, ..ModelConfig::xlm_roberta(23, 8, 2, 2, 16) }
}

pub(crate) fn random(spec: TensorSpec, seed: u64) -> NamedTensor<'static> {
    let mut rng = Seed(seed).rng(Purpose::Init, 0, 0);
    let values: Vec<f32> = (0..spec.count().unwrap()).map(|_| rng.random_range(-1.0..1.0)).collect();
    NamedTensor::new(spec.name, spec.shape, values).unwrap()
}

/// Encoder and head with random values.
pub(crate) fn model(config: &ModelConfig) -> Vec<NamedTensor<'static>> {
    required_tensors(config).into_iter().zip(0..).map(|(spec, seed)| random(spec, seed)).collect()
}

/// That with the pooler and the next-sentence head.
pub(crate) fn pretraining_model(config: &ModelConfig) -> Vec<NamedTensor<'static>> {
    let mut tensors = model(config);
    tensors.extend(optional_tensors(config).into_iter().zip(1000..).map(|(spec, seed)| random(spec, seed)));
    tensors
}
