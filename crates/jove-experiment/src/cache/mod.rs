//! Finished stages are kept under the hash of everything they depend on, and skipped by later runs.
//!
//! A stage is in `cache/NAME-KEY/`. While it is made, its folder is called `NAME-KEY.partial` and a lock file keeps other
//! processes away; it exists once the folder is renamed. Its `manifest.json` says what it holds, and is compared with the
//! files whenever the stage is used: a stage that holds something else is made again.

mod input;
pub(crate) mod inventory;
mod key;
mod manifest;
mod seen;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jove_core::Progress;

use self::manifest::{Damage, Depth, Manifest};
use self::seen::Seen;
use crate::disk::{sync_folder, with_suffix};
use crate::error::{Error, Result};
use crate::warnings;

pub(crate) use self::input::{Hash, InputFile};
pub use self::key::CODE;
pub(crate) use self::key::Key;

/// Between two attempts to get the lock of a stage that another process makes.
const PAUSE: Duration = Duration::from_millis(100);

/// The file that every run which uses the cache holds a shared lock on.
const IN_USE: &str = "in-use.lock";

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
    /// Keep them for `make`, which resumes from them and calls [`Key::check_files`] itself.
    Keep,
}

/// The name and the folder of a stage that was used.
type Used = (String, String);

/// The folder in which finished stages are kept.
pub(crate) struct Cache<'a> {
    root: PathBuf,
    /// The run file on whose behalf it is used.
    run: PathBuf,
    progress: &'a dyn Progress,
    in_use: OnceLock<File>,
    /// The stages asked for, where none is to be made: each with whether it is there.
    looked_at: Option<Mutex<BTreeMap<String, bool>>>,
    /// The warnings of the stages that were used, by the stage's name and folder.
    warnings: Mutex<BTreeMap<Used, Vec<String>>>,
}

impl<'a> Cache<'a> {
    /// The cache in a folder, used by a run.
    pub(crate) fn new(root: PathBuf, run: PathBuf, progress: &'a dyn Progress) -> Self {
        Self { root, run, progress, in_use: OnceLock::new(), looked_at: None, warnings: Mutex::default() }
    }

    /// A cache that makes no stage and changes nothing, but notes which ones are asked for.
    pub(crate) fn looking(root: PathBuf, progress: &'a dyn Progress) -> Self {
        Self { looked_at: Some(Mutex::default()), ..Self::new(root, PathBuf::new(), progress) }
    }

