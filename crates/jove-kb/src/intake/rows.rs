//! The rows that importers make, as bytes, to be sorted into tables.
//!
//! A record starts with its table's tag; numbers are big-endian, so that the order of bytes is the order of rows.
//! Text ends with a zero byte, which no text holds: the intake refuses it.

use std::io::{self, Read};

/// The tables a record can belong to, in the order in which they are written. Facts, which are most of most graphs,
/// have a form of their own, [`FactRow`](super::facts::FactRow).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    /// key 0 source own entity
    EntityKey = 1,
    /// a 0 b 0 source
    SameAs = 2,
    /// id key
    TypeName = 3,
    /// id key
    PredicateName = 4,
    /// predicate lang 0 text 0 source
    PredicateLabel = 5,
    /// predicate inverse source
    PredicateInverse = 6,
    /// entity source value
    Popularity = 7,
    /// entity role (lang 0 text 0 source prior); role 0 holds the entity's key instead
    Name = 8,
    /// entity lang 0 text 0 source
    Description = 9,
    /// entity type source
    EntityType = 10,
    /// subject predicate value 0 lang 0 datatype 0 source
    Literal = 11,
}

impl Tag {
    const ALL: [Self; 11] = [
        Self::EntityKey,
        Self::SameAs,
        Self::TypeName,
        Self::PredicateName,
        Self::PredicateLabel,
        Self::PredicateInverse,
        Self::Popularity,
        Self::Name,
        Self::Description,
        Self::EntityType,
        Self::Literal,
    ];

    /// The tag of a record's first byte.
    pub(crate) fn of(record: &[u8]) -> Self {
        Self::ALL[usize::from(record[0]) - 1]
    }

    /// Whether bytes 1 to 4 are an entity.
    pub(crate) fn starts_with_entity(self) -> bool {
        self as u8 >= Self::Popularity as u8
    }
}

/// Builds one record at a time in a buffer that is used again.
#[derive(Default)]
pub(crate) struct Row(Vec<u8>);

impl Row {
    pub(crate) fn start(&mut self, tag: Tag) -> &mut Self {
        self.0.clear();
        self.0.push(tag as u8);
        self
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    /// Importers reject text with zero bytes; one that slips through becomes a replacement character.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        if value.contains('\0') {
            self.0.extend_from_slice(value.replace('\0', "\u{fffd}").as_bytes());
        } else {
            self.0.extend_from_slice(value.as_bytes());
        }
        self.0.push(0);
        self
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Reads the fields of a record back.
#[derive(Clone)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("a record holds all its fields");
        self.0 = rest;
        *head
    }

    pub(crate) fn u8(&mut self) -> u8 {
        u8::from_be_bytes(self.take())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }

    pub(crate) fn f32(&mut self) -> f32 {
        f32::from_bits(self.u32())
    }

    pub(crate) fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.text_bytes()).expect("text fields are made from text")
    }

    /// The bytes of a text field.
    pub(crate) fn text_bytes(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0).expect("a text field ends with zero");
        let text = &self.0[..end];
        self.0 = &self.0[end + 1..];
        text
    }
}

/// Reads a record with its length before it; `false` at the end.
pub(crate) fn read_record(input: &mut impl Read, record: &mut Vec<u8>) -> io::Result<bool> {
    let mut len = [0; 4];
    match input.read_exact(&mut len) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    record.resize(u32::from_le_bytes(len) as usize, 0);
    input.read_exact(record)?;
    Ok(true)
}
