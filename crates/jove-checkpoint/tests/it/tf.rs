//! TensorFlow's bundles.

use std::path::Path;

use jove_checkpoint::{
    Error, ExportOptions, Format, ImportOptions, NamedTensor, TensorSource as _, TfBundle, export, import,
    write_tf_bundle,
};
use jove_core::Silent;
use proptest::prelude::*;

use crate::support::{bert, counted, fixture, fixture_tensors, model};

fn copy_fixture(dir: &Path) {
    for end in ["index", "data-00000-of-00001"] {
        std::fs::copy(fixture(&format!("tiny.ckpt.{end}")), dir.join(format!("tiny.ckpt.{end}"))).unwrap();
    }
}

#[test]
fn what_tensorflow_wrote_is_read() {
    let bundle = TfBundle::open(&fixture("tiny.ckpt")).unwrap();
    for tensor in fixture_tensors() {
        assert_eq!(bundle.get(&tensor.name).unwrap(), tensor);
    }
    assert!(matches!(bundle.get("中文"), Err(Error::NoTensor { .. })));
    assert_eq!(bundle.specs().len(), fixture_tensors().len());
}

#[test]
fn what_is_written_is_byte_for_byte_what_tensorflow_writes() {
    let dir = tempfile::tempdir().unwrap();
    write_tf_bundle(dir.path(), "tiny.ckpt", &fixture_tensors(), &Silent).unwrap();
    for end in ["index", "data-00000-of-00001"] {
        let name = format!("tiny.ckpt.{end}");
        assert_eq!(std::fs::read(dir.path().join(&name)).unwrap(), std::fs::read(fixture(&name)).unwrap(), "{end}");
    }
}

#[test]
fn an_index_of_several_blocks_is_byte_for_byte_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let name = |n| format!("layer_{n:05}/a_rather_long_name_that_fills_blocks/kernel");
    let tensors: Vec<NamedTensor> = (0..9000).map(|n| counted(&name(n), &[2])).collect();
    write_tf_bundle(dir.path(), "many.ckpt", &tensors, &Silent).unwrap();
    let index = std::fs::read(dir.path().join("many.ckpt.index")).unwrap();
    // Length and CRC-32 of TensorFlow's own file, as make_fixtures.py prints them.
    assert_eq!((index.len(), crc32fast::hash(&index)), (610_066, 0x26d4_f59e));
    let bundle = TfBundle::open(dir.path()).unwrap();
    assert_eq!(bundle.get(&name(8999)).unwrap(), tensors[8999]);
}

#[test]
fn damage_is_detected() {
    let dir = tempfile::tempdir().unwrap();
    copy_fixture(dir.path());
    let index = dir.path().join("tiny.ckpt.index");
    let bytes = std::fs::read(&index).unwrap();
    for at in 0..bytes.len() {
        std::fs::write(&index, &bytes[..at]).unwrap();
        assert!(TfBundle::open(&index).is_err(), "cut to {at}");
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        std::fs::write(&index, &flipped).unwrap();
        // The padding of the footer is never read.
        let in_padding = (bytes.len() - 42..bytes.len() - 8).contains(&at);
        assert!(in_padding || TfBundle::open(&index).is_err(), "flip at {at}");
    }
    std::fs::write(&index, &bytes).unwrap();
    let data = dir.path().join("tiny.ckpt.data-00000-of-00001");
    let mut bytes = std::fs::read(&data).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&data, &bytes).unwrap();
    let bundle = TfBundle::open(&index).unwrap();
    let bad: Vec<_> = bundle
        .specs()
        .into_iter()
        .filter(|spec| matches!(bundle.get(&spec.name), Err(Error::Checksum { .. })))
        .collect();
    assert_eq!(bad.len(), 1);
    std::fs::write(&data, &bytes[..500]).unwrap();
    assert!(TfBundle::open(&index).unwrap_err().to_string().contains("ends beyond the data"));
    std::fs::remove_file(&data).unwrap();
    assert!(matches!(TfBundle::open(&index), Err(Error::Io { .. })));
}

