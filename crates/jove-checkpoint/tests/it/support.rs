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

/// A file that PyTorch or TensorFlow wrote; `experiments/interop/make_fixtures.py` made it.
pub(crate) fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The tensors of the fixtures: k / 8 for k = 0, 1, 2, ….
pub(crate) fn fixture_tensors() -> Vec<NamedTensor<'static>> {
    let shapes: [(&str, &[usize]); 12] = [
        ("bert/embeddings/word_embeddings", &[7, 4]),
        ("bert/embeddings/LayerNorm/gamma", &[4]),
        ("bert/embeddings/LayerNorm/beta", &[4]),
        ("bert/encoder/layer_0/attention/self/query/kernel", &[4, 4]),
        ("bert/encoder/layer_0/attention/self/query/bias", &[4]),
        ("bert/encoder/layer_10/output/dense/kernel", &[8, 4]),
        ("bert/encoder/layer_2/output/dense/kernel", &[8, 4]),
        ("cls/predictions/output_bias", &[7]),
        ("cls/seq_relationship/output_weights", &[2, 4]),
        ("empty", &[0, 3]),
        ("scalar", &[]),
        ("zz/词", &[2]),
    ];
    shapes.into_iter().map(|(name, shape)| counted(name, shape)).collect()
}

pub(crate) fn counted(name: &str, shape: &[usize]) -> NamedTensor<'static> {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|value| value as f32 / 8.0).collect();
    NamedTensor::new(name, shape, values).unwrap()
}
