//! From sources to a base: read and number, sort, write.
//!
//! Reading keeps 16 bytes an entity in memory and hands rows to a sorter that spills; writing appends to tables in the
//! order of their keys. Only where entities were merged or left out are the rows renumbered and sorted again. The base
//! appears under its name only when it is whole and on disk.

mod batch;
mod bits;
mod facts;
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

use self::intake::{CellLang, Counts, Intake};
use self::reject::Rejects;
use self::write::Written;
use crate::{BuildOptions, Error, Kb, Result, Roles, Source, SourceInfo, import};

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

/// Builds a base from its sources and puts it in the place of `options.out`. With `options.update`, sources of the base
/// that is there stay unless a new one has their name.
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
    let old = if options.update && options.out.exists() { Some(Kb::open(&options.out)?) } else { None };
    let parts = parts(options, old.as_ref())?;
    let mut rejects = Rejects::new(&options.reject_path(), options.max_bad)?;
    let mut intake = Intake::new(&folder, options, &mut rejects, progress);
    let mut read = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        read.push(read_part(number as u16, part, old.as_ref(), &mut intake)?);
    }
    let taken = intake.finish();
    let merged = taken.merges.joins();
    let written = write::write(options, &folder, taken, &read, progress)?;
    rejects.flush()?;
    Ok(report(options, &read, merged, &written, &rejects))
}

/// One source of the new base.
enum Part<'a> {
    /// Read from its files.
    New(&'a Source),
    /// Taken over from the old base, where it has this number.
    Kept(u32, SourceInfo),
}

/// Sources keep their places; new ones come last.
fn parts<'a>(options: &'a BuildOptions, old: Option<&Kb>) -> Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    for (number, info) in (0..).zip(old.map_or(Ok(Vec::new()), Kb::sources)?) {
        match options.sources.iter().find(|source| source.name() == info.name) {
            Some(source) => parts.push(Part::New(source)),
            None => parts.push(Part::Kept(number, info)),
        }
    }
    for source in &options.sources {
        if !parts.iter().any(|part| matches!(part, Part::New(other) if other.name() == source.name())) {
            parts.push(Part::New(source));
        }
    }
    Ok(parts)
}

/// A source that was read.
pub(crate) struct Read {
    pub(crate) info: SourceInfo,
    pub(crate) counts: Counts,
}

fn read_part(number: u16, part: &Part<'_>, old: Option<&Kb>, intake: &mut Intake<'_>) -> Result<Read> {
    match (part, old) {
        (Part::Kept(old_number, info), Some(old)) => {
            intake.begin(number, Roles::default(), CellLang::Said);
            import::base::read(old, *old_number, intake)?;
            Ok(Read { info: info.clone(), counts: intake.counts.clone() })
        }
        (Part::New(source), _) => {
            intake.begin(number, roles(source)?, import::cell_lang(source));
            import::read(source, intake)?;
            let info = SourceInfo {
                name: source.name(),
                format: source.format.as_str().to_owned(),
                path: source.path.display().to_string(),
                licence: source.licence.clone(),
                rows: intake.counts.rows,
                hash: intake.take_hash(),
            };
            Ok(Read { info, counts: intake.counts.clone() })
        }
        (Part::Kept(_, info), None) => Err(Error::UnknownEntity(info.name.clone())),
    }
}

fn report(options: &BuildOptions, read: &[Read], merged: u64, written: &Written, rejects: &Rejects) -> BuildReport {
    let sources = read.iter().map(|read| SourceReport {
        name: read.info.name.clone(),
        rows: read.info.rows,
        facts: read.counts.facts,
        unselected: read.counts.unselected,
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
