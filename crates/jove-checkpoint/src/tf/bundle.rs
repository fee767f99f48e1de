//! Reading a bundle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::checksum::{FORMAT, masked};
use super::index::{Found, find_index};
use super::names::other_family;
use super::proto::{Entry, decode_header};
use super::table;
use crate::content::identified_weights;
use crate::error::{Error, Result};
use crate::spec::{Dtype, TensorSpec};
use crate::tensor::{NamedTensor, TensorSource};
use crate::weights_file::WeightsFile;

/// Far above any published checkpoint.
const SHARDS_MAX: u64 = 1024;

/// The longest index, in bytes; that of a model of a thousand layers takes a few MB.
const INDEX_BYTES_MAX: usize = 64 << 20;

/// A TensorFlow checkpoint.
///
/// # Resource usage
/// The index, of at most 64 MiB, is read into memory, at most about 64 times its size on disk. [`TensorSource::get`] reads
/// one tensor and verifies its checksum.
#[derive(Debug)]
pub struct TfBundle {
    index: PathBuf,
    shards: Vec<WeightsFile>,
    entries: BTreeMap<String, Entry>,
    /// Other checkpoints of the folder, where the latest was taken.
    others: Vec<String>,
}

impl TfBundle {
    /// Opens `PREFIX.index` and its data files; takes the prefix, one of the files, or a folder. Of several checkpoints in a
    /// folder it takes the one that the file `checkpoint` there names as the latest.
    ///
    /// # Errors
    /// [`Error::Io`] where a file is missing, [`Error::Malformed`] where one is invalid, tensors overlap, or a tensor is
    /// stored in slices; [`Error::Unsupported`] where a folder holds none, or several and nothing says which.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_step(path, None)
    }

    /// [`TfBundle::open`], with the checkpoint of the given step of training, `PREFIX-STEP`, where a folder holds several.
    pub(crate) fn open_step(path: &Path, step: Option<u64>) -> Result<Self> {
        let Found { index, others } = find_index(path, step)?;
        let malformed = |reason: String| Error::malformed(&index, FORMAT, reason);
        let bytes = read_index(&index)?;
        let table = table::read(&bytes).map_err(|reason| match identified_weights(&bytes) {
            Some(content) => Error::foreign(&index, "an index of TensorFlow's", &content),
            None => malformed(reason.to_owned()),
        })?;
        let mut table = table.into_iter();
        let header = table.next().filter(|(key, _)| key.is_empty());
        let shards =
            header.and_then(|(_, value)| decode_header(&value)).filter(|shards| (1..=SHARDS_MAX).contains(shards));
        let shards = shards
            .ok_or_else(|| malformed("the header is missing or is not of 1 to 1024 little-endian shards".to_owned()))?;
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let name = String::from_utf8(key).map_err(|error| malformed(error.to_string()))?;
            let entry = Entry::decode(&value).ok_or_else(|| malformed(format!("entry `{name}` is invalid")))?;
            entries.insert(name, entry);
        }
        let prefix = index.with_extension("");
        let shards =
            (0..shards).map(|shard| WeightsFile::open(&shard_path(&prefix, shard, shards))).collect::<Result<_>>()?;
        let bundle = Self { index, shards, entries, others };
        bundle.check_ranges()?;
        Ok(bundle)
    }

    /// Other checkpoints of the folder, where the latest was taken.
    pub(crate) fn others(&self) -> &[String] {
        &self.others
    }

    /// Refuses a checkpoint of another family than BERT, by its name.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub(crate) fn check_family(&self) -> Result<()> {
        let other = self.entries.keys().find_map(|name| other_family(name));
        other.map_or(Ok(()), |(what, hint)| {
            Err(Error::unsupported(&self.index, format!("expected a BERT checkpoint, found {what}"), hint))
        })
    }

    /// Checks that every tensor lies in its file, has the size of its shape, and overlaps no other.
    fn check_ranges(&self) -> Result<()> {
        let broken = |name: &str, what: String| Err(Error::malformed(&self.index, FORMAT, format!("`{name}`: {what}")));
        let mut ranges = Vec::new();
        for (name, entry) in &self.entries {
            if entry.sliced {
                return broken(name, "tensors stored in slices are not supported".to_owned());
            }
            let Some(file) = usize::try_from(entry.shard).ok().and_then(|shard| self.shards.get(shard)) else {
                return broken(name, format!("shard {} of {}", entry.shard, self.shards.len()));
            };
            let end = entry.offset.checked_add(entry.size).filter(|end| *end <= file.length());
            let Some(end) = end else { return broken(name, "ends beyond the data".to_owned()) };
            let count = entry.shape.iter().try_fold(1u64, |product, size| product.checked_mul(*size));
            let (dtype, size) = dtype(entry.dtype);
            if dtype.is_float() && count.and_then(|count| count.checked_mul(size)) != Some(entry.size) {
                return broken(name, format!("shape {:?} does not take {} bytes of {dtype}", entry.shape, entry.size));
            }
            ranges.push((entry.shard, entry.offset, end, name));
        }
        ranges.sort_unstable();
        match ranges.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].2 > pair[1].1) {
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
        let range = entry.offset..entry.offset + entry.size;
        let mut crc = 0;
        let values =
            file.values(&range, &(0..entry.size as usize), dtype, |bytes| crc = crc32c::crc32c_append(crc, bytes))?;
        let found = masked(crc);
        if found != entry.crc32c {
            let path = file.path().to_owned();
            return Err(Error::Checksum { path, name: name.to_owned(), expected: entry.crc32c, found });
        }
        let shape: Vec<usize> = entry.shape.iter().map(|size| *size as usize).collect();
        NamedTensor::new(name, shape, values)
    }
}

