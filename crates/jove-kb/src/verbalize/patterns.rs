//! Sentence patterns, kept in TOML.

use std::collections::BTreeMap;
use std::path::Path;

use jove_core::{ByteSpan, Lang};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sentence::{Named, Sentence};
use crate::error::{Error, Result};
use crate::fact::Fact;

/// Sentence patterns of one relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Relation {
    /// The relation that is its inverse. Default: what the knowledge base declares.
    pub inverse: Option<String>,
    /// Whether its facts may be held out; false for what descriptions tell anyway. Default true.
    pub hold_out: bool,
    /// Patterns by language, each with `{subject}` and `{object}` once.
    pub sentences: BTreeMap<Lang, Vec<String>>,
}

impl Default for Relation {
    fn default() -> Self {
        Self { inverse: None, hold_out: true, sentences: BTreeMap::new() }
    }
}

/// Sentence patterns by relation and language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Patterns {
    /// Patterns by the key of a predicate.
    pub relations: BTreeMap<String, Relation>,
    /// Patterns for relations that have none of their own in a language; may use `{predicate}`. Default: none.
    pub fallback: BTreeMap<Lang, Vec<String>>,
    /// Names that take an article inside a sentence: language, article, names.
    pub articles: BTreeMap<Lang, BTreeMap<String, Vec<String>>>,
}

impl Patterns {
    /// Reads a TOML file, or all TOML files of a folder in order of name.
    ///
    /// # Errors
    /// When a file cannot be read, holds something else, or a pattern lacks a placeholder.
    pub fn read(path: &Path) -> Result<Self> {
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            files.clear();
            for entry in std::fs::read_dir(path).map_err(Error::io(path))? {
                files.push(entry.map_err(Error::io(path))?.path());
            }
            files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
            files.sort();
        }
        let mut all = Self::default();
        for file in files {
            let text = jove_files::read_text(&file, 16 << 20).map_err(Error::io(&file))?;
            let wrong = |message: String| Error::Toml { path: file.clone(), message };
            let patterns: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            patterns.check().map_err(wrong)?;
            all.add(patterns);
        }
        Ok(all)
    }

    /// Parses TOML text.
    ///
    /// # Errors
    /// When it holds something else or a pattern lacks a placeholder.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |message: String| Error::Toml { path: "patterns".into(), message };
        let patterns: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        patterns.check().map_err(wrong)?;
        Ok(patterns)
    }

    fn add(&mut self, other: Self) {
        for (key, relation) in other.relations {
            let mine = self.relations.entry(key).or_default();
            mine.inverse = mine.inverse.take().or(relation.inverse);
            mine.hold_out &= relation.hold_out;
            for (lang, sentences) in relation.sentences {
                mine.sentences.entry(lang).or_default().extend(sentences);
            }
        }
        for (lang, sentences) in other.fallback {
            self.fallback.entry(lang).or_default().extend(sentences);
        }
        for (lang, articles) in other.articles {
            for (article, names) in articles {
                self.articles.entry(lang).or_default().entry(article).or_default().extend(names);
            }
        }
    }

    fn check(&self) -> std::result::Result<(), String> {
        for (place, text) in self.all() {
            let once = |placeholder| text.matches(placeholder).count() == 1;
            if !once("{subject}") || !once("{object}") {
                return Err(format!("{place}: expected {{subject}} and {{object}} once each, found `{text}`"));
            }
        }
        Ok(())
    }

    /// Every pattern with its place, in the order of their numbers.
    fn all(&self) -> impl Iterator<Item = (String, &str)> {
        let own = self.relations.iter().flat_map(|(key, relation)| {
            relation.sentences.iter().flat_map(move |(lang, texts)| {
                texts.iter().map(move |text| (format!("relations.{key}.sentences.{lang}"), text.as_str()))
            })
        });
        let fallback = self
            .fallback
            .iter()
            .flat_map(|(lang, texts)| texts.iter().map(move |text| (format!("fallback.{lang}"), text.as_str())));
        own.chain(fallback)
    }

    /// The text of a pattern by its number.
    pub fn text(&self, number: u32) -> Option<&str> {
        self.all().nth(number as usize).map(|(_, text)| text)
    }

    /// Number of patterns in a language.
    pub fn count(&self, lang: Lang) -> usize {
        let own =
            self.relations.values().filter_map(|relation| relation.sentences.get(&lang)).map(Vec::len).sum::<usize>();
        own + self.fallback.get(&lang).map_or(0, Vec::len)
    }

    pub(super) fn inverse(&self, key: &str) -> Option<&str> {
        self.relations.get(key).and_then(|relation| relation.inverse.as_deref())
    }

    pub(super) fn may_hold_out(&self, key: &str) -> bool {
        self.relations.get(key).is_none_or(|relation| relation.hold_out)
    }

    /// The article of a name, with the space after it; empty for none.
    pub(super) fn article(&self, lang: Lang, name: &str) -> &str {
        self.articles
            .get(&lang)
            .into_iter()
            .flatten()
            .find(|(_, names)| names.iter().any(|one| one == name))
            .map_or("", |(article, _)| article)
    }

    /// The patterns of a predicate in a language, else the fallback with the predicate's name.
    pub(super) fn forms(&self, key: &str, name: &str, lang: Lang) -> Vec<Pattern> {
        let mut number = 0;
        let mut own = Vec::new();
        for (relation, patterns) in &self.relations {
            for (one, texts) in &patterns.sentences {
                for text in texts {
                    if relation == key && *one == lang {
                        own.push(Pattern { number, text: text.clone() });
                    }
                    number += 1;
                }
            }
        }
        let mut general = Vec::new();
        for (one, texts) in &self.fallback {
            for text in texts {
                if *one == lang {
                    general.push(Pattern { number, text: text.replace("{predicate}", name) });
                }
                number += 1;
            }
        }
        if own.is_empty() { general } else { own }
    }
}

/// One pattern with its number.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    number: u32,
    text: String,
}

impl Pattern {
    /// Puts names into the pattern.
    pub(super) fn write(&self, fact: Fact, lang: Lang, [subject, object]: [Named<'_>; 2]) -> Sentence {
        let mut text = String::with_capacity(self.text.len() + subject.1.len() + object.1.len());
        let mut spans = [ByteSpan::new(0, 0); 2];
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(['{']) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let (index, (article, name), placeholder) = if rest.starts_with("{subject}") {
                (0, subject, "{subject}")
            } else if rest.starts_with("{object}") {
                (1, object, "{object}")
            } else {
                text.push('{');
                rest = &rest[1..];
                continue;
            };
            push_article(&mut text, article);
            let start = text.len() as u32;
            text.push_str(name);
            spans[index] = ByteSpan::new(start, text.len() as u32);
            rest = &rest[placeholder.len()..];
        }
        text.push_str(rest);
        Sentence { text, lang, fact, subject: spans[0], object: spans[1], pattern: self.number }
    }
}

/// An article at the start of a sentence takes a capital.
fn push_article(text: &mut String, article: &str) {
    if article.is_empty() {
        return;
    }
    let mut chars = article.chars();
    match chars.next() {
        Some(first) if text.is_empty() => text.extend(first.to_uppercase().chain(chars)),
        _ => text.push_str(article),
    }
    if !article.ends_with('\'') {
        text.push(' ');
    }
}
