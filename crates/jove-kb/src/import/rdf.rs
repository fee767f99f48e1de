//! N-Triples and Turtle, and DBpedia's dumps, which are N-Triples too.

use std::path::Path;

use jove_core::{Lang, Problem};
use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxttl::{NTriplesParser, TurtleParser};

use super::input::{Lines, Packed};
use super::names;
use super::reserved::Reserved;
use crate::error::{Error, Result};
use crate::intake::{Intake, Object, Provisional};
use crate::options::Source;
use crate::roles::{Role, Roles};

/// Roles of the usual vocabularies.
pub(crate) fn roles() -> Roles {
    let rdfs = "http://www.w3.org/2000/01/rdf-schema#";
    let skos = "http://www.w3.org/2004/02/skos/core#";
    let names = [
        (format!("{rdfs}label"), Role::Label),
        (format!("{skos}prefLabel"), Role::Label),
        (format!("{skos}altLabel"), Role::Alias),
        ("http://xmlns.com/foaf/0.1/name".into(), Role::Alias),
        (format!("{rdfs}comment"), Role::Description),
        ("http://schema.org/description".into(), Role::Description),
        ("http://purl.org/dc/terms/description".into(), Role::Description),
        ("http://dbpedia.org/ontology/abstract".into(), Role::Description),
        (RDF_TYPE.into(), Role::Type),
        ("http://www.w3.org/2002/07/owl#sameAs".into(), Role::SameAs),
        ("http://dbpedia.org/ontology/wikiPageRedirects".into(), Role::SameAs),
    ];
    Roles { roles: names.into_iter().collect(), ..Roles::default() }
}

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

/// How entities without a label get a name.
type Naming = fn(&mut Intake<'_>, Provisional, &str) -> Result<()>;

/// IRIs are no names.
#[allow(clippy::unnecessary_wraps, reason = "as other ways of naming")]
fn unnamed(_: &mut Intake<'_>, _: Provisional, _: &str) -> Result<()> {
    Ok(())
}

/// Reads N-Triples, a line at a time, so that one bad line costs one line.
pub(crate) fn read_ntriples(path: &Path, source: &Source, dbpedia: bool, intake: &mut Intake<'_>) -> Result<()> {
    let scope = scope(source);
    let naming: Naming = if dbpedia { names::dbpedia } else { unnamed };
    let mut lines = Lines::open(path, intake)?;
    // A zero byte may stand in a literal.
    while let Some((number, line)) = lines.next_line(intake)? {
        if line.trim().is_empty() {
            continue;
        }
        let triples: Result<Vec<_>, _> = NTriplesParser::new().for_slice(line).collect();
        match triples {
            Ok(triples) => triples.iter().try_for_each(|triple| take(triple, &scope, naming, intake))?,
            Err(error) => {
                let expected = format!("an N-Triples statement ({})", error.message());
                intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// Reads Turtle as a stream.
pub(crate) fn read_turtle(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let scope = scope(source);
    let (input, progress) = Packed::open(path, intake)?;
    let parser = TurtleParser::new().for_reader(input);
    let mut rows = 0_u64;
    for found in parser {
        rows += 1;
        intake.counts.rows += 1;
        if rows.is_multiple_of(4096) {
            progress.report(intake)?;
        }
        match found {
            Ok(triple) => take(&triple, &scope, unnamed, intake)?,
            Err(oxttl::TurtleParseError::Io(error)) => return Err(Error::io(path)(error)),
            Err(oxttl::TurtleParseError::Syntax(error)) => {
                let line = error.location().start.line + 1;
                let problem = Problem::new(path, Some(line), "Turtle", error.message());
                intake.reject(problem, error.to_string().as_bytes())?;
            }
        }
    }
    progress.report(intake)?;
    intake.progress.end();
    Ok(())
}

/// Blank nodes of one source are not those of another: their keys hold a few digits of the source's name.
fn scope(source: &Source) -> String {
    let hash = blake3::hash(source.name().as_bytes());
    format!("_:jove{}.", &hash.to_hex()[..8])
}

/// The key of a blank node; one that an export wrote keeps its key.
fn blank(scope: &str, label: &str) -> String {
    let own = label.strip_prefix("jove").and_then(|rest| rest.split_once('.'));
    if own.is_some_and(|(digits, _)| digits.len() == 8) { format!("_:{label}") } else { format!("{scope}{label}") }
}

fn take(triple: &Triple, scope: &str, naming: Naming, intake: &mut Intake<'_>) -> Result<()> {
    let holder;
    let subject = match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => names::key_of_iri(node.as_str()),
        NamedOrBlankNode::BlankNode(node) => {
            holder = blank(scope, node.as_str());
            holder.as_str().into()
        }
    };
    let reserved = Reserved::of_iri(triple.predicate.as_str());
    let predicate = names::key_of_iri(triple.predicate.as_str());
    let object_holder;
    let object = match &triple.object {
        Term::NamedNode(node) => {
            object_holder = names::key_of_iri(node.as_str()).into_owned();
            Object::Entity(&object_holder)
        }
        Term::BlankNode(node) => {
            object_holder = blank(scope, node.as_str());
            Object::Entity(&object_holder)
        }
        Term::Literal(literal) => {
            object_holder = names::key_of_iri(literal.datatype().as_str()).into_owned();
            let plain = literal.language().is_some() || object_holder == XSD_STRING;
            Object::Value {
                text: literal.value(),
                lang: literal.language().and_then(lang),
                datatype: if plain { "" } else { &object_holder },
            }
        }
    };
    match reserved {
        Some(what) => what.take(&subject, object, intake),
        None => intake.triple(&subject, &predicate, object, naming),
    }
}

/// A language; a tag that is too long for us counts as its primary language.
fn lang(tag: &str) -> Option<Lang> {
    Lang::new(tag).or_else(|_| Lang::new(tag.split('-').next().unwrap_or(tag))).ok()
}
