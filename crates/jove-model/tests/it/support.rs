//! Inputs, sums and comparisons that tests share.

use dfdx::prelude::{Cpu, HasShape, OwnedTape, Shape, SumTo, Tensor, TensorFromVec, TryMul};
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{DropMask, Gradients, Matrix, Scalar, Vector};
use proptest::prelude::*;

pub(crate) type Traced = Matrix<Cpu, OwnedTape<f32, Cpu>>;

/// Numbers that look random, from -1 to 1.
pub(crate) fn noise(count: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

pub(crate) fn matrix(rows: usize, columns: usize, salt: u64) -> Matrix<Cpu> {
    Cpu::default().tensor_from_vec(noise(rows * columns, salt), (rows, columns))
}

pub(crate) fn vector(length: usize, salt: u64) -> Vector<Cpu> {
    Cpu::default().tensor_from_vec(noise(length, salt), (length,))
}

/// The weighted sum of all elements: a scalar with a different gradient for each.
pub(crate) fn weigh(y: Traced) -> Scalar<Cpu, OwnedTape<f32, Cpu>> {
    let weights = matrix(y.shape().0, y.shape().1, 99);
    y.try_mul(weights).unwrap().try_sum::<(), dfdx::prelude::Axes2<0, 1>>().unwrap()
}

/// The gradients of some tensors, in order.
pub(crate) struct Collected(pub(crate) Vec<Vec<f32>>);

impl Collected {
    pub(crate) fn with<S: Shape>(mut self, x: &Tensor<S, f32, Cpu>, gradients: &mut Gradients<Cpu>) -> Self {
        self.0.push(tape::gradient(x, gradients).unwrap());
        self
    }
}

/// The largest difference relative to the largest number, or to 0.1 where all are smaller.
pub(crate) fn gap(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.1f32, |m, x| m.max(x.abs()));
    found.iter().zip(expected).fold(0.0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}

/// Value and gradients of both forms are close; those of the fused form do not depend on the number of threads.
pub(crate) fn check(name: &str, run: impl Fn(bool) -> (Vec<f32>, Vec<Vec<f32>>) + Sync) {
    let (value, gradients) = run(true);
    let (expected, expected_gradients) = run(false);
    let difference = gap(&value, &expected);
    assert!(difference < 1e-5, "{name}: forward {difference}");
    for (n, (found, expected)) in gradients.iter().zip(&expected_gradients).enumerate() {
        let difference = gap(found, expected);
        assert!(difference < 1e-4, "{name}: gradient {n} {difference}");
    }
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again = pool.install(|| run(true));
        assert!(bits(&again.0) == bits(&value), "{name}: value with {threads} threads");
        for (n, (a, b)) in again.1.iter().zip(&gradients).enumerate() {
            assert!(bits(a) == bits(b), "{name}: gradient {n} with {threads} threads");
        }
    }
}

pub(crate) fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

pub(crate) fn mask(rate: f64, op: u32) -> Option<DropMask> {
    (rate > 0.0).then(|| DropMask::new(Seed(4), 5, op, rate))
}

/// Where sequences of these lengths begin in a packed batch, and the end.
pub(crate) fn cumulative(lengths: &[usize]) -> Vec<usize> {
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}

pub(crate) fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![Just(1usize), 2..40usize, 120..140usize], 1..4)
}
