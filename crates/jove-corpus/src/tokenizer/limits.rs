//! Bounds on a `tokenizer.json`, checked before anything is built of it: what an honest file never needs, and what makes a
//! short text fill the memory.

use std::path::Path;

use base64::Engine as _;
use serde_json::Value;

use crate::error::{Error, Result};

/// How many times longer the normaliser may make a text, in bytes. NFKC alone makes one character 11 times longer.
const GROWTH_MAX: f64 = 512.0;

/// Bytes of an added token, a prefix or a replacement.
const SPELLING_BYTES_MAX: usize = 1024;

/// Rules in the normaliser, and in the other parts.
const RULES_MAX: usize = 100;

/// Characters of a word that WordPiece cuts; it takes their number squared of steps. BERT's is 100.
const WORD_CHARS_MAX: u64 = 1000;

/// Rejects a file whose rules explode.
pub(super) fn check(json: &Value, origin: &Path) -> Result<()> {
    let refuse = |(expected, found): Found| Error::malformed(origin, expected, found);
    added_tokens(&json["added_tokens"]).map_err(refuse)?;
    model(&json["model"]).map_err(refuse)?;
    for (part, list) in [("pre_tokenizer", "pretokenizers"), ("post_processor", "processors")] {
        rules(&json[part], list).map_err(refuse)?;
    }
    template(&json["post_processor"]).map_err(refuse)?;
    rules(&json["normalizer"], "normalizers").map_err(refuse)?;
    let growth = growth(&json["normalizer"]).map_err(refuse)?;
    if growth > GROWTH_MAX {
        let expected = format!("a normaliser that makes a text at most {GROWTH_MAX} times longer");
        return Err(refuse((expected, format!("one that can make it {growth:.0} times longer"))));
    }
    Ok(())
}

/// What was expected, and what was found.
type Found = (String, String);

fn spelling(value: &Value, what: &str) -> Result<usize, Found> {
    let bytes = value.as_str().map_or(0, str::len);
    if bytes <= SPELLING_BYTES_MAX {
        return Ok(bytes);
    }
    Err((format!("{what} of at most {SPELLING_BYTES_MAX} bytes"), format!("one of {bytes}")))
}

fn added_tokens(tokens: &Value) -> Result<(), Found> {
    let tokens = tokens.as_array().map_or(&[][..], Vec::as_slice);
    tokens.iter().try_for_each(|token| spelling(&token["content"], "added tokens").map(drop))
}

fn model(model: &Value) -> Result<(), Found> {
    spelling(&model["continuing_subword_prefix"], "a prefix of continuing pieces")?;
    let chars = model["max_input_chars_per_word"].as_u64().unwrap_or(0);
    if chars <= WORD_CHARS_MAX {
        return Ok(());
    }
    Err((format!("max_input_chars_per_word of at most {WORD_CHARS_MAX}"), chars.to_string()))
}

/// Rejects too many rules in one part, nested ones included.
fn rules(part: &Value, list: &str) -> Result<(), Found> {
    fn count(rule: &Value, list: &str) -> usize {
        rule[list].as_array().map_or(1, |rules| rules.iter().map(|rule| count(rule, list)).sum())
    }
    let found = count(part, list);
    if found <= RULES_MAX {
        return Ok(());
    }
    Err((format!("at most {RULES_MAX} {list}"), found.to_string()))
}

/// Rejects a template that repeats a text, or asks for a second one where there is one: the crate copies the tokens as
/// often, special tokens asked for or not.
fn template(processor: &Value) -> Result<(), Found> {
    for inner in processor["processors"].as_array().into_iter().flatten() {
        template(inner)?;
    }
    let Some(pieces) = processor["single"].as_array() else { return Ok(()) };
    let texts: Vec<&Value> = pieces.iter().filter_map(|piece| piece.get("Sequence")).map(|text| &text["id"]).collect();
    if texts == ["A"] {
        return Ok(());
    }
    Err((
        "a template for single texts that holds the text once".to_owned(),
        format!("one that holds it {} times", texts.len()),
    ))
}

/// How many times longer a text can become, in bytes.
fn growth(rule: &Value) -> Result<f64, Found> {
    Ok(match rule["type"].as_str().unwrap_or_default() {
        "Sequence" => {
            let rules = rule["normalizers"].as_array().map_or(&[][..], Vec::as_slice);
            rules.iter().try_fold(1.0, |product, rule| Ok::<_, Found>(product * growth(rule)?))?
        }
        "Prepend" => spelling(&rule["prepend"], "a prefix").map(|_| 1.0)?,
        "Replace" => replaced(rule)?,
        "Precompiled" => longest_replacement(&rule["precompiled_charsmap"]),
        // A Han character of three bytes gets spaces around it; decomposed and lower-cased letters grow less.
        "BertNormalizer" => 6.0,
        // U+FDFA has 3 bytes, and 33 when it is decomposed.
        "NFKC" | "NFKD" => 11.0,
        "NFC" | "NFD" => 3.0,
        "ByteLevel" => 2.0,
        "Lowercase" => 1.5,
        _ => 1.0,
    })
}

