//! Replacing a folder as a whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jove_files::still_leads_to;

use crate::error::{Error, Result};

/// A folder that takes the place of another at once, or not at all.
///
/// It is made inside a hidden folder next to its target, named `.TARGET.new.PROCESS`. That one is locked while its process
/// lives, however it ends, so that what a killed process left is found and cleared by the next that writes to the same target.
#[derive(Debug)]
pub struct AtomicFolder {
    target: PathBuf,
    outer: PathBuf,
    new: PathBuf,
    /// Held while this lives; none where the file system has no locks on folders.
    lock: Option<File>,
}

/// The new folder inside the hidden one.
const NEW: &str = "new";
/// Where the old folder is while it is replaced, on systems that cannot exchange two folders.
const OLD: &str = "old";

impl AtomicFolder {
    /// Starts an empty folder for `target`, after clearing what killed processes have left there.
    ///
    /// # Errors
    /// Where the folder, or a parent of it, cannot be created, or `target` has no name.
    pub fn create(target: &Path) -> Result<Self> {
        let target = resolved(target)?;
        let parent = target.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&parent).map_err(Error::io(&parent))?;
        Self::recover(&target)?;
        let prefix = prefix(&target)?;
        for number in 0.. {
            let mut name = prefix.clone();
            name.push(std::process::id().to_string());
            if number > 0 {
                name.push(format!(".{number}"));
            }
            if let Some((outer, lock)) = claim(target.with_file_name(name))? {
                let made = Self { target, new: outer.join(NEW), outer, lock };
                fs::create_dir(&made.new).map_err(Error::io(&made.outer))?;
                return Ok(made);
            }
        }
        unreachable!("there are more numbers than folders")
    }

    /// Clears what killed processes have left next to `target`. Where one was killed between moving the old folder away and
    /// the new one in, the old one is put back.
    ///
    /// # Errors
    /// Where something cannot be moved or removed.
    pub fn recover(target: &Path) -> Result<()> {
        let target = resolved(target)?;
        let prefix = prefix(&target)?;
        let parent = target.parent().unwrap_or(Path::new("/"));
        let entries = match fs::read_dir(parent) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::Io { path: parent.to_owned(), source }),
        };
        for entry in entries {
            let entry = entry.map_err(Error::io(parent))?;
            let is_one = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
            if is_one && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                clear(&entry.path(), &target)?;
            }
        }
        Ok(())
    }

    /// The folder to write to.
    pub fn path(&self) -> &Path {
        &self.new
    }

    /// Puts the folder in the place of its target; what stood there is removed. The change is on disk when this returns.
    ///
    /// # Errors
    /// Where something cannot be synced, moved or removed; the target is then the old or the new one, whole.
    pub fn commit(self) -> Result<()> {
        let (new, target) = (self.path(), &self.target);
        sync(new)?;
        if fs::symlink_metadata(target).is_err() {
            fs::rename(new, target).map_err(Error::io(target))?;
        } else if exchange(new, target).is_err() {
            // If not for want of the means, this fails for the same reason.
            self.replace_in_two_steps()?;
        }
        target.parent().map_or(Ok(()), sync)?;
        fs::remove_dir_all(&self.outer).map_err(Error::io(&self.outer))
    }

    /// For file systems that cannot exchange two folders.
    fn replace_in_two_steps(&self) -> Result<()> {
        let (target, old) = (&self.target, self.outer.join(OLD));
        fs::rename(target, &old).map_err(Error::io(target))?;
        fs::rename(self.path(), target).map_err(|source| {
            // Restore the old folder, so that a failure changes nothing.
            let _ = fs::rename(&old, target);
            Error::Io { path: target.clone(), source }
        })
    }
}

impl Drop for AtomicFolder {
    fn drop(&mut self) {
        // After a commit nothing is left to remove; before one, the partial folder must go.
        let _ = fs::remove_dir_all(&self.outer);
        drop(self.lock.take());
    }
}

/// The absolute path; of what a link leads to, so that the link stays one.
fn resolved(target: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(target).map_err(Error::io(target))?;
    if absolute.is_symlink() { fs::canonicalize(&absolute).map_err(Error::io(target)) } else { Ok(absolute) }
}

