//! Whether the files of a source are still what they were when reading began.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, Result};

/// The regular files at a path or directly below it, with their sizes and times. Pipes and devices cannot be looked at twice.
#[derive(Debug)]
pub(super) struct Watched(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Watched {
    pub(super) fn new(path: &Path) -> Result<Self> {
        if jove_files::is_stream(path) {
            return Ok(Self(Vec::new()));
        }
        let mut paths = vec![path.to_owned()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(Error::io(path))?;
            paths = entries.map(|entry| Ok(entry.map_err(Error::io(path))?.path())).collect::<Result<_>>()?;
            paths.sort();
        }
        let mut files = Vec::new();
        for path in paths {
            let about = std::fs::metadata(&path).map_err(Error::io(&path))?;
            if about.is_file() {
                files.push((path, about.len(), about.modified().ok()));
            }
        }
        Ok(Self(files))
    }

    /// Fails where a file was written to, cut or removed since. Others may appear beside them, such as the build's own.
    pub(super) fn check(&self) -> Result<()> {
        for (path, bytes, time) in &self.0 {
            let same = std::fs::metadata(path).is_ok_and(|now| now.len() == *bytes && now.modified().ok() == *time);
            if !same {
                return Err(Error::Changed { path: path.clone() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn a_file_that_is_cut_or_grows_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("图.tsv");
        for path in [&file, folder.path()] {
            for bytes in [0, 3, 7] {
                fs::write(&file, "a\tb\tc").unwrap();
                let watched = Watched::new(path).unwrap();
                watched.check().unwrap();
                File::options().write(true).open(&file).unwrap().set_len(bytes).unwrap();
                let message = watched.check().unwrap_err().to_string();
                assert!(message.starts_with(&file.display().to_string()), "{message}");
            }
            let watched = Watched::new(path).unwrap();
            fs::write(folder.path().join(format!("another-{}", path.is_dir())), "").unwrap();
            watched.check().unwrap();
            fs::remove_file(&file).unwrap();
            assert!(watched.check().is_err());
        }
    }
}
