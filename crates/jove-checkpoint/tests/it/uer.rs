//! UER's names, rows and configuration.

use std::path::Path;

use jove_checkpoint::{
    Allow, Difference, Error, ExportOptions, ExtraFile, Format, ImportOptions, Loaded, NamedTensor, TensorSource as _,
    TensorSpec, TorchFile, export, import, required_tensors, verify, write_torch_file,
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
        ("\"fully_visible\"", "\"causal\"", "mask: expected fully_visible, found causal"),
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
    // A BERT whose row of sentence A is all zeros looks like XLM-R; its configuration says better, or the caller.
    let mut zeros = model(&bert());
    zeros.iter_mut().find(|tensor| tensor.name.contains("token_type")).unwrap().data.to_mut().fill(0.0);
    write(&dir, &bert(), &zeros);
    assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config, bert());
    let path = dir.join("config.json");
    let mut text: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    text.as_object_mut().unwrap().remove("hugging_face").unwrap();
    std::fs::write(&path, text.to_string()).unwrap();
    assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config.layout, Layout::XlmRoberta);
    let options = ImportOptions { layout: Some(Layout::Bert), ..ImportOptions::new(Format::Uer) };
    assert_eq!(import(&dir, &options).unwrap().config, bert());
    // A SentencePiece model beside says XLM-R, where nothing says otherwise.
    write(&dir, &bert(), &model(&bert()));
    std::fs::write(dir.join("sentencepiece.bpe.model"), "x").unwrap();
    assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config.layout, Layout::XlmRoberta);
    let files = [ExtraFile::new("spiece.model", "x").unwrap()];
    export(&dir, Format::Uer, &bert(), &model(&bert()), &files, &ExportOptions::default(), &Silent).unwrap();
    assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config, bert());
}

/// Imports a folder of XLM-R's after a change to its tensors.
fn changed(
    dir: &Path,
    layout: Option<Layout>,
    change: impl Fn(&mut Vec<NamedTensor<'static>>),
) -> Result<Loaded, Error> {
    write(dir, &xlm_roberta(), &model(&xlm_roberta()));
    let mut tensors = stored(dir);
    change(&mut tensors);
    write_torch_file(&dir.join("model.bin"), &tensors, &Silent).unwrap();
    import(dir, &ImportOptions { layout, ..ImportOptions::new(Format::Uer) })
}

fn table<'a>(tensors: &'a mut [NamedTensor<'static>], name: &str) -> &'a mut Vec<f32> {
    tensors.iter_mut().find(|tensor| tensor.name == name).unwrap().data.to_mut()
}

#[test]
fn the_row_that_uer_gives_every_token_becomes_the_token_type() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    let train = |tensors: &mut Vec<NamedTensor<'static>>| {
        let rows = table(tensors, "embedding.seg.embedding.weight");
        rows.iter_mut().enumerate().for_each(|(at, value)| *value = 1.0 + at as f32);
    };
    for layout in [None, Some(Layout::XlmRoberta)] {
        let loaded = changed(&dir, layout, train).unwrap();
        let kind = loaded.weights.get("roberta.embeddings.token_type_embeddings.weight").unwrap();
        assert_eq!((kind.shape.as_slice(), &*kind.data), (&[1, 8][..], &[9., 10., 11., 12., 13., 14., 15., 16.][..]));
        let left_out = &loaded.report.left_out[0].0;
        assert_eq!(left_out, "row 2 of embedding.seg.embedding.weight");
    }
}

#[test]
fn positions_that_uer_trained_are_kept_to_the_last() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    let rows =
        |loaded: &Loaded| loaded.weights.get("roberta.embeddings.position_embeddings.weight").unwrap().into_owned();
    let untouched = changed(&dir, None, |_| {}).unwrap();
    assert_eq!((untouched.config.max_position_embeddings, rows(&untouched).shape[0]), (14, 14));
    let trained = changed(&dir, Some(Layout::XlmRoberta), |tensors| {
        table(tensors, "embedding.pos.embedding.weight")[13 * 8..].fill(0.5);
    });
    let trained = trained.unwrap();
    let positions = rows(&trained);
    assert_eq!((trained.config.max_position_embeddings, positions.shape.as_slice()), (16, &[16, 8][..]));
    assert_eq!((positions.data[15 * 8], positions.data[0]), (0.5, 0.0));
}