/// Creates and locks a hidden folder; `None` where the name is taken.
fn claim(outer: PathBuf) -> Result<Option<(PathBuf, Option<File>)>> {
    match fs::create_dir(&outer) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(source) => return Err(Error::Io { path: outer, source }),
    }
    let Ok(lock) = File::open(&outer) else { return Ok(Some((outer, None))) };
    match lock.try_lock() {
        // Another process that clears leftovers may have been faster than the lock, and have removed the folder.
        Ok(()) if still_leads_to(&lock, &outer) => Ok(Some((outer, Some(lock)))),
        Ok(()) | Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(_)) => Ok(Some((outer, None))),
    }
}

/// Removes a hidden folder whose process has ended.
fn clear(outer: &Path, target: &Path) -> Result<()> {
    let Ok(lock) = File::open(outer) else { return Ok(()) };
    if lock.try_lock().is_err() || !still_leads_to(&lock, outer) {
        return Ok(());
    }
    let old = outer.join(OLD);
    if old.exists() && fs::symlink_metadata(target).is_err() {
        fs::rename(&old, target).map_err(Error::io(target))?;
    }
    fs::remove_dir_all(outer).map_err(Error::io(outer))
}

/// Exchanges two folders in one step.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the entries of a folder durable.
fn sync(folder: &Path) -> Result<()> {
    // Only POSIX systems can open and sync a folder; elsewhere a rename has to be enough.
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io(folder))?;
    }
    Ok(())
}

/// How the names of the hidden folders of a target begin.
fn prefix(target: &Path) -> Result<OsString> {
    let Some(name) = target.file_name() else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "expected the path of a folder to write");
        return Err(Error::Io { path: target.to_owned(), source });
    };
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".new.");
    Ok(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn write(target: &Path, text: &str) {
        let folder = AtomicFolder::create(target).unwrap();
        fs::write(folder.path().join("one"), text).unwrap();
        folder.commit().unwrap();
    }

    #[test]
    fn a_folder_is_replaced_whole_and_nothing_is_left() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("模型");
        for text in ["1", "2", "3"] {
            write(&target, text);
            assert_eq!(fs::read_to_string(target.join("one")).unwrap(), text);
        }
        let dropped = AtomicFolder::create(&target).unwrap();
        fs::write(dropped.path().join("one"), "4").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(target.join("one")).unwrap(), "3");
        assert_eq!(names(root.path()), ["模型"]);
    }

    #[test]
    fn what_a_killed_process_left_is_cleared_and_what_a_living_one_makes_is_not() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        for left in [".out.new.1", ".out.new.1.1", ".out.new.77", ".out.newer", ".outer.new.1"] {
            fs::create_dir_all(root.path().join(left).join("new")).unwrap();
        }
        let living = AtomicFolder::create(&target).unwrap();
        fs::write(living.path().join("one"), "living").unwrap();
        write(&target, "new");
        assert_eq!(names(root.path()).len(), 4, "{:?}", names(root.path()));
        living.commit().unwrap();
        assert_eq!(fs::read_to_string(target.join("one")).unwrap(), "living");
        assert_eq!(names(root.path()), [".out.newer", ".outer.new.1", "out"]);
    }

    #[test]
    fn a_replacement_in_two_steps_that_was_cut_off_is_undone() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        write(&target, "old");
        let cut = AtomicFolder::create(&target).unwrap();
        fs::write(cut.path().join("one"), "new").unwrap();
        cut.replace_in_two_steps().unwrap();
        assert_eq!(fs::read_to_string(target.join("one")).unwrap(), "new");
        // As if killed between the two: the new one has not arrived.
        fs::rename(&target, cut.path()).unwrap();
        let left = root.path().join(".out.new.0");
        fs::rename(&cut.outer, &left).unwrap();
        drop(cut);
        AtomicFolder::recover(&target).unwrap();
        assert_eq!(fs::read_to_string(target.join("one")).unwrap(), "old");
        assert_eq!(names(root.path()), ["out"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_what_it_leads_to_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("real")).unwrap();
        let link = root.path().join("link");
        std::os::unix::fs::symlink("real", &link).unwrap();
        write(&link, "new");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(root.path().join("real/one")).unwrap(), "new");
        assert_eq!(names(root.path()), ["link", "real"]);
    }

    #[test]
    fn a_target_without_a_name_is_refused() {
        assert!(AtomicFolder::create(Path::new("/")).is_err());
        let root = tempfile::tempdir().unwrap();
        AtomicFolder::recover(&root.path().join("none/none")).unwrap();
    }
}
