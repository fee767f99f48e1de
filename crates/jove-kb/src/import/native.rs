//! The native format: JSON lines, one entity or predicate a line. `kb/README.md` describes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use jove_core::{Lang, Problem};
use serde::Deserialize;

use super::input::Lines;
use crate::error::Result;
use crate::intake::Intake;

/// One line: an entity with an `id`, or a `predicate`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    predicate: Option<Cow<'a, str>>,
    labels: BTreeMap<Tag, String>,
    aliases: BTreeMap<Tag, Vec<Alias>>,
    descriptions: BTreeMap<Tag, OneOrMore<String>>,
    types: Vec<String>,
    popularity: Option<f32>,
    facts: BTreeMap<String, OneOrMore<Value>>,
    same_as: Vec<String>,
    inverse: Option<String>,
    symmetric: bool,
}

/// A language tag or the empty string.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct Tag(Option<Lang>);

impl TryFrom<String> for Tag {
    type Error = jove_core::LangError;

    fn try_from(tag: String) -> std::result::Result<Self, Self::Error> {
        if tag.is_empty() { Ok(Self(None)) } else { Lang::new(&tag).map(|lang| Self(Some(lang))) }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Alias {
    Text(String),
    WithPrior { text: String, prior: f32 },
}

impl Alias {
    fn prior(&self) -> Option<f32> {
        match self {
            Self::Text(_) => None,
            Self::WithPrior { prior, .. } => Some(*prior),
        }
    }
}

/// Lists come first: a struct can be read from a list too.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    More(Vec<T>),
    One(T),
}

impl<T> OneOrMore<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::More(more) => more,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Entity(String),
    Literal(Literal),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Literal {
    value: String,
    #[serde(default)]
    lang: Option<Lang>,
    #[serde(default)]
    datatype: String,
}

/// Reads a file.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, text)) = lines.next_text(intake)? {
        let row = text.trim();
        if row.is_empty() {
            continue;
        }
        match parse(row) {
            Ok(line) => match (&line.id, &line.predicate) {
                (Some(id), None) => take_entity(id, &line, intake)?,
                (_, Some(predicate)) => take_predicate(predicate, &line, intake)?,
                (None, None) => {}
            },
            Err(expected) => intake.reject(Problem::new(path, Some(number), expected, row), row.as_bytes())?,
        }
    }
    Ok(())
}

/// Reads a line, or says what it should have been.
fn parse(row: &str) -> std::result::Result<Line<'_>, String> {
    let object = "a JSON object with an `id` or a `predicate`";
    if !row.starts_with('{') {
        return Err(object.into());
    }
    if row.contains("\\u0000") {
        return Err("text without zero bytes".into());
    }
    let line: Line<'_> = serde_json::from_str(row).map_err(|error| format!("{object} ({})", plainly(&error)))?;
    let priors = line.aliases.values().flatten().filter_map(Alias::prior);
    if let Some(prior) = priors.into_iter().find(|prior| !(*prior > 0.0 && *prior <= 1.0)) {
        return Err(format!("a prior above 0 and at most 1, not {prior}"));
    }
    if line.id.is_some() == line.predicate.is_some() {
        return Err("either an `id` or a `predicate`".into());
    }
    Ok(line)
}

/// What is wrong with a line, where the parser only says that nothing fits.
fn plainly(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if message.contains("untagged enum Alias") {
        return "an alias is a text, or {\"text\": …, \"prior\": 0.5}; aliases of a language stand in a list".into();
    }
    if message.contains("untagged enum") {
        return "an object of a fact is the id of an entity in quotes, or {\"value\": \"1999\"}; a description is a text".into();
    }
    message
}

fn take_entity(key: &str, line: &Line<'_>, intake: &mut Intake<'_>) -> Result<()> {
    let (id, _) = intake.entity(key)?;
    for (tag, text) in &line.labels {
        intake.label(id, tag.0, text)?;
    }
    for (tag, aliases) in &line.aliases {
        for alias in aliases {
            match alias {
                Alias::Text(text) => intake.alias(id, tag.0, text, 1.0)?,
                Alias::WithPrior { text, prior } => intake.alias(id, tag.0, text, *prior)?,
            }
        }
    }
    for (tag, texts) in &line.descriptions {
        for text in texts.as_slice() {
            intake.description(id, tag.0, text)?;
        }
    }
    for name in &line.types {
        intake.entity_type(id, name)?;
    }
    if let Some(value) = line.popularity {
        intake.popularity(id, value)?;
    }
    for (predicate, objects) in &line.facts {
        for object in objects.as_slice() {
            match object {
                Value::Entity(key) => {
                    let (object, _) = intake.entity(key)?;
                    intake.fact(id, predicate, object)?;
                }
                Value::Literal(Literal { value, lang, datatype }) => {
                    intake.literal(id, predicate, value, *lang, datatype)?;
                }
            }
        }
    }
    line.same_as.iter().try_for_each(|other| intake.same_as(key, other))
}

fn take_predicate(key: &str, line: &Line<'_>, intake: &mut Intake<'_>) -> Result<()> {
    for (tag, text) in &line.labels {
        intake.predicate_label(key, tag.0, text)?;
    }
    if let Some(inverse) = &line.inverse {
        intake.predicate_inverse(key, inverse)?;
    }
    if line.symmetric {
        intake.predicate_inverse(key, key)?;
    }
    Ok(())
}
