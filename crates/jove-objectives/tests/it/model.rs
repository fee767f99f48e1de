//! A model's files bring back every head, bit for bit.

use std::collections::BTreeMap;

use jove_checkpoint::{NamedTensor, write_tensor_file};
use jove_core::{ModelConfig, Seed, Silent};
use jove_model::{Cpu, Parameters as _};
use jove_objectives::{Error, Model, Pooling};
use proptest::prelude::*;

fn config() -> ModelConfig {
    ModelConfig { max_position_embeddings: 16, ..ModelConfig::bert(30, 8, 1, 2, 8) }
}

/// Names and bits of all parameters.
fn bits(model: &Model<Cpu>) -> Vec<(String, Vec<u32>)> {
    let mut found = Vec::new();
    model.visit(&mut |parameter| {
        let bits = parameter.to_vec().into_iter().map(f32::to_bits).collect();
        found.push((parameter.name, bits));
    });
    found
}

fn model([link, learned, relation, pointer]: [bool; 4], seed: u64) -> Result<Model<Cpu>, Error> {
    let seed = Seed(seed);
    let mut model = Model::new(&config(), &Cpu::default(), seed)?;
    if link {
        model = model.with_link(5, seed)?;
    }
    if learned {
        model = model.with_learned_temperature(0.07)?;
    }
    if relation {
        model = model.with_relation(3, seed)?;
    }
    if pointer {
        model = model.with_pointer(seed)?;
    }
    Ok(model)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_combination_of_heads_is_read_as_it_was_written(heads: [bool; 4], seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let written = model(heads, seed).unwrap();
        written.save(folder.path(), &[]).unwrap();
        let read = Model::open(folder.path(), &Cpu::default()).unwrap();
        prop_assert_eq!(bits(&written), bits(&read));
        let [link, learned, relation, pointer] = heads;
        prop_assert_eq!(read.link.is_some(), link);
        let temperature = read.link.as_ref().and_then(|head| head.temperature());
        prop_assert_eq!(temperature.is_some(), link && learned);
        prop_assert_eq!((read.relation.is_some(), read.pointer.is_some()), (relation, pointer));
    }

    #[test]
    fn pooled_rows_are_rows_of_the_sequence(start in 0usize..99, length in 0usize..9) {
        for pooling in [Pooling::First, Pooling::Mean] {
            let rows = pooling.rows(start, length);
            prop_assert!(!rows.is_empty() && start <= rows.start && rows.end <= start + 1 + length);
        }
        prop_assert_eq!(Pooling::First.rows(start, length), start..start + 1);
    }
}

#[test]
fn a_head_is_kept_where_it_exists() {
    let with_head = model([true, false, false, true], 1).unwrap();
    let before = bits(&with_head);
    let again = with_head.with_link(7, Seed(2)).unwrap().with_pointer(Seed(2)).unwrap();
    assert_eq!(before, bits(&again));
}

#[test]
fn folders_without_a_model_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Model::open(folder.path(), &Cpu::default()).is_err());
    model([true; 4], 1).unwrap().save(folder.path(), &[]).unwrap();
    std::fs::write(folder.path().join("heads.safetensors"), b"\0").unwrap();
    assert!(matches!(Model::open(folder.path(), &Cpu::default()), Err(Error::Checkpoint(_))));
}

#[test]
fn a_head_that_is_not_known_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |head: &str, expected: &str| {
        model([false; 4], 1).unwrap().save(folder.path(), &[]).unwrap();
        let names = [format!("jove.{head}.weight")];
        let tensors: Vec<_> =
            names.iter().map(|name| NamedTensor::new(name, vec![2], vec![0.0, 1.0]).unwrap()).collect();
        write_tensor_file(&folder.path().join("heads.safetensors"), &tensors, &BTreeMap::new(), &Silent).unwrap();
        let error = Model::open(folder.path(), &Cpu::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("transe", "found jove.transe.weight");
    check("link", "jove.link.mention.bias");
    check("pointer", "jove.pointer.weight");
}
