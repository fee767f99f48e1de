//! Reading PyTorch's archive, through a memory map.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::format::FORMAT;
use super::object::Fault;
use super::pickle::Pickle;
use super::state::{Storage, Stored, tensors};
use super::strided::{Order, REPEATED_VALUES_MAX};
use crate::content::{LIGHTNING_KEY, contains, identified_weights};
use crate::error::{Error, Result};
use crate::mapped::MappedFile;
use crate::message::shortened;
use crate::spec::{Dtype, TensorSpec};
use crate::tensor::{NamedTensor, TensorSource};

/// The maximum size of the description of tensors, in bytes; a model of a thousand layers needs a few MB.
const PICKLE_BYTES_MAX: usize = 64 << 20;

/// The maximum number of entries of an archive.
const ENTRIES_MAX: usize = 1 << 20;

/// A file that `torch.save` wrote from a dictionary of tensors: an archive (PyTorch 1.6 and later), or the older form.
/// No code in it is ever run.
///
/// # Resource usage
/// The file is mapped, not read. The description of its tensors, of at most 64 MiB, is held in memory at up to 48 times
/// its size while it is read; real ones take some kilobytes. [`TensorSource::get`] borrows 32-bit floats from the map and
/// allocates for other types; in an archive it reads the whole storage once, for its checksum.
#[derive(Debug)]
pub struct TorchFile {
    file: MappedFile,
    tensors: BTreeMap<String, Stored>,
    order: Vec<String>,
    storages: BTreeMap<String, StorageRange>,
}

/// The bytes of a storage in the file.
#[derive(Clone, Debug)]
struct StorageRange {
    range: Range<usize>,
    crc32: Option<u32>,
}

impl TorchFile {
    /// Opens a file and reads the description of its tensors.
    ///
    /// # Errors
    /// [`Error::Refused`] for code, compressed entries or entry names outside the archive; [`Error::Malformed`] for a
    /// file that does not follow the format or a tensor outside its storage.
    pub fn open(path: &Path) -> Result<Self> {
        let file = MappedFile::open(path)?;
        let read = match file.bytes() {
            [b'P', b'K', ..] => read_archive(path, file.bytes()),
            bytes if bytes.starts_with(MAGIC) => read_legacy(path, bytes),
            bytes => Err(not_pytorch(path, bytes)),
        };
        let (stored, storages) = read.map_err(|error| lightning(path, file.bytes()).unwrap_or(error))?;
        let mut tensors = BTreeMap::new();
        let mut order = Vec::new();
        check_repeated(path, &stored)?;
        for tensor in stored {
            check_bounds(path, &tensor, &storages)?;
            order.push(tensor.name.clone());
            if let Some(twice) = tensors.insert(tensor.name.clone(), tensor) {
                return Err(Error::malformed(path, FORMAT, format!("tensor `{}` occurs twice", twice.name)));
            }
        }
        Ok(Self { file, tensors, order, storages })
    }
}

impl TensorSource for TorchFile {
    fn specs(&self) -> Vec<TensorSpec> {
        let spec = |name: &String| {
            let stored = &self.tensors[name];
            TensorSpec { name: name.clone(), shape: stored.shape.clone(), dtype: stored.storage.dtype }
        };
        self.order.iter().map(spec).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let path = || self.file.path().to_owned();
        let no_tensor = || Error::NoTensor { path: path(), name: name.to_owned() };
        let stored = self.tensors.get(name).ok_or_else(no_tensor)?;
        let dtype = stored.storage.dtype;
        let Some(size) = value_bytes(dtype) else {
            return Err(Error::NumberType { path: path(), name: name.to_owned(), found: dtype.to_string() });
        };
        let place = &self.storages[&stored.storage.key];
        let storage = &self.file.bytes()[place.range.clone()];
        if let Some(expected) = place.crc32 {
            let found = crc32fast::hash(storage);
            if found != expected {
                return Err(Error::Checksum { path: path(), name: name.to_owned(), expected, found });
            }
        }
        let end = stored.end().expect("the bounds were checked when the file was opened");
        let taken = dtype.decode(&storage[stored.offset.min(end) * size..end * size]);
        match stored.order() {
            Order::Rows => NamedTensor::new(name, stored.shape.clone(), taken),
            Order::Strided => NamedTensor::new(name, stored.shape.clone(), stored.gathered(&taken)),
        }
    }
}

fn value_bytes(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F64 => Some(8),
        Dtype::F32 => Some(4),
        Dtype::F16 | Dtype::Bf16 => Some(2),
        Dtype::Other(_) => None,
    }
}

