//! Exact duplicates, near-duplicates and repeated paragraphs: what is to be removed, and how many copies what stays stands for.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::near::NearDuplicates;
use super::{Segment, StageContext};
use crate::bits::Bits;
use crate::error::Result;
use crate::reason::Reason;
use crate::segment::{entries, paragraphs};
use crate::sort::{Sorted, Sorter, number, record, small_number};
use crate::work::{RecordReader, RecordWriter};

/// Where the stage's results are: of each document a mark of one byte, the number of a [`Reason`] or 0; records of document and
/// copies; records of document and line.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    pub(crate) of_documents: PathBuf,
    pub(crate) copies: PathBuf,
    pub(crate) paragraphs: PathBuf,
    pub(crate) found: DuplicateCounts,
    pub(crate) part: String,
}

/// What the stage found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateCounts {
    /// Documents that equal an earlier one.
    pub exact: u64,
    /// Documents that are similar to an earlier one.
    pub near: u64,
    /// Pairs of documents that were compared.
    pub compared: u64,
    /// Paragraphs that occurred in an earlier document.
    pub paragraphs: u64,
}

/// Bytes of a record of a document and a number.
pub(crate) const DOCUMENT_NUMBER: usize = 12;

const ENDINGS: [&str; 3] = ["marks", "copies", "paragraphs"];

/// Finds the duplicates among the documents of all segments.
pub(crate) fn duplicates(context: &StageContext<'_>, segments: &[Segment]) -> Result<Marks> {
    let settings = &context.recipe.duplicates;
    let parts: Vec<&str> = segments.iter().map(|segment| segment.part.as_str()).collect();
    let key = context.work.key("duplicates", &(settings.exact, settings.near, settings.paragraphs, parts), &[]);
    let part = format!("duplicates/{}", key.as_str());
    let [marks, copies, paragraphs] = ENDINGS;
    let file = |ending| context.work.file(&part, ending);
    let (marks, copies, paragraphs) = (file(marks)?, file(copies)?, file(paragraphs)?);
    let finding = Finding { context, segments, documents: segments.iter().map(Segment::documents).sum() };
    let found = context.work.part(&part, &ENDINGS, || finding.find(&marks, &copies, &paragraphs))?;
    Ok(Marks { of_documents: marks, copies, paragraphs, found, part })
}

