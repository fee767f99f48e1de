//! Segments: the clean documents of a stretch of one input file, with what is known of each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use jove_corpus::DocumentLink;
use jove_files::{Kind, Output};
use serde::{Deserialize, Serialize};

use crate::clean::CleanDocument;
use crate::error::{Error, Result};
use crate::funnel::Counts;
use crate::minhash::{BINS, Fingerprint};
use crate::rejects::Reject;
use crate::work::{RecordReader, RecordWriter, Work};

/// Bytes of an entry of the index.
const ENTRY: usize = 31;
/// Bytes of a paragraph's record: its hash and its number among the lines.
const PARAGRAPH: usize = 12;

/// The files of a segment, by their endings.
pub(crate) const ENDINGS: [&str; 4] = ["documents", "index", "signatures", "paragraphs"];

/// What is known of a segment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SegmentInfo {
    /// Documents read and kept, and removed by reason.
    pub(crate) counts: Counts,
    /// Examples of what was removed.
    pub(crate) rejects: Vec<Reject>,
    /// Languages and domains, by the numbers in the index.
    pub(crate) langs: Vec<String>,
    pub(crate) domains: Vec<String>,
    /// Whether the file ends here.
    pub(crate) is_last: bool,
}

/// What is known of a document without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) exact: u128,
    /// Bytes of its text.
    pub(crate) bytes: u32,
    /// Its language and domain, by number in the segment.
    pub(crate) lang: u16,
    pub(crate) domain: u16,
    /// The confidence of its language, in thousandths; beyond 1000 where the language was given.
    pub(crate) confidence: u16,
    pub(crate) has_signature: bool,
    pub(crate) paragraphs: u32,
}

impl Entry {
    fn to_bytes(&self) -> [u8; ENTRY] {
        let parts: [&[u8]; 7] = [
            &self.exact.to_be_bytes(),
            &self.bytes.to_be_bytes(),
            &self.lang.to_be_bytes(),
            &self.domain.to_be_bytes(),
            &self.confidence.to_be_bytes(),
            &[u8::from(self.has_signature)],
            &self.paragraphs.to_be_bytes(),
        ];
        let mut record = [0; ENTRY];
        let joined = parts.concat();
        record[..joined.len()].copy_from_slice(&joined);
        record
    }

    fn of_bytes(record: &[u8; ENTRY]) -> Self {
        let pair = |at: usize| u16::from_be_bytes([record[at], record[at + 1]]);
        let four = |at: usize| u32::from_be_bytes(std::array::from_fn(|byte| record[at + byte]));
        Self {
            exact: u128::from_be_bytes(std::array::from_fn(|byte| record[byte])),
            bytes: four(16),
            lang: pair(20),
            domain: pair(22),
            confidence: pair(24),
            has_signature: record[26] == 1,
            paragraphs: four(27),
        }
    }
}

/// A clean document with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Examined {
    pub(crate) clean: CleanDocument,
    pub(crate) place: u64,
    pub(crate) fingerprint: Fingerprint,
    /// Hashes of its longer paragraphs with the numbers of their lines.
    pub(crate) paragraphs: Vec<(u64, u32)>,
    pub(crate) lang: String,
    pub(crate) confidence: u16,
    pub(crate) domain: String,
}

/// Numbers names in the order of their first use.
#[derive(Default)]
struct Names {
    numbers: BTreeMap<String, u16>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // Beyond, names share the last number; there are fewer languages and domains than that.
        let number = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }
}

/// A segment that is being written.
pub(crate) struct SegmentWriter {
    part: String,
    documents: std::io::BufWriter<Output>,
    index: RecordWriter<ENTRY>,
    signatures: RecordWriter<BINS>,
    paragraphs: RecordWriter<PARAGRAPH>,
    langs: Names,
    domains: Names,
}

