//! Checkpoints: a Hugging Face folder with all that a run needs to go on.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use jove_checkpoint::{AtomicFolder, ExtraFile, NamedTensor, TensorFile, TensorSource, TensorSpec, write_tensor_file};
use jove_core::Silent;
use jove_model::{AdamState, Backend, ParameterRef, Parameters};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::metrics::{Losses, MetricsMark};
use crate::step::Step;

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const STATE_FILE: &str = "state.json";
/// The field of the state's file that holds the digest of all others.
const DIGEST: &str = "digest";

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
    /// The lines of metrics written so far.
    pub(crate) metrics: MetricsMark,
    /// The hash of every other file of the checkpoint, by name.
    pub(crate) files: BTreeMap<String, String>,
    /// Where the kind of training stands.
    #[serde(flatten)]
    pub(crate) task: T,
}

/// Writes a checkpoint to `dir`, whole or not at all. One that stands there is replaced. It holds `files` as well, such as the
/// tokenizer's.
pub(crate) fn save<S: Step>(
    dir: &Path,
    task: &S,
    adam: &AdamState<S::Device>,
    state: &mut State<S::State>,
    files: &[ExtraFile],
) -> Result<(), Error> {
    let making = AtomicFolder::create(dir)?;
    let folder = making.path();
    task.save(folder, files)?;
    write_optimizer(folder, adam)?;
    state.files = hashes(folder)?;
    write_state(folder, state)?;
    Ok(making.commit()?)
}

fn write_optimizer<D: Backend>(making: &Path, adam: &AdamState<D>) -> Result<(), Error> {
    let metadata = BTreeMap::from([("steps".to_owned(), adam.steps.to_string())]);
    Ok(write_tensor_file(&making.join(OPTIMIZER_FILE), &MomentTensors(adam), &metadata, &Silent)?)
}

fn write_state(making: &Path, state: &State<impl Serialize>) -> Result<(), Error> {
    let path = making.join(STATE_FILE);
    let write = || {
        let mut file = fs::File::create(&path)?;
        file.write_all(seal(state).as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| Error::Write { path: path.clone(), source })
}

/// The state as JSON, with a digest of all of it.
fn seal(state: &State<impl Serialize>) -> String {
    let mut value = serde_json::to_value(state).expect("the state is plain data");
    value[DIGEST] = digest(&value).into();
    serde_json::to_string_pretty(&value).expect("a value is JSON")
}

/// The state, where it is as it was written.
fn unseal<T: DeserializeOwned>(text: &str) -> Result<State<T>, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let stated = value.as_object_mut().and_then(|fields| fields.remove(DIGEST));
    if stated != Some(digest(&value).into()) {
        return Err("its digest is another than that of its contents".to_owned());
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn digest(value: &Value) -> String {
    blake3::hash(value.to_string().as_bytes()).to_hex().to_string()
}

/// The hash of every file in a folder but the state's.
fn hashes(dir: &Path) -> Result<BTreeMap<String, String>, Error> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    let mut hashes = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(fail(dir))? {
        let entry = entry.map_err(fail(dir))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name != STATE_FILE {
            let mut hasher = blake3::Hasher::new();
            fs::File::open(&path).and_then(|file| hasher.update_reader(file).map(drop)).map_err(fail(&path))?;
            hashes.insert(name, hasher.finalize().to_hex().to_string());
        }
    }
    Ok(hashes)
}

/// Reads the state of a checkpoint whose files are those that were written with it.
///
/// # Errors
/// Where one is missing, damaged or of another checkpoint: it is named.
pub(crate) fn read_state<T: DeserializeOwned>(dir: &Path) -> Result<State<T>, Error> {
    let path = dir.join(STATE_FILE);
    let text = fs::read_to_string(&path).map_err(|error| Error::damaged(&path, error.to_string()))?;
    let state: State<T> = unseal(&text).map_err(|found| {
        Error::damaged(&path, format!("expected the state of a run as it was saved, found {found}"))
    })?;
    let found = hashes(dir)?;
    for name in state.files.keys().chain(found.keys()) {
        let found = match (state.files.get(name), found.get(name)) {
            (Some(expected), Some(found)) if expected == found => continue,
            (Some(_), Some(_)) => "another",
            (Some(_), None) => "none",
            (None, _) => "a file that is no part of it",
        };
        let what = format!("expected the file that was saved with step {}, found {found}", state.step);
        return Err(Error::damaged(&dir.join(name), what));
    }
    Ok(state)
}

/// Reads the optimizer of a checkpoint, for the parameters of `model`.
pub(crate) fn read_optimizer<D: Backend>(
    dir: &Path,
    model: &impl Parameters<D>,
    device: &D,
) -> Result<AdamState<D>, Error> {
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
    Ok(adam)
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

/// The moments as named tensors, copied one at a time.
struct MomentTensors<'a, D: Backend>(&'a AdamState<D>);

impl<D: Backend> TensorSource for MomentTensors<'_, D> {
    fn specs(&self) -> Vec<TensorSpec> {
        let both = |(name, size): (&str, usize)| {
            ["first", "second"].map(|moment| TensorSpec::f32(format!("{moment}.{name}"), vec![size]))
        };
        self.0.sizes().flat_map(both).collect()
    }

    fn get(&self, name: &str) -> jove_checkpoint::Result<NamedTensor<'_>> {
        let found = match name.split_once('.') {
            Some(("first", parameter)) => self.0.first(parameter),
            Some(("second", parameter)) => self.0.second(parameter),
            _ => None,
        };
        let missing = || jove_checkpoint::Error::NoTensor { path: "the optimizer".into(), name: name.to_owned() };
        let data = found.ok_or_else(missing)?;
        NamedTensor::new(name, vec![data.len()], data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written_or_not_at_all() {
        let mut state = State::<BTreeMap<String, Vec<u64>>> { step: 7, tokens: u64::MAX, ..State::default() };
        state.losses.entry("mlm".to_owned()).or_default().sum = 0.1 + 0.2;
        state.task.insert("词".to_owned(), vec![0, u64::MAX]);
        let text = seal(&state);
        assert_eq!(unseal(&text).as_ref(), Ok(&state));
        for (at, _) in text.char_indices().filter(|(_, character)| character.is_ascii_digit()) {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'9' { b'8' } else { changed[at] + 1 };
            let changed = String::from_utf8(changed).unwrap();
            // The last digit of a fraction may be more than the number holds.
            let read = unseal::<BTreeMap<String, Vec<u64>>>(&changed);
            assert!(read.is_err() || read.as_ref() == Ok(&state), "{changed}");
        }
        for broken in ["", "{}", "[]", "null", "{\"digest\": \"\"}", &text[..text.len() / 2]] {
            assert!(unseal::<BTreeMap<String, Vec<u64>>>(broken).is_err(), "{broken}");
        }
    }
}