fn read_index(path: &Path) -> Result<Vec<u8>> {
    let file = WeightsFile::open(path)?;
    if file.length() > INDEX_BYTES_MAX as u64 {
        let reason = format!("an index of {} bytes, expected at most {INDEX_BYTES_MAX}", file.length());
        return Err(Error::malformed(path, FORMAT, reason));
    }
    file.head(INDEX_BYTES_MAX)
}

/// The type of TensorFlow's number of a data type, and the bytes of one value.
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

#[cfg(test)]
mod tests {
    use super::super::proto::HEADER;
    use super::super::table::TableWriter;
    use super::*;

    const DATA_BYTES: usize = 64;

    /// Opens a bundle with the given header and encoded entries over one data file.
    fn open_encoded(header: &[u8], entries: &[(&str, Vec<u8>)]) -> Result<TfBundle> {
        let folder = tempfile::tempdir().unwrap();
        let mut table = TableWriter::default();
        table.add(b"", header);
        for (name, entry) in entries {
            table.add(name.as_bytes(), entry);
        }
        let index = folder.path().join("x.index");
        std::fs::write(&index, table.finish()).unwrap();
        std::fs::write(folder.path().join("x.data-00000-of-00001"), [0; DATA_BYTES]).unwrap();
        TfBundle::open(&index)
    }

