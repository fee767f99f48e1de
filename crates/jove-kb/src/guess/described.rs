//! What was guessed, as a person and as a run file read it.

use std::fmt;

use jove_core::Lang;

use crate::options::Source;

/// How to read a graph.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The source, with its format and columns.
    pub source: Source,
    /// What the file is, such as `a table with commas and a header`.
    pub what: String,
    /// What the importers take from its beginning; `None` where that can't be read by itself.
    pub sample: Option<Sample>,
    /// What can't be known from the file, each with the setting that says otherwise.
    pub questions: Vec<String>,
}

/// What the beginning of a file holds.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// How many times this the whole file is, by its size; 1 where this is all of it.
    pub scale: f64,
    /// Entities.
    pub entities: u64,
    /// Facts between entities.
    pub facts: u64,
    /// Values that are no entities.
    pub literals: u64,
    /// Rows that can't be read.
    pub bad: u64,
    /// Entities with a description.
    pub described: u64,
    /// Names by language, empty for none, the most frequent first.
    pub names: Vec<(String, u64)>,
    /// Relations, the most frequent first.
    pub relations: Vec<Relation>,
}

/// A relation in a sample.
#[derive(Clone, Debug, Default)]
pub struct Relation {
    /// Its key.
    pub key: String,
    /// Its facts.
    pub facts: u64,
    /// Its different objects.
    pub objects: u64,
    /// The role that it should rather have, and why; `None` for a relation of facts.
    pub role: Option<(&'static str, &'static str)>,
}

impl Guess {
    /// Facts of the whole graph, by estimate.
    pub fn facts(&self) -> f64 {
        self.sample.as_ref().map_or(0.0, |sample| sample.facts as f64 * sample.scale)
    }

    /// Whether any entity of the sample has a name in a language.
    pub fn has_names_in(&self, lang: Lang) -> bool {
        let primary = |tag: &str| tag.split('-').next().map(str::to_owned);
        let Some(sample) = &self.sample else { return true };
        if self.source.lang.is_some_and(|given| primary(given.as_str()) == primary(lang.as_str())) {
            return true;
        }
        sample.names.iter().any(|(tag, _)| primary(tag) == primary(lang.as_str()))
    }

    /// Attributes that are no facts: their names, what they are, and why.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &'static str, &'static str)> {
        let relations = self.sample.iter().flat_map(|sample| &sample.relations);
        relations.filter_map(|relation| relation.role.map(|(role, why)| (relation.key.as_str(), role, why)))
    }

    /// Whether there are any.
    pub fn has_roles(&self) -> bool {
        self.roles().next().is_some()
    }

    /// The settings of the source that are not the default, as lines of TOML.
    pub fn settings(&self) -> String {
        let all = toml::Table::try_from(&self.source).expect("a source is a table");
        let default = toml::Table::try_from(Source::default()).expect("a source is a table");
        let mut out = String::new();
        for (key, value) in all {
            let shown = match (value, default.get(&key)) {
                (value, Some(usual)) if value == *usual && key != "format" => continue,
                (toml::Value::Table(table), Some(toml::Value::Table(usual))) => {
                    toml::Value::Table(table.into_iter().filter(|(key, value)| usual.get(key) != Some(value)).collect())
                }
                (value, _) => value,
            };
            out.push_str(&format!("{key} = {shown}\n"));
        }
        out
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source.path.display(), self.what)?;
        let Some(sample) = &self.sample else { return Ok(()) };
        let part = if sample.scale > 1.0 { " at its beginning" } else { "" };
        write!(f, "; {} entities, {} facts", sample.entities, sample.facts)?;
        if sample.literals > 0 {
            write!(f, ", {} values", sample.literals)?;
        }
        if sample.described > 0 {
            write!(f, ", {} described", sample.described)?;
        }
        if sample.bad > 0 {
            write!(f, ", {} bad rows", sample.bad)?;
        }
        write!(f, "{part}")?;
        let langs: Vec<String> = sample
            .names
            .iter()
            .take(5)
            .map(|(lang, count)| {
                let lang = if lang.is_empty() { "no language" } else { lang };
                format!("{lang} {count}")
            })
            .collect();
        if !langs.is_empty() {
            write!(f, "; names: {}", langs.join(", "))?;
        }
        Ok(())
    }
}
