//! Annotated texts to and from a batch of columns.

use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, Float32Builder, ListBuilder, StringBuilder, StructBuilder, UInt32Builder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, UInt32Type};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Word};

use super::mention_name::MentionName;
use super::schema::{Layout, fields, item, mention_fields, word_fields};

/// Builds a batch from texts.
pub(super) struct Columns {
    layout: Layout,
    text: StringBuilder,
    lang: StringBuilder,
    words: ListBuilder<StructBuilder>,
    mentions: ListBuilder<StructBuilder>,
}

impl Columns {
    pub(super) fn new(layout: Layout) -> Self {
        let numbers =
            || -> [Box<dyn ArrayBuilder>; 2] { [Box::new(UInt32Builder::new()), Box::new(UInt32Builder::new())] };
        let [start, end] = numbers();
        let words = StructBuilder::new(word_fields(), vec![start, end, Box::new(StringBuilder::new())]);
        let [start, end] = numbers();
        let mut mention: Vec<Box<dyn ArrayBuilder>> =
            vec![start, end, Box::new(UInt32Builder::new()), Box::new(Float32Builder::new())];
        let mentioned = mention_fields(layout);
        mention.resize_with(mentioned.len(), || Box::new(StringBuilder::new()));
        let mentions = StructBuilder::new(mentioned, mention);
        Self {
            layout,
            text: StringBuilder::new(),
            lang: StringBuilder::new(),
            words: ListBuilder::new(words).with_field(item(word_fields())),
            mentions: ListBuilder::new(mentions).with_field(item(mention_fields(layout))),
        }
    }

    /// Adds a text; `names` has one for each mention, where the layout has names.
    pub(super) fn push(&mut self, text: &AnnotatedText, names: &[MentionName]) {
        self.text.append_value(&text.text);
        self.lang.append_value(text.lang.as_str());
        for word in &text.words {
            let row = self.words.values();
            push_numbers(row, &[word.span.start, word.span.end]);
            row.field_builder::<StringBuilder>(2).expect(BUILT).append_value(word.pos.as_str());
            row.append(true);
        }
        self.words.append(true);
        for (place, mention) in text.mentions.iter().enumerate() {
            let row = self.mentions.values();
            push_numbers(row, &[mention.span.start, mention.span.end, mention.entity.0]);
            row.field_builder::<Float32Builder>(3).expect(BUILT).append_value(mention.score);
            if self.layout == Layout::Named {
                push_name(row, names.get(place));
            }
            row.append(true);
        }
        self.mentions.append(true);
    }

    pub(super) fn finish(&mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.text.finish()),
            Arc::new(self.lang.finish()),
            Arc::new(self.words.finish()),
            Arc::new(self.mentions.finish()),
        ];
        RecordBatch::from(StructArray::new(fields(self.layout), columns, None))
    }
}

const BUILT: &str = "the builders follow the schema";

fn push_numbers(row: &mut StructBuilder, numbers: &[u32]) {
    for (column, &number) in numbers.iter().enumerate() {
        row.field_builder::<UInt32Builder>(column).expect(BUILT).append_value(number);
    }
}

/// Fills the last four columns of a mention.
fn push_name(row: &mut StructBuilder, name: Option<&MentionName>) {
    let values = name.map_or([""; 4], |name| [&*name.name, name.lang.as_str(), &*name.key, &*name.label]);
    for (column, value) in (4..).zip(values) {
        row.field_builder::<StringBuilder>(column).expect(BUILT).append_value(value);
    }
}

/// The text of a row; `None` for an unknown language or part of speech, or another type of column.
pub(super) fn row(batch: &RecordBatch, row: usize) -> Option<AnnotatedText> {
    let text = batch.column(0).as_string_opt::<i32>()?.value(row).to_owned();
    let lang = Lang::new(batch.column(1).as_string_opt::<i32>()?.value(row)).ok()?;
    let items = batch.column(2).as_list_opt::<i32>()?.value(row);
    let items = items.as_struct_opt()?;
    let pos = items.column(2).as_string_opt::<i32>()?;
    let spans = spans(items)?;
    let words = spans.into_iter().zip(0..).map(|(span, item)| Some(Word { span, pos: pos.value(item).parse().ok()? }));
    let words = words.collect::<Option<Vec<_>>>()?;
    let items = batch.column(3).as_list_opt::<i32>()?.value(row);
    let items = items.as_struct_opt()?;
    let entities = items.column(2).as_primitive_opt::<UInt32Type>()?.values().iter();
    let scores = items.column(3).as_primitive_opt::<Float32Type>()?.values().iter();
    let mentions = self::spans(items)?.into_iter().zip(entities.zip(scores));
    let mentions =
        mentions.map(|(span, (&entity, &score))| Mention { span, entity: EntityId(entity), score }).collect();
    Some(AnnotatedText { text, lang, words, mentions })
}

fn spans(items: &StructArray) -> Option<Vec<ByteSpan>> {
    let starts = items.column(0).as_primitive_opt::<UInt32Type>()?;
    let ends = items.column(1).as_primitive_opt::<UInt32Type>()?;
    Some(starts.values().iter().zip(ends.values()).map(|(&start, &end)| ByteSpan::new(start, end)).collect())
}
