//! Wikidata's JSON dump: an array with one entity a line.
//!
//! Quirks of real dumps: lines end with commas; empty maps are written as empty lists; entity values may lack the
//! `id` and have only a `numeric-id`; labels may be missing; redirects stand as `{"entity", "redirect"}`.
//!
//! Of the statements of a property, those of best rank are taken; qualifiers and references are not. A quantity keeps the key of its
//! unit (`+12.5 Q11573`), a time its precision (`+1500-00-00T00:00:00Z/7`), a coordinate its body unless that is the Earth.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use jove_core::{Lang, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json_rows::{JsonRows, objects};
use crate::error::Result;
use crate::intake::{Intake, Provisional};

/// `instance of`, which makes types.
const INSTANCE_OF: &str = "P31";
/// `inverse property`, on properties.
const INVERSE: &str = "P1696";
/// The class of symmetric properties.
const SYMMETRIC: &str = "Q18647518";

/// An entity; `S` is what its statements are read as.
#[derive(Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>, 'de: 'a"))]
struct Item<'a, S> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    entity: Cow<'a, str>,
    #[serde(borrow, default)]
    redirect: Cow<'a, str>,
    #[serde(borrow, default)]
    labels: Pairs<'a, Text<'a>>,
    /// The names of a lexeme.
    #[serde(borrow, default)]
    lemmas: Pairs<'a, Text<'a>>,
    #[serde(borrow, default)]
    aliases: Pairs<'a, Vec<Text<'a>>>,
    #[serde(borrow, default)]
    descriptions: Pairs<'a, Text<'a>>,
    /// Media files have `statements`.
    #[serde(default, alias = "statements")]
    claims: Pairs<'a, Vec<S>>,
    #[serde(borrow, default)]
    sitelinks: Pairs<'a, IgnoredAny>,
    /// There where the entity was deleted.
    #[serde(default)]
    missing: Option<IgnoredAny>,
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

/// A statement of an entity that cannot be read as a whole.
#[derive(Deserialize)]
#[allow(clippy::large_enum_variant, reason = "one entity's statements at a time")]
#[serde(untagged)]
enum AnyStatement<'a> {
    Good(#[serde(borrow)] Statement<'a>),
    Odd(IgnoredAny),
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
#[allow(clippy::large_enum_variant, reason = "one entity's statements at a time")]
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
    /// How exact a time is: 11 a day, 9 a year, 7 a century.
    #[serde(default)]
    precision: Option<f64>,
    #[serde(borrow, default)]
    amount: Option<Cow<'a, str>>,
    /// The IRI of the unit, or `1`.
    #[serde(borrow, default)]
    unit: Option<Cow<'a, str>>,
    /// The IRI of the celestial body of a coordinate.
    #[serde(borrow, default)]
    globe: Option<Cow<'a, str>>,
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

            fn visit_unit<E: serde::de::Error>(self) -> std::result::Result<Self::Value, E> {
                Ok(Pairs(Vec::new()))
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

/// Reads a dump, or answers of the API.
pub(crate) fn read(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut rows = JsonRows::open(path, intake)?;
    while let Some((number, text)) = rows.next(intake)? {
        // The brackets of the array stand on lines of their own, or at its first and last entity.
        let row = text.trim().trim_start_matches('[').trim_end_matches([',', ']']).trim();
        if row.is_empty() {
            continue;
        }
        let problem = |expected: String, row: &str| Problem::new(path, Some(number), expected, row);
        for found in entities(row) {
            match found {
                Ok((item, odd)) => {
                    if odd > 0 {
                        let expected =
                            format!("statements with a mainsnak; {odd} of the entity are none and were left out");
                        intake.reject(problem(expected, row), row.as_bytes())?;
                    }
                    take(&item, intake)?;
                }
                Err((expected, row)) => intake.reject(problem(expected, row), row.as_bytes())?,
            }
        }
    }
    Ok(())
}

/// An entity, and how many of its statements cannot be read; or what was expected, and what was found.
type Found<'a> = std::result::Result<(Item<'a, Statement<'a>>, usize), (String, &'a str)>;

/// An answer of `wbgetentities` and `Special:EntityData`.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    entities: Pairs<'a, Item<'a, AnyStatement<'a>>>,
}

/// The entities of a row: one, several of a list, or those of an answer of the API.
fn entities(row: &str) -> Vec<Found<'_>> {
    let error = match parse(row) {
        Ok(found) => return vec![Ok(found)],
        Err(error) => error,
    };
    let parts = objects(row);
    if parts.len() > 1 {
        return parts.into_iter().flat_map(entities).collect();
    }
    let answer = serde_json::from_str::<Answer<'_>>(row).map(|answer| answer.entities);
    match answer.or_else(|_| serde_json::from_str(row)) {
        // An object of entities by their ids; any other object has none with an id.
        Ok(Pairs(all)) if !all.is_empty() && all.iter().all(|(key, item)| is_of_key(key, item)) => {
            all.into_iter().map(|(_, item)| check(without_odd(item)).map_err(|expected| (expected, row))).collect()
        }
        _ => vec![Err((error, row))],
    }
}

