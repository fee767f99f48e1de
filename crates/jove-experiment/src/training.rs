//! Training alone, without probes and report: `jove train`.

use std::path::PathBuf;

use jove_core::{Layout, ModelConfig, Progress};
use jove_corpus::Tokenizer;
use jove_model::{BatchShape, MemoryEstimate, parameter_count};
use jove_objectives::Device;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::execute::prepare;
use crate::files::read_json;
use crate::initial_checkpoint::InitialCheckpoint;
use crate::memory::{self, Bound, in_words};
use crate::run::Run;
use crate::stage::{StageContext, train};
use crate::variant::Variant;

/// One trained variant.
#[derive(Clone, Debug, Serialize)]
pub struct TrainedVariant {
    /// The variant.
    pub variant: String,
    /// The seed.
    pub seed: u64,
    /// The Hugging Face folder.
    pub checkpoint: PathBuf,
    /// Parameters of the model.
    pub parameters: u64,
    /// Tokens read.
    pub tokens: u64,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// The resources that training a variant needs; memory in bytes.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The variant.
    pub variant: String,
    /// Parameters of encoder and masked-language-model head, counted.
    pub parameters: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// The most tokens in a batch.
    pub batch_tokens: usize,
    /// Weights.
    pub weights_bytes: u64,
    /// Gradients.
    pub gradient_bytes: u64,
    /// AdamW's two moments.
    pub optimizer_bytes: u64,
    /// The momentum encoder and its queues; 0 where no objective has a queue.
    pub memory_bytes: u64,
    /// Activations, at their most.
    pub activation_bytes: u64,
    /// A copy of the largest parameter, which is made when a checkpoint is written.
    pub saving_bytes: u64,
    /// The batches of a step, which are made before the first of them is read.
    pub batch_bytes: u64,
    /// What reading the vocabulary leaves behind.
    pub vocabulary_bytes: u64,
    /// The expected peak of memory, that of the program itself included.
    pub peak_bytes: u64,
}

/// Bytes of a token in a batch that waits to be read: its piece, its segment, and what masks and links say of it.
const TOKEN_BYTES: u64 = 24;

/// Fewer pieces than any vocabulary has.
const PIECES_MIN: usize = 16;

/// Bytes of memory that a piece of a vocabulary takes, by its layout, measured over 250,002 and 501,153 pieces.
fn vocabulary_bytes(layout: Layout, pieces: usize) -> u64 {
    let piece = match layout {
        Layout::Bert => 240,
        Layout::XlmRoberta => 900,
    };
    piece * pieces as u64
}

impl Plan {
    /// The settings that make the plan larger than `bytes`.
    fn too_large(&self, bytes: u64, has_checkpoint: bool) -> &'static str {
        if self.weights_bytes.saturating_mul(4) > bytes {
            if has_checkpoint { "the size of the model under model.from" } else { "model.layers and model.hidden-size" }
        } else if self.memory_bytes > self.activation_bytes {
            "the queues under train.objectives"
        } else if self.batch_bytes > self.activation_bytes {
            "train.gradient-accumulation-steps"
        } else {
            "train.batch-tokens"
        }
    }

    fn check(&self, bound: Option<Bound>, has_checkpoint: bool) -> Result<()> {
        match bound.filter(|bound| self.peak_bytes > bound.bytes) {
            None => Ok(()),
            Some(bound) => Err(Error::Memory {
                variant: self.variant.clone(),
                needed: in_words(self.peak_bytes),
                bound: format!("{}, {}", in_words(bound.bytes), bound.what),
                setting: self.too_large(bound.bytes, has_checkpoint),
            }),
        }
    }
}

impl Run {
    /// Refuses variants that no memory of this machine holds, before anything is read; what a vocabulary adds, which may not be
    /// known yet, is left out.
    pub(crate) fn check_memory(&self, initial: Option<&InitialCheckpoint>) -> Result<()> {
        let bound = memory::total();
        self.variants.iter().filter(|variant| variant.train.device == Device::Cpu).try_for_each(|variant| {
            let config = self.planned(variant, initial, PIECES_MIN);
            Self::plan_for(variant, &config, 0).check(bound, initial.is_some())
        })
    }

    /// Refuses a variant that does not fit into the memory that is free now.
    pub(crate) fn check_free_memory(
        &self,
        variant: &Variant,
        initial: Option<&InitialCheckpoint>,
        pieces: usize,
    ) -> Result<()> {
        if variant.train.device != Device::Cpu {
            return Ok(());
        }
        // The vocabulary has been read by now.
        Self::plan_for(variant, &self.planned(variant, initial, pieces), 0)
            .check(memory::available(), initial.is_some())
    }

