//! Denoising word alignment: words point at their counterparts in the translation.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape, TryAdd as _};
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Backend, Linear, LossSum, Matrix, Scalar, parameters};

use crate::error::{Error, device_failed};
use crate::transport::{Transport, align, sinkhorn};

/// The rows of a translation pair that is encoded as one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRows {
    /// Tokens of the first side, without special tokens.
    pub first: Range<usize>,
    /// Tokens of the second side, without special tokens.
    pub second: Range<usize>,
}

/// A masked token with its pseudo-label: the counterpart that it has to point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The row of the masked token.
    pub row: usize,
    /// The rows of the other side: the candidates.
    pub among: Range<usize>,
    /// The row of the counterpart, in `among`.
    pub target: usize,
}

/// Query and key maps of the pointer; parameters `jove.pointer.query.*` and `jove.pointer.key.*`.
#[derive(Clone, Debug)]
pub struct PointerHead<D: Backend> {
    query: Linear<D>,
    key: Linear<D>,
}

impl<D: Backend> PointerHead<D> {
    /// A head on `hidden` columns, with normal weights of variance `1 / hidden` and biases of 0.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn new(dev: &D, hidden: usize, seed: Seed) -> Result<Self, Error> {
        let deviation = (1.0 / hidden as f64).sqrt();
        let linear = |name| Linear::new(dev, format!("jove.pointer.{name}"), (hidden, hidden), deviation, seed);
        Ok(Self { query: linear("query")?, key: linear("key")? })
    }
}

parameters!(impl<D: Backend> PointerHead<D> { query, key });

/// Pseudo-labels of word alignment: aligns the words of each pair by optimal transport ([`sinkhorn`], [`align`]) over the cosines
/// of their states, and returns a pointer for each row of `masked` (ascending) that is aligned; of several counterparts the one
/// with the most mass. Pointers are ordered by row.
///
/// Self-labelling of XLM-Align (arXiv 2106.06381, section 3.1), which takes dot products; cosines make
/// [`Transport::regularization`] independent of the width.
///
/// # Shapes
/// `hidden` is `[tokens, width]`: the states of the pairs without masks.
///
/// # Errors
/// Where rows of a pair are outside `hidden`.
pub fn label_words<D: Backend>(
    hidden: &Matrix<D>,
    pairs: &[PairRows],
    masked: &[usize],
    transport: &Transport,
) -> Result<Vec<Pointer>, Error> {
    let (rows, width) = *hidden.shape();
    let mut states = vec![0.0; rows * width];
    D::copy_into(hidden, &mut states);
    let mut pointers = Vec::new();
    for pair in pairs {
        if let Some(&found) = [pair.first.end, pair.second.end].iter().find(|&&end| end > rows) {
            return Err(Error::Row { what: "end of a pair's side", rows: rows + 1, found });
        }
        let [first, second] = [&pair.first, &pair.second].map(|side| unit_rows(&states, side, width));
        let shape = (pair.first.len(), pair.second.len());
        let plan = sinkhorn(&cosines(&first, &second, width), shape, transport);
        let links = align(&plan, shape, transport.rounds);
        pointers.extend(pointers_of(pair, &plan, &links, masked));
    }
    pointers.sort_unstable_by_key(|pointer| pointer.row);
    Ok(pointers)
}

/// The pointers of one pair, of both sides.
fn pointers_of(pair: &PairRows, plan: &[f64], links: &[(usize, usize)], masked: &[usize]) -> Vec<Pointer> {
    let mass = |(row, column): (usize, usize)| plan[row * pair.second.len() + column];
    let heaviest = |is_own: &dyn Fn(&(usize, usize)) -> bool| {
        links.iter().copied().filter(|link| is_own(link)).max_by(|&a, &b| mass(a).total_cmp(&mass(b)))
    };
    let within = |side: &Range<usize>| {
        let [start, end] = [side.start, side.end].map(|bound| masked.partition_point(|&row| row < bound));
        masked[start..end].iter().copied()
    };
    let first = within(&pair.first).filter_map(|row| {
        let (_, column) = heaviest(&|link| link.0 == row - pair.first.start)?;
        Some(Pointer { row, among: pair.second.clone(), target: pair.second.start + column })
    });
    let second = within(&pair.second).filter_map(|row| {
        let (counterpart, _) = heaviest(&|link| link.1 == row - pair.second.start)?;
        Some(Pointer { row, among: pair.first.clone(), target: pair.first.start + counterpart })
    });
    first.chain(second).collect()
}

/// The rows of a side, each scaled to length 1; a row of zeros stays.
fn unit_rows(states: &[f32], side: &Range<usize>, width: usize) -> Vec<f32> {
    let mut rows = states[side.start * width..side.end * width].to_vec();
    for row in rows.chunks_exact_mut(width) {
        let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt().max(1e-12);
        for value in row {
            *value = (f64::from(*value) / length) as f32;
        }
    }
    rows
}

fn cosines(first: &[f32], second: &[f32], width: usize) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let rows = first.chunks_exact(width);
    rows.flat_map(|a| second.chunks_exact(width).map(move |b| dot(a, b))).collect()
}

/// Added to the logit of a row that is no candidate.
const OUTSIDE: f32 = -1e9;
/// Candidates that are scored in one product, unless one pair alone has more: memory stays linear in the batch.
const CANDIDATES_MAX: usize = 1024;

