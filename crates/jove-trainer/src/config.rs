//! What a run file says about training.

use std::collections::BTreeMap;

use jove_core::Seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, check};
use crate::loop_options::LoopOptions;
use crate::objective::Objectives;
use crate::objective::kind::Objective;
use jove_objectives::Device;

/// How to train: length, batches, optimizer, objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TrainConfig {
    /// Where the arithmetic is done, `cpu` or `cuda`.
    pub device: Device,
    /// The number all randomness of training comes from. Where a run file gives `seeds`, one of them.
    pub seed: Seed,
    /// Length of the run in optimizer steps. Give either `steps` or `tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Length of the run in tokens read by the model, special tokens, descriptions and pairs included; rounded up to
    /// whole steps. Give either `steps` or `tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// The most tokens in one forward pass, special tokens included.
    pub batch_tokens: usize,
    /// Forward passes whose gradients are summed into one optimizer step.
    #[serde(alias = "accumulation")]
    pub gradient_accumulation_steps: usize,
    /// The longest sequence in tokens, special tokens included; of a longer text a random crop is read, another one in every
    /// epoch. So it is for the longer sides of a translation pair, each by itself; a warning counts such pairs.
    pub max_length: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f64,
    /// Part of the steps over which the learning rate rises linearly from 0; after it the rate falls linearly to 0;
    /// in [0, 1).
    pub warmup: f64,
    /// Decoupled weight decay, on every parameter but biases and layer norms.
    pub weight_decay: f64,
    /// Decay rates of AdamW's two moments, each in [0, 1).
    pub betas: [f64; 2],
    /// Added to the root of AdamW's second moment.
    pub epsilon: f64,
    /// The largest global gradient norm; larger gradients are scaled down to it; 0 is no limit.
    #[serde(alias = "clip")]
    pub max_grad_norm: f64,
    /// Whether the intermediate activations of each layer are computed again in the backward pass instead of kept: less
    /// memory, more time, the same numbers; only the CPU heeds it.
    #[serde(alias = "recompute")]
    pub gradient_checkpointing: bool,
    /// Whether activations are dropped with the model's probabilities.
    pub dropout: bool,
    /// Optimizer steps between two checkpoints; 0 saves only at the end or when interrupted.
    pub save_every: u64,
    /// Optimizer steps between two lines of `metrics.jsonl`.
    pub log_every: u64,
    /// Lines of `metrics.jsonl` from one that reports each objective's share in the encoder's gradient to the next; measuring
    /// it takes as long as one more step for every objective and changes nothing else; 0 is never; runs of one objective
    /// never do.
    pub gradient_share_every: u64,
    /// Exponent on a language's share of the examples when sampling: 1 keeps the corpus as it is, 0 makes all languages
    /// equal; in [0, 1]. (Unsupervised Cross-lingual Representation Learning at Scale, arXiv 1911.02116.)
    pub language_exponent: f64,
    /// What is learned, and with what weight.
    pub objectives: Objectives,
}

impl Default for TrainConfig {
    fn default() -> Self {
        let shared = LoopOptions::default();
        Self {
            device: Device::Cpu,
            seed: shared.seed,
            steps: None,
            tokens: None,
            batch_tokens: 4096,
            gradient_accumulation_steps: shared.gradient_accumulation_steps,
            max_length: 128,
            learning_rate: shared.learning_rate,
            warmup: shared.warmup,
            weight_decay: shared.weight_decay,
            betas: shared.betas,
            epsilon: shared.epsilon,
            max_grad_norm: shared.max_grad_norm,
            gradient_checkpointing: shared.gradient_checkpointing,
            dropout: shared.dropout,
            save_every: shared.save_every,
            log_every: shared.log_every,
            gradient_share_every: shared.gradient_share_every,
            language_exponent: 0.3,
            objectives: Objectives::default(),
        }
    }
}

