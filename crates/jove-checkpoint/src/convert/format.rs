//! The formats of checkpoints.

/// A format of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Hugging Face: `config.json`, safetensors (or `pytorch_model.bin`, read only), a tokenizer's files.
    Hf,
    /// UER-Py: `model.bin`, UER's `config.json`, `vocab.txt`.
    Uer,
    /// TensorFlow: `bert_model.ckpt.*`, `bert_config.json`, `vocab.txt`.
    Tf,
}

/// Names of the files in a UER folder.
pub(super) const UER_WEIGHTS: &str = "model.bin";

/// The prefix of the files in a TensorFlow folder.
pub(super) const TF_PREFIX: &str = "bert_model.ckpt";
