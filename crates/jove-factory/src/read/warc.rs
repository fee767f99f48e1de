//! Web archives (ISO 28500): responses of HTML and plain text, and conversions (WET).

use std::io::{self, Read};
use std::path::Path;

use encoding_rs::Encoding;

use super::html::{declared_charset, text_of_html};
use super::lines::{LineEnd, Lines};
use super::members::{Members, is_damage};
use super::raw::RawDocument;
use crate::error::{Error, Result};
use crate::reason::Reason;

/// The longest line of a header, in bytes.
const HEADER_LINE_MAX: usize = 64 << 10;
/// The most lines of a header.
const HEADER_LINES_MAX: usize = 500;
/// HTML takes more bytes than its text.
const HTML_BYTES_FACTOR: usize = 8;

/// The records of an archive.
pub(crate) struct WarcDocuments {
    lines: Lines<Members>,
    bytes_max: usize,
    records: u64,
    /// A line that begins a record and was read already.
    ahead: Option<Vec<u8>>,
}

/// The fields of a header, by their names in small letters.
type Header = Vec<(String, String)>;

fn field<'a>(header: &'a Header, name: &str) -> &'a str {
    header.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

impl WarcDocuments {
    pub(crate) fn open(path: &Path, bytes_max: usize) -> Result<Self> {
        let members = jove_files::open_file(path).and_then(Members::new).map_err(Error::io(path))?;
        Ok(Self { lines: Lines::new(members), bytes_max, records: 0, ahead: None })
    }

