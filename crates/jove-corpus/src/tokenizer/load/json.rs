//! Reading a `tokenizer.json`.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use jove_core::Layout;
use serde_json::{Value, json};

use super::super::limits;
use super::super::names::SpecialNames;
use super::super::sentencepiece;
use super::super::{Parts, Tokenizer};
use super::companions::Companions;
use super::{added, known};
use crate::error::{Error, Result};

/// The class whose flags `transformers` puts above those of the file.
const BERT_CLASS: &str = "BertTokenizer";

/// Reads a `tokenizer.json` with the special tokens and flags that its companions give.
pub(super) fn load(bytes: &[u8], companions: &Companions, path: &Path) -> Result<Tokenizer> {
    let mut json = value(bytes, path)?;
    check(&json, path)?;
    if companions.class.as_deref() == Some(BERT_CLASS) {
        apply_flags(&mut json, companions, path);
    }
    let names = named(&json, companions, path)?;
    added::add(build(json, names, path)?, companions, path)
}

/// Reads the text of a `tokenizer.json` alone, with the given special tokens.
pub(in super::super) fn parse(bytes: &[u8], names: &SpecialNames, origin: &Path) -> Result<Tokenizer> {
    let json = value(bytes, origin)?;
    check(&json, origin)?;
    build(json, names.clone(), origin)
}

fn value(bytes: &[u8], path: &Path) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| Error::malformed(path, "a tokenizer.json", error))
}

fn check(json: &Value, path: &Path) -> Result<()> {
    limits::check(json, path)?;
    known::check(json, path)?;
    check_charsmaps(json, path)?;
    check_unigram(json, path)
}

/// Changes the normaliser to what the configuration beside the file says, as `transformers` does for BERT's class.
fn apply_flags(json: &mut Value, companions: &Companions, path: &Path) {
    let rules = &mut json["normalizer"];
    if rules["type"] != "BertNormalizer" {
        if companions.lowercase.is_some() || companions.han_apart.is_some() {
            tracing::warn!(
                "{}: its own rules are followed; transformers takes those of BertTokenizer, which tokenizer_config.json names",
                path.display()
            );
        }
        return;
    }
    let flags = [
        ("lowercase", "do_lower_case", companions.lowercase.map(Value::from)),
        ("strip_accents", "strip_accents", companions.strip_accents.map(|flag| json!(flag))),
        ("handle_chinese_chars", "tokenize_chinese_chars", companions.han_apart.map(Value::from)),
    ];
    for (flag, key, stated) in flags {
        if let Some(stated) = stated.filter(|stated| rules[flag] != *stated) {
            tracing::warn!(
                "{}: {flag} is {}, but tokenizer_config.json says {key} {stated}, which is followed as in transformers",
                path.display(),
                rules[flag]
            );
            rules[flag] = stated;
        }
    }
}

/// The special pieces: those that the companions name, where the vocabulary holds them, else those of the layout.
fn named(json: &Value, companions: &Companions, path: &Path) -> Result<SpecialNames> {
    let layout = match json["model"]["type"].as_str() {
        Some("Unigram") => Layout::XlmRoberta,
        Some("BPE") => return Err(Error::byte_level(path, "a BPE model")),
        None if !json["model"]["merges"].is_null() => return Err(Error::byte_level(path, "a BPE model")),
        None if json["model"]["vocab"].is_array() => Layout::XlmRoberta,
        _ => Layout::Bert,
    };
    let mut names = companions.names(layout);
    if let Some(unknown) = json["model"]["unk_token"].as_str() {
        unknown.clone_into(&mut names.unknown);
    }
    Ok(names)
}

fn build(mut json: Value, names: SpecialNames, path: &Path) -> Result<Tokenizer> {
    let whole = unmark(&mut json, &names);
    let ids: Vec<(String, u64)> = json["added_tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|token| Some((token["content"].as_str()?.to_owned(), token["id"].as_u64()?)))
        .collect();
    let malformed = |error: serde_json::Error| Error::malformed(path, "a tokenizer.json", error);
    let text = serde_json::to_vec(&json).map_err(malformed)?;
    drop(json);
    let inner: tokenizers::Tokenizer =
        tokenizers::Tokenizer::from_bytes(text).map_err(|error| Error::malformed(path, "a tokenizer.json", error))?;
    for (piece, id) in ids {
        added::check_id(&inner, &piece, Some(u32::try_from(id).unwrap_or(u32::MAX)), path)?;
    }
    let tokenizer = Tokenizer::new(inner, Parts { whole, ..Parts::new(names) }, path)?;
    tokenizer.with_ends(path)
}

/// Takes the mark of special tokens from those that are not among the layout's five, so that they are found in text as a
/// whole; returns them.
fn unmark(json: &mut Value, names: &SpecialNames) -> BTreeSet<String> {
    let mut whole = BTreeSet::new();
    let own = names.all();
    for token in json["added_tokens"].as_array_mut().into_iter().flatten() {
        let Some(piece) = token["content"].as_str().map(str::to_owned) else { continue };
        let five = own.contains(&piece.as_str());
        if !five && token["special"] == true {
            token["special"] = json!(false);
            whole.insert(piece);
        }
    }
    whole
}

/// Checks every SentencePiece character map in the file before the crate walks it.
fn check_charsmaps(json: &Value, path: &Path) -> Result<()> {
    match json {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| match (name.as_str(), value) {
            ("precompiled_charsmap", Value::String(encoded)) => {
                let map = base64::engine::general_purpose::STANDARD.decode(encoded);
                let map = map.map_err(|error| Error::malformed(path, "a character map in base64", error))?;
                sentencepiece::check_charsmap(&map).map_err(|found| Error::malformed(path, "a character map", found))
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
