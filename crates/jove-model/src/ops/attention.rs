//! Attention within packed sequences.

use dfdx::prelude::{
    Axes2, Axes4, Axis, BroadcastTo, Device, GatherTo, HasShape, PermuteTo, ReshapeTo, Tape, Tensor, TryAdd, TryMatMul,
    TryMul,
};

use crate::dropout::DropMask;
use crate::error::{Error, device};
use crate::tensors::Matrix;

/// Sequences, heads and dropout of an attention.
#[derive(Clone, Copy, Debug)]
pub struct AttentionArgs<'a> {
    /// Where sequences begin, as in [`crate::PackedBatch::cu_seqlens`].
    pub cu_seqlens: &'a [usize],
    /// Number of heads; divides the width.
    pub heads: usize,
    /// Which attention probabilities are dropped. The mask's row of head `n` and packed query row `i` is
    /// `n * tokens + i`, its column the key's place in the sequence.
    pub mask: Option<DropMask>,
}

pub(crate) fn check<D: Device<f32>, T>(x: [&Matrix<D, T>; 3], args: &AttentionArgs<'_>) -> Result<(), Error> {
    let (rows, width) = *x[0].shape();
    if x.iter().any(|x| *x.shape() != (rows, width)) || args.heads == 0 || width % args.heads != 0 {
        let found = format!("{:?} with {} heads", x.map(|x| *x.shape()), args.heads);
        return Err(Error::shape("attention", "three equal shapes and heads that divide the width", found));
    }
    let fit =
        args.cu_seqlens.first() == Some(&0) && args.cu_seqlens.last() == Some(&rows) && args.cu_seqlens.is_sorted();
    if fit {
        Ok(())
    } else {
        Err(Error::shape("attention", format!("cu_seqlens from 0 to {rows}"), format!("{:?}", args.cu_seqlens)))
    }
}

/// The mapping between packed rows and the cells of a padded `[sequences, longest]` grid.
struct Padding {
    sequences: usize,
    longest: usize,
    /// For each cell of the grid its packed row; 0 where padded.
    packed: Vec<usize>,
    /// For each packed row its cell.
    cells: Vec<usize>,
    /// 0 for real keys, minus a lot for padded ones, `[sequences, longest]`.
    bias: Vec<f32>,
}

impl Padding {
    fn new(cu_seqlens: &[usize]) -> Self {
        let longest = cu_seqlens.windows(2).map(|b| b[1] - b[0]).max().unwrap_or(0);
        let sequences = cu_seqlens.len() - 1;
        let mut padding = Self { sequences, longest, packed: Vec::new(), cells: Vec::new(), bias: Vec::new() };
        for (s, b) in cu_seqlens.windows(2).enumerate() {
            let length = b[1] - b[0];
            padding.packed.extend((0..longest).map(|i| if i < length { b[0] + i } else { 0 }));
            padding.bias.extend((0..longest).map(|i| if i < length { 0.0 } else { -1e30 }));
            padding.cells.extend((0..length).map(|i| s * longest + i));
        }
        padding
    }

    /// The mask of [`AttentionArgs`], spread over `[sequences, heads, longest, longest]`.
    fn drop_factors(&self, mask: &DropMask, heads: usize, cu_seqlens: &[usize]) -> Vec<f32> {
        let (tokens, longest) = (self.cells.len(), self.longest);
        let mut factors = vec![1.0; self.sequences * heads * longest * longest];
        for (s, b) in cu_seqlens.windows(2).enumerate() {
            for head in 0..heads {
                for query in 0..b[1] - b[0] {
                    let row = mask.row((head * tokens + b[0] + query) as u32);
                    let start = ((s * heads + head) * longest + query) * longest;
                    for (key, factor) in factors[start..start + longest].iter_mut().enumerate() {
                        *factor = row.factor(key as u32);
                    }
                }
            }
        }
        factors
    }
}

/// The composed form of [`Backend::attention`](super::backend::Backend::attention).
///
/// Pads, attends over `[sequences, heads, longest, longest]` scores, and packs again.
///
/// # Errors
/// As there.
pub fn composed<D: Device<f32>, T: Tape<f32, D>>(
    query: Matrix<D, T>,
    key: Matrix<D, T>,
    value: Matrix<D, T>,
    args: &AttentionArgs<'_>,
) -> Result<Matrix<D, T>, Error> {
    check([&query, &key, &value], args)?;
    let dev = query.device().clone();
    let (tokens, width) = *query.shape();
    if tokens == 0 {
        return Ok(query);
    }
    let pad = Padding::new(args.cu_seqlens);
    let grid = (pad.sequences, pad.longest, args.heads, width / args.heads);
    let index = dev.try_tensor_from_vec(pad.packed.clone(), (pad.packed.len(),)).map_err(device)?;
    let spread = |x: Matrix<D, T>| -> Result<Tensor<(usize, usize, usize, usize), f32, D, T>, Error> {
        let padded: Matrix<D, T> = x.try_gather(index.clone()).map_err(device)?;
        padded.try_reshape_like(&grid).map_err(device)
    };
    let query = spread(query)?.try_permute::<_, Axes4<0, 2, 1, 3>>().map_err(device)?;
    let key = spread(key)?.try_permute::<_, Axes4<0, 2, 3, 1>>().map_err(device)?;
    let value = spread(value)?.try_permute::<_, Axes4<0, 2, 1, 3>>().map_err(device)?;

    let scale = 1.0 / (grid.3 as f32).sqrt();
    let scores = query.try_matmul(key).map_err(device)?.try_mul(scale).map_err(device)?;
    let shape = *scores.shape();
    let bias = dev.try_tensor_from_vec(pad.bias.clone(), (pad.sequences, pad.longest)).map_err(device)?;
    let bias = bias.try_broadcast_like::<_, Axes2<1, 2>>(&shape).map_err(device)?;
    let mut probabilities = scores.try_add(bias).map_err(device)?.try_softmax::<Axis<3>>().map_err(device)?;
    if let Some(mask) = &args.mask {
        let factors = pad.drop_factors(mask, args.heads, args.cu_seqlens);
        let factors = dev.try_tensor_from_vec(factors, shape).map_err(device)?;
        probabilities = probabilities.try_mul(factors).map_err(device)?;
    }
    let mixed = probabilities.try_matmul(value).map_err(device)?;
    let rows = mixed.try_permute::<_, Axes4<0, 2, 1, 3>>().map_err(device)?;
    let rows = rows.try_reshape_like(&(pad.sequences * pad.longest, width)).map_err(device)?;
    let cells = dev.try_tensor_from_vec(pad.cells.clone(), (tokens,)).map_err(device)?;
    rows.try_gather(cells).map_err(device)
}
