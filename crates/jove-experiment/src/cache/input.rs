//! Files that stages read from outside the cache: hashed once, and looked at again when the stage is made.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The hash of a file's contents.
pub(crate) type Hash = [u8; 32];

/// File systems count time in steps of up to two seconds: a file written within the last step may be written again without a
/// later time.
const TIME_STEP: Duration = Duration::from_secs(2);

/// What the file system says about a file; another stamp is a reason to read it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    bytes: u64,
    /// When the contents changed, in nanoseconds since 1970.
    modified: i128,
    /// When the contents or the modification time changed, and which file it is, where the system tells.
    changed: i128,
    inode: u64,
}

impl Stamp {
    #[cfg(unix)]
    pub(super) fn of(about: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            bytes: about.len(),
            modified: nanoseconds(about.mtime(), about.mtime_nsec()),
            changed: nanoseconds(about.ctime(), about.ctime_nsec()),
            inode: about.ino(),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(about: &Metadata) -> Self {
        let since = about.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let modified = since.map_or(0, |since| since.as_nanos() as i128);
        Self { bytes: about.len(), modified, changed: modified, inode: 0 }
    }

    /// Whether a change after `time` is sure to show in the stamp.
    fn is_older_than(&self, time: SystemTime) -> bool {
        let limit = time.checked_sub(TIME_STEP).and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        limit.is_some_and(|limit| self.modified.max(self.changed) < limit.as_nanos() as i128)
    }
}

/// A file and the hash of its contents.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Of its contents.
    pub(crate) hash: Hash,
    stamp: Stamp,
    read_at: SystemTime,
}

impl InputFile {
    /// Reads a regular file. It is read, not mapped: a map of a file that is cut short ends the process.
    ///
    /// # Errors
    /// When it cannot be read, is no regular file, or changes meanwhile.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let read_at = SystemTime::now();
        let fail = |source| Error::io("read", path, source);
        let file = jove_files::open_file(path).map_err(fail)?;
        let about = file.metadata().map_err(fail)?;
        if !about.is_file() {
            let found = if about.is_dir() { "a folder" } else { "a pipe or a device, which can be read only once" };
            return Err(fail(std::io::Error::other(format!("expected a regular file, found {found}"))));
        }
        let stamp = Stamp::of(&about);
        let hash = hash(&file).map_err(fail)?;
        if Stamp::of(&file.metadata().map_err(fail)?) != stamp {
            return Err(Error::Changed { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), hash, stamp, read_at })
    }

    /// Fails where the file no longer holds what was hashed.
    ///
    /// # Errors
    /// [`Error::Changed`]; also when the file cannot be read.
    pub(crate) fn check(&self) -> Result<()> {
        let about = std::fs::metadata(&self.path).map_err(|source| Error::io("read", &self.path, source))?;
        if Stamp::of(&about) == self.stamp && self.stamp.is_older_than(self.read_at) {
            return Ok(());
        }
        let same = Self::read(&self.path)?.hash == self.hash;
        if same { Ok(()) } else { Err(Error::Changed { path: self.path.clone() }) }
    }
}

/// Hashes what is left of an open file.
pub(super) fn hash(file: &File) -> std::io::Result<Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Writes `before`, hashes, makes `change`, and tells whether it is seen.
    fn is_seen(before: &str, change: impl FnOnce(&Path)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("文.txt");
        fs::write(&path, before).unwrap();
        let read = InputFile::read(&path).unwrap();
        read.check().unwrap();
        change(&path);
        match read.check() {
            Ok(()) => false,
            Err(Error::Changed { path: named }) => named == path,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_file_that_changes_after_it_was_hashed_is_seen() {
        let rewrite = |text: &'static str| move |path: &Path| fs::write(path, text).unwrap();
        assert!(is_seen("one", rewrite("two")));
        assert!(is_seen("", rewrite("x")));
        assert!(is_seen("long text", rewrite("long")));
        assert!(!is_seen("same", rewrite("same")), "written anew, but as it was");
        assert!(!is_seen("", rewrite("")));
    }

    #[test]
    fn a_change_that_hides_behind_an_old_time_is_seen() {
        let old = SystemTime::now() - Duration::from_secs(1_000_000);
        assert!(is_seen("one", |path| {
            fs::write(path, "two").unwrap();
            File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        }));
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(InputFile::read(folder.path()).is_err());
        assert!(InputFile::read(&folder.path().join("none")).is_err());
        #[cfg(unix)]
        assert!(InputFile::read(Path::new("/dev/null")).is_err());
    }
}
