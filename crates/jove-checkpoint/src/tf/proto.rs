//! The two protocol-buffer messages of a bundle's index, and the variable-length numbers both layers use.

/// The place, shape and type of a tensor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// TensorFlow's number of the data type: 1 is 32-bit floats.
    pub(super) dtype: u64,
    pub(super) shape: Vec<u64>,
    pub(super) shard: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) crc32c: u32,
    /// Whether the tensor is stored in slices, which is not supported.
    pub(super) sliced: bool,
}

/// The first value of the index: one shard, little-endian, produced by version 1.
pub(super) const HEADER: [u8; 6] = [0x08, 0x01, 0x1a, 0x02, 0x08, 0x01];

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number from the front of `bytes`.
pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

impl Entry {
    /// The message's bytes; fields that are zero are omitted, as the format requires, except for the shape.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut shape = Vec::new();
        for size in &self.shape {
            let mut dimension = Vec::new();
            if *size > 0 {
                dimension.push(0x08);
                put_varint(&mut dimension, *size);
            }
            shape.push(0x12);
            put_varint(&mut shape, dimension.len() as u64);
            shape.extend_from_slice(&dimension);
        }
        let mut out = vec![0x08];
        put_varint(&mut out, self.dtype);
        out.push(0x12);
        put_varint(&mut out, shape.len() as u64);
        out.extend_from_slice(&shape);
        for (tag, value) in [(0x18, self.shard), (0x20, self.offset), (0x28, self.size)] {
            if value > 0 {
                out.push(tag);
                put_varint(&mut out, value);
            }
        }
        out.push(0x35);
        out.extend_from_slice(&self.crc32c.to_le_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut entry = Self::default();
        each_field(bytes, |field, value| {
            match (field, value) {
                (1, Value::Number(number)) => entry.dtype = number,
                (2, Value::Bytes(shape)) => entry.shape = decode_shape(shape)?,
                (3, Value::Number(number)) => entry.shard = number,
                (4, Value::Number(number)) => entry.offset = number,
                (5, Value::Number(number)) => entry.size = number,
                (6, Value::Fixed(number)) => entry.crc32c = number,
                (7, _) => entry.sliced = true,
                _ => {}
            }
            Some(())
        })?;
        Some(entry)
    }
}

/// The number of shards of a bundle, from its header; `None` where it is invalid or not little-endian.
pub(super) fn decode_header(bytes: &[u8]) -> Option<u64> {
    let (mut shards, mut big_endian) = (0, false);
    each_field(bytes, |field, value| {
        match (field, value) {
            (1, Value::Number(number)) => shards = number,
            (2, Value::Number(number)) => big_endian = number != 0,
            _ => {}
        }
        Some(())
    })?;
    (!big_endian).then_some(shards)
}

fn decode_shape(bytes: &[u8]) -> Option<Vec<u64>> {
    let mut shape = Vec::new();
    each_field(bytes, |field, value| {
        if let (2, Value::Bytes(dimension)) = (field, value) {
            let mut size = 0;
            each_field(dimension, |field, value| {
                if let (1, Value::Number(number)) = (field, value) {
                    size = number;
                }
                Some(())
            })?;
            shape.push(size);
        }
        Some(())
    })?;
    Some(shape)
}

enum Value<'a> {
    Number(u64),
    Fixed(u32),
    Bytes(&'a [u8]),
}

fn each_field<'a>(mut bytes: &'a [u8], mut take: impl FnMut(u64, Value<'a>) -> Option<()>) -> Option<()> {
    while !bytes.is_empty() {
        let tag = take_varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Value::Number(take_varint(&mut bytes)?),
            1 => {
                bytes = bytes.get(8..)?;
                Value::Number(0)
            }
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                let (inner, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Value::Bytes(inner)
            }
            5 => {
                let (word, rest) = bytes.split_first_chunk::<4>()?;
                bytes = rest;
                Value::Fixed(u32::from_le_bytes(*word))
            }
            _ => return None,
        };
        take(tag >> 3, value)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scalars_keep_an_empty_shape() {
        let entry = Entry { dtype: 9, offset: 0, size: 8, crc32c: 0x0403_0201, ..Entry::default() };
        assert_eq!(entry.encode(), [0x08, 9, 0x12, 0, 0x28, 8, 0x35, 1, 2, 3, 4]);
        assert_eq!(decode_header(&HEADER), Some(1));
        assert_eq!(decode_header(&[0x08, 0x01, 0x10, 0x01]), None, "big-endian");
    }

    proptest! {
        #[test]
        fn entries_come_back(dtype in 1u64..30, shape in prop::collection::vec(any::<u64>(), 0..5), offset: u64, size: u64, crc32c: u32) {
            let entry = Entry { dtype, shape, shard: 0, offset, size, crc32c, sliced: false };
            prop_assert_eq!(Entry::decode(&entry.encode()), Some(entry));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (Entry::decode(&bytes), decode_header(&bytes), take_varint(&mut bytes.as_slice()));
        }
    }
}
