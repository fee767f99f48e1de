//! Names, shapes and number types of tensors.

use std::borrow::Cow;
use std::fmt;

/// The number type of a stored tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 32-bit floats, the type of all tensors in memory and of all files written.
    F32,
    /// 64-bit floats.
    F64,
    /// 16-bit floats.
    F16,
    /// 16-bit floats with the exponent of 32-bit ones (bfloat16).
    Bf16,
    /// Any other type, by name; not read as weights.
    Other(&'static str),
}

impl Dtype {
    /// Whether values of this type are read as weights.
    pub(crate) fn is_float(self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Bytes of one value, for types that are read as weights.
    pub(crate) fn size(self) -> Option<usize> {
        match self {
            Self::F64 => Some(8),
            Self::F32 => Some(4),
            Self::F16 | Self::Bf16 => Some(2),
            Self::Other(_) => None,
        }
    }

    /// The values in `bytes` as 32-bit floats, borrowed where they have this type and are aligned.
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
    /// The number type in its source.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