impl Finding<'_> {
    fn find(&self, marks: &Path, copies: &Path, paragraphs: &Path) -> Result<DuplicateCounts> {
        let progress = self.context.progress;
        progress.begin("find duplicates", None, "documents");
        let (exact, groups) = self.exact()?;
        let near = NearDuplicates::find(self, &exact)?;
        self.write_copies(copies, groups, &near)?;
        let is_gone = |document: u64| exact.get(document) || near.removed.get(document);
        let mut writer = RecordWriter::<1>::create(marks)?;
        for document in 0..self.documents {
            let near = if near.removed.get(document) { Reason::NearDuplicate.number() } else { 0 };
            writer.push(&[if exact.get(document) { Reason::ExactDuplicate.number() } else { near }])?;
        }
        writer.finish()?;
        let repeated = self.write_paragraphs(paragraphs, is_gone)?;
        progress.end();
        let (exact, gone) = (exact.count(), near.removed.count());
        Ok(DuplicateCounts { exact, near: gone, compared: near.compared, paragraphs: repeated })
    }

    /// Documents that equal an earlier one, and records of the first of each group with how many others there are.
    fn exact(&self) -> Result<(Bits, Sorted<DOCUMENT_NUMBER>)> {
        let mut sorter = self.sorter::<24>();
        let mut document = 0_u64;
        for segment in self.segments {
            self.context.check()?;
            for entry in entries(self.context.work, &segment.part)? {
                sorter.push(record(&[&entry?.exact.to_be_bytes(), &document.to_be_bytes()]))?;
                document += 1;
            }
        }
        let mut removed = Bits::with_len(self.documents);
        let mut groups = self.sorter::<DOCUMENT_NUMBER>();
        let mut first: Option<([u8; 24], u32)> = None;
        let is_on = self.context.recipe.duplicates.exact;
        for found in sorter.sorted()?.take(if is_on { usize::MAX } else { 0 }) {
            let found = found?;
            match &mut first {
                Some((start, others)) if start[..16] == found[..16] => {
                    removed.set(number(&found, 16));
                    *others = others.saturating_add(1);
                }
                _ => close(&mut groups, first.replace((found, 0)))?,
            }
        }
        close(&mut groups, first)?;
        Ok((removed, groups.sorted()?))
    }

    /// Writes how many other documents each kept one stands for, in the order of documents.
    fn write_copies(&self, path: &Path, groups: Sorted<DOCUMENT_NUMBER>, near: &NearDuplicates) -> Result<()> {
        let mut all = self.sorter::<DOCUMENT_NUMBER>();
        let mut pairs = near.pairs()?.peekable();
        let mut credit = |document: u64, copies: u32| -> Result<()> {
            all.push(record(&[&document.to_be_bytes(), &copies.to_be_bytes()]))
        };
        // Both are sorted by document: what a removed document stood for goes to the one that is kept in its place.
        for group in groups {
            let group = group?;
            let (document, others) = (number(&group, 0), small_number(&group, 8));
            while let Some(pair) = pairs.next_if(|pair| pair.as_ref().is_ok_and(|pair| number(pair, 0) < document)) {
                credit(number(&pair?, 8), 1)?;
            }
            match pairs.next_if(|pair| pair.as_ref().is_ok_and(|pair| number(pair, 0) == document)) {
                Some(pair) => credit(number(&pair?, 8), others.saturating_add(1))?,
                None => credit(document, others)?,
            }
        }
        for pair in pairs {
            credit(number(&pair?, 8), 1)?;
        }
        write_sums(path, all.sorted()?)
    }

    /// Writes the paragraphs that an earlier document has, in the order of documents; returns how many they are.
    fn write_paragraphs(&self, path: &Path, is_gone: impl Fn(u64) -> bool) -> Result<u64> {
        let mut sorter = self.sorter::<20>();
        let mut document = 0_u64;
        for segment in self.segments {
            self.context.check()?;
            let mut found = paragraphs(self.context.work, &segment.part)?;
            for entry in entries(self.context.work, &segment.part)? {
                for paragraph in found.by_ref().take(entry?.paragraphs as usize) {
                    let paragraph = paragraph?;
                    if !is_gone(document) {
                        sorter.push(record(&[&paragraph[..8], &document.to_be_bytes(), &paragraph[8..]]))?;
                    }
                }
                document += 1;
            }
        }
        let mut repeated = self.sorter::<DOCUMENT_NUMBER>();
        let (mut before, mut count) = (None, 0);
        for found in sorter.sorted()? {
            let found = found?;
            if before == Some(number(&found, 0)) {
                repeated.push(record(&[&found[8..]]))?;
                count += 1;
            }
            before = Some(number(&found, 0));
        }
        let mut writer = RecordWriter::create(path)?;
        for found in repeated.sorted()? {
            writer.push(&found?)?;
        }
        writer.finish().map(|()| count)
    }
}

/// Notes a group of equal documents, where it has more than one.
fn close(groups: &mut Sorter<DOCUMENT_NUMBER>, group: Option<([u8; 24], u32)>) -> Result<()> {
    match group {
        Some((first, others)) if others > 0 => groups.push(record(&[&first[16..], &others.to_be_bytes()])),
        _ => Ok(()),
    }
}

/// Writes sorted records of document and number, those of one document added up.
fn write_sums(path: &Path, sorted: Sorted<DOCUMENT_NUMBER>) -> Result<()> {
    let mut writer = RecordWriter::<DOCUMENT_NUMBER>::create(path)?;
    let mut sum: Option<(u64, u32)> = None;
    let mut write =
        |(document, count): (u64, u32)| writer.push(&record(&[&document.to_be_bytes(), &count.to_be_bytes()]));
    for found in sorted {
        let found = found?;
        let (document, count) = (number(&found, 0), small_number(&found, 8));
        sum = match sum {
            Some((same, before)) if same == document => Some((same, before.saturating_add(count))),
            other => {
                other.map_or(Ok(()), &mut write)?;
                Some((document, count))
            }
        };
    }
    sum.map_or(Ok(()), &mut write)?;
    writer.finish()
}

/// The numbers of a file of records of document and number, asked for in the order of documents.
pub(crate) struct Numbers {
    records: std::iter::Peekable<RecordReader<DOCUMENT_NUMBER>>,
}

impl Numbers {
    /// From document `first` on.
    pub(crate) fn open(path: &Path, first: u64) -> Result<Self> {
        let records = RecordReader::seek(path, |record| number(record, 0) >= first)?;
        Ok(Self { records: records.peekable() })
    }

    /// The numbers of a document.
    pub(crate) fn of(&mut self, document: u64) -> Result<Vec<u32>> {
        let mut numbers = Vec::new();
        while let Some(found) =
            self.records.next_if(|found| found.as_ref().map_or(true, |found| number(found, 0) <= document))
        {
            let found = found?;
            if number(&found, 0) == document {
                numbers.push(small_number(&found, 8));
            }
        }
        Ok(numbers)
    }
}