    /// The stages that were asked for, and whether each is there.
    pub(crate) fn looked_at(self) -> BTreeMap<String, bool> {
        self.looked_at.map(|stages| stages.into_inner().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }

    /// The finished stage, made by `make` in a fresh folder where it is not there yet or is damaged. Where another process
    /// makes it, that is waited for.
    pub(crate) fn stage(
        &self,
        name: &str,
        key: Key,
        leftover: Leftover,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Stage> {
        let stage = format!("{name}-{}", key.as_str());
        let folder = self.root.join(&stage);
        if let Some(looked_at) = &self.looked_at {
            let is_there = folder.is_dir();
            looked_at.lock().unwrap_or_else(PoisonError::into_inner).insert(stage, is_there);
            return Ok(Stage { folder, key: key.of_stage() });
        }
        self.hold()?;
        if self.look(&stage)? == Found::Sound {
            self.warn_again(name, &stage)?;
        } else {
            let _lock = self.lock(&folder)?;
            // Another process may have finished it before we got the lock.
            match self.look(&stage)? {
                Found::Sound => {}
                Found::Missing => self.make(&stage, &key, leftover, make)?,
                Found::Damaged(damage) => {
                    set_aside(&folder, &damage)?;
                    self.make(&stage, &key, leftover, make)?;
                }
            }
            self.note_warnings(name, &stage)?;
        }
        Ok(Stage { folder, key: key.of_stage() })
    }

    /// The warnings of all stages that were used, each with the name of its stage.
    pub(crate) fn warnings(&self) -> Vec<(String, String)> {
        let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let lines =
            warnings.iter().flat_map(|((name, _), lines)| lines.iter().map(|line| (name.clone(), line.clone())));
        lines.collect()
    }

    /// Takes note of a stage's warnings; whether that had not been done before.
    fn note_warnings(&self, name: &str, stage: &str) -> Result<bool> {
        let lines = warnings::read(&self.root.join(stage))?;
        let mut known = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.insert((name.to_owned(), stage.to_owned()), lines).is_none())
    }

    /// Gives the warnings of a stage that was finished before, once in a run.
    fn warn_again(&self, name: &str, stage: &str) -> Result<()> {
        if self.note_warnings(name, stage)? {
            for line in warnings::read(&self.root.join(stage))? {
                tracing::warn!("{name}, made before: {line}");
            }
        }
        Ok(())
    }

    /// Creates the folder where it is missing, and keeps it from being pruned while this lives.
    fn hold(&self) -> Result<()> {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        if self.in_use.get().is_some() {
            return Ok(());
        }
        if !self.root.is_dir() {
            fs::create_dir_all(&self.root).map_err(|source| Error::io("create", &self.root, source))?;
            self.root.parent().map_or(Ok(()), sync_folder)?;
        }
        let path = self.root.join(IN_USE);
        let file = match File::options().create(true).append(true).open(&path) {
            Ok(file) => file,
            // What cannot be written to is not pruned either; finished stages can be read.
            Err(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) => return Ok(()),
            Err(source) => return Err(Error::io("lock", &path, source)),
        };
        file.lock_shared().map_err(|source| Error::io("lock", &path, source))?;
        // Where another thread was faster, one lock is as good as two.
        let _ = self.in_use.set(file);
        Ok(())
    }

    /// Looks at a stage as it is used: its files are compared with its manifest.
    fn look(&self, stage: &str) -> Result<Found> {
        let folder = self.root.join(stage);
        match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Missing),
            Err(source) => return Err(Error::io("read", &folder, source)),
            Ok(_) => {}
        }
        let memory = with_suffix(&folder, SEEN);
        let before = Seen::read(&memory);
        let mut seen = before.clone();
        let checked = Manifest::read(&folder, stage).and_then(|all| all.check(&folder, Depth::Changed, &mut seen));
        if let Err(damage) = checked {
            return Ok(Found::Damaged(damage));
        }
        seen.note_use(&self.run);
        seen.write(&memory, &before);
        Ok(Found::Sound)
    }

    fn make(&self, stage: &str, key: &Key, leftover: Leftover, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let folder = self.root.join(stage);
        let partial = with_suffix(&folder, PARTIAL);
        if leftover == Leftover::Discard && partial.exists() {
            remove(&partial)?;
        }
        fs::create_dir_all(&partial).map_err(|source| Error::io("create", &partial, source))?;
        let check = || if leftover == Leftover::Discard { key.check_files() } else { Ok(()) };
        let (made, warnings) = warnings::caught(|| make(&partial));
        let made = made.and_then(|()| check()).and_then(|()| warnings::keep(&partial, &warnings));
        if made.is_err() && leftover == Leftover::Keep {
            // For the attempt that resumes; the first error matters more.
            let _ = warnings::keep(&partial, &warnings);
        }
        if made.is_err() && leftover == Leftover::Discard {
            // The first error matters more than one in removing files; the next attempt removes them again.
            let _ = fs::remove_dir_all(&partial);
        }
        made?;
        Manifest::of(&partial, stage)?.write(&partial)?;
        fs::rename(&partial, &folder).map_err(|source| Error::io("finish", &folder, source))?;
        sync_folder(&self.root)?;
        // The files were hashed just now, as a look finds out.
        self.look(stage).map(drop)
    }

    /// Takes the stage's lock, which the system releases when the process ends, however it ends.
    fn lock(&self, folder: &Path) -> Result<File> {
        let path = with_suffix(folder, LOCK);
        let file = File::create(&path).map_err(|source| Error::io("create", &path, source))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path, source)),
                Err(TryLockError::WouldBlock) if self.progress.cancelled() => return Err(Error::Interrupted),
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        tracing::warn!("waiting for another run, which is making {}", folder.display());
                    }
                    told = true;
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }
}

/// What stands in the place of a stage.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Missing,
    Sound,
    Damaged(Damage),
}

/// The folder of a stage that is being made, or was when the process ended.
const PARTIAL: &str = "partial";
/// A stage that was found damaged.
const DAMAGED: &str = "damaged";
/// The lock of a stage.
const LOCK: &str = "lock";
/// What is remembered about a stage.
const SEEN: &str = "seen.json";

/// Moves a damaged stage out of the way, and says so.
fn set_aside(folder: &Path, damage: &str) -> Result<()> {
    let aside = with_suffix(folder, DAMAGED);
    if aside.exists() {
        remove(&aside)?;
    }
    tracing::warn!(
        "{} is damaged and is made again: {damage}; what was there is kept as {}",
        folder.display(),
        aside.display()
    );
    fs::rename(folder, &aside).map_err(|source| Error::io("move", folder, source))
}

