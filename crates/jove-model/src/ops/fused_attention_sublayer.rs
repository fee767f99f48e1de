//! The attention half of a layer as one operator of the tape.

use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::layer_norm::Normalized;
use super::rows::{pick, scatter};
use super::sublayer::{Dense, Norm};
use super::{AttentionArgs, AttentionWeights, SublayerPass, take_gradient};
use crate::dropout::RowsMask;
use crate::error::device;
use crate::kernels::columns::{add_all, add_sums};
use crate::kernels::matmul::matmul;
use crate::kernels::pool::{self, Buffer};
use crate::kernels::{attention, norm};
use crate::view::{Part, View, slice};
use crate::{DropMask, Error, Gradients, Matrix};

/// Everything the half is computed with; `h` columns throughout.
struct AttentionBlock {
    inputs: [Dense; 3],
    output: Dense,
    norm: Norm,
    bounds: Vec<usize>,
    heads: usize,
    attention_mask: Option<DropMask>,
    mask: Option<DropMask>,
    asked: Option<Rows>,
}

/// The packed rows that are asked for, and where those of each sequence begin among them.
struct Rows {
    rows: Vec<u32>,
    bounds: Vec<usize>,
}

impl Rows {
    fn new(rows: &[u32], bounds: &[usize]) -> Self {
        let before = |&bound: &usize| rows.partition_point(|&row| (row as usize) < bound);
        Self { rows: rows.to_vec(), bounds: bounds.iter().map(before).collect() }
    }
}

/// What the forward pass leaves for the backward pass.
struct Saved {
    /// The rows of the input that are asked for; empty where they all are.
    picked: Buffer,
    /// Queries, keys, values.
    inputs: [Buffer; 3],
    /// What attention mixed.
    mixed: Buffer,
    log_sums: Buffer,
    normalized: Normalized,
}

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    weights: &AttentionWeights<'_, Cpu>,
    how: &AttentionArgs<'_>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<Cpu, T>, Error> {
    for linear in weights.inputs.iter().chain([&weights.output]) {
        super::linear::check(&x, linear.0, Some(linear.1))?;
    }
    super::layer_norm::check(&x, &weights.norm)?;
    super::attention::check([&x, &x, &x], how)?;
    pass.check(x.shape().0)?;
    let half = AttentionBlock {
        inputs: weights.inputs.map(Dense::new),
        output: Dense::new(weights.output),
        norm: Norm::new(&weights.norm),
        bounds: how.bounds.to_vec(),
        heads: how.heads,
        attention_mask: how.mask,
        mask: pass.mask,
        asked: pass.rows.map(|rows| Rows::new(rows, how.bounds)),
    };
    let (x, mut tape) = x.try_contiguous().map_err(device)?.split_tape();
    let (tokens, width) = *x.shape();
    let shape = (pass.rows.map_or(tokens, <[u32]>::len), width);
    let mut y = vec![0.0; shape.0 * width];
    let saved = half.forward(slice(&x), &mut y);
    let y = x.device().try_tensor_from_vec(y, shape).map_err(device)?;
    if T::OWNS_TAPE {
        let saved = (!pass.recompute).then_some(saved);
        let y_ghost = y.ghost();
        tape.add_backward_op(move |grads| {
            let d = take_gradient!(grads, &y_ghost);
            let saved = saved.unwrap_or_else(|| half.forward(slice(&x), &mut pool::take(d.len())));
            half.backward(&x, saved, d, grads)
        });
    }
    Ok(y.put_tape(tape))
}

