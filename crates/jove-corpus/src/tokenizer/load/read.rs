//! Reading a file of a tokenizer.

use std::io::Read as _;
use std::path::Path;

use crate::error::{Error, Result};

/// XLM-R's files have 5 and 9 MB; a file far above that is not a vocabulary.
const BYTES_MAX: u64 = 256 << 20;

/// Reads a file of at most 256 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let file = jove_files::open_file(path).map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::malformed(path, format!("at most {BYTES_MAX} bytes"), "more"));
    }
    Ok(bytes)
}
