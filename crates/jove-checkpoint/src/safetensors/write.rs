//! Writing safetensors, one tensor in memory at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use jove_core::Progress;
use jove_files::{Kind, Output};
use serde_json::{Map, Value, json};

use super::format::{CHECKSUM_KEY, FORMAT};
use crate::error::{Error, Result};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// Writes all tensors of `source` as 32-bit floats, sorted by name, with `metadata`. Equal tensors and metadata give
/// equal bytes. The file is written atomically (temporary sibling, fsync, rename).
///
/// # Resource usage
/// One tensor of the source is held in memory at a time.
///
/// # Errors
/// Where a tensor cannot be read, a name occurs twice, the file cannot be written, or the user interrupts
/// ([`Error::Interrupted`]).
pub fn write_tensor_file(
    path: &Path,
    source: &(impl TensorSource + ?Sized),
    metadata: &BTreeMap<String, String>,
    progress: &dyn Progress,
) -> Result<()> {
    let mut specs = source.specs();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut file = Output::create(path, Kind::ANY).map_err(Error::io(path))?;
    write_sorted_to(&mut file, path, &specs, |spec| source.get(&spec.name), metadata, progress)?;
    file.finish().map_err(Error::io(path))
}

/// Writes `specs`, sorted by name, with the values that `tensor` gives, into an open file; `path` is for messages.
pub(crate) fn write_sorted_to<'a>(
    file: &mut File,
    path: &Path,
    specs: &[TensorSpec],
    mut tensor: impl FnMut(&TensorSpec) -> Result<NamedTensor<'a>>,
    metadata: &BTreeMap<String, String>,
    progress: &dyn Progress,
) -> Result<()> {
    let io = || Error::io(path);
    let mut checksums = vec![0; specs.len()];
    let length = {
        let head = header(path, specs, metadata, &checksums)?;
        file.write_all(&head).map_err(io())?;
        head.len()
    };
    let mut out = BufWriter::with_capacity(1 << 20, &mut *file);
    for (spec, checksum) in specs.iter().zip(&mut checksums) {
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
        let tensor = tensor(spec)?;
        if tensor.shape != spec.shape {
            let reason = format!("tensor `{}`: expected shape {:?}, found {:?}", spec.name, spec.shape, tensor.shape);
            return Err(Error::malformed(path, FORMAT, reason));
        }
        tensor.check_length()?;
        let bytes: &[u8] = bytemuck::cast_slice(&tensor.data);
        *checksum = crc32c::crc32c(bytes);
        out.write_all(bytes).map_err(io())?;
        progress.advance(bytes.len() as u64);
    }
    out.flush().map_err(io())?;
    drop(out);
    // The sums have a fixed width, so the header keeps its length.
    let head = header(path, specs, metadata, &checksums)?;
    debug_assert_eq!(head.len(), length);
    file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&head)).map_err(io())
}

fn header(path: &Path, specs: &[TensorSpec], metadata: &BTreeMap<String, String>, sums: &[u32]) -> Result<Vec<u8>> {
    let sums = sums.iter().fold(String::new(), |mut text, sum| {
        let _ = write!(text, "{sum:08x}");
        text
    });
    let mut about: Map<String, Value> = metadata.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    about.insert(CHECKSUM_KEY.to_owned(), json!(sums));
    let mut text = format!("{{\"__metadata__\":{}", Value::Object(about));
    let mut offset = 0usize;
    for (index, spec) in specs.iter().enumerate() {
        if spec.name == "__metadata__" || index > 0 && specs[index - 1].name >= spec.name {
            return Err(Error::malformed(
                path,
                FORMAT,
                format!("tensor name `{}` occurs twice or is reserved", spec.name),
            ));
        }
        let bytes = spec.count().and_then(|count| count.checked_mul(4));
        let end = bytes.and_then(|bytes| offset.checked_add(bytes));
        let end = end.ok_or_else(|| Error::malformed(path, FORMAT, format!("tensor `{}` is too large", spec.name)))?;
        let entry = json!({"dtype": "F32", "shape": spec.shape, "data_offsets": [offset, end]});
        let _ = write!(text, ",{}:{entry}", json!(spec.name));
        offset = end;
    }
    text.push('}');
    // Padding keeps the data aligned for readers that map the file.
    while text.len() % 8 != 0 {
        text.push(' ');
    }
    let mut head = (text.len() as u64).to_le_bytes().to_vec();
    head.extend_from_slice(text.as_bytes());
    Ok(head)
}
