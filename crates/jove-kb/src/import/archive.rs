//! Files in zip and tar archives. A path that goes on behind an archive, like `graph.zip/facts.tsv`, names one of them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use jove_core::Problem;
use zip::CompressionMethod;

use super::decompress::decompress;
use crate::error::{Error, Result};

/// Archives with more files than this are unpacked by their owners.
const MEMBERS_MAX: usize = 1000;

/// A file in an archive.
pub(super) struct Member {
    pub(super) archive: PathBuf,
    name: String,
}

/// The kind of archive that a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
}

/// The file in an archive that a path names, where it does.
pub(super) fn member(path: &Path) -> Option<Member> {
    if path.as_os_str() == "-" || std::fs::symlink_metadata(path).is_ok() {
        return None;
    }
    let archive = path.ancestors().skip(1).find(|above| above.is_file())?;
    let name = path.strip_prefix(archive).ok()?.to_str()?.to_owned();
    Some(Member { archive: archive.to_owned(), name })
}

/// The files of an archive as paths, in order of name; `None` where a path is no archive.
pub(crate) fn members(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Option<Vec<PathBuf>>> {
    let Some(kind) = kind(path)? else { return Ok(None) };
    let mut names = match kind {
        Kind::Zip => {
            let file = jove_files::open_file(path).map_err(Error::io(path))?;
            let archive =
                zip::ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(path, &error.to_string()))?;
            let names: Result<Vec<_>, _> =
                archive.file_names().map(|name| name.map(std::borrow::Cow::into_owned)).collect();
            let mut names = names.map_err(|error| damaged(path, &error.to_string()))?;
            names.retain(|name| !name.ends_with('/'));
            names
        }
        Kind::Tar => {
            let mut names = Vec::new();
            entries(path, |name, _, _| {
                names.push(name.to_owned());
                names.len() <= MEMBERS_MAX
            })?;
            names
        }
    };
    // A name that leads out of the archive would name another file of this machine.
    let leads_out = |name: &String| !Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if let Some(name) = names.iter().find(|name| leads_out(name)) {
        return Err(damaged(path, &format!("the name `{name}`")));
    }
    // What Macs put beside each file.
    names.retain(|name| !name.starts_with("__MACOSX/") && !name.rsplit('/').next().unwrap_or("").starts_with("._"));
    if names.len() > 1 {
        names.retain(|name| wanted(name));
    }
    names.sort();
    match names.len() {
        0 => Err(damaged(path, "none with the format's ending")),
        1..=MEMBERS_MAX => Ok(Some(names.into_iter().map(|name| path.join(name)).collect())),
        _ => Err(damaged(path, &format!("more than {MEMBERS_MAX} files; unpack it and give the folder"))),
    }
}

fn damaged(path: &Path, found: &str) -> Error {
    Error::Source(Box::new(Problem::new(path, None, "an archive of files that can be read", found)))
}

/// What kind of archive a file is, by its first bytes, unpacked where it is a packed tar.
fn kind(path: &Path) -> Result<Option<Kind>> {
    if jove_files::is_stream(path) || !path.is_file() {
        return Ok(None);
    }
    let file = jove_files::open_file(path).map_err(Error::io(path))?;
    let mut input: Box<dyn BufRead> = Box::new(BufReader::new(file));
    if matches!(input.fill_buf().map_err(Error::io(path))?, [b'P', b'K', 3 | 5, 4 | 6, ..]) {
        return Ok(Some(Kind::Zip));
    }
    let mut head = Vec::new();
    // What cannot be unpacked says so when it is read.
    let unpacked = decompress(input, path)?.take(512).read_to_end(&mut head);
    let tar = unpacked.is_ok() && head.get(257..262) == Some(b"ustar");
    Ok(tar.then_some(Kind::Tar))
}

