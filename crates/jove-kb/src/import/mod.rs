//! Importers: one format, one file. Each streams and hands what it reads to the intake.

mod archive;
pub(crate) mod base;
mod cedict;
mod cell;
mod conceptnet;
mod dbp15k;
mod decompress;
mod encyclopedia;
mod geonames;
mod input;
mod json_rows;
mod magic;
pub(crate) mod names;
mod native;
mod openea;
mod openke;
mod rdf;
mod records;
pub(crate) mod reserved;
mod rows;
pub(crate) mod seems;
mod table;
mod umls;
mod unpack;
mod wikidata;
mod wikidata5m;

use std::path::PathBuf;

pub(crate) use archive::members;
pub(crate) use table::has_usual_header;
pub(crate) use unpack::open;

use crate::error::{Error, Result};
use crate::format::Format;
use crate::intake::{CellLang, Intake};
use crate::options::Source;
use crate::roles::Roles;

/// Reads a source to its end.
pub(crate) fn read(source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    match source.format {
        Format::Dbp15k => return dbp15k::read(&source.path, intake),
        Format::OpenEa => return openea::read(&source.path, intake),
        Format::OpenKe => return openke::read(&contents(source)?, source, intake),
        _ => {}
    }
    for path in contents(source)? {
        match source.format {
            Format::Jsonl => native::read(&path, intake)?,
            Format::Tsv | Format::Csv | Format::Spo => table::read(&path, source, intake)?,
            Format::Wikidata => wikidata::read(&path, intake)?,
            Format::NTriples
            | Format::NQuads
            | Format::Turtle
            | Format::TriG
            | Format::RdfXml
            | Format::JsonLd
            | Format::Dbpedia => rdf::read(&path, source, intake)?,
            Format::ConceptNet => conceptnet::read(&path, intake)?,
            Format::OwnThink => encyclopedia::read(&path, encyclopedia::Dump::OwnThink, intake)?,
            Format::CnDbpedia => encyclopedia::read(&path, encyclopedia::Dump::CnDbpedia, intake)?,
            Format::CcCedict => cedict::read(&path, intake)?,
            Format::GeoNames => geonames::read(&path, intake)?,
            Format::Wikidata5m => wikidata5m::read(&path, intake)?,
            Format::Umls => umls::read(&path, intake)?,
            Format::Dbp15k | Format::OpenEa | Format::OpenKe => {}
        }
    }
    Ok(())
}

/// The roles that a format's attributes have when the source names no file.
pub(crate) fn roles(format: Format) -> Roles {
    match format {
        Format::Tsv | Format::Csv | Format::Spo => Roles::common(),
        Format::NTriples
        | Format::NQuads
        | Format::Turtle
        | Format::TriG
        | Format::RdfXml
        | Format::JsonLd
        | Format::Dbpedia
        | Format::OpenEa => rdf::roles(),
        Format::OwnThink | Format::CnDbpedia => encyclopedia::roles(),
        Format::Jsonl
        | Format::Wikidata
        | Format::ConceptNet
        | Format::CcCedict
        | Format::GeoNames
        | Format::Wikidata5m
        | Format::Umls
        | Format::OpenKe
        | Format::Dbp15k => Roles::default(),
    }
}

/// Whether a format makes names of keys: the layouts whose entities have nothing but a name.
pub(crate) fn keys_are_names(format: &str) -> bool {
    format.parse().is_ok_and(|format| {
        matches!(format, Format::Tsv | Format::Csv | Format::Spo | Format::OwnThink | Format::CnDbpedia)
    })
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
        | Format::NQuads
        | Format::Turtle
        | Format::TriG
        | Format::RdfXml
        | Format::JsonLd
        | Format::Dbpedia
        | Format::ConceptNet
        | Format::CcCedict
        | Format::GeoNames
        | Format::Wikidata5m
        | Format::Umls
        | Format::OpenKe
        | Format::OpenEa
        | Format::Dbp15k => CellLang::Said,
    }
}

/// The files of a source that are on the disk: the file, or those of a folder with the format's endings in order of name.
pub(crate) fn files(source: &Source) -> Result<Vec<PathBuf>> {
    let parts: Option<&[&str]> = match source.format {
        Format::Dbp15k => Some(dbp15k::FILES),
        Format::OpenEa => Some(openea::FILES),
        Format::OpenKe => Some(openke::FILES),
        _ => None,
    };
    if let Some(names) = parts {
        if !source.path.is_dir() {
            let expected = format!("a folder with files such as {}", names[0]);
            return Err(Error::Source(Box::new(jove_core::Problem::new(&source.path, None, expected, "none"))));
        }
        return Ok(names.iter().map(|name| source.path.join(name)).filter(|path| path.is_file()).collect());
    }
    if !source.path.is_dir() {
        return Ok(vec![source.path.clone()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&source.path).map_err(Error::io(&source.path))? {
        let path = entry.map_err(Error::io(&source.path))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && is_wanted(source.format, &name) {
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

/// Whether a file has one of a format's endings, packed or not.
fn is_wanted(format: Format, name: &str) -> bool {
    let plain = [".gz", ".bz2", ".xz", ".zst"].iter().fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
    format.endings().iter().any(|end| plain.ends_with(end))
}

/// The files of a source, with those of archives in place of the archives.
fn contents(source: &Source) -> Result<Vec<PathBuf>> {
    let mut contents = Vec::new();
    for path in files(source)? {
        match archive::members(&path, |name| is_wanted(source.format, name))? {
            Some(members) => contents.extend(members),
            None => contents.push(path),
        }
    }
    Ok(contents)
}
