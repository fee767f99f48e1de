//! Reading safetensors.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::Metadata;

use super::format::{CHECKSUM_KEY, FORMAT};
use crate::content::{SAFETENSORS_HEADER_MAX, identified_weights, is_safetensors};
use crate::error::{Error, Result};
use crate::spec::{Dtype, TensorSpec};
use crate::tensor::{NamedTensor, TensorSource};
use crate::weights_file::WeightsFile;

/// Bytes before the header: its length.
const LENGTH_BYTES: usize = 8;

/// A safetensors file.
///
/// # Resource usage
/// Opening reads the header only, whatever the size of the file. [`TensorFile::get`] reads one tensor into memory, as
/// 32-bit floats.
#[derive(Debug)]
pub struct TensorFile {
    file: WeightsFile,
    metadata: BTreeMap<String, String>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Range<u64>,
    checksum: Option<u32>,
}

impl TensorFile {
    /// Opens a file and checks its header: lengths, overlaps, gaps, and sizes of shapes.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read, [`Error::Malformed`] where its header is invalid.
    pub fn open(path: &Path) -> Result<Self> {
        let file = WeightsFile::open(path)?;
        let malformed = |reason: &dyn ToString| Error::malformed(path, FORMAT, reason.to_string());
        let head = file.head(HEAD_BYTES)?;
        let other = if is_safetensors(&head) { None } else { identified_weights(&head) };
        let (start, tensors) = match (read_header(&file)?, other) {
            (Ok(header), _) => header,
            (Err(error), None) => return Err(malformed(&error)),
            (Err(_), Some(content)) => return Err(Error::foreign(path, "a safetensors file", &content)),
        };
        let metadata: BTreeMap<String, String> = tensors.metadata().clone().unwrap_or_default().into_iter().collect();
        let names = tensors.offset_keys();
        let checksums = checksums(metadata.get(CHECKSUM_KEY), names.len()).map_err(|reason| malformed(&reason))?;
        let mut entries = BTreeMap::new();
        for (index, name) in names.into_iter().enumerate() {
            let info = tensors.info(&name).ok_or_else(|| malformed(&"a tensor without a header entry"))?;
            let bytes = start + info.data_offsets.0 as u64..start + info.data_offsets.1 as u64;
            let (dtype, checksum) = (dtype(info.dtype), checksums.get(index).copied());
            entries.insert(name, Entry { dtype, shape: info.shape.clone(), bytes, checksum });
        }
        Ok(Self { file, metadata, entries })
    }

    /// The string metadata of the file, by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether a tensor of this name is there.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// One tensor, as 32-bit floats.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::NumberType`] where it holds other numbers than floats, or [`Error::Checksum`] where its
    /// checksum does not match.
    pub fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let path = || self.file.path().to_owned();
        let entry = self.entries.get(name).ok_or_else(|| Error::NoTensor { path: path(), name: name.to_owned() })?;
        if !entry.dtype.is_float() {
            let found = entry.dtype.to_string();
            return Err(Error::NumberType { path: path(), name: name.to_owned(), found });
        }
        let mut found = 0;
        let all = 0..(entry.bytes.end - entry.bytes.start) as usize;
        let values = self.file.values(&entry.bytes, &all, entry.dtype, |bytes| {
            if entry.checksum.is_some() {
                found = crc32c::crc32c_append(found, bytes);
            }
        })?;
        match entry.checksum {
            Some(expected) if expected != found => {
                Err(Error::Checksum { path: path(), name: name.to_owned(), expected, found })
            }
            _ => NamedTensor::new(name, entry.shape.clone(), values),
        }
    }
}

impl TensorSource for TensorFile {
    fn specs(&self) -> Vec<TensorSpec> {
        let spec = |(name, entry): (&String, &Entry)| {
            let (name, shape, dtype) = (name.clone(), entry.shape.clone(), entry.dtype);
            TensorSpec { name, shape, dtype }
        };
        self.entries.iter().map(spec).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        Self::get(self, name)
    }
}

/// Bytes that tell what a file is.
const HEAD_BYTES: usize = 4096;

/// Where the values begin, and what they are. The rules are those of [`safetensors::SafeTensors::read_metadata`], which wants the whole file in memory.
fn read_header(file: &WeightsFile) -> Result<std::result::Result<(u64, Metadata), SafeTensorError>> {
    let Some(length) = file.head(LENGTH_BYTES)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
        return Ok(Err(SafeTensorError::HeaderTooSmall));
    };
    if length > SAFETENSORS_HEADER_MAX {
        return Ok(Err(SafeTensorError::HeaderTooLarge));
    }
    let start = LENGTH_BYTES as u64 + length;
    if start > file.length() {
        return Ok(Err(SafeTensorError::InvalidHeaderLength));
    }
    let header = file.read_up_to(LENGTH_BYTES as u64, length as usize)?;
    let parsed = || {
        let text = std::str::from_utf8(&header).map_err(SafeTensorError::InvalidHeader)?;
        let metadata: Metadata = serde_json::from_str(text).map_err(SafeTensorError::InvalidHeaderDeserialization)?;
        let end = start.checked_add(metadata.data_len() as u64).ok_or(SafeTensorError::ValidationOverflow)?;
        if end == file.length() { Ok((start, metadata)) } else { Err(SafeTensorError::MetadataIncompleteBuffer) }
    };
    Ok(parsed())
}

fn checksums(text: Option<&String>, count: usize) -> std::result::Result<Vec<u32>, String> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let words = text.as_bytes().as_chunks::<8>().0;
    let parsed: Option<Vec<u32>> =
        words.iter().map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()).collect();
    match parsed {
        Some(sums) if sums.len() == count && text.len() == 8 * count => Ok(sums),
        _ => Err(format!("metadata `{CHECKSUM_KEY}` should hold 8 hex digits for each of {count} tensors")),
    }
}

fn dtype(found: safetensors::Dtype) -> Dtype {
    use safetensors::Dtype as Stored;
    match found {
        Stored::F32 => Dtype::F32,
        Stored::F64 => Dtype::F64,
        Stored::F16 => Dtype::F16,
        Stored::BF16 => Dtype::Bf16,
        Stored::I64 => Dtype::Other("I64"),
        Stored::I32 => Dtype::Other("I32"),
        Stored::BOOL => Dtype::Other("BOOL"),
        Stored::U8 => Dtype::Other("U8"),
        _ => Dtype::Other("another type"),
    }
}
