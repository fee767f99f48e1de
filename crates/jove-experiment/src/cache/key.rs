//! Keys: hashes of everything that a stage depends on.

use std::path::Path;

use serde::{Serialize, Serializer};

use crate::cache::input::InputFile;
use crate::disk::files_below;
use crate::error::Result;

/// The digest of the sources that results depend on (`code_digest.rs`), part of every key: a changed source changes all keys.
pub const CODE: &str = env!("JOVE_CODE");

/// Digits of a key that go into folder names.
const KEY_DIGITS: usize = 16;

/// A hash of everything a stage depends on, with the files from outside the cache among it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    digits: String,
    files: Vec<InputFile>,
}

impl Key {
    /// The key of a stage: the program's code, its name, its settings, and the keys of what it reads.
    pub(crate) fn new(stage: &str, settings: &impl Serialize, inputs: &[&Self]) -> Self {
        let parts = serde_json::to_vec(&(CODE, stage, settings, inputs))
            .expect("settings are plain data, which always has a JSON form");
        let files = inputs.iter().flat_map(|input| &input.files).cloned().collect();
        Self::of_bytes(&parts, files)
    }

    fn of_bytes(bytes: &[u8], files: Vec<InputFile>) -> Self {
        Self { digits: blake3::hash(bytes).to_hex()[..KEY_DIGITS].to_owned(), files }
    }

    /// The key of the names and contents of files, in their order.
    pub(crate) fn of_files(files: Vec<InputFile>) -> Self {
        let name = |file: &InputFile| file.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let parts: Vec<_> = files.iter().map(|file| (name(file), file.hash)).collect();
        Self::of_bytes(&serde_json::to_vec(&parts).expect("names and hashes are plain data"), files)
    }

    /// The key of every file at or below some paths.
    ///
    /// # Errors
    /// When a file cannot be read, or changes meanwhile.
    pub(crate) fn of_paths<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            for file in files_below(path)? {
                files.push(InputFile::read(&file)?);
            }
        }
        Ok(Self::of_files(files))
    }

    /// Fails where a file no longer holds what the key was computed from: to be called once it was read.
    ///
    /// # Errors
    /// [`crate::Error::Changed`] names the file.
    pub(crate) fn check_files(&self) -> Result<()> {
        self.files.iter().try_for_each(InputFile::check)
    }

    /// The same key for what reads the stage, to which these files no longer matter.
    pub(super) fn of_stage(self) -> Self {
        Self { files: Vec::new(), ..self }
    }

    /// The key as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.digits
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.digits == other.digits
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digits.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keys_follow_settings_inputs_names_and_contents() {
        let root = tempfile::tempdir().unwrap();
        let (a, b) = (root.path().join("a/文.txt"), root.path().join("b/文.txt"));
        for path in [&a, &b] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let key = |path: &Path| Key::of_paths([path]).unwrap();
        assert_eq!(key(&a), key(&b));
        fs::write(&b, "texts").unwrap();
        assert_ne!(key(&a), key(&b));
        fs::write(&b, "text").unwrap();
        fs::rename(&b, root.path().join("b/文.jsonl")).unwrap();
        assert_ne!(key(&a), key(&root.path().join("b/文.jsonl")), "the name tells the format");
        assert_ne!(Key::new("x", &1, &[&key(&a)]), Key::new("x", &1, &[]));
        assert_ne!(Key::new("x", &1, &[]), Key::new("y", &1, &[]));
        assert_ne!(Key::new("x", &1, &[]), Key::new("x", &2, &[]));
        assert!(Key::of_paths([root.path().join("none").as_path()]).is_err());
    }

    #[test]
    fn a_key_knows_the_files_that_it_was_computed_from() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        fs::write(&path, "1").unwrap();
        let files = Key::of_paths([path.as_path()]).unwrap();
        let key = Key::new("x", &1, &[&files, &Key::new("y", &1, &[])]);
        key.check_files().unwrap();
        fs::write(&path, "2").unwrap();
        assert!(key.check_files().unwrap_err().to_string().contains('a'));
        key.of_stage().check_files().unwrap();
    }
}
