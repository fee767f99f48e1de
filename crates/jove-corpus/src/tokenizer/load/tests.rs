use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::tokenizer::class::Class;

const VOCAB: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nschon\nschön\nか\nが\n东\n京\n东京\n##京\nthe\n<\n>\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn load(&self) -> Result<Tokenizer> {
        Tokenizer::load(self.0.path())
    }
}

fn pieces(tokenizer: &Tokenizer, text: &str) -> Vec<String> {
    let tokens = tokenizer.encode_text(text).unwrap().tokens;
    tokens.iter().map(|token| tokenizer.piece(*token).unwrap()).collect()
}

/// Checks the pieces of a text before and after saving, and the class that is named for `transformers`.
fn check_saved(tokenizer: &Tokenizer, text: &str, expected: &[&str], class: &str) {
    assert_eq!(pieces(tokenizer, text), expected, "{text:?}");
    let saved = tempfile::tempdir().unwrap();
    tokenizer.save(saved.path()).unwrap();
    let again = Tokenizer::load(saved.path()).unwrap();
    assert_eq!(pieces(&again, text), expected, "{text:?}, saved");
    let config: Value = serde_json::from_slice(&fs::read(saved.path().join("tokenizer_config.json")).unwrap()).unwrap();
    assert_eq!(config["tokenizer_class"], class);
}

#[test]
fn flags_beside_a_vocabulary_are_obeyed() {
    for (config, text, expected) in [
        (json!({"do_lower_case": true}), "Schön が 东京", &["schon", "か", "东", "京"][..]),
        (json!({"do_lower_case": true, "strip_accents": false}), "Schön が", &["schön", "が"]),
        (json!({"do_lower_case": false, "strip_accents": true}), "schön The", &["schon", "[UNK]"]),
        (json!({"tokenize_chinese_chars": false}), "东京", &["东京"]),
        (json!({"strip_accents": null}), "THE", &["the"]),
    ] {
        let folder = Folder::new(&[("vocab.txt", VOCAB), ("tokenizer_config.json", &config.to_string())]);
        check_saved(&folder.load().unwrap(), text, expected, "BertTokenizer");
    }
}

#[test]
fn special_tokens_have_the_names_that_the_files_give() {
    let vocab = "<pad>\n<unk>\n<s>\n</s>\n<mask>\na\n";
    let names = json!({"cls_token": "<s>", "sep_token": "</s>", "pad_token": {"content": "<pad>"}, "unk_token": "<unk>",
        "mask_token": "<mask>"});
    let folder = Folder::new(&[("vocab.txt", vocab), ("special_tokens_map.json", &names.to_string())]);
    let loaded = folder.load().unwrap();
    assert_eq!((loaded.specials().first.0, loaded.specials().mask.0), (2, 4));
    check_saved(&loaded, "a 北", &["a", "<unk>"], "PreTrainedTokenizerFast");
    let message = Folder::new(&[("vocab.txt", vocab)]).load().unwrap_err().to_string();
    assert!(message.contains("[CLS]"), "{message}");
}

#[test]
fn added_tokens_stay_whole_and_the_five_of_the_layout_do_not() {
    let special = json!({"additional_special_tokens": ["<ent>"]}).to_string();
    let added = json!({"[E1]": 16, "<ent>": 17}).to_string();
    let folder =
        Folder::new(&[("vocab.txt", VOCAB), ("special_tokens_map.json", &special), ("added_tokens.json", &added)]);
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.specials().vocab_size, 18);
    check_saved(&loaded, "the [E1]<ent>the", &["the", "[E1]", "<ent>", "the"], "PreTrainedTokenizerFast");
    assert!(pieces(&loaded, "[MASK]").iter().all(|piece| piece == "[UNK]"), "{:?}", pieces(&loaded, "[MASK]"));
    let shifted = json!({"[E1]": 20}).to_string();
    let message = Folder::new(&[("vocab.txt", VOCAB), ("added_tokens.json", &shifted)]).load().unwrap_err().to_string();
    assert!(message.contains("id 20") && message.contains("[E1]"), "{message}");
}

/// A `tokenizer.json` of the pieces above, with parts replaced.
fn json_file(change: impl Fn(&mut Value)) -> String {
    let vocab: Value = VOCAB.lines().zip(0..).map(|(piece, id)| (piece.to_owned(), json!(id))).collect();
    let mut file = json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab}});
    change(&mut file);
    file.to_string()
}

