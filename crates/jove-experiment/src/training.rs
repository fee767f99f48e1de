//! Training alone, without probes and report: `jove train`.

use std::path::PathBuf;

use jove_core::{Layout, Progress};
use jove_corpus::Tokenizer;
use jove_model::{BatchShape, MemoryEstimate, parameter_count};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::execute::prepare;
use crate::files::read_json;
use crate::initial_checkpoint::InitialCheckpoint;
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
    /// The expected peak of memory, that of the program itself included.
    pub peak_bytes: u64,
}

impl Run {
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
        let vocabulary = match variant.layout {
            Layout::Bert => &self.file.tokenizers.bert,
            Layout::XlmRoberta => &self.file.tokenizers.xlm_roberta,
        };
        let pieces = match &vocabulary.path {
            Some(path) => Tokenizer::load(&self.data(path))?.specials().vocab_size,
            None => vocabulary.size,
        };
        let config = match initial {
            Some(initial) => initial.config.clone(),
            None => self.model_config(variant.layout, pieces as usize),
        };
        let train = &variant.train;
        // Pairs are masked by the same budget, and descriptions and contrasts not at all: the most there can be.
        let masked = (train.batch_tokens as f64 * variant.masking.budget).ceil() as usize;
        // Contrasts read whole texts.
        let jove_trainer::Objectives { link, translation, relation, word_alignment, .. } = &train.objectives;
        let contrasts = [link.weight, translation.weight, relation.weight, word_alignment.weight];
        let read = if contrasts.iter().any(|&weight| weight > 0.0) { train.batch_tokens } else { masked };
        let shape = BatchShape { tokens: train.batch_tokens, masked, read, recompute: train.gradient_checkpointing };
        let memory = MemoryEstimate::new(&config, &shape);
        let memory_bytes = train.objectives.memory_bytes(&config);
        Ok(Plan {
            variant: variant.name.clone(),
            parameters: parameter_count(&config),
            steps: train.total_steps(),
            batch_tokens: train.batch_tokens,
            weights_bytes: memory.parameters,
            gradient_bytes: memory.gradients,
            optimizer_bytes: memory.optimizer,
            activation_bytes: memory.activations,
            memory_bytes,
            peak_bytes: memory.total() + memory_bytes,
        })
    }

    fn named(&self, names: &[String]) -> Result<Vec<&Variant>> {
        if names.is_empty() {
            return Ok(self.variants.iter().collect());
        }
        names.iter().map(|name| self.variant(name)).collect()
    }
}
