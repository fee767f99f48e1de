//! Hugging Face folders.

use std::path::Path;

use jove_checkpoint::{
    Allow, Difference, Error, ExtraFile, NamedTensor, SaveOptions, load_hf, open_hf, save_hf, save_hf_with,
};
use jove_core::Advise as _;
use jove_core::{ModelConfig, Silent};
use proptest::prelude::*;

use crate::support::{bert, model, pretraining_model, random, xlm_roberta};

fn save(dir: &Path, config: &ModelConfig, tensors: &Vec<NamedTensor>) -> Result<(), Error> {
    save_hf(dir, config, tensors, &[ExtraFile::new("vocab.txt", "[PAD]\n").unwrap()])
}

fn check_equal(dir: &Path, config: &ModelConfig, tensors: &[NamedTensor]) {
    let (found, weights) = load_hf(dir).unwrap();
    assert_eq!(&found, config);
    assert_eq!(weights.names().count(), tensors.len());
    for tensor in tensors {
        assert_eq!(weights.get(&tensor.name).unwrap(), *tensor);
    }
}

#[test]
fn models_come_back() {
    let root = tempfile::tempdir().unwrap();
    for (number, config) in [bert(), xlm_roberta()].into_iter().enumerate() {
        let dir = root.path().join(format!("new/模型{number}"));
        let tensors = model(&config);
        save(&dir, &config, &tensors).unwrap();
        check_equal(&dir, &config, &tensors);
        assert_eq!(ExtraFile::tokenizer_of(&dir).unwrap()[0].bytes(), b"[PAD]\n");
        save(&dir, &config, &pretraining_model(&config)).unwrap();
        // XLMRobertaForMaskedLM has no pooler.
        let kept = if config == bert() { pretraining_model(&config) } else { tensors };
        check_equal(&dir, &config, &kept);
    }
}

#[test]
fn the_class_in_the_configuration_follows_the_heads() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    let class = || {
        let text = std::fs::read_to_string(dir.join("config.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["architectures"][0].as_str().unwrap().to_owned()
    };
    save(&dir, &bert(), &model(&bert())).unwrap();
    assert_eq!(class(), "BertForMaskedLM");
    save(&dir, &bert(), &pretraining_model(&bert())).unwrap();
    assert_eq!(class(), "BertForPreTraining");
    let encoder: Vec<_> = model(&bert()).into_iter().filter(|tensor| tensor.name.starts_with("bert.")).collect();
    assert!(matches!(save(&dir, &bert(), &encoder), Err(Error::Mismatch { .. })));
    assert_eq!(class(), "BertForPreTraining", "a failure changes nothing");
    let options = SaveOptions { allow: Allow::these([Difference::Missing]), ..SaveOptions::default() };
    save_hf_with(&dir, &bert(), &encoder, &[], &options, &Silent).unwrap();
    assert_eq!(class(), "BertModel");
}

#[test]
fn shards_hold_the_same_model() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), xlm_roberta());
    let options = SaveOptions { shard_bytes_max: 2000, ..SaveOptions::default() };
    save_hf_with(&dir, &config, &model(&config), &[], &options, &Silent).unwrap();
    let count = std::fs::read_dir(&dir).unwrap().count();
    assert!(count > 4, "{count} files");
    assert!(!dir.join("model.safetensors").exists());
    check_equal(&dir, &config, &model(&config));
}

#[test]
fn an_index_cannot_lead_out_of_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    let options = SaveOptions { shard_bytes_max: 3000, ..SaveOptions::default() };
    save_hf_with(&dir, &config, &model(&config), &[], &options, &Silent).unwrap();
    let index = dir.join("model.safetensors.index.json");
    let text = std::fs::read_to_string(&index).unwrap();
    let first = "model-00001-of-00003.safetensors";
    assert!(text.contains(first), "{text}");
    for (to, expected) in [
        ("../x/model-00001-of-00003.safetensors", "not a plain file name"),
        ("/etc/passwd", "not a plain file name"),
        ("..", "not a plain file name"),
        ("model-00002-of-00003.safetensors", "its files hold"),
        ("הסר.safetensors", "1 of the 3 files that it lists are missing, the first is הסר.safetensors"),
    ] {
        std::fs::write(&index, text.replace(first, to)).unwrap();
        let message = load_hf(&dir).unwrap_err().to_string();
        assert!(message.contains(expected), "{to}: {message}");
    }
}

