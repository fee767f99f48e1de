//! Progress of an export.

use jove_core::Progress;

use crate::error::{Error, Result};

/// Reports `count` written entities and checks for cancellation.
pub(super) fn advance(count: u64, progress: &dyn Progress) -> Result<()> {
    progress.advance(count);
    if progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
}