#[test]
fn a_class_is_named_only_where_its_rules_are_the_files() {
    let check = |change: fn(&mut Value), text, expected: &[&str], class| {
        check_saved(&Folder::new(&[("tokenizer.json", &json_file(change))]).load().unwrap(), text, expected, class);
    };
    check(|_| {}, "Schön", &["schon"], "BertTokenizer");
    check(|file| file["normalizer"]["strip_accents"] = json!(false), "Schön", &["schön"], "BertTokenizer");
    let general = "PreTrainedTokenizerFast";
    check(|file| file["normalizer"] = json!({"type": "Lowercase"}), "东京", &["东京"], general);
    check(|file| file["normalizer"] = Value::Null, "The the", &["[UNK]", "the"], general);
    check(|file| file["normalizer"]["clean_text"] = json!(false), "the", &["the"], general);
    check(|file| file["pre_tokenizer"] = json!({"type": "Whitespace"}), "the the", &["the", "the"], general);
    check(|file| file["model"]["max_input_chars_per_word"] = json!(2), "the", &["[UNK]"], general);
    let token = json!({"id": 16, "content": "<ent>", "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true});
    let folder = Folder::new(&[("tokenizer.json", &json_file(|file| file["added_tokens"] = json!([token])))]);
    check_saved(&folder.load().unwrap(), "the<ent>", &["the", "<ent>"], general);
}

#[test]
fn the_configuration_of_a_bert_class_is_followed_as_in_transformers() {
    let config = json!({"tokenizer_class": "BertTokenizerFast", "strip_accents": false}).to_string();
    let folder = Folder::new(&[("tokenizer.json", &json_file(|_| {})), ("tokenizer_config.json", &config)]);
    assert_eq!(pieces(&folder.load().unwrap(), "Schön"), ["schön"]);
    let config = config.replace("BertTokenizerFast", "PreTrainedTokenizerFast");
    let folder = Folder::new(&[("tokenizer.json", &json_file(|_| {})), ("tokenizer_config.json", &config)]);
    assert_eq!(pieces(&folder.load().unwrap(), "Schön"), ["schon"]);
}

/// Checks that a changed `tokenizer.json` is refused with a message that names the reason.
fn check_refused(change: impl Fn(&mut Value), reason: &str) {
    let message = Folder::new(&[("tokenizer.json", &json_file(change))]).load().unwrap_err().to_string();
    assert!(message.contains(reason), "{message}");
}

#[test]
fn parts_and_flags_that_are_not_known_are_refused_by_name() {
    check_refused(|file| file["normalizer"]["keep_case"] = json!(true), "keep_case");
    check_refused(|file| file["normalizer"] = json!({"type": "Translit"}), "Translit");
    let sequence = |part: Value| json!({"type": "Sequence", "normalizers": [{"type": "NFC"}, part]});
    check_refused(|file| file["normalizer"] = sequence(json!({"type": "Romanize"})), "Romanize");
    check_refused(|file| file["pre_tokenizer"] = json!({"type": "Jieba"}), "Jieba");
    check_refused(|file| file["decoder"] = json!({"type": "Odd"}), "Odd");
    check_refused(|file| file["extra"] = json!(1), "extra");
    check_refused(|file| file["model"]["dropout"] = json!(0.1), "dropout");
    check_refused(|file| file["added_tokens"] = json!([{"id": 0, "content": "[PAD]", "sticky": true}]), "sticky");
    let template = json!({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["the", 13]});
    check_refused(|file| file["post_processor"] = template.clone(), "[CLS]");
}

#[test]
fn what_lies_beside_and_cannot_be_obeyed_is_refused_by_name() {
    for (name, text, reason) in [
        ("tokenizer_config.json", r#"{"do_lower_case": "yes"}"#, "do_lower_case"),
        ("tokenizer_config.json", r#"{"do_basic_tokenize": false}"#, "do_basic_tokenize"),
        ("tokenizer_config.json", r#"{"never_split": ["x"]}"#, "never_split"),
        ("tokenizer_config.json", r#"{"tokenizer_class": "BertJapaneseTokenizer"}"#, "BertJapaneseTokenizer"),
        ("tokenizer_config.json", "{", "tokenizer_config.json"),
        ("added_tokens.json", r#"{"x": "one"}"#, "added_tokens.json"),
        ("special_tokens_map.json", "[]", "special_tokens_map.json"),
    ] {
        let message = Folder::new(&[("vocab.txt", VOCAB), (name, text)]).load().unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let bpe = Folder::new(&[("vocab.json", "{}"), ("merges.txt", "")]).load().unwrap_err().to_string();
    assert!(bpe.contains("byte-level BPE"), "{bpe}");
}

#[test]
fn unfaithful_files_are_noticed() {
    let folder = Folder::new(&[("tokenizer.json", &json_file(|_| {}))]);
    let loaded = folder.load().unwrap();
    let other = json_file(|file| file["normalizer"]["lowercase"] = json!(false));
    let check = |json: &str, class| crate::tokenizer::saved::check_json(&loaded, json.as_bytes(), class);
    assert!(check(&json_file(|_| {}), Class::of(&loaded)).is_ok());
    assert!(matches!(check(&other, Class::General), Err(Error::Unfaithful { file: "tokenizer.json", .. })));
    let rules = crate::tokenizer::parts::BertRules { lowercase: false, strip_accents: None, han_apart: true };
    let class = check(&json_file(|_| {}), Class::Bert(rules));
    assert!(matches!(class, Err(Error::Unfaithful { file: "tokenizer_config.json", .. })));
}