#[test]
fn differences_are_reported_and_rejected_unless_allowed() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    let mut tensors = model(&config);
    tensors.retain(|tensor| tensor.name != "cls.predictions.bias");
    tensors.push(random(jove_checkpoint::TensorSpec::f32("classifier.weight", [2, 8]), 1));
    let wide = ModelConfig { type_vocab_size: 3, ..config.clone() };
    let every = Allow::these([Difference::Missing, Difference::Unexpected, Difference::Reshaped]);
    let metadata = std::collections::BTreeMap::new();
    save(&dir, &config, &model(&config)).unwrap();
    jove_checkpoint::write_tensor_file(&dir.join("model.safetensors"), &tensors, &metadata, &Silent).unwrap();
    std::fs::write(dir.join("config.json"), jove_checkpoint::config_to_json(&wide)).unwrap();
    let message = load_hf(&dir).unwrap_err().to_string();
    for part in [
        "1 missing (`cls.predictions.bias` [23])",
        "1 unexpected (`classifier.weight` [2, 8])",
        "[2, 8], expected [3, 8]",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let loaded = open_hf(&dir, &every).unwrap();
    assert_eq!((loaded.report.missing.len(), loaded.report.unexpected.len(), loaded.report.reshaped.len()), (1, 1, 1));
    assert!(!loaded.weights.contains("classifier.weight"));
    assert!(!loaded.weights.contains("bert.embeddings.token_type_embeddings.weight"), "a reshaped tensor is left out");
}

#[test]
fn earlier_names_bare_encoders_and_tied_copies_are_read() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    let mut old = model(&config);
    save(&dir, &config, &old).unwrap();
    let words = old.iter().find(|tensor| tensor.name.ends_with("word_embeddings.weight")).unwrap().clone();
    old.push(NamedTensor { name: "cls.predictions.decoder.weight".to_owned(), ..words });
    for tensor in &mut old {
        tensor.name =
            tensor.name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        tensor.name = tensor.name.strip_prefix("bert.").unwrap_or(&tensor.name).to_owned();
    }
    let path = dir.join("model.safetensors");
    let write = |tensors: &Vec<NamedTensor>| {
        jove_checkpoint::write_tensor_file(&path, tensors, &std::collections::BTreeMap::new(), &Silent).unwrap();
    };
    write(&old);
    check_equal(&dir, &config, &model(&config));
    assert_eq!(open_hf(&dir, &Allow::default()).unwrap().report.left_out.len(), 1);
    old.last_mut().unwrap().data.to_mut()[0] += 1.0;
    write(&old);
    let message = load_hf(&dir).unwrap_err().to_string();
    assert!(message.contains("`cls.predictions.decoder.weight` differs"), "{message}");
}

#[test]
fn an_untied_head_is_refused_with_its_reason_and_can_be_left_behind() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    save(&dir, &config, &model(&config)).unwrap();
    let write = |tensors: &Vec<NamedTensor>, untied: bool| {
        let metadata = std::collections::BTreeMap::new();
        jove_checkpoint::write_tensor_file(&dir.join("model.safetensors"), tensors, &metadata, &Silent).unwrap();
        let text = jove_checkpoint::config_to_json(&config);
        let stated = if untied { "\"tie_word_embeddings\": false" } else { "\"tie_word_embeddings\": true" };
        std::fs::write(dir.join("config.json"), text.replace("\"tie_word_embeddings\": true", stated)).unwrap();
    };
    let mut tensors = model(&config);
    write(&tensors, true);
    let message = load_hf(&dir).unwrap_err().to_string();
    assert!(message.contains("tie_word_embeddings is false, but the head's decoder is not in the file"), "{message}");
    let words = tensors.iter().find(|tensor| tensor.name.ends_with("word_embeddings.weight")).unwrap().clone();
    tensors.push(NamedTensor { name: "cls.predictions.decoder.weight".to_owned(), ..words });
    write(&tensors, true);
    check_equal(&dir, &config, &model(&config));
    tensors.last_mut().unwrap().data.to_mut()[0] += 1.0;
    for untied in [true, false] {
        write(&tensors, untied);
        let error = load_hf(&dir).unwrap_err();
        assert!(error.to_string().contains("the head has weights of its own"), "{error}");
        assert!(error.hint().unwrap().contains("allow `untied` and `missing`"), "{:?}", error.hint());
    }
    let loaded = open_hf(&dir, &Allow::these([Difference::Untied, Difference::Missing])).unwrap();
    assert_eq!((loaded.report.missing.len(), loaded.report.left_out.len()), (5, 6));
    assert!(loaded.weights.names().all(|name| name.starts_with("bert.")));
}

