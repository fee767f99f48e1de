//! UMLS's Rich Release Format: tables with a bar behind each cell. A file is told by its name.
//!
//! Suppressed rows are left out. A row of `MRREL.RRF` says what its *second* concept is to the first.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::rows::rows;
use crate::error::{Error, Result};
use crate::intake::Intake;

/// UMLS's languages.
const LANGS: &[(&str, &str)] = &[
    ("ENG", "en"),
    ("SPA", "es"),
    ("FRE", "fr"),
    ("GER", "de"),
    ("ITA", "it"),
    ("POR", "pt"),
    ("DUT", "nl"),
    ("RUS", "ru"),
    ("CHI", "zh"),
    ("JPN", "ja"),
    ("KOR", "ko"),
    ("POL", "pl"),
    ("CZE", "cs"),
    ("HUN", "hu"),
    ("SWE", "sv"),
    ("NOR", "no"),
    ("DAN", "da"),
    ("FIN", "fi"),
    ("GRE", "el"),
    ("TUR", "tr"),
    ("HEB", "he"),
    ("ARA", "ar"),
    ("UKR", "uk"),
    ("SCR", "hr"),
    ("LAV", "lv"),
    ("EST", "et"),
    ("BAQ", "eu"),
];

/// Takes a row.
type Take = fn(&[&str], &mut Intake<'_>) -> Result<()>;

/// Reads a file.
pub(super) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    let (cells, take): (usize, Take) = match name.split('.').next().unwrap_or("") {
        "MRCONSO" => (18, concept),
        "MRREL" => (15, relation),
        "MRDEF" => (7, definition),
        "MRSTY" => (4, semantic_type),
        _ => {
            let expected = "a file MRCONSO.RRF, MRREL.RRF, MRDEF.RRF or MRSTY.RRF";
            return Err(Error::Source(Box::new(Problem::new(path, None, expected, &name))));
        }
    };
    rows(path, &format!("{cells} cells with bars behind them"), intake, |row, intake| {
        let row: Vec<_> = row.split('|').collect();
        if row.len() < cells || row[0].is_empty() {
            return Ok(false);
        }
        take(&row, intake)?;
        Ok(true)
    })
}

/// Whether a row is suppressed: obsolete, or not to be used.
fn is_suppressed(mark: &str) -> bool {
    matches!(mark, "O" | "E" | "Y")
}

/// `CUI|LAT|TS|LUI|STT|SUI|ISPREF|AUI|SAUI|SCUI|SDUI|SAB|TTY|CODE|STR|SRL|SUPPRESS|CVF|`: the preferred form of the preferred term
/// is the label.
fn concept(row: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    if is_suppressed(row[16]) {
        return Ok(());
    }
    let (entity, _) = intake.entity(row[0])?;
    let lang = LANGS.iter().find(|(code, _)| *code == row[1]).and_then(|(_, tag)| Lang::new(tag).ok());
    if row[2] == "P" && row[4] == "PF" && row[6] == "Y" {
        intake.label(entity, lang, row[14])
    } else {
        intake.weak_name(entity, lang, row[14])
    }
}

/// `CUI1|AUI1|STYPE1|REL|CUI2|AUI2|STYPE2|RELA|RUI|SRUI|SAB|SL|RG|DIR|SUPPRESS|CVF|`
fn relation(row: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    if is_suppressed(row[14]) || row[4].is_empty() || row[0] == row[4] {
        return Ok(());
    }
    let relation = if row[7].is_empty() { row[3] } else { row[7] };
    let ((first, _), (second, _)) = (intake.entity(row[0])?, intake.entity(row[4])?);
    intake.fact(second, relation, first)
}

/// `CUI|AUI|ATUI|SATUI|SAB|DEF|SUPPRESS|CVF|`
fn definition(row: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    if is_suppressed(row[6]) {
        return Ok(());
    }
    let (entity, _) = intake.entity(row[0])?;
    intake.description(entity, Intake::guess_lang(None, row[5]).or(Some(Lang::EN)), row[5])
}

/// `CUI|TUI|STN|STY|ATUI|CVF|`
fn semantic_type(row: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    let (entity, _) = intake.entity(row[0])?;
    intake.entity_type(entity, row[3])
}
