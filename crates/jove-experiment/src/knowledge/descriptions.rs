//! Descriptions of entities: the other side of the knowledge link.

use std::collections::BTreeMap;

use jove_core::script::is_latin;
use jove_core::{EntityId, Lang};
use jove_corpus::Tokenizer;
use jove_eval::Description;
use jove_kb::{Fact, Kb};
use jove_objectives::Descriptions;

use crate::error::Result;
use crate::held_out::descriptions::DescriptionFilter;
use crate::held_out::facts::HeldOutFacts;
use crate::run_file::DescribeSettings;

/// What descriptions are made from.
#[derive(Clone, Copy)]
pub(crate) struct Describer<'a> {
    /// The knowledge base.
    pub(crate) kb: &'a Kb,
    /// What no description may reveal.
    pub(crate) facts: &'a HeldOutFacts,
    /// The languages to describe in.
    pub(crate) languages: &'a [Lang],
}

/// Which entities get a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Also those of which nothing but the name is known.
    Keep,
    /// Those alone of which more is known than the name.
    Drop,
}

impl Describer<'_> {
    /// The tokens of the descriptions, one for each language in which an entity has a name, in the order of the languages.
    ///
    /// # Errors
    /// When the knowledge base cannot be read, or a description cannot be tokenised.
    pub(crate) fn tokens(
        &self,
        settings: &DescribeSettings,
        bare: Bare,
        tokenizer: &Tokenizer,
    ) -> Result<Descriptions> {
        let mut descriptions = Descriptions::new();
        for Description { entity, text, .. } in self.texts(settings, bare)? {
            let tokens = tokenizer.encode_text(&text)?.tokens;
            if !tokens.is_empty() {
                descriptions.entry(entity).or_default().push(tokens);
            }
        }
        Ok(descriptions)
    }

    /// The descriptions in words, language by language.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub(crate) fn texts(&self, settings: &DescribeSettings, bare: Bare) -> Result<Vec<Description>> {
        let mut texts = Vec::new();
        for &lang in self.languages {
            let all = self.described(lang, settings)?;
            let kept = all.iter().filter(|described| bare == Bare::Keep || !described.text.is_empty());
            texts.extend(kept.map(|one| Description { entity: one.entity, lang, text: one.whole(lang) }));
        }
        Ok(texts)
    }

    /// Of every entity with a name in a language its name, and what is known of it: its type, its description and some of its
    /// facts. What reveals a held-out fact is removed from all of them: the link may not learn the answers of a probe.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub(crate) fn described(&self, lang: Lang, settings: &DescribeSettings) -> Result<Vec<Described>> {
        let kb = self.kb;
        let filter = DescriptionFilter::new(kb, self.facts)?;
        let names = kb.labels_in(lang)?;
        let own = own(kb, lang, &filter)?;
        let most = |entity: &EntityId| if own.contains_key(entity) { settings.further_facts } else { settings.facts };
        let facts = facts(kb, self.facts, most)?;
        let types = if settings.types { types(kb, lang, &names)? } else { Vec::new() };
        let mut all = Vec::with_capacity(names.len());
        for (&entity, name) in &names {
            let mut parts: Vec<String> = types.get(entity.0 as usize).cloned().flatten().into_iter().collect();
            parts.extend(own.get(&entity).cloned());
            let facts: &[Fact] = facts.get(&entity).map_or(&[], Vec::as_slice);
            parts.extend(in_words(kb, lang, facts, &names)?);
            // The last part, or a description alone, keeps its full stop.
            for part in parts.iter_mut().rev().skip(1) {
                part.truncate(part.trim_end_matches(['.', '。']).len());
            }
            all.push(Described { entity, name: name.clone(), text: filter.filter(entity, &parts.join(comma(lang))) });
        }
        Ok(all)
    }
}

/// An entity with its description in one language.
pub(crate) struct Described {
    pub(crate) entity: EntityId,
    name: String,
    /// Empty where nothing but the name is known.
    pub(crate) text: String,
}

