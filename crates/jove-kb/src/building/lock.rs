//! Files next to a knowledge base while it is built.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The path of a hidden file next to the knowledge base.
pub(super) fn hidden_path(out: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(suffix);
    out.with_file_name(name)
}

/// Locks out other builds of the same knowledge base until dropped, also when this process is killed.
pub(super) fn lock(out: &Path) -> Result<File> {
    let path = hidden_path(out, ".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy { path: out.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::io(&path)(error)),
    }
}
