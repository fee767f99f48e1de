//! Sorting facts as numbers, which takes a fraction of what sorting them as bytes takes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::sorter::READ_BUFFER;

/// Bytes of a fact in a file.
const FACT_BYTES: usize = 14;

/// A fact of a source: subject, predicate, object and source in one number, so that the order of numbers is the order
/// of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FactRow(u128);

impl FactRow {
    pub(crate) fn new(subject: u32, predicate: u32, object: u32, source: u16) -> Self {
        Self(u128::from(subject) << 80 | u128::from(predicate) << 48 | u128::from(object) << 16 | u128::from(source))
    }

    pub(crate) fn subject(self) -> u32 {
        (self.0 >> 80) as u32
    }

    pub(crate) fn predicate(self) -> u32 {
        (self.0 >> 48) as u32
    }

    pub(crate) fn object(self) -> u32 {
        (self.0 >> 16) as u32
    }

    pub(crate) fn source(self) -> u16 {
        self.0 as u16
    }

    /// The row without its source: the fact itself.
    pub(crate) fn fact(self) -> u128 {
        self.0 >> 16
    }

    fn bytes(self) -> [u8; FACT_BYTES] {
        *self.0.to_be_bytes().last_chunk().expect("16 bytes end with 14")
    }

    /// The next row of a run; `None` at its end.
    fn read(run: &mut impl Read) -> io::Result<Option<Self>> {
        let mut bytes = [0; 16];
        match run.read_exact(&mut bytes[16 - FACT_BYTES..]) {
            Ok(()) => Ok(Some(Self(u128::from_be_bytes(bytes)))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Sorts facts, spilling sorted runs to unnamed files.
pub(crate) struct FactSorter {
    folder: PathBuf,
    room: usize,
    facts: Vec<FactRow>,
    runs: Vec<File>,
}

impl FactSorter {
    /// A sorter that holds about `memory` bytes and spills to `folder`.
    pub(crate) fn new(folder: &Path, memory: usize) -> Self {
        let room = (memory / size_of::<FactRow>()).max(1);
        Self { folder: folder.to_owned(), room, facts: Vec::new(), runs: Vec::new() }
    }

    /// Adds a fact.
    pub(crate) fn push(&mut self, fact: FactRow) -> io::Result<()> {
        if self.facts.len() == self.room {
            self.spill()?;
        }
        self.facts.push(fact);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.facts.sort_unstable();
        let mut out = BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(&self.folder)?);
        for fact in self.facts.drain(..) {
            out.write_all(&fact.bytes())?;
        }
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.runs.push(file);
        Ok(())
    }

    /// Gives every fact to `take`, in any order.
    pub(crate) fn drain(self, mut take: impl FnMut(FactRow) -> io::Result<()>) -> io::Result<()> {
        for file in self.runs {
            let mut run = BufReader::with_capacity(1 << 18, file);
            while let Some(fact) = FactRow::read(&mut run)? {
                take(fact)?;
            }
        }
        self.facts.into_iter().try_for_each(take)
    }

    /// The facts in order.
    pub(crate) fn finish(mut self) -> io::Result<SortedFacts> {
        if !self.runs.is_empty() && !self.facts.is_empty() {
            self.spill()?;
            self.facts = Vec::new();
        }
        self.facts.sort_unstable();
        let mut runs: Vec<_> = self.runs.drain(..).map(|file| BufReader::with_capacity(READ_BUFFER, file)).collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            if let Some(fact) = FactRow::read(run)? {
                heads.push(Reverse((fact, index)));
            }
        }
        Ok(SortedFacts { facts: self.facts.into_iter(), runs, heads })
    }
}

/// Sorted facts, one at a time.
pub(crate) struct SortedFacts {
    facts: std::vec::IntoIter<FactRow>,
    runs: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<(FactRow, usize)>>,
}

impl SortedFacts {
    /// The next fact; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<FactRow>> {
        if self.runs.is_empty() {
            return Ok(self.facts.next());
        }
        let Some(mut top) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((fact, run)) = *top;
        match FactRow::read(&mut self.runs[run])? {
            Some(next) => *top = Reverse((next, run)),
            None => {
                std::collections::binary_heap::PeekMut::pop(top);
            }
        }
        Ok(Some(fact))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn facts_are_sorted_as_their_columns_are(
            rows in prop::collection::vec((any::<u32>(), 0..3_u32, any::<u32>(), any::<u16>()), 0..60),
        ) {
            let mut expected = rows.clone();
            expected.sort_unstable();
            for memory in [64, 1 << 16] {
                let fill = || {
                    let mut sorter = FactSorter::new(&std::env::temp_dir(), memory);
                    for &(s, p, o, source) in &rows {
                        sorter.push(FactRow::new(s, p, o, source)).unwrap();
                    }
                    sorter
                };
                let columns = |f: FactRow| (f.subject(), f.predicate(), f.object(), f.source());
                let mut sorted = fill().finish().unwrap();
                let mut found = Vec::new();
                while let Some(fact) = sorted.next().unwrap() {
                    found.push(columns(fact));
                }
                prop_assert_eq!(&found, &expected);
                let mut drained = Vec::new();
                fill().drain(|fact| { drained.push(columns(fact)); Ok(()) }).unwrap();
                drained.sort_unstable();
                prop_assert_eq!(&drained, &expected);
            }
        }
    }
}
