//! Attention within packed sequences: never more than a block of one head's scores is held; they are computed again in the
//! backward pass.

use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tape, TensorFromVec};

use super::gradient::take_gradient;
use super::kernels::attention as kernel;
use super::kernels::columns::add_all;
use super::kernels::pool;
use crate::error::{Error, device};
use crate::ops::attention::{AttentionArgs, check};
use crate::tensors::Matrix;
use crate::view::slice;

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    query: Matrix<Cpu, T>,
    key: Matrix<Cpu, T>,
    value: Matrix<Cpu, T>,
    args: &AttentionArgs<'_>,
) -> Result<Matrix<Cpu, T>, Error> {
    check([&query, &key, &value], args)?;
    let (query, tape) = query.try_contiguous().map_err(device)?.split_tape();
    let (key, key_tape) = key.try_contiguous().map_err(device)?.split_tape();
    let (value, value_tape) = value.try_contiguous().map_err(device)?.split_tape();
    let mut tape = tape.merge(key_tape).merge(value_tape);
    let (tokens, width) = *query.shape();
    let mut out = vec![0.0; tokens * width];
    let mut log_sums = pool::take(tokens * args.heads);
    let inputs = kernel::Inputs { query: slice(&query), key: slice(&key), value: slice(&value), width, rows: None };
    kernel::forward(&inputs, args, &mut out, &mut log_sums);
    let out = query.device().try_tensor_from_vec(out, (tokens, width)).map_err(device)?;
    if T::OWNS_TAPE {
        let (out_copy, cu_seqlens, heads, mask) = (out.clone(), args.cu_seqlens.to_vec(), args.heads, args.mask);
        tape.add_backward_op(move |grads| {
            let grad_out = take_gradient!(grads, &out_copy);
            let args = AttentionArgs { cu_seqlens: &cu_seqlens, heads, mask };
            let mut grad_qkv = [(); 3].map(|()| pool::take(tokens * width));
            let [grad_query, grad_key, grad_value] = &mut grad_qkv;
            let inputs =
                kernel::Inputs { query: slice(&query), key: slice(&key), value: slice(&value), width, rows: None };
            let outputs = kernel::Outputs { query: grad_query, key: grad_key, value: grad_value };
            kernel::backward(&inputs, &args, (slice(&out_copy), &grad_out), &log_sums, outputs);
            for (x, grad) in [&query, &key, &value].into_iter().zip(&grad_qkv) {
                add_all(grads.get_or_alloc_mut(x)?, grad);
            }
            Ok(())
        });
    }
    Ok(out.put_tape(tape))
}
