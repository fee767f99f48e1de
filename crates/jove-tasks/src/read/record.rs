//! A row as fields with names.

use serde_json::{Map, Value};

/// A row: its fields by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) line: u64,
    pub(crate) fields: Map<String, Value>,
}

impl Record {
    /// A field as text: a string as it is, a number or a truth value as it is spelled; `None` where it is missing or null.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The first of some fields that the row has.
    pub(crate) fn first_of<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| self.fields.get(*name).is_some_and(|value| !value.is_null()))
    }
}

/// How the columns of a table are named.
#[derive(Clone, Debug)]
pub(crate) struct Layout<'a> {
    /// The columns of a table without names, each with the names that it may have.
    pub(crate) columns: Vec<Vec<&'a str>>,
    /// Whether the first line names the columns; `None` where its names tell.
    pub(crate) header: Option<bool>,
}
