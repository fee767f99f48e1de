//! What lies in a cache: listed, read again, pruned.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use jove_core::Progress;
use serde::Serialize;
use walkdir::WalkDir;

use crate::cache::manifest::{Depth, MANIFEST, Manifest};
use crate::cache::seen::Seen;
use crate::cache::{DAMAGED, IN_USE, PARTIAL, SEEN, remove};
use crate::disk::with_suffix;
use crate::error::{Error, Result};

/// A stage in a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CachedStage {
    /// Its folder's name, such as `text-0123456789abcdef`.
    pub stage: String,
    /// Whether it can be used.
    pub state: StageState,
    /// The bytes of its files.
    pub bytes: u64,
    /// The run files that used it, the last one first, each with the time in seconds since 1970.
    pub used: Vec<(PathBuf, u64)>,
}

impl CachedStage {
    /// The folder's name once the stage is finished.
    pub(crate) fn finished_name(&self) -> &str {
        self.stage.split_once('.').map_or(&self.stage, |(stem, _)| stem)
    }
}

/// Whether a stage in a cache can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// It is complete.
    Finished,
    /// It is being made, or was when its process ended; training goes on from there.
    Unfinished,
    /// It was found damaged and moved aside, or is no stage of this program.
    Damaged,
}

/// A finished stage that was read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifiedStage {
    /// Its folder's name.
    pub stage: String,
    /// What is wrong with it, such as `train.jsonl: expected 12 bytes, found 11`.
    pub damage: Option<String>,
}

/// The stages in a cache, by name; none where there is no cache.
///
/// # Errors
/// When a folder cannot be read.
pub fn cached_stages(cache: &Path) -> Result<Vec<CachedStage>> {
    let mut stages = Vec::new();
    for name in folders(cache)? {
        let folder = cache.join(&name);
        let (stem, state) = match name.rsplit_once('.') {
            Some((stem, PARTIAL)) => (stem, StageState::Unfinished),
            None if folder.join(MANIFEST).is_file() => (name.as_str(), StageState::Finished),
            other => (other.map_or(name.as_str(), |(stem, _)| stem), StageState::Damaged),
        };
        let seen = Seen::read(&with_suffix(&cache.join(stem), SEEN));
        let mut used: Vec<_> = seen.used.into_iter().map(|(run, time)| (PathBuf::from(run), time)).collect();
        used.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        stages.push(CachedStage { stage: name.clone(), state, bytes: bytes(&folder)?, used });
    }
    Ok(stages)
}

/// Reads every file of every finished stage again, and compares it with what was written.
///
/// # Errors
/// When the cache cannot be read, or the user interrupts.
pub fn verify_stages(cache: &Path, progress: &dyn Progress) -> Result<Vec<VerifiedStage>> {
    let mut verified = Vec::new();
    let stages: Vec<String> = folders(cache)?.into_iter().filter(|name| !name.contains('.')).collect();
    progress.begin("verify stages", Some(stages.len() as u64), "stages");
    for stage in stages {
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
        let folder = cache.join(&stage);
        let checked = Manifest::read(&folder, &stage)
            .and_then(|manifest| manifest.check(&folder, Depth::All, &mut Seen::default()));
        verified.push(VerifiedStage { stage, damage: checked.err() });
        progress.advance(1);
    }
    progress.end();
    Ok(verified)
}

/// Removes stages from a cache, and what is remembered about stages that are no longer there.
///
/// # Errors
/// [`Error::Busy`] where a run is at work in the cache; when something cannot be removed.
pub fn prune_stages(cache: &Path, stages: &[CachedStage]) -> Result<()> {
    let path = cache.join(IN_USE);
    let fail = |source| Error::io("lock", &path, source);
    let lock = File::options().create(true).append(true).open(&path).map_err(fail)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: cache.to_owned() }),
        Err(TryLockError::Error(source)) => return Err(fail(source)),
    }
    for CachedStage { stage, .. } in stages {
        let folder = cache.join(stage);
        // A stage that is half removed must not be taken for a whole one.
        let aside = if stage.ends_with(DAMAGED) { folder.clone() } else { with_suffix(&folder, DAMAGED) };
        if aside != folder {
            if aside.exists() {
                remove(&aside)?;
            }
            fs::rename(&folder, &aside).map_err(|source| Error::io("remove", &folder, source))?;
        }
        if aside.exists() {
            remove(&aside)?;
        }
    }
    remove_orphans(cache)
}

/// Removes the files beside stages that are gone.
fn remove_orphans(cache: &Path) -> Result<()> {
    let there: BTreeSet<String> = folders(cache)?.into_iter().collect();
    let stem = |name: &str| name.split_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let stems: BTreeSet<String> = there.iter().map(|name| stem(name)).collect();
    let fail = |source| Error::io("read", cache, source);
    for entry in fs::read_dir(cache).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_orphan = name.split_once('.').is_some_and(|(stem, _)| !stems.contains(stem));
        if is_orphan && name != IN_USE && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The names of the folders in a folder, sorted; none where it is missing.
fn folders(folder: &Path) -> Result<Vec<String>> {
    let fail = |source| Error::io("read", folder, source);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(fail(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        if entry.file_type().map_err(fail)?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn bytes(folder: &Path) -> Result<u64> {
    let fail = |error: walkdir::Error| Error::io("read", folder, error.into());
    let mut bytes = 0;
    for entry in WalkDir::new(folder) {
        let about = entry.and_then(|entry| entry.metadata()).map_err(fail)?;
        bytes += if about.is_file() { about.len() } else { 0 };
    }
    Ok(bytes)
}
