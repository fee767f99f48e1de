//! The parts of a `tokenizer.json` that the `tokenizers` crate obeys. It passes over what it doesn't know, so every type and
//! flag is looked up here first.

use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};

/// The flags of a type, and the flag that holds more parts of the same kind.
struct Known {
    kind: &'static str,
    flags: &'static [&'static str],
}

const fn known(kind: &'static str, flags: &'static [&'static str]) -> Known {
    Known { kind, flags }
}

const METASPACE: Known = known("Metaspace", &["replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"]);
const BYTE_LEVEL: Known = known("ByteLevel", &["add_prefix_space", "trim_offsets", "use_regex"]);

// A table.
const NORMALIZERS: &[Known] = &[
    known("BertNormalizer", &["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"]),
    known("Strip", &["strip_left", "strip_right"]),
    known("StripAccents", &[]),
    known("NFC", &[]),
    known("NFD", &[]),
    known("NFKC", &[]),
    known("NFKD", &[]),
    known("Sequence", &["normalizers"]),
    known("Lowercase", &[]),
    known("Nmt", &[]),
    known("Precompiled", &["precompiled_charsmap"]),
    known("Replace", &["pattern", "content"]),
    known("Prepend", &["prepend"]),
    known("ByteLevel", &[]),
];
const PRE_TOKENIZERS: &[Known] = &[
    known("BertPreTokenizer", &[]),
    BYTE_LEVEL,
    known("CharDelimiterSplit", &["delimiter"]),
    METASPACE,
    known("Whitespace", &[]),
    known("Sequence", &["pretokenizers"]),
    known("Split", &["pattern", "behavior", "invert"]),
    known("Punctuation", &["behavior"]),
    known("WhitespaceSplit", &[]),
    known("Digits", &["individual_digits"]),
    known("UnicodeScripts", &[]),
    known("FixedLength", &["length"]),
];
const POST_PROCESSORS: &[Known] = &[
    known("BertProcessing", &["sep", "cls"]),
    known("RobertaProcessing", &["sep", "cls", "trim_offsets", "add_prefix_space"]),
    BYTE_LEVEL,
    known("TemplateProcessing", &["single", "pair", "special_tokens"]),
    known("Sequence", &["processors"]),
];
const DECODERS: &[Known] = &[
    known("BPEDecoder", &["suffix"]),
    BYTE_LEVEL,
    known("WordPiece", &["prefix", "cleanup"]),
    METASPACE,
    known("ByteFallback", &[]),
    known("Fuse", &[]),
    known("Strip", &["content", "start", "stop"]),
    known("CTC", &["pad_token", "word_delimiter_token", "cleanup"]),
    known("Sequence", &["decoders"]),
    known("Replace", &["pattern", "content"]),
];
const MODELS: &[Known] = &[
    known("WordPiece", &["unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"]),
    known("Unigram", &["unk_id", "vocab", "byte_fallback", "alpha", "nbest_size"]),
];
const PARTS: [(&str, &[Known]); 4] = [
    ("normalizer", NORMALIZERS),
    ("pre_tokenizer", PRE_TOKENIZERS),
    ("post_processor", POST_PROCESSORS),
    ("decoder", DECODERS),
];
const FILE: &[&str] = &["version", "truncation", "padding", "added_tokens", "model"];
const ADDED_TOKEN: &[&str] = &["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"];

/// Rejects types and flags that would be passed over.
pub(super) fn check(json: &Value, path: &Path) -> Result<()> {
    let Some(file) = json.as_object() else { return Err(Error::malformed(path, "an object of JSON", "another value")) };
    for (key, value) in file {
        if let Some((_, table)) = PARTS.iter().find(|(part, _)| part == key) {
            check_part(value, table, key, path)?;
        } else if !FILE.contains(&key.as_str()) {
            return Err(unknown(path, key));
        }
    }
    check_model(&json["model"], path)?;
    for token in json["added_tokens"].as_array().into_iter().flatten() {
        check_flags(token, ADDED_TOKEN, "added_tokens", path)?;
    }
    Ok(())
}

fn check_model(model: &Value, path: &Path) -> Result<()> {
    let kind = model["type"].as_str().unwrap_or_default();
    let Some(known) = MODELS.iter().find(|known| known.kind == kind) else { return Ok(()) };
    check_flags(model, known.flags, "model", path)?;
    for key in ["alpha", "nbest_size"] {
        if !model[key].is_null() {
            return Err(Error::malformed(path, format!("no {key}: tokens are never sampled"), &model[key]));
        }
    }
    Ok(())
}

fn check_part(value: &Value, table: &[Known], place: &str, path: &Path) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    let kind = value["type"].as_str().unwrap_or_default();
    let Some(known) = table.iter().find(|known| known.kind == kind) else {
        return Err(unknown(path, &format!("{place}: type {}", value["type"])));
    };
    check_flags(value, known.flags, &format!("{place}: {kind}"), path)?;
    if kind == "Sequence" {
        let inner = known.flags.first().and_then(|flag| value[*flag].as_array());
        inner.into_iter().flatten().try_for_each(|part| check_part(part, table, place, path))?;
    }
    Ok(())
}

fn check_flags(value: &Value, flags: &[&str], place: &str, path: &Path) -> Result<()> {
    let mut keys = value.as_object().into_iter().flat_map(|object| object.keys());
    match keys.find(|key| *key != "type" && !flags.contains(&key.as_str())) {
        Some(key) => Err(unknown(path, &format!("{place}: {key}"))),
        None => Ok(()),
    }
}

fn unknown(path: &Path, found: &str) -> Error {
    Error::malformed(path, "parts and flags of a tokenizer.json that are known here", found)
}