impl AttentionBlock {
    fn attend(&self) -> AttentionArgs<'_> {
        AttentionArgs { bounds: &self.bounds, heads: self.heads, mask: self.attention_mask }
    }

    fn asked(&self) -> Option<attention::Asked<'_>> {
        self.asked.as_ref().map(|asked| attention::Asked { rows: &asked.rows, bounds: &asked.bounds })
    }

    fn mask(&self) -> Option<RowsMask<'_>> {
        self.mask.map(|mask| mask.of_rows(self.asked.as_ref().map(|asked| asked.rows.as_slice())))
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) -> Saved {
        let width = self.norm.width();
        let picked = self.asked.as_ref().map(|asked| pick(x, &asked.rows, width)).unwrap_or_default();
        let of_queries = if self.asked.is_some() { &picked } else { x };
        let inputs = [of_queries, x, x];
        let inputs = [0, 1, 2].map(|n| self.inputs[n].forward(inputs[n]));
        let mut mixed = pool::take(y.len());
        let mut log_sums = pool::take(y.len() / width * self.heads);
        let [query, key, value] = &inputs;
        let attended = attention::Inputs { query, key, value, width, asked: self.asked() };
        attention::forward(&attended, &self.attend(), &mut mixed, &mut log_sums);
        let out = self.output.product(&mixed);
        let bias = Some(slice(&self.output.bias));
        let sum = norm::Inputs { x: &out, bias, mask: self.mask(), residual: Some(of_queries) };
        let normalized = Normalized::forward(&sum, &self.norm.weights(), y);
        Saved { picked, inputs, mixed, log_sums, normalized }
    }

    fn backward(
        &self,
        x: &Matrix<Cpu>,
        saved: Saved,
        mut d: Vec<f32>,
        grads: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let &(tokens, width) = x.shape();
        let Saved { picked, inputs: [query, key, value], mixed, log_sums, normalized } = saved;
        normalized.backward(&mut d, &self.norm.gain, &self.norm.bias, grads)?;
        match &self.asked {
            Some(asked) => scatter(grads.get_or_alloc_mut(x)?, &asked.rows, &d, width),
            None => add_all(grads.get_or_alloc_mut(x)?, &d),
        }
        if let Some(mask) = self.mask() {
            norm::apply_mask(&mut d, width, mask);
        }
        self.output.add_gradients(&mixed, &d, grads)?;
        let mut d_mixed = pool::take(d.len());
        self.output.backward(&d, Part::new(&mut d_mixed, mixed.len() / width, width), false);
        drop(d);

        let mut buffers = [mixed.len(), key.len(), value.len()].map(pool::take);
        let attended = attention::Inputs { query: &query, key: &key, value: &value, width, asked: self.asked() };
        let [d_query, d_key, d_value] = &mut buffers;
        let outputs = attention::Outputs { query: d_query, key: d_key, value: d_value };
        attention::backward(&attended, &self.attend(), (&mixed, &d_mixed), &log_sums, outputs);
        for (linear, d) in self.inputs.iter().zip(&buffers).skip(usize::from(self.asked.is_some())) {
            linear.add_gradients(slice(x), d, grads)?;
            linear.backward(d, Part::new(grads.get_or_alloc_mut(x)?, tokens, width), true);
        }
        if let Some(asked) = &self.asked {
            let (linear, d) = (&self.inputs[0], &buffers[0]);
            linear.add_gradients(&picked, d, grads)?;
            let mut d_picked = pool::take(picked.len());
            linear.backward(d, Part::new(&mut d_picked, asked.rows.len(), width), false);
            scatter(grads.get_or_alloc_mut(x)?, &asked.rows, &d_picked, width);
        }
        Ok(())
    }
}

impl Dense {
    /// `x wᵀ + b`.
    pub(super) fn forward(&self, x: &[f32]) -> Buffer {
        let (out, inner) = *self.weight.shape();
        let rows = x.len() / inner;
        let mut y = pool::take(rows * out);
        super::linear::forward(x, slice(&self.weight), Some(slice(&self.bias)), &mut y, (rows, inner, out));
        y
    }

    /// `x wᵀ`.
    pub(super) fn product(&self, x: &[f32]) -> Buffer {
        let (out, inner) = *self.weight.shape();
        let rows = x.len() / inner;
        let mut y = pool::take(rows * out);
        super::linear::forward(x, slice(&self.weight), None, &mut y, (rows, inner, out));
        y
    }

    /// Writes or adds the gradient of `x` for the gradient `d` of the output.
    pub(super) fn backward(&self, d: &[f32], d_x: Part<'_>, add: bool) {
        let (out, inner) = *self.weight.shape();
        let d = View::new(d, d.len() / out, out);
        matmul(d_x, d, View::new(slice(&self.weight), out, inner), add);
    }

    /// Adds the gradients of weight and bias.
    pub(super) fn add_gradients(&self, x: &[f32], d: &[f32], grads: &mut Gradients<Cpu>) -> Result<(), CpuError> {
        let (out, inner) = *self.weight.shape();
        let rows = d.len() / out;
        let (d_view, x) = (View::new(d, rows, out).transposed(), View::new(x, rows, inner));
        matmul(Part::new(grads.get_or_alloc_mut(&self.weight)?, out, inner), d_view, x, true);
        add_sums(grads.get_or_alloc_mut(&self.bias)?, d);
        Ok(())
    }
}