impl TrainConfig {
    /// How many optimizer steps the run takes; 0 where neither `steps` nor `tokens` is given.
    pub fn total_steps(&self) -> u64 {
        let per_step = (self.batch_tokens as u64).saturating_mul(self.gradient_accumulation_steps as u64).max(1);
        self.steps.or(self.tokens.map(|tokens| tokens.div_ceil(per_step))).unwrap_or(0)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// `Error::Config` names the first field that is invalid, what it may be and what it is.
    pub fn validate(&self) -> Result<(), Error> {
        match (self.steps, self.tokens) {
            (Some(_), Some(_)) => return Err(Error::config("steps", "either steps or tokens", "both")),
            (None, None) => return Err(Error::config("steps", "either steps or tokens", "neither")),
            _ => self.loop_options().validate()?,
        }
        check("max-length", "8 or more tokens", self.max_length, self.max_length >= 8)?;
        let room = 2 * self.max_length;
        let fits = (room..=1 << 24).contains(&self.batch_tokens);
        check("batch-tokens", format!("{room} (twice max-length) to {}", 1 << 24), self.batch_tokens, fits)?;
        let exponent = self.language_exponent;
        check("language-exponent", "0 to 1", exponent, (0.0..=1.0).contains(&exponent))?;
        self.objectives.validate()?;
        self.validate_budgets()
    }

    /// Each kind of sequence needs room for the fewest that make sense, at their longest.
    fn validate_budgets(&self) -> Result<(), Error> {
        let budgets = TokenBudgets::of(self);
        for (objective, &room) in &budgets.tokens {
            let name = if *objective == Objective::Mlm { "texts" } else { objective.name() };
            let least = self.objectives.rules(*objective).tokens_min(self.max_length);
            let expected = format!("enough for {name} to have {least} tokens of each batch");
            check("batch-tokens", expected, room, room >= least)?;
        }
        Ok(())
    }

    /// The settings of the training loop.
    pub fn loop_options(&self) -> LoopOptions {
        LoopOptions {
            seed: self.seed,
            steps: self.total_steps(),
            gradient_accumulation_steps: self.gradient_accumulation_steps,
            learning_rate: self.learning_rate,
            warmup: self.warmup,
            weight_decay: self.weight_decay,
            betas: self.betas,
            epsilon: self.epsilon,
            max_grad_norm: self.max_grad_norm,
            gradient_checkpointing: self.gradient_checkpointing,
            dropout: self.dropout,
            save_every: self.save_every,
            log_every: self.log_every,
            gradient_share_every: self.gradient_share_every,
        }
    }

    /// A digest of everything that a step's outcome depends on: all fields but those on saving and logging.
    pub(crate) fn fingerprint(&self) -> String {
        let settings = Self {
            save_every: 0,
            log_every: 1,
            gradient_share_every: 0,
            gradient_checkpointing: false,
            ..self.clone()
        };
        let text = serde_json::to_string(&settings).expect("settings are plain data");
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// Tokens of a batch that the sequences of each objective may take; without those that have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenBudgets {
    pub(crate) tokens: BTreeMap<Objective, usize>,
}

impl TokenBudgets {
    /// What the run file says; texts, which masked language modelling adds, take what the others leave. Without objectives
    /// on texts the others take the whole batch.
    pub(crate) fn of(config: &TrainConfig) -> Self {
        let objectives = &config.objectives;
        let texts = objectives.needs_text();
        let sum: f64 = Objective::ALL.into_iter().map(|objective| objectives.fraction(objective)).sum();
        let scale = if texts { 1.0 } else { 1.0 / sum };
        let mut tokens = BTreeMap::new();
        for objective in Objective::ALL {
            let fraction = objectives.fraction(objective);
            if fraction > 0.0 {
                tokens.insert(objective, (config.batch_tokens as f64 * fraction * scale).floor() as usize);
            }
        }
        if texts {
            tokens.insert(Objective::Mlm, config.batch_tokens.saturating_sub(tokens.values().sum()));
        }
        Self { tokens }
    }

    /// Those of an objective; 0 where it has none.
    pub(crate) fn get(&self, objective: Objective) -> usize {
        self.tokens.get(&objective).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> TrainConfig {
        TrainConfig { steps: Some(10), ..TrainConfig::default() }
    }

    #[test]
    fn tokens_become_whole_steps() {
        let config = TrainConfig {
            tokens: Some(10_000),
            batch_tokens: 1000,
            gradient_accumulation_steps: 3,
            ..Default::default()
        };
        assert_eq!(config.total_steps(), 4);
        assert_eq!(sound().total_steps(), 10);
    }

    type Fault = (&'static str, fn(&mut TrainConfig));

    #[test]
    fn faults_are_named() {
        let faults: [Fault; 10] = [
            ("steps", |c| c.tokens = Some(5)),
            ("steps", |c| c.steps = None),
            ("steps", |c| c.steps = Some(0)),
            ("gradient-accumulation-steps", |c| c.gradient_accumulation_steps = 0),
            ("batch-tokens", |c| c.batch_tokens = 100),
            ("learning-rate", |c| c.learning_rate = f64::NAN),
            ("warmup", |c| c.warmup = 1.0),
            ("betas", |c| c.betas = [0.9, 1.0]),
            ("max-grad-norm", |c| c.max_grad_norm = -1.0),
            ("language-exponent", |c| c.language_exponent = 2.0),
        ];
        sound().validate().unwrap();
        for (field, break_it) in faults {
            let mut config = sound();
            break_it(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.starts_with(&format!("train.{field}:")), "{message}");
        }
    }

    #[test]
    fn unknown_fields_are_refused_and_fields_come_back() {
        assert!(serde_json::from_str::<TrainConfig>(r#"{"step": 3}"#).is_err());
        let text = serde_json::to_string(&sound()).unwrap();
        assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), sound());
    }

    #[test]
    fn former_keys_are_read_and_the_new_ones_written() {
        let former = r#"{"accumulation": 3, "clip": 2.0, "recompute": true, "objectives": {"link": {"share": 0.1}}}"#;
        let config: TrainConfig = serde_json::from_str(former).unwrap();
        assert_eq!(config.gradient_accumulation_steps, 3);
        assert!(config.gradient_checkpointing && config.max_grad_norm > 1.5);
        let text = serde_json::to_string(&config).unwrap();
        for key in ["gradient-accumulation-steps", "max-grad-norm", "gradient-checkpointing", "token-fraction"] {
            assert!(text.contains(&format!("\"{key}\"")), "{text}");
        }
        assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), config);
    }

    #[test]
    fn only_what_changes_the_outcome_is_in_the_fingerprint() {
        let base = sound().fingerprint();
        assert_eq!(TrainConfig { save_every: 7, log_every: 3, gradient_share_every: 1, ..sound() }.fingerprint(), base);
        assert_ne!(TrainConfig { seed: Seed(2), ..sound() }.fingerprint(), base);
        assert_ne!(TrainConfig { steps: Some(11), ..sound() }.fingerprint(), base);
    }
}
