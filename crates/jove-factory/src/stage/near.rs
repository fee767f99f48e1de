//! Near-duplicates: documents that share a band of their signatures are compared, and each that is similar enough to an earlier one
//! that is kept is removed.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::path::PathBuf;

use jove_files::PositionedFile;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::finding::Finding;
use crate::bits::Bits;
use crate::error::{Error, Result};
use crate::minhash::{BINS, Signature, bands, similarity};
use crate::segment::{entries, signatures};
use crate::sort::{Sorted, Sorter, number, record};
use crate::work::RecordReader;

/// A document in a bucket is compared with this many before it, and with the first: buckets may be as large as the corpus.
const NEIGHBOURS: usize = 8;
/// Pairs that are compared at once.
const PAIRS: usize = 1 << 16;

/// The near-duplicates of a corpus.
pub(super) struct NearDuplicates {
    pub(super) removed: Bits,
    /// Pairs of documents that were compared.
    pub(super) compared: u64,
    /// Records of a removed document and the one that is kept in its place, in the order of the former.
    pairs: Option<(File, PathBuf)>,
}

impl NearDuplicates {
    /// Finds the near-duplicates among the documents that are no exact ones.
    pub(super) fn find(finding: &Finding<'_>, exact: &Bits) -> Result<Self> {
        let removed = Bits::with_len(finding.documents);
        if finding.context.recipe.duplicates.near >= 1.0 {
            return Ok(Self { removed, compared: 0, pairs: None });
        }
        let table = Signatures::gather(finding, exact)?;
        let candidates = candidates(finding, table.keys)?;
        let mut search = Search {
            finding,
            signatures: table.all,
            documents: table.documents,
            near: Self { removed, compared: 0, pairs: None },
        };
        search.run(candidates)?;
        Ok(search.near)
    }

    /// Records of a removed document and the one that is kept in its place.
    pub(super) fn pairs(&self) -> Result<impl Iterator<Item = Result<[u8; 16]>> + use<>> {
        let open = |(file, folder): &(File, PathBuf)| {
            let mut file = file.try_clone().map_err(Error::io(folder))?;
            file.rewind().map_err(Error::io(folder))?;
            Ok::<_, Error>(RecordReader::<16>::new(file, folder))
        };
        Ok(self.pairs.as_ref().map(open).transpose()?.into_iter().flatten())
    }
}

/// The signatures of the documents that are compared, one after another, with the numbers of the documents.
struct Signatures {
    all: PositionedFile,
    documents: PositionedFile,
    /// The keys of all bands, each with the place of the signature.
    keys: Sorter<16>,
}

impl Signatures {
    fn gather(finding: &Finding<'_>, exact: &Bits) -> Result<Self> {
        let folder = finding.context.work.folder();
        let file = || tempfile::tempfile_in(folder).map(BufWriter::new).map_err(Error::io(folder));
        let (mut kept, mut documents, mut keys) = (file()?, file()?, finding.sorter::<16>());
        let (mut document, mut place) = (0_u64, 0_u64);
        for segment in finding.segments {
            finding.context.check()?;
            let mut found = signatures(finding.context.work, &segment.part)?;
            for entry in entries(finding.context.work, &segment.part)? {
                let signature = if entry?.has_signature { found.next().transpose()? } else { None };
                if let Some(signature) = signature.filter(|_| !exact.get(document)) {
                    kept.write_all(&signature).map_err(Error::io(folder))?;
                    documents.write_all(&document.to_be_bytes()).map_err(Error::io(folder))?;
                    for key in bands(&signature) {
                        keys.push(record(&[&key.to_be_bytes(), &place.to_be_bytes()]))?;
                    }
                    place += 1;
                }
                document += 1;
            }
        }
        let whole = |file: BufWriter<File>| {
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
            file.and_then(PositionedFile::of).map_err(Error::io(folder))
        };
        Ok(Self { all: whole(kept)?, documents: whole(documents)?, keys })
    }
}

