//! From graph dumps to one SQLite file.

use jove_kb::{BuildOptions, Kb, Source, build};

use crate::cache::{Key, Leftover, Stage};
use crate::error::Result;
use crate::stage::StageContext;

/// The base's file in its stage.
pub(crate) const FILE: &str = "kb.sqlite";

/// Builds the knowledge base.
pub(crate) fn build_kb(work: &StageContext<'_>) -> Result<Stage> {
    let settings = &work.run.file.kb;
    let sources: Vec<Source> = settings
        .sources
        .iter()
        .map(|source| Source {
            path: work.run.data(&source.path),
            name: source.name(),
            roles: source.roles.as_deref().map(|roles| work.run.data(roles)),
            ..source.clone()
        })
        .collect();
    let paths = sources.iter().flat_map(|source| std::iter::once(source.path.as_path()).chain(source.roles.as_deref()));
    let contents = Key::of_paths(paths)?;
    let key = Key::new("kb", settings, &[&contents]);
    work.cache.stage("kb", key, Leftover::Discard, |folder| {
        let options = BuildOptions {
            select: settings.select.clone(),
            max_bad: settings.max_bad,
            reject_file: Some(work.rejects("kb")?),
            ..BuildOptions::new(folder.join(FILE), sources)
        };
        build(&options, work.progress)?;
        Ok(())
    })
}

/// Opens the base of a finished stage.
pub(crate) fn open(stage: &Stage) -> Result<Kb> {
    Ok(Kb::open(&stage.file(FILE))?)
}
