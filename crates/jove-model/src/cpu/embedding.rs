//! The sum of three embedding tables: only the rows of the batch are read, and only theirs get gradients.

use dfdx::prelude::{Cpu, HasShape, PutTape, Tape, Tensor, TensorFromVec};
use rayon::prelude::*;

use super::gradient::take_gradient;
use super::kernels::columns;
use super::rows::scatter;
use crate::error::{Error, device};
use crate::ops::embedding::{Tables, check};
use crate::packed_batch::PackedBatch;
use crate::tensors::Matrix;
use crate::view::slice;

pub(crate) fn fused<T: Tape<f32, Cpu>>(
    tables: &Tables<'_, Cpu>,
    batch: &PackedBatch,
    mut tape: T,
) -> Result<Matrix<Cpu, T>, Error> {
    check(tables, batch)?;
    let (count, width) = (batch.token_count(), tables.words.shape().1);
    let mut x = vec![0.0; count * width];
    let sources = [tables.words, tables.positions, tables.segments].map(slice);
    let ids = [batch.tokens(), batch.positions(), batch.segments()];
    x.par_chunks_mut(width).enumerate().for_each(|(i, x)| {
        for (source, ids) in sources.iter().zip(ids) {
            columns::add(x, &source[ids[i] as usize * width..][..width]);
        }
    });
    let x = tables.words.device().try_tensor_from_vec(x, (count, width)).map_err(device)?;
    if T::OWNS_TAPE {
        let x_ghost = x.ghost();
        let tables = [tables.words, tables.positions, tables.segments].map(Tensor::ghost);
        let ids = ids.map(<[u32]>::to_vec);
        tape.add_backward_op(move |grads| {
            let grad_out = take_gradient!(grads, &x_ghost);
            for (table, ids) in tables.iter().zip(&ids) {
                let gradient = &mut ***grads.get_or_alloc_mut(table)?;
                scatter(gradient, ids, &grad_out, width);
            }
            Ok(())
        });
    }
    Ok(x.put_tape(tape))
}
