//! Probes of a checkpoint on a device that is chosen at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::{EntityId, Lang, Progress, Seed, SpecialTokens, TokenizedText};
use jove_model::{Backend, Cpu};
use jove_objectives::{Descriptions, Device, Model};

use crate::bitext_retrieval::BitextScores;
use crate::cloze::ClozeItem;
use crate::entity_typing::{TypingItems, TypingScores};
use crate::error::Error;
use crate::mention_retrieval::{MentionItem, MentionScores};
use crate::perplexity::Perplexity;
use crate::probe::{Probe, ProbeOptions};
use crate::ranking::Ranking;

/// The probes of a model, whatever its device.
pub trait Evaluator {
    /// See [`Probe::cloze`].
    ///
    /// # Errors
    /// As there.
    fn cloze(&self, items: &[ClozeItem]) -> Result<Ranking, Error>;

    /// See [`Probe::mention_retrieval`].
    ///
    /// # Errors
    /// As there.
    fn mention_retrieval(
        &self,
        items: &[MentionItem],
        descriptions: &Descriptions,
        trained: &BTreeSet<EntityId>,
    ) -> Result<MentionScores, Error>;

    /// See [`Probe::entity_typing`].
    ///
    /// # Errors
    /// As there.
    fn entity_typing(&self, items: &TypingItems) -> Result<TypingScores, Error>;

    /// See [`Probe::bitext_retrieval`].
    ///
    /// # Errors
    /// As there.
    fn bitext_retrieval(&self, pairs: &[(TokenizedText, TokenizedText)]) -> Result<BitextScores, Error>;

    /// See [`Probe::pseudo_perplexity`].
    ///
    /// # Errors
    /// As there.
    fn pseudo_perplexity(
        &self,
        texts: &[(u64, TokenizedText)],
        seed: Seed,
    ) -> Result<BTreeMap<Lang, Perplexity>, Error>;
}

/// Loads a checkpoint onto a device.
///
/// # Errors
/// Where the device is not available, or the checkpoint is missing or damaged.
pub fn open<'a>(
    checkpoint: &Path,
    device: Device,
    specials: SpecialTokens,
    options: ProbeOptions,
    progress: &'a dyn Progress,
) -> Result<Box<dyn Evaluator + 'a>, Error> {
    Ok(match device {
        Device::Cpu => {
            Box::new(Loaded { model: Model::open(checkpoint, &Cpu::default())?, specials, options, progress })
        }
        Device::Cuda => {
            Box::new(Loaded { model: Model::open(checkpoint, &jove_objectives::cuda()?)?, specials, options, progress })
        }
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
    fn cloze(&self, items: &[ClozeItem]) -> Result<Ranking, Error> {
        self.probe().cloze(items)
    }

    fn mention_retrieval(
        &self,
        items: &[MentionItem],
        descriptions: &Descriptions,
        trained: &BTreeSet<EntityId>,
    ) -> Result<MentionScores, Error> {
        self.probe().mention_retrieval(items, descriptions, trained)
    }

    fn entity_typing(&self, items: &TypingItems) -> Result<TypingScores, Error> {
        self.probe().entity_typing(items)
    }

    fn bitext_retrieval(&self, pairs: &[(TokenizedText, TokenizedText)]) -> Result<BitextScores, Error> {
        self.probe().bitext_retrieval(pairs)
    }

    fn pseudo_perplexity(
        &self,
        texts: &[(u64, TokenizedText)],
        seed: Seed,
    ) -> Result<BTreeMap<Lang, Perplexity>, Error> {
        self.probe().pseudo_perplexity(texts, seed)
    }
}
