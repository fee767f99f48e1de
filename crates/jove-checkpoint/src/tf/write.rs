//! Writing a bundle, byte for byte as TensorFlow's `SaveV2` does, one tensor in memory at a time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use jove_core::Progress;

use super::checksum::{FORMAT, masked};
use super::proto::{Entry, HEADER};
use super::table::TableWriter;
use crate::error::{Error, Result};
use crate::tensor::TensorSource;

/// TensorFlow's number of 32-bit floats.
const FLOAT: u64 = 1;

/// Writes `PREFIX.data-00000-of-00001` and `PREFIX.index` into `folder`, where neither may exist.
///
/// # Resource usage
/// One tensor and the whole index are held in memory.
///
/// # Errors
/// Where a tensor cannot be read, a file exists or cannot be written, or the user interrupts ([`Error::Interrupted`]).
pub fn write_tf_bundle(
    folder: &Path,
    prefix: &str,
    source: &(impl TensorSource + ?Sized),
    progress: &dyn Progress,
) -> Result<()> {
    let mut specs = source.specs();
    specs.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    let path = folder.join(format!("{prefix}.data-00000-of-00001"));
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(&path).map_err(Error::io(&path))?);
    let mut table = TableWriter::default();
    table.add(b"", &HEADER);
    let (mut offset, mut last) = (0, None);
    for spec in &specs {
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
        if spec.name.is_empty() || last == Some(&spec.name) {
            return Err(Error::malformed(&path, FORMAT, format!("tensor name `{}` cannot be used", spec.name)));
        }
        last = Some(&spec.name);
        let tensor = source.get(&spec.name)?;
        tensor.check_length()?;
        let bytes: &[u8] = bytemuck::cast_slice(&tensor.data);
        out.write_all(bytes).map_err(Error::io(&path))?;
        let shape = tensor.shape.iter().map(|size| *size as u64).collect();
        let (size, crc32c) = (bytes.len() as u64, masked(crc32c::crc32c(bytes)));
        let entry = Entry { dtype: FLOAT, shape, shard: 0, offset, size, crc32c, sliced: false };
        table.add(spec.name.as_bytes(), &entry.encode());
        offset += size;
        progress.advance(size);
    }
    out.flush().and_then(|()| out.get_ref().sync_all()).map_err(Error::io(&path))?;
    let path = folder.join(format!("{prefix}.index"));
    let mut index = File::create_new(&path).map_err(Error::io(&path))?;
    index.write_all(&table.finish()).and_then(|()| index.sync_all()).map_err(Error::io(&path))
}