fn is_of_key<S>(key: &str, item: &Item<'_, S>) -> bool {
    // A redirected entity stands under the key that was asked for.
    !item.id.is_empty() || item.missing.is_some() || key == item.id
}

/// An entity, and how many of its statements cannot be read; or what was expected.
fn parse(row: &str) -> std::result::Result<(Item<'_, Statement<'_>>, usize), String> {
    if !row.starts_with('{') {
        return Err("an entity of a Wikidata dump (no object)".to_owned());
    }
    check(match serde_json::from_str::<Item<'_, Statement<'_>>>(row) {
        Ok(item) => (item, 0),
        Err(error) => tolerant(row).ok_or_else(|| format!("an entity of a Wikidata dump ({error})"))?,
    })
}

/// Refuses an entity without an id, and one that was deleted.
fn check<'a>(found: (Item<'a, Statement<'a>>, usize)) -> std::result::Result<(Item<'a, Statement<'a>>, usize), String> {
    let (item, _) = &found;
    if item.missing.is_some() {
        return Err("an entity that exists".to_owned());
    }
    if item.id.is_empty() && item.redirect.is_empty() {
        return Err("an entity with an `id`".to_owned());
    }
    Ok(found)
}

/// Reads an entity without the statements that cannot be read, and counts these.
fn tolerant(row: &str) -> Option<(Item<'_, Statement<'_>>, usize)> {
    serde_json::from_str(row).ok().map(without_odd)
}

fn without_odd<'a>(item: Item<'a, AnyStatement<'a>>) -> (Item<'a, Statement<'a>>, usize) {
    let mut odd = 0;
    let mut good = |statement| match statement {
        AnyStatement::Good(statement) => Some(statement),
        AnyStatement::Odd(_) => {
            odd += 1;
            None
        }
    };
    let claims = item.claims.0.into_iter().map(|(key, all)| (key, all.into_iter().filter_map(&mut good).collect()));
    let claims = Pairs(claims.collect());
    let Item { id, entity, redirect, labels, lemmas, aliases, descriptions, sitelinks, missing, .. } = item;
    (Item { id, entity, redirect, labels, lemmas, aliases, descriptions, claims, sitelinks, missing }, odd)
}

fn take(item: &Item<'_, Statement<'_>>, intake: &mut Intake<'_>) -> Result<()> {
    if !item.redirect.is_empty() {
        let from = if item.entity.is_empty() { &item.id } else { &item.entity };
        return intake.redirect(from, &item.redirect);
    }
    if item.id.starts_with('P') {
        return take_property(item, intake);
    }
    let (entity, _) = intake.entity(&item.id)?;
    for (tag, text) in item.labels.0.iter().chain(&item.lemmas.0) {
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
        for statement in best(statements) {
            take_statement(entity, property, statement, intake)?;
        }
    }
    Ok(())
}

/// The statements of best rank, as `wdt:` has them in Wikidata's queries: the preferred ones, where there are none the normal ones.
/// Deprecated statements are known to be wrong.
fn best<'a, 'b>(statements: &'b [Statement<'a>]) -> impl Iterator<Item = &'b Statement<'a>> {
    let preferred = statements.iter().any(|statement| statement.rank == "preferred");
    statements.iter().filter(move |statement| match statement.rank.as_ref() {
        "preferred" => true,
        "deprecated" => false,
        _ => !preferred,
    })
}

fn take_statement(
    entity: Provisional,
    property: &str,
    statement: &Statement<'_>,
    intake: &mut Intake<'_>,
) -> Result<()> {
    // Statements without a value say "none" or "unknown".
    let Some(DataValue { value }) = &statement.mainsnak.datavalue else { return Ok(()) };
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

fn take_property(item: &Item<'_, Statement<'_>>, intake: &mut Intake<'_>) -> Result<()> {
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
            let text = match self.precision {
                Some(precision) => format!("{time}/{precision}").into(),
                None => time.as_ref().into(),
            };
            return Some((text, None, "time"));
        }
        if let Some(amount) = &self.amount {
            let unit = self.unit.as_deref().filter(|unit| *unit != "1");
            return Some((with_key(amount, unit), None, "quantity"));
        }
        let (latitude, longitude) = (self.latitude?, self.longitude?);
        let globe = self.globe.as_deref().filter(|globe| !globe.ends_with("/Q2"));
        Some((with_key(&format!("{latitude},{longitude}"), globe).into_owned().into(), None, "coordinate"))
    }
}

/// A value with the key of its unit or celestial body behind it, which an IRI ends in.
fn with_key<'a>(value: &'a str, iri: Option<&str>) -> Cow<'a, str> {
    match iri {
        Some(iri) => format!("{value} {}", iri.rsplit('/').next().unwrap_or(iri)).into(),
        None => value.into(),
    }
}

/// A language of Wikidata; a tag that is too long for us counts as its primary language.
fn lang(tag: &str) -> Option<Lang> {
    Lang::new(tag).or_else(|_| Lang::new(tag.split('-').next().unwrap_or(tag))).ok()
}
