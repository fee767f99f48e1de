//! The stages of an experiment, one module each, in the order in which they run.

pub(crate) mod annotate;
pub(crate) mod censor;
pub(crate) mod control;
pub(crate) mod describe;
pub(crate) mod kb;
pub(crate) mod leak;
pub(crate) mod lookalikes;
pub(crate) mod preview;
pub(crate) mod probe;
pub(crate) mod relations;
pub(crate) mod shards;
pub(crate) mod split;
pub(crate) mod swaps;
pub(crate) mod text;
pub(crate) mod tokenizer;
pub(crate) mod train;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jove_core::Progress;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::{Cache, Stage};
use crate::initial_checkpoint::InitialCheckpoint;
use crate::run::Run;
use crate::{Error, Result};

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

/// The files below a path, sorted; the path itself if it is a file.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let meta = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
    if !meta.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = std::fs::read_dir(path).map_err(|source| Error::io("read", path, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("read", path, source))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            files.extend(files_below(&entry.path())?);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes one JSON value a line.
pub(crate) fn write_lines<T: Serialize>(path: &Path, values: impl IntoIterator<Item = T>) -> Result<u64> {
    let fail = |source| Error::io("write", path, source);
    let mut out = BufWriter::new(File::create(path).map_err(fail)?);
    let mut count = 0;
    for value in values {
        serde_json::to_writer(&mut out, &value).map_err(|error| fail(error.into()))?;
        out.write_all(b"\n").map_err(fail)?;
        count += 1;
    }
    out.into_inner().map_err(|error| fail(error.into_error()))?.sync_all().map_err(fail)?;
    Ok(count)
}

/// Reads one JSON value a line.
pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let fail = |source| Error::io("read", path, source);
    let file = BufReader::new(File::open(path).map_err(fail)?);
    file.lines().map(|line| serde_json::from_str(&line.map_err(fail)?).map_err(|error| fail(error.into()))).collect()
}

/// Writes one JSON value.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_lines(path, [value]).map(|_| ())
}

/// Reads one JSON value of a stage.
pub(crate) fn read_json<T: DeserializeOwned>(stage: &Stage, name: &str) -> Result<T> {
    let path = stage.file(name);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
    serde_json::from_str(&text).map_err(|error| Error::io("read", &path, error.into()))
}

/// Creates the folder that a file lies in.
fn create_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))
}
