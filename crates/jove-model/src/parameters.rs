//! Parameters by their Hugging Face names.

use std::borrow::Cow;

use dfdx::prelude::HasShape;

use crate::ops::adamw::{Moments, Rates};
use crate::ops::tape;
use crate::{Backend, Error, Gradients, Matrix, Vector};

/// A parameter's tensor.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a, D: Backend> {
    /// `[rows, columns]`.
    Matrix(&'a Matrix<D>),
    /// `[length]`.
    Vector(&'a Vector<D>),
}

/// A parameter's tensor, to be changed in place.
#[derive(Debug)]
pub enum ValueMut<'a, D: Backend> {
    /// `[rows, columns]`.
    Matrix(&'a mut Matrix<D>),
    /// `[length]`.
    Vector(&'a mut Vector<D>),
}

/// A named parameter.
#[derive(Clone, Debug)]
pub struct ParameterRef<'a, D: Backend> {
    /// Its Hugging Face name.
    pub name: String,
    /// Its tensor.
    pub value: ValueRef<'a, D>,
}

/// A named parameter, to be changed in place.
#[derive(Debug)]
pub struct ParameterMut<'a, D: Backend> {
    /// Its Hugging Face name.
    pub name: String,
    /// Its tensor.
    pub value: ValueMut<'a, D>,
}

impl<D: Backend> ParameterRef<'_, D> {
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

    /// Whether weight decay applies: to matrices, not to biases and norms.
    pub fn decays(&self) -> bool {
        matches!(self.value, ValueRef::Matrix(_))
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
            ValueRef::Matrix(x) => tape::gradient(x, gradients),
            ValueRef::Vector(x) => tape::gradient(x, gradients),
        }
    }

    /// The sum of squares of its gradient.
    ///
    /// # Errors
    /// If the device fails.
    pub fn square_sum(&self, gradients: &mut Gradients<D>) -> Result<f64, Error> {
        match self.value {
            ValueRef::Matrix(x) => D::gradient_square_sum(x, gradients),
            ValueRef::Vector(x) => D::gradient_square_sum(x, gradients),
        }
    }
}

impl<D: Backend> ParameterMut<'_, D> {
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

    /// Whether weight decay applies: to matrices, not to biases and norms.
    pub fn decays(&self) -> bool {
        matches!(self.value, ValueMut::Matrix(_))
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

    /// One AdamW update.
    ///
    /// # Errors
    /// If the device fails.
    pub fn adamw(
        &mut self,
        gradients: &mut Gradients<D>,
        moments: &mut Moments<D>,
        rates: &Rates,
    ) -> Result<(), Error> {
        match &mut self.value {
            ValueMut::Matrix(x) => D::adamw_update(x, gradients, moments, rates),
            ValueMut::Vector(x) => D::adamw_update(x, gradients, moments, rates),
        }
    }
}

/// Something with parameters: a layer, a head, a whole model. The order of visits is always the same.
pub trait Parameters<D: Backend> {
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

impl<D: Backend, P: Parameters<D>> Parameters<D> for [P] {
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

/// Two parts trained together, such as a model and a projection head.
impl<D: Backend, A: Parameters<D>, B: Parameters<D>> Parameters<D> for (&mut A, &mut B) {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.0.visit(f);
        self.1.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        self.0.visit_mut(f);
        self.1.visit_mut(f);
    }
}
