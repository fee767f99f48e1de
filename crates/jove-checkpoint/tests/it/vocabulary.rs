//! Trimming and extending a vocabulary together with its weights.

use std::collections::BTreeMap;
use std::path::Path;

use jove_checkpoint::{
    ExtraFile, NamedTensor, Resized, Row, TensorSource as _, TokenizerFile, kept_pieces, load_hf, save_hf,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{bert, model, xlm_roberta};

fn unigram() -> TokenizerFile {
    let pieces =
        ["<s>", "<pad>", "</s>", "<unk>", "▁", "的", "农", "业", "农业", "e\u{301}", "😀", "▁של", "rare", "<mask>"];
    let vocab: Vec<Value> = pieces.iter().zip(0..).map(|(piece, id)| json!([piece, -f64::from(id)])).collect();
    let added: Vec<Value> =
        [0, 1, 2, 3, 13].map(|id| json!({"id": id, "content": pieces[id], "special": true})).to_vec();
    let json = json!({"added_tokens": added, "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab},
        "post_processor": {"special_tokens": {"</s>": {"id": "</s>", "ids": [2]}, "<mask>": {"ids": [13]}}}});
    TokenizerFile::from_json(Path::new("x"), json.to_string().as_bytes()).unwrap()
}

fn json_of(tokenizer: &TokenizerFile) -> Value {
    serde_json::from_slice(tokenizer.files().unwrap()[0].bytes()).unwrap()
}

#[test]
fn used_and_special_pieces_are_kept_with_their_ids_moved() {
    let tokenizer = unigram();
    let kept = kept_pieces(&tokenizer, &BTreeMap::from([(5, 9), (8, 1), (10, 4)]), 2);
    // 农业 is too rare: its characters stand in. <mask> happens to be the least likely piece.
    assert_eq!(kept, [0, 1, 2, 3, 5, 6, 7, 10, 13]);
    let (trimmed, rows) = tokenizer.trimmed(&kept).unwrap();
    assert_eq!(trimmed.pieces(), ["<s>", "<pad>", "</s>", "<unk>", "的", "农", "业", "😀", "<mask>"]);
    assert_eq!(rows[4], Row::Kept(5));
    let json = json_of(&trimmed);
    assert_eq!(json["added_tokens"][4]["id"], 8);
    assert_eq!(json["post_processor"]["special_tokens"]["<mask>"]["ids"], json!([8]));
    assert_eq!(json["model"]["vocab"][5], json!(["农", -6.0]));
    for bad in [&[0, 1][..], &[0, 0], &[1, 0], &[99]] {
        assert!(tokenizer.trimmed(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn new_words_are_whole_and_likelier_than_their_parts() {
    let words = [("农业的".to_owned(), vec![8, 5]), ("hello".to_owned(), vec![4, 12]), ("农业".to_owned(), vec![6, 7])];
    let (extended, rows) = unigram().extended(&words).unwrap();
    assert_eq!(extended.pieces()[14..], ["农业的", "▁hello"], "a word that is a piece already is skipped");
    assert_eq!(rows[14..], [Row::Mean(vec![8, 5]), Row::Mean(vec![4, 12])]);
    assert_eq!(json_of(&extended)["model"]["vocab"][14], json!(["农业的", -5.0]));
    for (word, parts) in [("", vec![1]), ("a b", vec![1]), ("x", vec![]), ("x", vec![99])] {
        assert!(unigram().extended(&[(word.to_owned(), parts)]).is_err(), "{word:?}");
    }
}

#[test]
fn a_plain_vocabulary_is_trimmed_and_extended() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n的\n##的\nab\nשל\n").unwrap();
    let tokenizer = TokenizerFile::open(dir.path()).unwrap();
    let (trimmed, _) = tokenizer.trimmed(&kept_pieces(&tokenizer, &BTreeMap::from([(5, 1), (7, 0)]), 1)).unwrap();
    assert_eq!(trimmed.files().unwrap()[0].bytes(), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n的\n".as_bytes());
    let (extended, _) = trimmed.extended(&[("词".to_owned(), vec![5])]).unwrap();
    assert_eq!(extended.pieces().len(), 7);
}

#[test]
fn ids_elsewhere_move_along_or_are_dropped() {
    let vocab = json!({"[PAD]": 0, "的": 1, "[UNK]": 2, "[CLS]": 3, "[SEP]": 4, "[MASK]": 5, "ab": 6});
    let json = json!({"model": {"type": "WordPiece", "vocab": vocab}, "padding": {"pad_id": 0},
        "added_tokens": [{"id": 2, "content": "[UNK]"}, {"id": 4, "content": "[SEP]"}],
        "post_processor": {"sep": ["[SEP]", 4], "cls": ["[CLS]", 3]}});
    let tokenizer = TokenizerFile::from_json(Path::new("x"), json.to_string().as_bytes()).unwrap();
    let (trimmed, _) = tokenizer.trimmed(&[0, 2, 3, 4, 5]).unwrap();
    let json = json_of(&trimmed);
    assert_eq!(json["post_processor"], json!({"sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}));
    assert_eq!((&json["padding"]["pad_id"], &json["added_tokens"][1]["id"]), (&json!(0), &json!(3)));
    let (extended, _) = tokenizer.extended(&[("x-1".to_owned(), vec![6]), ("cd".to_owned(), vec![6])]).unwrap();
    let added: Vec<Value> =
        json_of(&extended)["added_tokens"].as_array().unwrap().iter().map(|t| t["content"].clone()).collect();
    assert_eq!(added, ["[UNK]", "[SEP]", "x-1"], "punctuation would cut it, so it is looked for first");

    let dir = tempfile::tempdir().unwrap();
    let settings = json!({"do_lower_case": false, "added_tokens_decoder": {"5": {"content": "[MASK]"}}});
    std::fs::write(dir.path().join("tokenizer_config.json"), settings.to_string()).unwrap();
    std::fs::write(dir.path().join("sentencepiece.bpe.model"), "old").unwrap();
    let companions = TokenizerFile::companions(dir.path()).unwrap();
    assert_eq!(companions.len(), 1);
    assert_eq!(companions[0].bytes(), br#"{"do_lower_case":false}"#);
}

#[test]
fn added_tokens_after_the_pieces_keep_their_rows() {
    let vocab = json!({"[PAD]": 0, "[UNK]": 1, "的": 2, "ab": 3});
    let added = json!([{"id": 0, "content": "[PAD]"}, {"id": 1, "content": "[UNK]"}, {"id": 4, "content": "[E1]"},
        {"id": 5, "content": "<ent>"}]);
    let json = json!({"model": {"type": "WordPiece", "vocab": vocab}, "added_tokens": added});
    let tokenizer = TokenizerFile::from_json(Path::new("x"), json.to_string().as_bytes()).unwrap();
    assert_eq!((tokenizer.pieces().len(), tokenizer.ids()), (4, 6));
    let ids = |tokenizer: &TokenizerFile| -> Vec<u64> {
        let json = json_of(tokenizer);
        json["added_tokens"].as_array().unwrap().iter().map(|token| token["id"].as_u64().unwrap()).collect()
    };
    let kept = kept_pieces(&tokenizer, &BTreeMap::from([(3, 1), (5, 2)]), 1);
    let (trimmed, rows) = tokenizer.trimmed(&kept).unwrap();
    assert_eq!(rows, [0, 1, 3, 4, 5].map(Row::Kept));
    assert_eq!((trimmed.pieces(), ids(&trimmed)), (&["[PAD]", "[UNK]", "ab"].map(str::to_owned)[..], vec![0, 1, 3, 4]));
    let words = [("的的".to_owned(), vec![2, 2]), ("[E1]".to_owned(), vec![4]), ("cd".to_owned(), vec![5])];
    let (extended, rows) = tokenizer.extended(&words).unwrap();
    assert_eq!(rows[4..], [Row::Mean(vec![2, 2]), Row::Mean(vec![5]), Row::Kept(4), Row::Kept(5)]);
    assert_eq!(ids(&extended), [0, 1, 6, 7, 4], "的的 is looked for before Han characters are parted");
}

#[test]
fn other_tokenizers_are_rejected() {
    let unigram = json!([["<unk>", 0.0], ["的", -1.0]]);
    for json in [
        json!({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}),
        json!({"model": {"vocab": {"a": 0}, "merges": ["a b"]}}),
        json!({"model": {"type": "WordLevel", "vocab": {"a": 0}}}),
        json!({"model": {"type": "Unigram", "vocab": unigram}, "added_tokens": [{"id": 3, "content": "<new>"}]}),
        json!({"model": {"type": "WordPiece", "vocab": {"a": 0}}, "added_tokens": [{"content": "<new>"}]}),
        json!({"model": {"type": "WordPiece", "vocab": {"a": 0, "😀": 2}}}),
        json!({"model": {"type": "WordPiece", "vocab": {"a": 0, "ש": 0}}}),
        json!({"model": {"type": "Unigram", "vocab": [["e\u{301}"]]}}),
        json!([]),
    ] {
        let error = TokenizerFile::from_json(Path::new("tokenizer.json"), json.to_string().as_bytes());
        let message = error.expect_err(&json.to_string()).to_string();
        assert!(message.starts_with("tokenizer.json: "), "{message}");
    }
    assert!(TokenizerFile::from_json(Path::new("x"), b"").is_err());
}

fn check_rows(config: &jove_core::ModelConfig, rows: &[Row], words: &str, bias: &str) {
    let tensors = model(config);
    let (view, smaller) = Resized::new(&tensors, config, rows.to_vec()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    save_hf(&dir.path().join("x"), &smaller, &view, &[] as &[ExtraFile]).unwrap();
    let (found, weights) = load_hf(&dir.path().join("x")).unwrap();
    assert_eq!(found.vocab_size, rows.len());
    for (name, width) in [(words, config.hidden_size), (bias, 1)] {
        let (old, new) = (tensors.get(name).unwrap(), weights.get(name).unwrap());
        let row = |tensor: &NamedTensor, at: usize| tensor.data[at * width..(at + 1) * width].to_vec();
        assert_eq!(row(&new, 2), row(&old, 5));
        let mean: Vec<f32> = row(&old, 7)
            .iter()
            .zip(row(&old, 8))
            .map(|(a, b)| f64::midpoint(f64::from(*a), f64::from(b)) as f32)
            .collect();
        assert_eq!(row(&new, 3), mean);
    }
}

#[test]
fn word_table_and_head_change_together() {
    let rows = vec![Row::Kept(0), Row::Kept(1), Row::Kept(5), Row::Mean(vec![7, 8])];
    check_rows(&bert(), &rows, "bert.embeddings.word_embeddings.weight", "cls.predictions.bias");
    check_rows(&xlm_roberta(), &rows, "roberta.embeddings.word_embeddings.weight", "lm_head.bias");
}

#[test]
fn impossible_rows_are_rejected() {
    let tensors = model(&xlm_roberta());
    for rows in [
        vec![],
        vec![Row::Kept(1)],
        vec![Row::Kept(0), Row::Kept(1), Row::Kept(99)],
        vec![Row::Kept(0), Row::Kept(1), Row::Mean(vec![])],
    ] {
        assert!(Resized::new(&tensors, &xlm_roberta(), rows.clone()).is_err(), "{rows:?}");
    }
}

proptest! {
    #[test]
    fn kept_pieces_are_ascending_and_spell_every_used_piece(
        counts in prop::collection::btree_map(0..20_u32, 0..6_u64, 0..14), count_min in 0..6_u64,
    ) {
        let tokenizer = unigram();
        let kept = kept_pieces(&tokenizer, &counts, count_min);
        prop_assert!(kept.is_sorted_by(|a, b| a < b));
        prop_assert!([0, 1, 2, 3, 13].iter().all(|special| kept.contains(special)));
        let pieces: Vec<&str> = kept.iter().map(|id| tokenizer.pieces()[*id as usize].as_str()).collect();
        for (id, count) in counts.iter().filter(|(id, count)| **count > 0 && **id < 14) {
            let piece = &tokenizer.pieces()[*id as usize];
            let single = |c: char| !tokenizer.pieces().contains(&c.to_string()) || pieces.contains(&c.to_string().as_str());
            prop_assert!(kept.contains(id) || (*count < count_min && piece.chars().all(single)), "{piece}");
        }
    }

    #[test]
    fn trimming_keeps_order_scores_and_settings(counts in prop::collection::btree_map(0..14_u32, 1..6_u64, 0..14)) {
        let tokenizer = unigram();
        let kept = kept_pieces(&tokenizer, &counts, 1);
        let (trimmed, rows) = tokenizer.trimmed(&kept).unwrap();
        prop_assert_eq!(rows, kept.iter().map(|id| Row::Kept(*id)).collect::<Vec<_>>());
        let json = json_of(&trimmed);
        for (new, old) in kept.iter().enumerate() {
            prop_assert_eq!(&trimmed.pieces()[new], &tokenizer.pieces()[*old as usize]);
            prop_assert_eq!(json["model"]["vocab"][new][1].as_f64(), Some(-f64::from(*old)));
        }
        for token in json["added_tokens"].as_array().unwrap() {
            prop_assert_eq!(token["content"].as_str(), Some(trimmed.pieces()[token["id"].as_u64().unwrap() as usize].as_str()));
        }
        // The file is a tokenizer again, and keeping everything changes nothing.
        let again = TokenizerFile::from_json(Path::new("x"), json.to_string().as_bytes()).unwrap();
        let all: Vec<u32> = (0..again.pieces().len() as u32).collect();
        prop_assert_eq!(json_of(&again.trimmed(&all).unwrap().0), json);
    }

    #[test]
    fn extending_adds_each_new_word_once(words in prop::collection::vec("[a-c的农业😀]{1,3}", 0..8)) {
        let given: Vec<(String, Vec<u32>)> = words.iter().map(|word| (word.clone(), vec![5, 6])).collect();
        let tokenizer = unigram();
        let (extended, rows) = tokenizer.extended(&given).unwrap();
        prop_assert_eq!(extended.pieces().len(), rows.len());
        let distinct: std::collections::BTreeSet<&String> = extended.pieces().iter().collect();
        prop_assert_eq!(distinct.len(), rows.len());
        prop_assert_eq!(&extended.pieces()[..14], tokenizer.pieces());
        for word in &words {
            let spelled = [word.clone(), format!("▁{word}")];
            prop_assert!(spelled.iter().any(|piece| extended.pieces().contains(piece)), "{word}");
        }
    }
}
