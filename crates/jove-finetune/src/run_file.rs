//! What a run file of fine-tuning says.

use std::path::PathBuf;

use jove_core::InvalidSetting;
use jove_objectives::{Device, Pooling};
use jove_tasks::{Recipe, TaskOptions};
use jove_trainer::LoopOptions;
use serde::{Deserialize, Serialize};

/// A run file of fine-tuning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FineTuneFile {
    /// Where results go. Relative paths of the file start at its folder.
    pub output: PathBuf,
    /// Where the paths of the task start. Default: the run file's folder.
    #[serde(default)]
    pub root: PathBuf,
    /// One training for each. Default: 1, 2 and 3.
    #[serde(default = "default_seeds")]
    pub seeds: Vec<u64>,
    /// Whether the majority and n-grams are scored too. Default: yes.
    #[serde(default = "default_true")]
    pub baselines: bool,
    /// The task and its files.
    pub task: TaskOptions,
    /// The models that are fine-tuned, each in the same way.
    #[serde(default)]
    pub models: Vec<ModelOptions>,
    /// How they are fine-tuned.
    #[serde(default)]
    pub train: FineTuneOptions,
}

fn default_seeds() -> Vec<u64> {
    vec![1, 2, 3]
}

fn default_true() -> bool {
    true
}

/// A model that is fine-tuned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelOptions {
    /// Its name in the table, and of its folder.
    pub name: String,
    /// A Hugging Face folder with a tokenizer, such as a checkpoint of `jove run` or the output of `jove import`.
    pub checkpoint: PathBuf,
}

/// How models are fine-tuned. Where a default is the task's, it is that of CLUE's published baselines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FineTuneOptions {
    /// Where the arithmetic is done, `cpu` or `cuda`.
    pub device: Device,
    /// How often the training examples are read. Default: the task's.
    pub epochs: Option<f64>,
    /// Examples of one optimizer step. Default: the task's.
    pub batch_size: Option<usize>,
    /// The most tokens in one forward pass; a step of more takes several passes.
    pub batch_tokens: usize,
    /// The longest example in tokens, special tokens included; of longer ones the rest is left out. Default: the task's, or the
    /// longest that the model reads.
    pub max_length: Option<usize>,
    /// Peak learning rate of AdamW. Default: the task's.
    pub learning_rate: Option<f64>,
    /// Part of the steps over which the learning rate rises linearly from 0; after it the rate falls linearly to 0; in [0, 1).
    pub warmup: f64,
    /// Decoupled weight decay, on every parameter but biases and layer norms.
    pub weight_decay: f64,
    /// Decay rates of AdamW's two moments, each in [0, 1).
    pub betas: [f64; 2],
    /// Added to the root of AdamW's second moment.
    pub epsilon: f64,
    /// The largest global gradient norm; 0 is no limit.
    pub max_grad_norm: f64,
    /// Whether activations are dropped with the model's probabilities, and before the head with that of hidden states.
    pub dropout: bool,
    /// How one vector is made of a text or pair for the head: `first`, the first token, or `mean`; of no effect for entities.
    pub pooling: Pooling,
    /// Whether the encoder stays as it is and the head alone is trained.
    pub frozen: bool,
    /// What a layer's learning rate is multiplied by, from that of the layer after it, in (0, 1].
    pub layer_decay: f64,
    /// What the head's learning rate is multiplied by.
    pub head_rate: f64,
    /// How often a model is measured on `dev` in an epoch; the best one is kept.
    pub evaluations: u64,
    /// Measurements in a row without a better one after which a training ends; 0 is never.
    pub patience: usize,
    /// Optimizer steps between two checkpoints to resume from; 0 saves only where a model is measured.
    pub save_every: u64,
    /// Optimizer steps between two lines of `metrics.jsonl`.
    pub log_every: u64,
}

impl Default for FineTuneOptions {
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            epochs: None,
            batch_size: None,
            batch_tokens: 4096,
            max_length: None,
            learning_rate: None,
            warmup: 0.1,
            weight_decay: 0.01,
            betas: [0.9, 0.999],
            epsilon: 1e-6,
            max_grad_norm: 1.0,
            dropout: true,
            pooling: Pooling::First,
            frozen: false,
            layer_decay: 1.0,
            head_rate: 1.0,
            evaluations: 1,
            patience: 0,
            save_every: 500,
            log_every: 10,
        }
    }
}

impl FineTuneOptions {
    /// Examples of one optimizer step.
    pub(crate) fn batch_size(&self, recipe: &Recipe) -> usize {
        self.batch_size.unwrap_or(recipe.batch_size)
    }

    /// The steps after which a model is measured, ascending; the last is the end.
    ///
    /// # Errors
    /// Where the length is invalid.
    pub(crate) fn measured_at(&self, examples: usize, recipe: &Recipe) -> Result<Vec<u64>, InvalidSetting> {
        let (epochs, batch) = (self.epochs.unwrap_or(recipe.epochs), self.batch_size(recipe));
        let sound = epochs.is_finite() && epochs > 0.0 && epochs <= 1e6;
        InvalidSetting::check(sound, "train.epochs", "a number above 0 and up to 1000000", epochs)?;
        InvalidSetting::check((1..=65536).contains(&batch), "train.batch-size", "1 to 65536", batch)?;
        let evaluations = self.evaluations;
        InvalidSetting::check((1..=1000).contains(&evaluations), "train.evaluations", "1 to 1000", evaluations)?;
        let total = (epochs * examples as f64 / batch as f64).ceil().max(1.0) as u64;
        let count = (epochs * evaluations as f64).ceil() as u64;
        let steps = |at: u64| (at as f64 / evaluations as f64 * examples as f64 / batch as f64).ceil() as u64;
        let mut measured: Vec<u64> = (1..=count).map(|at| steps(at).clamp(1, total)).chain([total]).collect();
        measured.dedup();
        Ok(measured)
    }

    /// The settings of the training loop of a run of so many steps.
    pub(crate) fn loop_options(&self, steps: u64, seed: u64, recipe: &Recipe) -> LoopOptions {
        LoopOptions {
            seed: jove_core::Seed(seed),
            steps,
            gradient_accumulation_steps: self.batch_size(recipe),
            learning_rate: self.learning_rate.unwrap_or(recipe.learning_rate),
            warmup: self.warmup,
            weight_decay: self.weight_decay,
            betas: self.betas,
            epsilon: self.epsilon,
            max_grad_norm: self.max_grad_norm,
            gradient_checkpointing: false,
            dropout: self.dropout,
            save_every: self.save_every,
            log_every: self.log_every,
            gradient_share_every: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use jove_tasks::Task;

    use super::*;

    #[test]
    fn a_model_is_measured_at_even_steps_and_at_the_end() {
        let check = |epochs, evaluations, examples, expected: &[u64]| {
            let options =
                FineTuneOptions { epochs: Some(epochs), evaluations, batch_size: Some(16), ..Default::default() };
            assert_eq!(options.measured_at(examples, &Task::Afqmc.recipe()).unwrap(), expected);
        };
        check(3.0, 1, 160, &[10, 20, 30]);
        check(1.0, 2, 165, &[6, 11]);
        check(0.25, 1, 160, &[3]);
        check(2.5, 1, 160, &[10, 20, 25]);
        check(3.0, 1, 1, &[1]);
        let bad = FineTuneOptions { epochs: Some(f64::NAN), ..Default::default() };
        let message = bad.measured_at(1, &Task::Afqmc.recipe()).unwrap_err().to_string();
        assert!(message.starts_with("train.epochs: expected a number above 0"), "{message}");
    }
}
