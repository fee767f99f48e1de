//! Writing a tokenizer in Hugging Face's file layout.

use std::path::Path;

use jove_core::Layout;
use jove_files::{Kind, Output};
use serde_json::{Value, json};
use tokenizers::normalizers::NormalizerWrapper;

use super::{Tokenizer, parts};
use crate::error::{Error, Result};

impl Tokenizer {
    /// The files of Hugging Face's layout, by name: `tokenizer.json`, `tokenizer_config.json`,
    /// `special_tokens_map.json`, and `vocab.txt` (BERT) or, where it was loaded from one, `sentencepiece.bpe.model`.
    ///
    /// # Errors
    /// When the vocabulary cannot be written as JSON.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let json = self.inner.to_string(false).map_err(|error| Error::Tokenize(error.to_string()))?;
        let mut files = vec![
            ("tokenizer.json".to_owned(), json.into_bytes()),
            ("tokenizer_config.json".to_owned(), pretty(&self.config())),
            ("special_tokens_map.json".to_owned(), pretty(&self.specials_map())),
        ];
        if self.layout == Layout::Bert {
            files.push(("vocab.txt".to_owned(), self.vocab_lines()));
        }
        if let Some(model) = &self.sentencepiece {
            files.push(("sentencepiece.bpe.model".to_owned(), model.clone()));
        }
        Ok(files)
    }

    /// Writes [`Tokenizer::files`] into a folder, which is created where it is missing; each file is written atomically.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
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
        let json = self.inner.to_string(false).map_err(|error| Error::Tokenize(error.to_string()))?;
        Ok(blake3::hash(json.as_bytes()).to_hex().to_string())
    }

    /// One piece a line, in the order of ids; gaps are filled so that later ids keep their place.
    fn vocab_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for id in 0..self.specials.vocab_size {
            let piece = self.inner.id_to_token(id).unwrap_or_else(|| format!("[unused-hole-{id}]"));
            lines.extend_from_slice(piece.as_bytes());
            lines.push(b'\n');
        }
        lines
    }

    fn specials_map(&self) -> Value {
        let names = parts::special_names(self.layout);
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

    fn config(&self) -> Value {
        let mut config = self.specials_map();
        config["model_max_length"] = json!(512);
        match self.layout {
            Layout::Bert => {
                config["tokenizer_class"] = json!("BertTokenizer");
                config["do_lower_case"] = json!(self.lowercase());
                config["tokenize_chinese_chars"] = json!(true);
                config["strip_accents"] = Value::Null;
            }
            Layout::XlmRoberta => {
                // The class of that name in transformers 5 builds its own rules around the pieces and keeps only a
                // character map; the general one uses tokenizer.json unchanged.
                let published = matches!(self.inner.get_normalizer(), Some(NormalizerWrapper::Precompiled(_)));
                let class = if published { "XLMRobertaTokenizer" } else { "PreTrainedTokenizerFast" };
                config["tokenizer_class"] = json!(class);
                // The full form of an added piece belongs to the other file's format.
                config["mask_token"] = json!(parts::special_names(self.layout).mask);
            }
        }
        config
    }

    fn lowercase(&self) -> bool {
        match self.inner.get_normalizer() {
            Some(NormalizerWrapper::BertNormalizer(rules)) => rules.lowercase,
            _ => false,
        }
    }
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("a JSON value can be written");
    text.push(b'\n');
    text
}
