//! Named tensors and their sources.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::spec::TensorSpec;

/// A tensor of 32-bit floats with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor<'a> {
    /// The name.
    pub name: String,
    /// The sizes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub data: Cow<'a, [f32]>,
}

impl<'a> NamedTensor<'a> {
    /// A tensor over borrowed or owned values.
    ///
    /// # Errors
    /// [`Error::Length`] where the number of values differs from the shape.
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, data: impl Into<Cow<'a, [f32]>>) -> Result<Self> {
        let tensor = Self { name: name.into(), shape: shape.into(), data: data.into() };
        tensor.check_length()?;
        Ok(tensor)
    }

    /// Its name and shape.
    pub fn spec(&self) -> TensorSpec {
        TensorSpec::f32(self.name.clone(), self.shape.clone())
    }

    /// The same tensor with its own copy of the values.
    pub fn into_owned(self) -> NamedTensor<'static> {
        NamedTensor { name: self.name, shape: self.shape, data: Cow::Owned(self.data.into_owned()) }
    }

    /// How many values are NaN or infinite.
    pub fn non_finite(&self) -> usize {
        // The exponent of all ones marks both; a running maximum is many times faster than testing each value.
        let largest = |chunk: &[f32]| chunk.iter().fold(0, |most: u32, value| most.max(value.to_bits() & 0x7fff_ffff));
        let poisoned = self.data.chunks(4096).any(|chunk| largest(chunk) >= 0x7f80_0000);
        if poisoned { self.data.iter().filter(|value| !value.is_finite()).count() } else { 0 }
    }

    pub(crate) fn check_length(&self) -> Result<()> {
        let expected = self.spec().count().unwrap_or(usize::MAX);
        if self.data.len() == expected {
            return Ok(());
        }
        let (name, shape) = (self.name.clone(), self.shape.clone());
        Err(Error::Length { name, shape, expected, found: self.data.len() })
    }
}

/// A source of tensors by name, read one at a time: a file, a converted view of one, or tensors in memory.
pub trait TensorSource {
    /// Names and shapes of all tensors, each once, in the order of the source.
    fn specs(&self) -> Vec<TensorSpec>;

    /// One tensor, read or computed now.
    ///
    /// # Errors
    /// [`Error::NoTensor`], or an error of the file where its values cannot be read.
    fn get(&self, name: &str) -> Result<NamedTensor<'_>>;
}

impl TensorSource for [NamedTensor<'_>] {
    fn specs(&self) -> Vec<TensorSpec> {
        self.iter().map(NamedTensor::spec).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let found = self.iter().find(|tensor| tensor.name == name);
        let tensor = found.ok_or_else(|| Error::NoTensor { path: "memory".into(), name: name.to_owned() })?;
        NamedTensor::new(tensor.name.clone(), tensor.shape.clone(), &*tensor.data)
    }
}

impl TensorSource for Vec<NamedTensor<'_>> {
    fn specs(&self) -> Vec<TensorSpec> {
        TensorSource::specs(self.as_slice())
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        TensorSource::get(self.as_slice(), name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_must_fill_the_shape() {
        assert!(NamedTensor::new("x", [2, 3], vec![0.0; 6]).is_ok());
        assert!(NamedTensor::new("scalar", [], vec![0.0]).is_ok());
        let message = NamedTensor::new("x", [2, 3], vec![0.0; 5]).unwrap_err().to_string();
        assert_eq!(message, "tensor `x`: shape [2, 3] holds 6 values, found 5");
        assert!(NamedTensor::new("x", [usize::MAX, 2], vec![0.0; 5]).is_err());
    }

    #[test]
    fn bad_values_are_counted() {
        let tensor = |data: Vec<f32>| NamedTensor::new("x", [data.len()], data).unwrap();
        assert_eq!(tensor(vec![]).non_finite(), 0);
        assert_eq!(tensor(vec![f32::MAX; 10_000]).non_finite(), 0);
        let mut data = vec![1.0; 10_000];
        (data[3], data[9_999]) = (f32::NAN, f32::NEG_INFINITY);
        assert_eq!(tensor(data).non_finite(), 2);
    }
}
