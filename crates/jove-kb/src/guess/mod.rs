//! What a file or folder of somebody's graph is, and how to read it.
//!
//! The first megabyte decides on a layout; then that sample is built into a base of its own, so that what is said of the graph is
//! what the importers take from it.

mod described;
mod file;
mod folder;
mod found;
mod head;
mod layout;
mod sample;
mod table;
mod words;

use std::path::Path;

use crate::error::Result;

pub use described::{Guess, Relation, Sample};

/// Finds out how to read a graph. What can't be known from the file is asked, in [`Guess::questions`].
///
/// # Errors
/// Where nothing that is read could be found: the error says what the file seems to be, and the nearest way.
pub fn guess(path: &Path) -> Result<Guess> {
    if path.is_dir() {
        return folder::guess(path);
    }
    file::guess(path, path)
}
