//! Files of weights, read by position: one may be cut short while it is read, which ends a process that maps it.

use std::io::{Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};

use jove_files::PositionedFile;

use crate::error::{Error, Result};
use crate::spec::Dtype;

/// Bytes read at a time; a multiple of the size of every number.
const CHUNK: usize = 1 << 20;

/// A file of weights with its path.
#[derive(Debug)]
pub(crate) struct WeightsFile {
    path: PathBuf,
    file: PositionedFile,
}

impl WeightsFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = PositionedFile::open(path).map_err(Error::io(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn length(&self) -> u64 {
        self.file.length()
    }

    /// The first bytes, at most `most` of them.
    pub(crate) fn head(&self, most: usize) -> Result<Vec<u8>> {
        self.read_up_to(0, most)
    }

    /// Bytes from `start` on, at most `most` of them; none where the file ends before.
    pub(crate) fn read_up_to(&self, start: u64, most: usize) -> Result<Vec<u8>> {
        let left = usize::try_from(self.length().saturating_sub(start)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(most)];
        self.fill(&mut bytes, start)?;
        Ok(bytes)
    }

    /// The numbers of type `dtype` in the bytes `wanted` of `range`, counted from its beginning; both lie in the file, and
    /// `wanted` begins and ends between numbers. All bytes of `range` pass through `seen`, in order, for a checksum.
    pub(crate) fn values(
        &self,
        range: &Range<u64>,
        wanted: &Range<usize>,
        dtype: Dtype,
        mut seen: impl FnMut(&[u8]),
    ) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(wanted.len() / dtype.size().unwrap_or(1));
        let mut chunk = vec![0; CHUNK.min((range.end - range.start) as usize)];
        let mut at = 0;
        while range.start + (at as u64) < range.end {
            let count = chunk.len().min((range.end - range.start) as usize - at);
            let bytes = &mut chunk[..count];
            self.fill(bytes, range.start + at as u64)?;
            seen(bytes);
            let (from, to) = (wanted.start.clamp(at, at + count), wanted.end.clamp(at, at + count));
            values.extend_from_slice(&dtype.decode(&bytes[from - at..to - at]));
            at += count;
        }
        Ok(values)
    }

    /// A reader of the whole file.
    pub(crate) fn reader(&self) -> impl Read + Seek + '_ {
        std::io::BufReader::new(self.file.reader())
    }

    fn fill(&self, bytes: &mut [u8], start: u64) -> Result<()> {
        self.file.read_exact_at(bytes, start).map_err(|error| {
            let cut = error.kind() == std::io::ErrorKind::UnexpectedEof;
            let error = if cut { std::io::Error::new(error.kind(), "cut short while it was read") } else { error };
            Error::Io { path: self.path.clone(), source: error }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, WeightsFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        std::fs::write(&path, bytes).unwrap();
        let file = WeightsFile::open(&path).unwrap();
        (folder, file)
    }

    #[test]
    fn values_are_those_of_the_wanted_bytes_across_chunks() {
        let numbers: Vec<f32> = (0..CHUNK / 2).map(|n| n as f32).collect();
        let bytes: Vec<u8> = [1, 2, 3].into_iter().chain(numbers.iter().flat_map(|n| n.to_le_bytes())).collect();
        let (_folder, file) = file(&bytes);
        let range = 3..bytes.len() as u64;
        for (from, to) in [(0, numbers.len()), (5, 5), (CHUNK / 4 - 1, CHUNK / 4 + 2), (7, CHUNK / 4)] {
            let mut seen = Vec::new();
            let wanted = 4 * from..4 * to;
            let values = file.values(&range, &wanted, Dtype::F32, |bytes| seen.extend_from_slice(bytes)).unwrap();
            assert!(values == numbers[from..to], "{from}..{to}");
            assert!(seen == bytes[3..], "{from}..{to}");
        }
    }

    #[test]
    fn a_file_cut_short_is_an_error_by_name() {
        let (folder, file) = file(&[0; 100]);
        std::fs::write(folder.path().join("weights"), [0; 40]).unwrap();
        let error = file.values(&(0..100), &(0..100), Dtype::F32, |_| {}).unwrap_err().to_string();
        assert!(error.ends_with("weights: cut short while it was read"), "{error}");
    }

    #[test]
    fn ends_are_respected() {
        let (_folder, file) = file(b"0123");
        assert_eq!(file.head(9).unwrap(), b"0123");
        assert_eq!(file.read_up_to(2, 1).unwrap(), b"2");
        assert_eq!(file.read_up_to(9, 1).unwrap(), b"");
    }
}
