//! From sources to a base, in three passes over rows: read and number, merge and sort, write.
//!
//! Reading keeps 16 bytes an entity in memory and logs the rest; sorting spills; writing appends to tables in the
//! order of their keys. The base appears under its name only when it is whole and on disk.

mod bits;
mod fill;
pub(crate) mod intake;
mod intern;
mod merge;
mod number;
pub(crate) mod reject;
mod rows;
mod sorter;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};

use jove_core::{Problem, Progress};
use serde::Serialize;

use self::intake::{Counts, Intake};
use self::reject::Rejects;
use self::write::Written;
use crate::{BuildOptions, Error, Result, Roles, Source, import};

/// What one source brought.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SourceReport {
    /// Its name.
    pub name: String,
    /// Rows or lines read, bad ones included.
    pub rows: u64,
    /// Facts and literals taken.
    pub facts: u64,
    /// Names, facts and literals left out because the selection says so.
    pub unselected: u64,
}

/// What a build made.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BuildReport {
    /// The base.
    pub out: PathBuf,
    /// Each source in order.
    pub sources: Vec<SourceReport>,
    /// Entities in the base.
    pub entities: u64,
    /// Different facts in the base.
    pub facts: u64,
    /// Literals in the base.
    pub literals: u64,
    /// Labels and aliases in the base.
    pub names: u64,
    /// Rows that said the same as another row of the same source.
    pub duplicates: u64,
    /// Entities that were merged into others.
    pub merged: u64,
    /// Entities left out because the selection says so.
    pub unselected_entities: u64,
    /// Bad rows.
    pub bad: u64,
    /// The first bad rows.
    pub problems: Vec<Problem>,
    /// Where all bad rows are kept, when there are any.
    pub reject_file: Option<PathBuf>,
}

/// Builds a base from its sources and puts it in the place of `options.out`.
///
/// # Errors
/// When an option makes no sense, a source cannot be read, too many rows are bad, the disk is full, another build of
/// the same base runs, or the user interrupts. The base that was there before is then untouched.
pub fn build(options: &BuildOptions, progress: &dyn Progress) -> Result<BuildReport> {
    options.validate()?;
    let folder = match options.out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let _lock = lock(&options.out)?;
    let mut rejects = Rejects::new(&options.reject_path(), options.max_bad)?;
    let mut intake = Intake::new(&folder, &options.out, &options.select, &mut rejects, progress)?;
    let mut counts = Vec::new();
    for (number, source) in options.sources.iter().enumerate() {
        intake.begin(number as u16, roles(source)?);
        import::read(source, &mut intake)?;
        counts.push(intake.counts.clone());
    }
    let taken = intake.finish();
    let merged = taken.merges.joins();
    let written = write::write(options, &folder, taken, &counts, progress)?;
    rejects.flush()?;
    Ok(report(options, &counts, merged, &written, &rejects))
}

fn report(options: &BuildOptions, counts: &[Counts], merged: u64, written: &Written, rejects: &Rejects) -> BuildReport {
    let sources = options.sources.iter().zip(counts).map(|(source, counts)| SourceReport {
        name: source.name(),
        rows: counts.rows,
        facts: counts.facts,
        unselected: counts.unselected,
    });
    BuildReport {
        out: options.out.clone(),
        sources: sources.collect(),
        entities: written.entities,
        facts: written.facts,
        literals: written.literals,
        names: written.names,
        duplicates: written.duplicates,
        merged,
        unselected_entities: written.unselected_entities,
        bad: rejects.count(),
        problems: rejects.shown().to_vec(),
        reject_file: rejects.path(),
    }
}

fn roles(source: &Source) -> Result<Roles> {
    match &source.roles {
        Some(path) => Roles::read(path),
        None => Ok(import::roles(source.format)),
    }
}

/// A name beside the base that starts with a dot.
pub(crate) fn beside(out: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(suffix);
    out.with_file_name(name)
}

/// Holds off other builds of the same base until dropped, also when this process is killed.
fn lock(out: &Path) -> Result<File> {
    let path = beside(out, ".lock");
    let file = File::create(&path).map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy { path: out.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::io(&path)(error)),
    }
}
