//! By one file.

use std::path::{Path, PathBuf};

use super::described::Guess;
use super::head::Head;
use super::layout::{ENDINGS, layout};
use super::sample::build;
use crate::error::{Error, Result};
use crate::options::Source;

/// Guesses by one file; `path` is what the source names, the file itself or the folder or archive that it is in.
pub(super) fn guess(path: &Path, file: &Path) -> Result<Guess> {
    let file = first_member(file)?;
    let head = Head::read(&file)?;
    let found = layout(&file, &head).ok_or_else(|| unknown(&file, &head))?;
    let source = Source { path: path.to_owned(), encoding: head.encoding.clone(), ..found.source };
    let mut questions = head.questions();
    questions.extend(found.questions);
    let sample = build(&source, &file, &head)?;
    Ok(Guess { source, what: found.what, sample, questions })
}

/// The file itself, or the first of an archive.
fn first_member(file: &Path) -> Result<PathBuf> {
    let known = |name: &str| ENDINGS.iter().any(|ending| name.to_lowercase().ends_with(ending));
    let members = crate::import::members(file, known)?;
    Ok(members.and_then(|members| members.into_iter().next()).unwrap_or_else(|| file.to_owned()))
}

/// The error for a file that nothing here reads.
fn unknown(file: &Path, head: &Head) -> Error {
    let seems = crate::import::seems::of_text(&head.text);
    Error::OtherLayout { path: file.to_owned(), format: "any graph", rows: 0, bad: 0, seems }
}
