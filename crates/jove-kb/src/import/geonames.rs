//! GeoNames tables: `allCountries.txt`, `cities500.txt` and their like, 19 tab-separated columns.

use std::path::Path;

use jove_core::Problem;

use super::input::Lines;
use crate::error::Result;
use crate::intake::Intake;

/// Reads a file. A place is typed by its feature code, such as `P.PPLC`; its population is its popularity; the
/// languages of its names are not known.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, line)) = lines.next_text(intake)? {
        if line.is_empty() {
            continue;
        }
        let cells: Vec<_> = line.split('\t').collect();
        if cells.len() < 19 || cells[0].parse::<u64>().is_err() || cells[1].is_empty() {
            let expected = "19 columns that begin with a number and a name";
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
            continue;
        }
        take(&cells, intake)?;
    }
    Ok(())
}

fn take(cells: &[&str], intake: &mut Intake<'_>) -> Result<()> {
    let (place, _) = intake.entity(&format!("geonames/{}", cells[0]))?;
    intake.label(place, None, cells[1])?;
    for alias in std::iter::once(cells[2]).chain(cells[3].split(',')).filter(|alias| *alias != cells[1]) {
        intake.alias(place, None, alias, 1.0)?;
    }
    if !cells[6].is_empty() {
        intake.entity_type(place, &format!("{}.{}", cells[6], cells[7]))?;
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
