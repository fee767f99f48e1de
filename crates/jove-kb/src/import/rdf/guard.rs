//! Limits on what documents may make their parsers hold: XML whose pieces never end or whose entities multiply, JSON without a
//! bottom.

use std::io::{self, BufRead, Read};

/// The longest tag, text or comment of XML, in bytes; also the most that its entities may make of one.
const PIECE_BYTES_MAX: u64 = 16 << 20;
/// The longest entity, in bytes.
const ENTITY_BYTES_MAX: u64 = 4 << 10;
/// The most attributes of a tag. Its parser compares each with all before, and keeps every name space (RUSTSEC-2026-0194, -0195).
const ATTRIBUTES_MAX: u32 = 256;
/// How deep elements or values may nest.
const DEPTH_MAX: u32 = 256;
/// The largest JSON document, which is held in memory unless its context comes first.
const JSON_BYTES_MAX: u64 = 256 << 20;

fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("expected {what}"))
}

/// A reader that follows what passes through it.
pub(super) struct Guard<W> {
    input: Box<dyn BufRead>,
    watch: W,
}

/// Follows a document, byte by byte.
pub(super) trait Watch {
    /// Sees the next bytes.
    fn see(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl<W: Watch> Guard<W> {
    pub(super) fn new(input: Box<dyn BufRead>, watch: W) -> Self {
        Self { input, watch }
    }
}

impl<W: Watch> Read for Guard<W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(buffer)?;
        self.watch.see(&buffer[..len])?;
        Ok(len)
    }
}

/// Where in an XML document a byte stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    Tag,
    /// In quotes within a tag.
    Value(u8),
    /// `<!--` or `<![CDATA[` to `-->` or `]]>`.
    Until(u8),
    /// `<!DOCTYPE`, with the depth of its brackets.
    DocType(u32),
}

/// Limits of an XML document.
#[derive(Default)]
pub(super) struct Xml {
    at: At,
    /// Bytes and references of the present piece.
    bytes: u64,
    references: u64,
    /// Values of attributes in the present tag.
    attributes: u32,
    /// The first bytes of a tag, and the last ones of a comment.
    head: Vec<u8>,
    tail: [u8; 3],
    depth: u32,
    doctype: Vec<u8>,
    longest_entity: u64,
}

impl Watch for Xml {
    fn see(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes.iter().try_for_each(|byte| self.step(*byte))
    }
}

impl Xml {
    fn step(&mut self, byte: u8) -> io::Result<()> {
        self.bytes += 1;
        self.references += u64::from(byte == b'&');
        if self.bytes + self.references * self.longest_entity > PIECE_BYTES_MAX {
            return Err(refused("tags and texts of at most 16 MiB, with their entities"));
        }
        self.tail = [self.tail[1], self.tail[2], byte];
        match self.at {
            At::Text if byte == b'<' => {
                self.begin(At::Tag);
                self.head.clear();
            }
            At::Text => {}
            At::Value(quote) => {
                if byte == quote {
                    self.at = At::Tag;
                }
            }
            At::Until(last) => {
                if byte == b'>' && self.tail == [last, last, b'>'] {
                    self.begin(At::Text);
                }
            }
            At::DocType(depth) => return self.doctype(byte, depth),
            At::Tag => return self.tag(byte),
        }
        Ok(())
    }

    fn begin(&mut self, at: At) {
        (self.at, self.bytes, self.references, self.attributes) = (at, 0, 0, 0);
    }

    fn tag(&mut self, byte: u8) -> io::Result<()> {
        if self.head.len() < 8 {
            self.head.push(byte);
        }
        match self.head.as_slice() {
            b"!--" => self.at = At::Until(b'-'),
            b"![CDATA[" => self.at = At::Until(b']'),
            b"!DOCTYPE" => self.at = At::DocType(0),
            _ => {}
        }
        match byte {
            b'"' | b'\'' if self.at == At::Tag && !self.head.starts_with(b"?") => {
                self.at = At::Value(byte);
                self.attributes += 1;
                if self.attributes > ATTRIBUTES_MAX {
                    return Err(refused("tags of at most 256 attributes"));
                }
            }
            b'>' if self.at == At::Tag => {
                let closes = self.head.starts_with(b"/");
                let opens = !closes && self.tail[1] != b'/' && !self.head.starts_with(b"?");
                self.depth = if closes { self.depth.saturating_sub(1) } else { self.depth + u32::from(opens) };
                if self.depth > DEPTH_MAX {
                    return Err(refused("elements nested at most 256 deep"));
                }
                self.begin(At::Text);
            }
            _ => {}
        }
        Ok(())
    }

