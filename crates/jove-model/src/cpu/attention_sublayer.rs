//! The attention half of a layer as one operator of the tape. `h` columns throughout.

use dfdx::prelude::{Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::attention as kernel;
use super::kernels::columns::add_all;
use super::kernels::layer_norm::{self as norm_kernel, apply_mask};
use super::kernels::pool::{self, Buffer};
use super::layer_norm::Normalized;
use super::rows::{pick, scatter};
use super::shared::{Dense, Norm};
use crate::dropout::{DropMask, RowsMask};
use crate::error::{Error, device};
use crate::ops::attention::AttentionArgs;
use crate::ops::sublayer::{AttentionWeights, SublayerPass};
use crate::ops::{attention, layer_norm, linear};
use crate::tensors::{Gradients, Matrix};
use crate::view::{Part, slice};

/// Everything the half is computed with.
struct AttentionBlock {
    /// Queries, keys, values.
    qkv: [Dense; 3],
    output: Dense,
    norm: Norm,
    cu_seqlens: Vec<usize>,
    heads: usize,
    attention_mask: Option<DropMask>,
    mask: Option<DropMask>,
    selected: Option<Rows>,
}

/// The packed rows of the output, and where those of each sequence begin among them.
struct Rows {
    rows: Vec<u32>,
    cu_seqlens: Vec<usize>,
}

impl Rows {
    fn new(rows: &[u32], cu_seqlens: &[usize]) -> Self {
        let before = |&start: &usize| rows.partition_point(|&row| (row as usize) < start);
        Self { rows: rows.to_vec(), cu_seqlens: cu_seqlens.iter().map(before).collect() }
    }
}

/// What the forward pass leaves for the backward pass.
struct Saved {
    /// The selected rows of the input; empty where they all are.
    picked: Buffer,
    /// Queries, keys, values.
    qkv: [Buffer; 3],
    /// What attention mixed.
    mixed: Buffer,
    log_sums: Buffer,
    normalized: Normalized,
}

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    x: Matrix<Cpu, T>,
    weights: &AttentionWeights<'_, Cpu>,
    args: &AttentionArgs<'_>,
    pass: &SublayerPass<'_>,
) -> Result<Matrix<Cpu, T>, Error> {
    for (weight, bias) in weights.qkv.iter().chain([&weights.output]) {
        linear::check(&x, weight, Some(bias))?;
    }
    layer_norm::check(&x, &weights.norm)?;
    attention::check([&x, &x, &x], args)?;
    pass.check(x.shape().0)?;
    let half = AttentionBlock {
        qkv: weights.qkv.map(Dense::new),
        output: Dense::new(weights.output),
        norm: Norm::new(&weights.norm),
        cu_seqlens: args.cu_seqlens.to_vec(),
        heads: args.heads,
        attention_mask: args.mask,
        mask: pass.mask,
        selected: pass.rows.map(|rows| Rows::new(rows, args.cu_seqlens)),
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
            let grad_out = take_gradient!(grads, &y_ghost);
            let saved = saved.unwrap_or_else(|| half.forward(slice(&x), &mut pool::take(grad_out.len())));
            half.backward(&x, saved, grad_out, grads)
        });
    }
    Ok(y.put_tape(tape))
}

impl AttentionBlock {
    fn args(&self) -> AttentionArgs<'_> {
        AttentionArgs { cu_seqlens: &self.cu_seqlens, heads: self.heads, mask: self.attention_mask }
    }

    fn mask(&self) -> Option<RowsMask<'_>> {
        self.mask.map(|mask| mask.of_rows(self.selected.as_ref().map(|selected| selected.rows.as_slice())))
    }

    fn inputs<'a>(&'a self, [query, key, value]: &'a [Buffer; 3]) -> kernel::Inputs<'a> {
        let selected = self.selected.as_ref();
        let rows = selected.map(|rows| kernel::QueryRows { rows: &rows.rows, cu_seqlens: &rows.cu_seqlens });
        kernel::Inputs { query, key, value, width: self.norm.width(), rows }
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) -> Saved {
        let width = self.norm.width();
        let picked = self.selected.as_ref().map(|selected| pick(x, &selected.rows, width)).unwrap_or_default();
        let of_queries = if self.selected.is_some() { &picked } else { x };
        let inputs = [of_queries, x, x];
        let qkv = [0, 1, 2].map(|n| self.qkv[n].forward(inputs[n]));
        let mut mixed = pool::take(y.len());
        let mut log_sums = pool::take(y.len() / width * self.heads);
        kernel::forward(&self.inputs(&qkv), &self.args(), &mut mixed, &mut log_sums);
        let out = self.output.product(&mixed);
        let bias = Some(slice(&self.output.bias));
        let sum = norm_kernel::Inputs { x: &out, bias, mask: self.mask(), residual: Some(of_queries) };
        let normalized = Normalized::forward(&sum, &self.norm.weights(), y);
        Saved { picked, qkv, mixed, log_sums, normalized }
    }

    fn backward(
        &self,
        x: &Matrix<Cpu>,
        saved: Saved,
        mut grad_out: Vec<f32>,
        grads: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let width = self.norm.width();
        let Saved { picked, qkv, mixed, log_sums, normalized } = saved;
        normalized.backward(&mut grad_out, &self.norm.weight, &self.norm.bias, grads)?;
        match &self.selected {
            Some(selected) => scatter(grads.get_or_alloc_mut(x)?, &selected.rows, &grad_out, width),
            None => add_all(grads.get_or_alloc_mut(x)?, &grad_out),
        }
        if let Some(mask) = self.mask() {
            apply_mask(&mut grad_out, width, mask);
        }
        self.output.add_gradients(&mixed, &grad_out, grads)?;
        let mut grad_mixed = pool::take(grad_out.len());
        self.output.backward(&grad_out, Part::new(&mut grad_mixed, mixed.len() / width, width), false);
        drop(grad_out);

        let mut grad_qkv = [0, 1, 2].map(|n| pool::take(qkv[n].len()));
        let [query, key, value] = &mut grad_qkv;
        let outputs = kernel::Outputs { query, key, value };
        kernel::backward(&self.inputs(&qkv), &self.args(), (&mixed, &grad_mixed), &log_sums, outputs);
        self.qkv_backward(x, &picked, &grad_qkv, grads)
    }

    /// Adds the gradients of the weights of queries, keys and values, and that of the input through them.
    fn qkv_backward(
        &self,
        x: &Matrix<Cpu>,
        picked: &Buffer,
        grad_qkv: &[Buffer; 3],
        grads: &mut Gradients<Cpu>,
    ) -> Result<(), CpuError> {
        let &(tokens, width) = x.shape();
        for (linear, grad) in self.qkv.iter().zip(grad_qkv).skip(usize::from(self.selected.is_some())) {
            linear.add_gradients(slice(x), grad, grads)?;
            linear.backward(grad, Part::new(grads.get_or_alloc_mut(x)?, tokens, width), true);
        }
        if let Some(selected) = &self.selected {
            let (query, grad_query) = (&self.qkv[0], &grad_qkv[0]);
            query.add_gradients(picked, grad_query, grads)?;
            let mut grad_picked = pool::take(picked.len());
            query.backward(grad_query, Part::new(&mut grad_picked, selected.rows.len(), width), false);
            scatter(grads.get_or_alloc_mut(x)?, &selected.rows, &grad_picked, width);
        }
        Ok(())
    }
}
