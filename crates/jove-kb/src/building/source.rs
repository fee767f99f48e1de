//! The sources of a build: read from files, or kept from the knowledge base that is updated.

use super::watched::Watched;
use crate::error::{Error, Result};
use crate::import;
use crate::intake::{CellLang, Counts, Intake};
use crate::kb::{Kb, SourceInfo};
use crate::keys::Keys;
use crate::options::{BuildOptions, MAX_BAD, Source};
use crate::roles::Roles;

/// One source of the new knowledge base.
pub(super) enum Part<'a> {
    /// Read from its files.
    New(&'a Source),
    /// Kept from the old knowledge base, where it has this number.
    Kept(u32, SourceInfo),
}

/// A source that was read.
pub(super) struct Read {
    pub(super) info: SourceInfo,
    pub(super) counts: Counts,
}

/// Sources keep their order; new ones come last.
pub(super) fn parts<'a>(options: &'a BuildOptions, old: Option<&Kb>) -> Result<Vec<Part<'a>>> {
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

/// Reads one source into `intake`.
pub(super) fn read_part(
    number: u16,
    part: &Part<'_>,
    old: Option<&Kb>,
    options: &BuildOptions,
    intake: &mut Intake<'_>,
) -> Result<Read> {
    match (part, old) {
        (Part::Kept(old_number, info), Some(old)) => {
            intake.begin(number, Roles::default(), Keys::Names, CellLang::Said);
            import::base::read(old, *old_number, import::keys_are_names(&info.format), intake)?;
            Ok(Read { info: info.clone(), counts: intake.counts.clone() })
        }
        (Part::New(source), _) => {
            intake.begin(number, roles(source)?, source.keys, import::cell_lang(source));
            intake.encoding = source.decoder();
            let watched = Watched::new(&import::files(source)?)?;
            let before = (intake.taken(), intake.rejects.count());
            import::read(source, intake)?;
            watched.check()?;
            check_layout(source, before, options, intake)?;
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

/// Stops where nothing, or the lesser part, of a source was taken.
fn check_layout(source: &Source, (taken, bad): (u64, u64), options: &BuildOptions, intake: &Intake<'_>) -> Result<()> {
    let (taken, bad, rows) = (intake.taken() - taken, intake.rejects.count() - bad, intake.counts.rows);
    // Who raised the limit has been told of the bad rows, and wants the good ones.
    let mostly_bad = bad * 2 > rows && options.max_bad <= MAX_BAD;
    if taken > 0 && !mostly_bad {
        return Ok(());
    }
    let seems = import::seems::other_layout(source);
    Err(Error::OtherLayout { path: source.path.clone(), format: source.format.as_str(), rows, bad, seems })
}

fn roles(source: &Source) -> Result<Roles> {
    let built_in = import::roles(source.format);
    match &source.roles {
        Some(path) => built_in.with(path),
        None => Ok(built_in),
    }
}
