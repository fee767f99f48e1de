//! The model against Hugging Face's, see `tests/fixtures/README.md`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dfdx::prelude::{Cpu, NoneTape, OwnedTape};
use jove_core::{Layout, ModelConfig, Seed};
use jove_model::ops::{adamw, norm, tape};
use jove_model::{AdamState, AdamW, Backend, MaskedLm, PackedBatch, Parameters as _, Pass};
use safetensors::SafeTensors;
use serde_json::Value;

/// The fixture of one architecture. `b` sequences are padded to `s` tokens.
struct Golden {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    integers: BTreeMap<String, Vec<i64>>,
    weights: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    config: ModelConfig,
    notes: Value,
}

fn numbers(path: &Path) -> (BTreeMap<String, (Vec<usize>, Vec<f32>)>, BTreeMap<String, Vec<i64>>) {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (mut floats, mut integers) = (BTreeMap::new(), BTreeMap::new());
    for (name, view) in file.tensors() {
        let data = view.data();
        match view.dtype() {
            safetensors::Dtype::F32 => {
                let values = data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
                floats.insert(name, (view.shape().to_vec(), values));
            }
            safetensors::Dtype::I64 => {
                let values = data.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect();
                integers.insert(name, values);
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    (floats, integers)
}

impl Golden {
    fn open(layout: Layout) -> Self {
        let folder = match layout {
            Layout::Bert => "bert",
            Layout::XlmRoberta => "xlm-roberta",
        };
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
        let json =
            |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap() };
        let hf = json("config.json");
        let size = |key: &str| hf[key].as_u64().unwrap() as usize;
        let config = ModelConfig {
            layout,
            max_position_embeddings: size("max_position_embeddings"),
            type_vocab_size: size("type_vocab_size"),
            layer_norm_eps: hf["layer_norm_eps"].as_f64().unwrap(),
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
            pad_token_id: size("pad_token_id") as u32,
            ..ModelConfig::bert(
                size("vocab_size"),
                size("hidden_size"),
                size("num_hidden_layers"),
                size("num_attention_heads"),
                size("intermediate_size"),
            )
        };
        let (tensors, integers) = numbers(&folder.join("golden.safetensors"));
        let weights = numbers(&folder.join("model.safetensors")).0;
        Self { tensors, integers, weights, config, notes: json("golden.json") }
    }

    fn model<D: Backend>(&self, dev: &D) -> MaskedLm<D> {
        let mut model = MaskedLm::new(&self.config, dev, Seed(0)).unwrap();
        model.load(&mut |name| Some(Cow::from(&self.weights.get(name)?.1[..]))).unwrap();
        model
    }

    /// The real tokens without padding; also for each the row of the padded `[b * s]` grid it stands in.
    fn batch(&self) -> (PackedBatch, Vec<usize>) {
        let input = |name: &str| &self.integers[&format!("input.{name}")];
        let length = self.tensors["hidden.0"].0[1];
        let (mut batch, mut cells) = (PackedBatch::builder(&self.config), Vec::new());
        for (row, mask) in input("attention_mask").chunks(length).enumerate() {
            let real = mask.iter().filter(|&&m| m == 1).count();
            let slice =
                |name: &str| -> Vec<u32> { input(name)[row * length..][..real].iter().map(|&id| id as u32).collect() };
            batch.push_with_segments(&slice("input_ids"), &slice("token_type_ids")).unwrap();
            cells.extend((0..real).map(|i| row * length + i));
        }
        let batch = batch.build();
        let positions: Vec<u32> = cells.iter().map(|&c| input("position_ids")[c] as u32).collect();
        assert_eq!(batch.positions(), positions);
        (batch, cells)
    }

    /// Packed rows of the labels that count, and the labels.
    fn targets(&self, cells: &[usize]) -> (Vec<u32>, Vec<u32>) {
        let labels = &self.integers["input.labels"];
        let label = |(row, &cell): (usize, &usize)| (labels[cell] != -100).then(|| (row as u32, labels[cell] as u32));
        cells.iter().enumerate().filter_map(label).unzip()
    }

    fn hidden(&self, layer: usize, cells: &[usize]) -> Vec<f32> {
        let (shape, values) = &self.tensors[&format!("hidden.{layer}")];
        cells.iter().flat_map(|&cell| values[cell * shape[2]..][..shape[2]].iter().copied()).collect()
    }

    fn scalar(&self, name: &str) -> f32 {
        self.tensors[name].1[0]
    }
}

/// The largest difference, relative to the largest number expected.
fn gap(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let difference = found.iter().zip(expected).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    if difference == 0.0 { 0.0 } else { difference / largest.max(1e-6) }
}

fn check_forward<D: Backend>(golden: &Golden, dev: &D) {
    let model = golden.model(dev);
    let (batch, cells) = golden.batch();
    let layers = golden.config.num_hidden_layers;
    for layer in 0..=layers {
        let hidden = model.forward(&batch, NoneTape, &Pass::eval().with_layer(layer)).unwrap();
        let gap = gap(&hidden.layer.unwrap().as_vec(), &golden.hidden(layer, &cells));
        assert!(gap < 1e-4, "hidden {layer}: {gap}");
    }
    let hidden = model.forward(&batch, NoneTape, &Pass::eval()).unwrap().last;
    let (positions, targets) = golden.targets(&cells);
    let logits = model.logits(hidden.clone(), &positions).unwrap().as_vec();
    let gap = gap(&logits, &golden.tensors["masked.logits"].1);
    assert!(gap < 1e-4, "logits: {gap}");
    let loss = model.loss(hidden, &positions, &targets).unwrap();
    let mean = tape::value(&loss.sum) / loss.count as f32;
    assert!((mean - golden.scalar("loss")).abs() < 1e-4, "{mean}");
}

fn check_gradients<D: Backend>(golden: &Golden, dev: &D, pass: &Pass) {
    let model = golden.model(dev);
    let (batch, cells) = golden.batch();
    let (positions, targets) = golden.targets(&cells);
    let hidden = model.forward(&batch, OwnedTape::default(), pass).unwrap().last;
    let loss = model.loss(hidden, &positions, &targets).unwrap();
    let mut gradients = tape::backward(tape::scale(loss.sum, 1.0 / loss.count as f32).unwrap()).unwrap();
    let mut seen = 0;
    model.visit(&mut |parameter| {
        let (shape, expected) = &golden.tensors[&format!("grad.{}", parameter.name)];
        assert_eq!(&parameter.shape(), shape, "{}", parameter.name);
        let gradient = parameter.gradient(&mut gradients).unwrap();
        // The bias of keys shifts all scores of a query alike, so its gradient is rounding alone.
        if !parameter.name.ends_with("key.bias") {
            let gap = gap(&gradient, expected);
            assert!(gap < 1e-3, "{}: {gap}", parameter.name);
        }
        assert!(gradient.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{}", parameter.name);
        seen += 1;
    });
    assert_eq!(seen, golden.tensors.keys().filter(|name| name.starts_with("grad.")).count());
}

fn check_training<D: Backend>(golden: &Golden, dev: &D) {
    let mut model = golden.model(dev);
    let (batch, cells) = golden.batch();
    let (positions, targets) = golden.targets(&cells);
    let notes = &golden.notes["adamw"];
    let number = |key: &str| notes[key].as_f64().unwrap();
    let constants = AdamW {
        beta1: notes["betas"][0].as_f64().unwrap(),
        beta2: notes["betas"][1].as_f64().unwrap(),
        epsilon: number("eps"),
        weight_decay: number("weight_decay"),
    };
    let (steps, warmup) = (number("steps"), number("warmup_steps"));
    let mut state = AdamState::default();
    for step in 0..steps as usize {
        let hidden = model.forward(&batch, OwnedTape::default(), &Pass::eval()).unwrap().last;
        let loss = model.loss(hidden, &positions, &targets).unwrap();
        let count = loss.count as f64;
        let mean = f64::from(tape::value(&loss.sum)) / count;
        let mut gradients = tape::backward(loss.sum).unwrap();
        let norm = norm::global(&model, &mut gradients).unwrap() / count;
        let clip = (number("clip_global_norm") / (norm + 1e-6)).min(1.0);
        let s = step as f64;
        let rate = number("lr") * if s < warmup { s / warmup } else { (steps - s) / (steps - warmup) };
        let expected = |name: &str| f64::from(golden.tensors[name].1[step]);
        assert!((mean / expected("train.loss") - 1.0).abs() < 1e-3, "step {step}: loss {mean}");
        assert!((norm / expected("train.grad_norm") - 1.0).abs() < 1e-3, "step {step}: norm {norm}");
        assert!((rate - expected("train.lr")).abs() < 1e-9, "step {step}: rate {rate}");
        adamw::update(&mut model, &mut gradients, &mut state, &constants, rate, clip / count).unwrap();
    }
    model.visit(&mut |parameter| {
        let expected = &golden.tensors[&format!("final.{}", parameter.name)].1;
        let gap = gap(&parameter.to_vec(), expected);
        assert!(gap < 1e-3, "{} at the end: {gap}", parameter.name);
    });
}

fn check_all(layout: Layout) {
    let golden = Golden::open(layout);
    let dev = Cpu::default();
    check_forward(&golden, &dev);
    check_gradients(&golden, &dev, &Pass::eval());
    check_gradients(&golden, &dev, &Pass::eval().with_recompute(true));
    check_training(&golden, &dev);
}

#[test]
fn bert_equals_hugging_face() {
    check_all(Layout::Bert);
}

#[test]
fn xlm_roberta_equals_hugging_face() {
    check_all(Layout::XlmRoberta);
}

/// The same composed operators on dfdx's CUDA device; needs a card, or an emulator of its driver.
#[cfg(feature = "cuda")]
#[test]
fn cuda_equals_hugging_face() {
    for layout in [Layout::Bert, Layout::XlmRoberta] {
        let golden = Golden::open(layout);
        let dev = dfdx::prelude::Cuda::default();
        check_forward(&golden, &dev);
        check_gradients(&golden, &dev, &Pass::eval());
        check_training(&golden, &dev);
    }
}
