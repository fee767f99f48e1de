//! Where an output really goes.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::kind::Kind;
use crate::refused::Refused;

const OTHER_NAME: &str = "choose another name, or move that file away first";
const NAME_A_FILE: &str = "name a file; a folder must be there already, and is not replaced by one";

/// Links that may lead from one to the next.
const LINKS_MAX: usize = 40;

/// Where bytes go that are written to a path.
pub(crate) enum Destination {
    /// A regular file that is replaced, or made; no link any more.
    Regular(PathBuf),
    /// Something that takes bytes one after another.
    Stream(File),
}

impl Destination {
    /// Follows links and looks at what is there.
    pub(crate) fn find(path: &Path, kind: Kind) -> io::Result<Self> {
        if is_standard_output(path) {
            return Ok(Self::Stream(standard_output()?));
        }
        match fs::metadata(path) {
            Ok(found) if found.is_file() && is_descriptor(path) => {
                OpenOptions::new().append(true).open(path).map(Self::Stream)
            }
            Ok(found) if found.is_file() => regular(path, kind).map(Self::Regular),
            Ok(found) if takes_bytes(&found) => OpenOptions::new().write(true).open(path).map(Self::Stream),
            Ok(found) => Err(not_a_file(&found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => followed(path).map(Self::Regular),
            Err(error) => Err(error),
        }
    }
}

/// Checks that something of this kind may be written to a path, without opening it.
///
/// # Errors
/// As [`crate::Output::create`].
pub fn check_output(path: &Path, kind: Kind) -> io::Result<()> {
    match fs::metadata(path) {
        _ if is_standard_output(path) => Ok(()),
        Ok(found) if found.is_file() && !is_descriptor(path) => regular(path, kind).map(drop),
        Ok(found) if !found.is_file() && !takes_bytes(&found) => Err(not_a_file(&found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => followed(path).map(drop),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The regular file that a path leads to, which may be replaced or made; for what cannot be written as a stream.
///
/// # Errors
/// Where a folder, a pipe, a device, or a file of another kind is there, or it cannot be looked at.
pub fn replaceable(path: &Path, kind: Kind) -> io::Result<PathBuf> {
    let stream = |what: &str| {
        let reason = format!("expected a regular file, found {what}: {} is not written in one go", kind.name);
        Refused::error(reason, NAME_A_FILE)
    };
    if is_standard_output(path) {
        return Err(stream("standard output"));
    }
    match fs::metadata(path) {
        Ok(found) if found.is_file() => regular(path, kind),
        Ok(found) if found.is_dir() => Err(not_a_file(&found)),
        Ok(_) => Err(stream("a pipe or a device")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => followed(path),
        Err(error) => Err(error),
    }
}

/// Whether a path names standard output: `-`, or one of the system's names for it.
pub fn is_standard_output(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

/// Standard output as a file of its own, whatever it is.
fn standard_output() -> io::Result<File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
    Ok(File::from(handle))
}

/// Whether a path is a name for an open file, such as `/dev/fd/63`: what another program opened is added to.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/dev/fd") || path.starts_with("/proc") || path == Path::new("/dev/stderr")
}

fn regular(path: &Path, kind: Kind) -> io::Result<PathBuf> {
    if !kind.is(path)? {
        let reason = format!("not replaced: expected nothing there or {}, found another file", kind.name);
        return Err(Refused::error(reason, OTHER_NAME));
    }
    fs::canonicalize(path)
}

#[cfg(unix)]
fn takes_bytes(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_fifo() || found.file_type().is_char_device()
}

#[cfg(not(unix))]
fn takes_bytes(_: &Metadata) -> bool {
    false
}

fn not_a_file(found: &Metadata) -> io::Error {
    let what = if found.is_dir() { "a folder" } else { "a socket or a disk" };
    Refused::error(format!("expected a file to write, found {what}"), NAME_A_FILE)
}

/// Where a path that leads to nothing would be made: a link's target, not the link.
pub(crate) fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) if path.file_name().is_none() => break,
            Err(_) => return Ok(path),
        }
    }
    Err(Refused::error("expected the name of a file to write, found none", NAME_A_FILE))
}
