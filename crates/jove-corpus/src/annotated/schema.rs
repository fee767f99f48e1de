//! The columns of annotated text, and what their values must satisfy.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields};
use jove_core::AnnotatedText;
use parquet::errors::ParquetError;

use crate::error::{Error, Result};
use crate::spans::check_spans;

/// What the columns of a mention hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Its span, the number of its entity, its score.
    Numbers,
    /// Also the name, its language, the key and the label of the entity.
    Named,
}

/// The columns of a file.
pub(super) fn fields(layout: Layout) -> Fields {
    Fields::from(vec![
        Field::new("text", DataType::Utf8, false),
        Field::new("lang", DataType::Utf8, false),
        Field::new("words", DataType::List(item(word_fields())), false),
        Field::new("mentions", DataType::List(item(mention_fields(layout))), false),
    ])
}

/// The items of a list of structs.
pub(super) fn item(fields: Fields) -> FieldRef {
    Arc::new(Field::new("item", DataType::Struct(fields), false))
}

/// The fields of a word.
pub(super) fn word_fields() -> Fields {
    Fields::from(vec![number("start"), number("end"), Field::new("pos", DataType::Utf8, false)])
}

/// The fields of a mention.
pub(super) fn mention_fields(layout: Layout) -> Fields {
    let score = Field::new("score", DataType::Float32, false);
    let mut fields = vec![number("start"), number("end"), number("entity"), score];
    if layout == Layout::Named {
        fields.extend(["name", "lang", "key", "label"].map(|name| Field::new(name, DataType::Utf8, false)));
    }
    Fields::from(fields)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::UInt32, false)
}

/// Checks that words and mentions are sorted spans of the text.
pub(super) fn check(text: &AnnotatedText) -> Result<()> {
    check_spans("word", text.words.iter().map(|word| word.span), &text.text)?;
    check_spans("mention", text.mentions.iter().map(|mention| mention.span), &text.text)
}

/// An error of the Parquet crate as one of this crate.
pub(crate) fn failed(path: &Path, error: impl Into<ParquetError>) -> Error {
    match error.into() {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::Io { path: path.to_owned(), source: *source },
            Err(other) => Error::malformed(path, "a Parquet file", other),
        },
        other => Error::malformed(path, "a Parquet file", other),
    }
}
