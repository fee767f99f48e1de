//! Documents to and from a batch of columns.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, Float32Builder, ListBuilder, StringBuilder, StringDictionaryBuilder, StructBuilder, UInt32Builder,
};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, FieldRef, Fields};
use jove_core::Lang;

use super::{Document, DocumentLink};

/// The columns of a file.
pub(super) fn fields() -> Fields {
    let label = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Fields::from(vec![
        Field::new("text", DataType::Utf8, false),
        Field::new("lang", label(), false),
        Field::new("domain", label(), false),
        Field::new("source", label(), false),
        Field::new("copies", DataType::UInt32, false),
        Field::new("weight", DataType::Float32, false),
        Field::new("links", DataType::List(item()), false),
    ])
}

fn item() -> FieldRef {
    Arc::new(Field::new("item", DataType::Struct(link_fields()), false))
}

fn link_fields() -> Fields {
    let number = |name: &str| Field::new(name, DataType::UInt32, false);
    Fields::from(vec![number("start"), number("end"), Field::new("target", DataType::Utf8, false)])
}

/// Builds a batch from documents.
pub(super) struct Columns {
    text: StringBuilder,
    labels: [StringDictionaryBuilder<Int32Type>; 3],
    copies: UInt32Builder,
    weight: Float32Builder,
    links: ListBuilder<StructBuilder>,
}

impl Columns {
    pub(super) fn new() -> Self {
        let columns: Vec<Box<dyn ArrayBuilder>> =
            vec![Box::new(UInt32Builder::new()), Box::new(UInt32Builder::new()), Box::new(StringBuilder::new())];
        Self {
            text: StringBuilder::new(),
            labels: std::array::from_fn(|_| StringDictionaryBuilder::new()),
            copies: UInt32Builder::new(),
            weight: Float32Builder::new(),
            links: ListBuilder::new(StructBuilder::new(link_fields(), columns)).with_field(item()),
        }
    }

    pub(super) fn push(&mut self, document: &Document) {
        const BUILT: &str = "the builders follow the schema";
        self.text.append_value(&document.text);
        let lang = document.lang.as_ref().map_or("", Lang::as_str);
        for (column, label) in self.labels.iter_mut().zip([lang, &document.domain, &document.source]) {
            column.append_value(label);
        }
        self.copies.append_value(document.copies);
        self.weight.append_value(document.weight as f32);
        for link in &document.links {
            let row = self.links.values();
            row.field_builder::<UInt32Builder>(0).expect(BUILT).append_value(link.start);
            row.field_builder::<UInt32Builder>(1).expect(BUILT).append_value(link.end);
            row.field_builder::<StringBuilder>(2).expect(BUILT).append_value(&link.target);
            row.append(true);
        }
        self.links.append(true);
    }

    pub(super) fn finish(&mut self) -> RecordBatch {
        let [lang, domain, source] = &mut self.labels;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.text.finish()),
            Arc::new(lang.finish()),
            Arc::new(domain.finish()),
            Arc::new(source.finish()),
            Arc::new(self.copies.finish()),
            Arc::new(self.weight.finish()),
            Arc::new(self.links.finish()),
        ];
        RecordBatch::from(StructArray::new(fields(), columns, None))
    }
}

/// The document of a row, with the text in a column of any name; `None` where that is null.
pub(super) fn row(batch: &RecordBatch, text: &str, row: usize) -> Option<Document> {
    let column = |name: &str| batch.column_by_name(name).filter(|column| column.is_valid(row));
    let label = |name: &str| column(name).and_then(|column| string(column, row));
    Some(Document {
        text: label(text)?,
        lang: label("lang").and_then(|lang| Lang::new(&lang).ok()),
        domain: label("domain").unwrap_or_default(),
        source: label("source").unwrap_or_default(),
        copies: column("copies").and_then(|column| count(column, row)).unwrap_or(1),
        weight: column("weight").and_then(|column| weight(column, row)).unwrap_or(1.0),
        links: column("links").and_then(|column| links(column, row)).unwrap_or_default(),
    })
}

/// Whether a column holds text.
pub(super) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => **values == DataType::Utf8,
        _ => false,
    }
}

fn string(column: &ArrayRef, row: usize) -> Option<String> {
    let found = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row),
        DataType::Utf8View => column.as_string_view().value(row),
        DataType::Dictionary(..) => {
            let labels = column.as_any_dictionary_opt()?;
            let key = labels.normalized_keys()[row];
            return labels.values().as_string_opt::<i32>().map(|values| values.value(key).to_owned());
        }
        _ => return None,
    };
    Some(found.to_owned())
}

fn count(column: &ArrayRef, row: usize) -> Option<u32> {
    Some(column.as_primitive_opt::<UInt32Type>()?.value(row))
}

/// A weight that training could use; any other number counts as none.
fn weight(column: &ArrayRef, row: usize) -> Option<f64> {
    let single = column.as_primitive_opt::<Float32Type>().map(|column| f64::from(column.value(row)));
    single.or_else(|| Some(column.as_primitive_opt::<Float64Type>()?.value(row))).filter(|weight| weight.is_finite())
}

fn links(column: &ArrayRef, row: usize) -> Option<Vec<DocumentLink>> {
    let items = column.as_list_opt::<i32>()?.value(row);
    let items = items.as_struct_opt()?;
    let numbers = |name: &str| items.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    let (starts, ends) = (numbers("start")?, numbers("end")?);
    let targets = items.column_by_name("target")?.as_string_opt::<i32>()?;
    let link = |item| DocumentLink {
        start: starts.value(item),
        end: ends.value(item),
        target: targets.value(item).to_owned(),
    };
    Some((0..items.len()).map(link).collect())
}
