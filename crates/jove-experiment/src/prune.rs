//! What a cache holds that no run needs any more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jove_core::Silent;
use serde::Serialize;

use crate::cache::Cache;
use crate::cache::inventory::{CachedStage, StageState, cached_stages};
use crate::error::Result;
use crate::execute::walk;
use crate::run::Run;

/// What can be removed from a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prunable {
    /// The stages that no given run needs.
    pub stages: Vec<CachedStage>,
    /// The run files of which not all stages could be told, since the ones before are not finished: everything that these
    /// used is kept.
    pub incomplete: Vec<PathBuf>,
}

/// The stages of a cache that none of the runs needs, whose settings and data are looked at as they are now.
///
/// # Errors
/// When the cache cannot be read.
pub fn prunable_stages(cache: &Path, runs: &[Run]) -> Result<Prunable> {
    let (mut needed, mut incomplete) = (BTreeSet::new(), Vec::new());
    for run in runs {
        let look = Cache::looking(cache.to_owned(), &Silent);
        let whole = walk(run, &look).is_ok();
        needed.extend(look.looked_at().into_keys());
        if !whole {
            incomplete.push(run.absolute_path());
        }
    }
    let is_needed = |stage: &CachedStage| match stage.state {
        StageState::Damaged => false,
        StageState::Unfinished if !incomplete.is_empty() => true,
        StageState::Unfinished => needed.contains(stage.finished_name()),
        StageState::Finished => {
            needed.contains(&stage.stage) || stage.used.iter().any(|(run, _)| incomplete.contains(run))
        }
    };
    let stages = cached_stages(cache)?.into_iter().filter(|stage| !is_needed(stage)).collect();
    Ok(Prunable { stages, incomplete })
}
