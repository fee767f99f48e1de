//! Parameters by their Hugging Face names.

use std::borrow::Cow;

use dfdx::prelude::{Device, HasShape};
use jove_core::{ModelConfig, parameter_names};

use crate::error::Error;
use crate::gradient::gradient;
use crate::tensors::{Gradients, Matrix, Vector};

/// A tensor of a model with its Hugging Face name: what every [`Parameters`] is made of.
#[derive(Clone, Debug)]
pub struct Parameter<T> {
    /// The Hugging Face name.
    pub name: String,
    /// A [`Matrix`] or a [`Vector`].
    pub value: T,
}

/// A parameter's tensor.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a, D: Device<f32>> {
    /// `[rows, columns]`.
    Matrix(&'a Matrix<D>),
    /// `[length]`.
    Vector(&'a Vector<D>),
}

/// A parameter's tensor, to be changed in place.
#[derive(Debug)]
pub enum ValueMut<'a, D: Device<f32>> {
    /// `[rows, columns]`.
    Matrix(&'a mut Matrix<D>),
    /// `[length]`.
    Vector(&'a mut Vector<D>),
}

/// A named parameter.
#[derive(Clone, Debug)]
pub struct ParameterRef<'a, D: Device<f32>> {
    /// Its Hugging Face name.
    pub name: String,
    /// Its tensor.
    pub value: ValueRef<'a, D>,
}

/// A named parameter, to be changed in place.
#[derive(Debug)]
pub struct ParameterMut<'a, D: Device<f32>> {
    /// Its Hugging Face name.
    pub name: String,
    /// Its tensor.
    pub value: ValueMut<'a, D>,
}

impl<D: Device<f32>> ParameterRef<'_, D> {
    /// Its sizes: `[rows, columns]` or `[length]`.
    pub fn shape(&self) -> Vec<usize> {
        match self.value {
            ValueRef::Matrix(x) => vec![x.shape().0, x.shape().1],
            ValueRef::Vector(x) => vec![x.shape().0],
        }
    }

    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.shape().iter().product()
    }

    /// A copy of its numbers, row by row.
    pub fn to_vec(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.count()];
        match self.value {
            ValueRef::Matrix(x) => D::copy_into(x, &mut out),
            ValueRef::Vector(x) => D::copy_into(x, &mut out),
        }
        out
    }

    /// A copy of its gradient, row by row; zeros if none reached it.
    ///
    /// # Errors
    /// If the device fails.
    pub fn gradient(&self, gradients: &mut Gradients<D>) -> Result<Vec<f32>, Error> {
        match self.value {
            ValueRef::Matrix(x) => gradient(x, gradients),
            ValueRef::Vector(x) => gradient(x, gradients),
        }
    }
}

impl<D: Device<f32>> ParameterMut<'_, D> {
    /// The same parameter, only to be read.
    pub fn as_ref(&self) -> ParameterRef<'_, D> {
        let value = match &self.value {
            ValueMut::Matrix(x) => ValueRef::Matrix(x),
            ValueMut::Vector(x) => ValueRef::Vector(x),
        };
        ParameterRef { name: self.name.clone(), value }
    }

    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.as_ref().count()
    }

    /// Where it lives.
    pub fn device(&self) -> D {
        match &self.value {
            ValueMut::Matrix(x) => x.device().clone(),
            ValueMut::Vector(x) => x.device().clone(),
        }
    }

    /// Replaces its numbers, row by row.
    ///
    /// # Errors
    /// If there are too many or too few.
    pub fn copy_from(&mut self, numbers: &[f32]) -> Result<(), Error> {
        let expected = self.count();
        if numbers.len() != expected {
            return Err(Error::ParameterSize { name: self.name.clone(), expected, found: numbers.len() });
        }
        match &mut self.value {
            ValueMut::Matrix(x) => D::copy_from(x, numbers),
            ValueMut::Vector(x) => D::copy_from(x, numbers),
        }
        Ok(())
    }
}

/// Something with parameters: a layer, a head, a whole model. The order of visits is always the same.
pub trait Parameters<D: Device<f32>> {
    /// Calls `f` with each parameter.
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>));

    /// Calls `f` with each parameter, to be changed in place.
    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>));

    /// How many numbers all parameters hold together; shared ones count once.
    fn parameter_count(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |parameter| count += parameter.count());
        count
    }

    /// Sets every parameter to what `find` returns for its name.
    ///
    /// # Errors
    /// If one is missing or of the wrong size; parameters visited before it are then already set.
    fn load<'w>(&mut self, find: &mut dyn FnMut(&str) -> Option<Cow<'w, [f32]>>) -> Result<(), Error> {
        let mut result = Ok(());
        self.visit_mut(&mut |mut parameter| {
            if result.is_ok() {
                result = match find(&parameter.name) {
                    Some(numbers) => parameter.copy_from(&numbers),
                    None => Err(Error::MissingParameter { name: parameter.name.clone(), expected: parameter.count() }),
                };
            }
        });
        result
    }
}