    fn doctype(&mut self, byte: u8, depth: u32) -> io::Result<()> {
        self.doctype.push(byte);
        if self.doctype.len() as u64 > PIECE_BYTES_MAX / 16 {
            return Err(refused("a document type of at most 1 MiB"));
        }
        match byte {
            b'<' | b'[' => self.at = At::DocType(depth + 1),
            b'>' | b']' if depth > 0 => self.at = At::DocType(depth - 1),
            b'>' => {
                self.longest_entity = longest_entity(&self.doctype)?;
                self.doctype = Vec::new();
                self.begin(At::Text);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The length of the longest entity of a document type, all that it refers to included.
fn longest_entity(doctype: &[u8]) -> io::Result<u64> {
    let text = String::from_utf8_lossy(doctype);
    let mut lengths: Vec<(&str, u64)> = Vec::new();
    for declaration in text.split("<!ENTITY").skip(1) {
        let mut words = declaration.split_whitespace();
        let Some(name) = words.next() else { continue };
        let value = declaration.split(['"', '\'']).nth(1).unwrap_or("");
        let mut length = value.len() as u64;
        for reference in value.split('&').skip(1) {
            let referred = reference.split(';').next().unwrap_or("");
            length += lengths.iter().find(|(known, _)| *known == referred).map_or(0, |(_, length)| *length);
        }
        if length > ENTITY_BYTES_MAX {
            return Err(refused("entities of at most 4 KiB, with all that they refer to"));
        }
        lengths.push((name, length));
    }
    Ok(lengths.into_iter().map(|(_, length)| length).max().unwrap_or(0))
}

/// Limits of a JSON document.
#[derive(Default)]
pub(super) struct Json {
    bytes: u64,
    depth: u32,
    quoted: bool,
    escaped: bool,
}

impl Watch for Json {
    fn see(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > JSON_BYTES_MAX {
            return Err(refused("a document of at most 256 MiB"));
        }
        for byte in bytes {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.quoted,
                b'"' => self.quoted = !self.quoted,
                b'{' | b'[' if !self.quoted => self.depth += 1,
                b'}' | b']' if !self.quoted => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > DEPTH_MAX {
                return Err(refused("values nested at most 256 deep"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<W: Watch>(watch: W, document: &str, expected: Option<&str>) {
        let mut guard = Guard::new(Box::new(io::Cursor::new(document.as_bytes().to_vec())), watch);
        let found = io::copy(&mut guard, &mut io::sink()).err().map(|error| error.to_string());
        let same = match (&found, expected) {
            (Some(found), Some(expected)) => found.contains(expected),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(same, "{}: {found:?}", &document[..document.len().min(80)]);
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let laughs: Vec<_> = (1..9).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};&l{0};&l{0};\">", n - 1)).collect();
        let laughs = laughs.concat();
        check(
            Xml::default(),
            &format!("<!DOCTYPE x [<!ENTITY l0 \"{}\">{laughs}]><x/>", "ha".repeat(40)),
            Some("entities"),
        );
        let many = format!("<!DOCTYPE x [<!ENTITY l \"{}\">]><x>{}</x>", "a".repeat(4000), "&l;".repeat(5000));
        check(Xml::default(), &many, Some("with their entities"));
        check(Xml::default(), &"<a>".repeat(300), Some("256 deep"));
        check(Xml::default(), &format!("<!-- {}", "< ' > ".repeat(3 << 20)), Some("16 MiB"));
        check(Xml::default(), &format!("<a b=\"{}", "<>".repeat(9 << 20)), Some("16 MiB"));
        let attributes = |count: usize| " b='x'".repeat(count);
        check(Xml::default(), &format!("<a{}/>", attributes(257)), Some("at most 256 attributes"));
        check(Xml::default(), &format!("<a{0}/><b{0}/>", attributes(256)), None);
        check(Json::default(), &"[".repeat(300), Some("256 deep"));
        check(Json::default(), &"{\"a\":".repeat(300), Some("256 deep"));
    }

    #[test]
    fn good_documents_pass() {
        let owl = "<!DOCTYPE rdf:RDF [<!ENTITY owl \"http://www.w3.org/2002/07/owl#\"> <!ENTITY x '&owl;x' >]>";
        check(
            Xml::default(),
            &format!("<?xml version=\"1.0\"?>{owl}<a b='>'>{}</a>", "<b>甲&lt;</b><c/>".repeat(5000)),
            None,
        );
        check(Xml::default(), "<![CDATA[ <<<< ]] ]]><!-- -- <a> --><a/>", None);
        check(Xml::default(), "", None);
        check(Json::default(), &format!("[{}1]", "{\"a]\\\"\":[[]]},".repeat(5000)), None);
        check(Json::default(), "\"🙂 שלום [\\\\\"", None);
    }
}
