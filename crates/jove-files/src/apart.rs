//! Outputs that are no inputs.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::destination::{followed, is_standard_output};
use crate::refused::Refused;

/// Checks that an output is none of the `others` that the same command reads or writes, under whatever name: another
/// spelling, a link, a second name of one file, or a file in one of the folders among them.
///
/// # Errors
/// [`Refused`] with the other's path.
pub fn check_apart<'a>(output: &Path, others: impl IntoIterator<Item = &'a Path>) -> io::Result<()> {
    for other in others {
        if is_same(output, other) || holds(other, output) {
            let reason = format!("not written: this command uses the same file as {}", other.display());
            return Err(Refused::error(reason, "choose another name for the output"));
        }
    }
    Ok(())
}

/// Checks that a folder that is replaced holds none of the inputs.
///
/// # Errors
/// [`Refused`] with the path of the input in it.
pub fn check_outside<'a>(folder: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> io::Result<()> {
    let Ok(folder) = fs::canonicalize(folder) else { return Ok(()) };
    for input in inputs {
        // Of a path that is only the beginning of names, as TensorFlow's are, the folder counts.
        let place = fs::canonicalize(input).or_else(|_| fs::canonicalize(parent(input)));
        if place.is_ok_and(|place| place.starts_with(&folder)) {
            let reason = format!("not replaced: the folder holds {}, which this command reads", input.display());
            return Err(Refused::error(reason, "choose another folder for the output"));
        }
    }
    Ok(())
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_same(a: &Path, b: &Path) -> bool {
    if is_standard_output(a) || is_standard_output(b) {
        return is_standard_output(a) && is_standard_output(b) && a != Path::new("-") && a == b;
    }
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(of_a), Ok(of_b)) => is_one(&of_a, &of_b).unwrap_or_else(|| place(a).is_some_and(|a| Some(a) == place(b))),
        (Err(_), Err(_)) => place(a).is_some_and(|a| Some(a) == place(b)),
        _ => false,
    }
}

/// Whether two regular files or folders are one; pipes and devices may be shared. `None` where the system does not number
/// files.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "other systems number no files")]
fn is_one(a: &Metadata, b: &Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Some((a.is_file() || a.is_dir()) && (a.dev(), a.ino()) == (b.dev(), b.ino()))
}

#[cfg(not(unix))]
fn is_one(_: &Metadata, _: &Metadata) -> Option<bool> {
    None
}

/// The one spelling of a path: of a file that is there, or of one to be made in a folder that is there.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(place) = fs::canonicalize(path) {
        return Some(place);
    }
    let path = followed(path).ok()?;
    Some(fs::canonicalize(parent(&path)).ok()?.join(path.file_name()?))
}

/// Whether `file` is one of the files of `folder`.
fn holds(folder: &Path, file: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    file.is_file() && entries.filter_map(Result::ok).any(|entry| is_same(&entry.path(), file))
}