/// Writes [`Parameters`] for a type made of parts that have parameters themselves, in the order of the list:
///
/// ```
/// use jove_model::{Backend, Linear, parameters};
///
/// struct Projection<D: Backend> {
///     mention: Linear<D>,
///     description: Option<Linear<D>>,
/// }
///
/// parameters!(impl<D: Backend> Projection<D> { mention, description });
/// ```
#[macro_export]
macro_rules! parameters {
    (impl<$device:ident: $bound:path> $type:ty { $($part:ident),+ $(,)? }) => {
        impl<$device: $bound> $crate::Parameters<$device> for $type {
            fn visit<'a>(&'a self, f: &mut dyn FnMut($crate::ParameterRef<'a, $device>)) {
                $($crate::Parameters::visit(&self.$part, f);)+
            }

            fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut($crate::ParameterMut<'a, $device>)) {
                $($crate::Parameters::visit_mut(&mut self.$part, f);)+
            }
        }
    };
}

impl<D: Device<f32>> Parameters<D> for Parameter<Matrix<D>> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        f(ParameterRef { name: self.name.clone(), value: ValueRef::Matrix(&self.value) });
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        f(ParameterMut { name: self.name.clone(), value: ValueMut::Matrix(&mut self.value) });
    }
}

impl<D: Device<f32>> Parameters<D> for Parameter<Vector<D>> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        f(ParameterRef { name: self.name.clone(), value: ValueRef::Vector(&self.value) });
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        f(ParameterMut { name: self.name.clone(), value: ValueMut::Vector(&mut self.value) });
    }
}

impl<D: Device<f32>, P: Parameters<D>> Parameters<D> for Vec<P> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        for part in self {
            part.visit(f);
        }
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        for part in self {
            part.visit_mut(f);
        }
    }
}

/// A part that a model may lack.
impl<D: Device<f32>, P: Parameters<D>> Parameters<D> for Option<P> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        if let Some(part) = self {
            part.visit(f);
        }
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        if let Some(part) = self {
            part.visit_mut(f);
        }
    }
}

/// How many numbers a masked language model of this shape has; the word embeddings that its head shares count once. Takes no
/// longer for a deep model than for a flat one; a number beyond the largest of 64 bits counts as that.
pub fn parameter_count(config: &ModelConfig) -> u64 {
    let count = |layers: usize| {
        let flat = ModelConfig { num_hidden_layers: layers, ..config.clone() };
        let names = parameter_names::model(&flat).into_iter();
        names.map(|parameter| parameter.shape.iter().map(|&size| size as u128).product::<u128>()).sum::<u128>()
    };
    let (none, one) = (count(0), count(1));
    u64::try_from(none + config.num_hidden_layers as u128 * (one - none)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, TensorFromVec};

    use super::*;

    struct Pair {
        first: Parameter<Matrix<Cpu>>,
        second: Option<Vec<Parameter<Vector<Cpu>>>>,
    }

    impl Parameters<Cpu> for Pair {
        fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, Cpu>)) {
            self.first.visit(f);
            self.second.visit(f);
        }

        fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, Cpu>)) {
            self.first.visit_mut(f);
            self.second.visit_mut(f);
        }
    }

    fn pair() -> Pair {
        let dev = Cpu::default();
        let first = Parameter { name: "a".to_owned(), value: dev.tensor_from_vec(vec![1.0; 6], (2, 3)) };
        let vector = |name: &str| Parameter { name: name.to_owned(), value: dev.tensor_from_vec(vec![2.0; 4], (4,)) };
        Pair { first, second: Some(vec![vector("b"), vector("实体 😀")]) }
    }

    #[test]
    fn both_visits_take_the_same_order() {
        let mut pair = pair();
        let (mut read, mut written) = (Vec::new(), Vec::new());
        pair.visit(&mut |parameter| read.push((parameter.name.clone(), parameter.shape())));
        pair.visit_mut(&mut |parameter| written.push((parameter.name.clone(), parameter.as_ref().shape())));
        assert_eq!(read, written);
        assert_eq!(read.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b", "实体 😀"]);
        assert_eq!(pair.parameter_count(), 14);
        pair.second = None;
        assert_eq!(pair.parameter_count(), 6);
    }

    #[test]
    fn loading_refuses_what_is_missing_or_of_another_size() {
        let check = |find: &dyn Fn(&str) -> Option<usize>, expected: &str| {
            let result = pair().load(&mut |name| find(name).map(|count| Cow::Owned(vec![0.5; count])));
            assert_eq!(result.map_or_else(|error| error.to_string(), |()| String::new()), expected);
        };
        check(&|name| Some(if name == "a" { 6 } else { 4 }), "");
        check(&|_| None, "parameter a: expected 6 numbers, found none of that name");
        check(&|_| Some(6), "parameter b: expected 4 numbers, found 6");
        check(&|_| Some(0), "parameter a: expected 6 numbers, found 0");
    }

    #[test]
    fn loaded_numbers_are_those_that_are_read_back() {
        let mut pair = pair();
        pair.load(&mut |name| Some(Cow::Owned(vec![name.len() as f32; if name == "a" { 6 } else { 4 }]))).unwrap();
        pair.visit(&mut |parameter| {
            assert!(parameter.to_vec().iter().all(|x| x.to_bits() == (parameter.name.len() as f32).to_bits()));
        });
    }
}