proptest! {
    #[test]
    fn any_tensors_come_back(tensors in prop::collection::btree_map(".{1,9}", prop::collection::vec(any::<u32>(), 0..9), 0..9)) {
        let dir = tempfile::tempdir().unwrap();
        let tensors: Vec<NamedTensor> = tensors.into_iter().map(|(name, bits)| {
            let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            NamedTensor::new(name, [values.len()], values).unwrap()
        }).collect();
        write_tf_bundle(dir.path(), "x", &tensors, &Silent).unwrap();
        let bundle = TfBundle::open(&dir.path().join("x")).unwrap();
        for tensor in &tensors {
            let bits = |tensor: &NamedTensor| tensor.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&bundle.get(&tensor.name).unwrap()), bits(tensor));
        }
    }
}

/// A folder of the same BERT at two steps of its training, with the given head's bias, and optimizer slots.
fn two_steps(dir: &Path) {
    let (config, mut tensors) = (bert(), model(&bert()));
    for step in [10.0_f32, 200.0] {
        tensors.iter_mut().find(|tensor| tensor.name == "cls.predictions.bias").unwrap().data.to_mut().fill(step);
        export(&dir.join("one"), Format::Tf, &config, &tensors, &[], &ExportOptions::default(), &Silent).unwrap();
        let bundle = TfBundle::open(&dir.join("one")).unwrap();
        let mut stored: Vec<NamedTensor> =
            bundle.specs().iter().map(|spec| bundle.get(&spec.name).unwrap().into_owned()).collect();
        let slots: Vec<NamedTensor> = stored
            .iter()
            .map(|tensor| NamedTensor { name: format!("{}/LAMB_1", tensor.name), ..tensor.clone() })
            .collect();
        stored.extend(slots);
        write_tf_bundle(dir, &format!("model.ckpt-{step}"), &stored, &Silent).unwrap();
    }
    std::fs::copy(dir.join("one/bert_config.json"), dir.join("bert_config.json")).unwrap();
    std::fs::write(dir.join("checkpoint"), "model_checkpoint_path: \"/gone/model.ckpt-10\"\n").unwrap();
}

#[test]
fn the_latest_of_several_steps_is_imported_without_the_optimizer() {
    let root = tempfile::tempdir().unwrap();
    two_steps(root.path());
    let bias = |step: Option<u64>| {
        let loaded = import(root.path(), &ImportOptions { step, ..ImportOptions::new(Format::Tf) }).unwrap();
        let left_out = loaded.report.left_out.iter();
        let others: Vec<String> =
            left_out.filter(|(_, reason)| *reason != "the optimizer's state").map(|(name, _)| name.clone()).collect();
        (loaded.weights.get("cls.predictions.bias").unwrap().data[0], others, loaded.report.left_out.len())
    };
    let weights = model(&bert()).len();
    assert_eq!(bias(None), (10.0, vec!["model.ckpt-200".to_owned()], weights + 1));
    assert_eq!(bias(Some(200)), (200.0, Vec::new(), weights));
    std::fs::remove_file(root.path().join("checkpoint")).unwrap();
    let message = import(root.path(), &ImportOptions::new(Format::Tf)).unwrap_err().to_string();
    assert!(
        message.contains("expected one TensorFlow checkpoint, found 2: model.ckpt-10, model.ckpt-200"),
        "{message}"
    );
}

#[test]
fn checkpoints_of_other_families_are_named() {
    for (name, expected) in [
        ("electra/embeddings/word_embeddings", "an ELECTRA checkpoint"),
        ("bert/encoder/transformer/group_0/inner_group_0/ffn_1/intermediate/dense/kernel", "an ALBERT checkpoint"),
        ("model/transformer/layer_0/rel_attn/q/kernel", "an XLNet checkpoint"),
        ("model/layer/.ATTRIBUTES/VARIABLE_VALUE", "a checkpoint of TensorFlow 2's objects"),
    ] {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("bert_config.json"), jove_checkpoint::config_to_json(&bert())).unwrap();
        write_tf_bundle(root.path(), "x", &vec![counted(name, &[2, 2])], &Silent).unwrap();
        let message = import(root.path(), &ImportOptions::new(Format::Tf)).unwrap_err().to_string();
        assert!(message.contains(&format!("expected a BERT checkpoint, found {expected}")), "{message}");
    }
}
