//! Writes N-Triples and tables: everything is a triple, under reserved predicates where the graph has none.

use std::io::{self, Write};
use std::path::Path;

use jove_core::{EntityId, Lang, Progress};
use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use oxttl::NTriplesSerializer;

use super::report::advance;
use crate::error::{Error, Result};
use crate::fact::PredicateId;
use crate::import::names::iri_of_key;
use crate::import::reserved::{HEADER, Reserved, escape};
use crate::kb::{Kb, NameRecord};

/// One side of a triple.
pub(super) enum Thing<'a> {
    Key(&'a str),
    Text { value: &'a str, lang: Option<Lang>, datatype: &'a str },
}

/// Writes triples in one format.
pub(super) trait Writer {
    /// Writes the header.
    fn header(&mut self) -> io::Result<()>;
    /// A triple of the graph.
    fn fact(&mut self, subject: &str, predicate: &str, object: &Thing<'_>) -> io::Result<()>;
    /// A triple that says something other than a fact.
    fn reserved(&mut self, subject: &str, what: Reserved, object: &Thing<'_>) -> io::Result<()>;
}

/// Writes everything, predicates first.
pub(super) fn write(kb: &Kb, out: &mut impl Writer, progress: &dyn Progress) -> Result<()> {
    let io = |error| Error::io(Path::new("export"))(error);
    out.header().map_err(io)?;
    let predicates = kb.predicates()?;
    for (index, info) in predicates.iter().enumerate() {
        for (lang, text) in kb.predicate_labels(PredicateId(index as u32))? {
            let label = Thing::Text { value: &text, lang, datatype: "" };
            out.reserved(&info.key, Reserved::PredicateLabel, &label).map_err(io)?;
        }
    }
    for (predicate, inverse) in kb.predicate_inverses()? {
        let key = |id: PredicateId| predicates.get(id.0 as usize).map_or("", |info| info.key.as_str());
        if predicate <= inverse {
            out.reserved(key(predicate), Reserved::Inverse, &Thing::Key(key(inverse))).map_err(io)?;
        }
    }
    for id in 0..kb.entity_count()? as u32 {
        write_entity(kb, EntityId(id), out)?;
        if id % 1024 == 1023 {
            advance(1024, progress)?;
        }
    }
    Ok(())
}

fn write_entity(kb: &Kb, id: EntityId, out: &mut impl Writer) -> Result<()> {
    let io = |error| Error::io(Path::new("export"))(error);
    let key = kb.key(id)?;
    out.reserved(&key, Reserved::Entity, &Thing::Text { value: "", lang: None, datatype: "" }).map_err(io)?;
    for NameRecord { lang, text, label, prior } in kb.alias_records(id)? {
        let known = (prior - 1.0).abs() < f32::EPSILON;
        let text = if label || known { text } else { format!("{prior} {text}") };
        let what = match (label, known) {
            (true, _) => Reserved::Label,
            (false, true) => Reserved::Alias,
            (false, false) => Reserved::AliasWithPrior,
        };
        out.reserved(&key, what, &Thing::Text { value: &text, lang, datatype: "" }).map_err(io)?;
    }
    for (lang, text) in kb.descriptions_of(id)? {
        out.reserved(&key, Reserved::Description, &Thing::Text { value: &text, lang, datatype: "" }).map_err(io)?;
    }
    for name in kb.types(id)? {
        out.reserved(&key, Reserved::Type, &Thing::Key(&name)).map_err(io)?;
    }
    let popularity = kb.popularity(id)?;
    if popularity > 0.0 {
        let value = popularity.to_string();
        out.reserved(&key, Reserved::Popularity, &Thing::Text { value: &value, lang: None, datatype: "" })
            .map_err(io)?;
    }
    for other in kb.keys(id)?.iter().filter(|other| **other != key) {
        out.reserved(&key, Reserved::SameAs, &Thing::Key(other)).map_err(io)?;
    }
    for fact in kb.facts_of(id, usize::MAX)? {
        let predicate = kb.predicate_name(fact.predicate)?.unwrap_or_default();
        out.fact(&key, predicate, &Thing::Key(&kb.key(fact.object)?)).map_err(io)?;
    }
    for literal in kb.literals(id)? {
        let predicate = kb.predicate_name(literal.predicate)?.unwrap_or_default();
        let value = Thing::Text { value: &literal.value, lang: literal.lang, datatype: &literal.datatype };
        out.fact(&key, predicate, &value).map_err(io)?;
    }
    Ok(())
}

/// N-Triples on a stream.
pub(super) struct NTriples<'a, W>(pub(super) &'a mut W);

impl<W: Write> NTriples<'_, W> {
    fn triple(&mut self, subject: &str, predicate: &str, object: &Thing<'_>) -> io::Result<()> {
        let triple = Triple::new(node(subject), NamedNode::new_unchecked(predicate), term(object));
        let mut writer = NTriplesSerializer::new().for_writer(&mut *self.0);
        writer.serialize_triple(&triple)?;
        writer.finish();
        Ok(())
    }
}

