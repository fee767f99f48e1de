//! What triples say.

use std::collections::HashSet;

use jove_core::Lang;
use oxrdf::{NamedOrBlankNode, Term, Triple};

use super::vocabulary::{Declaration, RDF_TYPE, WIKIDATA_DIRECT, XSD_STRING, declaration, is_wiki_page};
use crate::error::Result;
use crate::format::Format;
use crate::import::names;
use crate::import::reserved::Reserved;
use crate::intake::{Blanks, Intake, Object, Provisional};
use crate::options::Source;

/// How entities without a label get a name.
pub(super) type Naming = fn(&mut Intake<'_>, Provisional, &str) -> Result<()>;

/// IRIs are no names.
#[allow(clippy::unnecessary_wraps, reason = "as other ways of naming")]
pub(super) fn unnamed(_: &mut Intake<'_>, _: Provisional, _: &str) -> Result<()> {
    Ok(())
}

/// What was expected, and the parser's message; where a base is missing, how to say it.
pub(super) fn expected(kind: &str, message: &str) -> String {
    let relative = message.contains("No scheme") || message.contains("relative IRI");
    let base = if relative { "; `base`, or --base, says what relative IRIs start from" } else { "" };
    format!("{kind} ({message}{base})")
}

/// Predicates that are remembered.
const NOTED_MAX: usize = 4096;

/// Takes triples of one source.
pub(super) struct Taker<'a> {
    source: &'a Source,
    scope: String,
    naming: Naming,
    /// Blank nodes without a label of their own, in the order in which they come.
    blanks: Blanks,
    /// Predicates that were declared relations already, or many of them.
    noted: HashSet<String>,
}

impl<'a> Taker<'a> {
    pub(super) fn new(source: &'a Source, naming: Naming) -> Self {
        Self { source, scope: scope(source), naming, blanks: Blanks::default(), noted: HashSet::new() }
    }

    /// Takes the triples of a statement. What is said of a triple goes with that triple's own name, where it has none else.
    pub(super) fn take_all(&mut self, triples: &[Triple], intake: &mut Intake<'_>) -> Result<()> {
        let reifies = |triple: &Triple| matches!(triple.object, Term::Triple(_));
        let about: Vec<_> = triples
            .iter()
            .filter(|triple| reifies(triple) && triple.subject.is_blank_node())
            .map(|triple| triple.subject.clone())
            .collect();
        triples
            .iter()
            .filter(|triple| !reifies(triple) && !about.contains(&triple.subject))
            .try_for_each(|triple| self.take(triple, intake))
    }

    /// The key of a blank node; one that an export wrote keeps its key, and one without a label gets a number.
    fn blank(&mut self, label: &str) -> String {
        let own = label.strip_prefix("jove").and_then(|rest| rest.split_once('.'));
        if own.is_some_and(|(digits, _)| digits.len() == 8) {
            return format!("_:{label}");
        }
        let drawn = label.len() >= 24 && label.bytes().all(|byte| byte.is_ascii_hexdigit());
        if drawn {
            format!("{}anon-{}", self.scope, self.blanks.number(label))
        } else {
            format!("{}{label}", self.scope)
        }
    }

    fn key(&mut self, node: &NamedOrBlankNode) -> String {
        match node {
            NamedOrBlankNode::NamedNode(node) => names::key_of_iri(node.as_str()).into_owned(),
            NamedOrBlankNode::BlankNode(node) => self.blank(node.as_str()),
        }
    }

    fn take(&mut self, triple: &Triple, intake: &mut Intake<'_>) -> Result<()> {
        let subject = self.key(&triple.subject);
        let predicate = names::key_of_iri(triple.predicate.as_str());
        let holder;
        let object = match &triple.object {
            Term::NamedNode(node) => {
                holder = names::key_of_iri(node.as_str()).into_owned();
                Object::Entity(&holder)
            }
            // A property of Wikidata that has a value which nobody knows.
            Term::BlankNode(_) if predicate.starts_with(WIKIDATA_DIRECT) => return Ok(()),
            Term::BlankNode(node) => {
                holder = self.blank(node.as_str());
                Object::Entity(&holder)
            }
            Term::Triple(_) => return Ok(()),
            Term::Literal(literal) => {
                holder = names::key_of_iri(literal.datatype().as_str()).into_owned();
                let plain = literal.language().is_some() || holder == XSD_STRING;
                let (text, lang) = (literal.value(), literal.language().and_then(lang));
                Object::Value { text, lang, datatype: if plain { "" } else { &holder } }
            }
        };
        if let Some(what) = Reserved::of_iri(triple.predicate.as_str()) {
            return what.take(&subject, object, intake);
        }
        if self.source.format != Format::Dbpedia && is_wiki_page(&subject) {
            return Ok(());
        }
        let node = match &object {
            Object::Entity(key) => Some(*key),
            _ => None,
        };
        if let Some(what) = declaration(&predicate, node).filter(|_| !self.has_own_role(&predicate, intake)) {
            return declare(what, &subject, node, intake);
        }
        self.note_relation(&predicate, intake)?;
        intake.triple(&subject, &predicate, object, self.naming)
    }

    /// Whether the user's file of roles says what becomes of a predicate.
    fn has_own_role(&self, predicate: &str, intake: &Intake<'_>) -> bool {
        self.source.roles.is_some() && predicate != RDF_TYPE && intake.has_role(predicate)
    }

    /// An IRI between subject and object is a relation, whatever else is said of it.
    fn note_relation(&mut self, predicate: &str, intake: &mut Intake<'_>) -> Result<()> {
        if self.noted.contains(predicate) {
            return Ok(());
        }
        if self.noted.len() >= NOTED_MAX {
            self.noted.clear();
        }
        self.noted.insert(predicate.to_owned());
        if intake.is_fact(predicate) && predicate.contains("://") { intake.declare_relation(predicate) } else { Ok(()) }
    }
}

fn declare(what: Declaration, subject: &str, object: Option<&str>, intake: &mut Intake<'_>) -> Result<()> {
    let named = |key: &str| !key.starts_with("_:");
    match (what, object) {
        (Declaration::Relation, _) if named(subject) => intake.declare_relation(subject),
        (Declaration::Symmetric, _) if named(subject) => {
            intake.declare_relation(subject)?;
            intake.predicate_inverse(subject, subject)
        }
        (Declaration::Inverse, Some(object)) if named(subject) && named(object) => {
            intake.declare_relation(subject)?;
            intake.declare_relation(object)?;
            intake.predicate_inverse(subject, object)
        }
        (Declaration::NamesOfRelation, Some(object)) => intake.relation_names(subject, object),
        (Declaration::Label | Declaration::Alias, Some(object)) => {
            let (entity, _) = intake.entity(subject)?;
            intake.names_by(entity, object, what == Declaration::Label)
        }
        _ => Ok(()),
    }
}

/// Blank nodes of one source are not those of another: their keys hold a few digits of the source's name.
fn scope(source: &Source) -> String {
    let hash = blake3::hash(source.name().as_bytes());
    format!("_:jove{}.", &hash.to_hex()[..8])
}

/// A language; a tag that is too long for us counts as its primary language.
fn lang(tag: &str) -> Option<Lang> {
    Lang::new(tag).or_else(|_| Lang::new(tag.split('-').next().unwrap_or(tag))).ok()
}
