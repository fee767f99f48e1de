//! Loading a tokenizer from a file or folder.

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use serde_json::Value;

use super::{Tokenizer, charsmap, limits, parts, sentencepiece};
use crate::error::{Error, Result};

/// XLM-R's files have 5 and 9 MB; a file far above that is not a vocabulary.
const BYTES_MAX: u64 = 256 << 20;

impl Tokenizer {
    /// Loads a tokenizer: a `tokenizer.json`, a WordPiece `vocab.txt`, a SentencePiece `.model`, or a folder with one of
    /// them (`tokenizer.json` is preferred).
    ///
    /// A `vocab.txt` does not record whether letters are lower-cased. A `tokenizer_config.json` in the same folder does
    /// (`do_lower_case`); without one, letters are lower-cased where no piece has an upper-case letter.
    ///
    /// # Errors
    /// When the file cannot be read, does not follow its format, is larger than 256 MiB, or lacks a special token of its
    /// layout ([`Error::MissingSpecial`]).
    pub fn load(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return load_folder(path);
        }
        let bytes = read(path)?;
        match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
            "json" => Self::new(read_json(&bytes, path)?, path),
            "model" => {
                let loaded = Self::new(sentencepiece::read(&bytes, path)?, path)?;
                Ok(Self { sentencepiece: Some(bytes), ..loaded })
            }
            "txt" => Self::new(read_vocab(&bytes, path)?, path),
            other => Err(Error::malformed(path, "a name that ends in .json, .txt or .model", format!("`.{other}`"))),
        }
    }
}

const SENTENCEPIECE_NAMES: [&str; 3] = ["sentencepiece.bpe.model", "sentencepiece.model", "spiece.model"];

fn load_folder(folder: &Path) -> Result<Tokenizer> {
    let names = ["tokenizer.json", "vocab.txt"].into_iter().chain(SENTENCEPIECE_NAMES);
    let Some(found) = names.map(|name| folder.join(name)).find(|path| path.is_file()) else {
        return Err(Error::malformed(folder, "tokenizer.json, vocab.txt or sentencepiece.bpe.model", "none of them"));
    };
    let mut loaded = Tokenizer::load(&found)?;
    if loaded.sentencepiece.is_none() {
        let model = SENTENCEPIECE_NAMES.into_iter().map(|name| folder.join(name)).find(|path| path.is_file());
        loaded.sentencepiece = model.map(|path| read(&path)).transpose()?;
    }
    Ok(loaded)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let file = jove_files::open_file(path).map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::malformed(path, format!("at most {BYTES_MAX} bytes"), "more"));
    }
    Ok(bytes)
}

fn read_json(bytes: &[u8], path: &Path) -> Result<tokenizers::Tokenizer> {
    let malformed = |error: &dyn ToString| Error::malformed(path, "a tokenizer.json", error.to_string());
    let json: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    check_charsmaps(&json, path)?;
    check_unigram(&json, path)?;
    limits::check(&json, path)?;
    drop(json);
    tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| malformed(&error))
}

/// Checks every SentencePiece character map in the file before the crate walks it.
fn check_charsmaps(json: &Value, path: &Path) -> Result<()> {
    match json {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| match (name.as_str(), value) {
            ("precompiled_charsmap", Value::String(encoded)) => {
                let map = base64::engine::general_purpose::STANDARD.decode(encoded);
                let map = map.map_err(|error| Error::malformed(path, "a character map in base64", error))?;
                charsmap::check(&map).map_err(|found| Error::malformed(path, "a character map", found))
            }
            (_, value) => check_charsmaps(value, path),
        }),
        Value::Array(values) => values.iter().try_for_each(|value| check_charsmaps(value, path)),
        _ => Ok(()),
    }
}

/// Rejects a Unigram model without an unknown piece, with which the crate panics at the first unknown character.
fn check_unigram(json: &Value, path: &Path) -> Result<()> {
    let Some(model) = json.get("model").filter(|model| model.get("type").and_then(Value::as_str) == Some("Unigram"))
    else {
        return Ok(());
    };
    let pieces = model.get("vocab").and_then(Value::as_array).map_or(0, Vec::len);
    match model.get("unk_id").and_then(Value::as_u64) {
        Some(id) if (id as usize) < pieces => Ok(()),
        other => Err(Error::malformed(path, "an unk_id inside the vocabulary", format!("{other:?} of {pieces}"))),
    }
}

fn read_vocab(bytes: &[u8], path: &Path) -> Result<tokenizers::Tokenizer> {
    let mut vocab: Vec<(String, u32)> = Vec::new();
    let mut any_upper = false;
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for (line, id) in body.split(|&byte| byte == b'\n').zip(0..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let piece = std::str::from_utf8(line).map_err(|_| {
            let found = format!("other bytes in line {}", u64::from(id) + 1);
            Error::malformed(path, "UTF-8", found)
        })?;
        any_upper |= !piece.starts_with(['[', '<']) && piece.chars().any(char::is_uppercase);
        vocab.push((piece.to_owned(), id));
    }
    parts::bert(parts::word_piece(vocab, path)?, lowercase_setting(path).unwrap_or(!any_upper), path)
}

fn lowercase_setting(vocab: &Path) -> Option<bool> {
    let config = read(&vocab.with_file_name("tokenizer_config.json")).ok()?;
    serde_json::from_slice::<Value>(&config).ok()?.get("do_lower_case")?.as_bool()
}
