//! Named tensors, and things that give them.

use std::borrow::Cow;
use std::fmt;

use crate::{Error, Result};

/// How a file keeps numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 32-bit floats: what everything is read as and written in.
    F32,
    /// 64-bit floats.
    F64,
    /// 16-bit floats.
    F16,
    /// Brain floats.
    Bf16,
    /// Anything else; never read as weights.
    Other(&'static str),
}

impl Dtype {
    /// Whether values of this type are read as weights.
    pub fn is_float(self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// The values in `bytes` as 32-bit floats; borrowed where they are that already and aligned.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, [f32]> {
        fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Cow<'static, [f32]> {
            Cow::Owned(bytes.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect())
        }
        match self {
            Self::F32 => match bytemuck::try_cast_slice(bytes) {
                Ok(values) => Cow::Borrowed(values),
                Err(_) => each(bytes, f32::from_le_bytes),
            },
            Self::F64 => each(bytes, |value| f64::from_le_bytes(value) as f32),
            Self::F16 => each(bytes, |value| half::f16::from_le_bytes(value).to_f32()),
            Self::Bf16 => each(bytes, |value| half::bf16::from_le_bytes(value).to_f32()),
            Self::Other(_) => Cow::Borrowed(&[]),
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Other(name) => name,
        })
    }
}

/// A tensor's name, shape and number type, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// The name.
    pub name: String,
    /// The sizes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// How its source keeps it.
    pub dtype: Dtype,
}

impl TensorSpec {
    /// A tensor of 32-bit floats.
    pub fn f32(name: impl Into<String>, shape: impl Into<Vec<usize>>) -> Self {
        Self { name: name.into(), shape: shape.into(), dtype: Dtype::F32 }
    }

    /// How many values it has, or `None` where that overflows.
    pub fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1, |product: usize, size| product.checked_mul(*size))
    }
}

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
    /// [`Error::Length`] where `data` is not as long as the shape says.
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, data: impl Into<Cow<'a, [f32]>>) -> Result<Self> {
        let tensor = Self { name: name.into(), shape: shape.into(), data: data.into() };
        tensor.check_length()?;
        Ok(tensor)
    }

    /// Its name and shape.
    pub fn spec(&self) -> TensorSpec {
        TensorSpec::f32(self.name.clone(), self.shape.clone())
    }

    /// The same tensor, free of what it borrowed.
    pub fn into_owned(self) -> NamedTensor<'static> {
        NamedTensor { name: self.name, shape: self.shape, data: Cow::Owned(self.data.into_owned()) }
    }

    /// How many values are NaN or infinite.
    pub fn non_finite(&self) -> usize {
        // The exponent of all ones marks both; a running maximum is many times faster than asking each value.
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

/// Anything that gives tensors by name, one at a time: a file, a converted view of one, or tensors in memory.
pub trait TensorSource {
    /// Names and shapes of all tensors, each once, in the source's own order.
    fn specs(&self) -> Vec<TensorSpec>;

    /// One tensor, read or computed now.
    ///
    /// # Errors
    /// Where there is no such tensor, or its values cannot be read.
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
    fn every_float_type_decodes() {
        let bytes: Vec<u8> = [1.5f64, -2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(*Dtype::F64.decode(&bytes), [1.5, -2.0]);
        let bytes: Vec<u8> =
            [1.5f32, -2.0].iter().flat_map(|value| half::bf16::from_f32(*value).to_le_bytes()).collect();
        assert_eq!(*Dtype::Bf16.decode(&bytes), [1.5, -2.0]);
        let bytes: Vec<u8> =
            [1.5f32, -2.0].iter().flat_map(|value| half::f16::from_f32(*value).to_le_bytes()).collect();
        assert_eq!(*Dtype::F16.decode(&bytes), [1.5, -2.0]);
        let mut bytes = vec![0];
        bytes.extend([1.5f32, -2.0].iter().flat_map(|value| value.to_le_bytes()));
        assert_eq!(*Dtype::F32.decode(&bytes[1..]), [1.5, -2.0], "unaligned");
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