impl Described {
    /// `name: text`.
    fn whole(&self, lang: Lang) -> String {
        let colon = if matches!(lang.primary(), "zh" | "ja") { "：" } else { ": " };
        if self.text.is_empty() { self.name.clone() } else { format!("{}{colon}{}", self.name, self.text) }
    }
}

/// What separates the parts of a description.
fn comma(lang: Lang) -> &'static str {
    match lang.primary() {
        "zh" => "，",
        "ja" => "、",
        _ => ", ",
    }
}

/// The descriptions that the knowledge base has in a language, filtered; empty ones are left out.
fn own(kb: &Kb, lang: Lang, filter: &DescriptionFilter<'_>) -> Result<BTreeMap<EntityId, String>> {
    let mut own: BTreeMap<EntityId, String> = kb.descriptions(lang)?.into_iter().collect();
    for (&entity, text) in &mut own {
        *text = filter.filter(entity, text);
    }
    own.retain(|_, text| !text.trim().is_empty());
    Ok(own)
}

/// The first facts of every entity, at most as many as `most` gives for it, without held-out ones.
fn facts(kb: &Kb, held_out: &HeldOutFacts, most: impl Fn(&EntityId) -> usize) -> Result<BTreeMap<EntityId, Vec<Fact>>> {
    let mut facts: BTreeMap<EntityId, Vec<Fact>> = BTreeMap::new();
    kb.visit_facts(|fact| {
        let list = facts.entry(fact.subject).or_default();
        if list.len() < most(&fact.subject) && !held_out.covers(fact) {
            list.push(fact);
        }
    })?;
    Ok(facts)
}

/// The name of every entity's first type: its label, where the type is an entity itself, else its key where that is in the
/// script of the language.
fn types(kb: &Kb, lang: Lang, names: &BTreeMap<EntityId, String>) -> Result<Vec<Option<String>>> {
    let latin = 2 * names.values().filter(|name| is_latin(name)).count() > names.len();
    let mut called = Vec::new();
    for key in kb.type_names()? {
        let label = match kb.entity_id(&key)? {
            Some(entity) => kb.label_in(entity, lang)?,
            None => None,
        };
        called.push(label.or_else(|| (is_latin(&key) == latin).then(|| key.replace(['-', '_'], " "))));
    }
    let name = |number: Option<u32>| number.and_then(|number| called.get(number as usize).cloned().flatten());
    Ok(kb.type_of_all()?.into_iter().map(name).collect())
}