/// Pairs of a signature and an earlier one that share a band, in the order of the former.
fn candidates(finding: &Finding<'_>, keys: Sorter<16>) -> Result<Sorted<16>> {
    let mut pairs = finding.sorter::<16>();
    let mut bucket: (u64, Vec<u64>) = (0, Vec::new());
    let mut first = 0;
    for found in keys.sorted()? {
        let found = found?;
        let (key, place) = (number(&found, 0), number(&found, 8));
        if bucket.0 != key || bucket.1.is_empty() {
            bucket = (key, Vec::new());
            first = place;
        }
        let near = bucket.1.iter().rev().take(NEIGHBOURS).copied();
        let with_first = (bucket.1.len() > NEIGHBOURS).then_some(first);
        for earlier in near.chain(with_first) {
            pairs.push(record(&[&place.to_be_bytes(), &earlier.to_be_bytes()]))?;
        }
        if bucket.1.len() > NEIGHBOURS * 2 {
            bucket.1.drain(..NEIGHBOURS);
        }
        bucket.1.push(place);
    }
    pairs.sorted()
}

/// The comparison of candidates.
struct Search<'a> {
    finding: &'a Finding<'a>,
    signatures: PositionedFile,
    documents: PositionedFile,
    near: NearDuplicates,
}

impl Search<'_> {
    fn run(&mut self, candidates: Sorted<16>) -> Result<()> {
        let folder = self.finding.context.work.folder();
        let mut out = tempfile::tempfile_in(folder).map(BufWriter::new).map_err(Error::io(folder))?;
        let mut batch: Vec<(u64, u64)> = Vec::new();
        let mut before = None;
        for pair in candidates {
            let pair = pair?;
            // Pairs that share several bands come one after another.
            if before.replace(pair) != Some(pair) {
                batch.push((number(&pair, 0), number(&pair, 8)));
            }
            if batch.len() >= PAIRS {
                self.finding.context.check()?;
                self.compare(&std::mem::take(&mut batch), &mut out)?;
            }
        }
        self.compare(&batch, &mut out)?;
        let file = out.into_inner().map_err(|error| Error::io(folder)(error.into_error()))?;
        self.near.pairs = Some((file, folder.to_owned()));
        Ok(())
    }

    /// Compares pairs, and decides in their order: of a document with several similar ones, the earliest kept one counts.
    fn compare(&mut self, pairs: &[(u64, u64)], out: &mut impl std::io::Write) -> Result<()> {
        let folder = self.finding.context.work.folder();
        let similarities: Vec<f64> = self.finding.context.pool.install(|| {
            let one = |&(a, b): &(u64, u64)| Ok(similarity(&self.signature(a)?, &self.signature(b)?));
            pairs.par_iter().map(one).collect::<Result<_>>()
        })?;
        self.near.compared += pairs.len() as u64;
        let least = self.finding.context.recipe.duplicates.near;
        for (&(later, earlier), _) in pairs.iter().zip(&similarities).filter(|(_, found)| **found >= least) {
            let (later, earlier) = (self.document(later)?, self.document(earlier)?);
            if !self.near.removed.get(later) && !self.near.removed.get(earlier) {
                self.near.removed.set(later);
                let pair: [u8; 16] = record(&[&later.to_be_bytes(), &earlier.to_be_bytes()]);
                out.write_all(&pair).map_err(Error::io(folder))?;
            }
        }
        Ok(())
    }

    fn signature(&self, place: u64) -> Result<Signature> {
        self.read(&self.signatures, place * BINS as u64)
    }

    fn document(&self, place: u64) -> Result<u64> {
        self.read(&self.documents, place * 8).map(u64::from_be_bytes)
    }

    fn read<const N: usize>(&self, file: &PositionedFile, at: u64) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        file.read_exact_at(&mut bytes, at).map_err(Error::io(self.finding.context.work.folder()))?;
        Ok(bytes)
    }
}
