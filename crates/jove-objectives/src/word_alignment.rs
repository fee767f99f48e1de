//! Words and their counterparts in the translation.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape, TryAdd as _};
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Backend, Linear, LossSum, Matrix, Scalar, parameters};

use crate::Error;
use crate::contrast::device_failed;
use crate::transport::{Transport, align, sinkhorn};

/// The rows of a pair that is read as one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRows {
    /// The first side's own tokens.
    pub first: Range<usize>,
    /// The second side's own tokens.
    pub second: Range<usize>,
}

/// A hidden token whose counterpart has to be pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The row of the token.
    pub row: usize,
    /// The rows of the other side, among which its counterpart is.
    pub among: Range<usize>,
    /// The row of its counterpart.
    pub target: usize,
}

/// Query and key of the pointer; parameters `jove.pointer.query.*` and `jove.pointer.key.*`.
#[derive(Clone, Debug)]
pub struct PointerHead<D: Backend> {
    query: Linear<D>,
    key: Linear<D>,
}

impl<D: Backend> PointerHead<D> {
    /// A head on `hidden` columns with random weights of variance `1 / hidden`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(dev: &D, hidden: usize, seed: Seed) -> Result<Self, Error> {
        let deviation = (1.0 / hidden as f64).sqrt();
        let linear = |name| Linear::new(dev, format!("jove.pointer.{name}"), (hidden, hidden), deviation, seed);
        Ok(Self { query: linear("query")?, key: linear("key")? })
    }
}

parameters!(impl<D: Backend> PointerHead<D> { query, key });

/// Labels the words of each pair with their counterparts by optimal transport over the cosines of `hidden` [tokens, width],
/// the states of the pairs with no token hidden; returns a pointer for every row of `masked` (ascending) that has a
/// counterpart: the one that most mass goes to.
///
/// Word-alignment self-labelling of XLM-Align (arXiv 2106.06381, section 3.1), which takes dot products; cosines keep
/// [`Transport::regularization`] independent of the width.
///
/// # Errors
/// Where rows of a pair are not in `hidden`.
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
    let heaviest = |mine: &dyn Fn(&(usize, usize)) -> bool| {
        links.iter().copied().filter(|link| mine(link)).max_by(|&a, &b| mass(a).total_cmp(&mass(b)))
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

/// The rows of a side, each scaled to length 1; one of zeros stays.
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

/// Added to the logit of a word of another pair.
const OUTSIDE: f32 = -1e9;
/// The most candidates that are scored in one product, but for a pair that has more alone: memory stays linear in the
/// batch.
const CANDIDATES_MAX: usize = 1024;

/// Denoising word alignment: the sum over `pointers` of `−log softmax_k(q·k / √width)[target]`, where q and k are linear maps
/// of the rows of `hidden` [tokens, width], the states of the pairs with tokens hidden, and k runs over the other side.
///
/// The pointer network of XLM-Align (arXiv 2106.06381, section 3.2).
///
/// # Errors
/// Where there is no pointer, one points outside its candidates or these outside the rows, or the device fails.
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
    let mut rest = hidden;
    let mut sum = None;
    for chunk in chunks(pointers) {
        let (mine, next) = tape::fork(rest);
        rest = next;
        let part = point(head, mine, chunk)?;
        sum = Some(match sum {
            None => part,
            Some(sum) => tape::add(sum, part)?,
        });
    }
    let sum = sum.ok_or(Error::Empty("word alignment"))?;
    Ok(LossSum { sum, count: pointers.len() })
}

