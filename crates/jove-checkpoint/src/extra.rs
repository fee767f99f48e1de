//! Small files that accompany the weights, such as a vocabulary or a tokenizer.

use std::path::Path;

use crate::content::identified;
use crate::error::{Error, Result};
use crate::folder::{TOKENIZER_FILES, check_plain, read_small};

/// A small file that accompanies the weights, such as a vocabulary or a tokenizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraFile {
    name: String,
    bytes: Vec<u8>,
}

/// The maximum size of such a file, in bytes; XLM-R's tokenizer has 17 MB.
const EXTRA_BYTES_MAX: u64 = 256 << 20;

impl ExtraFile {
    /// A file with a plain name, without folders.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] where the name is not a single path component.
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Self> {
        check_plain(Path::new(name), name)?;
        Ok(Self { name: name.to_owned(), bytes: bytes.into() })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read or is larger than 256 MiB.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::new(&name, read_small(path, EXTRA_BYTES_MAX)?)
    }

    /// Whether a name is that of a tokenizer's file, see [`ExtraFile::tokenizer_of`].
    pub fn is_of_tokenizer(name: &str) -> bool {
        TOKENIZER_FILES.contains(&name) && name != "README.md"
    }

    /// The name within the folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The contents.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The files of the tokenizer in a checkpoint folder, in a fixed order; there may be none.
    ///
    /// # Errors
    /// Where a file cannot be read or is larger than 256 MiB, or holds something else, such as a Git LFS pointer.
    pub fn tokenizer_of(folder: &Path) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        for name in TOKENIZER_FILES.into_iter().filter(|name| Self::is_of_tokenizer(name)) {
            let path = folder.join(name);
            if path.is_file() {
                let bytes = read_small(&path, EXTRA_BYTES_MAX)?;
                if let Some(content) = identified(&bytes).filter(|_| !bytes.is_empty()) {
                    return Err(Error::foreign(&path, "a file of a tokenizer", &content));
                }
                found.push(Self { name: name.to_owned(), bytes });
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_place_of_a_vocabulary_is_not_carried_along() {
        let root = tempfile::tempdir().unwrap();
        for (bytes, expected) in [
            (&b"[PAD]\n\xe8\xaf\x8d\n"[..], None),
            (b"", None),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", Some("found a Git LFS pointer")),
            (b"<!doctype html>\n", Some("found a web page (HTML)")),
        ] {
            std::fs::write(root.path().join("vocab.txt"), bytes).unwrap();
            match (ExtraFile::tokenizer_of(root.path()), expected) {
                (Ok(files), None) => assert_eq!(files[0].bytes(), bytes),
                (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{error}"),
                (found, _) => panic!("{found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn only_plain_names_are_taken() {
        for name in ["vocab.txt", "a", "词表.txt", "😀", "e\u{301}.txt", "אוצר.txt", "..."] {
            assert!(ExtraFile::new(name, "x").is_ok(), "{name:?}");
        }
        for name in ["", ".", "..", "/", "/etc/passwd", "../up", "a/b", "a\\b", "c:x", "a\0"] {
            assert!(ExtraFile::new(name, "x").is_err(), "{name:?}");
        }
    }
}
