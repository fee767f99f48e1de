//! GeoNames: tables of places (`allCountries.txt`, `cities500.txt` and their like, 19 tab-separated columns), and
//! `alternateNamesV2.txt`, which says the languages of their names.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::input::Lines;
use crate::error::Result;
use crate::intake::Intake;

/// Codes in the place of a language that mark no name: addresses, postal codes, codes of airports and other catalogues.
const NO_NAMES: &[&str] = &["link", "post", "iata", "icao", "faac", "tcid", "unlc", "wkdt", "phon", "piny"];

/// The prior of a name that is used no longer, or in slang.
const RARE_PRIOR: f32 = 0.3;

/// Reads a file. A place is typed by its feature code, such as `P.PPLC`; its population is its popularity; the
/// languages of the names in tables of places are not known.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, line)) = lines.next_text(intake)? {
        if line.is_empty() {
            continue;
        }
        let cells: Vec<_> = line.split('\t').collect();
        let numbered = |count: usize| cells.iter().take(count).all(|cell| cell.parse::<u64>().is_ok());
        if cells.len() >= 19 && numbered(1) && !cells[1].is_empty() {
            take(&cells, intake)?;
        } else if (4..=10).contains(&cells.len()) && numbered(2) && !cells[3].is_empty() {
            take_name(&cells, intake)?;
        } else {
            let expected = "19 columns that begin with a number and a name, or an alternate name";
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
        }
    }
    Ok(())
}

fn take(cells: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    let (place, _) = intake.entity(&format!("geonames/{}", cells[0]))?;
    intake.weak_name(place, None, cells[1])?;
    for alias in std::iter::once(cells[2]).chain(cells[3].split(',')).filter(|alias| *alias != cells[1]) {
        intake.alias(place, None, alias, 1.0)?;
    }
    if !cells[6].is_empty() {
        let code = cells[7];
        intake
            .entity_type(place, &if code.is_empty() { cells[6].to_owned() } else { format!("{}.{code}", cells[6]) })?;
    }
    if let Ok(population) = cells[14].parse::<f32>()
        && population > 0.0
    {
        intake.popularity(place, population)?;
    }
    if !cells[8].is_empty() {
        let (country, _) = intake.entity(&format!("country/{}", cells[8]))?;
        intake.fact(place, "country", country)?;
    }
    intake.literal(place, "coordinate", &format!("{},{}", cells[4], cells[5]), None, "coordinate")
}

/// `alternateNameId geonameId language name isPreferred isShort isColloquial isHistoric from to`
fn take_name(cells: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    if NO_NAMES.contains(&cells[2]) {
        return Ok(());
    }
    let (place, _) = intake.entity(&format!("geonames/{}", cells[1]))?;
    // `abbr` and `fr_1793` are no tags of languages.
    let lang = Lang::new(cells[2]).ok().filter(|lang| lang.as_str().len() < 4 || cells[2].contains('-'));
    let mark = |column: usize| cells.get(column) == Some(&"1");
    if mark(6) || mark(7) {
        return intake.alias(place, lang, cells[3], RARE_PRIOR);
    }
    if mark(4) && !mark(5) {
        return intake.label(place, lang, cells[3]);
    }
    if mark(5) || lang.is_none() {
        intake.alias(place, lang, cells[3], 1.0)
    } else {
        intake.weak_name(place, lang, cells[3])
    }
}
