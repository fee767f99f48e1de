//! Opening a file, however it is packed and encoded.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use encoding_rs::{Decoder, Encoding};
use jove_files::open_stream;

use super::archive;
use super::decompress::decompress;
use super::magic;
use crate::error::{Error, Result};

const BUFFER_BYTES: usize = 1 << 17;

/// Counts and hashes the bytes that come off the disk.
struct Counting<R> {
    inner: R,
    count: Rc<Cell<u64>>,
    hash: Rc<RefCell<blake3::Hasher>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        self.hash.borrow_mut().update(&buffer[..read]);
        Ok(read)
    }
}

/// A file's content.
pub(crate) struct Opened {
    pub(crate) input: Box<dyn BufRead>,
    /// Bytes read from disk so far.
    pub(crate) bytes: Rc<Cell<u64>>,
    /// The encoding that was decoded, where it is not UTF-8.
    pub(super) decoded: Option<&'static Encoding>,
}

/// Opens a file, or a file in an archive (`archive.zip/name`), that may be packed and in another encoding.
pub(crate) fn open(
    path: &Path,
    encoding: Option<&'static Encoding>,
    hash: Rc<RefCell<blake3::Hasher>>,
) -> Result<Opened> {
    let bytes = Rc::new(Cell::new(0));
    let raw = if let Some(member) = archive::member(path) {
        let file = open_stream(&member.archive).map_err(Error::io(&member.archive))?;
        member.open(file, |file| Counting { inner: file, count: Rc::clone(&bytes), hash })?
    } else {
        let inner = open_stream(path).map_err(Error::io(path))?;
        let file = Counting { inner, count: Rc::clone(&bytes), hash };
        Box::new(BufReader::with_capacity(BUFFER_BYTES, file)) as Box<dyn BufRead>
    };
    let mut input = decompress(raw, path)?;
    // A packed file that cannot be unpacked says so, with its line, when it is read.
    let head = input.fill_buf().unwrap_or_default();
    let decoded = encoding.filter(|encoding| *encoding != encoding_rs::UTF_8).or_else(|| marked(head));
    if let Some(encoding) = decoded {
        let decode = Decode::new(input, encoding.new_decoder_with_bom_removal());
        input = Box::new(BufReader::with_capacity(BUFFER_BYTES, decode));
    } else if let Some(seems) = magic::binary(head) {
        return Err(Error::NoText { path: path.to_owned(), seems });
    }
    Ok(Opened { input, bytes, decoded })
}

/// UTF-16 that says so with its byte order mark, and is not UTF-32.
fn marked(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// Text of another encoding as UTF-8; what is no text of it becomes U+FFFD.
struct Decode {
    input: Box<dyn BufRead>,
    decoder: Decoder,
    /// Decoded bytes that wait, from `at` on.
    out: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Decode {
    fn new(input: Box<dyn BufRead>, decoder: Decoder) -> Self {
        Self { input, decoder, out: Vec::new(), at: 0, ended: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        let more = self.input.fill_buf()?;
        let last = more.is_empty();
        let room = self.decoder.max_utf8_buffer_length(more.len()).unwrap_or(BUFFER_BYTES);
        self.out.resize(room, 0);
        let (_, read, written, _) = self.decoder.decode_to_utf8(more, &mut self.out, last);
        self.out.truncate(written);
        self.at = 0;
        self.ended = last;
        self.input.consume(read);
        Ok(())
    }
}

impl Read for Decode {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() && !self.ended {
            self.fill()?;
        }
        let len = buffer.len().min(self.out.len() - self.at);
        buffer[..len].copy_from_slice(&self.out[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encoding: &'static Encoding, bytes: &[u8], expected: &str) {
        for room in [1, 3, 4096] {
            let input = Box::new(BufReader::with_capacity(room, io::Cursor::new(bytes.to_vec())));
            let mut text = String::new();
            let mut decode = Decode::new(input, encoding.new_decoder_with_bom_removal());
            decode.read_to_string(&mut text).unwrap();
            assert_eq!(text, expected, "{} in steps of {room}", encoding.name());
        }
    }

    #[test]
    fn text_is_decoded_in_pieces_of_any_size() {
        check(encoding_rs::GB18030, b"\xcb\xae\xb5\xbe\ta\n", "水稻\ta\n");
        check(encoding_rs::UTF_16LE, b"\xff\xfe\x34\x6c\x3d\xd8\x42\xde", "水🙂");
        check(encoding_rs::UTF_16BE, b"\xfe\xff\x05\xe9", "ש");
        check(encoding_rs::WINDOWS_1252, b"\xe9", "é");
        check(encoding_rs::GB18030, b"", "");
        check(encoding_rs::GB18030, b"a\xff", "a\u{fffd}");
    }
}