/// Denoising word alignment: the sum over `pointers` of
///
/// ```text
/// −ln( exp(q · k_target) / Σ_{j ∈ among} exp(q · k_j) ),   q = W_q hidden[row] / √width,   k_j = W_k hidden[j]
/// ```
///
/// The pointer network of XLM-Align (arXiv 2106.06381, section 3.2).
///
/// # Shapes
/// `hidden` is `[tokens, width]`: the states of the pairs with masks. The sum is a scalar in nats, its count the number of
/// pointers.
///
/// # Errors
/// Where there is no pointer, a target is outside its candidates or these outside the rows, or the device fails.
pub fn word_alignment<D: Backend, T: Tape<f32, D>>(
    head: &PointerHead<D>,
    hidden: Matrix<D, T>,
    pointers: &[Pointer],
) -> Result<LossSum<D, T>, Error> {
    if pointers.is_empty() {
        return Err(Error::Empty("word alignment"));
    }
    let rows = hidden.shape().0;
    for pointer in pointers {
        if !pointer.among.contains(&pointer.target) {
            return Err(Error::Row { what: "counterpart", rows: pointer.among.end, found: pointer.target });
        }
        if let Some(found) = [pointer.row, pointer.among.end - 1].into_iter().find(|&row| row >= rows) {
            return Err(Error::Row { what: "pointer", rows, found });
        }
    }
    let mut remaining = hidden;
    let mut sum = None;
    for chunk in chunks(pointers) {
        let (own, next) = tape::fork(remaining);
        remaining = next;
        let part = point(head, own, chunk)?;
        sum = Some(match sum {
            None => part,
            Some(sum) => tape::add(sum, part)?,
        });
    }
    let sum = sum.ok_or(Error::Empty("word alignment"))?;
    Ok(LossSum { sum, count: pointers.len() })
}

/// Runs of pointers with at most [`CANDIDATES_MAX`] candidates together.
fn chunks(pointers: &[Pointer]) -> Vec<&[Pointer]> {
    let mut chunks = Vec::new();
    let (mut start, mut candidates) = (0, 0);
    for (index, pointer) in pointers.iter().enumerate() {
        let new = index == start || pointers[index - 1].among != pointer.among;
        if new && index > start && candidates + pointer.among.len() > CANDIDATES_MAX {
            chunks.push(&pointers[start..index]);
            (start, candidates) = (index, 0);
        }
        if new {
            candidates += pointer.among.len();
        }
    }
    chunks.push(&pointers[start..]);
    chunks
}

/// The loss of a run of pointers in one product.
fn point<D: Backend, T: Tape<f32, D>>(
    head: &PointerHead<D>,
    hidden: Matrix<D, T>,
    pointers: &[Pointer],
) -> Result<Scalar<D, T>, Error> {
    let width = hidden.shape().1;
    let mut candidates: Vec<u32> = Vec::new();
    // The first candidate of each pointer.
    let mut starts = Vec::with_capacity(pointers.len());
    for (index, pointer) in pointers.iter().enumerate() {
        if index > 0 && pointers[index - 1].among == pointer.among {
            starts.push(starts[index - 1]);
        } else {
            starts.push(candidates.len());
            candidates.extend(pointer.among.clone().map(|row| row as u32));
        }
    }
    let mut bias_mn = vec![OUTSIDE; pointers.len() * candidates.len()];
    for ((row, pointer), &start) in bias_mn.chunks_exact_mut(candidates.len()).zip(pointers).zip(&starts) {
        row[start..start + pointer.among.len()].fill(0.0);
    }
    let targets: Vec<u32> =
        pointers.iter().zip(&starts).map(|(p, start)| (start + p.target - p.among.start) as u32).collect();
    let rows: Vec<u32> = pointers.iter().map(|pointer| pointer.row as u32).collect();
    let shape = (pointers.len(), candidates.len());
    let bias_mn = hidden.device().try_tensor_from_vec(bias_mn, shape).map_err(device_failed)?;
    let (query_hidden, key_hidden) = tape::fork(hidden);
    let queries = head.query.forward(D::rows(query_hidden, &rows)?)?;
    let keys = head.key.forward(D::rows(key_hidden, &candidates)?)?;
    let logits_mn = tape::scale(D::similarity(queries, keys)?, 1.0 / (width as f32).sqrt())?;
    Ok(D::cross_entropy(logits_mn.try_add(bias_mn).map_err(device_failed)?, &targets)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_pairs_whole_and_candidates_few() {
        let pointer = |pair: usize, at: usize, size: usize| {
            let among = pair * 2000..pair * 2000 + size;
            Pointer { row: at, target: among.start, among }
        };
        for size in [1, 50, 1024, 1500] {
            let many: Vec<Pointer> = (0..40).flat_map(|pair| [0, 1].map(|at| pointer(pair, at, size))).collect();
            let chunks = chunks(&many);
            assert_eq!(chunks.concat(), many);
            assert!(chunks.windows(2).all(|two| two[0].last().unwrap().among != two[1][0].among), "{size}");
            let most = (CANDIDATES_MAX / size).max(1) * 2;
            assert!(chunks.iter().all(|chunk| chunk.len() <= most), "{size}");
        }
    }
}
