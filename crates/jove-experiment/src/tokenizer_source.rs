//! The files of a tokenizer that a run file names.

use std::path::{Path, PathBuf};

use jove_checkpoint::ExtraFile;
use jove_corpus::Tokenizer;

use crate::cache::Key;
use crate::error::{Error, Result};

/// Files of a tokenizer, in memory. It is loaded from copies of them in a folder of their own, so that no file decides how
/// text is cut whose contents the key does not cover.
#[derive(Clone, Debug)]
pub(crate) struct TokenizerSource {
    /// The file or folder that the run file names.
    path: PathBuf,
    /// That file, where it is one.
    named: Option<ExtraFile>,
    /// All that lies beside it, or in the folder.
    beside: Vec<ExtraFile>,
}

/// The configuration of a model tells which family its tokenizer is of.
const MODEL_CONFIG: &str = "config.json";

impl TokenizerSource {
    /// Reads a tokenizer's file with those beside it, or those in a folder.
    ///
    /// # Errors
    /// When a file cannot be read or is too large.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let is_folder = path.is_dir();
        let folder = if is_folder { path } else { path.parent().unwrap_or(Path::new("")) };
        let named = if is_folder { None } else { Some(ExtraFile::read(path)?) };
        let mut beside = ExtraFile::tokenizer_of(folder)?;
        let config = folder.join(MODEL_CONFIG);
        if config.is_file() {
            beside.push(ExtraFile::read(&config)?);
        }
        Ok(Self { path: path.to_owned(), named, beside })
    }

    /// The file or folder that the run file names.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The key of the names and contents of all files.
    pub(crate) fn key(&self) -> Key {
        let about = |file: &ExtraFile| (file.name().to_owned(), blake3::hash(file.bytes()).to_hex().to_string());
        let beside: Vec<_> = self.beside.iter().map(about).collect();
        Key::new("tokenizer files", &(self.named.as_ref().map(about), beside), &[])
    }

    /// Loads the tokenizer from these files and no others.
    ///
    /// # Errors
    /// Where they hold no tokenizer.
    pub(crate) fn load(&self) -> Result<Tokenizer> {
        let fail = |source| Error::io("copy", &self.path, source);
        let folder = tempfile::tempdir().map_err(fail)?;
        for file in self.beside.iter().chain(&self.named) {
            std::fs::write(folder.path().join(file.name()), file.bytes()).map_err(fail)?;
        }
        let copy = self.named.as_ref().map_or_else(|| folder.path().to_owned(), |file| folder.path().join(file.name()));
        Tokenizer::load(&copy).map_err(|of_copy| {
            // The same error, but with the path that the user knows.
            Tokenizer::load(&self.path).err().unwrap_or(of_copy).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nThe\n岛\n";

    fn key(path: &Path) -> Key {
        TokenizerSource::read(path).unwrap().key()
    }

    #[test]
    fn every_file_that_may_be_opened_changes_the_key() {
        let root = tempfile::tempdir().unwrap();
        let vocabulary = root.path().join("vocab.txt");
        fs::write(&vocabulary, VOCABULARY).unwrap();
        for path in [&vocabulary, root.path()] {
            let mut keys = vec![key(path)];
            for name in ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"] {
                for text in ["{}", "{ }"] {
                    fs::write(root.path().join(name), text).unwrap();
                    let next = key(path);
                    assert!(!keys.contains(&next), "{name}: {text}");
                    keys.push(next);
                }
            }
            for name in ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"] {
                fs::remove_file(root.path().join(name)).unwrap();
            }
            assert!(key(path) == keys[0]);
            fs::write(root.path().join("notes.txt"), "no part of it").unwrap();
            assert!(key(path) == keys[0]);
        }
    }

    #[test]
    fn the_tokenizer_is_the_one_that_lies_there() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("vocab.txt");
        fs::write(&path, VOCABULARY).unwrap();
        for lowercase in [true, false] {
            let config = format!("{{\"do_lower_case\": {lowercase}}}");
            fs::write(root.path().join("tokenizer_config.json"), config).unwrap();
            let source = TokenizerSource::read(&path).unwrap();
            fs::write(root.path().join("tokenizer_config.json"), "changed since").unwrap();
            let cut = source.load().unwrap().encode_text("The 岛").unwrap();
            let first = if lowercase { 5 } else { 6 };
            assert_eq!(cut.tokens.iter().map(|token| token.0).collect::<Vec<_>>(), [first, 7]);
        }
    }

    #[test]
    fn an_error_names_the_path_of_the_run_file() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("vocab.txt");
        fs::write(&path, b"\xff\n").unwrap();
        let message = TokenizerSource::read(&path).unwrap().load().unwrap_err().to_string();
        assert!(message.contains(&path.display().to_string()), "{message}");
        assert!(TokenizerSource::read(&root.path().join("none.txt")).is_err());
    }
}
