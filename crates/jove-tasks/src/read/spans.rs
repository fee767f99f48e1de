//! Spans of characters in JSON: entities, and the two marked spans of CLUEWSC2020.

use jove_core::ByteSpan;
use serde_json::Value;

use super::record::Record;

/// The entities that a label spells: CLUENER's object of types, surfaces and spans, a list of `[start, end, type]`, or a list of
/// objects with `start`, `end` and `type`. Offsets count characters; ends are exclusive unless `inclusive`.
pub(crate) fn entities(label: &Value, text: &str, inclusive: bool) -> Result<Vec<(ByteSpan, String)>, String> {
    let places = Places::new(text, inclusive);
    let mut found = match label {
        Value::Object(types) => {
            let mut found = Vec::new();
            for (kind, surfaces) in types {
                let surfaces = surfaces.as_object().ok_or("an object of texts for every type in the label")?;
                for (surface, spans) in surfaces {
                    for span in spans.as_array().ok_or("a list of spans for every text in the label")? {
                        found.push((places.checked(span.get(0), span.get(1), Some(surface))?, kind.clone()));
                    }
                }
            }
            found
        }
        Value::Array(list) => list.iter().map(|entity| places.listed(entity)).collect::<Result<_, _>>()?,
        _ => return Err("an object or a list of entities in the label".to_owned()),
    };
    found.sort();
    found.dedup();
    Ok(found)
}

/// From offsets in characters to spans of bytes.
struct Places<'a> {
    text: &'a str,
    /// Where each character begins, and the end of the text.
    starts: Vec<u32>,
    inclusive: bool,
}

impl<'a> Places<'a> {
    fn new(text: &'a str, inclusive: bool) -> Self {
        let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]).map(|at| at as u32).collect();
        Self { text, starts, inclusive }
    }

    fn checked(&self, start: Option<&Value>, end: Option<&Value>, surface: Option<&str>) -> Result<ByteSpan, String> {
        let number =
            |value: Option<&Value>| value.and_then(Value::as_u64).and_then(|value| usize::try_from(value).ok());
        let span = number(start).zip(number(end).and_then(|end| end.checked_add(usize::from(self.inclusive))));
        let (start, end) = span.ok_or("whole numbers as the two ends of a span")?;
        let ends = self.starts.get(start).zip(self.starts.get(end)).filter(|_| start < end);
        let (from, to) = ends.ok_or_else(|| {
            format!(
                "spans within the {} characters of the text, found {start} to {end} (exclusive)",
                self.starts.len() - 1
            )
        })?;
        let span = ByteSpan::new(*from, *to);
        let found = span.slice(self.text).unwrap_or_default();
        match surface {
            Some(surface) if surface != found => {
                Err(format!("the text `{surface}` at its offsets, found `{found}` there"))
            }
            _ => Ok(span),
        }
    }

    fn listed(&self, entity: &Value) -> Result<(ByteSpan, String), String> {
        let kind = |value: Option<&Value>| {
            value.and_then(Value::as_str).map(str::to_owned).ok_or("a text as the type of an entity")
        };
        if let Value::Array(_) = entity {
            return Ok((self.checked(entity.get(0), entity.get(1), None)?, kind(entity.get(2))?));
        }
        let surface = entity.get("text").and_then(Value::as_str);
        let kind = kind(entity.get("type").or_else(|| entity.get("label")))?;
        Ok((self.checked(entity.get("start"), entity.get("end"), surface)?, kind))
    }
}

/// The text of a row of CLUEWSC2020 with its two spans marked as in CLUE's baselines: `_` around the name (span 1) and `[` and `]`
/// around the pronoun (span 2).
pub(crate) fn marked(record: &Record) -> Result<String, String> {
    let text = record.text("text").filter(|text| !text.is_empty()).ok_or("text in the field text")?;
    let target = record.fields.get("target").ok_or("the field target")?;
    let places = Places::new(&text, false);
    let span = |number: u8| {
        let surface = target.get(format!("span{number}_text")).and_then(Value::as_str);
        let surface = surface.ok_or_else(|| format!("text in target.span{number}_text"))?;
        let start = target.get(format!("span{number}_index"));
        let length = surface.chars().count() as u64;
        let end = start.and_then(Value::as_u64).map(|start| Value::from(start.saturating_add(length)));
        places.checked(start, end.as_ref(), Some(surface))
    };
    let (name, pronoun) = (span(1)?, span(2)?);
    if name.overlaps(pronoun) {
        return Err("two spans apart in target".to_owned());
    }
    // Where one ends and the other begins, the end comes first.
    let mut marks = [(name.start, 1, "_"), (name.end, 0, "_"), (pronoun.start, 1, "["), (pronoun.end, 0, "]")];
    marks.sort_unstable();
    let mut out = String::with_capacity(text.len() + 4);
    let mut done = 0;
    for (at, _, mark) in marks {
        out.push_str(&text[done..at as usize]);
        out.push_str(mark);
        done = at as usize;
    }
    out.push_str(&text[done..]);
    Ok(out)
}