/// Facts as `relation object`, where the object has a name.
fn in_words(kb: &Kb, lang: Lang, facts: &[Fact], names: &BTreeMap<EntityId, String>) -> Result<Vec<String>> {
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

#[cfg(test)]
pub(crate) mod tests {
    use jove_core::Silent;
    use jove_corpus::TrainerKind;
    use jove_kb::{BuildOptions, Format, Source, build};
    use tempfile::TempDir;

    use super::*;

    const GRAPH: &str = r#"
{"id":"kabul","labels":{"en":"Kabul","zh":"喀布尔","ja":"カブール","de":"Kabul"},"types":["city"],"descriptions":{"en":"A city by a river.","zh":"阿富汗的首都","ja":"川沿いの都市","de":"Stadt am Fluss"},"facts":{"capital-of":["afghanistan"],"lies-in":["asia"]}}
{"id":"afghanistan","labels":{"en":"Afghanistan","zh":"阿富汗","ja":"アフガニスタン","de":"Afghanistan"},"types":["country"],"descriptions":{"en":"Ruled from Kabul","zh":"内陆国"},"facts":{"capital":["kabul"],"lies-in":["asia"],"borders":["iran"]}}
{"id":"asia","labels":{"en":"Asia","zh":"亚洲","de":"Asien"}}
{"id":"iran","labels":{"en":"Iran"},"types":["country"]}
{"id":"herat","labels":{"en":"Herat"},"types":["city"],"facts":{"lies-in":["asia"]}}
{"id":"kandahar","labels":{"en":"Kandahar"},"aliases":{"en":["kabul"]},"types":["city"],"facts":{"lies-in":["asia"]}}
"#;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).unwrap()
    }

    /// A knowledge base of a few places, in a folder that has to be kept.
    pub(crate) fn base() -> (TempDir, Kb) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph.jsonl");
        std::fs::write(&path, GRAPH.trim_start()).unwrap();
        let file = folder.path().join("kb.sqlite");
        build(&BuildOptions::new(file.clone(), vec![Source::new(Format::Jsonl, path)]), &Silent).unwrap();
        let kb = Kb::open(&file).unwrap();
        (folder, kb)
    }

    /// What is known of the places in a language when Kabul's country is or is not held out.
    fn texts(lang: Lang, held_out: bool, settings: &DescribeSettings) -> BTreeMap<String, String> {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let pair = held_out.then(|| (id("kabul"), id("afghanistan")));
        let describer = Describer { kb: &kb, facts: &pair.into_iter().collect(), languages: &[] };
        let all = describer.described(lang, settings).unwrap();
        all.iter().map(|described| (kb.key(described.entity).unwrap(), described.whole(lang))).collect()
    }

    const ALL: DescribeSettings = DescribeSettings { types: true, facts: 9, further_facts: 9 };

    #[test]
    fn name_type_description_and_facts_are_described() {
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
    fn no_part_reveals_a_held_out_fact() {
        let english = texts(Lang::EN, true, &ALL);
        assert_eq!(english["kabul"], "Kabul: city, A city by a river, lies-in Asia");
        assert!(!english["afghanistan"].to_lowercase().contains("kabul"), "{english:?}");
        let open = texts(Lang::EN, false, &ALL);
        assert!(open["afghanistan"].contains("Ruled from Kabul") && open["afghanistan"].contains("capital Kabul"));
        assert!(!texts(Lang::ZH, true, &ALL)["kabul"].contains("阿富汗"));
        assert!(texts(Lang::ZH, false, &ALL)["kabul"].contains("阿富汗"));
        assert!(!texts(lang("ja"), true, &ALL)["kabul"].contains("アフガニスタン"));
        assert!(!texts(lang("de"), true, &ALL)["kabul"].contains("Afghanistan"));
    }

    #[test]
    fn entities_are_described_in_any_language_of_the_graph() {
        let japanese = texts(lang("ja"), false, &ALL);
        assert_eq!(japanese["kabul"], "カブール：川沿いの都市、capital-of アフガニスタン");
        assert_eq!(japanese.len(), 2, "the others have no Japanese name");
        let german = texts(lang("de"), false, &ALL);
        assert_eq!(german["kabul"], "Kabul: city, Stadt am Fluss, capital-of Afghanistan, lies-in Asien");
        assert_eq!(german["asia"], "Asien");
        assert!(texts(lang("fr"), false, &ALL).is_empty());
    }

    #[test]
    fn tokens_follow_the_order_of_the_languages() {
        let (_folder, kb) = base();
        let words = ["kabul afghanistan asien stadt am fluss : , ; カブール 川沿いの都市 アフガニスタン"; 3];
        let tokenizer = Tokenizer::train(TrainerKind::WordPiece, words, 200).unwrap();
        let facts = HeldOutFacts::default();
        let tokens = |tags: &[&str], bare| {
            let languages: Vec<Lang> = tags.iter().map(|tag| lang(tag)).collect();
            let describer = Describer { kb: &kb, facts: &facts, languages: &languages };
            describer.tokens(&DescribeSettings::default(), bare, &tokenizer).unwrap()
        };
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let (there, back) = (tokens(&["ja", "de"], Bare::Drop), tokens(&["de", "ja"], Bare::Drop));
        let kabul = |all: &Descriptions| all[&id("kabul")].clone();
        assert_eq!(kabul(&there).len(), 2);
        assert_eq!(kabul(&there).into_iter().rev().collect::<Vec<_>>(), kabul(&back));
        assert!(!there.contains_key(&id("asia")) && tokens(&["de"], Bare::Keep).contains_key(&id("asia")));
        assert!(tokens(&[], Bare::Keep).is_empty());
    }
}
