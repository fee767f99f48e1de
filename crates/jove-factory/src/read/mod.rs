//! From files to raw documents.

mod html;
mod lines;
mod mediawiki;
mod members;
mod raw;
mod rows;
mod warc;
mod wikitext;

use std::path::Path;

use jove_core::Lang;
use jove_corpus::{Document, DocumentReader};

use self::mediawiki::WikiDocuments;
use self::rows::RowDocuments;
use self::warc::WarcDocuments;
use crate::error::{Error, Result};
use crate::recipe::{Format, SourceSettings};

pub(crate) use self::raw::RawDocument;

/// The documents of one file, in order.
pub(crate) enum Documents {
    /// Of a file of lines.
    Rows(RowDocuments),
    /// Of a web archive.
    Warc(WarcDocuments),
    /// Of a dump of MediaWiki.
    Wiki(WikiDocuments),
    /// Of a Parquet file, with the number of rows read.
    Parquet(Box<DocumentReader>, u64),
}

impl Documents {
    /// Opens a file; of a document, at most `bytes_max` bytes are held.
    pub(crate) fn open(path: &Path, source: &SourceSettings, bytes_max: usize) -> Result<Self> {
        match resolved(source.format, path) {
            Format::Parquet => Ok(Self::Parquet(Box::new(DocumentReader::open(path, &source.field)?), 0)),
            Format::Warc => WarcDocuments::open(path, bytes_max).map(Self::Warc),
            Format::MediaWiki => WikiDocuments::open(path, bytes_max).map(Self::Wiki),
            format => RowDocuments::open(path, format, &source.field, bytes_max).map(Self::Rows),
        }
    }

    /// The next document, also one that is faulty.
    pub(crate) fn next(&mut self, path: &Path) -> Result<Option<RawDocument>> {
        match self {
            Self::Rows(documents) => documents.next().map_err(Error::io(path)),
            Self::Warc(documents) => documents.next().map_err(Error::io(path)),
            Self::Wiki(documents) => documents.next().map_err(Error::io(path)),
            Self::Parquet(documents, rows) => {
                let Some(document) = documents.next().transpose()? else { return Ok(None) };
                *rows += 1;
                let Document { text, lang, domain, links, .. } = document;
                let lang = lang.filter(|lang| *lang != Lang::UND);
                Ok(Some(RawDocument { lang, domain, links, ..RawDocument::new(text.into_bytes(), *rows) }))
            }
        }
    }
}

/// The format of a file, with `auto` decided by its name.
pub(crate) fn resolved(format: Format, path: &Path) -> Format {
    if format != Format::Auto {
        return format;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let packed = [".gz", ".bz2", ".zst", ".xz"].iter().find_map(|ending| name.strip_suffix(ending));
    match packed.unwrap_or(&name).rsplit_once('.').map_or("", |(_, ending)| ending) {
        "jsonl" | "ndjson" => Format::JsonLines,
        "parquet" => Format::Parquet,
        "warc" | "wet" => Format::Warc,
        "xml" => Format::MediaWiki,
        _ => Format::Blocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_where_the_format_is_left_open() {
        for (name, expected) in [
            ("a.txt", Format::Blocks),
            ("a.JSONL.gz", Format::JsonLines),
            ("a.parquet", Format::Parquet),
            ("CC-MAIN.warc.wet.gz", Format::Warc),
            ("zhwiki-articles-multistream.xml.bz2", Format::MediaWiki),
            ("文", Format::Blocks),
            ("", Format::Blocks),
        ] {
            assert_eq!(resolved(Format::Auto, Path::new(name)), expected, "{name}");
        }
        assert_eq!(resolved(Format::Lines, Path::new("a.jsonl")), Format::Lines);
    }
}
