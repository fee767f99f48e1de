//! Wikidata's JSON dump: an array with one entity a line.
//!
//! Quirks of real dumps: lines end with commas; empty maps are written as empty lists; entity values may lack the
//! `id` and have only a `numeric-id`; labels may be missing; redirects stand as `{"entity", "redirect"}`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use jove_core::{Lang, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::input::Lines;
use crate::error::Result;
use crate::intake::{Intake, Provisional};

/// `instance of`, which makes types.
const INSTANCE_OF: &str = "P31";
/// `inverse property`, on properties.
const INVERSE: &str = "P1696";
/// The class of symmetric properties.
const SYMMETRIC: &str = "Q18647518";

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    entity: Cow<'a, str>,
    #[serde(borrow, default)]
    redirect: Cow<'a, str>,
    #[serde(borrow, default)]
    labels: Pairs<'a, Text<'a>>,
    #[serde(borrow, default)]
    aliases: Pairs<'a, Vec<Text<'a>>>,
    #[serde(borrow, default)]
    descriptions: Pairs<'a, Text<'a>>,
    #[serde(borrow, default)]
    claims: Pairs<'a, Vec<Statement<'a>>>,
    #[serde(borrow, default)]
    sitelinks: Pairs<'a, IgnoredAny>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(borrow)]
    mainsnak: Snak<'a>,
    #[serde(borrow, default)]
    rank: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Snak<'a> {
    #[serde(borrow, default)]
    datavalue: Option<DataValue<'a>>,
}

#[derive(Deserialize)]
struct DataValue<'a> {
    #[serde(borrow)]
    value: Value<'a>,
}

/// The value of a snak: a string, or an object that one of its fields tells apart.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Parts(#[serde(borrow)] Parts<'a>),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Parts<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    entity_type: Option<Cow<'a, str>>,
    #[serde(default)]
    numeric_id: Option<u64>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    language: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    amount: Option<Cow<'a, str>>,
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
}

/// A map in its own order; an empty one may be written as an empty list.
struct Pairs<'a, T>(Vec<(Cow<'a, str>, T)>);

impl<T> Default for Pairs<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Pairs<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Both<'a, T>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Both<'a, T> {
            type Value = Pairs<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map or an empty list")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    pairs.push((key, map.next_value()?));
                }
                Ok(Pairs(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Self::Value, A::Error> {
                match seq.next_element::<IgnoredAny>()? {
                    None => Ok(Pairs(Vec::new())),
                    Some(_) => Err(serde::de::Error::custom("a list where a map was expected")),
                }
            }
        }

        deserializer.deserialize_any(Both(PhantomData))
    }
}

/// A key that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a dump.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, text)) = lines.next_text(intake)? {
        let row = text.trim().trim_end_matches(',');
        if matches!(row, "" | "[" | "]") {
            continue;
        }
        let found = if row.starts_with('{') {
            serde_json::from_str::<Item<'_>>(row).map_err(|error| error.to_string())
        } else {
            Err("no object".to_owned())
        };
        let (expected, item) = match found {
            Ok(item) if !item.id.is_empty() || !item.redirect.is_empty() => (String::new(), Some(item)),
            Ok(_) => ("an entity with an `id`".into(), None),
            Err(error) => (format!("an entity of a Wikidata dump ({error})"), None),
        };
        match item {
            Some(item) => take(&item, intake)?,
            None => intake.reject(Problem::new(path, Some(number), expected, row), row.as_bytes())?,
        }
    }
    Ok(())
}

fn take(item: &Item<'_>, intake: &mut Intake<'_>) -> Result<()> {
    if !item.redirect.is_empty() {
        let from = if item.entity.is_empty() { &item.id } else { &item.entity };
        return intake.same_as(&item.redirect, from);
    }
    if item.id.starts_with('P') {
        return take_property(item, intake);
    }
    let (entity, _) = intake.entity(&item.id)?;
    for (tag, text) in &item.labels.0 {
        intake.label(entity, lang(tag), &text.value)?;
    }
    for (tag, texts) in &item.aliases.0 {
        for text in texts {
            intake.alias(entity, lang(tag), &text.value, 1.0)?;
        }
    }
    for (tag, text) in &item.descriptions.0 {
        intake.description(entity, lang(tag), &text.value)?;
    }
    if !item.sitelinks.0.is_empty() {
        intake.popularity(entity, item.sitelinks.0.len() as f32)?;
    }
    for (property, statements) in &item.claims.0 {
        for statement in statements {
            take_statement(entity, property, statement, intake)?;
        }
    }
    Ok(())
}

fn take_statement(
    entity: Provisional,
    property: &str,
    statement: &Statement<'_>,
    intake: &mut Intake<'_>,
) -> Result<()> {
    // Deprecated statements are known to be wrong; statements without a value say "none" or "unknown".
    let Some(DataValue { value }) = &statement.mainsnak.datavalue else { return Ok(()) };
    if statement.rank == "deprecated" {
        return Ok(());
    }
    match value {
        Value::Text(text) => intake.literal(entity, property, text, None, ""),
        Value::Parts(parts) => match parts.entity() {
            Some(key) if property == INSTANCE_OF => intake.entity_type(entity, &key),
            Some(key) => {
                let (object, _) = intake.entity(&key)?;
                intake.fact(entity, property, object)
            }
            None => match parts.literal() {
                Some((text, lang, datatype)) => intake.literal(entity, property, &text, lang, datatype),
                None => Ok(()),
            },
        },
    }
}

fn take_property(item: &Item<'_>, intake: &mut Intake<'_>) -> Result<()> {
    for (tag, text) in &item.labels.0 {
        intake.predicate_label(&item.id, lang(tag), &text.value)?;
    }
    for (property, statements) in &item.claims.0 {
        for statement in statements {
            let Some(DataValue { value: Value::Parts(parts) }) = &statement.mainsnak.datavalue else { continue };
            match (property.as_ref(), parts.entity().as_deref()) {
                (INVERSE, Some(other)) => intake.predicate_inverse(&item.id, other)?,
                (INSTANCE_OF, Some(SYMMETRIC)) => intake.predicate_inverse(&item.id, &item.id)?,
                _ => {}
            }
        }
    }
    Ok(())
}

impl Parts<'_> {
    /// The key of an entity value.
    fn entity(&self) -> Option<Cow<'_, str>> {
        if let (Some(kind), Some(number)) = (&self.entity_type, self.numeric_id) {
            match kind.as_ref() {
                "item" => return Some(format!("Q{number}").into()),
                "property" => return Some(format!("P{number}").into()),
                _ => {}
            }
        }
        self.id.as_deref().map(Cow::Borrowed)
    }

    /// Text, language and datatype of a value that is no entity.
    fn literal(&self) -> Option<(Cow<'_, str>, Option<Lang>, &'static str)> {
        if let (Some(text), Some(tag)) = (&self.text, &self.language) {
            return Some((text.as_ref().into(), lang(tag), ""));
        }
        if let Some(time) = &self.time {
            return Some((time.as_ref().into(), None, "time"));
        }
        if let Some(amount) = &self.amount {
            return Some((amount.as_ref().into(), None, "quantity"));
        }
        let (latitude, longitude) = (self.latitude?, self.longitude?);
        Some((format!("{latitude},{longitude}").into(), None, "coordinate"))
    }
}

/// A language of Wikidata, whose tags are like ours.
fn lang(tag: &str) -> Option<Lang> {
    Lang::new(tag).ok()
}