    /// The next record, also one that holds no text.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawDocument>> {
        // Records are parted by blank lines; what else stands between them is damage.
        let mut stray = 0;
        loop {
            let mut line = Vec::new();
            let end = match self.ahead.take() {
                Some(ahead) => {
                    line = ahead;
                    LineEnd::Whole
                }
                None => self.lines.read(&mut line, HEADER_LINE_MAX)?,
            };
            match end {
                LineEnd::None if stray == 0 => return Ok(None),
                LineEnd::None => return Ok(Some(self.faulty(Reason::BadRow, "bytes between records"))),
                LineEnd::Damaged => {
                    return Ok(Some(self.faulty(Reason::Damaged, "compressed data that cannot be read")));
                }
                _ if line.starts_with(b"WARC/") && stray > 0 => {
                    self.ahead = Some(line);
                    return Ok(Some(self.faulty(Reason::BadRow, "bytes between records")));
                }
                _ if line.starts_with(b"WARC/") => return self.record().map(Some),
                _ => stray += line.trim_ascii().len(),
            }
        }
    }

    fn faulty(&mut self, reason: Reason, found: &str) -> RawDocument {
        self.records += 1;
        RawDocument::new(Vec::new(), self.records).faulty(reason, found)
    }

    fn record(&mut self) -> io::Result<RawDocument> {
        let header = match self.header()? {
            Ok(header) => header,
            Err(reason) => return Ok(self.faulty(reason, "a header that does not end")),
        };
        let Ok(length) = field(&header, "content-length").parse::<u64>() else {
            return Ok(self.faulty(Reason::BadRow, "a record without a length"));
        };
        let kind = field(&header, "warc-type").to_owned();
        let most = self.bytes_max.saturating_mul(if kind == "conversion" { 1 } else { HTML_BYTES_FACTOR });
        let Some(block) = self.block(length, most)? else {
            return Ok(self.faulty(Reason::Damaged, "a record that is not whole"));
        };
        if length > block.len() as u64 {
            return Ok(self.faulty(Reason::Oversized, &format!("{length} bytes")));
        }
        self.records += 1;
        let place = self.records;
        let none = |found: &str| RawDocument::new(Vec::new(), place).faulty(Reason::NotText, found);
        let text = match kind.as_str() {
            "conversion" => Ok(block),
            "response" => http_text(&block),
            "resource" => text_of(&block, field(&header, "content-type")),
            other => Err(format!("a record of type {other}")),
        };
        Ok(match text {
            Ok(text) if text.len() > self.bytes_max => {
                let found = format!("{} bytes", text.len());
                RawDocument::new(Vec::new(), place).faulty(Reason::Oversized, found)
            }
            Ok(text) => RawDocument::new(text, place),
            Err(found) => none(&found),
        })
    }

    /// The fields up to a blank line, or what is wrong where there is none.
    fn header(&mut self) -> io::Result<Result<Header, Reason>> {
        let mut header = Header::new();
        for _ in 0..HEADER_LINES_MAX {
            let mut line = Vec::new();
            match self.lines.read(&mut line, HEADER_LINE_MAX)? {
                LineEnd::Whole if line.is_empty() => return Ok(Ok(header)),
                LineEnd::Whole => header.extend(parsed(&line)),
                LineEnd::Damaged => return Ok(Err(Reason::Damaged)),
                LineEnd::Cut | LineEnd::None => return Ok(Err(Reason::BadRow)),
            }
        }
        Ok(Err(Reason::BadRow))
    }

    /// The block of a record, or its first `most` bytes; `None` where it is not whole.
    fn block(&mut self, length: u64, most: usize) -> io::Result<Option<Vec<u8>>> {
        let kept = length.min(most as u64);
        let mut block = Vec::new();
        let input = self.lines.input();
        let read = input
            .take(kept)
            .read_to_end(&mut block)
            .and_then(|_| io::copy(&mut input.take(length - kept), &mut io::sink()));
        match read {
            Ok(rest) if block.len() as u64 + rest == length => Ok(Some(block)),
            Ok(_) => Ok(None),
            Err(error) if is_damage(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parsed(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line);
    let (name, value) = line.split_once(':')?;
    Some((name.trim().to_lowercase(), value.trim().to_owned()))
}

/// The text of an HTTP response, or what else it holds.
fn http_text(block: &[u8]) -> Result<Vec<u8>, String> {
    let end = block.windows(4).position(|window| window == b"\r\n\r\n").ok_or("a response without a header")?;
    let (head, body) = (&block[..end], &block[end + 4..]);
    let status = head.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    if !status.starts_with(b"200") {
        return Err(format!("a response with status {}", String::from_utf8_lossy(&status[..status.len().min(3)])));
    }
    let header: Header = head.split(|&byte| byte == b'\n').filter_map(parsed).collect();
    let mut body = std::borrow::Cow::Borrowed(body);
    if field(&header, "transfer-encoding").eq_ignore_ascii_case("chunked") {
        // Archives often hold the body as it was after the transfer, and the header as it was before.
        body = joined_chunks(&body).map_or(body, std::borrow::Cow::Owned);
    }
    if field(&header, "content-encoding").eq_ignore_ascii_case("gzip") && body.starts_with(b"\x1f\x8b") {
        let mut plain = Vec::new();
        let most = block.len() as u64 * 100 + (1 << 20);
        let read = flate2::read::MultiGzDecoder::new(body.as_ref()).take(most).read_to_end(&mut plain);
        read.map_err(|_| "a body that cannot be decompressed".to_owned())?;
        body = std::borrow::Cow::Owned(plain);
    }
    text_of(&body, field(&header, "content-type"))
}

/// The parts of a chunked body; `None` where it is none.
fn joined_chunks(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&body[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        body = &body[end + 2..];
        if size == 0 {
            return Some(joined);
        }
        joined.extend_from_slice(body.get(..size)?);
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

/// The text of a body by its type.
fn text_of(body: &[u8], content_type: &str) -> Result<Vec<u8>, String> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
    let charset = content_type
        .to_lowercase()
        .split_once("charset=")
        .map(|(_, name)| name.trim_matches(['"', '\'', ' ']).to_owned());
    match kind.as_str() {
        "text/plain" => {
            Ok(charset.and_then(|name| decoded(body, &name)).map_or_else(|| body.to_vec(), String::into_bytes))
        }
        "text/html" | "application/xhtml+xml" => {
            let name = charset.or_else(|| declared_charset(body));
            let html = match std::str::from_utf8(body) {
                Ok(html) => html.to_owned(),
                Err(_) => name
                    .and_then(|name| decoded(body, &name))
                    .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()),
            };
            Ok(text_of_html(&html).into_bytes())
        }
        other => Err(format!("a body of type {other}")),
    }
}

fn decoded(body: &[u8], name: &str) -> Option<String> {
    Some(Encoding::for_label(name.as_bytes())?.decode(body).0.into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::members::tests::part;
    use super::*;

    fn record(kind: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body, b"\r\n\r\n"].concat()
    }

    fn response(head: &str, body: &[u8]) -> Vec<u8> {
        record("response", "application/http", &[format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat())
    }

    fn check(bytes: &[u8], expected: &[Result<&str, Reason>]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut documents = WarcDocuments::open(file.path(), 10_000).unwrap();
        let found: Vec<RawDocument> = std::iter::from_fn(|| documents.next().unwrap()).collect();
        let shown: Vec<_> = found
            .iter()
            .map(|raw| match &raw.fault {
                None => Ok(std::str::from_utf8(&raw.bytes).unwrap()),
                Some((reason, _)) => Err(*reason),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn text_is_taken_from_records_of_every_kind() {
        let gb: Vec<u8> = encoding_rs::GB18030.encode("<p>北京是首都</p>").0.into_owned();
        let chunked = b"7\r\n<p>one \r\n9;x=y\r\ntwo</p>\r\n\r\n0\r\n\r\n";
        let all = [
            record("warcinfo", "application/warc-fields", b"software: test\r\n"),
            record("conversion", "text/plain", "שלום\nעולם".as_bytes()),
            response("200 OK\r\nContent-Type: text/html; charset=gb2312", &gb),
            response("200 OK\r\nContent-Type: text/html", &[b"<meta charset='gbk'>", gb.as_slice()].concat()),
            response("200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked", chunked),
            response("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", &part("gz", b"<p>packed</p>")),
            response("200 OK\r\nContent-Type: text/plain", b"plain"),
            response("404 Not Found\r\nContent-Type: text/html", b"<p>no</p>"),
            response("200 OK\r\nContent-Type: image/png", b"\x89PNG"),
        ];
        let none = Err(Reason::NotText);
        let expected = [
            none,
            Ok("שלום\nעולם"),
            Ok("北京是首都"),
            Ok("北京是首都"),
            Ok("one two"),
            Ok("packed"),
            Ok("plain"),
            none,
            none,
        ];
        check(&all.concat(), &expected);
        let members: Vec<u8> = all.iter().flat_map(|record| part("gz", record)).collect();
        check(&members, &expected);
        check(b"", &[]);
    }

    #[test]
    fn what_is_damaged_costs_one_record() {
        let good = |text: &str| record("conversion", "text/plain", text.as_bytes());
        let short = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 5\r\n\r\nlonger than that\r\n\r\n".to_vec();
        check(&[good("a"), short, good("b")].concat(), &[Ok("a"), Ok("longe"), Err(Reason::BadRow), Ok("b")]);
        let unknown = b"WARC/1.0\r\nWARC-Type: conversion\r\n\r\n".to_vec();
        check(&[unknown, good("b")].concat(), &[Err(Reason::BadRow), Ok("b")]);
        let mut middle = part("gz", &good(&"text ".repeat(900)));
        let half = middle.len() / 2;
        middle.truncate(half);
        let all = [part("gz", &good("a")), middle, part("gz", &good("b"))].concat();
        check(&all, &[Ok("a"), Err(Reason::Damaged), Ok("b")]);
        check(&[good(&"x".repeat(20_000)), good("b")].concat(), &[Err(Reason::Oversized), Ok("b")]);
    }
}
