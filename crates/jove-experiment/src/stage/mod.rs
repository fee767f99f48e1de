//! The stages of an experiment, one module each. They run in this order:
//!
//! | stage | from | to |
//! | --- | --- | --- |
//! | [`kb`] | graph dumps | the knowledge base |
//! | [`text`] | files, the knowledge base | all text, and what is held out of it |
//! | [`annotate`] | text, the knowledge base | text with words and links |
//! | [`tokenizer`] | annotated text | a vocabulary for each layout |
//! | [`shuffled_sentences`] | the knowledge base, text | sentences of wrong facts, for controls |
//! | [`control`] | annotated text | the same text with less of the graph, or a wrong one |
//! | [`shards`] | annotated text, a vocabulary | tokens |
//! | [`knowledge`] | the knowledge base, a vocabulary | descriptions, hard negatives, relations, replacement names |
//! | [`leak`] | tokens, knowledge | nothing: stops the run where training data contains what a probe is about |
//! | [`arm_texts`] | tokens, text | counts of what each arm's text is made of; stops the run where that is not what the arm says |
//! | [`needs`] | tokens, knowledge | nothing: stops the run where an arm lacks what it learns from |
//! | [`items`] | text, annotated text, the knowledge base | what the probes ask, and what is answered without a model |
//! | [`train`] | tokens, knowledge | a checkpoint for each variant and seed |
//! | [`probe`] | a checkpoint or random weights, items | what the model answers |

pub(crate) mod annotate;
pub(crate) mod arm_texts;
pub(crate) mod control;
pub(crate) mod items;
pub(crate) mod kb;
pub(crate) mod knowledge;
pub(crate) mod leak;
pub(crate) mod needs;
pub(crate) mod probe;
pub(crate) mod shards;
pub(crate) mod shuffled_sentences;
pub(crate) mod text;
pub(crate) mod tokenizer;
pub(crate) mod train;

use std::path::PathBuf;

use jove_core::Progress;

use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::files::create_parent;
use crate::initial_checkpoint::InitialCheckpoint;
use crate::run::Run;

/// What every stage gets.
pub(crate) struct StageContext<'a> {
    /// The experiment.
    pub(crate) run: &'a Run,
    /// Where finished stages are kept.
    pub(crate) cache: &'a Cache<'a>,
    /// The checkpoint that training starts from, if not from random weights.
    pub(crate) initial: Option<InitialCheckpoint>,
    /// Where progress is reported.
    pub(crate) progress: &'a dyn Progress,
}

impl<'a> StageContext<'a> {
    /// The context of a run; checks the checkpoint that the run file names, if it names one.
    ///
    /// # Errors
    /// When that checkpoint cannot be read or does not fit the run; when a model is larger than the machine's memory.
    pub(crate) fn new(run: &'a Run, cache: &'a Cache<'a>, progress: &'a dyn Progress) -> Result<Self> {
        let initial = InitialCheckpoint::of(run)?;
        run.check_memory(initial.as_ref())?;
        Ok(Self { run, cache, initial, progress })
    }

    /// Where the bad rows of a source go: to the folder of the results, so that they outlive a failed stage.
    pub(crate) fn rejects(&self, name: &str) -> Result<PathBuf> {
        let path = self.run.results().join(format!("{name}.rejects.jsonl"));
        create_parent(&path)?;
        Ok(path)
    }

    /// Fails where the user asked to stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}