#[test]
fn files_that_are_no_model_are_named_as_what_they_are() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    save(&dir, &config, &model(&config)).unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let path = dir.join(name);
        let before = std::fs::read(&path).ok();
        std::fs::write(&path, bytes).unwrap();
        let error = load_hf(&dir).unwrap_err();
        assert!(error.to_string().contains(&format!("{name}: expected {expected}")), "{error}");
        assert!(!error.hint().unwrap_or_default().contains("damaged"), "{:?}", error.hint());
        before.map_or_else(|| std::fs::remove_file(&path), |bytes| std::fs::write(&path, bytes)).unwrap();
    };
    let page = b"<!DOCTYPE html><html>Sign in</html>";
    check("config.json", page, "a configuration, found a web page (HTML)");
    check("config.json", b"", "a configuration, found an empty file");
    check("config.json", pointer.as_bytes(), "a configuration, found a Git LFS pointer");
    check("model.safetensors", page, "a safetensors file, found a web page (HTML)");
    check("model.safetensors", b"", "a safetensors file, found an empty file");
    check("model.safetensors", pointer.as_bytes(), "a safetensors file, found a Git LFS pointer");
    check("model.safetensors", b"PK\x03\x04....archive/data.pkl", "a safetensors file, found a PyTorch file");
    let weights = std::fs::read(dir.join("model.safetensors")).unwrap();
    std::fs::remove_file(dir.join("model.safetensors")).unwrap();
    check("pytorch_model.bin", pointer.as_bytes(), "a PyTorch file, found a Git LFS pointer");
    check("pytorch_model.bin", &weights, "a PyTorch file, found a safetensors file");
    check("model.safetensors.index.json", page, "an index of shards, found a web page (HTML)");
}

#[test]
fn non_finite_weights_are_counted_and_rejected_unless_allowed() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    let mut tensors = model(&config);
    tensors[0].data.to_mut()[..2].copy_from_slice(&[f32::NAN, f32::INFINITY]);
    let message = save(&dir, &config, &tensors).unwrap_err().to_string();
    assert!(
        message.ends_with("2 of 8 values of tensor `bert.embeddings.LayerNorm.bias` are NaN or infinite"),
        "{message}"
    );
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "nothing is written");
    let allow = Allow::these([Difference::NonFinite]);
    let options = SaveOptions { allow: allow.clone(), ..SaveOptions::default() };
    save_hf_with(&dir, &config, &tensors, &[], &options, &Silent).unwrap();
    let name = "bert.embeddings.LayerNorm.bias";
    assert!(matches!(load_hf(&dir).unwrap().1.get(name), Err(Error::NonFinite { count: 2, total: 8, .. })));
    assert!(open_hf(&dir, &allow).unwrap().weights.get(name).unwrap().data[0].is_nan());
}

#[test]
fn missing_files_are_named() {
    let root = tempfile::tempdir().unwrap();
    let message = load_hf(root.path()).unwrap_err().to_string();
    assert!(message.contains("config.json"), "{message}");
    std::fs::write(root.path().join("config.json"), jove_checkpoint::config_to_json(&bert())).unwrap();
    let message = load_hf(root.path()).unwrap_err().to_string();
    assert!(message.contains("model.safetensors"), "{message}");
}

#[test]
fn an_index_that_contradicts_its_files_is_rejected() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    let options = SaveOptions { shard_bytes_max: 3000, ..SaveOptions::default() };
    save_hf_with(&dir, &config, &model(&config), &[], &options, &Silent).unwrap();
    let path = dir.join("model.safetensors.index.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let name = "cls.predictions.bias";
    let check = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>), expected: &str| {
        let mut index = index.clone();
        change(index["weight_map"].as_object_mut().unwrap());
        std::fs::write(&path, index.to_string()).unwrap();
        let message = load_hf(&dir).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}, expected {expected}");
    };
    check(&|map| drop(map.remove(name)), "its files hold");
    check(&|map| drop(map.insert("词".to_owned(), map[name].clone())), "its files hold");
    let other = "model-00001-of-00003.safetensors";
    assert_ne!(index["weight_map"]["cls.predictions.transform.dense.weight"], other);
    check(
        &|map| drop(map.insert("cls.predictions.transform.dense.weight".to_owned(), other.into())),
        "where it is not",
    );
    std::fs::write(&path, "[]").unwrap();
    assert!(matches!(load_hf(&dir), Err(Error::Malformed { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_shard_size_gives_the_same_weights(shard_bytes_max in 0..20_000_u64, xlm: bool) {
        let config = if xlm { xlm_roberta() } else { bert() };
        let root = tempfile::tempdir().unwrap();
        let options = SaveOptions { shard_bytes_max, ..SaveOptions::default() };
        save_hf_with(&root.path().join("x"), &config, &model(&config), &[], &options, &Silent).unwrap();
        check_equal(&root.path().join("x"), &config, &model(&config));
    }
}
