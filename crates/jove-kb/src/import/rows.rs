//! Files whose every line is a row of one kind.

use std::path::Path;

use jove_core::Problem;

use super::input::Lines;
use crate::error::{Error, Result};
use crate::intake::Intake;

/// Gives every row of a file to `take`, which says whether it was good.
pub(super) fn rows(
    path: &Path,
    expected: &str,
    intake: &mut Intake<'_>,
    mut take: impl FnMut(&str, &mut Intake<'_>) -> Result<bool>,
) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, line)) = lines.next_text(intake)? {
        if !line.trim().is_empty() && !take(line, intake)? {
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
        }
    }
    Ok(())
}

/// Refuses a folder that lacks a file.
pub(super) fn needed(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let expected = format!("a file {}", path.file_name().unwrap_or_default().to_string_lossy());
    Err(Error::Source(Box::new(Problem::new(folder, None, expected, "none"))))
}
