//! RDF in documents that are one piece: RDF/XML and JSON-LD.

use std::path::Path;

use jove_core::Problem;
use oxjsonld::{JsonLdParseError, JsonLdParser};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};
use oxrdfxml::{RdfXmlParseError, RdfXmlParser};

use super::guard::{Guard, Json, Xml};
use super::taker::{Taker, expected, unnamed};
use crate::error::{Error, Result};
use crate::import::input::Packed;
use crate::intake::Intake;
use crate::options::Source;

/// Triples between two reports of progress.
const REPORT_EVERY: u64 = 4096;

/// Reads RDF/XML. Where a statement is wrong, the document is read again with an open eye on each triple, so that it costs no
/// more; a document that is no XML stops the build.
pub(super) fn read_xml(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let mut taker = Taker::new(source, unnamed);
    let mut taken = 0;
    let Some(message) = pass_xml(path, source, (&mut taker, &mut taken), false, intake)? else { return Ok(()) };
    if jove_files::is_stream(path) {
        return Err(broken(path, "RDF/XML", &message));
    }
    let before = intake.rejects.count();
    if let Some(message) = pass_xml(path, source, (&mut taker, &mut taken), true, intake)? {
        return Err(broken(path, "RDF/XML", &message));
    }
    // What was wrong is no triple: a name, or an identifier that was given twice.
    if intake.rejects.count() == before {
        intake.counts.rows += 1;
        let problem = Problem::new(path, None, expected("RDF/XML", &message), "a wrong element");
        intake.reject(problem, message.as_bytes())?;
    }
    Ok(())
}

/// Reads a document and takes its triples but for the first ones, which were taken before; what stops it.
fn pass_xml(
    path: &Path,
    source: &Source,
    (taker, taken): (&mut Taker<'_>, &mut u64),
    again: bool,
    intake: &mut Intake<'_>,
) -> Result<Option<String>> {
    let (input, packed) = Packed::open(path, intake)?;
    let mut parser = RdfXmlParser::new();
    if again {
        parser = parser.lenient();
    }
    if !source.base.is_empty() {
        parser = parser.with_base_iri(&source.base).map_err(|error| broken(path, "a base IRI", &error.to_string()))?;
    }
    let before = *taken;
    let mut seen = 0;
    for found in parser.for_reader(std::io::BufReader::new(Guard::new(input, Xml::default()))) {
        match found {
            Ok(_) if seen < before => seen += 1,
            Ok(triple) => {
                seen += 1;
                *taken += 1;
                intake.counts.rows += 1;
                if again && !is_valid(&triple) {
                    let problem = Problem::new(path, None, "a triple of valid IRIs", &triple.to_string());
                    intake.reject(problem, triple.to_string().as_bytes())?;
                } else {
                    taker.take_all(std::slice::from_ref(&triple), intake)?;
                }
                if seen.is_multiple_of(REPORT_EVERY) {
                    packed.report(intake)?;
                }
            }
            Err(RdfXmlParseError::Syntax(error)) => return Ok(Some(error.to_string())),
            Err(RdfXmlParseError::Io(error)) => return Err(packed.unreadable(error, 0)),
        }
    }
    packed.report(intake)?;
    intake.progress.end();
    Ok(None)
}

/// Whether all IRIs of a triple are IRIs.
fn is_valid(triple: &Triple) -> bool {
    let iri = |node: &NamedNode| NamedNode::new(node.as_str()).is_ok();
    let subject = match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => iri(node),
        NamedOrBlankNode::BlankNode(_) => true,
    };
    let object = match &triple.object {
        Term::NamedNode(node) => iri(node),
        Term::Literal(literal) => NamedNode::new(literal.datatype().as_str()).is_ok(),
        _ => true,
    };
    subject && object && iri(&triple.predicate)
}

/// Reads JSON-LD. Contexts must be in the document: nothing is fetched.
pub(super) fn read_json(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let (input, packed) = Packed::open(path, intake)?;
    let mut parser = JsonLdParser::new();
    if !source.base.is_empty() {
        parser = parser.with_base_iri(&source.base).map_err(|error| broken(path, "a base IRI", &error.to_string()))?;
    }
    let mut taker = Taker::new(source, unnamed);
    let mut seen = 0_u64;
    for found in parser.for_reader(Guard::new(input, Json::default())) {
        seen += 1;
        intake.counts.rows += 1;
        match found {
            Ok(quad) => taker.take_all(&[quad.into()], intake)?,
            Err(JsonLdParseError::Io(error)) => return Err(packed.unreadable(error, 0)),
            Err(JsonLdParseError::Syntax(error)) if error.location().is_some() => {
                return Err(broken(path, "JSON-LD", &error.to_string()));
            }
            Err(JsonLdParseError::Syntax(error)) => {
                let message = error.to_string();
                let problem = Problem::new(path, None, expected("JSON-LD", &message), "a wrong value");
                intake.reject(problem, message.as_bytes())?;
            }
        }
        if seen.is_multiple_of(REPORT_EVERY) {
            packed.report(intake)?;
        }
    }
    packed.report(intake)?;
    intake.progress.end();
    Ok(())
}

/// A document that cannot be read to its end.
fn broken(path: &Path, kind: &str, message: &str) -> Error {
    Error::Source(Box::new(Problem::new(path, None, kind, message)))
}
