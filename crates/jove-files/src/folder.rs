//! The files of a folder, each once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders in each other; deeper ones are left out.
const DEPTH_MAX: usize = 16;

/// The regular files at and below `path` for which `wanted` is true, folders in the order of their names. Links are
/// followed, but each folder is entered once, so that links in a circle add nothing. `path` itself is given
/// whatever it is.
///
/// # Errors
/// Where `path` is missing or a folder cannot be read.
pub fn files_below(path: &Path, wanted: &dyn Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut walk = Walk { entered: BTreeSet::new(), found: Vec::new(), wanted };
    walk.enter(path, 0)?;
    Ok(walk.found)
}

struct Walk<'a> {
    entered: BTreeSet<PathBuf>,
    found: Vec<PathBuf>,
    wanted: &'a dyn Fn(&Path) -> bool,
}

impl Walk<'_> {
    fn enter(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        if depth > DEPTH_MAX || !self.entered.insert(fs::canonicalize(folder)?) {
            return Ok(());
        }
        let mut inside = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        inside.sort();
        for path in inside.into_iter().filter(|path| (self.wanted)(path)) {
            // A link that leads nowhere is no file.
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() => self.enter(&path, depth + 1)?,
                Ok(found) if found.is_file() => self.found.push(path),
                _ => {}
            }
        }
        Ok(())
    }
}
