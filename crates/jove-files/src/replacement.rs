//! A file that takes the place of another at once, or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A file that is written under a hidden name next to its target, `.TARGET.new.PROCESS`, and locked while its process lives,
/// however it ends: what a killed process left is found and removed by the next one that writes to the same target.
#[derive(Debug)]
pub(crate) struct Replacement {
    target: PathBuf,
    temporary: PathBuf,
    pub(crate) file: File,
    is_committed: bool,
}

impl Replacement {
    /// Starts an empty file with the permissions and, where that is allowed, the owner of the one it will replace.
    pub(crate) fn create(target: &Path) -> io::Result<Self> {
        let mut prefix = OsString::from(".");
        prefix.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        prefix.push(".new.");
        clear(target, &prefix)?;
        for number in 0.. {
            let mut name = prefix.clone();
            name.push(std::process::id().to_string());
            if number > 0 {
                name.push(format!(".{number}"));
            }
            let temporary = target.with_file_name(name);
            if let Some(file) = claim(&temporary)? {
                let started = Self { target: target.to_owned(), temporary, file, is_committed: false };
                started.resemble()?;
                return Ok(started);
            }
        }
        unreachable!("there are more numbers than files")
    }

    fn resemble(&self) -> io::Result<()> {
        let Ok(about) = fs::metadata(&self.target) else { return Ok(()) };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            // Only an administrator may give files away.
            let _ = std::os::unix::fs::fchown(&self.file, Some(about.uid()), Some(about.gid()));
        }
        self.file.set_permissions(about.permissions())
    }

    /// Puts the file in the place of its target, on disk.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.is_committed = true;
        // Only POSIX systems can open and sync a folder; elsewhere a rename has to be enough.
        if cfg!(unix) {
            File::open(parent(&self.target))?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_committed {
            // What cannot be removed now, the next writer removes.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Creates and locks a file; `None` where the name is taken.
fn claim(path: &Path) -> io::Result<Option<File>> {
    let file = match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        // Another process that clears leftovers may have been faster than the lock, and have removed the file.
        Ok(()) => Ok(still_leads_to(&file, path).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: leftovers then stay.
        Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Removes the files with this prefix next to `target` whose process has ended.
fn clear(target: &Path, prefix: &OsString) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(parent(target)) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let is_one = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if !is_one || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(file) = OpenOptions::new().write(true).open(entry.path()) else { continue };
        if file.try_lock().is_ok() && still_leads_to(&file, &entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn parent(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a path, and no link at it, still leads to an open file or folder, which tells whether a lock on it still counts.
#[cfg(unix)]
#[must_use]
pub fn still_leads_to(open: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |about: io::Result<fs::Metadata>| about.map(|about| (about.dev(), about.ino())).ok();
    let open = id(open.metadata());
    open.is_some() && open == id(fs::symlink_metadata(path))
}

#[cfg(not(unix))]
#[must_use]
pub fn still_leads_to(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(target: &Path, text: &str) -> io::Result<()> {
        let mut started = Replacement::create(target)?;
        started.file.write_all(text.as_bytes())?;
        started.commit()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("页.html");
        for text in ["long text", "short", ""] {
            write(&target, text).unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
        }
        let mut dropped = Replacement::create(&target).unwrap();
        dropped.file.write_all(b"half").unwrap();
        assert_eq!(names(root.path()).len(), 2);
        drop(dropped);
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names(root.path()).len()), ("", 1));
        assert!(write(&root.path().join("none/page"), "").is_err() && write(Path::new("/"), "").is_err());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        for left in [".out.new.1", ".out.new.1.1", ".out.newer", ".outer.new.1"] {
            fs::write(root.path().join(left), "half").unwrap();
        }
        let mut living = Replacement::create(&target).unwrap();
        living.file.write_all(b"living").unwrap();
        write(&target, "new").unwrap();
        assert_eq!(names(root.path()).len(), 4, "{:?}", names(root.path()));
        living.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "living");
        assert_eq!(names(root.path()), [".out.newer", ".outer.new.1", "out"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        write(&target, "1").unwrap();
        for mode in [0o600, 0o755, 0o640] {
            fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
            write(&target, "2").unwrap();
            assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, mode);
        }
    }
}
