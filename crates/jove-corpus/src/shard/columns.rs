//! Tokenised texts as Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder, UInt8Builder, UInt32Builder};
use arrow_array::{ArrayRef, StructArray};
use arrow_schema::{DataType, Field, FieldRef, Fields};
use jove_core::TokenizedText;

/// The columns of one text.
pub(super) fn text_fields() -> Fields {
    let tokens = DataType::List(item(DataType::UInt32));
    let spans = |rest: Field| DataType::List(item(DataType::Struct(span_fields(rest))));
    Fields::from(vec![
        Field::new("lang", DataType::Utf8, false),
        Field::new("tokens", tokens, false),
        Field::new("words", spans(pos_field()), false),
        Field::new("mentions", spans(entity_field()), false),
    ])
}

/// Builds the columns of a record batch from texts.
pub(super) struct TextColumns {
    lang: StringBuilder,
    tokens: ListBuilder<UInt32Builder>,
    words: ListBuilder<StructBuilder>,
    mentions: ListBuilder<StructBuilder>,
}

impl TextColumns {
    pub(super) fn new() -> Self {
        let words = StructBuilder::new(
            span_fields(pos_field()),
            vec![Box::new(UInt32Builder::new()), Box::new(UInt32Builder::new()), Box::new(UInt8Builder::new())],
        );
        let mentions = StructBuilder::new(
            span_fields(entity_field()),
            vec![Box::new(UInt32Builder::new()), Box::new(UInt32Builder::new()), Box::new(UInt32Builder::new())],
        );
        Self {
            lang: StringBuilder::new(),
            tokens: ListBuilder::new(UInt32Builder::new()).with_field(item(DataType::UInt32)),
            words: ListBuilder::new(words).with_field(item(DataType::Struct(span_fields(pos_field())))),
            mentions: ListBuilder::new(mentions).with_field(item(DataType::Struct(span_fields(entity_field())))),
        }
    }

    pub(super) fn push(&mut self, text: &TokenizedText) {
        self.lang.append_value(text.lang.as_str());
        self.tokens.values().append_values(
            &text.tokens.iter().map(|token| token.0).collect::<Vec<_>>(),
            &vec![true; text.tokens.len()],
        );
        self.tokens.append(true);
        for (span, pos) in &text.words {
            let row = self.words.values();
            push_numbers(row, &[span.start, span.end]);
            row.field_builder::<UInt8Builder>(2).expect("the third column holds bytes").append_value(pos.number());
            row.append(true);
        }
        self.words.append(true);
        for (span, entity) in &text.mentions {
            let row = self.mentions.values();
            push_numbers(row, &[span.start, span.end, entity.0]);
            row.append(true);
        }
        self.mentions.append(true);
    }

    pub(super) fn finish(&mut self) -> StructArray {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.lang.finish()),
            Arc::new(self.tokens.finish()),
            Arc::new(self.words.finish()),
            Arc::new(self.mentions.finish()),
        ];
        StructArray::new(text_fields(), columns, None)
    }
}

fn push_numbers(row: &mut StructBuilder, numbers: &[u32]) {
    for (column, &number) in numbers.iter().enumerate() {
        row.field_builder::<UInt32Builder>(column).expect("the columns of spans hold numbers").append_value(number);
    }
}

fn item(kind: DataType) -> FieldRef {
    Arc::new(Field::new("item", kind, false))
}

fn span_fields(rest: Field) -> Fields {
    Fields::from(vec![Field::new("start", DataType::UInt32, false), Field::new("end", DataType::UInt32, false), rest])
}

fn pos_field() -> Field {
    Field::new("pos", DataType::UInt8, false)
}

fn entity_field() -> Field {
    Field::new("entity", DataType::UInt32, false)
}