/// Of a replacement; a pattern that may match nothing matches at every place.
fn replaced(rule: &Value) -> Result<f64, Found> {
    let content = spelling(&rule["content"], "a replacement")? as f64;
    Ok(match rule["pattern"]["String"].as_str() {
        Some(pattern) if !pattern.is_empty() => (content / pattern.len() as f64).max(1.0),
        _ => 1.0 + content,
    })
}

/// Of a SentencePiece character map, in which one byte or more becomes a string that ends with a zero byte.
fn longest_replacement(map: &Value) -> f64 {
    let map = base64::engine::general_purpose::STANDARD.decode(map.as_str().unwrap_or_default()).unwrap_or_default();
    let trie = map.first_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let strings = map.get(trie.saturating_add(4)..).unwrap_or_default();
    strings.split(|&byte| byte == 0).map(<[u8]>::len).max().unwrap_or(0).max(1) as f64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_file(json: &Value, expected: Option<&str>) {
        let said = check(json, Path::new("tokenizer.json")).err().map(|error| error.to_string());
        match expected {
            None => assert_eq!(said, None, "{json}"),
            Some(part) => assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{said:?}"),
        }
    }

    fn normalizers(rules: &[Value]) -> Value {
        json!({"normalizer": {"type": "Sequence", "normalizers": rules}})
    }

    #[test]
    fn the_rules_of_published_tokenizers_pass() {
        let rule = |kind: &str| json!({"type": kind});
        let spaces = json!({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"});
        let quotes = json!({"type": "Replace", "pattern": {"String": "``"}, "content": "\""});
        check_file(&json!({}), None);
        check_file(&json!({"normalizer": null, "added_tokens": [], "model": {"max_input_chars_per_word": 100}}), None);
        check_file(&json!({"normalizer": {"type": "BertNormalizer"}}), None);
        check_file(&normalizers(&[rule("NFD"), rule("Lowercase"), rule("StripAccents")]), None);
        check_file(&normalizers(&[quotes, rule("NFKD"), rule("StripAccents"), rule("Lowercase"), spaces]), None);
        check_file(
            &json!({"post_processor": {"single": [
            {"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}]}}),
            None,
        );
    }

    #[test]
    fn rules_that_explode_are_refused() {
        let replace =
            |pattern: &Value, content: &str| json!({"type": "Replace", "pattern": pattern, "content": content});
        let doubling = replace(&json!({"String": "a"}), "aa");
        check_file(&normalizers(&vec![doubling; 20]), Some("can make it 1048576 times longer"));
        let nested = normalizers(&vec![json!({"type": "NFKC"}); 3])["normalizer"].clone();
        check_file(&normalizers(&[nested]), Some("1331 times longer"));
        check_file(&normalizers(&[replace(&json!({"String": ""}), &"😀".repeat(200))]), Some("801 times longer"));
        check_file(
            &normalizers(&[replace(&json!({"Regex": "x*"}), &"x".repeat(9999))]),
            Some("a replacement of at most"),
        );
        check_file(
            &normalizers(&[json!({"type": "Prepend", "prepend": "▁".repeat(1000)})]),
            Some("a prefix of at most"),
        );
        check_file(&normalizers(&vec![json!({"type": "Strip"}); 101]), Some("at most 100 normalizers"));
        let strings = [&4_u32.to_le_bytes()[..], &[0; 4], "长".repeat(400).as_bytes(), b"\0"].concat();
        let map = base64::engine::general_purpose::STANDARD.encode(strings);
        check_file(
            &normalizers(&[json!({"type": "Precompiled", "precompiled_charsmap": map})]),
            Some("1200 times longer"),
        );
    }

    #[test]
    fn tokens_words_and_templates_are_bounded() {
        check_file(
            &json!({"added_tokens": [{"content": "x".repeat(2000)}]}),
            Some("added tokens of at most 1024 bytes"),
        );
        check_file(&json!({"model": {"max_input_chars_per_word": 1_000_000}}), Some("at most 1000"));
        check_file(&json!({"model": {"continuing_subword_prefix": "#".repeat(5000)}}), Some("at most 1024"));
        let text = json!({"Sequence": {"id": "A"}});
        for single in [json!([text, text]), json!([]), json!([{"Sequence": {"id": "B"}}])] {
            check_file(&json!({"post_processor": {"single": single}}), Some("holds the text once"));
            check_file(&json!({"post_processor": {"processors": [{"single": single}]}}), Some("holds the text once"));
        }
    }
}