/// Bytes of one value of any type that a storage may have.
fn stored_bytes(dtype: Dtype) -> usize {
    value_bytes(dtype).unwrap_or(match dtype {
        Dtype::Other("64-bit integers") => 8,
        Dtype::Other("32-bit integers") => 4,
        Dtype::Other("16-bit integers") => 2,
        _ => 1,
    })
}

/// Checks that a tensor lies inside its storage, so that reading it later cannot fail.
fn check_bounds(path: &Path, tensor: &Stored, storages: &BTreeMap<String, StorageRange>) -> Result<()> {
    let malformed = |what: &str| {
        let name = shortened(&tensor.name);
        Error::malformed(path, FORMAT, format!("tensor `{name}`: {what}"))
    };
    let place = storages.get(&tensor.storage.key).ok_or_else(|| malformed("its values are not in the file"))?;
    let Some(size) = value_bytes(tensor.storage.dtype) else { return Ok(()) };
    if tensor.storage.count.checked_mul(size) != Some(place.range.len()) {
        let Storage { count, .. } = tensor.storage;
        return Err(malformed(&format!("expected {count} values of {size} bytes, found {} bytes", place.range.len())));
    }
    match tensor.end() {
        Some(end) if end <= tensor.storage.count => Ok(()),
        _ => {
            let Stored { shape, stride, offset, storage, .. } = tensor;
            let place = format!("shape {shape:?}, stride {stride:?} and offset {offset}");
            Err(malformed(&format!("{place} do not fit its {} values", storage.count)))
        }
    }
}

/// Checks that tensors which repeat values of their storage stay small, all together.
fn check_repeated(path: &Path, tensors: &[Stored]) -> Result<()> {
    let mut total = 0usize;
    for tensor in tensors.iter().filter(|tensor| tensor.order() == Order::Strided) {
        let count = tensor.count().unwrap_or(usize::MAX);
        if count > tensor.storage.count {
            total = total.saturating_add(count);
        }
    }
    if total <= REPEATED_VALUES_MAX {
        return Ok(());
    }
    let reason =
        format!("tensors repeat values of their storages {total} times, expected at most {REPEATED_VALUES_MAX}");
    Err(Error::Refused { path: path.to_owned(), reason })
}

/// The error for a file that is in neither of PyTorch's forms.
fn not_pytorch(path: &Path, bytes: &[u8]) -> Error {
    match identified_weights(bytes) {
        Some(content) => Error::foreign(path, "a PyTorch file", &content),
        None => Error::malformed(path, FORMAT, "neither an archive nor PyTorch's older form"),
    }
}

/// Where a file that could not be read is PyTorch Lightning's, whose pickle holds more than weights: that error.
fn lightning(path: &Path, bytes: &[u8]) -> Option<Error> {
    let head = &bytes[..bytes.len().min(PICKLE_BYTES_MAX)];
    contains(head, LIGHTNING_KEY).then(|| {
        Error::unsupported(
            path,
            "expected weights alone, found a PyTorch Lightning checkpoint, which holds objects of its trainer too",
            "in Python, load it with torch.load, and save the model's own `state_dict` with torch.save or save_pretrained",
        )
    })
}

type Parts = (Vec<Stored>, BTreeMap<String, StorageRange>);

fn fault(path: &Path) -> impl Fn(Fault) -> Error {
    move |fault| match fault {
        Fault::Refused(reason) => Error::Refused { path: path.to_owned(), reason },
        Fault::Malformed(reason) => Error::malformed(path, FORMAT, reason),
    }
}

fn read_archive(path: &Path, bytes: &[u8]) -> Result<Parts> {
    let entries = archive_entries(path, bytes)?;
    let malformed = |what: &str| Error::malformed(path, FORMAT, what);
    let pickle = entries.keys().find(|name| name.ends_with("/data.pkl") && name.matches('/').count() == 1);
    let Some(pickle) = pickle else {
        let names: Vec<&str> = entries.keys().take(3).map(String::as_str).collect();
        let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let reason = format!("expected PyTorch's archive with its data.pkl, found an archive of {found}");
        return Err(Error::unsupported(path, reason, "unpack it where the model is inside, or check the path"));
    };
    let folder = pickle.strip_suffix("data.pkl").expect("the name ends so");
    if let Some(order) = entries.get(&format!("{folder}byteorder"))
        && bytes[order.range.clone()] != *b"little"
    {
        return Err(malformed("the values are not little-endian"));
    }
    let place = &entries[pickle];
    let text = &bytes[place.range.clone()];
    if text.len() > PICKLE_BYTES_MAX {
        return Err(malformed(&format!("data.pkl has {} bytes, expected at most {PICKLE_BYTES_MAX}", text.len())));
    }
    if place.crc32 != Some(crc32fast::hash(text)) {
        return Err(malformed("the checksum of data.pkl does not match"));
    }
    let stored = tensors(&Pickle::read(text).map_err(fault(path))?).map_err(fault(path))?;
    let data = format!("{folder}data/");
    let storages =
        entries.iter().filter_map(|(name, place)| Some((name.strip_prefix(&data)?.to_owned(), place.clone())));
    Ok((stored, storages.collect()))
}

