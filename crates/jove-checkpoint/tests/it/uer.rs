//! UER's names, rows and configuration.

use std::path::Path;

use jove_checkpoint::{
    Allow, Error, ExportOptions, Format, ImportOptions, NamedTensor, TensorSource as _, TensorSpec, TorchFile, export,
    import, required_tensors, verify, write_torch_file,
};
use jove_core::{Layout, ModelConfig, Silent};
use proptest::prelude::*;

use crate::support::{bert, model, pretraining_model, random, xlm_roberta};

fn write(dir: &Path, config: &ModelConfig, tensors: &[NamedTensor]) -> jove_checkpoint::Exported {
    export(dir, Format::Uer, config, tensors, &[], &ExportOptions::default(), &Silent).unwrap()
}

/// The tensors of a UER folder, under UER's names.
fn stored(dir: &Path) -> Vec<NamedTensor<'static>> {
    let file = TorchFile::open(&dir.join("model.bin")).unwrap();
    file.specs().iter().map(|spec| file.get(&spec.name).unwrap().into_owned()).collect()
}

/// What an import says after a change to the configuration or the tensors.
fn refused(dir: &Path, change: impl FnOnce(&mut String, &mut Vec<NamedTensor<'static>>)) -> String {
    write(dir, &bert(), &pretraining_model(&bert()));
    let mut text = std::fs::read_to_string(dir.join("config.json")).unwrap();
    let mut tensors = stored(dir);
    change(&mut text, &mut tensors);
    std::fs::write(dir.join("config.json"), text).unwrap();
    write_torch_file(&dir.join("model.bin"), &tensors, &Silent).unwrap();
    import(dir, &ImportOptions::new(Format::Uer)).unwrap_err().to_string()
}

#[test]
fn other_encoders_are_rejected_by_their_key() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for (from, to, expected) in [
        ("\"gelu\"", "\"relu\"", "hidden_act: expected gelu, found relu"),
        ("\"transformer\"", "\"lstm\"", "encoder: expected transformer, found lstm"),
        ("\"heads_num\": 2", "\"heads_num\": 3", "expected a divisor of hidden-size 8"),
        ("\"heads_num\"", "\"头数\"", "missing field `heads_num`"),
        ("{", "{\"layernorm_positioning\": \"pre\",", "layernorm_positioning: expected post, found pre"),
        ("{", "", "config.json: "),
    ] {
        let message = refused(&dir, |text, _| *text = text.replacen(from, to, 1));
        assert!(message.contains(expected), "{message}, expected {expected}");
    }
}

#[test]
fn tables_that_give_the_sizes_must_be_there() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for table in ["embedding.word.embedding.weight", "embedding.pos.embedding.weight", "embedding.seg.embedding.weight"]
    {
        let message = refused(&dir, |_, tensors| tensors.retain(|tensor| tensor.name != table));
        assert!(message.contains(&format!("no table `{table}`")), "{message}");
    }
    let message = refused(&dir, |_, tensors| tensors.retain(|tensor| !tensor.name.contains("layer_norm_2.beta")));
    assert!(message.contains("2 missing"), "{message}");
}

#[test]
fn a_head_that_is_not_tied_is_rejected() {
    let root = tempfile::tempdir().unwrap();
    let message = refused(&root.path().join("x"), |_, tensors| {
        let decoder = tensors.iter_mut().find(|tensor| tensor.name == "target.mlm.linear_2.weight").unwrap();
        decoder.data.to_mut()[0] += 1.0;
    });
    assert!(
        message.contains("differs from `embedding.word.embedding.weight`: the head has weights of its own"),
        "{message}"
    );
}

#[test]
fn unknown_names_are_unexpected_and_repeated_ones_too() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for name in ["target.cls.linear_1.weight", "词表", "embedding.word_embedding.weight"] {
        let message = refused(&dir, |_, tensors| tensors.push(random(TensorSpec::f32(name, [23, 8]), 5)));
        assert!(message.contains(&format!("1 unexpected (`{name}` [23, 8])")), "{message}");
    }
}

#[test]
fn the_number_of_layers_is_counted_where_the_configuration_lacks_it() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for layers in [1, 2, 3] {
        let config = ModelConfig { num_hidden_layers: layers, ..bert() };
        write(&dir, &config, &model(&config));
        let path = dir.join("config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("\"layers_num\"", "\"other\"", 1)).unwrap();
        assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config, config);
    }
}

#[test]
fn the_layout_follows_the_segment_table_unless_it_is_given() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for config in [bert(), xlm_roberta()] {
        write(&dir, &config, &model(&config));
        assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config.layout, config.layout);
    }
    // A BERT whose row of sentence A is all zeros looks like XLM-R; the caller knows better.
    let mut zeros = model(&bert());
    zeros.iter_mut().find(|tensor| tensor.name.contains("token_type")).unwrap().data.to_mut().fill(0.0);
    write(&dir, &bert(), &zeros);
    let options = ImportOptions { layout: Some(Layout::Bert), ..ImportOptions::new(Format::Uer) };
    assert_eq!(import(&dir, &options).unwrap().config, bert());
}

#[test]
fn a_folder_must_hold_one_weight_file() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    write(&dir, &bert(), &model(&bert()));
    std::fs::rename(dir.join("model.bin"), dir.join("模型.bin")).unwrap();
    assert!(import(&dir, &ImportOptions::new(Format::Uer)).is_ok());
    std::fs::copy(dir.join("模型.bin"), dir.join("other.bin")).unwrap();
    let message = import(&dir, &ImportOptions::new(Format::Uer)).unwrap_err().to_string();
    assert!(message.ends_with("expected one .bin file, found 2: other.bin, 模型.bin"), "{message}");
    let missing = import(&root.path().join("none.bin"), &ImportOptions::new(Format::Uer));
    assert!(matches!(missing, Err(Error::Io { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_model_survives_with_all_differences_explained(
        xlm in any::<bool>(), heads in 1..3_usize, layers in 1..3_usize, vocabulary in 5..40_usize,
        segments in 1..4_usize, seed in any::<u64>(),
    ) {
        let base = if xlm {
            ModelConfig::xlm_roberta(vocabulary, 4 * heads, layers, heads, 8)
        } else {
            ModelConfig { type_vocab_size: segments, ..ModelConfig::bert(vocabulary, 4 * heads, layers, heads, 8) }
        };
        let config = ModelConfig { max_position_embeddings: 10, ..base };
        let tensors: Vec<NamedTensor> =
            required_tensors(&config).into_iter().zip(seed >> 1..).map(|(spec, seed)| random(spec, seed)).collect();
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("x");
        let exported = write(&dir, &config, &tensors);
        prop_assert!(exported.left_out.is_empty());
        let report = verify(&dir, Format::Uer, &config, tensors.as_slice(), &exported, &Allow::default()).unwrap();
        prop_assert!(report.is_explained() && report.lost.is_empty(), "{report:?}");
        prop_assert_eq!(report.different.len(), if xlm { 2 } else { 0 });
    }
}
