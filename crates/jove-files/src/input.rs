//! Reading what a user named.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, IsTerminal as _, Read as _};
use std::path::Path;

use crate::refused::Refused;

const NAME_A_FILE: &str = "name a file that ends";

/// Bytes without a line end after which a file is not taken for lines of text any more.
const LINE_SKIPPED_MAX: u64 = 1 << 30;

/// Opens a file that is read once from its beginning to its end: a regular file, a pipe, a terminal, or standard input
/// (`-`).
///
/// # Errors
/// Where it is a folder, a socket, or a device that never ends ([`Refused`]), or cannot be opened.
pub fn open_stream(path: &Path) -> io::Result<File> {
    if path == Path::new("-") {
        return standard_input();
    }
    let found = fs::metadata(path)?;
    if !found.is_file() && !is_pipe(&found) && path != Path::new("/dev/null") {
        let terminal = is_character_device(&found) && File::open(path)?.is_terminal();
        if !terminal {
            return Err(refused("a file, a pipe or - for standard input", &found));
        }
    }
    File::open(path)
}

/// Opens a regular file, one that may be read more than once.
///
/// # Errors
/// Where it is anything else ([`Refused`]), or cannot be opened.
pub fn open_file(path: &Path) -> io::Result<File> {
    let found = fs::metadata(path)?;
    if found.is_file() { File::open(path) } else { Err(refused("a regular file", &found)) }
}

/// Reads all of a file that should be small, a pipe and `-` included.
///
/// # Errors
/// As [`open_stream`], and where it holds more than `bytes_max` bytes.
pub fn read_small(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_stream(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Refused::error(
            format!("expected at most {bytes_max} bytes, found more"),
            "is this the right file?",
        ));
    }
    Ok(bytes)
}

/// [`read_small`] for text in UTF-8.
///
/// # Errors
/// As [`read_small`], and where the bytes are other than UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let bytes = read_small(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|error| {
        let error = error.utf8_error();
        let reason = format!("expected text in UTF-8, found other bytes after byte {}", error.valid_up_to());
        Refused::error(reason, "save the file in UTF-8")
    })
}

/// Reads past the end of the line, without keeping it.
///
/// # Errors
/// Where more than 1 GiB comes without a line end ([`Refused`]), or reading fails.
pub fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        if used == 0 || end.is_some() {
            input.consume(used);
            return Ok(());
        }
        input.consume(used);
        skipped += used as u64;
        if skipped > LINE_SKIPPED_MAX {
            let reason = "expected lines of text, found more than 1 GiB without a line end";
            return Err(Refused::error(reason, "is this a text file, with one text a line?"));
        }
    }
}

/// Whether a path is read as it comes and only once: standard input, a pipe, a terminal.
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-") || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn standard_input() -> io::Result<File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(File::from(handle))
}

#[cfg(unix)]
fn is_pipe(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

#[cfg(unix)]
fn is_character_device(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&found.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn is_character_device(_: &Metadata) -> bool {
    false
}

fn refused(expected: &str, found: &Metadata) -> io::Error {
    let what = match found {
        _ if found.is_dir() => "a folder",
        _ if is_pipe(found) => "a pipe, which cannot be read twice",
        _ if is_character_device(found) => "a device, which need not end",
        _ => "a socket or a disk",
    };
    Refused::error(format!("expected {expected}, found {what}"), NAME_A_FILE)
}
