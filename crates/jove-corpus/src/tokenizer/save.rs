//! Writing a tokenizer in Hugging Face's file layout.

use std::path::Path;

use jove_core::{Layout, TokenId};
use jove_files::{Kind, Output};
use serde_json::{Value, json};

use super::class::Class;
use super::{Tokenizer, saved, sentencepiece};
use crate::error::{Error, Result};

impl Tokenizer {
    /// The files of Hugging Face's layout, by name: `tokenizer.json`, `tokenizer_config.json`,
    /// `special_tokens_map.json`, and `vocab.txt` (BERT) or `sentencepiece.bpe.model` (XLM-R, where SentencePiece can
    /// follow the rules), with `added_tokens.json` where tokens were added.
    ///
    /// They are read back and cut odd texts as this tokenizer does.
    ///
    /// # Errors
    /// When the vocabulary cannot be written as JSON, or what was written gives other tokens ([`Error::Unfaithful`]).
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let (class, json) = (Class::of(self), self.marked_json()?);
        saved::check_json(self, &json, class)?;
        let mut files = vec![
            ("tokenizer.json".to_owned(), json),
            ("tokenizer_config.json".to_owned(), pretty(&self.config(class))),
            ("special_tokens_map.json".to_owned(), pretty(&self.specials_map())),
        ];
        match self.layout {
            Layout::Bert => {
                files.push(("vocab.txt".to_owned(), self.vocab_lines()));
                let added = self.added_beyond_model();
                if added.as_object().is_some_and(|added| !added.is_empty()) {
                    files.push(("added_tokens.json".to_owned(), pretty(&added)));
                }
            }
            Layout::XlmRoberta => {
                let models = [self.sentencepiece.clone(), sentencepiece::write(self)];
                if let Some(model) = models.into_iter().flatten().find(|model| saved::is_told_by(self, model)) {
                    files.push(("sentencepiece.bpe.model".to_owned(), model));
                }
            }
        }
        Ok(files)
    }

    /// Writes [`Tokenizer::files`] into a folder, which is created where it is missing; each file is written atomically.
    ///
    /// # Errors
    /// As in [`Tokenizer::files`], and when the folder or a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        for (name, bytes) in self.files()? {
            let path = folder.join(name);
            Output::write(&path, Kind::ANY, &bytes).map_err(Error::io(&path))?;
        }
        Ok(())
    }

    /// A BLAKE3 hash, in hexadecimal, of everything that decides the tokens of a text: tokenizers with equal fingerprints
    /// give equal tokens.
    ///
    /// # Errors
    /// When the vocabulary cannot be written as JSON.
    pub fn fingerprint(&self) -> Result<String> {
        Ok(blake3::hash(self.json()?.as_bytes()).to_hex().to_string())
    }

    fn json(&self) -> Result<String> {
        self.inner.to_string(false).map_err(|error| Error::Tokenize(error.to_string()))
    }

    /// The text of `tokenizer.json`, in which all special tokens are marked as such again.
    fn marked_json(&self) -> Result<Vec<u8>> {
        let text = self.json()?;
        if self.whole.is_empty() {
            return Ok(text.into_bytes());
        }
        let failed = |error: serde_json::Error| Error::Tokenize(error.to_string());
        let mut json: Value = serde_json::from_str(&text).map_err(failed)?;
        for token in json["added_tokens"].as_array_mut().into_iter().flatten() {
            if token["content"].as_str().is_some_and(|piece| self.whole.contains(piece)) {
                token["special"] = json!(true);
            }
        }
        serde_json::to_vec(&json).map_err(failed)
    }

    /// Whether there are added tokens besides the five special ones.
    pub(super) fn has_added(&self) -> bool {
        let five = self.names.all();
        let added = self.inner.get_added_vocabulary().get_vocab();
        added.len() > added.keys().filter(|piece| five.contains(&piece.as_str())).count()
    }

    /// The added tokens that are not among the model's pieces, with their ids.
    fn added_beyond_model(&self) -> Value {
        let model = self.inner.get_vocab(false);
        let added = self.inner.get_added_vocabulary().get_vocab();
        let beyond = added.iter().filter(|(piece, _)| !model.contains_key(*piece));
        // JSON's objects are sorted by key.
        Value::Object(beyond.map(|(piece, id)| (piece.clone(), json!(id))).collect())
    }

    /// One piece of the model a line, in the order of ids; gaps are filled so that later ids keep their place.
    fn vocab_lines(&self) -> Vec<u8> {
        let model = self.inner.get_vocab(false);
        let rows = model.values().max().map_or(0, |&id| id + 1);
        let mut lines = Vec::new();
        for id in 0..rows {
            let piece = self.piece(TokenId(id)).unwrap_or_else(|| format!("[unused-hole-{id}]"));
            lines.extend_from_slice(piece.as_bytes());
            lines.push(b'\n');
        }
        lines
    }

    fn specials_map(&self) -> Value {
        let names = &self.names;
        let mut map = json!({
            "cls_token": names.first, "mask_token": names.mask, "pad_token": names.pad,
            "sep_token": names.separator, "unk_token": names.unknown,
        });
        if self.layout == Layout::XlmRoberta {
            map["bos_token"] = json!(names.first);
            map["eos_token"] = json!(names.separator);
            map["mask_token"] = json!({
                "content": names.mask, "lstrip": true, "normalized": false, "rstrip": false, "single_word": false,
            });
        }
        map
    }

    fn config(&self, class: Class) -> Value {
        let mut config = self.specials_map();
        config["model_max_length"] = json!(512);
        // The full form of an added piece belongs to the other file's format.
        config["mask_token"] = json!(self.names.mask);
        class.configure(&mut config);
        config
    }
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("a JSON value can be written");
    text.push(b'\n');
    text
}