impl SegmentWriter {
    pub(crate) fn create(work: &Work, part: &str) -> Result<Self> {
        let [documents, index, signatures, paragraphs] = ENDINGS;
        let path = work.file(part, documents)?;
        let output = Output::create(&path, Kind::ANY).map_err(Error::io(&path))?;
        Ok(Self {
            part: part.to_owned(),
            documents: std::io::BufWriter::with_capacity(1 << 16, output),
            index: RecordWriter::create(&work.file(part, index)?)?,
            signatures: RecordWriter::create(&work.file(part, signatures)?)?,
            paragraphs: RecordWriter::create(&work.file(part, paragraphs)?)?,
            langs: Names::default(),
            domains: Names::default(),
        })
    }

    /// Adds documents, and their texts as [`frame`] packed them.
    pub(crate) fn push(&mut self, work: &Work, documents: &[Examined], frame: &[u8]) -> Result<()> {
        use std::io::Write as _;
        self.documents.write_all(frame).map_err(Error::io(&work.file(&self.part, ENDINGS[0])?))?;
        for document in documents {
            let entry = Entry {
                exact: document.fingerprint.exact,
                bytes: document.clean.text.len() as u32,
                lang: self.langs.number(&document.lang),
                domain: self.domains.number(&document.domain),
                confidence: document.confidence,
                has_signature: document.fingerprint.signature.is_some(),
                paragraphs: document.paragraphs.len() as u32,
            };
            self.index.push(&entry.to_bytes())?;
            if let Some(signature) = &document.fingerprint.signature {
                self.signatures.push(signature)?;
            }
            for (hash, line) in &document.paragraphs {
                self.paragraphs.push(&crate::sort::record(&[&hash.to_be_bytes(), &line.to_be_bytes()]))?;
            }
        }
        Ok(())
    }

    /// Finishes the segment.
    pub(crate) fn finish(self, work: &Work, info: SegmentInfo) -> Result<SegmentInfo> {
        let path = work.file(&self.part, ENDINGS[0])?;
        let output = self.documents.into_inner().map_err(std::io::IntoInnerError::into_error);
        output.and_then(Output::finish).map_err(Error::io(&path))?;
        self.index.finish()?;
        self.signatures.finish()?;
        self.paragraphs.finish()?;
        let info = SegmentInfo { langs: self.langs.names, domains: self.domains.names, ..info };
        work.finish(&self.part, &ENDINGS, &info)?;
        Ok(info)
    }
}

/// The texts of documents as one frame of Zstandard; frames one after another are one stream.
///
/// # Errors
/// When the compressor fails.
pub(crate) fn frame(documents: &[Examined]) -> std::io::Result<Vec<u8>> {
    const LEVEL: i32 = 1;
    let mut plain = Vec::with_capacity(documents.iter().map(|document| document.clean.text.len() + 16).sum());
    let mut part = |bytes: &[u8]| {
        plain.extend((bytes.len() as u32).to_le_bytes());
        plain.extend_from_slice(bytes);
    };
    for document in documents {
        part(document.clean.text.as_bytes());
        part(&document.place.to_le_bytes());
        part(&(document.clean.links.len() as u32).to_le_bytes());
        for link in &document.clean.links {
            part(&[link.start.to_le_bytes(), link.end.to_le_bytes()].concat());
            part(link.target.as_bytes());
        }
    }
    zstd::encode_all(plain.as_slice(), LEVEL)
}

/// A document read again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoredDocument {
    pub(crate) text: String,
    pub(crate) place: u64,
    pub(crate) links: Vec<DocumentLink>,
}

/// The entries of a segment, in order.
pub(crate) fn entries(work: &Work, part: &str) -> Result<impl Iterator<Item = Result<Entry>> + use<>> {
    Ok(RecordReader::<ENTRY>::open(&work.file(part, ENDINGS[1])?)?.map(|record| Ok(Entry::of_bytes(&record?))))
}

/// The signatures of a segment's documents that have one.
pub(crate) fn signatures(work: &Work, part: &str) -> Result<RecordReader<BINS>> {
    RecordReader::open(&work.file(part, ENDINGS[2])?)
}

/// The paragraphs of a segment's documents: hash and line.
pub(crate) fn paragraphs(work: &Work, part: &str) -> Result<RecordReader<PARAGRAPH>> {
    RecordReader::open(&work.file(part, ENDINGS[3])?)
}

