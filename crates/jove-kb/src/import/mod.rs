//! Importers: one format, one file. Each streams and hands what it reads to the intake.

pub(crate) mod base;
mod cedict;
mod conceptnet;
mod dbp15k;
mod encyclopedia;
mod geonames;
mod input;
mod magic;
pub(crate) mod names;
mod native;
mod rdf;
mod records;
pub(crate) mod reserved;
pub(crate) mod seems;
mod table;
mod wikidata;

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::format::Format;
use crate::intake::{CellLang, Intake};
use crate::options::Source;
use crate::roles::Roles;

/// Reads a source to its end.
pub(crate) fn read(source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    if source.format == Format::Dbp15k {
        return dbp15k::read(&source.path, intake);
    }
    for path in files(source)? {
        match source.format {
            Format::Jsonl => native::read(&path, intake)?,
            Format::Tsv | Format::Spo => table::read(&path, source, table::Dialect::Tabs, intake)?,
            Format::Csv => table::read(&path, source, table::Dialect::Commas, intake)?,
            Format::Wikidata => wikidata::read(&path, intake)?,
            Format::NTriples => rdf::read_ntriples(&path, source, false, intake)?,
            Format::Dbpedia => rdf::read_ntriples(&path, source, true, intake)?,
            Format::Turtle => rdf::read_turtle(&path, source, intake)?,
            Format::ConceptNet => conceptnet::read(&path, intake)?,
            Format::OwnThink => encyclopedia::read(&path, encyclopedia::Dump::OwnThink, intake)?,
            Format::CnDbpedia => encyclopedia::read(&path, encyclopedia::Dump::CnDbpedia, intake)?,
            Format::CcCedict => cedict::read(&path, intake)?,
            Format::GeoNames => geonames::read(&path, intake)?,
            Format::Dbp15k => {}
        }
    }
    Ok(())
}

/// The roles that a format's attributes have when the source names no file.
pub(crate) fn roles(format: Format) -> Roles {
    match format {
        Format::Tsv | Format::Csv | Format::Spo => Roles::common(),
        Format::NTriples | Format::Turtle | Format::Dbpedia => rdf::roles(),
        Format::OwnThink | Format::CnDbpedia => encyclopedia::roles(),
        Format::Jsonl
        | Format::Wikidata
        | Format::ConceptNet
        | Format::CcCedict
        | Format::GeoNames
        | Format::Dbp15k => Roles::default(),
    }
}

/// How the cells of a source get their language.
pub(crate) fn cell_lang(source: &Source) -> CellLang {
    match source.format {
        Format::Tsv | Format::Csv | Format::Spo | Format::OwnThink | Format::CnDbpedia => {
            CellLang::Guessed(source.lang)
        }
        Format::Jsonl
        | Format::Wikidata
        | Format::NTriples
        | Format::Turtle
        | Format::Dbpedia
        | Format::ConceptNet
        | Format::CcCedict
        | Format::GeoNames
        | Format::Dbp15k => CellLang::Said,
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
        if path.is_file() && source.format.endings().iter().any(|end| plain.ends_with(end)) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let expected = format!("a folder with {} files", source.format.endings().join(" or "));
        return Err(Error::Source(Box::new(jove_core::Problem::new(&source.path, None, expected, "none"))));
    }
    Ok(files)
}
