//! Matrices, permutations, and gradients by finite differences.

use std::ops::Range;

use dfdx::prelude::{AsArray as _, TensorFromVec as _};
use jove_model::ops::tape;
use jove_model::{Backend as _, Cpu, LossSum, Matrix, OwnedTape, Parameters};
use proptest::prelude::*;

pub(crate) type Traced = LossSum<Cpu, OwnedTape<Cpu>>;

pub(crate) fn matrix(rows: usize, values: &[f32]) -> Matrix<Cpu> {
    Cpu::default().tensor_from_vec(values.to_vec(), (rows, values.len() / rows))
}

/// Different rows of four numbers in [−1, 1].
pub(crate) fn hidden(rows: usize) -> Matrix<Cpu> {
    matrix(rows, &(0..rows * 4).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect::<Vec<_>>())
}

/// Numbers away from 0, so that no row is near the zero vector, where cosines have no derivative.
pub(crate) fn values(count: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(prop_oneof![-2.0..-0.1f32, 0.1..2.0f32], count)
}

pub(crate) fn to_rows(values: &[f32], rows: usize) -> Vec<Vec<f64>> {
    values.chunks(values.len() / rows).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
}

pub(crate) fn pooled(x: &Matrix<Cpu>, ranges: &[Range<usize>]) -> Matrix<Cpu> {
    let spans: Vec<(u32, u32)> = ranges.iter().map(|range| (range.start as u32, range.end as u32)).collect();
    Cpu::span_mean(x.clone(), &spans).unwrap()
}

/// The rows of a matrix in another order.
pub(crate) fn permuted(x: &Matrix<Cpu>, order: &[usize]) -> Matrix<Cpu> {
    Cpu::rows(x.clone(), &order.iter().map(|&row| row as u32).collect::<Vec<_>>()).unwrap()
}

pub(crate) fn orders(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<usize>>()).prop_shuffle()
}

pub(crate) fn value<T>(loss: &LossSum<Cpu, T>) -> f64 {
    f64::from(loss.sum.array())
}

/// The gradient of a loss with respect to its input.
pub(crate) fn gradient(x: &Matrix<Cpu>, loss: impl Fn(Matrix<Cpu, OwnedTape<Cpu>>) -> Traced) -> Vec<f32> {
    let mut gradients = tape::backward(loss(tape::start(x)).sum).unwrap();
    tape::gradient(x, &mut gradients).unwrap()
}

fn check(name: &str, found: &[f32], shifted: impl Fn(usize, f32) -> f64) {
    for (index, &found) in found.iter().enumerate() {
        let expected = (shifted(index, 0.01) - shifted(index, -0.01)) / 0.02;
        let error = (f64::from(found) - expected).abs();
        assert!(
            error < 5e-3 * (1.0 + expected.abs()),
            "{name}[{index}]: {found} by the tape, {expected} by differences"
        );
    }
}

/// Compares the gradient of a loss with respect to its input with central differences.
pub(crate) fn check_input_gradient(x: &Matrix<Cpu>, loss: impl Fn(Matrix<Cpu, OwnedTape<Cpu>>) -> Traced) {
    let rows = x.shape_rows();
    check("input", &gradient(x, &loss), |index, by| {
        let mut values = x.as_vec();
        values[index] += by;
        value(&loss(tape::start(&matrix(rows, &values))))
    });
}

trait Rows {
    fn shape_rows(&self) -> usize;
}

impl Rows for Matrix<Cpu> {
    fn shape_rows(&self) -> usize {
        use dfdx::prelude::HasShape as _;
        self.shape().0
    }
}

/// Compares the gradient of a loss with respect to every parameter of a head with central differences.
pub(crate) fn check_parameter_gradients<P: Parameters<Cpu> + Clone>(head: &P, loss: impl Fn(&P) -> Traced) {
    let mut gradients = tape::backward(loss(head).sum).unwrap();
    let mut found: Vec<(String, Vec<f32>, Vec<f32>)> = Vec::new();
    head.visit(&mut |parameter| {
        let gradient = parameter.gradient(&mut gradients).unwrap();
        found.push((parameter.name.clone(), parameter.to_vec(), gradient));
    });
    for (name, values, gradient) in &found {
        check(name, gradient, |index, by| {
            let mut moved = head.clone();
            let mut values = values.clone();
            values[index] += by;
            moved.visit_mut(&mut |mut parameter| {
                if parameter.name == *name {
                    parameter.copy_from(&values).unwrap();
                }
            });
            value(&loss(&moved))
        });
    }
}
