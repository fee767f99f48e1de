//! What every entity is described by: the other side of the knowledge link.

use std::collections::BTreeMap;

use jove_core::{EntityId, Lang};
use jove_corpus::Tokenizer;
use jove_kb::{Fact, Kb};
use jove_objectives::Descriptions;

use crate::Result;
use crate::execute::Prepared;
use crate::run_file::DescribeSettings;
use crate::stage::annotate::{HeldOutFacts, secrets};
use crate::stage::censor::DescriptionFilter;
use crate::stage::kb;

/// The languages that entities are described in.
pub(crate) const LANGS: [Lang; 2] = [Lang::ZH, Lang::EN];

/// The tokens of the descriptions, in Chinese and in English; entities of which nothing but a name is known have none.
pub(crate) fn descriptions(
    prepared: &Prepared,
    tokenizer: &Tokenizer,
    settings: &DescribeSettings,
) -> Result<Descriptions> {
    let kb = kb::open(&prepared.base)?;
    let secrets = secrets(&prepared.text)?;
    let mut descriptions = Descriptions::new();
    for lang in LANGS {
        let described = described(&kb, lang, &secrets, settings)?;
        add(&mut descriptions, described.iter().filter(|described| !described.text.is_empty()), lang, tokenizer)?;
    }
    Ok(descriptions)
}

/// Adds what is said of entities in a language.
pub(crate) fn add<'a>(
    to: &mut Descriptions,
    described: impl IntoIterator<Item = &'a Described>,
    lang: Lang,
    tokenizer: &Tokenizer,
) -> Result<()> {
    for described in described {
        let tokens = tokenizer.encode_text(&described.whole(lang))?.tokens;
        if !tokens.is_empty() {
            to.entry(described.entity).or_default().push(tokens);
        }
    }
    Ok(())
}

/// An entity with what is said of it.
pub(crate) struct Described {
    pub(crate) entity: EntityId,
    pub(crate) name: String,
    /// Empty where nothing but the name is known.
    pub(crate) text: String,
}

impl Described {
    /// `name: text`.
    fn whole(&self, lang: Lang) -> String {
        let colon = if lang == Lang::ZH { "：" } else { ": " };
        if self.text.is_empty() { self.name.clone() } else { format!("{}{colon}{}", self.name, self.text) }
    }
}

/// Of every entity that is named in a language its name, and what is known of it: its type, its description and some of its
/// facts. What tells a held-out fact is cut from all of them: the link may not learn what a probe will ask.
pub(crate) fn described(
    kb: &Kb,
    lang: Lang,
    secrets: &HeldOutFacts,
    settings: &DescribeSettings,
) -> Result<Vec<Described>> {
    let censor = DescriptionFilter::new(kb, secrets)?;
    let names = kb.labels_in(lang)?;
    let mut own: BTreeMap<EntityId, String> = kb.descriptions(lang)?.into_iter().collect();
    for (&entity, text) in &mut own {
        *text = censor.cut(entity, text);
    }
    own.retain(|_, text| !text.trim().is_empty());
    let most = |entity: &EntityId| if own.contains_key(entity) { settings.further_facts } else { settings.facts };
    let facts = facts(kb, secrets, most)?;
    let types = if settings.types { types(kb, lang)? } else { Vec::new() };
    let comma = if lang == Lang::ZH { "，" } else { ", " };
    let mut all = Vec::with_capacity(names.len());
    for (&entity, name) in &names {
        let mut parts: Vec<String> = types.get(entity.0 as usize).cloned().flatten().into_iter().collect();
        parts.extend(own.get(&entity).cloned());
        let facts: &[Fact] = facts.get(&entity).map_or(&[], Vec::as_slice);
        parts.extend(told(kb, lang, facts, &names)?);
        // A description that stands alone stays as it is written.
        for part in parts.iter_mut().rev().skip(1) {
            part.truncate(part.trim_end_matches(['.', '。']).len());
        }
        all.push(Described { entity, name: name.clone(), text: censor.cut(entity, &parts.join(comma)) });
    }
    Ok(all)
}

/// The first facts of every entity, as many as `most` says, held-out ones excepted.
fn facts(kb: &Kb, secrets: &HeldOutFacts, most: impl Fn(&EntityId) -> usize) -> Result<BTreeMap<EntityId, Vec<Fact>>> {
    let mut facts: BTreeMap<EntityId, Vec<Fact>> = BTreeMap::new();
    kb.visit_facts(|fact| {
        let list = facts.entry(fact.subject).or_default();
        if list.len() < most(&fact.subject) && !is_secret(secrets, fact) {
            list.push(fact);
        }
    })?;
    Ok(facts)
}