    fn open_with(header: &[u8], entries: &[(&str, Entry)]) -> Result<TfBundle> {
        let encoded: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, entry)| (*name, entry.encode())).collect();
        open_encoded(header, &encoded)
    }

    /// A vector of 32-bit floats.
    fn vector(offset: u64, count: u64) -> Entry {
        let crc32c = masked(crc32c::crc32c(&vec![0; 4 * count as usize]));
        Entry { dtype: 1, shape: vec![count], offset, size: 4 * count, crc32c, ..Entry::default() }
    }

    fn check(entries: &[(&str, Entry)], expected: Option<&str>) {
        match (open_with(&HEADER, entries), expected) {
            (Ok(bundle), None) => assert_eq!(bundle.specs().len(), entries.len()),
            (Err(Error::Malformed { reason, .. }), Some(expected)) => {
                assert!(reason.contains(expected), "{reason}, expected {expected}");
            }
            (other, _) => panic!("{other:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn tensors_may_touch_but_not_overlap() {
        check(&[], None);
        check(&[("a", vector(0, 8)), ("b", vector(32, 8))], None);
        check(&[("a", vector(32, 8)), ("b", vector(0, 8))], None);
        check(&[("a", vector(0, 0)), ("b", vector(0, 16)), ("c", vector(64, 0))], None);
        check(&[("a", vector(0, 9)), ("b", vector(32, 8))], Some("`b`: overlaps `a`"));
        check(&[("a", vector(0, 16)), ("b", vector(60, 1)), ("词", vector(4, 1))], Some("overlaps `a`"));
        check(&[("a", vector(8, 4)), ("b", vector(8, 4))], Some("overlaps"));
    }

    #[test]
    fn tensors_must_lie_in_their_file() {
        check(&[("a", vector(0, 16))], None);
        check(&[("a", vector(0, 17))], Some("`a`: ends beyond the data"));
        check(&[("a", vector(u64::MAX, 1))], Some("ends beyond the data"));
        check(&[("a", Entry { shard: 1, ..vector(0, 4) })], Some("shard 1 of 1"));
        check(&[("a", Entry { shard: u64::MAX, ..vector(0, 4) })], Some("of 1"));
    }

    #[test]
    fn shapes_must_match_sizes() {
        check(&[("a", Entry { shape: vec![2, 2], ..vector(0, 4) })], None);
        check(&[("a", Entry { shape: vec![], ..vector(0, 1) })], None);
        check(&[("a", Entry { dtype: 2, shape: vec![2], ..vector(0, 4) })], None);
        for shape in [vec![3], vec![5], vec![4, 2], vec![u64::MAX, 2], vec![0]] {
            check(&[("a", Entry { shape, ..vector(0, 4) })], Some("does not take 16 bytes of F32"));
        }
    }

    #[test]
    fn slices_and_unknown_headers_are_rejected() {
        let sliced = [&vector(0, 4).encode()[..], &[0x3a, 0]].concat();
        let message = open_encoded(&HEADER, &[("a", sliced)]).unwrap_err().to_string();
        assert!(message.ends_with("`a`: tensors stored in slices are not supported"), "{message}");
        let message = open_encoded(&HEADER, &[("a", vec![0x0a, 0xff])]).unwrap_err().to_string();
        assert!(message.ends_with("entry `a` is invalid"), "{message}");
        for header in [&[][..], &[0x08, 0], &[0x08, 1, 0x10, 1], &[0x08, 0x81, 0x08], &[0xff]] {
            let message = open_with(header, &[]).unwrap_err().to_string();
            assert!(message.contains("the header is missing or is not of 1 to 1024"), "{header:?}");
        }
        let two = open_with(&[0x08, 2], &[]).unwrap_err();
        assert!(matches!(two, Error::Io { .. }), "the second shard is missing: {two}");
    }

    #[test]
    fn checksums_and_types_are_verified_when_a_tensor_is_read() {
        let wrong = Entry { crc32c: 1, ..vector(0, 4) };
        let integers = Entry { dtype: 9, shape: vec![1], ..vector(16, 2) };
        let bundle = open_with(&HEADER, &[("a", wrong), ("ids", integers), ("ok", vector(32, 1))]).unwrap();
        assert!(matches!(bundle.get("a"), Err(Error::Checksum { expected: 1, .. })));
        let message = bundle.get("ids").unwrap_err().to_string();
        assert!(message.ends_with("tensor `ids`: expected floating-point numbers, found 64-bit integers"), "{message}");
        assert_eq!(*bundle.get("ok").unwrap().data, [0.0]);
        assert!(matches!(bundle.get("שם"), Err(Error::NoTensor { .. })));
    }
}
