//! Files and folders, whatever they hold.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The files below a path, hidden ones too, sorted; the path itself if it is a file. Links are followed, and each folder is
/// entered once.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    jove_files::files_below(path, &|_| true).map_err(|source| Error::io("read", path, source))
}

/// Makes the entries of a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    // Only POSIX systems can open and sync a folder; elsewhere a rename has to be enough.
    if cfg!(unix) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder).and_then(|handle| handle.sync_all()).map_err(|source| Error::io("sync", folder, source))?;
    }
    Ok(())
}

/// Writes a file that is on disk when this returns.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| Error::io("write", path, source))
}

/// A path with a further ending.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_a_folder_are_sorted_and_each_found_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.txt", "a/2.txt", "a/1.txt", ".hidden", "a/.git/config", "ä.txt", "空 格.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, name).unwrap();
        }
        let below = |path: &Path| -> Vec<String> {
            let names = files_below(path).unwrap().into_iter();
            names.map(|file| file.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned()).collect()
        };
        #[cfg(unix)]
        for (link, target) in [("a/loop", "."), ("a/again", "..")] {
            std::os::unix::fs::symlink(target, folder.path().join(link)).unwrap();
        }
        let expected = [".hidden", "a/.git/config", "a/1.txt", "a/2.txt", "b.txt", "ä.txt", "空 格.txt"];
        assert_eq!(below(folder.path()), expected);
        assert_eq!(below(&folder.path().join("b.txt")), ["b.txt"]);
        assert!(files_below(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
