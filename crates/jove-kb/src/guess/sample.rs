//! A base of a file's beginning.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use jove_core::Silent;

use super::described::{Relation, Sample};
use super::head::Head;
use super::words;
use crate::building::build as build_base;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::kb::Kb;
use crate::options::{BuildOptions, Source};

/// Relations that are told of.
const RELATIONS_MAX: usize = 200;

/// What the importers take from the beginning of a file; `None` where a format can't be read from its beginning alone.
pub(super) fn build(source: &Source, file: &Path, head: &Head) -> Result<Option<Sample>> {
    let whole_only = matches!(source.format, Format::RdfXml | Format::JsonLd);
    if whole_only && !head.whole {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(Error::io(Path::new("a temporary folder")))?;
    let text = match source.format {
        Format::Turtle | Format::TriG if !head.whole => statements(&head.text),
        _ => &head.text,
    };
    let name = file.file_name().unwrap_or_default();
    let copy = folder.path().join(Path::new(name).with_extension("")).with_extension("sample");
    File::create_new(&copy).and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io(&copy))?;
    let source = Source { path: copy, encoding: String::new(), ..source.clone() };
    of_source(&source, head.scale()).map(Some)
}

/// Turtle up to the end of a statement at the end of a line.
fn statements(text: &str) -> &str {
    let end = text.rfind(" .\n").map(|at| at + 3).or_else(|| text.rfind(".\n").map(|at| at + 2));
    &text[..end.unwrap_or(text.len())]
}

/// What the importers take from a source.
pub(super) fn of_source(source: &Source, scale: f64) -> Result<Sample> {
    let folder = tempfile::tempdir().map_err(Error::io(Path::new("a temporary folder")))?;
    let out = folder.path().join("sample.sqlite");
    let options =
        BuildOptions { max_bad: u64::MAX, search_index: false, ..BuildOptions::new(&out, vec![source.clone()]) };
    let report = build_base(&options, &Silent)?;
    let kb = Kb::open(&out)?;
    let mut described = BTreeSet::new();
    for (tag, _) in kb.languages()? {
        let lang = jove_core::Lang::new(&tag).unwrap_or(jove_core::Lang::UND);
        described.extend(kb.descriptions(lang)?.into_iter().map(|(entity, _)| entity));
    }
    let names = kb.languages()?;
    Ok(Sample {
        scale,
        entities: report.entities,
        facts: report.facts,
        literals: report.literals,
        bad: report.bad,
        described: described.len() as u64,
        names,
        relations: relations(&kb)?,
    })
}

fn relations(kb: &Kb) -> Result<Vec<Relation>> {
    let predicates = kb.predicates()?;
    let mut seen: BTreeMap<u32, (u64, BTreeSet<u32>)> = BTreeMap::new();
    for fact in kb.facts()? {
        let (facts, objects) = seen.entry(fact.predicate.0).or_default();
        *facts += 1;
        objects.insert(fact.object.0);
    }
    let mut relations = Vec::new();
    for (predicate, (facts, objects)) in seen {
        let key = predicates[predicate as usize].key.clone();
        let first: Vec<String> =
            objects.iter().take(50).map(|object| kb.key(jove_core::EntityId(*object))).collect::<Result<_>>()?;
        let role = words::role(&key, &first);
        relations.push(Relation { key, facts, objects: objects.len() as u64, role });
    }
    relations.sort_by(|a, b| b.facts.cmp(&a.facts).then_with(|| a.key.cmp(&b.key)));
    relations.truncate(RELATIONS_MAX);
    Ok(relations)
}
