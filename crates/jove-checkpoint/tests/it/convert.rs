//! From format to format and back.

use std::path::Path;

use jove_checkpoint::{
    Allow, Difference, Error, ExportOptions, ExtraFile, Format, ImportOptions, NamedTensor, TensorSource as _,
    TorchFile, export, import, verify,
};
use jove_core::{Layout, ModelConfig, Progress, Silent};

use crate::support::{bert, model, pretraining_model, xlm_roberta};

const FORMATS: [Format; 3] = [Format::Hf, Format::Uer, Format::Tf];

fn write(dir: &Path, format: Format, config: &ModelConfig, tensors: &[NamedTensor]) -> jove_checkpoint::Exported {
    let files = [ExtraFile::new("vocab.txt", "[PAD]\n的\n").unwrap()];
    export(dir, format, config, tensors, &files, &ExportOptions::default(), &Silent).unwrap()
}

#[test]
fn bert_survives_every_format_bit_for_bit() {
    let root = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let dir = root.path().join(format!("{format:?}"));
        for tensors in [model(&bert()), pretraining_model(&bert())] {
            let exported = write(&dir, format, &bert(), &tensors);
            let report = verify(&dir, format, &bert(), tensors.as_slice(), &exported, &Allow::default()).unwrap();
            assert!(report.is_explained());
            assert_eq!(
                (report.identical, report.different.len(), report.lost.len()),
                (tensors.len(), 0, 0),
                "{format:?}"
            );
            let loaded = import(&dir, &ImportOptions::new(format)).unwrap();
            assert_eq!(loaded.config, bert(), "{format:?}");
            assert_eq!(ExtraFile::tokenizer_of(&dir).unwrap().len(), 1);
        }
    }
}

#[test]
fn a_pooler_without_its_pair_is_left_out_where_nothing_takes_it() {
    let root = tempfile::tempdir().unwrap();
    let mut tensors = pretraining_model(&bert());
    tensors.retain(|tensor| !tensor.name.starts_with("cls.seq_relationship"));
    let pooler = ["bert.pooler.dense.bias", "bert.pooler.dense.weight"];
    for (format, lost) in [(Format::Hf, &pooler[..]), (Format::Uer, &pooler), (Format::Tf, &[])] {
        let dir = root.path().join(format!("{format:?}"));
        let exported = write(&dir, format, &bert(), &tensors);
        let report = verify(&dir, format, &bert(), tensors.as_slice(), &exported, &Allow::default()).unwrap();
        let mut found: Vec<&str> = report.lost.iter().map(|(name, _)| name.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, lost, "{format:?}");
        assert!(report.is_explained() && report.different.is_empty(), "{report:?}");
    }
}

#[test]
fn xlm_r_differs_only_where_the_report_says_why() {
    let root = tempfile::tempdir().unwrap();
    let config = xlm_roberta();
    let tensors = model(&config);
    let position = "roberta.embeddings.position_embeddings.weight";
    let kind = "roberta.embeddings.token_type_embeddings.weight";
    for (format, expected) in [(Format::Hf, vec![]), (Format::Uer, vec![position, kind]), (Format::Tf, vec![position])]
    {
        let dir = root.path().join(format!("{format:?}"));
        let exported = write(&dir, format, &config, &tensors);
        let report = verify(&dir, format, &config, tensors.as_slice(), &exported, &Allow::default()).unwrap();
        assert_eq!(
            report.different.iter().map(|tensor| tensor.name.as_str()).collect::<Vec<_>>(),
            expected,
            "{format:?}"
        );
        assert!(report.is_explained(), "{report:?}");
        let loaded = import(&dir, &ImportOptions::new(format)).unwrap();
        assert_eq!(loaded.config, config, "{format:?}");
    }
}

/// What every token adds to its word: position row plus token-type row, from the first position on.
fn places(config: &ModelConfig, tensors: &(impl jove_checkpoint::TensorSource + ?Sized)) -> Vec<f32> {
    let positions = tensors.get("roberta.embeddings.position_embeddings.weight").unwrap();
    let kind = tensors.get("roberta.embeddings.token_type_embeddings.weight").unwrap();
    let width = config.hidden_size;
    positions.data[config.first_position() * width..]
        .chunks(width)
        .flat_map(|row| row.iter().zip(&*kind.data).map(|(a, b)| a + b))
        .collect()
}

#[test]
fn xlm_r_means_the_same_in_every_format() {
    let root = tempfile::tempdir().unwrap();
    let config = xlm_roberta();
    let tensors = model(&config);
    for format in FORMATS {
        let dir = root.path().join("x");
        write(&dir, format, &config, &tensors);
        let back = import(&dir, &ImportOptions::new(format)).unwrap().weights;
        assert_eq!(places(&config, &back), places(&config, &tensors), "{format:?}");
    }
}

