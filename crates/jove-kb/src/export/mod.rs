//! Export to JSON lines, N-Triples or a table; importing any of them gives the same knowledge base.

mod jsonl;
mod report;
mod triples;

use std::io::{BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use atomic_write_file::AtomicWriteFile;
use jove_core::Progress;

use crate::error::{Error, Result};
use crate::kb::Kb;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The native format.
    Jsonl,
    /// N-Triples; keys that are no IRIs become `urn:jove:key:…`.
    NTriples,
    /// Subject, predicate, object by tabs; names and the like under predicates that begin with `@`.
    Tsv,
}

impl FromStr for ExportFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "jsonl" => Ok(Self::Jsonl),
            "ntriples" => Ok(Self::NTriples),
            "tsv" => Ok(Self::Tsv),
            _ => Err(Error::Format {
                found: name.chars().take(40).collect(),
                expected: "jsonl, ntriples, tsv".into(),
                nearest: None,
            }),
        }
    }
}

/// Writes a knowledge base to a file, atomically.
///
/// # Errors
/// When the knowledge base cannot be read, the file cannot be written, or the user interrupts.
pub fn export(kb: &Kb, format: ExportFormat, out: &Path, progress: &dyn Progress) -> Result<()> {
    let mut file = BufWriter::new(AtomicWriteFile::open(out).map_err(Error::io(out))?);
    export_to(kb, format, &mut file, progress)?;
    let file = file.into_inner().map_err(|error| Error::io(out)(error.into_error()))?;
    file.commit().map_err(Error::io(out))
}

/// Writes a knowledge base to a stream.
///
/// # Errors
/// When the knowledge base cannot be read, the stream cannot be written, or the user interrupts.
pub fn export_to(kb: &Kb, format: ExportFormat, out: &mut impl Write, progress: &dyn Progress) -> Result<()> {
    progress.begin("export", Some(kb.entity_count()?), "entities");
    match format {
        ExportFormat::Jsonl => jsonl::write(kb, out, progress)?,
        ExportFormat::NTriples => triples::write(kb, &mut triples::NTriples(out), progress)?,
        ExportFormat::Tsv => triples::write(kb, &mut triples::Table(out), progress)?,
    }
    progress.end();
    Ok(())
}
