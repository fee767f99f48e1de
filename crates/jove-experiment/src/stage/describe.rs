//! What every entity is described by: the other side of the knowledge link.

use std::collections::BTreeMap;

use jove_core::{EntityId, Lang};
use jove_corpus::Tokenizer;
use jove_kb::{Fact, Kb};
use jove_trainer::Descriptions;

use crate::Result;
use crate::execute::Prepared;
use crate::stage::annotate::{Secrets, secrets};
use crate::stage::censor::Censor;
use crate::stage::kb;

/// Facts that stand in for a description that the graph does not have.
const FACTS_MAX: usize = 4;

/// The tokens of the descriptions, in Chinese and in English.
pub(crate) fn descriptions(prepared: &Prepared, tokenizer: &Tokenizer) -> Result<Descriptions> {
    let kb = kb::open(&prepared.base)?;
    let secrets = secrets(&prepared.text)?;
    let mut descriptions = Descriptions::new();
    for lang in [Lang::ZH, Lang::EN] {
        let colon = if lang == Lang::ZH { "：" } else { ": " };
        for Described { entity, name, text } in described(&kb, lang, &secrets)? {
            let tokens = tokenizer.encode_text(&format!("{name}{colon}{text}"))?.tokens;
            if !tokens.is_empty() {
                descriptions.entry(entity).or_default().push(tokens);
            }
        }
    }
    Ok(descriptions)
}

/// An entity with what is said of it.
pub(crate) struct Described {
    pub(crate) entity: EntityId,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Name and description of every entity named in a language. An entity without a description is described by its facts.
/// What tells a held-out fact is cut from both: the link may not learn what a probe will ask.
pub(crate) fn described(kb: &Kb, lang: Lang, secrets: &Secrets) -> Result<Vec<Described>> {
    let censor = Censor::new(kb, secrets)?;
    let names = kb.labels_in(lang)?;
    let mut own: BTreeMap<EntityId, String> = kb.descriptions(lang)?.into_iter().collect();
    for (&entity, text) in &mut own {
        *text = censor.cut(entity, text);
    }
    own.retain(|_, text| !text.trim().is_empty());
    let mut facts: BTreeMap<EntityId, Vec<Fact>> = BTreeMap::new();
    kb.visit_facts(|fact| {
        let list = facts.entry(fact.subject).or_default();
        if list.len() < FACTS_MAX && !own.contains_key(&fact.subject) && !is_secret(secrets, fact) {
            list.push(fact);
        }
    })?;
    let comma = if lang == Lang::ZH { "，" } else { ", " };
    let mut texts = Vec::new();
    for (&entity, name) in &names {
        let text = if let Some(description) = own.get(&entity) {
            description.clone()
        } else {
            let facts: &[Fact] = facts.get(&entity).map_or(&[], Vec::as_slice);
            censor.cut(entity, &told(kb, lang, facts, &names)?.join(comma))
        };
        if !text.is_empty() {
            texts.push(Described { entity, name: name.clone(), text });
        }
    }
    Ok(texts)
}

/// Facts as `relation object`, where the object has a name.
fn told(kb: &Kb, lang: Lang, facts: &[Fact], names: &BTreeMap<EntityId, String>) -> Result<Vec<String>> {
    let mut parts = Vec::new();
    for fact in facts {
        let Some(object) = names.get(&fact.object) else { continue };
        let relation = match kb.predicate_label(fact.predicate, lang)? {
            Some(label) => label,
            None => kb.predicate_name(fact.predicate)?.unwrap_or_default().to_owned(),
        };
        parts.push(format!("{relation} {object}"));
    }
    Ok(parts)
}

fn is_secret(secrets: &Secrets, fact: Fact) -> bool {
    let hidden = |from, to| secrets.get(&from).is_some_and(|others| others.contains(&to));
    hidden(fact.subject, fact.object) || hidden(fact.object, fact.subject)
}
