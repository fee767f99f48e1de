//! Building a knowledge base: read and number, sort, write.
//!
//! Reading keeps 16 bytes an entity in memory and hands rows to a sorter that spills; writing appends to tables in the
//! order of their keys. Only where entities were merged or left out are the rows renumbered and sorted again. The file
//! appears under its name only when it is complete and on disk.

mod batch;
mod fill;
mod filler;
mod labels;
mod lock;
mod number;
mod report;
mod sorted;
mod source;
mod watched;
mod write;
mod written;

use std::path::PathBuf;

use jove_core::Progress;
use jove_files::{Kind, check_apart, check_output, replaceable};

use self::lock::lock;
pub use self::report::{BuildReport, SourceReport};
use self::source::{parts, read_part};
use crate::error::{Error, Result};
use crate::intake::{Intake, Rejects};
use crate::kb::Kb;
use crate::options::BuildOptions;
use crate::schema::BASE;

/// Builds a knowledge base from its sources at `options.out`. With `options.update`, sources of an existing one are kept
/// unless a new one has their name.
///
/// # Errors
/// When an option is invalid, a source cannot be read, too many rows are bad, the disk is full, another build of the
/// same knowledge base runs, or the user interrupts; also when another kind of file is at `options.out`, or one of the
/// files to write is one that the build reads. What was there is then unchanged.
pub fn build(options: &BuildOptions, progress: &dyn Progress) -> Result<BuildReport> {
    options.validate()?;
    let given = options;
    let options = &placed(options)?;
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
        read.push(read_part(number as u16, part, old.as_ref(), options, &mut intake)?);
    }
    let taken = intake.finish();
    let merged = taken.merges.joins();
    let written = write::write(options, &folder, taken, &read, progress)?;
    rejects.flush()?;
    Ok(report::report(given, &read, merged, &written, &rejects))
}

/// The options with the files to write where they really are, none of which the build reads.
fn placed(options: &BuildOptions) -> Result<BuildOptions> {
    let rejects = options.reject_path();
    let inputs = || {
        let roles = options.sources.iter().filter_map(|source| source.roles.as_deref());
        options.sources.iter().map(|source| source.path.as_path()).chain(roles)
    };
    check_apart(&options.out, inputs()).map_err(Error::io(&options.out))?;
    let others = inputs().chain([options.out.as_path()]);
    check_apart(&rejects, others).map_err(Error::io(&rejects))?;
    check_output(&rejects, Kind::REJECTS).map_err(Error::io(&rejects))?;
    let out = replaceable(&options.out, BASE).map_err(Error::io(&options.out))?;
    Ok(BuildOptions { out, reject_file: Some(rejects), ..options.clone() })
}