#[test]
fn uer_has_its_own_rows() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    for (config, padding) in [(bert(), 1), (xlm_roberta(), 2)] {
        let tensors = model(&config);
        let exported = write(&dir, Format::Uer, &config, &tensors);
        assert_eq!(exported.folded_token_type, config.layout == Layout::XlmRoberta);
        let file = TorchFile::open(&dir.join("model.bin")).unwrap();
        let segments = file.get("embedding.seg.embedding.weight").unwrap();
        assert_eq!(segments.shape, [3, 8]);
        assert!(segments.data[..padding * 8].iter().all(|value| *value == 0.0));
        let (words, decoder) =
            (file.get("embedding.word.embedding.weight").unwrap(), file.get("target.mlm.linear_2.weight").unwrap());
        assert_eq!(words.data, decoder.data);
        let size = std::fs::metadata(dir.join("model.bin")).unwrap().len();
        let values: usize = tensors.iter().map(|tensor| tensor.data.len()).sum();
        assert!(size < 4 * values as u64 + 20_000, "the tied tensor is stored once: {size} bytes");
    }
}

#[test]
fn a_zero_token_type_row_is_not_folded() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), xlm_roberta());
    let mut tensors = model(&config);
    let kind = tensors.iter_mut().find(|tensor| tensor.name.contains("token_type")).unwrap();
    kind.data.to_mut().fill(0.0);
    let exported = write(&dir, Format::Uer, &config, &tensors);
    assert!(!exported.folded_token_type);
    let report = verify(&dir, Format::Uer, &config, tensors.as_slice(), &exported, &Allow::default()).unwrap();
    assert_eq!(report.different.len(), 1);
    assert!(report.is_explained());
}

#[test]
fn a_change_between_export_and_import_is_not_explained() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), xlm_roberta());
    let mut tensors = model(&config);
    let exported = write(&dir, Format::Uer, &config, &tensors);
    tensors[3].data.to_mut()[0] += 1.0;
    let report = verify(&dir, Format::Uer, &config, tensors.as_slice(), &exported, &Allow::default()).unwrap();
    assert!(!report.is_explained());
}

#[test]
fn earlier_uer_names_are_read() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), bert());
    let tensors = pretraining_model(&config);
    write(&dir, Format::Uer, &config, &tensors);
    // Same lengths as the present names, so that the archive stays sound but for the checksum of the pickle.
    let stored = TorchFile::open(&dir.join("model.bin")).unwrap();
    let old = |name: &str| {
        name.replace("embedding.word.embedding", "embedding.word_embedding")
            .replace("embedding.pos.embedding", "embedding.position_embedding")
            .replace("embedding.seg.embedding", "embedding.segment_embedding")
            .replace("target.mlm.linear_", "target.mlm_linear_")
            .replace("target.mlm.layer_norm", "target.layer_norm")
            .replace("target.sp.linear_", "target.nsp_linear_")
    };
    let renamed: Vec<NamedTensor> = stored
        .specs()
        .iter()
        .map(|spec| NamedTensor { name: old(&spec.name), ..stored.get(&spec.name).unwrap().into_owned() })
        .collect();
    jove_checkpoint::write_torch_file(&root.path().join("old.bin"), &renamed, &Silent).unwrap();
    let options = ImportOptions { config: Some(dir.join("config.json")), ..ImportOptions::new(Format::Uer) };
    let loaded = import(&root.path().join("old.bin"), &options).unwrap();
    assert_eq!(loaded.config, config);
    for tensor in tensors {
        assert_eq!(loaded.weights.get(&tensor.name).unwrap(), tensor);
    }
}

#[test]
fn pytorch_weights_in_a_hugging_face_folder_are_read() {
    let root = tempfile::tempdir().unwrap();
    let (dir, config) = (root.path().join("x"), xlm_roberta());
    let tensors = model(&config);
    write(&dir, Format::Hf, &config, &tensors);
    std::fs::remove_file(dir.join("model.safetensors")).unwrap();
    jove_checkpoint::write_torch_file(&dir.join("pytorch_model.bin"), &tensors, &Silent).unwrap();
    let loaded = import(&dir, &ImportOptions::new(Format::Hf)).unwrap();
    for tensor in &tensors {
        assert_eq!(loaded.weights.get(&tensor.name).unwrap(), *tensor);
    }
}

#[test]
fn nothing_is_written_when_anything_is_wrong() {
    struct Stop;
    impl Progress for Stop {
        fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
        fn advance(&self, _: u64) {}
        fn note(&self, _: &str) {}
        fn end(&self) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("x");
    let (whole, mut bad, mut short) = (model(&bert()), model(&bert()), model(&bert()));
    bad.last_mut().unwrap().data.to_mut()[0] = f32::NAN;
    short.pop();
    for format in FORMATS {
        let run = |tensors: &[NamedTensor], progress: &dyn Progress| {
            export(&dir, format, &bert(), tensors, &[], &ExportOptions::default(), progress).unwrap_err()
        };
        assert!(matches!(run(&bad, &Silent), Error::NonFinite { count: 1, .. }));
        assert!(matches!(run(&short, &Silent), Error::Mismatch { .. }));
        assert!(matches!(run(&whole, &Stop), Error::Interrupted));
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "{format:?}");
        let options = ExportOptions { allow: Allow::these([Difference::NonFinite]), ..ExportOptions::default() };
        export(&dir, format, &bert(), bad.as_slice(), &[], &options, &Silent).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