/// A blank node keeps being one; other keys are IRIs or coded.
fn node(key: &str) -> NamedOrBlankNode {
    match key.strip_prefix("_:jove").map(|_| BlankNode::new(&key[2..])) {
        Some(Ok(blank)) => blank.into(),
        _ => NamedNode::new_unchecked(iri_of_key(key)).into(),
    }
}

fn term(thing: &Thing<'_>) -> Term {
    match *thing {
        Thing::Key(key) => node(key).into(),
        Thing::Text { value, lang: Some(lang), .. } => {
            Literal::new_language_tagged_literal_unchecked(value, lang.as_str()).into()
        }
        Thing::Text { value, datatype: "", .. } => Literal::new_simple_literal(value).into(),
        Thing::Text { value, datatype, .. } => {
            Literal::new_typed_literal(value, NamedNode::new_unchecked(iri_of_key(datatype))).into()
        }
    }
}

impl<W: Write> Writer for NTriples<'_, W> {
    fn header(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn fact(&mut self, subject: &str, predicate: &str, object: &Thing<'_>) -> io::Result<()> {
        self.triple(subject, &iri_of_key(predicate), object)
    }

    fn reserved(&mut self, subject: &str, what: Reserved, object: &Thing<'_>) -> io::Result<()> {
        self.triple(subject, &what.iri(), object)
    }
}

/// A table on a stream. Tabs, line ends and backslashes in cells are written as `\t`, `\n`, `\r`, `\\`.
pub(super) struct Table<'a, W>(pub(super) &'a mut W);

impl<W: Write> Table<'_, W> {
    fn row(&mut self, subject: &str, predicate: &str, object: &Thing<'_>) -> io::Result<()> {
        let (object, kind) = match *object {
            Thing::Key(key) => (key, "entity".to_owned()),
            Thing::Text { value, lang: Some(lang), .. } => (value, format!("text@{lang}")),
            Thing::Text { value, datatype: "", .. } => (value, "text".to_owned()),
            Thing::Text { value, datatype, .. } => (value, format!("text^{datatype}")),
        };
        let cells = [subject, predicate, object, &kind].map(escape);
        writeln!(self.0, "{}", cells.join("\t"))
    }
}

impl<W: Write> Writer for Table<'_, W> {
    fn header(&mut self) -> io::Result<()> {
        writeln!(self.0, "{HEADER}")
    }

    fn fact(&mut self, subject: &str, predicate: &str, object: &Thing<'_>) -> io::Result<()> {
        match predicate.strip_prefix('@') {
            Some(_) => self.row(subject, &format!("@{predicate}"), object),
            None => self.row(subject, predicate, object),
        }
    }

    fn reserved(&mut self, subject: &str, what: Reserved, object: &Thing<'_>) -> io::Result<()> {
        self.row(subject, what.cell(), object)
    }
}
