//! Documents of files of lines: one a line, one a block, or the whole file.

use std::io;
use std::path::Path;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use super::lines::{LineEnd, Lines};
use super::members::Members;
use super::raw::RawDocument;
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::recipe::Format;

/// JSON takes more bytes than the text in it: `\u4e2d` for three.
const JSON_BYTES_FACTOR: usize = 4;

/// The documents of a file of lines.
pub(crate) struct RowDocuments {
    lines: Lines<Members>,
    format: Format,
    field: String,
    bytes_max: usize,
}

impl RowDocuments {
    pub(crate) fn open(path: &Path, format: Format, field: &str, bytes_max: usize) -> Result<Self> {
        let members = jove_files::open_file(path).and_then(Members::new).map_err(Error::io(path))?;
        Ok(Self { lines: Lines::new(members), format, field: field.to_owned(), bytes_max })
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<RawDocument>> {
        match self.format {
            Format::Lines => self.line(self.bytes_max),
            Format::JsonLines => {
                Ok(self.line(self.bytes_max.saturating_mul(JSON_BYTES_FACTOR))?.map(|row| self.parse(row)))
            }
            _ => self.block(),
        }
    }

    /// The next line that is not blank.
    fn line(&mut self, limit: usize) -> io::Result<Option<RawDocument>> {
        let mut bytes = Vec::new();
        loop {
            let end = self.lines.read(&mut bytes, limit)?;
            let place = self.lines.number;
            match end {
                LineEnd::None => return Ok(None),
                LineEnd::Whole if is_blank(&bytes) => bytes.clear(),
                LineEnd::Whole => return Ok(Some(RawDocument::new(bytes, place))),
                LineEnd::Cut => return Ok(Some(oversized(bytes, place))),
                LineEnd::Damaged => return Ok(Some(damaged(bytes, place + 1))),
            }
        }
    }

    /// The lines up to the next blank one, or all of them.
    fn block(&mut self) -> io::Result<Option<RawDocument>> {
        let mut bytes = Vec::new();
        let (mut place, mut is_cut) = (0, false);
        loop {
            let before = bytes.len();
            let end = self.lines.read(&mut bytes, self.bytes_max)?;
            if place == 0 && end != LineEnd::None && !is_blank(&bytes) {
                place = self.lines.number;
            }
            match end {
                LineEnd::Damaged => return Ok(Some(damaged(bytes, self.lines.number + 1))),
                LineEnd::Cut => is_cut = true,
                LineEnd::Whole if place == 0 => bytes.clear(),
                LineEnd::Whole if self.format == Format::Whole || !is_blank(&bytes[before..]) => bytes.push(b'\n'),
                LineEnd::Whole | LineEnd::None => {
                    let length = bytes.trim_ascii_end().len();
                    bytes.truncate(length);
                    let document = if is_cut { oversized(bytes, place) } else { RawDocument::new(bytes, place) };
                    return Ok((place > 0).then_some(document));
                }
            }
        }
    }

    /// The text of a row of JSON.
    fn parse(&self, row: RawDocument) -> RawDocument {
        if row.fault.is_some() {
            return row;
        }
        let mut json = serde_json::Deserializer::from_slice(&row.bytes);
        match json.deserialize_map(Field(&self.field)).and_then(|text| json.end().map(|()| text)) {
            Ok(Some(text)) if text.len() > self.bytes_max => oversized(text.into_bytes(), row.place),
            Ok(Some(text)) => RawDocument::new(text.into_bytes(), row.place),
            Ok(None) => {
                let found = format!("no text in the field `{}`", self.field);
                row.faulty(Reason::BadRow, found)
            }
            Err(error) => row.faulty(Reason::BadRow, error.to_string()),
        }
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.trim_ascii().is_empty()
}

fn oversized(bytes: Vec<u8>, place: u64) -> RawDocument {
    let found = format!("more than {} bytes", bytes.len());
    RawDocument::new(bytes, place).faulty(Reason::Oversized, found)
}

fn damaged(bytes: Vec<u8>, place: u64) -> RawDocument {
    RawDocument::new(bytes, place).faulty(Reason::Damaged, "compressed data that cannot be read")
}

/// Takes one field of text out of a JSON object, and passes over the others without keeping them.
struct Field<'a>(&'a str);

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a JSON object with the text field `{}`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_field) = map.next_key_seed(IsField(self.0))? {
            if is_field {
                found = Some(map.next_value::<String>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a key is the field's name.
struct IsField<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for IsField<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for IsField<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::members::tests::part;
    use super::*;

    fn read(bytes: &[u8], format: Format, bytes_max: usize) -> Vec<RawDocument> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut documents = RowDocuments::open(file.path(), format, "text", bytes_max).unwrap();
        std::iter::from_fn(|| documents.next().unwrap()).collect()
    }

    type Expected<'a> = (&'a str, u64, Option<Reason>);

    fn check(bytes: &[u8], format: Format, expected: &[Expected<'_>]) {
        let found = read(bytes, format, 1024);
        let shown = |raw: &RawDocument| {
            let fault = raw.fault.as_ref().map(|(reason, _)| *reason);
            (String::from_utf8_lossy(&raw.bytes).into_owned(), raw.place, fault)
        };
        let found: Vec<_> = found.iter().map(shown).collect();
        let expected: Vec<_> =
            expected.iter().map(|(text, place, fault)| ((*text).to_owned(), *place, *fault)).collect();
        assert_eq!(found, expected, "{format:?}");
    }

    #[test]
    fn each_format_splits_a_file_in_its_own_way() {
        let text = "北京\r\n二\n\n \n🦀 e\u{301}\n\nשלום".as_bytes();
        check(text, Format::Blocks, &[("北京\n二", 1, None), ("🦀 e\u{301}", 5, None), ("שלום", 7, None)]);
        check(text, Format::Lines, &[("北京", 1, None), ("二", 2, None), ("🦀 e\u{301}", 5, None), ("שלום", 7, None)]);
        check(text, Format::Whole, &[("北京\n二\n\n \n🦀 e\u{301}\n\nשלום", 1, None)]);
        for format in [Format::Blocks, Format::Lines, Format::Whole, Format::JsonLines] {
            check(b"", format, &[]);
            check(b"\n \r\n\n", format, &[]);
        }
    }

    #[test]
    fn rows_of_json_without_their_field_are_faulty_and_reading_goes_on() {
        let bad = Some(Reason::BadRow);
        let rows = "{\"id\": {\"text\": 1}, \"text\": \"一\"}\n{\"title\": \"二\"}\n{\"text\": 3}\n[]\n{\"text\": \"六\"} x\n{\"text\": \"\\u4e03\"}";
        let lines: Vec<&str> = rows.lines().collect();
        let expected = [
            ("一", 1, None),
            (lines[1], 2, bad),
            (lines[2], 3, bad),
            (lines[3], 4, bad),
            (lines[4], 5, bad),
            ("七", 6, None),
        ];
        check(rows.as_bytes(), Format::JsonLines, &expected);
    }

    #[test]
    fn what_is_too_large_is_one_faulty_document() {
        let long = "x".repeat(5000);
        for (format, count) in [(Format::Lines, 3), (Format::Blocks, 3), (Format::Whole, 1)] {
            let found = read(format!("a\n\n{long}\n\nb").as_bytes(), format, 1024);
            let faults: Vec<bool> = found.iter().map(|raw| raw.fault.is_some()).collect();
            assert_eq!(faults.len(), count, "{format:?}");
            assert_eq!(faults.iter().filter(|fault| **fault).count(), 1, "{format:?}");
            assert!(found.iter().all(|raw| raw.bytes.len() <= 1024));
        }
    }

    #[test]
    fn damage_costs_the_document_that_it_hits() {
        let block = |name: &str| format!("{name} one\n\n{name} two\n\n");
        let mut bytes = part("gz", block("first").as_bytes());
        let damaged = part("gz", "middle".repeat(3000).as_bytes());
        bytes.extend_from_slice(&damaged[..damaged.len() - 9]);
        bytes.extend(part("gz", block("last").as_bytes()));
        let found = read(&bytes, Format::Blocks, 1 << 20);
        let whole: Vec<_> = found.iter().filter(|raw| raw.fault.is_none()).map(|raw| raw.bytes.clone()).collect();
        assert_eq!(whole, [&b"first one"[..], b"first two", b"last one", b"last two"]);
        assert_eq!(
            found.iter().filter(|raw| raw.fault.as_ref().is_some_and(|(reason, _)| *reason == Reason::Damaged)).count(),
            1
        );
    }
}
