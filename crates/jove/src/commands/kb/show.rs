//! `jove kb show`: all that a base says of one entity.

use jove_core::{EntityId, Lang};
use jove_kb::Kb;
use serde_json::{Value, json};

use crate::context::Context;

/// Shows an entity given by key, number or name.
pub(super) fn show(kb: &Kb, text: &str, lang: Lang, limit: usize, context: &Context) -> anyhow::Result<()> {
    let entity = kb.find(text, lang)?;
    let mut keys = kb.keys(entity)?;
    let key = keys.remove(0);
    let names = kb.names(entity)?;
    let descriptions = kb.descriptions_of(entity)?;
    let (types, popularity) = (kb.types(entity)?, kb.popularity(entity)?);
    let (facts, about) = (facts(kb, entity, limit, false)?, facts(kb, entity, limit, true)?);
    let tag = |lang: Option<Lang>| lang.map_or_else(String::new, |lang| lang.to_string());
    if context.json() {
        return context.print_json(&json!({
            "entity": entity.0,
            "key": key,
            "same-as": keys,
            "names": names.iter().map(|(lang, name, label)| json!({"lang": tag(*lang), "name": name, "label": label})).collect::<Vec<_>>(),
            "types": types,
            "descriptions": descriptions.iter().map(|(lang, text)| json!({"lang": tag(*lang), "text": text})).collect::<Vec<_>>(),
            "popularity": popularity,
            "facts": facts,
            "facts-about-it": about,
            "literals": literals(kb, entity, limit)?,
        }));
    }
    context.print(format!("{key}\t#{}", entity.0))?;
    for other in keys {
        context.print(format!("same as\t{other}"))?;
    }
    for (lang, name, is_label) in names {
        context.print(format!("{}\t{name}\t{}", if is_label { "label" } else { "alias" }, tag(lang)))?;
    }
    for kind in types {
        context.print(format!("type\t{kind}"))?;
    }
    if popularity > 0.0 {
        context.print(format!("popularity\t{popularity}"))?;
    }
    for (lang, text) in descriptions {
        context.print(format!("description\t{text}\t{}", tag(lang)))?;
    }
    for row in facts.iter().chain(&about) {
        let cell = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        context.print(format!("fact\t{}\t{}\t{}", cell("subject"), cell("predicate"), cell("object")))?;
    }
    for row in literals(kb, entity, limit)? {
        let cell = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        context.print(format!("value\t{}\t“{}”\t{}", cell("predicate"), cell("value"), cell("lang")))?;
    }
    Ok(())
}

/// Facts of an entity, or about it, by their keys.
fn facts(kb: &Kb, entity: EntityId, limit: usize, about: bool) -> anyhow::Result<Vec<Value>> {
    let facts = if about { kb.facts_about(entity, limit)? } else { kb.facts_of(entity, limit)? };
    let row = |fact: jove_kb::Fact| -> anyhow::Result<Value> {
        let predicate = kb.predicate_name(fact.predicate)?;
        Ok(json!({"subject": kb.key(fact.subject)?, "predicate": predicate, "object": kb.key(fact.object)?}))
    };
    facts.into_iter().map(row).collect()
}

fn literals(kb: &Kb, entity: EntityId, limit: usize) -> anyhow::Result<Vec<Value>> {
    let row = |literal: jove_kb::Literal| -> anyhow::Result<Value> {
        let predicate = kb.predicate_name(literal.predicate)?;
        let lang = literal.lang.map(|lang| lang.to_string());
        Ok(json!({"predicate": predicate, "value": literal.value, "lang": lang, "datatype": literal.datatype}))
    };
    kb.literals(entity)?.into_iter().take(limit).map(row).collect()
}