/// Runs of pointers whose candidates together are few enough.
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
    // Where each pointer's candidates begin among all.
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
    use dfdx::prelude::{Cpu, TensorFromVec as _};

    use super::*;

    fn matrix(rows: usize, width: usize, values: Vec<f32>) -> Matrix<Cpu> {
        Cpu::default().tensor_from_vec(values, (rows, width))
    }

    fn hidden(rows: usize) -> Matrix<Cpu> {
        matrix(rows, 4, (0..rows * 4).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect())
    }

    fn pointers() -> Vec<Pointer> {
        vec![
            Pointer { row: 1, among: 4..7, target: 5 },
            Pointer { row: 6, among: 1..3, target: 1 },
            Pointer { row: 9, among: 12..13, target: 12 },
            Pointer { row: 12, among: 8..11, target: 10 },
        ]
    }

    /// The definition, in f64 and plain loops.
    fn naive(head: &PointerHead<Cpu>, x: &[f64], pointers: &[Pointer]) -> f64 {
        let map = |linear: &Linear<Cpu>, row: usize| -> Vec<f64> {
            let (weight, bias) = linear.weights();
            let (weight, bias) = (weight.as_vec(), bias.as_vec());
            let product = |out: usize| (0..4).map(|i| f64::from(weight[out * 4 + i]) * x[row * 4 + i]).sum::<f64>();
            (0..4).map(|out| product(out) + f64::from(bias[out])).collect()
        };
        let score = |row: usize, candidate: usize| {
            let (q, k) = (map(&head.query, row), map(&head.key, candidate));
            q.iter().zip(&k).map(|(a, b)| a * b).sum::<f64>() / 2.0
        };
        let loss = |p: &Pointer| {
            p.among.clone().map(|candidate| score(p.row, candidate).exp()).sum::<f64>().ln() - score(p.row, p.target)
        };
        pointers.iter().map(loss).sum()
    }

    #[test]
    fn equals_the_definition_and_its_gradient_the_finite_differences() {
        let head = PointerHead::new(&Cpu::default(), 4, Seed(5)).unwrap();
        let x = hidden(13);
        let numbers: Vec<f64> = x.as_vec().into_iter().map(f64::from).collect();
        let traced = word_alignment(&head, tape::start(&x), &pointers()).unwrap();
        assert_eq!(traced.count, 4);
        assert!((f64::from(tape::value(&traced.sum)) - naive(&head, &numbers, &pointers())).abs() < 1e-5);
        let mut gradients = tape::backward(traced.sum).unwrap();
        for (index, found) in tape::gradient(&x, &mut gradients).unwrap().into_iter().enumerate() {
            let shifted = |by: f64| {
                let mut numbers = numbers.clone();
                numbers[index] += by;
                naive(&head, &numbers, &pointers())
            };
            let expected = (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
            assert!((f64::from(found) - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{index}: {found} {expected}");
        }
        let mut reached = 0;
        head.visit(&mut |parameter| {
            let gradient = parameter.gradient(&mut gradients).unwrap();
            reached += usize::from(gradient.iter().any(|&g| g.abs() > 1e-6));
        });
        // A key's bias moves all candidates alike, so nothing reaches it.
        assert_eq!(reached, 3);
    }

    #[test]
    fn many_candidates_are_scored_in_several_products() {
        let head = PointerHead::new(&Cpu::default(), 4, Seed(5)).unwrap();
        let many: Vec<Pointer> = (0..40)
            .flat_map(|pair| {
                let among = pair * 60 + 10..pair * 60 + 60;
                [0, 1].map(|at| Pointer { row: pair * 60 + at, among: among.clone(), target: among.start + at })
            })
            .collect();
        assert!(chunks(&many).len() > 1);
        assert!(chunks(&many).iter().all(|chunk| chunk[0].among != chunk[chunk.len() - 1].among));
        let x = hidden(2400);
        let whole = word_alignment(&head, tape::start(&x), &many).unwrap();
        let expected = naive(&head, &x.as_vec().into_iter().map(f64::from).collect::<Vec<_>>(), &many);
        assert!((f64::from(tape::value(&whole.sum)) - expected).abs() < 1e-5 * expected);
        let mut gradients = tape::backward(whole.sum).unwrap();
        let gradient = tape::gradient(&x, &mut gradients).unwrap();
        assert!(gradient.chunks(240).all(|part| part.iter().any(|&g| g != 0.0)), "every pair is reached");
    }

    #[test]
    fn labels_find_equal_words() {
        // Two pairs whose second side says the same in reverse, around rows that belong to no side.
        let words = [[0.0, 3.0], [2.0, 0.0], [0.0, -1.0]];
        let mut values = vec![[1.0, 1.0]];
        for _ in 0..2 {
            values.extend(words);
            values.push([1.0, 1.0]);
            values.extend(words.iter().rev());
            values.push([1.0, 1.0]);
        }
        let x = matrix(values.len(), 2, values.concat());
        let pairs = [PairRows { first: 1..4, second: 5..8 }, PairRows { first: 9..12, second: 13..16 }];
        let found = label_words(&x, &pairs, &[1, 6, 8, 11], &Transport::default()).unwrap();
        let expected = [(1, 5..8, 7), (6, 1..4, 2), (11, 13..16, 13)];
        let expected: Vec<Pointer> =
            expected.into_iter().map(|(row, among, target)| Pointer { row, among, target }).collect();
        assert_eq!(found, expected, "row 8 is no word");
        assert_eq!(label_words(&x, &pairs, &[], &Transport::default()).unwrap(), []);
        let empty = [PairRows { first: 1..1, second: 5..8 }];
        assert_eq!(label_words(&x, &empty, &[5], &Transport::default()).unwrap(), []);
    }

    #[test]
    fn misfits_are_refused() {
        let head = PointerHead::new(&Cpu::default(), 4, Seed(5)).unwrap();
        let refuse = |pointers: &[Pointer]| word_alignment(&head, hidden(13), pointers).unwrap_err().to_string();
        assert_eq!(refuse(&[]), "word alignment: expected at least one item, found none");
        let outside = Pointer { row: 1, among: 4..7, target: 7 };
        assert_eq!(refuse(&[outside]), "counterpart: expected rows below 7, found 7");
        let beyond = Pointer { row: 1, among: 4..14, target: 5 };
        assert_eq!(refuse(&[beyond]), "pointer: expected rows below 13, found 13");
        let pair = PairRows { first: 1..4, second: 5..14 };
        assert!(label_words(&hidden(13), &[pair], &[], &Transport::default()).is_err());
    }
}