    /// The shape of a variant's model: the checkpoint's, or that of the settings over so many pieces.
    fn planned(&self, variant: &Variant, initial: Option<&InitialCheckpoint>, pieces: usize) -> ModelConfig {
        initial.map_or_else(|| self.model_config(variant.layout, pieces), |initial| initial.config.clone())
    }

    /// Trains the named variants, or all where none is named, after the stages that they need; finished stages are skipped.
    ///
    /// # Errors
    /// As [`Run::execute`]; also where a name is not in the run file.
    pub fn train(&self, names: &[String], progress: &dyn Progress) -> Result<Vec<TrainedVariant>> {
        let variants = self.named(names)?;
        let cache = self.cache(progress);
        let work = StageContext::new(self, &cache, progress)?;
        let folder = self.results();
        std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
        let prepared = prepare(&work)?;
        let mut trained = Vec::new();
        for &seed in &self.file.seeds {
            for &variant in &variants {
                let stage = train::train(&work, variant, seed, &prepared)?;
                let summary: train::Summary = read_json(&stage, train::SUMMARY)?;
                trained.push(TrainedVariant {
                    variant: variant.name.clone(),
                    seed,
                    checkpoint: stage.file("checkpoint"),
                    parameters: summary.parameters,
                    tokens: summary.tokens,
                    seconds: summary.seconds,
                });
            }
        }
        Ok(trained)
    }

    /// The resources that training needs; reads nothing but a vocabulary or checkpoint that the run file names. A vocabulary
    /// that is still to be trained counts with its full size.
    ///
    /// # Errors
    /// Where a name is not in the run file, or a vocabulary or checkpoint cannot be read.
    pub fn plan(&self, names: &[String]) -> Result<Vec<Plan>> {
        let (variants, initial) = (self.named(names)?, InitialCheckpoint::of(self)?);
        variants.into_iter().map(|variant| self.plan_of(variant, initial.as_ref())).collect()
    }

    fn plan_of(&self, variant: &Variant, initial: Option<&InitialCheckpoint>) -> Result<Plan> {
        let vocabularies = &self.file.tokenizers;
        let pieces = match vocabularies.path(variant.layout) {
            Some(path) => Tokenizer::load(&self.data(path))?.specials().vocab_size,
            None => vocabularies.training(variant.layout).vocab_size,
        };
        let config = self.planned(variant, initial, pieces as usize);
        Ok(Self::plan_for(variant, &config, vocabulary_bytes(variant.layout, config.vocab_size)))
    }

    /// The resources of a variant whose model has this shape.
    fn plan_for(variant: &Variant, config: &ModelConfig, vocabulary_bytes: u64) -> Plan {
        let train = &variant.train;
        // Pairs are masked by the same budget, and descriptions and contrasts not at all: the most there can be.
        let masked = (train.batch_tokens as f64 * variant.masking.budget).ceil() as usize;
        // Contrasts read whole texts.
        let jove_trainer::Objectives { link, translation, relation, word_alignment, .. } = &train.objectives;
        let contrasts = [link.weight, translation.weight, relation.weight, word_alignment.weight];
        let read = if contrasts.iter().any(|&weight| weight > 0.0) { train.batch_tokens } else { masked };
        let shape = BatchShape { tokens: train.batch_tokens, masked, read, recompute: train.gradient_checkpointing };
        let memory = MemoryEstimate::new(config, &shape);
        let memory_bytes = train.objectives.memory_bytes(config);
        let tokens = (train.batch_tokens as u64).saturating_mul(train.gradient_accumulation_steps as u64);
        let batch_bytes = tokens.saturating_mul(TOKEN_BYTES);
        Plan {
            variant: variant.name.clone(),
            parameters: parameter_count(config),
            steps: train.total_steps(),
            batch_tokens: train.batch_tokens,
            weights_bytes: memory.parameters,
            gradient_bytes: memory.gradients,
            optimizer_bytes: memory.optimizer,
            activation_bytes: memory.activations,
            memory_bytes,
            saving_bytes: memory.saving,
            batch_bytes,
            vocabulary_bytes,
            peak_bytes: [memory_bytes, batch_bytes, vocabulary_bytes]
                .into_iter()
                .fold(memory.total(), u64::saturating_add),
        }
    }

    fn named(&self, names: &[String]) -> Result<Vec<&Variant>> {
        if names.is_empty() {
            return Ok(self.variants.iter().collect());
        }
        names.iter().map(|name| self.variant(name)).collect()
    }
}
