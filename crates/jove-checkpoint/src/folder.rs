//! Folders that are written atomically.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::atomic_folder::AtomicFolder;
use crate::error::{Error, Result};
use crate::message::shortened;

/// Files of a tokenizer, in the layouts of common tools.
pub(crate) const TOKENIZER_FILES: [&str; 13] = [
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spm.model",
    "spiece.model",
    "tokenizer.model",
    "README.md",
];

/// Names of the files written here, except for tokenizers.
const CHECKPOINT_FILES: [&str; 6] =
    ["config.json", "bert_config.json", "checkpoint", "model.safetensors", "SHA256SUMS", "config_uer.json"];

/// Endings of the files written here.
const CHECKPOINT_ENDINGS: [&str; 6] =
    [".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".index", ".data-00000-of-00001"];

/// Reads a file that should be small.
pub(crate) fn read_small(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    jove_files::open_file(path).map_err(Error::io(path))?;
    jove_files::read_small(path, bytes_max).map_err(Error::io(path))
}

/// Rejects a name that is not a single plain path component.
pub(crate) fn check_plain(path: &Path, name: &str) -> Result<()> {
    let mut parts = Path::new(name).components();
    let plain = matches!((parts.next(), parts.next()), (Some(std::path::Component::Normal(_)), None));
    if plain && !name.contains(['/', '\\', '\0', ':']) {
        return Ok(());
    }
    let reason = format!("`{}` is not a plain file name", shortened(name));
    Err(Error::Refused { path: path.to_owned(), reason })
}

/// A checkpoint's folder in the making; removed unless committed.
#[derive(Debug)]
pub(crate) struct NewFolder {
    target: PathBuf,
    folder: AtomicFolder,
}

impl NewFolder {
    /// Starts a folder for `target`; an existing one is replaced on commit if it holds only files of checkpoints.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        // First what a killed process may have left half done.
        let folder = AtomicFolder::create(target)?;
        check_replaceable(target)?;
        Ok(Self { target: target.to_owned(), folder })
    }

    /// The temporary folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a small file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        check_plain(&self.target, name)?;
        let path = self.path().join(name);
        let mut file = fs::File::create_new(&path).map_err(Error::io(&path))?;
        io::Write::write_all(&mut file, bytes).and_then(|()| file.sync_all()).map_err(Error::io(&path))
    }

    /// Moves the folder to its target.
    pub(crate) fn commit(self) -> Result<()> {
        check_replaceable(&self.target)?;
        self.folder.commit()
    }
}

fn check_replaceable(target: &Path) -> Result<()> {
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::Io { path: target.to_owned(), source }),
    };
    for entry in entries {
        let entry = entry.map_err(Error::io(target))?;
        let name = entry.file_name();
        let known = name.to_str().is_some_and(is_ours) && entry.file_type().is_ok_and(|kind| kind.is_file());
        if !known {
            return Err(Error::Occupied { path: target.to_owned(), found: name.to_string_lossy().into_owned() });
        }
    }
    Ok(())
}

fn is_ours(name: &str) -> bool {
    TOKENIZER_FILES.contains(&name)
        || CHECKPOINT_FILES.contains(&name)
        || CHECKPOINT_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uncommitted_folder_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = NewFolder::create(&root.path().join("out")).unwrap();
        folder.write("config.json", b"{}").unwrap();
        assert!(folder.write("../escape", b"{}").is_err());
        drop(folder);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_checkpoint_is_replaced_and_nothing_else_is() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("模型");
        for text in [b"1", b"2"] {
            let folder = NewFolder::create(&target).unwrap();
            folder.write("config.json", text).unwrap();
            folder.commit().unwrap();
            assert_eq!(fs::read(target.join("config.json")).unwrap(), text);
        }
        fs::write(target.join("thesis.tex"), "years of work").unwrap();
        let message = NewFolder::create(&target).unwrap_err().to_string();
        assert!(message.contains("thesis.tex"), "{message}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