/// Removes a folder, or a file that stands in its place.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|source| Error::io("remove", path, source))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering};

    use jove_core::Silent;

    use super::*;

    fn write_one(folder: &Path) -> Result<()> {
        fs::write(folder.join("one"), "1").map_err(|source| Error::io("write", folder, source))
    }

    fn cache(root: &Path) -> Cache<'static> {
        Cache::new(root.to_owned(), "run.toml".into(), &Silent)
    }

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_stage_is_made_once() {
        let root = tempfile::tempdir().unwrap();
        let made = Cell::new(0);
        for _ in 0..3 {
            let cache = cache(&root.path().join("cache"));
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
    fn a_damaged_stage_is_made_again_and_kept_aside() {
        let root = tempfile::tempdir().unwrap();
        let made = Cell::new(0);
        let get = || {
            let cache = cache(root.path());
            let stage = cache.stage("kb", Key::new("kb", &1, &[]), Leftover::Discard, |folder| {
                made.set(made.get() + 1);
                write_one(folder)
            });
            stage.unwrap()
        };
        let changes: [&dyn Fn(&Stage); 4] = [
            &|stage| fs::write(stage.file("one"), "2").unwrap(),
            &|stage| fs::remove_file(stage.file("one")).unwrap(),
            &|stage| fs::remove_file(stage.file("manifest.json")).unwrap(),
            &|stage| fs::write(stage.file("manifest.json"), "{}").unwrap(),
        ];
        for (count, change) in (2..).zip(changes) {
            change(&get());
            assert_eq!(fs::read_to_string(get().file("one")).unwrap(), "1");
            assert_eq!(made.get(), count);
        }
        let aside = names(root.path()).into_iter().filter(|name| name.ends_with(".damaged"));
        assert_eq!(aside.count(), 1);
    }

    #[test]
    fn a_failed_stage_leaves_nothing_unless_it_can_be_resumed() {
        let root = tempfile::tempdir().unwrap();
        let cache = cache(root.path());
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
    fn a_stage_whose_input_changes_while_it_is_made_is_not_kept() {
        let root = tempfile::tempdir().unwrap();
        let text = root.path().join("text");
        for change in ["other", "cu", ""] {
            fs::write(&text, "text").unwrap();
            let key = Key::new("text", &1, &[&Key::of_paths([text.as_path()]).unwrap()]);
            let cache = cache(&root.path().join("cache"));
            let error = cache.stage("text", key.clone(), Leftover::Discard, |folder| {
                fs::write(&text, change).unwrap();
                write_one(folder)
            });
            assert!(matches!(error, Err(Error::Changed { path }) if path == text));
            fs::write(&text, "text").unwrap();
            assert!(!cache.root.join(format!("text-{}", key.as_str())).exists());
            assert!(!cache.root.join(format!("text-{}.partial", key.as_str())).exists());
        }
    }

    /// Asks to stop at the second look.
    #[derive(Default)]
    struct Impatient(AtomicU64);

    impl Progress for Impatient {
        fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
        fn advance(&self, _: u64) {}
        fn note(&self, _: &str) {}
        fn end(&self) {}
        fn cancelled(&self) -> bool {
            self.0.fetch_add(1, Ordering::SeqCst) > 0
        }
    }

    #[test]
    fn a_stage_that_another_process_makes_is_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let key = Key::new("kb", &1, &[]);
        let lock = cache(root.path()).lock(&root.path().join(format!("kb-{}", key.as_str()))).unwrap();
        let impatient = Impatient::default();
        let waiting = Cache::new(root.path().to_owned(), PathBuf::new(), &impatient);
        let stopped = waiting.stage("kb", key.clone(), Leftover::Discard, write_one);
        assert!(matches!(stopped, Err(Error::Interrupted)), "who waits can be stopped");
        let made = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| cache(root.path()).stage("kb", key.clone(), Leftover::Discard, write_one));
            std::thread::sleep(2 * PAUSE);
            assert!(!waiting.is_finished());
            drop(lock);
            waiting.join().unwrap()
        });
        assert!(made.unwrap().file("one").exists());
    }

    #[test]
    fn a_look_makes_nothing_and_tells_what_is_there() {
        let root = tempfile::tempdir().unwrap();
        let key = |number: i32| Key::new("kb", &number, &[]);
        cache(root.path()).stage("kb", key(1), Leftover::Discard, write_one).unwrap();
        let before = names(root.path());
        let look = Cache::looking(root.path().to_owned(), &Silent);
        for number in [1, 2] {
            look.stage("kb", key(number), Leftover::Discard, |_| panic!("nothing is made")).unwrap();
        }
        let found: Vec<bool> = look.looked_at().into_values().collect();
        assert_eq!(found.iter().filter(|there| **there).count(), 1);
        assert_eq!((found.len(), names(root.path())), (2, before));
    }
}
