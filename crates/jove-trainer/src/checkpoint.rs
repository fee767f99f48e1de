//! Checkpoints: a Hugging Face folder with all that a run needs to go on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jove_checkpoint::{ExtraFile, NamedTensor, TensorFile, write_tensor_file};
use jove_core::Silent;
use jove_model::{AdamState, Backend, ParameterRef, Parameters};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::metrics::Losses;
use crate::step::Step;

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const STATE_FILE: &str = "state.json";

/// All of a run but its tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State<T> {
    /// Optimizer steps taken.
    pub(crate) step: u64,
    /// Tokens read.
    pub(crate) tokens: u64,
    /// Losses since the last line of metrics.
    pub(crate) losses: Losses,
    /// Digest of the settings.
    pub(crate) settings: String,
    /// Digest of the data.
    pub(crate) data: String,
    /// Where the kind of training stands.
    #[serde(flatten)]
    pub(crate) task: T,
}

/// Writes a checkpoint to `dir`, whole or not at all: to a temporary sibling first, then renamed. One that stands there is
/// replaced. It holds `files` as well, such as the tokenizer's.
pub(crate) fn save<S: Step>(
    dir: &Path,
    task: &S,
    adam: &AdamState<S::Device>,
    state: &State<S::State>,
    files: &[ExtraFile],
) -> Result<(), Error> {
    let making = beside(dir, "new");
    remove(&making)?;
    let written = task
        .save(&making, files)
        .and_then(|()| write_optimizer(&making, adam))
        .and_then(|()| write_state(&making, state))
        .and_then(|()| replace(dir, &making));
    if written.is_err() {
        // A disk that is full should not stay full for our sake; the error at hand is the one that counts.
        let _ = fs::remove_dir_all(&making);
    }
    written
}

fn write_optimizer<D: Backend>(making: &Path, adam: &AdamState<D>) -> Result<(), Error> {
    let metadata = BTreeMap::from([("steps".to_owned(), adam.steps.to_string())]);
    Ok(write_tensor_file(&making.join(OPTIMIZER_FILE), &moments(adam), &metadata, &Silent)?)
}

fn write_state(making: &Path, state: &State<impl Serialize>) -> Result<(), Error> {
    let path = making.join(STATE_FILE);
    let text = serde_json::to_string_pretty(state).expect("the state is plain data");
    fs::write(&path, text).and_then(|()| fs::File::open(&path)?.sync_all()).map_err(write_error(&path))
}

/// Puts `making` in the place of `dir`. A crash between the two renames leaves the old one under another name, which
/// [`recover`] knows.
fn replace(dir: &Path, making: &Path) -> Result<(), Error> {
    let old = beside(dir, "old");
    remove(&old)?;
    if dir.exists() {
        fs::rename(dir, &old).map_err(write_error(dir))?;
    }
    fs::rename(making, dir).map_err(write_error(dir))?;
    remove(&old)
}

/// Finishes or undoes a replacement that a crash cut off.
pub(crate) fn recover(dir: &Path) -> Result<(), Error> {
    let old = beside(dir, "old");
    if !dir.exists() && old.exists() {
        fs::rename(&old, dir).map_err(write_error(dir))?;
    }
    remove(&old)?;
    remove(&beside(dir, "new"))
}

/// Reads the state and the optimizer of a checkpoint, for the parameters of `model`.
pub(crate) fn load<D: Backend, T: DeserializeOwned>(
    dir: &Path,
    model: &impl Parameters<D>,
    device: &D,
) -> Result<(State<T>, AdamState<D>), Error> {
    let path = dir.join(STATE_FILE);
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let state: State<T> = serde_json::from_str(&text).map_err(|error| Error::Checkpoint {
        path: path.clone(),
        what: "expected the state of a run".to_owned(),
        cause: Some(error.into()),
    })?;
    let path = dir.join(OPTIMIZER_FILE);
    let file = TensorFile::open(&path)?;
    let steps = file.metadata().get("steps").and_then(|steps| steps.parse().ok());
    let mut adam = AdamState::default();
    adam.steps = steps.ok_or_else(|| Error::damaged(&path, "expected the number of steps taken, found none"))?;
    // Before the first step there are no moments.
    let mut result = Ok(());
    model.visit(&mut |parameter| {
        if result.is_ok() && adam.steps > 0 {
            result = load_moments(&file, &path, &parameter, &mut adam, device);
        }
    });
    result?;
    Ok((state, adam))
}

fn load_moments<D: Backend>(
    file: &TensorFile,
    path: &Path,
    parameter: &ParameterRef<'_, D>,
    adam: &mut AdamState<D>,
    device: &D,
) -> Result<(), Error> {
    let [first, second] = ["first", "second"].map(|moment| file.get(&format!("{moment}.{}", parameter.name)));
    let (first, second) = (first?.data.into_owned(), second?.data.into_owned());
    if first.len() != parameter.count() {
        let what = format!("expected {} moments of {}, found {}", parameter.count(), parameter.name, first.len());
        return Err(Error::damaged(path, what));
    }
    Ok(adam.insert(device, &parameter.name, first, second)?)
}

fn moments<D: Backend>(adam: &AdamState<D>) -> Vec<NamedTensor<'static>> {
    let mut tensors = Vec::new();
    adam.export(&mut |name, first, second| {
        for (moment, data) in [("first", first), ("second", second)] {
            let shape = vec![data.len()];
            tensors.push(NamedTensor { name: format!("{moment}.{name}"), shape, data: data.into() });
        }
    });
    tensors
}

fn beside(dir: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(dir.file_name().unwrap_or_default());
    name.push(format!(".{suffix}"));
    dir.with_file_name(name)
}

fn remove(dir: &Path) -> Result<(), Error> {
    if dir.exists() { fs::remove_dir_all(dir).map_err(write_error(dir)) } else { Ok(()) }
}

fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Write { path, source }
}
