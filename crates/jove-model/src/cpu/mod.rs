//! The CPU: fused, multi-threaded forms of the operators; the same numbers, bit for bit, for any number of threads.
//!
//! Each operator's form on dfdx's tape is in the module of its name, and calls [`kernels`] on plain slices. What other
//! crates may want to know of this device is in [`limits`] and [`memory`].

mod adamw_update;
mod attention;
mod attention_sublayer;
mod dropout;
mod embedding;
mod feed_forward_sublayer;
mod gelu;
mod gradient;
mod gradient_square_sum;
mod kernels;
mod last_layer;
mod layer_norm;
pub(crate) mod limits;
mod linear;
pub(crate) mod memory;
mod rows;
mod shared;
mod vocabulary_cross_entropy;

use dfdx::prelude::{Cpu, Shape, Tape, Tensor};

use crate::dropout::DropMask;
use crate::error::Error;
use crate::ops::adamw_update::{Moments, Rates};
use crate::ops::attention::AttentionArgs;
use crate::ops::backend::Backend;
use crate::ops::embedding::Tables;
use crate::ops::layer_norm::NormWeights;
use crate::ops::sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
use crate::packed_batch::PackedBatch;
use crate::tensors::{Gradients, Matrix, Scalar, Vector};

impl Backend for Cpu {
    fn embed<T: Tape<f32, Self>>(
        tables: &Tables<'_, Self>,
        batch: &PackedBatch,
        tape: T,
    ) -> Result<Matrix<Self, T>, Error> {
        embedding::fused(tables, batch, tape)
    }

    fn linear<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: Option<&Vector<Self>>,
    ) -> Result<Matrix<Self, T>, Error> {
        linear::fused(x, weight, bias)
    }

    fn gelu<T: Tape<f32, Self>>(x: Matrix<Self, T>) -> Result<Matrix<Self, T>, Error> {
        gelu::fused(x)
    }

    fn dropout<T: Tape<f32, Self>>(x: Matrix<Self, T>, mask: Option<DropMask>) -> Result<Matrix<Self, T>, Error> {
        dropout::fused(x, mask)
    }

    fn add_norm<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        residual: Option<Matrix<Self, T>>,
        norm: &NormWeights<'_, Self>,
        mask: Option<DropMask>,
    ) -> Result<Matrix<Self, T>, Error> {
        layer_norm::fused(x, residual, norm, mask)
    }

    fn attention<T: Tape<f32, Self>>(
        query: Matrix<Self, T>,
        key: Matrix<Self, T>,
        value: Matrix<Self, T>,
        args: &AttentionArgs<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        attention::fused(query, key, value, args)
    }

    fn attention_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &AttentionWeights<'_, Self>,
        args: &AttentionArgs<'_>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        attention_sublayer::fused(x, weights, args, pass)
    }

    fn feed_forward_sublayer<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weights: &FeedForwardWeights<'_, Self>,
        pass: &SublayerPass<'_>,
    ) -> Result<Matrix<Self, T>, Error> {
        feed_forward_sublayer::fused(x, weights, pass)
    }

    fn last_layer_rows(batch: &PackedBatch, rows: &[u32]) -> Vec<u32> {
        last_layer::rows(batch, rows)
    }

    fn rows<T: Tape<f32, Self>>(x: Matrix<Self, T>, positions: &[u32]) -> Result<Matrix<Self, T>, Error> {
        rows::fused(x, positions)
    }

    fn vocabulary_cross_entropy<T: Tape<f32, Self>>(
        x: Matrix<Self, T>,
        weight: &Matrix<Self>,
        bias: &Vector<Self>,
        targets: &[u32],
    ) -> Result<Scalar<Self, T>, Error> {
        vocabulary_cross_entropy::fused(x, weight, bias, targets)
    }

    fn adamw_update<S: Shape>(
        parameter: &mut Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
        moments: &mut Moments<Self>,
        rates: &Rates,
    ) -> Result<(), Error> {
        adamw_update::fused(parameter, gradients, moments, rates)
    }

    fn gradient_square_sum<S: Shape>(
        parameter: &Tensor<S, f32, Self>,
        gradients: &mut Gradients<Self>,
    ) -> Result<f64, Error> {
        gradient_square_sum::fused(parameter, gradients)
    }
}
