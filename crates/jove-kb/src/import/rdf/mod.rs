//! RDF: N-Triples, N-Quads, Turtle, TriG, RDF/XML and JSON-LD. Of quads the graphs' names go; triples about triples are left out.

mod documents;
mod guard;
mod statements;
mod taker;
mod tokens;
mod turtle;
mod vocabulary;

use std::path::Path;

use jove_core::Problem;
use oxrdf::Triple;
use oxttl::{NQuadsParser, NTriplesParser};

use self::taker::{Naming, Taker, expected, unnamed};
pub(super) use self::vocabulary::roles;
use super::input::Lines;
use super::names;
use crate::error::Result;
use crate::format::Format;
use crate::intake::Intake;
use crate::options::Source;

/// Reads a file.
pub(crate) fn read(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    match source.format {
        Format::Turtle => turtle::read(path, source, false, unnamed, intake),
        Format::TriG => turtle::read(path, source, true, unnamed, intake),
        Format::RdfXml => documents::read_xml(path, source, intake),
        Format::JsonLd => documents::read_json(path, source, intake),
        Format::Dbpedia => read_lines(path, source, names::dbpedia, intake),
        _ => read_lines(path, source, unnamed, intake),
    }
}

/// Reads N-Triples or N-Quads, a line at a time, so that one bad line costs one line.
fn read_lines(path: &Path, source: &Source, naming: Naming, intake: &mut Intake<'_>) -> Result<()> {
    let mut taker = Taker::new(source, naming);
    let mut lines = Lines::open(path, intake)?;
    let quads = source.format == Format::NQuads;
    // A zero byte may stand in a literal.
    while let Some((number, line)) = lines.next_line(intake)? {
        if line.trim().is_empty() {
            continue;
        }
        match parse_line(line, quads) {
            Ok(triples) => taker.take_all(&triples, intake)?,
            Err(message) => {
                let kind = if quads { "an N-Quads statement" } else { "an N-Triples statement" };
                let problem = Problem::new(path, Some(number), expected(kind, &message), line);
                intake.reject(problem, line.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// How many triples may stand in one another.
const TRIPLE_DEPTH_MAX: usize = 32;

fn parse_line(line: &str, quads: bool) -> Result<Vec<Triple>, String> {
    if line.matches("<<(").count() > TRIPLE_DEPTH_MAX {
        return Err(format!("at most {TRIPLE_DEPTH_MAX} triples in one another"));
    }
    if quads {
        let all = NQuadsParser::new().for_slice(line).map(|quad| quad.map(Triple::from));
        all.collect::<Result<_, _>>().map_err(|error| error.message().to_owned())
    } else {
        let all = NTriplesParser::new().for_slice(line);
        all.collect::<Result<_, _>>().map_err(|error| error.message().to_owned())
    }
}