/// Gives name, place and length of every file in a tar archive to `visit`, until that says no.
fn entries(path: &Path, mut visit: impl FnMut(&str, u64, u64) -> bool) -> Result<()> {
    let file = jove_files::open_file(path).map_err(Error::io(path))?;
    let input = decompress(Box::new(BufReader::new(file)), path)?;
    let mut archive = tar::Archive::new(input);
    let wrong = |error: io::Error| damaged(path, &error.to_string());
    for entry in archive.entries().map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().map_err(wrong)?.to_string_lossy().into_owned();
        if !visit(name.trim_start_matches("./"), entry.raw_file_position(), entry.size()) {
            break;
        }
    }
    Ok(())
}

impl Member {
    /// Opens the file; `count` wraps what is read from the disk.
    pub(super) fn open<R: Read + 'static>(
        &self,
        file: File,
        count: impl FnOnce(File) -> R,
    ) -> Result<Box<dyn BufRead>> {
        match kind(&self.archive)? {
            Some(Kind::Zip) => self.open_zip(file, count),
            Some(Kind::Tar) => self.open_tar(file, count),
            None => Err(damaged(&self.archive, "a file that is no archive")),
        }
    }

    fn open_zip<R: Read + 'static>(&self, mut file: File, count: impl FnOnce(File) -> R) -> Result<Box<dyn BufRead>> {
        let again = jove_files::open_file(&self.archive).map_err(Error::io(&self.archive))?;
        let wrong = |error: zip::result::ZipError| damaged(&self.archive, &error.to_string());
        let mut archive = zip::ZipArchive::new(BufReader::new(again)).map_err(wrong)?;
        let index = archive.index_for_name(&self.name).ok_or_else(|| damaged(&self.archive, "none of this name"))?;
        let entry = archive.by_index_raw(index).map_err(wrong)?;
        if entry.encrypted() {
            return Err(damaged(&self.archive, "an encrypted file"));
        }
        let start = entry.data_start().ok_or_else(|| damaged(&self.archive, "a file without a place"))?;
        let (packed, size, crc, method) = (entry.compressed_size(), entry.size(), entry.crc32(), entry.compression());
        file.seek(SeekFrom::Start(start)).map_err(Error::io(&self.archive))?;
        let raw = BufReader::new(count(file).take(packed));
        let content: Box<dyn Read> = match method {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::Deflated => Box::new(flate2::bufread::DeflateDecoder::new(raw)),
            other => return Err(damaged(&self.archive, &format!("a file packed by {other}; unpack it: unzip FILE"))),
        };
        let checked = Checked { inner: content, hasher: crc32fast::Hasher::new(), left: size, crc };
        Ok(Box::new(BufReader::new(checked)))
    }

    fn open_tar<R: Read + 'static>(&self, file: File, count: impl FnOnce(File) -> R) -> Result<Box<dyn BufRead>> {
        let mut place = None;
        entries(&self.archive, |name, start, size| {
            if name == self.name {
                place = Some((start, size));
            }
            place.is_none()
        })?;
        let (start, size) = place.ok_or_else(|| damaged(&self.archive, "none of this name"))?;
        let mut input = decompress(Box::new(BufReader::new(count(file))), &self.archive)?;
        io::copy(&mut input.by_ref().take(start), &mut io::sink()).map_err(Error::io(&self.archive))?;
        Ok(Box::new(BufReader::new(Whole { inner: input, left: size })))
    }
}

/// The content of a file of a zip archive, which ends where the archive says, with the sum it says.
struct Checked {
    inner: Box<dyn Read>,
    hasher: crc32fast::Hasher,
    left: u64,
    crc: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| other("more than the archive says"))?;
        let damaged = read == 0 && !buffer.is_empty() && (self.left > 0 || self.hasher.clone().finalize() != self.crc);
        if damaged { Err(other("content that differs from its checksum")) } else { Ok(read) }
    }
}

/// The content of a file of a tar archive.
struct Whole {
    inner: Box<dyn BufRead>,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..len])?;
        if read == 0 && len > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "an archive that is cut short"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn other(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
