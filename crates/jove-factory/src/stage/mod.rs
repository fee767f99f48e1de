//! The stages of a build, in their order.

pub(crate) mod clean;
pub(crate) mod duplicates;
mod finding;
pub(crate) mod near;
pub(crate) mod plan;
pub(crate) mod shards;

use crate::recipe::Recipe;
use crate::segment::SegmentInfo;
use crate::work::Work;

/// A finished segment.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// The name of its files in the work folder.
    pub(crate) part: String,
    /// The number of its input.
    pub(crate) input: usize,
    pub(crate) info: SegmentInfo,
}

impl Segment {
    /// How many documents it holds.
    pub(crate) fn documents(&self) -> u64 {
        self.info.counts.kept.documents
    }
}

/// What every stage needs.
pub(crate) struct StageContext<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) work: &'a Work,
    pub(crate) progress: &'a dyn jove_core::Progress,
    pub(crate) pool: &'a rayon::ThreadPool,
}

impl StageContext<'_> {
    /// Fails where the user asked to stop.
    pub(crate) fn check(&self) -> crate::Result<()> {
        if self.progress.cancelled() { Err(crate::Error::Interrupted) } else { Ok(()) }
    }

    /// The memory for sorting, in bytes.
    pub(crate) fn sort_bytes(&self) -> usize {
        self.recipe.duplicates.sort_mib << 20
    }
}
