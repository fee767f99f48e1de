//! The cache that Hugging Face's own tools share.
//!
//! A model has a folder with `blobs/CHECKSUM`, the files; `snapshots/COMMIT/NAME`, links to them; and `refs/REVISION`,
//! each of which holds the commit that a branch or tag stands for.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::checksum::is_hex;

/// How many seconds to wait for another process that downloads the same file.
const LOCK_SECONDS_MAX: u32 = 5;

/// The folder of one model.
pub(super) struct ModelCache {
    folder: PathBuf,
}

/// The unfinished download of a file, which this process alone writes.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Holds the lock until it is dropped.
    _lock: File,
}

impl ModelCache {
    /// Of the model `OWNER/NAME` in the cache at `root`.
    pub(super) fn new(root: &Path, model: &str) -> Self {
        Self { folder: root.join(format!("models--{}", model.replace('/', "--"))) }
    }

    /// The folder of a commit's files.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// The commit that a revision stood for when it was last fetched.
    pub(super) fn commit_of(&self, revision: &str) -> Option<String> {
        let commit = fs::read_to_string(self.folder.join("refs").join(revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| is_hex(commit, 40))
    }

    /// Opens the unfinished download of the file with this checksum, to be written on at its end.
    pub(super) fn part(&self, checksum: &str) -> io::Result<Part> {
        let blobs = self.folder.join("blobs");
        fs::create_dir_all(&blobs)?;
        let lock = lock(&blobs.join(format!("{checksum}.lock")))?;
        let path = blobs.join(format!("{checksum}.part"));
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        Ok(Part { path, file, _lock: lock })
    }

    /// Makes a finished download the file `name` of a commit that `revision` stands for.
    pub(super) fn keep(&self, part: &Part, checksum: &str, name: &str, commit: &str, revision: &str) -> io::Result<()> {
        part.file.sync_all()?;
        let blob = self.folder.join("blobs").join(checksum);
        fs::rename(&part.path, &blob)?;
        let place = self.snapshot(commit).join(name);
        fs::create_dir_all(self.snapshot(commit))?;
        link(&blob, &Path::new("../../blobs").join(checksum), &place)?;
        let reference = self.folder.join("refs").join(revision);
        fs::create_dir_all(reference.parent().expect("a file in the cache has a folder"))?;
        fs::write(reference, commit)
    }
}

fn lock(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    for _ in 0..LOCK_SECONDS_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_secs(1)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    let reason = format!("another process holds {}", path.display());
    Err(io::Error::new(io::ErrorKind::WouldBlock, reason))
}

#[cfg(unix)]
fn link(_blob: &Path, relative: &Path, place: &Path) -> io::Result<()> {
    match std::os::unix::fs::symlink(relative, place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && place.exists() => Ok(()),
        result => result,
    }
}

/// Links need rights that not every user has there.
#[cfg(not(unix))]
fn link(blob: &Path, _relative: &Path, place: &Path) -> io::Result<()> {
    fs::rename(blob, place)
}
