//! Writing what `torch.load` reads: an archive of a pickle and the tensors' values, one tensor in memory at a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use jove_core::Progress;
use jove_files::{Kind, Output};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::format::FORMAT;
use super::quiet::Quiet;
use crate::error::{Error, Result};
use crate::spec::TensorSpec;
use crate::tensor::TensorSource;

/// The folder of all entries; PyTorch accepts any name.
const FOLDER: &str = "archive";

/// A second name of a tensor; both share one storage, as tied weights do in PyTorch.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    /// The second name.
    pub(crate) name: String,
    /// The tensor that it is another name of.
    pub(crate) of: String,
}

/// Writes all tensors of `source` as PyTorch's `torch.save` would write a dictionary of them. The file is written
/// atomically (temporary sibling, fsync, rename).
///
/// # Resource usage
/// One tensor is held in memory at a time.
///
/// # Errors
/// Where a tensor cannot be read, the file cannot be written, or the user interrupts ([`Error::Interrupted`]).
pub fn write_torch_file(path: &Path, source: &(impl TensorSource + ?Sized), progress: &dyn Progress) -> Result<()> {
    let mut file = Output::create(path, Kind::ANY).map_err(Error::io(path))?;
    write_torch(&mut file, path, source, &[], progress)?;
    file.finish().map_err(Error::io(path))
}

/// Writes all tensors of `source`, in its order, then `aliases`, as an ordered dictionary of 32-bit floats.
pub(crate) fn write_torch(
    file: &mut File,
    path: &Path,
    source: &(impl TensorSource + ?Sized),
    aliases: &[Alias],
    progress: &dyn Progress,
) -> Result<()> {
    let failure = RefCell::new(None);
    let archive = ZipWriter::new(BufWriter::with_capacity(1 << 20, Quiet::new(file, &failure)));
    let written = write_entries(archive, path, source, aliases, &failure, progress);
    // What the disk said comes first: it is why anything after it failed.
    failure.into_inner().map_or(written, |error| Err(Error::Io { path: path.to_owned(), source: error }))
}

fn write_entries<W: Write + Seek>(
    mut archive: ZipWriter<W>,
    path: &Path,
    source: &(impl TensorSource + ?Sized),
    aliases: &[Alias],
    failure: &RefCell<Option<io::Error>>,
    progress: &dyn Progress,
) -> Result<()> {
    let zipped = |error: zip::result::ZipError| Error::Io { path: path.to_owned(), source: error.into() };
    let specs = source.specs();
    // Alignment lets PyTorch map the file; the fixed date makes equal tensors give equal bytes.
    let plain = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .with_alignment(64);
    for (name, text) in [("data.pkl", pickle(path, &specs, aliases)?), ("byteorder", b"little".to_vec())] {
        archive.start_file(format!("{FOLDER}/{name}"), plain).map_err(zipped)?;
        archive.write_all(&text).map_err(Error::io(path))?;
    }
    for (number, spec) in specs.iter().enumerate() {
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
        let tensor = source.get(&spec.name)?;
        tensor.check_length()?;
        let bytes: &[u8] = bytemuck::cast_slice(&tensor.data);
        let options = plain.large_file(bytes.len() >= u32::MAX as usize);
        archive.start_file(format!("{FOLDER}/data/{number}"), options).map_err(zipped)?;
        archive.write_all(bytes).map_err(Error::io(path))?;
        if failure.borrow().is_some() {
            break;
        }
        progress.advance(bytes.len() as u64);
    }
    archive.start_file(format!("{FOLDER}/version"), plain).map_err(zipped)?;
    archive.write_all(b"3\n").map_err(Error::io(path))?;
    archive.finish().map_err(zipped)?.flush().map_err(Error::io(path))
}

/// The pickle, protocol 2, of an ordered dictionary from names to tensors.
fn pickle(path: &Path, specs: &[TensorSpec], aliases: &[Alias]) -> Result<Vec<u8>> {
    let number_of: BTreeMap<&str, usize> =
        specs.iter().zip(0..).map(|(spec, number)| (spec.name.as_str(), number)).collect();
    let named = specs.iter().map(|spec| (&spec.name, &spec.name)).chain(aliases.iter().map(|a| (&a.name, &a.of)));
    let mut out = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    for (name, of) in named {
        let number = number_of.get(of.as_str()).copied();
        let number = number.ok_or_else(|| Error::NoTensor { path: path.to_owned(), name: of.clone() })?;
        text(&mut out, name);
        tensor(path, &mut out, number, &specs[number])?;
    }
    out.extend_from_slice(b"u.");
    Ok(out)
}

fn tensor(path: &Path, out: &mut Vec<u8>, number: usize, spec: &TensorSpec) -> Result<()> {
    let count = spec.count();
    let count = count.ok_or_else(|| Error::malformed(path, FORMAT, format!("tensor `{}` is too large", spec.name)))?;
    out.extend_from_slice(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    text(out, "storage");
    out.extend_from_slice(b"ctorch\nFloatStorage\n");
    text(out, &number.to_string());
    text(out, "cpu");
    whole(out, count);
    out.extend_from_slice(b"tQK\0(");
    for size in &spec.shape {
        whole(out, *size);
    }
    out.extend_from_slice(b"t(");
    let mut steps = vec![1; spec.shape.len()];
    for at in (1..steps.len()).rev() {
        steps[at - 1] = steps[at] * spec.shape[at];
    }
    for step in steps {
        whole(out, step);
    }
    // No gradient, no hooks.
    out.extend_from_slice(b"t\x89ccollections\nOrderedDict\n)RtR");
    Ok(())
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn whole(out: &mut Vec<u8>, value: usize) {
    if let Ok(value) = i32::try_from(value) {
        out.push(b'J');
        out.extend_from_slice(&value.to_le_bytes());
    } else {
        out.extend_from_slice(&[0x8a, 9]);
        out.extend_from_slice(&(value as u64).to_le_bytes());
        out.push(0);
    }
}
