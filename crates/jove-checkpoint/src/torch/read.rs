//! Reading PyTorch's archive.

use std::collections::BTreeMap;
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
use crate::message::shortened;
use crate::spec::{Dtype, TensorSpec};
use crate::tensor::{NamedTensor, TensorSource};
use crate::weights_file::WeightsFile;

/// The maximum size of the description of tensors, in bytes; a model of a thousand layers needs a few MB.
const PICKLE_BYTES_MAX: usize = 64 << 20;

/// Bytes that tell what a file is.
const HEAD_BYTES: usize = 4096;

/// The maximum number of entries of an archive.
const ENTRIES_MAX: usize = 1 << 20;

/// A file that `torch.save` wrote from a dictionary of tensors: an archive (PyTorch 1.6 and later), or the older form.
/// No code in it is ever run.
///
/// # Resource usage
/// Opening reads the description of its tensors alone. The description of its tensors, of at most 64 MiB, is held in memory at up to 48 times
/// its size while it is read; real ones take some kilobytes. [`TensorSource::get`] reads one tensor into memory, as 32-bit
/// floats; in an archive it reads the whole storage once, for its checksum.
#[derive(Debug)]
pub struct TorchFile {
    file: WeightsFile,
    tensors: BTreeMap<String, Stored>,
    order: Vec<String>,
    storages: BTreeMap<String, StorageRange>,
}

/// The bytes of a storage in the file.
#[derive(Clone, Debug)]
struct StorageRange {
    range: Range<u64>,
    crc32: Option<u32>,
}

impl StorageRange {
    fn length(&self) -> usize {
        usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX)
    }
}

impl TorchFile {
    /// Opens a file and reads the description of its tensors.
    ///
    /// # Errors
    /// [`Error::Refused`] for code, compressed entries or entry names outside the archive; [`Error::Malformed`] for a
    /// file that does not follow the format or a tensor outside its storage.
    pub fn open(path: &Path) -> Result<Self> {
        let file = WeightsFile::open(path)?;
        let head = file.head(HEAD_BYTES)?;
        let read = match head.as_slice() {
            [b'P', b'K', ..] => read_archive(&file),
            bytes if bytes.starts_with(MAGIC) => read_legacy(&file),
            bytes => Err(not_pytorch(path, bytes)),
        };
        let (stored, storages) = read.map_err(|error| lightning(&file).unwrap_or(error))?;
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
        let Some(size) = dtype.size() else {
            return Err(Error::NumberType { path: path(), name: name.to_owned(), found: dtype.to_string() });
        };
        let place = &self.storages[&stored.storage.key];
        let end = stored.end().expect("the bounds were checked when the file was opened");
        let wanted = stored.offset.min(end) * size..end * size;
        let taken = self.storage_values(name, place, &wanted, dtype)?;
        match stored.order() {
            Order::Rows => NamedTensor::new(name, stored.shape.clone(), taken),
            Order::Strided => NamedTensor::new(name, stored.shape.clone(), stored.gathered(&taken)),
        }
    }
}

impl TorchFile {
    /// The numbers in some bytes of a storage. Where it has a checksum, all of it is read and verified.
    fn storage_values(
        &self,
        name: &str,
        place: &StorageRange,
        wanted: &Range<usize>,
        dtype: Dtype,
    ) -> Result<Vec<f32>> {
        let Some(expected) = place.crc32 else {
            let range = place.range.start + wanted.start as u64..place.range.start + wanted.end as u64;
            return self.file.values(&range, &(0..wanted.len()), dtype, |_| {});
        };
        let mut crc = crc32fast::Hasher::new();
        let values = self.file.values(&place.range, wanted, dtype, |bytes| crc.update(bytes))?;
        match crc.finalize() {
            found if found != expected => {
                let path = self.file.path().to_owned();
                Err(Error::Checksum { path, name: name.to_owned(), expected, found })
            }
            _ => Ok(values),
        }
    }
}

