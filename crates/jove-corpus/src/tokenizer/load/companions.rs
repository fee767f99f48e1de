//! What the files beside a vocabulary say about it: `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json` and
//! the `config.json` of its model.

use std::path::Path;

use jove_core::Layout;
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::super::names::SpecialNames;
use super::read::read;
use crate::error::{Error, Result};

/// The settings beside a vocabulary, as `transformers` reads them.
#[derive(Debug, Default)]
pub(super) struct Companions {
    /// `tokenizer_class`, without `Fast` at its end.
    pub(super) class: Option<String>,
    /// `model_type` of `config.json`.
    pub(super) model_type: Option<String>,
    /// Whether there is a `tokenizer_config.json`.
    pub(super) configured: bool,
    /// `do_lower_case`.
    pub(super) lowercase: Option<bool>,
    /// `strip_accents`; the inner `None` is an explicit null.
    #[allow(clippy::option_option, reason = "a missing key and an explicit null mean different things")]
    pub(super) strip_accents: Option<Option<bool>>,
    /// `tokenize_chinese_chars`.
    pub(super) han_apart: Option<bool>,
    /// Tokens that are added to the vocabulary, with their ids where a file gives them.
    pub(super) added: Vec<(Option<u32>, AddedToken)>,
    specials: Map<String, Value>,
}

/// The keys of special tokens that a layout knows.
const SPECIAL_KEYS: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

impl Companions {
    /// Reads the files of a folder that are there.
    ///
    /// # Errors
    /// Where one is not JSON, or a setting has another type or a value that cannot be obeyed.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut found = Self::default();
        if let Some(config) = object(&folder.join("config.json"))? {
            found.model_type = config.get("model_type").and_then(Value::as_str).map(str::to_owned);
        }
        let path = folder.join("tokenizer_config.json");
        let config = object(&path)?;
        found.configured = config.is_some();
        let config = config.unwrap_or_default();
        found.read_flags(&config, &path)?;
        found.specials.clone_from(&config);
        let decoder = config.get("added_tokens_decoder").and_then(Value::as_object);
        if let Some(decoder) = decoder {
            for (id, token) in decoder {
                let id = id.parse().map_err(|_| Error::malformed(&path, "ids in added_tokens_decoder", id))?;
                found.added.push((Some(id), token_of(token, &path)?));
            }
        } else {
            found.read_earlier(folder)?;
        }
        found.read_lists(&path)?;
        found.added.sort_by_key(|(id, _)| id.unwrap_or(u32::MAX));
        Ok(found)
    }

    fn read_flags(&mut self, config: &Map<String, Value>, path: &Path) -> Result<()> {
        let class = config.get("tokenizer_class").and_then(Value::as_str);
        self.class = class.map(|class| class.strip_suffix("Fast").unwrap_or(class).to_owned());
        self.lowercase = flag(config, "do_lower_case", path)?.flatten();
        self.strip_accents = flag(config, "strip_accents", path)?;
        self.han_apart = flag(config, "tokenize_chinese_chars", path)?.flatten();
        if flag(config, "do_basic_tokenize", path)?.flatten() == Some(false) {
            return Err(Error::malformed(path, "do_basic_tokenize: true, or nothing", "false"));
        }
        for key in ["never_split", "word_tokenizer_type", "subword_tokenizer_type"] {
            let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if let Some(value) = config.get(key).filter(|value| !empty(value)) {
                return Err(Error::malformed(path, format!("no {key}, which cannot be obeyed"), value));
            }
        }
        Ok(())
    }

    /// The files of earlier versions of `transformers`, which are read where `added_tokens_decoder` is missing.
    fn read_earlier(&mut self, folder: &Path) -> Result<()> {
        if let Some(map) = object(&folder.join("special_tokens_map.json"))? {
            self.specials.extend(map);
        }
        let path = folder.join("added_tokens.json");
        for (piece, id) in object(&path)?.unwrap_or_default() {
            let number = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let id = number.ok_or_else(|| Error::malformed(&path, "a number for each token", &id))?;
            self.added.push((Some(id), AddedToken::from(piece, false)));
        }
        Ok(())
    }

    /// `additional_special_tokens` and `extra_special_tokens`: special wherever else they are named.
    fn read_lists(&mut self, path: &Path) -> Result<()> {
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            let Some(list) = self.specials.get(key).and_then(Value::as_array) else { continue };
            for token in list.clone() {
                let token = token_of(&token, path)?;
                match self.added.iter_mut().find(|(_, known)| known.content == token.content) {
                    Some((_, known)) if !known.special => *known = AddedToken::from(known.content.clone(), true),
                    Some(_) => {}
                    None => self.added.push((None, AddedToken { special: true, normalized: false, ..token })),
                }
            }
        }
        Ok(())
    }

    /// The special pieces, with the names that the files give.
    pub(super) fn names(&self, layout: Layout) -> SpecialNames {
        let mut names = SpecialNames::of(layout);
        let given = |keys: [&str; 2]| keys.into_iter().find_map(|key| content(self.specials.get(key)?));
        for (slot, keys) in [
            (&mut names.first, ["cls_token", "bos_token"]),
            (&mut names.separator, ["sep_token", "eos_token"]),
            (&mut names.pad, ["pad_token", "pad_token"]),
            (&mut names.unknown, ["unk_token", "unk_token"]),
            (&mut names.mask, ["mask_token", "mask_token"]),
        ] {
            if let Some(name) = given(keys) {
                name.clone_into(slot);
            }
        }
        names
    }

    /// Whether a piece is one of the special tokens that the files name.
    pub(super) fn is_named(&self, piece: &str) -> bool {
        SPECIAL_KEYS.iter().any(|key| self.specials.get(*key).and_then(content) == Some(piece))
    }
}

/// The content of a token that is a string, or an object with its flags.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content")?.as_str())
}

fn token_of(token: &Value, path: &Path) -> Result<AddedToken> {
    let piece = content(token).ok_or_else(|| Error::malformed(path, "an added token with its content", token))?;
    let set = |key: &str, default: bool| match token.get(key) {
        None => Ok(default),
        Some(value) => value.as_bool().ok_or_else(|| Error::malformed(path, format!("true or false for {key}"), value)),
    };
    let special = set("special", token.is_string())?;
    let plain = AddedToken::from(piece, special);
    Ok(AddedToken {
        single_word: set("single_word", false)?,
        lstrip: set("lstrip", false)?,
        rstrip: set("rstrip", false)?,
        normalized: set("normalized", plain.normalized)?,
        ..plain
    })
}

/// A setting that is true, false or null; `None` where it is missing.
#[allow(clippy::option_option, reason = "a missing key and an explicit null mean different things")]
fn flag(config: &Map<String, Value>, key: &str, path: &Path) -> Result<Option<Option<bool>>> {
    match config.get(key) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::Bool(flag)) => Ok(Some(Some(*flag))),
        Some(other) => Err(Error::malformed(path, format!("true, false or null for {key}"), other)),
    }
}

/// The object in a file of JSON; `None` where there is no such file.
fn object(path: &Path) -> Result<Option<Map<String, Value>>> {
    if !path.is_file() {
        return Ok(None);
    }
    let malformed = |error: &dyn ToString| Error::malformed(path, "an object of JSON", error.to_string());
    match serde_json::from_slice(&read(path)?).map_err(|error| malformed(&error))? {
        Value::Object(object) => Ok(Some(object)),
        other => Err(malformed(&other)),
    }
}
