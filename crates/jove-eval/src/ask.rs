//! Probes of a checkpoint, for callers who do not name its device's type.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::{EntityId, Lang, Progress, Seed, SpecialTokens, TokenizedText};
use jove_model::{Backend, Cpu};
use jove_objectives::{Descriptions, Device, Model};

use crate::{
    BitextScores, ClozeItem, Error, MentionItem, MentionScores, Perplexity, Probe, ProbeOptions, Ranking, TypingItems,
    TypingScores,
};

/// A model that answers probes, on whichever device it is.
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

/// Reads a checkpoint onto a device, ready to be asked.
///
/// # Errors
/// Where the device is not there, or the checkpoint is missing or damaged.
pub fn open<'a>(
    checkpoint: &Path,
    device: Device,
    specials: SpecialTokens,
    options: ProbeOptions,
    progress: &'a dyn Progress,
) -> Result<Box<dyn Evaluator + 'a>, Error> {
    Ok(match device {
        Device::Cpu => {
            Box::new(Opened { model: Model::open(checkpoint, &Cpu::default())?, specials, options, progress })
        }
        Device::Cuda => {
            Box::new(Opened { model: Model::open(checkpoint, &jove_objectives::cuda()?)?, specials, options, progress })
        }
    })
}

/// A model of its own with what a [`Probe`] of it needs.
struct Opened<'a, D: Backend> {
    model: Model<D>,
    specials: SpecialTokens,
    options: ProbeOptions,
    progress: &'a dyn Progress,
}

impl<D: Backend> Opened<'_, D> {
    fn probe(&self) -> Probe<'_, D> {
        Probe::new(&self.model, self.specials, self.options, self.progress)
    }
}

impl<D: Backend> Evaluator for Opened<'_, D> {
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
