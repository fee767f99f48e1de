//! Sorting more records than memory holds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rayon::slice::ParallelSliceMut as _;

use crate::error::{Error, Result};

/// Files that are merged at once.
const RUNS_MAX: usize = 128;

/// Sorts records of `N` bytes by their bytes: numbers in them are written with the highest byte first.
///
/// # Resource usage
/// The memory that it is made with, while records come; then 64 KiB for each sorted file. The files are nameless and are gone with
/// the process, however it ends.
pub(crate) struct Sorter<const N: usize> {
    folder: PathBuf,
    buffer: Vec<[u8; N]>,
    capacity: usize,
    runs: Vec<File>,
}

impl<const N: usize> Sorter<N> {
    /// A sorter with files in `folder`, which takes about this much memory.
    pub(crate) fn new(folder: &Path, bytes: usize) -> Self {
        Self { folder: folder.to_owned(), buffer: Vec::new(), capacity: (bytes / N).max(1), runs: Vec::new() }
    }

    pub(crate) fn push(&mut self, record: [u8; N]) -> Result<()> {
        self.buffer.push(record);
        if self.buffer.len() >= self.capacity { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<()> {
        self.buffer.par_sort_unstable();
        let run = write_run(&self.folder, self.buffer.drain(..).map(Ok)).map_err(Error::io(&self.folder))?;
        self.runs.push(run);
        if self.runs.len() == RUNS_MAX {
            let merged = Merged::<N>::new(std::mem::take(&mut self.runs)).map_err(Error::io(&self.folder))?;
            self.runs.push(write_run(&self.folder, merged).map_err(Error::io(&self.folder))?);
        }
        Ok(())
    }

    /// All records in order.
    pub(crate) fn sorted(mut self) -> Result<Sorted<N>> {
        if self.runs.is_empty() {
            self.buffer.par_sort_unstable();
            return Ok(Sorted::Memory(self.buffer.into_iter()));
        }
        self.spill()?;
        let folder = self.folder;
        let merged = Merged::new(self.runs).map_err(Error::io(&folder))?;
        Ok(Sorted::Files(merged, folder))
    }
}

/// Records in order.
pub(crate) enum Sorted<const N: usize> {
    Memory(std::vec::IntoIter<[u8; N]>),
    Files(Merged<N>, PathBuf),
}

impl<const N: usize> Iterator for Sorted<N> {
    type Item = Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Memory(records) => records.next().map(Ok),
            Self::Files(merged, folder) => Some(merged.next()?.map_err(Error::io(folder))),
        }
    }
}

fn write_run<const N: usize>(folder: &Path, records: impl Iterator<Item = io::Result<[u8; N]>>) -> io::Result<File> {
    let mut run = BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(folder)?);
    for record in records {
        run.write_all(&record?)?;
    }
    let mut file = run.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// The records of sorted files, merged.
pub(crate) struct Merged<const N: usize> {
    runs: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<([u8; N], usize)>>,
}

impl<const N: usize> Merged<N> {
    fn new(files: Vec<File>) -> io::Result<Self> {
        let runs = files.into_iter().map(|file| BufReader::with_capacity(1 << 16, file)).collect();
        let mut merged = Self { runs, heads: BinaryHeap::new() };
        for run in 0..merged.runs.len() {
            merged.refill(run)?;
        }
        Ok(merged)
    }

    fn refill(&mut self, run: usize) -> io::Result<()> {
        let mut record = [0; N];
        match self.runs[run].read_exact(&mut record) {
            Ok(()) => self.heads.push(Reverse((record, run))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl<const N: usize> Iterator for Merged<N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((record, run)) = self.heads.pop()?;
        Some(self.refill(run).map(|()| record))
    }
}

/// Joins numbers to a record, the highest byte of each first.
pub(crate) fn record<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut record = [0; N];
    let mut at = 0;
    for part in parts {
        record[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    record
}

/// The number of eight bytes from `at` on.
pub(crate) fn number(record: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|byte| record[at + byte]))
}

/// The number of four bytes from `at` on.
pub(crate) fn small_number(record: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|byte| record[at + byte]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(numbers: &[u64], bytes: usize) -> Vec<u64> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::<8>::new(folder.path(), bytes);
        for number in numbers {
            sorter.push(number.to_be_bytes()).unwrap();
        }
        sorter.sorted().unwrap().map(|record| number(&record.unwrap(), 0)).collect()
    }

    proptest! {
        #[test]
        fn any_memory_gives_the_same_order(mut numbers in proptest::collection::vec(0_u64..50, 0..300), bytes in 1_usize..600) {
            let found = sorted(&numbers, bytes);
            numbers.sort_unstable();
            prop_assert_eq!(found, numbers);
        }
    }

    #[test]
    fn more_runs_than_are_merged_at_once() {
        let numbers: Vec<u64> = (0..1000).rev().collect();
        assert_eq!(sorted(&numbers, 8), (0..1000).collect::<Vec<u64>>());
    }

    #[test]
    fn records_hold_numbers() {
        let joined: [u8; 12] = record(&[&7_u64.to_be_bytes(), &9_u32.to_be_bytes()]);
        assert_eq!((number(&joined, 0), small_number(&joined, 8)), (7, 9));
    }
}
