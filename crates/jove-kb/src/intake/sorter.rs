//! Sorting more byte records than fit in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use super::rows::read_record;

/// Memory of one run's reader while merging, in bytes.
pub(crate) const READ_BUFFER: usize = 1 << 16;

/// Where a record lies; its first 16 bytes are kept at hand, so that most comparisons touch nothing else.
struct Slot {
    prefix: u128,
    start: u32,
    len: u32,
}

/// Sorts byte records in lexicographic order, spilling sorted runs to unnamed files.
pub(crate) struct Sorter {
    folder: PathBuf,
    memory: usize,
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    runs: Vec<File>,
}

impl Sorter {
    /// A sorter that holds about `memory` bytes and spills to `folder`.
    pub(crate) fn new(folder: &Path, memory: usize) -> Self {
        Self { folder: folder.to_owned(), memory, bytes: Vec::new(), slots: Vec::new(), runs: Vec::new() }
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let used = self.bytes.len() + self.slots.len() * size_of::<Slot>();
        let full = used + record.len() > self.memory || self.bytes.len() + record.len() > u32::MAX as usize;
        if full && !self.slots.is_empty() {
            self.spill()?;
        }
        let len = u32::try_from(record.len()).map_err(|_| io::Error::other("a record of more than 4 GiB"))?;
        let mut prefix = [0; 16];
        let head = record.len().min(16);
        prefix[..head].copy_from_slice(&record[..head]);
        self.slots.push(Slot { prefix: u128::from_be_bytes(prefix), start: self.bytes.len() as u32, len });
        self.bytes.extend_from_slice(record);
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let record = |slot: &Slot| &bytes[slot.start as usize..slot.start as usize + slot.len as usize];
        self.slots.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| record(a).cmp(record(b))));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut out = BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(&self.folder)?);
        for slot in self.slots.drain(..) {
            out.write_all(&slot.len.to_le_bytes())?;
            out.write_all(&self.bytes[slot.start as usize..slot.start as usize + slot.len as usize])?;
        }
        self.bytes.clear();
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.runs.push(file);
        Ok(())
    }

    /// Gives every record to `take`, in any order.
    pub(crate) fn drain(self, mut take: impl FnMut(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        let mut record = Vec::new();
        for file in self.runs {
            let mut run = BufReader::with_capacity(1 << 18, file);
            while read_record(&mut run, &mut record)? {
                take(&mut record)?;
            }
        }
        for slot in &self.slots {
            record.clear();
            record.extend_from_slice(&self.bytes[slot.start as usize..slot.start as usize + slot.len as usize]);
            take(&mut record)?;
        }
        Ok(())
    }

    /// The records in order.
    pub(crate) fn finish(mut self) -> io::Result<SortedRecords> {
        if !self.runs.is_empty() && !self.slots.is_empty() {
            self.spill()?;
            self.bytes = Vec::new();
            self.slots = Vec::new();
        }
        self.sort();
        let mut runs: Vec<_> = self.runs.drain(..).map(|file| BufReader::with_capacity(READ_BUFFER, file)).collect();
        let mut heap = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            let mut record = Vec::new();
            if read_record(run, &mut record)? {
                heap.push(Reverse((record, index)));
            }
        }
        Ok(SortedRecords { bytes: self.bytes, slots: self.slots, next: 0, runs, heap })
    }
}

/// Sorted records, one at a time.
pub(crate) struct SortedRecords {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    next: usize,
    runs: Vec<BufReader<File>>,
    heap: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl SortedRecords {
    /// Puts the next record into `record`; `false` at the end.
    pub(crate) fn next(&mut self, record: &mut Vec<u8>) -> io::Result<bool> {
        if self.runs.is_empty() {
            let Some(slot) = self.slots.get(self.next) else { return Ok(false) };
            self.next += 1;
            record.clear();
            record.extend_from_slice(&self.bytes[slot.start as usize..slot.start as usize + slot.len as usize]);
            return Ok(true);
        }
        let Some(mut top) = self.heap.peek_mut() else { return Ok(false) };
        let (head, index) = &mut top.0;
        std::mem::swap(record, head);
        if !read_record(&mut self.runs[*index], head)? {
            std::collections::binary_heap::PeekMut::pop(top);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(records: &[Vec<u8>], memory: usize) -> Vec<Vec<u8>> {
        let mut sorter = Sorter::new(&std::env::temp_dir(), memory);
        for record in records {
            sorter.push(record).unwrap();
        }
        let mut sorted = sorter.finish().unwrap();
        let mut out = Vec::new();
        let mut record = Vec::new();
        while sorted.next(&mut record).unwrap() {
            out.push(record.clone());
        }
        out
    }

    proptest! {
        #[test]
        fn spilling_never_changes_the_order(
            records in prop::collection::vec(prop::collection::vec(0..4_u8, 0..24), 0..60),
        ) {
            let mut expected = records.clone();
            expected.sort();
            prop_assert_eq!(&sorted(&records, 1 << 20), &expected);
            prop_assert_eq!(&sorted(&records, 200), &expected);
            let mut sorter = Sorter::new(&std::env::temp_dir(), 200);
            for record in &records {
                sorter.push(record).unwrap();
            }
            let mut drained = Vec::new();
            sorter.drain(|record| { drained.push(record.clone()); Ok(()) }).unwrap();
            drained.sort();
            prop_assert_eq!(drained, expected);
        }
    }
}
