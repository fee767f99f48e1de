//! Reserved predicates of exports: statements that are not facts.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::input::Lines;
use super::names::KEY_IRI;
use crate::error::Result;
use crate::intake::{Intake, Object};

/// The first line of an exported table.
pub(crate) const HEADER: &str = "#jove-kb\t1\tsubject predicate object kind";

/// Statements that are no facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    Entity,
    Label,
    Alias,
    AliasWithPrior,
    Description,
    Type,
    Popularity,
    SameAs,
    PredicateLabel,
    Inverse,
}

impl Reserved {
    const ALL: [Self; 10] = [
        Self::Entity,
        Self::Label,
        Self::Alias,
        Self::AliasWithPrior,
        Self::Description,
        Self::Type,
        Self::Popularity,
        Self::SameAs,
        Self::PredicateLabel,
        Self::Inverse,
    ];

    /// The predicate in a table.
    pub(crate) const fn cell(self) -> &'static str {
        match self {
            Self::Entity => "@entity",
            Self::Label => "@label",
            Self::Alias => "@alias",
            Self::AliasWithPrior => "@alias-with-prior",
            Self::Description => "@description",
            Self::Type => "@type",
            Self::Popularity => "@popularity",
            Self::SameAs => "@same-as",
            Self::PredicateLabel => "@predicate-label",
            Self::Inverse => "@inverse",
        }
    }

    /// The predicate in RDF: the usual vocabulary where there is one.
    pub(crate) fn iri(self) -> String {
        match self {
            Self::Label => "http://www.w3.org/2000/01/rdf-schema#label".into(),
            Self::Alias => "http://www.w3.org/2004/02/skos/core#altLabel".into(),
            Self::Description => "http://schema.org/description".into(),
            Self::Type => "http://www.w3.org/1999/02/22-rdf-syntax-ns#type".into(),
            Self::SameAs => "http://www.w3.org/2002/07/owl#sameAs".into(),
            other => format!("{META_IRI}{}", &other.cell()[1..]),
        }
    }

    /// The statement of a predicate that is only ours.
    pub(crate) fn of_iri(iri: &str) -> Option<Self> {
        let name = iri.strip_prefix(META_IRI)?;
        Self::ALL.into_iter().find(|one| &one.cell()[1..] == name)
    }

    fn of_cell(cell: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.cell() == cell)
    }

    /// Takes the statement in.
    pub(crate) fn take(self, subject: &str, object: Object<'_>, intake: &mut Intake<'_>) -> Result<()> {
        let (text, lang) = match object {
            Object::Entity(key) => (key, None),
            Object::Name { key: text, lang } | Object::Value { text, lang, .. } => (text, lang),
        };
        match self {
            Self::PredicateLabel => return intake.predicate_label(subject, lang, text),
            Self::Inverse => return intake.predicate_inverse(subject, text),
            Self::SameAs => return intake.same_as(subject, text),
            _ => {}
        }
        let (entity, _) = intake.entity(subject)?;
        match self {
            Self::Label => intake.label(entity, lang, text),
            Self::Alias => intake.alias(entity, lang, text, 1.0),
            Self::AliasWithPrior => match text.split_once(' ').map(|(prior, name)| (prior.parse(), name)) {
                Some((Ok(prior), name)) => intake.alias(entity, lang, name, prior),
                _ => intake.alias(entity, lang, text, 1.0),
            },
            Self::Description => intake.description(entity, lang, text),
            Self::Type => intake.entity_type(entity, text),
            Self::Popularity => intake.popularity(entity, text.parse().unwrap_or(0.0)),
            Self::Entity => {
                intake.keep_entity(entity);
                Ok(())
            }
            Self::PredicateLabel | Self::Inverse | Self::SameAs => Ok(()),
        }
    }
}

/// What our own predicates begin with in RDF.
const META_IRI: &str = "urn:jove:meta:";
const _: () = assert!(KEY_IRI.len() > 4);

/// Reads the rest of an exported table, after its header.
pub(crate) fn read_table(path: &Path, lines: &mut Lines, intake: &mut Intake<'_>) -> Result<()> {
    while let Some((number, line)) = lines.next_text(intake)? {
        let cells: Vec<_> = line.split('\t').map(unescape).collect();
        let [subject, predicate, object, kind] = cells.as_slice() else {
            let expected = "4 columns: subject, predicate, object, kind";
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
            continue;
        };
        let object = parse_kind(kind, object);
        if let Some(what) = Reserved::of_cell(predicate) {
            what.take(subject, object, intake)?;
            continue;
        }
        // A predicate that begins with `@` itself has another before it.
        let predicate = predicate.strip_prefix("@@").map_or(predicate.clone(), |rest| format!("@{rest}"));
        let (subject, _) = intake.entity(subject)?;
        match object {
            Object::Entity(key) | Object::Name { key, .. } => {
                let (object, _) = intake.entity(key)?;
                intake.fact(subject, &predicate, object)?;
            }
            Object::Value { text, lang, datatype } => intake.literal(subject, &predicate, text, lang, datatype)?,
        }
    }
    Ok(())
}

fn parse_kind<'a>(kind: &'a str, object: &'a str) -> Object<'a> {
    match kind.strip_prefix("text") {
        Some(rest) => Object::Value {
            text: object,
            lang: rest.strip_prefix('@').and_then(|tag| Lang::new(tag).ok()),
            datatype: rest.strip_prefix('^').unwrap_or(""),
        },
        None => Object::Entity(object),
    }
}

/// A cell without tabs and line ends.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// Undoes [`escape`].
fn unescape(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.next() } else { None };
        match (c, next) {
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some(other)) => out.push(other),
            _ => out.push(c),
        }
    }
    out
}
