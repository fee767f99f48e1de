//! Which column of a table holds what.

use std::borrow::Cow;
use std::fmt;

use jove_core::InvalidSetting;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A column: its number, counted from 1, or its name in the header. The number 0 is no column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// The number, from 1; 0 for none.
    Number(u32),
    /// The name, as the first row has it.
    Name(String),
}

impl Column {
    /// Whether it is a column at all.
    pub(crate) fn is_some(&self) -> bool {
        match self {
            Self::Number(number) => *number > 0,
            Self::Name(name) => !name.is_empty(),
        }
    }
}

impl Default for Column {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl From<u32> for Column {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

impl JsonSchema for Column {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"] })
    }
}

/// Which column of a table holds what: each by its number, counted from 1, or by its name in the header; 0 is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Columns {
    /// Column of the subject.
    pub subject: Column,
    /// Column of the predicate; 0 when every row has the same, see `relation`.
    pub predicate: Column,
    /// Column of the object; 0 in a table of entities alone, whose rows state names, types and descriptions.
    pub object: Column,
    /// The predicate of every row when `predicate` is 0.
    pub relation: String,
    /// Column of the subject's main name. Default 0, none.
    pub label: Column,
    /// Column of further names of the subject. Default 0, none.
    pub alias: Column,
    /// Column of the subject's types. Default 0, none.
    #[serde(rename = "type")]
    pub kind: Column,
    /// Column of the subject's description. Default 0, none.
    pub description: Column,
    /// Column of the object's main name. Default 0, none.
    pub object_label: Column,
    /// Column of the object's types. Default 0, none.
    pub object_type: Column,
    /// Lines to skip at the top, before the header if there is one.
    pub skip: u64,
    /// Whether the first row after `skip` names the columns. Without it: where a column is given by its name, or the row
    /// consists of the usual words, such as `subject`, `predicate`, `object` or `head`, `relation`, `tail`.
    pub header: Option<bool>,
    /// The character between cells. Where it is empty: a tab in `tsv`, a comma in `csv`.
    pub delimiter: String,
    /// Whether a cell in double quotes may hold the delimiter, line ends and doubled quotes. Without it: in `csv` alone; a
    /// cell of `tsv` loses quotes that stand around the whole of it.
    pub quoted: Option<bool>,
    /// Parts one object, alias or type column into several, such as `|`. Where it is empty: never parted.
    pub separator: String,
}

impl Default for Columns {
    fn default() -> Self {
        let none = Column::default;
        Self {
            subject: 1.into(),
            predicate: 2.into(),
            object: 3.into(),
            relation: String::new(),
            label: none(),
            alias: none(),
            kind: none(),
            description: none(),
            object_label: none(),
            object_type: none(),
            skip: 0,
            header: None,
            delimiter: String::new(),
            quoted: None,
            separator: String::new(),
        }
    }
}

impl Columns {
    /// The columns in the order in which [`crate::import`] knows them.
    pub(crate) fn all(&self) -> [&Column; 9] {
        let Self { subject, predicate, object, label, alias, kind, description, object_label, object_type, .. } = self;
        [subject, predicate, object, label, alias, kind, description, object_label, object_type]
    }

    /// Whether the table is one of triples whose columns nobody named.
    pub(crate) fn are_plain(&self) -> bool {
        let Self { subject, predicate, object, .. } = Self::default();
        self.all()[3..].iter().all(|column| !column.is_some())
            && (&self.subject, &self.predicate, &self.object) == (&subject, &predicate, &object)
    }

    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        let subject = self.subject.is_some();
        InvalidSetting::check(subject, "subject", "a column, counted from 1, or its name", &self.subject)?;
        let other = self.all()[3..7].iter().any(|column| column.is_some());
        let object = self.object.is_some() || other;
        let expected = "a column, counted from 1, or its name; or a column of names, types or descriptions";
        InvalidSetting::check(object, "object", expected, &self.object)?;
        let named = self.predicate.is_some() || !self.relation.is_empty() || !self.object.is_some();
        InvalidSetting::check(named, "relation", "a name, since predicate is 0", "none")?;
        let delimiter = self.delimiter.as_bytes();
        let sign = delimiter.is_empty()
            || (delimiter.len() == 1 && delimiter.is_ascii() && !matches!(delimiter[0], b'"' | b'\n' | b'\r'));
        InvalidSetting::check(sign, "delimiter", "one ASCII character, no quote", format!("`{}`", self.delimiter))?;
        let headed = self.header != Some(false) || !self.all().iter().any(|one| matches!(one, Column::Name(_)));
        InvalidSetting::check(headed, "header", "true, since a column is given by its name", false)
    }
}
