//! Whether the files of a source are still what they were when reading began.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::error::{Error, Result};

/// The regular files of a source, with their sizes and times. Pipes and devices cannot be looked at twice.
#[derive(Debug)]
pub(super) struct Watched(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Watched {
    /// Begins to watch `paths`, none of which is a folder.
    pub(super) fn new(paths: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths.iter().filter(|path| !jove_files::is_stream(path)) {
            let about = std::fs::metadata(path).map_err(Error::io(path))?;
            files.push((path.clone(), about.len(), about.modified().ok()));
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
        let watch = || Watched::new(std::slice::from_ref(&file)).unwrap();
        for bytes in [0, 3, 7] {
            fs::write(&file, "a\tb\tc").unwrap();
            let watched = watch();
            watched.check().unwrap();
            File::options().write(true).open(&file).unwrap().set_len(bytes).unwrap();
            let message = watched.check().unwrap_err().to_string();
            assert!(message.starts_with(&file.display().to_string()), "{message}");
        }
        let watched = watch();
        fs::write(folder.path().join("another"), "").unwrap();
        watched.check().unwrap();
        fs::remove_file(&file).unwrap();
        assert!(watched.check().is_err());
    }
}
