//! The encoder on dfdx: operators, layers, heads, parameters by name.
//!
//! A batch is packed: `[tokens, hidden]` and where each sequence begins, see [`PackedBatch`]. A training step is
//!
//! ```
//! use dfdx::prelude::{Cpu, OwnedTape};
//! use jove_core::{ModelConfig, Seed};
//! use jove_model::ops::{adamw, norm, tape};
//! use jove_model::{AdamState, AdamW, MaskedLm, Parameters as _, Pass, PackedBatch};
//!
//! let config = ModelConfig::bert(100, 32, 2, 4, 64);
//! let mut model = MaskedLm::new(&config, &Cpu::default(), Seed(1))?;
//! let mut state = AdamState::default();
//!
//! let mut batch = PackedBatch::builder(&config);
//! let start = batch.push(&[2, 17, 4, 18, 3])?; // 4 is [MASK]
//! let hidden = model.forward(&batch.build(), OwnedTape::default(), &Pass::train(Seed(1), 0))?;
//! let loss = model.loss(hidden.last, &[start as u32 + 2], &[42])?;
//! let count = loss.count as f64;
//! let mut gradients = tape::backward(loss.sum)?;
//! let norm = norm::global(&model, &mut gradients)? / count;
//! let clip = (1.0 / (norm + 1e-6)).min(1.0);
//! adamw::update(&mut model, &mut gradients, &mut state, &AdamW::default(), 1e-4, clip / count)?;
//! # assert!(norm > 0.0 && model.parameter_count() > 0);
//! # Ok::<(), jove_model::Error>(())
//! ```
//!
//! Devices are dfdx's, through [`Backend`]; see [`ops::tape`] for several objectives on one pass.

// Kernels are compiled for the processor at hand only where they are inlined into the function that asks for it.
#![allow(clippy::inline_always)]
// dfdx's tensors carry shape, device and tape in their type.
#![allow(clippy::type_complexity)]

mod backend;
pub mod bench;
pub mod doctor;
mod dropout;
mod encoder;
mod error;
mod init;
pub(crate) mod kernels;
mod layer;
mod linear;
mod masked_lm;
mod memory;
pub mod ops;
mod parameters;
mod sequences;
mod tensors;
mod view;

pub use backend::Backend;
#[cfg(feature = "cuda")]
pub use dfdx::prelude::Cuda;
pub use dropout::{DropMask, Dropout, Pass};
pub use encoder::{Encoder, Hidden};
pub use error::Error;
pub use linear::{LayerNorm, Linear};
pub use masked_lm::{MaskedLm, MlmHead};
pub use memory::{BatchShape, MemoryEstimate, parameter_count};
pub use ops::adamw::{AdamState, AdamW, Moments};
pub use parameters::{ParameterMut, ParameterRef, Parameters, ValueMut, ValueRef};
pub use sequences::{PackedBatch, PackedBatchBuilder};
pub use tensors::{Cpu, Gradients, LossSum, Matrix, OwnedTape, Scalar, Vector};
