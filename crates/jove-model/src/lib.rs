//! The encoder on dfdx: operators, layers, heads, parameters by name.
//!
//! A batch is packed: one `[tokens, hidden]` matrix of all sequences and where each of them begins, see [`PackedBatch`].
//! One training step of a tiny model on two sequences: forward pass, loss of the masked tokens, gradients, AdamW update.
//!
//! ```
//! use dfdx::prelude::{Cpu, OwnedTape};
//! use jove_core::{ModelConfig, Seed};
//! use jove_model::ops::{adamw, norm, tape};
//! use jove_model::{AdamState, AdamW, MaskedLm, PackedBatch, Parameters as _, Pass};
//!
//! let config = ModelConfig::bert(100, 32, 2, 4, 64);
//! let mut model = MaskedLm::new(&config, &Cpu::default(), Seed(1))?;
//!
//! let mut batch = PackedBatch::builder(&config);
//! let first = batch.push(&[2, 17, 4, 18, 3])?; // 2 is [CLS], 3 [SEP], 4 [MASK]
//! let second = batch.push(&[2, 4, 51, 3])?;
//! let batch = batch.build();
//! assert_eq!((batch.cu_seqlens(), batch.token_count()), (&[0, 5, 9][..], 9));
//!
//! // The loss reads two packed rows: no others leave the last layer.
//! let masked = [first as u32 + 2, second as u32 + 1];
//! let hidden = model.forward_rows(&batch, &masked, OwnedTape::default(), &Pass::train(Seed(1), 0))?;
//! let loss = model.loss(hidden.last, &[0, 1], &[42, 7])?;
//! let count = loss.count as f64;
//! let mean = f64::from(tape::value(&loss.sum)) / count;
//! assert!((mean - 100.0f64.ln()).abs() < 0.5, "random weights know nothing");
//!
//! let mut gradients = tape::backward(loss.sum)?;
//! let words = tape::gradient(model.encoder.word_embeddings(), &mut gradients)?;
//! assert_eq!(words.len(), 100 * 32);
//!
//! let norm = norm::global(&model, &mut gradients)? / count;
//! let clip = (1.0 / (norm + 1e-6)).min(1.0);
//! let mut state = AdamState::default();
//! adamw::update(&mut model, &mut gradients, &mut state, &AdamW::default(), 1e-4, clip / count)?;
//! assert!(norm > 0.0 && state.steps == 1);
//! # Ok::<(), jove_model::Error>(())
//! ```
//!
//! # What is where
//! - [`ops`]: the operators. [`Backend`] has their signatures; each module has the types of the arguments, the check of
//!   their sizes and the composed form, made of dfdx's own operators. Here is also what a training step does with them: [`ops::tape`],
//!   [`ops::norm`], [`ops::adamw`].
//! - `cpu/`: the CPU's fused forms, with the kernels that they call.
//! - [`Encoder`] and [`MlmHead`], made of [`Linear`], [`LayerNorm`] and layers; they call [`Backend`] alone. Their names
//!   are out of [`jove_core::parameter_names`], and [`parameters!`] makes their [`Parameters`].
//! - [`mod@bench`] and [`doctor`] measure and check a device.
//!
//! # Adding a device
//! A device is a folder with one `impl Backend for X`, where `X` is a device of dfdx, that is, it implements
//! [`dfdx::prelude::Device<f32>`]:
//! 1. `src/x/mod.rs` with `impl Backend for X {}`, and `mod x;` below. Nothing more is needed to train: every operator runs
//!    in its composed form.
//! 2. Replace operators, one after the other, beginning with the two sublayers, in which nearly all time is spent. A fused
//!    form splits the tape off its input, computes, and adds one closure to the tape that adds to the gradients of its inputs;
//!    `cpu/gelu.rs` is the shortest. It calls the `check` of its operator's module first, so that all devices refuse the same
//!    arguments with the same messages.
//! 3. Replace [`Backend::last_layer_rows`] if products of few rows round differently from those of many.
//! 4. [`bench::Operators`] compares every operator of the device with its composed form; [`doctor`] reports the largest
//!    differences. `tests/it/golden.rs` holds a whole model on the device to Hugging Face's numbers.
//!
//! Results must not depend on the number of threads: work is cut by its size alone, and sums have a fixed order. Kernels of
//! a device are named in its folder only; `unsafe` code is in `view.rs` for the CPU, and in one module of its own for another
//! device.

// Kernels are compiled for the widest vectors only where they are inlined into the function that dispatches to them.
#![allow(clippy::inline_always)]
// dfdx's tensors carry shape, device and tape in their type.
#![allow(clippy::type_complexity)]

pub mod bench;
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
pub mod doctor;
mod dropout;
mod encoder;
mod error;
mod gradient;
mod init;
mod layer;
mod linear;
mod masked_lm;
mod names;
pub mod ops;
mod packed_batch;
mod parameters;
mod pass;
mod tensors;
mod view;

pub use cpu::memory::{BatchShape, MemoryEstimate};
#[cfg(feature = "cuda")]
pub use dfdx::prelude::Cuda;
pub use dropout::DropMask;
pub use encoder::{Encoder, Hidden};
pub use error::Error;
pub use linear::{LayerNorm, Linear};
pub use masked_lm::{MaskedLm, MlmHead};
pub use ops::adamw::AdamState;
pub use ops::adamw_update::{AdamW, Moments};
pub use ops::backend::Backend;
pub use packed_batch::{PackedBatch, PackedBatchBuilder};
pub use parameters::{Parameter, ParameterMut, ParameterRef, Parameters, ValueMut, ValueRef, parameter_count};
pub use pass::{Dropout, Pass};
pub use tensors::{Cpu, Gradients, LossSum, Matrix, OwnedTape, Scalar, Vector};
