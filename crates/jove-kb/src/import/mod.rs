//! Importers: one format, one file. Each streams and hands what it reads to the intake.

mod input;
mod native;
mod table;

use std::path::PathBuf;

use crate::build::intake::Intake;
use crate::{Error, Format, Result, Roles, Source};

/// Reads a source to its end.
pub(crate) fn read(source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    for path in files(source)? {
        match source.format {
            Format::Jsonl => native::read(&path, intake)?,
            Format::Tsv => table::read(&path, source, table::Dialect::Tabs, intake)?,
            Format::Csv => table::read(&path, source, table::Dialect::Commas, intake)?,
        }
    }
    Ok(())
}

/// The roles that a format's attributes have when the source names no file.
pub(crate) fn roles(format: Format) -> Roles {
    match format {
        Format::Jsonl => Roles::default(),
        Format::Tsv | Format::Csv => Roles::common(),
    }
}

/// The file, or the files of a folder with the format's ending in order of name.
fn files(source: &Source) -> Result<Vec<PathBuf>> {
    if !source.path.is_dir() {
        return Ok(vec![source.path.clone()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&source.path).map_err(Error::io(&source.path))? {
        let path = entry.map_err(Error::io(&source.path))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain =
            [".gz", ".bz2", ".zst"].iter().fold(name.as_str(), |name, end| name.strip_suffix(end).unwrap_or(name));
        if path.is_file() && plain.ends_with(&format!(".{}", source.format)) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let expected = format!("a folder with .{} files", source.format);
        return Err(Error::Source(Box::new(jove_core::Problem::new(&source.path, None, expected, "none"))));
    }
    Ok(files)
}
