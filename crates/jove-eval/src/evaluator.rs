//! Probes of a model on a device that is chosen at run time.

use std::path::PathBuf;

use jove_core::{EntityId, Lang, ModelConfig, Progress, Seed, SpecialTokens, TokenId, TokenizedText};
use jove_model::{Backend, Cpu};
use jove_objectives::{Device, Model};

use crate::answer::Answer;
use crate::bitext_retrieval::BitextAnswers;
use crate::cloze::ClozeItem;
use crate::entity_typing::TypingItems;
use crate::error::Error;
use crate::mention::MentionItem;
use crate::mention_items::MentionQuestion;
use crate::mention_retrieval::{Comparison, DescriptionVectors};
use crate::perplexity::Perplexity;
use crate::probe::{Probe, ProbeOptions};

/// The probes of a model, whatever its device.
pub trait Evaluator {
    /// See [`Probe::cloze`].
    ///
    /// # Errors
    /// As there.
    fn cloze(&self, items: &[ClozeItem]) -> Result<Vec<Answer>, Error>;

    /// See [`Probe::prior_corrected_cloze`].
    ///
    /// # Errors
    /// As there.
    fn prior_corrected_cloze(&self, items: &[ClozeItem]) -> Result<Vec<Answer>, Error>;

    /// See [`Probe::describe`].
    ///
    /// # Errors
    /// As there.
    fn describe(
        &self,
        descriptions: &[(EntityId, Lang, Vec<TokenId>)],
        comparison: Comparison,
    ) -> Result<DescriptionVectors, Error>;

    /// See [`Probe::mention_retrieval`].
    ///
    /// # Errors
    /// As there.
    fn mention_retrieval(
        &self,
        items: &[(MentionItem, &MentionQuestion)],
        described: &DescriptionVectors,
    ) -> Result<Vec<Answer>, Error>;

    /// See [`Probe::entity_typing`].
    ///
    /// # Errors
    /// As there.
    fn entity_typing(&self, items: &TypingItems) -> Result<Vec<Answer>, Error>;

    /// See [`Probe::bitext_retrieval`].
    ///
    /// # Errors
    /// As there.
    fn bitext_retrieval(&self, pairs: &[(TokenizedText, TokenizedText)]) -> Result<BitextAnswers, Error>;

    /// See [`Probe::pseudo_perplexity`].
    ///
    /// # Errors
    /// As there.
    fn pseudo_perplexity(&self, texts: &[(u64, TokenizedText)], seed: Seed) -> Result<Vec<Perplexity>, Error>;
}

/// The weights that are probed.
#[derive(Clone, Debug)]
pub enum Weights {
    /// Those of a trained checkpoint, with its heads.
    Trained(PathBuf),
    /// Those that training would start with: of a checkpoint whose heads may be missing.
    Starting(PathBuf, Seed),
    /// Random ones, of a model of this shape.
    Random(ModelConfig, Seed),
}

/// Puts a model onto a device.
///
/// # Errors
/// Where the device is not available, or the checkpoint is missing or damaged.
pub fn open<'a>(
    weights: &Weights,
    device: Device,
    specials: SpecialTokens,
    options: ProbeOptions,
    progress: &'a dyn Progress,
) -> Result<Box<dyn Evaluator + 'a>, Error> {
    Ok(match device {
        Device::Cpu => Box::new(Loaded { model: model(weights, &Cpu::default())?, specials, options, progress }),
        Device::Cuda => {
            Box::new(Loaded { model: model(weights, &jove_objectives::cuda()?)?, specials, options, progress })
        }
    })
}

fn model<D: Backend>(weights: &Weights, device: &D) -> Result<Model<D>, Error> {
    Ok(match weights {
        Weights::Trained(path) => Model::open(path, device)?,
        Weights::Starting(path, seed) => Model::start(path, device, *seed)?,
        Weights::Random(config, seed) => Model::new(config, device, *seed)?,
    })
}

/// A model that is owned, with the arguments of its [`Probe`].
struct Loaded<'a, D: Backend> {
    model: Model<D>,
    specials: SpecialTokens,
    options: ProbeOptions,
    progress: &'a dyn Progress,
}

impl<D: Backend> Loaded<'_, D> {
    fn probe(&self) -> Probe<'_, D> {
        Probe::new(&self.model, self.specials, self.options, self.progress)
    }
}

impl<D: Backend> Evaluator for Loaded<'_, D> {
    fn cloze(&self, items: &[ClozeItem]) -> Result<Vec<Answer>, Error> {
        self.probe().cloze(items)
    }

    fn prior_corrected_cloze(&self, items: &[ClozeItem]) -> Result<Vec<Answer>, Error> {
        self.probe().prior_corrected_cloze(items)
    }

    fn describe(
        &self,
        descriptions: &[(EntityId, Lang, Vec<TokenId>)],
        comparison: Comparison,
    ) -> Result<DescriptionVectors, Error> {
        self.probe().describe(descriptions, comparison)
    }

    fn mention_retrieval(
        &self,
        items: &[(MentionItem, &MentionQuestion)],
        described: &DescriptionVectors,
    ) -> Result<Vec<Answer>, Error> {
        self.probe().mention_retrieval(items, described)
    }

    fn entity_typing(&self, items: &TypingItems) -> Result<Vec<Answer>, Error> {
        self.probe().entity_typing(items)
    }

    fn bitext_retrieval(&self, pairs: &[(TokenizedText, TokenizedText)]) -> Result<BitextAnswers, Error> {
        self.probe().bitext_retrieval(pairs)
    }

    fn pseudo_perplexity(&self, texts: &[(u64, TokenizedText)], seed: Seed) -> Result<Vec<Perplexity>, Error> {
        self.probe().pseudo_perplexity(texts, seed)
    }
}
