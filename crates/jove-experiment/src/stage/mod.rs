//! The stages of an experiment, one module each, in the order in which they run.

pub(crate) mod annotate;
pub(crate) mod control;
pub(crate) mod kb;
pub(crate) mod knowledge;
pub(crate) mod leak;
pub(crate) mod probe;
pub(crate) mod shards;
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

/// What every stage is handed.
pub(crate) struct StageContext<'a> {
    /// The experiment.
    pub(crate) run: &'a Run,
    /// Where finished stages are kept.
    pub(crate) cache: &'a Cache,
    /// What training goes on from, if not from random weights.
    pub(crate) origin: Option<InitialCheckpoint>,
    /// Where progress is told.
    pub(crate) progress: &'a dyn Progress,
}

impl<'a> StageContext<'a> {
    /// The work of a run, once its checkpoint, where it names one, has been looked at.
    pub(crate) fn new(run: &'a Run, cache: &'a Cache, progress: &'a dyn Progress) -> Result<Self> {
        Ok(Self { run, cache, origin: InitialCheckpoint::of(run)?, progress })
    }

    /// Where the bad rows of a source go: beside the results, so that they outlive a failed stage.
    pub(crate) fn rejects(&self, name: &str) -> Result<PathBuf> {
        let path = self.run.results().join(format!("{name}.rejects.jsonl"));
        create_parent(&path)?;
        Ok(path)
    }

    /// Stops where the user asked to.
    pub(crate) fn check(&self) -> Result<()> {
        if self.progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}
