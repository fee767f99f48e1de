//! A graph in the native format, as the linker takes it.

use std::collections::HashMap;
use std::path::Path;

use jove_core::{AliasRecord, EntityId, Lang};
use jove_linker::{Annotator, EntityLinkingOptions, Knowledge, Linker, Normalization, Tagger, TaggerOptions, UserWord};
use serde_json::Value;

/// Names, descriptions and facts.
#[derive(Default)]
pub(crate) struct Graph {
    /// Ids of the entities, by number.
    pub(crate) keys: Vec<String>,
    numbers: HashMap<String, EntityId>,
    names: Vec<AliasRecord>,
    descriptions: Vec<(EntityId, String)>,
    facts: Vec<(EntityId, EntityId)>,
}

impl Graph {
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut graph = Self::default();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
            for line in std::fs::read_to_string(file).unwrap().lines() {
                graph.add(&serde_json::from_str(line).unwrap());
            }
        }
        graph
    }

    pub(crate) fn annotator(&self) -> Annotator {
        let whole = self.names.iter().filter(|record| !record.alias.contains(char::is_whitespace));
        let words = whole.map(|record| UserWord { word: record.alias.clone(), tag: "nz".to_owned() });
        let tagger = Tagger::new(&TaggerOptions::default(), words).unwrap();
        let rows = self.descriptions.iter().map(|(entity, text)| (*entity, text.as_str()));
        let knowledge = Knowledge::build(rows, self.facts.iter().copied(), Normalization::default());
        let linker = Linker::build(self.names.clone(), &EntityLinkingOptions::default()).unwrap();
        Annotator { linker: linker.with_knowledge(knowledge), tagger }
    }

    fn number(&mut self, key: &str) -> EntityId {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = EntityId(self.keys.len() as u32);
        self.keys.push(key.to_owned());
        self.numbers.insert(key.to_owned(), number);
        number
    }

    fn add(&mut self, row: &Value) {
        let Some(key) = row["id"].as_str() else { return };
        let entity = self.number(key);
        let popularity = row["popularity"].as_f64().unwrap_or(0.0) as f32;
        for (field, lang, name) in ["labels", "aliases"].into_iter().flat_map(|field| texts(&row[field], field)) {
            let prior = name["prior"].as_f64().unwrap_or(1.0) as f32;
            if let Some(alias) = name.as_str().or(name["text"].as_str()) {
                let lang = (!lang.is_empty()).then(|| Lang::new(lang).unwrap_or_else(|_| panic!("{field}: {lang}")));
                self.names.push(AliasRecord { alias: alias.to_owned(), entity, lang, prior, popularity });
            }
        }
        for (_, _, text) in texts(&row["descriptions"], "descriptions") {
            self.descriptions.extend(text.as_str().map(|text| (entity, text.to_owned())));
        }
        for (_, _, object) in texts(&row["facts"], "facts") {
            if let Some(key) = object.as_str() {
                let object = self.number(key);
                self.facts.push((entity, object));
            }
        }
    }
}

/// The values of an object's members, alone or in lists, with the members' names.
fn texts<'a>(object: &'a Value, field: &'a str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let members = object.as_object().into_iter().flatten();
    let values = |value: &'a Value| value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    members.flat_map(|(name, value)| values(value).iter().map(move |value| (field, name.as_str(), value))).collect()
}
