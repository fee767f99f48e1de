//! Finished stages are kept under the hash of everything they depend on, and skipped by later runs.
//!
//! A stage is in `cache/NAME-KEY/`. While it is made, its folder is called `NAME-KEY.partial` and a lock file keeps other
//! processes away; it exists once the folder is renamed.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};

/// The digest of the sources that results depend on (`code_digest.rs`), part of every key: a changed source changes all keys.
pub(crate) const CODE: &str = env!("JOVE_CODE");

/// Digits of a key that go into folder names.
const KEY_DIGITS: usize = 16;

/// A hash of everything a stage depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Key(String);

impl Key {
    /// The key of a stage: the program's code, its name, its settings, and the keys of what it reads.
    pub(crate) fn new(stage: &str, settings: &impl Serialize, inputs: &[&Self]) -> Self {
        let parts = serde_json::to_vec(&(CODE, stage, settings, inputs))
            .expect("settings are plain data, which always has a JSON form");
        Self::of_bytes(&parts)
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).to_hex()[..KEY_DIGITS].to_owned())
    }

    /// The key of the contents of files; their order counts, their names do not.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn of_files(paths: &[PathBuf]) -> Result<Self> {
        let hashes: Vec<Hash> = paths.iter().map(|path| hash_file(path)).collect::<Result<_>>()?;
        Ok(Self::of_hashes(hashes))
    }

    /// [`Key::of_files`] for files that are hashed already.
    pub(crate) fn of_hashes(hashes: impl IntoIterator<Item = Hash>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for hash in hashes {
            hasher.update(&hash);
        }
        Self(hasher.finalize().to_hex()[..KEY_DIGITS].to_owned())
    }

    /// The key as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The hash of a file's contents.
pub(crate) type Hash = [u8; 32];

/// Hashes a file's contents.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn hash_file(path: &Path) -> Result<Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_mmap(path).map_err(|source| Error::io("read", path, source))?;
    Ok(*hasher.finalize().as_bytes())
}

/// A finished stage.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// What it depends on.
    pub(crate) key: Key,
}

impl Stage {
    /// A file of the stage.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// What happens to the files of an interrupted attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// Start over.
    Discard,
    /// Keep them for `make`, which resumes from them.
    Keep,
}

/// The folder in which finished stages are kept.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The finished stage, made by `make` in a fresh folder where it is not there yet.
    pub(crate) fn stage(
        &self,
        name: &str,
        key: Key,
        leftover: Leftover,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Stage> {
        let folder = self.root.join(format!("{name}-{}", key.as_str()));
        if !folder.is_dir() {
            fs::create_dir_all(&self.root).map_err(|source| Error::io("create", &self.root, source))?;
            let _lock = lock(&folder)?;
            // Another process may have finished it before we got the lock.
            if !folder.is_dir() {
                self.make(&folder, leftover, make)?;
            }
        }
        Ok(Stage { folder, key })
    }

    fn make(&self, folder: &Path, leftover: Leftover, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let partial = folder.with_extension("partial");
        if leftover == Leftover::Discard && partial.exists() {
            fs::remove_dir_all(&partial).map_err(|source| Error::io("remove", &partial, source))?;
        }
        fs::create_dir_all(&partial).map_err(|source| Error::io("create", &partial, source))?;
        let made = make(&partial);
        if made.is_err() && leftover == Leftover::Discard {
            // The first error matters more than one in removing files; the next attempt removes them again.
            let _ = fs::remove_dir_all(&partial);
        }
        made?;
        fs::rename(&partial, folder).map_err(|source| Error::io("finish", folder, source))?;
        sync_folder(&self.root)
    }
}

/// Takes the stage's lock, which the system releases when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.with_extension("lock");
    let file = File::create(&path).map_err(|source| Error::io("create", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", &path, source)),
    }
}

fn sync_folder(folder: &Path) -> Result<()> {
    // Only POSIX systems can open and sync a folder; elsewhere the rename has to be enough.
    if cfg!(unix) {
        File::open(folder).and_then(|handle| handle.sync_all()).map_err(|source| Error::io("sync", folder, source))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn write_one(folder: &Path) -> Result<()> {
        fs::write(folder.join("one"), "1").map_err(|source| Error::io("write", folder, source))
    }

    #[test]
    fn a_stage_is_made_once() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().join("cache"));
        let made = Cell::new(0);
        for _ in 0..2 {
            let stage = cache
                .stage("kb", Key::new("kb", &1, &[]), Leftover::Discard, |folder| {
                    made.set(made.get() + 1);
                    write_one(folder)
                })
                .unwrap();
            assert_eq!(fs::read_to_string(stage.file("one")).unwrap(), "1");
        }
        assert_eq!(made.get(), 1);
    }

    #[test]
    fn a_failed_stage_leaves_nothing_unless_it_can_be_resumed() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_owned());
        let key = Key::new("train", &1, &[]);
        for (leftover, kept) in [(Leftover::Discard, false), (Leftover::Keep, true)] {
            let result = cache.stage("train", key.clone(), leftover, |folder| {
                write_one(folder)?;
                Err(Error::Interrupted)
            });
            assert!(matches!(result, Err(Error::Interrupted)));
            assert_eq!(root.path().join(format!("train-{}.partial/one", key.as_str())).exists(), kept);
            assert!(!root.path().join(format!("train-{}", key.as_str())).exists());
        }
        let stage = cache.stage("train", key, Leftover::Keep, |folder| {
            assert!(folder.join("one").exists());
            Ok(())
        });
        assert!(stage.unwrap().file("one").exists());
    }

    #[test]
    fn two_processes_do_not_make_the_same_stage() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_owned());
        let key = Key::new("kb", &1, &[]);
        let inner = cache.clone();
        let result = cache.stage("kb", key.clone(), Leftover::Discard, |_| {
            let second = inner.stage("kb", key.clone(), Leftover::Discard, |_| Ok(()));
            assert!(matches!(second, Err(Error::Busy { .. })));
            Ok(())
        });
        assert!(result.is_ok());
    }

    #[test]
    fn keys_follow_settings_inputs_and_contents() {
        let root = tempfile::tempdir().unwrap();
        let (a, b) = (root.path().join("a"), root.path().join("b"));
        fs::write(&a, "text").unwrap();
        fs::write(&b, "text").unwrap();
        let key = |path: &PathBuf| Key::of_files(std::slice::from_ref(path)).unwrap();
        assert_eq!(key(&a), key(&b));
        fs::write(&b, "texts").unwrap();
        assert_ne!(key(&a), key(&b));
        assert_ne!(Key::new("x", &1, &[&key(&a)]), Key::new("x", &1, &[&key(&b)]));
        assert_ne!(Key::new("x", &1, &[]), Key::new("y", &1, &[]));
        assert!(Key::of_files(&[root.path().join("none")]).is_err());
    }
}