/// Bytes of one value of any type that a storage may have.
fn stored_bytes(dtype: Dtype) -> usize {
    dtype.size().unwrap_or(match dtype {
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
    let Some(size) = tensor.storage.dtype.size() else { return Ok(()) };
    let bytes = place.range.end - place.range.start;
    if tensor.storage.count.checked_mul(size).map(|expected| expected as u64) != Some(bytes) {
        let Storage { count, .. } = tensor.storage;
        return Err(malformed(&format!("expected {count} values of {size} bytes, found {bytes} bytes")));
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
fn lightning(file: &WeightsFile) -> Option<Error> {
    let head = file.head(PICKLE_BYTES_MAX).ok()?;
    contains(&head, LIGHTNING_KEY).then(|| {
        Error::unsupported(
            file.path(),
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

fn read_archive(file: &WeightsFile) -> Result<Parts> {
    let path = file.path();
    let entries = archive_entries(file)?;
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
        && file.read_up_to(order.range.start, 8.min(order.length()))? != *b"little"
    {
        return Err(malformed("the values are not little-endian"));
    }
    let place = &entries[pickle];
    if place.length() > PICKLE_BYTES_MAX {
        return Err(malformed(&format!("data.pkl has {} bytes, expected at most {PICKLE_BYTES_MAX}", place.length())));
    }
    let text = file.read_up_to(place.range.start, place.length())?;
    if place.crc32 != Some(crc32fast::hash(&text)) {
        return Err(malformed("the checksum of data.pkl does not match"));
    }
    let stored = tensors(&Pickle::read(&text).map_err(fault(path))?).map_err(fault(path))?;
    let data = format!("{folder}data/");
    let storages =
        entries.iter().filter_map(|(name, place)| Some((name.strip_prefix(&data)?.to_owned(), place.clone())));
    Ok((stored, storages.collect()))
}

/// The byte range of each entry. PyTorch does not compress entries; a compressed one is rejected.
fn archive_entries(file: &WeightsFile) -> Result<BTreeMap<String, StorageRange>> {
    let path = file.path();
    let malformed = |what: String| Error::malformed(path, FORMAT, what);
    let refused = |reason: String| Error::Refused { path: path.to_owned(), reason };
    let mut archive = ZipArchive::new(file.reader()).map_err(|error| malformed(error.to_string()))?;
    if archive.len() > ENTRIES_MAX {
        return Err(refused(format!("the archive has {} entries, expected at most {ENTRIES_MAX}", archive.len())));
    }
    let mut entries = BTreeMap::new();
    let mut ranges = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| malformed(error.to_string()))?;
        let name = entry.name().map_err(|error| malformed(error.to_string()))?.into_owned();
        check_entry(&name, entry.compression(), entry.compressed_size() == entry.size()).map_err(refused)?;
        let start = entry.data_start();
        let end = start.and_then(|start| start.checked_add(entry.size()));
        match (start, end) {
            (Some(start), Some(end)) if end <= file.length() => {
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
fn read_legacy(file: &WeightsFile) -> Result<Parts> {
    let malformed = |what: &str| Error::malformed(file.path(), FORMAT, what);
    let mut at = MAGIC.len() as u64;
    for _ in ["version", "machine"] {
        at += pickle_at(file, at)?.length() as u64;
    }
    let pickle = pickle_at(file, at)?;
    at += pickle.length() as u64;
    let stored = tensors(&pickle).map_err(fault(file.path()))?;
    at += pickle_at(file, at)?.length() as u64;
    let sizes: BTreeMap<&str, usize> =
        stored.iter().map(|tensor| (tensor.storage.key.as_str(), stored_bytes(tensor.storage.dtype))).collect();
    // The keys follow in sorted order, as their list above says; every storage belongs to some tensor.
    let mut storages = BTreeMap::new();
    for (key, size) in sizes {
        let count = file.read_up_to(at, 8)?;
        let count = count.first_chunk::<8>().ok_or_else(|| malformed("the data end"))?;
        let start = at + 8;
        let length = u64::try_from(i64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(size as u64));
        let end = length.and_then(|length| start.checked_add(length)).filter(|end| *end <= file.length());
        at = end.ok_or_else(|| malformed("the data end"))?;
        storages.insert(key.to_owned(), StorageRange { range: start..at, crc32: None });
    }
    match file.length() - at {
        0 => Ok((stored, storages)),
        rest => Err(malformed(&format!("{rest} bytes after the last tensor"))),
    }
}

/// Bytes that nearly every pickle of a model fits into.
const PICKLE_BYTES: usize = 1 << 20;

/// The pickle that begins at a place of the file.
fn pickle_at(file: &WeightsFile, at: u64) -> Result<Pickle> {
    if let Ok(pickle) = Pickle::read(&file.read_up_to(at, PICKLE_BYTES)?) {
        return Ok(pickle);
    }
    Pickle::read(&file.read_up_to(at, PICKLE_BYTES_MAX)?).map_err(fault(file.path()))
}