/// The texts of a segment, in order.
pub(crate) struct Stored {
    input: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    path: std::path::PathBuf,
}

impl Stored {
    pub(crate) fn open(work: &Work, part: &str) -> Result<Self> {
        let path = work.file(part, ENDINGS[0])?;
        let input = File::open(&path).and_then(zstd::Decoder::new).map_err(Error::io(&path))?;
        Ok(Self { input: BufReader::with_capacity(1 << 16, input), path })
    }

    pub(crate) fn next(&mut self) -> Result<StoredDocument> {
        let path = self.path.clone();
        let text = String::from_utf8(self.part()?).map_err(|error| wrong(&path, error))?;
        let place = u64::from_le_bytes(self.numbers()?);
        let links = u32::from_le_bytes(self.numbers()?);
        let mut document = StoredDocument { text, place, links: Vec::new() };
        for _ in 0..links {
            let [a, b, c, d, e, f, g, h] = self.numbers()?;
            let (start, end) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            let target = String::from_utf8(self.part()?).map_err(|error| wrong(&path, error))?;
            document.links.push(DocumentLink { start, end, target });
        }
        Ok(document)
    }

    fn part(&mut self) -> Result<Vec<u8>> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(Error::io(&self.path))?;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        self.input.read_exact(&mut bytes).map_err(Error::io(&self.path))?;
        Ok(bytes)
    }

    fn numbers<const N: usize>(&mut self) -> Result<[u8; N]> {
        <[u8; N]>::try_from(self.part()?).map_err(|found| wrong(&self.path, format!("{} bytes", found.len())))
    }
}

fn wrong(path: &Path, found: impl std::fmt::Display) -> Error {
    Error::malformed(path, "documents as they were stored", found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(text: &str, links: &[&str]) -> Examined {
        let link = |target: &&str| DocumentLink { start: 0, end: text.len() as u32, target: (*target).to_owned() };
        let clean = CleanDocument { text: text.to_owned(), links: links.iter().map(link).collect() };
        Examined {
            place: 7,
            fingerprint: Fingerprint::of(text, &mut String::new()),
            paragraphs: vec![(u64::MAX, 0), (3, 5)],
            lang: "zh".to_owned(),
            confidence: 1001,
            domain: "新闻".to_owned(),
            clean,
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let work = Work::open(folder.path(), "code", crate::work::Sharing::Alone).unwrap();
        let documents =
            [examined("北京", &["北京市"]), examined("", &[]), examined(&"שלום 🦀 e\u{301} ".repeat(30), &[])];
        let mut writer = SegmentWriter::create(&work, "clean/a").unwrap();
        for document in documents.chunks(2) {
            writer.push(&work, document, &frame(document).unwrap()).unwrap();
        }
        assert!(work.finished::<SegmentInfo>("clean/a").unwrap().is_none());
        let info = writer.finish(&work, SegmentInfo { is_last: true, ..SegmentInfo::default() }).unwrap();
        assert_eq!(
            (info.langs.as_slice(), info.domains.as_slice()),
            (&["zh".to_owned()][..], &["新闻".to_owned()][..])
        );
        assert!(work.finished::<SegmentInfo>("clean/a").unwrap().is_some_and(|info| info.is_last));
        let mut stored = Stored::open(&work, "clean/a").unwrap();
        for (document, entry) in documents.iter().zip(entries(&work, "clean/a").unwrap()) {
            let (found, entry) = (stored.next().unwrap(), entry.unwrap());
            assert_eq!((&found.text, &found.links, found.place), (&document.clean.text, &document.clean.links, 7));
            assert_eq!(
                (entry.exact, entry.bytes as usize, entry.confidence),
                (document.fingerprint.exact, found.text.len(), 1001)
            );
            assert_eq!((entry.has_signature, entry.paragraphs), (document.fingerprint.signature.is_some(), 2));
        }
        assert!(stored.next().is_err(), "nothing follows");
        assert_eq!(signatures(&work, "clean/a").unwrap().count(), 1);
        assert_eq!(paragraphs(&work, "clean/a").unwrap().count(), 6);
    }
}