/// The byte range of each entry. PyTorch does not compress entries; a compressed one is rejected.
fn archive_entries(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, StorageRange>> {
    let malformed = |what: String| Error::malformed(path, FORMAT, what);
    let refused = |reason: String| Error::Refused { path: path.to_owned(), reason };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| malformed(error.to_string()))?;
    if archive.len() > ENTRIES_MAX {
        return Err(refused(format!("the archive has {} entries, expected at most {ENTRIES_MAX}", archive.len())));
    }
    let mut entries = BTreeMap::new();
    let mut ranges = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| malformed(error.to_string()))?;
        let name = entry.name().map_err(|error| malformed(error.to_string()))?.into_owned();
        check_entry(&name, entry.compression(), entry.compressed_size() == entry.size()).map_err(refused)?;
        let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
        let end = start.and_then(|start| start.checked_add(usize::try_from(entry.size()).ok()?));
        match (start, end) {
            (Some(start), Some(end)) if end <= bytes.len() => {
                ranges.push(start..end);
                entries.insert(name, StorageRange { range: start..end, crc32: Some(entry.crc32()) });
            }
            _ => return Err(malformed(format!("entry `{}` ends beyond the file", shortened(&name)))),
        }
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    if ranges.windows(2).any(|pair| pair[0].end > pair[1].start && !pair[1].is_empty()) {
        return Err(refused("entries of the archive overlap".to_owned()));
    }
    Ok(entries)
}

/// Checks that an entry's name stays inside the archive, and that its bytes are stored without compression.
fn check_entry(name: &str, method: CompressionMethod, same_size: bool) -> Result<(), String> {
    let shown = shortened(name);
    let outside = |part: &str| part.is_empty() || part == ".." || part == ".";
    if name.contains(['\\', '\0', ':']) || name.split('/').any(outside) {
        return Err(format!("the archive's entry `{shown}` is outside of it"));
    }
    if method != CompressionMethod::Stored || !same_size {
        return Err(format!("the archive's entry `{shown}` is compressed; PyTorch stores entries without compression"));
    }
    Ok(())
}

/// The pickle of a magic number that the form before PyTorch 1.6 begins with.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// The form before PyTorch 1.6: five pickles (a magic number, a version, the machine, the tensors, the storages' keys),
/// then for each storage its length and its values.
fn read_legacy(path: &Path, bytes: &[u8]) -> Result<Parts> {
    let malformed = |what: &str| Error::malformed(path, FORMAT, what);
    let mut rest = bytes.strip_prefix(MAGIC).unwrap_or_default();
    let head = |rest: &[u8]| Pickle::read(&rest[..rest.len().min(PICKLE_BYTES_MAX)]).map_err(fault(path));
    for _ in ["version", "machine"] {
        rest = &rest[head(rest)?.length()..];
    }
    let pickle = head(rest)?;
    rest = &rest[pickle.length()..];
    let stored = tensors(&pickle).map_err(fault(path))?;
    rest = &rest[head(rest)?.length()..];
    let sizes: BTreeMap<&str, usize> =
        stored.iter().map(|tensor| (tensor.storage.key.as_str(), stored_bytes(tensor.storage.dtype))).collect();
    // The keys follow in sorted order, as their list above says; every storage belongs to some tensor.
    let keys: BTreeSet<&str> = sizes.keys().copied().collect();
    let mut storages = BTreeMap::new();
    for key in keys {
        let (count, after) = rest.split_first_chunk::<8>().ok_or_else(|| malformed("the data end"))?;
        let length = usize::try_from(i64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(sizes[key]));
        let length = length.filter(|length| *length <= after.len()).ok_or_else(|| malformed("the data end"))?;
        let start = bytes.len() - after.len();
        storages.insert(key.to_owned(), StorageRange { range: start..start + length, crc32: None });
        rest = &after[length..];
    }
    if !rest.is_empty() {
        return Err(malformed(&format!("{} bytes after the last tensor", rest.len())));
    }
    Ok((stored, storages))
}
