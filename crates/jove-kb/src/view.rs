//! A self-contained HTML page of a knowledge base.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::{EntityId, Lang, Progress};
use jove_files::{Kind, Output, check_apart};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::kb::Kb;

/// Options of the page.
#[derive(Clone, Debug)]
pub struct ViewOptions {
    /// The entity that is shown first. Default: the best connected one.
    pub entity: Option<EntityId>,
    /// The language of names. Default `zh`.
    pub lang: Lang,
    /// The most entities that the page holds and can search, the best connected ones and their neighbours first.
    /// Default 2,000.
    pub entities_max: usize,
    /// The most edges drawn around an entity. Default 40.
    pub edges_max: usize,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self { entity: None, lang: Lang::ZH, entities_max: 2_000, edges_max: 40 }
    }
}

/// The most entities that the page can find without holding them.
const SEARCHED_MAX: usize = 100_000;

/// The page; `/*DATA*/` is where the knowledge base's content goes.
const PAGE: &str = include_str!("view.html");

/// Writes the page.
///
/// # Errors
/// When the knowledge base cannot be read, the file cannot be written or is no page, or the user interrupts.
pub fn view(kb: &Kb, options: &ViewOptions, out: &Path, progress: &dyn Progress) -> Result<()> {
    check_apart(out, [kb.path()]).map_err(Error::io(out))?;
    progress.begin("draw", None, "entities");
    let degrees = kb.degrees()?;
    let chosen = chosen(kb, options, &degrees)?;
    let mut entities = BTreeMap::new();
    for &entity in &chosen {
        progress.advance(1);
        if progress.cancelled() {
            return Err(Error::Interrupted);
        }
        entities.insert(entity.0, entity_data(kb, options, entity, degrees[entity.0 as usize])?);
    }
    let stats = serde_json::to_value(kb.stats()?).map_err(|error| Error::io(out)(error.into()))?;
    let start = chosen.first().map_or(0, |entity| entity.0);
    let name = kb.path().file_name().map(|name| name.to_string_lossy().into_owned());
    let rest = rest(kb, options, &entities, degrees.len())?;
    let data = json!({
        "name": name, "stats": stats, "entities": entities, "start": start, "lang": options.lang.as_str(), "rest": rest,
    });
    // No text of the knowledge base may end the script element.
    let data = data.to_string().replace('<', "\\u003c");
    let page = PAGE.replacen("/*STYLE*/", jove_core::PAGE_STYLE, 1).replacen("/*DATA*/null", &data, 1);
    Output::write(out, Kind::HTML, page.as_bytes()).map_err(Error::io(out))?;
    progress.end();
    Ok(())
}

/// Name and key of the entities that the page doesn't hold, for its search.
fn rest(kb: &Kb, options: &ViewOptions, held: &BTreeMap<u32, Value>, count: usize) -> Result<Vec<[String; 2]>> {
    let labels = kb.labels_in(options.lang)?;
    let others = (0..count as u32).filter(|id| !held.contains_key(id)).map(EntityId).take(SEARCHED_MAX);
    let row = |entity: EntityId| {
        let key = kb.key(entity)?;
        Ok([labels.get(&entity).cloned().unwrap_or_else(|| key.clone()), key])
    };
    others.map(row).collect()
}

/// The first entity, its neighbours, then others by degree.
fn chosen(kb: &Kb, options: &ViewOptions, degrees: &[u64]) -> Result<Vec<EntityId>> {
    let mut by_degree: Vec<_> = (0..degrees.len() as u32).map(EntityId).collect();
    by_degree.sort_by_key(|entity| (std::cmp::Reverse(degrees[entity.0 as usize]), entity.0));
    let Some(first) = options.entity.filter(|e| (e.0 as usize) < degrees.len()).or(by_degree.first().copied()) else {
        return Ok(Vec::new());
    };
    let mut chosen = vec![first];
    let mut seen = BTreeSet::from([first]);
    let near = edges(kb, first, options.edges_max)?.into_iter().map(|(_, _, other)| other);
    for entity in near.chain(by_degree) {
        if chosen.len() >= options.entities_max {
            break;
        }
        if seen.insert(entity) {
            chosen.push(entity);
        }
    }
    Ok(chosen)
}

/// Edges of an entity: whether it is the subject, the predicate, and the other end.
fn edges(kb: &Kb, entity: EntityId, max: usize) -> Result<Vec<(bool, String, EntityId)>> {
    let mut edges = Vec::new();
    let name = |predicate| Ok::<_, Error>(kb.predicate_name(predicate)?.unwrap_or_default().to_owned());
    for fact in kb.facts_of(entity, max)? {
        edges.push((true, name(fact.predicate)?, fact.object));
    }
    let room = max.saturating_sub(edges.len()).max(max / 4);
    for fact in kb.facts_about(entity, room)? {
        edges.push((false, name(fact.predicate)?, fact.subject));
    }
    Ok(edges)
}

fn entity_data(kb: &Kb, options: &ViewOptions, entity: EntityId, degree: u64) -> Result<Value> {
    let label = |entity| kb.label(entity, options.lang)?.map_or_else(|| kb.key(entity), Ok);
    let mut drawn = Vec::new();
    for (out, predicate, other) in edges(kb, entity, options.edges_max)? {
        drawn.push(json!([out, predicate, other.0, label(other)?]));
    }
    let mut names: Vec<String> = kb.names(entity)?.into_iter().map(|(_, text, _)| text).collect();
    names.sort();
    names.dedup();
    names.truncate(200);
    let description = match kb.description(entity, options.lang)? {
        Some(text) => Some(text),
        None => kb.descriptions_of(entity)?.into_iter().next().map(|(_, text)| text),
    };
    Ok(json!({
        "key": kb.key(entity)?, "label": label(entity)?, "types": kb.types(entity)?, "description": description,
        "names": names, "degree": degree, "edges": drawn,
    }))
}
