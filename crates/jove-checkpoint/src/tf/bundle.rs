//! Reading a bundle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::proto::{Entry, decode_header};
use super::{FORMAT, masked, table};
use crate::mapped::MappedFile;
use crate::{Dtype, Error, NamedTensor, Result, TensorSource, TensorSpec};

/// More shards than any published checkpoint has.
const SHARDS_MAX: u64 = 1024;

/// A TensorFlow checkpoint, its data mapped into memory.
#[derive(Debug)]
pub struct TfBundle {
    index: PathBuf,
    shards: Vec<MappedFile>,
    entries: BTreeMap<String, Entry>,
}

impl TfBundle {
    /// Opens `PREFIX.index` and the data beside it; takes the prefix, the index file, or a folder with one index.
    ///
    /// # Errors
    /// Where a file is missing or not sound, tensors overlap or are kept in slices.
    pub fn open(path: &Path) -> Result<Self> {
        let index = find_index(path)?;
        let malformed = |reason: String| Error::malformed(&index, FORMAT, reason);
        let table = table::read(MappedFile::open(&index)?.bytes()).map_err(|reason| malformed(reason.to_owned()))?;
        let mut table = table.into_iter();
        let header = table.next().filter(|(key, _)| key.is_empty());
        let shards =
            header.and_then(|(_, value)| decode_header(&value)).filter(|shards| (1..=SHARDS_MAX).contains(shards));
        let shards = shards
            .ok_or_else(|| malformed("the header is missing or is not of 1 to 1024 little-endian shards".to_owned()))?;
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let name = String::from_utf8(key).map_err(|error| malformed(error.to_string()))?;
            let entry = Entry::decode(&value).ok_or_else(|| malformed(format!("entry `{name}` is not sound")))?;
            entries.insert(name, entry);
        }
        let prefix = index.with_extension("");
        let shards =
            (0..shards).map(|shard| MappedFile::open(&shard_path(&prefix, shard, shards))).collect::<Result<_>>()?;
        let bundle = Self { index, shards, entries };
        bundle.check_places()?;
        Ok(bundle)
    }

    /// Checks that every tensor lies in its file, has the size of its shape, and overlaps no other.
    fn check_places(&self) -> Result<()> {
        let broken = |name: &str, what: String| Err(Error::malformed(&self.index, FORMAT, format!("`{name}`: {what}")));
        let mut places = Vec::new();
        for (name, entry) in &self.entries {
            if entry.sliced {
                return broken(name, "tensors kept in slices are not supported".to_owned());
            }
            let Some(file) = usize::try_from(entry.shard).ok().and_then(|shard| self.shards.get(shard)) else {
                return broken(name, format!("shard {} of {}", entry.shard, self.shards.len()));
            };
            let end = entry.offset.checked_add(entry.size).filter(|end| *end <= file.bytes().len() as u64);
            let Some(end) = end else { return broken(name, "ends beyond the data".to_owned()) };
            let count = entry.shape.iter().try_fold(1u64, |product, size| product.checked_mul(*size));
            let (dtype, size) = dtype(entry.dtype);
            if dtype.is_float() && count.and_then(|count| count.checked_mul(size)) != Some(entry.size) {
                return broken(name, format!("shape {:?} does not take {} bytes of {dtype}", entry.shape, entry.size));
            }
            places.push((entry.shard, entry.offset, end, name));
        }
        places.sort_unstable();
        match places.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].2 > pair[1].1) {
            Some(pair) => broken(pair[1].3, format!("overlaps `{}`", pair[0].3)),
            None => Ok(()),
        }
    }
}

impl TensorSource for TfBundle {
    fn specs(&self) -> Vec<TensorSpec> {
        let spec = |(name, entry): (&String, &Entry)| {
            let shape = entry.shape.iter().map(|size| *size as usize).collect();
            TensorSpec { name: name.clone(), shape, dtype: dtype(entry.dtype).0 }
        };
        self.entries.iter().map(spec).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let path = || self.index.clone();
        let entry = self.entries.get(name).ok_or_else(|| Error::NoTensor { path: path(), name: name.to_owned() })?;
        let (dtype, _) = dtype(entry.dtype);
        if !dtype.is_float() {
            return Err(Error::NumberType { path: path(), name: name.to_owned(), found: dtype.to_string() });
        }
        let file = &self.shards[entry.shard as usize];
        let bytes = &file.bytes()[entry.offset as usize..(entry.offset + entry.size) as usize];
        let found = masked(crc32c::crc32c(bytes));
        if found != entry.crc32c {
            let path = file.path().to_owned();
            return Err(Error::Checksum { path, name: name.to_owned(), expected: entry.crc32c, found });
        }
        let shape: Vec<usize> = entry.shape.iter().map(|size| *size as usize).collect();
        NamedTensor::new(name, shape, dtype.decode(bytes))
    }
}

/// TensorFlow's numbers of data types, with the bytes of one value.
fn dtype(number: u64) -> (Dtype, u64) {
    match number {
        1 => (Dtype::F32, 4),
        2 => (Dtype::F64, 8),
        14 => (Dtype::Bf16, 2),
        19 => (Dtype::F16, 2),
        3 => (Dtype::Other("32-bit integers"), 4),
        9 => (Dtype::Other("64-bit integers"), 8),
        _ => (Dtype::Other("another type"), 0),
    }
}

fn shard_path(prefix: &Path, shard: u64, shards: u64) -> PathBuf {
    let mut name = prefix.file_name().unwrap_or_default().to_owned();
    name.push(format!(".data-{shard:05}-of-{shards:05}"));
    prefix.with_file_name(name)
}

fn find_index(path: &Path) -> Result<PathBuf> {
    if path.extension().is_some_and(|extension| extension == "index") {
        return Ok(path.to_owned());
    }
    if !path.is_dir() {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".index");
        return Ok(path.with_file_name(name));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io(path))? {
        let file = entry.map_err(Error::io(path))?.path();
        if file.extension().is_some_and(|extension| extension == "index") {
            found.push(file);
        }
    }
    match found.as_slice() {
        [index] => Ok(index.clone()),
        _ => Err(Error::malformed(
            path,
            FORMAT,
            format!("expected one .index file in the folder, found {}", found.len()),
        )),
    }
}