#[test]
fn a_layout_that_the_weights_contradict_is_named() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    write(&dir, &bert(), &pretraining_model(&bert()));
    let options = ImportOptions { layout: Some(Layout::XlmRoberta), ..ImportOptions::new(Format::Uer) };
    let message = import(&dir, &options).unwrap_err().to_string();
    assert!(
        message.contains("the layout given is XLM-R, but the weights hold a target for sentence pairs"),
        "{message}"
    );
    let wide = ModelConfig { type_vocab_size: 3, ..xlm_roberta() };
    write(&dir, &wide, &model(&wide));
    let options = ImportOptions { layout: Some(Layout::Bert), ..ImportOptions::new(Format::Uer) };
    let message = import(&dir, &options).unwrap_err().to_string();
    assert!(message.contains("the layout given is BERT, the configuration says XLM-R"), "{message}");
}

#[test]
fn a_configuration_cannot_ask_for_more_positions_than_are_stored() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    let config = ModelConfig { pad_token_id: 2, ..xlm_roberta() };
    write(&dir, &config, &model(&config));
    let text = std::fs::read_to_string(dir.join("config.json")).unwrap();
    let huge = text.replace("\"max_position_embeddings\": 14", "\"max_position_embeddings\": 2147483647");
    assert_ne!(text, huge);
    std::fs::write(dir.join("config.json"), huge).unwrap();
    let message = import(&dir, &ImportOptions::new(Format::Uer)).unwrap_err().to_string();
    assert!(message.contains("[17, 8], expected [2147483647, 8]"), "{message}");
}

#[test]
fn names_of_models_trained_on_several_devices_are_read() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for config in [bert(), xlm_roberta()] {
        write(&dir, &config, &model(&config));
        let mut tensors = stored(&dir);
        for tensor in &mut tensors {
            tensor.name = format!("module.{}", tensor.name);
        }
        write_torch_file(&dir.join("model.bin"), &tensors, &Silent).unwrap();
        assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config, config);
    }
}

#[test]
fn one_of_several_steps_is_taken_by_its_number() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    write(&dir, &bert(), &model(&bert()));
    std::fs::rename(dir.join("model.bin"), dir.join("model.bin-10")).unwrap();
    assert!(import(&dir, &ImportOptions::new(Format::Uer)).is_ok(), "there is one");
    std::fs::write(dir.join("model.bin-20"), "").unwrap();
    let of = |step| import(&dir, &ImportOptions { step, ..ImportOptions::new(Format::Uer) });
    assert!(of(Some(10)).is_ok());
    for (step, expected) in [
        (None, "found 2: model.bin-10, model.bin-20"),
        (Some(20), "model.bin-20: expected a PyTorch file, found an empty file"),
        (Some(30), "expected one .bin-30 file of UER-Py's, found none"),
    ] {
        let message = of(step).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn an_untied_head_can_be_left_behind() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    refused(&dir, |_, tensors| table(tensors, "target.mlm.linear_2.weight")[0] += 1.0);
    let allow = Allow::these([Difference::Untied, Difference::Missing]);
    let loaded = import(&dir, &ImportOptions { allow, ..ImportOptions::new(Format::Uer) }).unwrap();
    assert_eq!((loaded.report.missing.len(), loaded.report.left_out.len()), (5, 6));
    assert!(loaded.weights.names().all(|name| name.starts_with("bert.") || name.starts_with("cls.seq")));
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
        segments in 1..4_usize, other_pad: bool, seed in any::<u64>(),
    ) {
        let new = if xlm { ModelConfig::xlm_roberta } else { ModelConfig::bert };
        let base: ModelConfig = new(vocabulary, 4 * heads, layers, heads, 8);
        let pad_token_id = if other_pad { 2 } else { base.pad_token_id };
        let config = ModelConfig { max_position_embeddings: 10, type_vocab_size: segments, pad_token_id, ..base };
        let tensors: Vec<NamedTensor> =
            required_tensors(&config).into_iter().zip(seed >> 1..).map(|(spec, seed)| random(spec, seed)).collect();
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("x");
        let exported = write(&dir, &config, &tensors);
        prop_assert!(exported.left_out.is_empty());
        let report = verify(&dir, Format::Uer, &config, tensors.as_slice(), &exported, &Allow::default()).unwrap();
        prop_assert!(report.is_explained() && report.lost.is_empty(), "{report:?}");
        prop_assert_eq!(report.different.len(), match (xlm, segments) { (false, _) => 0, (true, 1) => 2, (true, _) => 1 });
        prop_assert_eq!(import(&dir, &ImportOptions::new(Format::Uer)).unwrap().config, config);
    }
}
