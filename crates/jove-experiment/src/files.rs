//! Reading and writing the small files of stages and results.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Stage;
use crate::error::{Error, Result};

/// The files below a path, sorted; the path itself if it is a file.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let meta = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
    if !meta.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = std::fs::read_dir(path).map_err(|source| Error::io("read", path, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("read", path, source))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            files.extend(files_below(&entry.path())?);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes one JSON value a line.
pub(crate) fn write_lines<T: Serialize>(path: &Path, values: impl IntoIterator<Item = T>) -> Result<u64> {
    let fail = |source| Error::io("write", path, source);
    let mut out = BufWriter::new(File::create(path).map_err(fail)?);
    let mut count = 0;
    for value in values {
        serde_json::to_writer(&mut out, &value).map_err(|error| fail(error.into()))?;
        out.write_all(b"\n").map_err(fail)?;
        count += 1;
    }
    out.into_inner().map_err(|error| fail(error.into_error()))?.sync_all().map_err(fail)?;
    Ok(count)
}

/// Reads one JSON value a line.
pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let fail = |source| Error::io("read", path, source);
    let file = BufReader::new(File::open(path).map_err(fail)?);
    file.lines().map(|line| serde_json::from_str(&line.map_err(fail)?).map_err(|error| fail(error.into()))).collect()
}

/// Writes one JSON value.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_lines(path, [value]).map(|_| ())
}

/// Reads one JSON value of a stage.
pub(crate) fn read_json<T: DeserializeOwned>(stage: &Stage, name: &str) -> Result<T> {
    let path = stage.file(name);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
    serde_json::from_str(&text).map_err(|error| Error::io("read", &path, error.into()))
}

/// Creates the folder of a file.
pub(crate) fn create_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))
}

/// Writes a text file atomically: a temporary sibling is written, synced and renamed.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<()> {
    write_bytes(path, text.as_bytes())
}

/// [`write_file`] for bytes.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|source| Error::io("write", path, source))
}