/// The name of every entity's first type: its label, where the type is an entity itself, else its key where that is in the
/// letters of the language.
fn types(kb: &Kb, lang: Lang) -> Result<Vec<Option<String>>> {
    let mut called = Vec::new();
    for key in kb.type_names()? {
        let label = match kb.entity_id(&key)? {
            Some(entity) => kb.label_in(entity, lang)?,
            None => None,
        };
        let fits = key.is_ascii() == (lang != Lang::ZH);
        called.push(label.or_else(|| fits.then(|| key.replace(['-', '_'], " "))));
    }
    let name = |number: Option<u32>| number.and_then(|number| called.get(number as usize).cloned().flatten());
    Ok(kb.type_of_all()?.into_iter().map(name).collect())
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

/// Whether a fact is between the ends of a held-out one, in either direction.
pub(crate) fn is_secret(secrets: &HeldOutFacts, fact: Fact) -> bool {
    let hidden = |from, to| secrets.get(&from).is_some_and(|others| others.contains(&to));
    hidden(fact.subject, fact.object) || hidden(fact.object, fact.subject)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use jove_core::Silent;
    use jove_kb::{BuildOptions, Format, Source, build};
    use tempfile::TempDir;

    use super::*;

    const GRAPH: &str = r#"
{"id":"kabul","labels":{"en":"Kabul","zh":"喀布尔"},"types":["city"],"descriptions":{"en":"A city by a river.","zh":"阿富汗的首都"},"facts":{"capital-of":["afghanistan"],"lies-in":["asia"]}}
{"id":"afghanistan","labels":{"en":"Afghanistan","zh":"阿富汗"},"types":["country"],"descriptions":{"en":"Ruled from Kabul","zh":"内陆国"},"facts":{"capital":["kabul"],"lies-in":["asia"],"borders":["iran"]}}
{"id":"asia","labels":{"en":"Asia","zh":"亚洲"}}
{"id":"iran","labels":{"en":"Iran"},"types":["country"]}
{"id":"herat","labels":{"en":"Herat"},"types":["city"],"facts":{"lies-in":["asia"]}}
{"id":"kandahar","labels":{"en":"Kandahar"},"aliases":{"en":["kabul"]},"types":["city"],"facts":{"lies-in":["asia"]}}
"#;

    /// A base of a few places, in a folder that has to be kept.
    pub(crate) fn base() -> (TempDir, Kb) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph.jsonl");
        std::fs::write(&path, GRAPH.trim_start()).unwrap();
        let file = folder.path().join("kb.sqlite");
        build(&BuildOptions::new(file.clone(), vec![Source::new(Format::Jsonl, path)]), &Silent).unwrap();
        let kb = Kb::open(&file).unwrap();
        (folder, kb)
    }

    /// What is known of the places in a language when Kabul's country is or is not to be kept secret.
    fn texts(lang: Lang, secret: bool, settings: &DescribeSettings) -> BTreeMap<String, String> {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let pair = HeldOutFacts::from([(id("kabul"), BTreeSet::from([id("afghanistan")]))]);
        let secrets = if secret { pair } else { HeldOutFacts::new() };
        let all = described(&kb, lang, &secrets, settings).unwrap();
        all.iter().map(|described| (kb.key(described.entity).unwrap(), described.whole(lang))).collect()
    }

    #[test]
    fn name_type_description_and_facts_are_told() {
        let english = texts(Lang::EN, false, &DescribeSettings { types: true, facts: 1, further_facts: 2 });
        assert_eq!(english["kabul"], "Kabul: city, A city by a river, capital-of Afghanistan, lies-in Asia");
        assert_eq!(english["herat"], "Herat: city, lies-in Asia");
        assert_eq!(english["asia"], "Asia", "nothing but its name is known");
        let plain = texts(Lang::EN, false, &DescribeSettings::default());
        assert_eq!(plain["kabul"], "Kabul: A city by a river.");
        assert_eq!(plain["herat"], "Herat: lies-in Asia");
        let bare = texts(Lang::ZH, false, &DescribeSettings { facts: 0, ..DescribeSettings::default() });
        assert_eq!(bare["kabul"], "喀布尔：阿富汗的首都");
        assert_eq!((bare["asia"].as_str(), bare.len()), ("亚洲", 3));
    }

    #[test]
    fn no_part_tells_a_held_out_fact() {
        let settings = DescribeSettings { types: true, facts: 9, further_facts: 9 };
        let english = texts(Lang::EN, true, &settings);
        assert_eq!(english["kabul"], "Kabul: city, A city by a river, lies-in Asia");
        assert!(!english["afghanistan"].to_lowercase().contains("kabul"), "{english:?}");
        let open = texts(Lang::EN, false, &settings);
        assert!(open["afghanistan"].contains("Ruled from Kabul") && open["afghanistan"].contains("capital Kabul"));
        assert!(!texts(Lang::ZH, true, &settings)["kabul"].contains("阿富汗"));
        assert!(texts(Lang::ZH, false, &settings)["kabul"].contains("阿富汗"));
    }
}
