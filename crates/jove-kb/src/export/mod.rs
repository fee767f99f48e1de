//! Export to JSON lines, N-Triples or a table; importing any of them gives the same knowledge base.

mod jsonl;
mod report;
mod triples;

use std::io::{BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use jove_core::Progress;
use jove_files::{Kind, Output, check_apart};

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

impl ExportFormat {
    /// The kind of file that is replaced by a new export.
    fn kind(self) -> Kind {
        match self {
            Self::Jsonl => Kind::new("a graph in JSON lines", |head| Kind::has_json_fields(head, &["id"])),
            Self::NTriples => Kind::new("N-Triples", |head| head.starts_with(b"<") || head.starts_with(b"_:")),
            Self::Tsv => Kind::new("a table with tabs", |head| {
                head.split(|&byte| byte == b'\n').next().is_some_and(|line| line.contains(&b'\t'))
            }),
        }
    }
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

/// Writes a knowledge base to a file, atomically, or to a stream ([`Output`]).
///
/// # Errors
/// When the knowledge base cannot be read, the file cannot be written, is another kind of file, the knowledge base itself
/// or one that it was made from, or the user interrupts.
pub fn export(kb: &Kb, format: ExportFormat, out: &Path, progress: &dyn Progress) -> Result<()> {
    let sources = kb.sources()?;
    let inputs = sources.iter().map(|source| Path::new(&source.path)).chain([kb.path()]);
    check_apart(out, inputs).map_err(Error::io(out))?;
    let mut file = BufWriter::with_capacity(1 << 16, Output::create(out, format.kind()).map_err(Error::io(out))?);
    export_to(kb, format, &mut file, progress)?;
    let file = file.into_inner().map_err(|error| Error::io(out)(error.into_error()))?;
    file.finish().map_err(Error::io(out))
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
