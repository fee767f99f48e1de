//! Reading safetensors through a memory map.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use safetensors::SafeTensors;

use super::format::{CHECKSUM_KEY, FORMAT};
use crate::content::{identified_weights, is_safetensors};
use crate::error::{Error, Result};
use crate::mapped::MappedFile;
use crate::spec::{Dtype, TensorSpec};
use crate::tensor::{NamedTensor, TensorSource};

/// A safetensors file, mapped into memory.
///
/// # Resource usage
/// Opening reads the header only, whatever the size of the file. [`TensorFile::get`] borrows 32-bit floats from the map
/// and allocates for other types; it reads the tensor once more where the file has checksums.
#[derive(Debug)]
pub struct TensorFile {
    file: MappedFile,
    metadata: BTreeMap<String, String>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Range<usize>,
    checksum: Option<u32>,
}

impl TensorFile {
    /// Opens a file and checks its header: lengths, overlaps, gaps, and sizes of shapes.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read, [`Error::Malformed`] where its header is invalid.
    pub fn open(path: &Path) -> Result<Self> {
        let file = MappedFile::open(path)?;
        let malformed = |reason: &dyn ToString| Error::malformed(path, FORMAT, reason.to_string());
        let (header, tensors) = SafeTensors::read_metadata(file.bytes()).map_err(|error| {
            let other = if is_safetensors(file.bytes()) { None } else { identified_weights(file.bytes()) };
            other.map_or_else(|| malformed(&error), |content| Error::foreign(path, "a safetensors file", &content))
        })?;
        let metadata: BTreeMap<String, String> = tensors.metadata().clone().unwrap_or_default().into_iter().collect();
        let names = tensors.offset_keys();
        let checksums = checksums(metadata.get(CHECKSUM_KEY), names.len()).map_err(|reason| malformed(&reason))?;
        let start = 8 + header;
        let mut entries = BTreeMap::new();
        for (index, name) in names.into_iter().enumerate() {
            let info = tensors.info(&name).ok_or_else(|| malformed(&"a tensor without a header entry"))?;
            let bytes = start + info.data_offsets.0..start + info.data_offsets.1;
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

    /// One tensor; 32-bit floats are borrowed from the map, other float types are converted.
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
        let bytes = &self.file.bytes()[entry.bytes.clone()];
        if let Some(expected) = entry.checksum {
            let found = crc32c::crc32c(bytes);
            if found != expected {
                return Err(Error::Checksum { path: path(), name: name.to_owned(), expected, found });
            }
        }
        NamedTensor::new(name, entry.shape.clone(), entry.dtype.decode(bytes))
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
