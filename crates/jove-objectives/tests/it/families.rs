//! Models of every family that is read compute what transformers computes; `tests/fixtures/families/families.py` made them.

use std::path::{Path, PathBuf};

use dfdx::prelude::NoneTape;
use jove_checkpoint::{Allow, Difference, ExportOptions, Format, ImportOptions, Loaded, TensorFile, export, import};
use jove_core::{RobertaClass, Seed, Silent};
use jove_model::{Cpu, PackedBatch, Pass};
use jove_objectives::Model;

fn fixture(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/families").join(family)
}

/// The model of a family as `jove import` writes it into a folder.
fn imported(family: &str, format: Format, into: &Path) -> Loaded {
    let allow = Allow::these([Difference::Missing]);
    let options = ImportOptions { allow: allow.clone(), ..ImportOptions::new(format) };
    let loaded = import(&fixture(family), &options).unwrap();
    let options = ExportOptions { allow, ..ExportOptions::default() };
    export(into, Format::Hf, &loaded.config, &loaded.weights, &[], &options, &Silent).unwrap();
    loaded
}

fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn check(family: &str, format: Format) -> Loaded {
    let root = tempfile::tempdir().unwrap();
    let loaded = imported(family, format, &root.path().join("hf"));
    let model = Model::start(&root.path().join("hf"), &Cpu::default(), Seed(0)).unwrap();
    let golden = TensorFile::open(&fixture(family).join("golden.safetensors")).unwrap();
    let tokens: Vec<u32> = golden.get("tokens").unwrap().data.iter().map(|token| *token as u32).collect();
    let mut batch = PackedBatch::builder(model.config());
    batch.push(&tokens).unwrap();
    let hidden = model.forward(&batch.build(), NoneTape, &Pass::eval()).unwrap().last;
    let gap =
        difference(&hidden.as_vec()[..tokens.len() * model.config().hidden_size], &golden.get("hidden").unwrap().data);
    assert!(gap < 1e-5, "{family}: hidden states differ by {gap}");
    if golden.contains("logits") {
        let rows: Vec<u32> = (0..tokens.len() as u32).collect();
        let logits = model.lm.logits(hidden, &rows).unwrap();
        let gap = difference(&logits.as_vec(), &golden.get("logits").unwrap().data);
        assert!(gap < 1e-5, "{family}: logits differ by {gap}");
    }
    loaded
}

#[test]
fn bert_and_its_kin_compute_what_transformers_computes() {
    assert_eq!(check("bert-gelu-python", Format::Hf).config.type_vocab_size, 1);
    assert_eq!(check("ernie", Format::Hf).config.type_vocab_size, 4);
    assert!(check("electra-generator", Format::Hf).report.missing.is_empty());
    let report = check("electra-discriminator", Format::Hf).report;
    assert_eq!((report.missing.len(), report.left_out.len()), (5, 4), "{report:?}");
}

#[test]
fn xlm_r_and_its_kin_compute_what_transformers_computes() {
    let config = check("camembert", Format::Hf).config;
    assert_eq!(config.roberta_class, RobertaClass::Camembert);
    assert_eq!((config.bos_token_id, config.eos_token_id, config.pad_token_id), (Some(5), Some(6), 1));
    let config = check("roberta-pad-0", Format::Hf).config;
    assert_eq!((config.roberta_class, config.first_position()), (RobertaClass::Roberta, 1));
    let report = check("uer-xlm-roberta", Format::Uer).report;
    assert_eq!(report.left_out[0].0, "row 2 of embedding.seg.embedding.weight");
}

#[test]
fn what_a_configuration_says_of_its_class_outlives_import_training_and_every_format() {
    let root = tempfile::tempdir().unwrap();
    for family in ["camembert", "roberta-pad-0"] {
        let loaded = imported(family, Format::Hf, &root.path().join("hf"));
        let model = Model::start(&root.path().join("hf"), &Cpu::default(), Seed(0)).unwrap();
        model.save(&root.path().join("trained"), &[]).unwrap();
        assert_eq!(Model::open(&root.path().join("trained"), &Cpu::default()).unwrap().config(), &loaded.config);
        let (uer, options) = (root.path().join("uer"), ExportOptions::default());
        export(&uer, Format::Uer, &loaded.config, &loaded.weights, &[], &options, &Silent).unwrap();
        let back = import(&uer, &ImportOptions::new(Format::Uer)).unwrap();
        assert_eq!(back.config, loaded.config);
        let positions = "roberta.embeddings.position_embeddings.weight";
        let types = "roberta.embeddings.token_type_embeddings.weight";
        let sum = |loaded: &Loaded| {
            let (rows, kind) = (loaded.weights.get(positions).unwrap(), loaded.weights.get(types).unwrap());
            let used = rows.data[loaded.config.first_position() * 8..].chunks(8);
            used.flat_map(|row| row.iter().zip(&*kind.data).map(|(a, b)| a + b).collect::<Vec<_>>())
                .collect::<Vec<f32>>()
        };
        assert_eq!(sum(&back), sum(&loaded), "{family}");
    }
}
