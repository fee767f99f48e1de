//! The native format.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use jove_core::{EntityId, Lang, Progress};
use serde::Serialize;
use serde_json::{Value, json};

use super::report::advance;
use crate::error::{Error, Result};
use crate::fact::PredicateId;
use crate::kb::Kb;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Entity {
    id: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    aliases: BTreeMap<String, Vec<Value>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    descriptions: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    popularity: Option<f32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, Vec<Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_as: Vec<String>,
}

/// Writes predicates, then entities by number.
pub(super) fn write(kb: &Kb, out: &mut impl Write, progress: &dyn Progress) -> Result<()> {
    write_predicates(kb, out)?;
    let count = kb.entity_count()? as u32;
    for id in 0..count {
        for entity in entities(kb, EntityId(id))? {
            line(out, &entity)?;
        }
        if id % 1024 == 1023 {
            advance(1024, progress)?;
        }
    }
    Ok(())
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    let io = Error::io(Path::new("export"));
    let mut text = serde_json::to_vec(value).map_err(|error| Error::io(Path::new("export"))(error.into()))?;
    text.push(b'\n');
    out.write_all(&text).map_err(io)
}

fn write_predicates(kb: &Kb, out: &mut impl Write) -> Result<()> {
    let predicates = kb.predicates()?;
    for (index, info) in predicates.iter().enumerate() {
        for labels in layers(kb.predicate_labels(PredicateId(index as u32))?) {
            line(out, &json!({"predicate": info.key, "labels": labels}))?;
        }
    }
    for (predicate, inverse) in kb.predicate_inverses()? {
        let key = |id: PredicateId| predicates.get(id.0 as usize).map(|info| info.key.as_str());
        if predicate == inverse {
            line(out, &json!({"predicate": key(predicate), "symmetric": true}))?;
        } else if predicate < inverse {
            line(out, &json!({"predicate": key(predicate), "inverse": key(inverse)}))?;
        }
    }
    Ok(())
}

/// Texts by language, as many maps as a language has texts.
fn layers(texts: Vec<(Option<Lang>, String)>) -> Vec<BTreeMap<String, String>> {
    let mut layers: Vec<BTreeMap<String, String>> = Vec::new();
    for (lang, text) in texts {
        let lang = tag(lang);
        match layers.iter_mut().find(|layer| !layer.contains_key(&lang)) {
            Some(layer) => {
                layer.insert(lang, text);
            }
            None => layers.push(BTreeMap::from([(lang, text)])),
        }
    }
    layers
}

fn tag(lang: Option<Lang>) -> String {
    lang.map_or_else(String::new, |lang| lang.as_str().to_owned())
}

/// The lines of an entity: one, and more where a language has several labels.
fn entities(kb: &Kb, id: EntityId) -> Result<Vec<Entity>> {
    let key = kb.key(id)?;
    let records = kb.alias_records(id)?;
    let mut aliases: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for name in records.iter().filter(|record| !record.label) {
        let plain = (name.prior - 1.0).abs() < f32::EPSILON;
        let value = if plain { json!(name.text) } else { json!({"text": name.text, "prior": name.prior}) };
        aliases.entry(tag(name.lang)).or_default().push(value);
    }
    let labels = records.into_iter().filter(|record| record.label).map(|name| (name.lang, name.text)).collect();
    let mut layers = layers(labels).into_iter();
    let mut descriptions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (lang, text) in kb.descriptions_of(id)? {
        descriptions.entry(tag(lang)).or_default().push(text);
    }
    let first = Entity {
        labels: layers.next().unwrap_or_default(),
        aliases,
        descriptions,
        types: kb.types(id)?,
        popularity: Some(kb.popularity(id)?).filter(|value| *value > 0.0),
        facts: facts(kb, id)?,
        same_as: kb.keys(id)?.into_iter().filter(|other| *other != key).collect(),
        id: key.clone(),
    };
    let further = layers.map(|labels| Entity {
        id: key.clone(),
        labels,
        aliases: BTreeMap::new(),
        descriptions: BTreeMap::new(),
        types: Vec::new(),
        popularity: None,
        facts: BTreeMap::new(),
        same_as: Vec::new(),
    });
    Ok(std::iter::once(first).chain(further).collect())
}

fn facts(kb: &Kb, id: EntityId) -> Result<BTreeMap<String, Vec<Value>>> {
    let mut facts: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let name = |predicate| Ok::<_, Error>(kb.predicate_name(predicate)?.unwrap_or_default().to_owned());
    for fact in kb.facts_of(id, usize::MAX)? {
        facts.entry(name(fact.predicate)?).or_default().push(json!(kb.key(fact.object)?));
    }
    for literal in kb.literals(id)? {
        let mut value = json!({"value": literal.value});
        if let Some(lang) = literal.lang {
            value["lang"] = json!(lang.as_str());
        }
        if !literal.datatype.is_empty() {
            value["datatype"] = json!(literal.datatype);
        }
        facts.entry(name(literal.predicate)?).or_default().push(value);
    }
    Ok(facts)
}
