//! Sorted rows on their way to the tables.

use jove_core::Progress;

use crate::error::{Error, Result};
use crate::intake::{SortedFacts, SortedRecords};

/// Every row in order.
pub(crate) struct Sorted {
    pub(crate) records: SortedRecords,
    pub(crate) facts: SortedFacts,
    pub(crate) count: u64,
}

/// Rows between two checks of `Progress::cancelled`.
pub(crate) const CHECK_EVERY: u64 = 1 << 14;

/// Reports progress and checks for cancellation after every [`CHECK_EVERY`] rows.
pub(super) fn check_progress(count: u64, progress: &dyn Progress) -> Result<()> {
    if count.is_multiple_of(CHECK_EVERY) {
        progress.advance(CHECK_EVERY);
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
    }
    Ok(())
}
