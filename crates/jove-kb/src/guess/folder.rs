//! Folders: those of a layout of their own, and those with files of one kind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::described::Guess;
use super::found::named;
use super::layout::ENDINGS;
use super::{file, layout};
use crate::error::{Error, Result};
use crate::options::Source;

pub(super) fn guess(path: &Path) -> Result<Guess> {
    let files = listed(path)?;
    let has = |name: &str| files.iter().any(|file| file.file_name().is_some_and(|found| found == name));
    let whole = layout::FOLDERS.iter().find(|(_, names)| names.iter().all(|name| has(name)));
    if let Some((format, _)) = whole {
        let source = Source::new(*format, path);
        let sample = super::sample::of_source(&source, 1.0)?;
        return Ok(Guess { source, what: named(*format), sample: Some(sample), questions: Vec::new() });
    }
    let (ending, first, count) = most_frequent(&files).ok_or_else(|| {
        let expected = format!("a folder with files of a graph, such as {}", ENDINGS[..6].join(", "));
        Error::Source(Box::new(jove_core::Problem::new(path, None, expected, "none")))
    })?;
    let mut guess = file::guess(path, &first)?;
    if count > 1 {
        guess.what = format!("{count} files {ending}, the first {}", guess.what);
        if let Some(sample) = &mut guess.sample {
            sample.scale *= count as f64;
        }
    }
    if files.len() > count {
        let others = files.len() - count;
        guess
            .questions
            .push(format!("{others} other files of the folder are not read; give each as a source of its own"));
    }
    Ok(guess)
}

/// The regular files right in a folder, in order of name.
fn listed(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io(path))? {
        let file = entry.map_err(Error::io(path))?.path();
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The known ending that most files have, the first of them, and how many there are.
fn most_frequent(files: &[PathBuf]) -> Option<(&'static str, PathBuf, usize)> {
    let mut by_ending: BTreeMap<&str, Vec<&PathBuf>> = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let plain =
            [".gz", ".bz2", ".xz", ".zst"].iter().fold(&*name, |name, end| name.strip_suffix(end).unwrap_or(name));
        if let Some(ending) = ENDINGS.iter().find(|ending| plain.ends_with(**ending)) {
            by_ending.entry(ending).or_default().push(file);
        }
    }
    let (ending, files) = by_ending.into_iter().max_by_key(|(_, files)| files.len())?;
    Some((ending, files[0].clone(), files.len()))
}
