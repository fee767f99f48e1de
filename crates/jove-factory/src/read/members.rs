//! Compressed files as a stream of bytes that goes on after damage.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom};

/// The raw bytes of a file.
type Raw = BufReader<File>;

/// Bytes of a part found after damage that must decode before any of them is trusted.
const TRUSTED_BYTES: usize = 4096;

/// How a file is compressed, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Gzip,
    Bzip2,
    Zstandard,
    Xz,
}

impl Codec {
    const ALL: [Self; 4] = [Self::Gzip, Self::Bzip2, Self::Zstandard, Self::Xz];

    /// The bytes that a part of a file begins with, whichever its settings; 0 stands for any byte.
    fn magic(self) -> &'static [u8] {
        match self {
            Self::Gzip => b"\x1f\x8b\x08",
            Self::Bzip2 => b"BZh\0\0\0\0\0\0\0",
            Self::Zstandard => b"\x28\xb5\x2f\xfd",
            Self::Xz => b"\xfd7zXZ",
        }
    }

    fn begins(self, bytes: &[u8]) -> bool {
        let magic = self.magic();
        // A stream of bzip2 goes on with the first block, or with its end where it is empty.
        let blocks: [&[u8]; 2] = [b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"];
        if self == Self::Bzip2 && !blocks.iter().any(|block| bytes.get(4..10) == Some(block)) {
            return false;
        }
        bytes.len() >= magic.len() && magic.iter().zip(bytes).all(|(&wanted, &found)| wanted == 0 || wanted == found)
    }

    fn decoder(self, raw: Raw) -> io::Result<Decoder> {
        Ok(match self {
            Self::Gzip => Decoder::Gzip(Box::new(flate2::bufread::GzDecoder::new(raw))),
            Self::Bzip2 => Decoder::Bzip2(bzip2::bufread::BzDecoder::new(raw)),
            Self::Zstandard => Decoder::Zstandard(zstd::Decoder::with_buffer(raw)?.single_frame()),
            Self::Xz => Decoder::Xz(Box::new(lzma_rust2::XzReader::new(raw, false))),
        })
    }
}

/// A part of a file that is being decompressed: a member, a stream or a frame.
enum Decoder {
    Gzip(Box<flate2::bufread::GzDecoder<Raw>>),
    Bzip2(bzip2::bufread::BzDecoder<Raw>),
    Zstandard(zstd::Decoder<'static, Raw>),
    Xz(Box<lzma_rust2::XzReader<Raw>>),
}

impl Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Bzip2(decoder) => decoder.read(buffer),
            Self::Zstandard(decoder) => decoder.read(buffer),
            Self::Xz(decoder) => decoder.read(buffer),
        }
    }

    fn into_raw(self) -> Raw {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Bzip2(decoder) => decoder.into_inner(),
            Self::Zstandard(decoder) => decoder.finish(),
            Self::Xz(decoder) => decoder.into_inner(),
        }
    }
}

/// Where reading stands.
enum State {
    /// An uncompressed file.
    Plain(Raw),
    /// Between two parts.
    Between(Raw, Codec),
    /// In a part, which begins at this byte.
    Inside(Decoder, Codec, u64),
    /// At the end, or where the file cannot be read any more.
    End,
}

/// The bytes of a file, decompressed. A compressed file may have many parts (members of gzip, streams of bzip2 and xz, frames of
/// Zstandard). Where one is damaged, reading returns an error of kind `InvalidData` once, and then goes on with the next one
/// that is whole.
pub(crate) struct Members {
    state: State,
    /// Bytes of a part that was found after damage, decoded to see whether it is one.
    ahead: Vec<u8>,
    used: usize,
}

impl Members {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let mut raw = BufReader::with_capacity(1 << 17, file);
        let head = raw.fill_buf()?;
        let codec = Codec::ALL.into_iter().find(|codec| codec.begins(head));
        let state = match codec {
            Some(codec) => State::Between(raw, codec),
            None => State::Plain(raw),
        };
        Ok(Self { state, ahead: Vec::new(), used: 0 })
    }

    /// Opens the next part; what lies between parts and is no part is damage.
    fn open_next(&mut self, mut raw: Raw, codec: Codec) -> io::Result<()> {
        let head = raw.fill_buf()?;
        if head.is_empty() {
            return Ok(());
        }
        // A head at the end of the buffer is too short to be told; the decoder looks at it itself.
        if head.len() < 16 || codec.begins(head) {
            let start = raw.stream_position()?;
            self.state = State::Inside(codec.decoder(raw)?, codec, start);
            return Ok(());
        }
        if codec == Codec::Gzip && skip_zeros(&mut raw)? {
            return Ok(());
        }
        let from = raw.stream_position()?;
        self.recover(raw, codec, from)?;
        Err(damage("bytes that are no part of the compressed data"))
    }

    /// Looks for the next part that decodes, from byte `from` on: what was read as the end of a damaged part may be others.
    fn recover(&mut self, mut raw: Raw, codec: Codec, mut from: u64) -> io::Result<()> {
        self.ahead.clear();
        self.used = 0;
        loop {
            raw.seek(SeekFrom::Start(from))?;
            if !seek(&mut raw, codec)? {
                return Ok(());
            }
            let start = raw.stream_position()?;
            let mut decoder = codec.decoder(raw)?;
            if let Some(tried) = trial(&mut decoder)? {
                self.ahead = tried;
                self.state = State::Inside(decoder, codec, start);
                return Ok(());
            }
            raw = decoder.into_raw();
            from = start + 1;
        }
    }
}

/// The first bytes of a part, or all of it; `None` where it is none.
fn trial(decoder: &mut Decoder) -> io::Result<Option<Vec<u8>>> {
    let mut tried = vec![0; TRUSTED_BYTES];
    let mut length = 0;
    // Never into an empty buffer, which the reader of xz takes for the end of a block.
    while length < TRUSTED_BYTES {
        match decoder.read(&mut tried[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if is_damage(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    tried.truncate(length);
    Ok(Some(tried))
}

impl Read for Members {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used < self.ahead.len() {
            let length = buffer.len().min(self.ahead.len() - self.used);
            buffer[..length].copy_from_slice(&self.ahead[self.used..][..length]);
            self.used += length;
            return Ok(length);
        }
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::End => return Ok(0),
                State::Plain(mut raw) => {
                    let read = raw.read(buffer);
                    self.state = State::Plain(raw);
                    return read;
                }
                State::Between(raw, codec) => self.open_next(raw, codec)?,
                State::Inside(mut decoder, codec, start) => match decoder.read(buffer) {
                    Ok(0) => self.state = State::Between(decoder.into_raw(), codec),
                    Ok(read) => {
                        self.state = State::Inside(decoder, codec, start);
                        return Ok(read);
                    }
                    Err(error) if is_damage(&error) => {
                        self.recover(decoder.into_raw(), codec, start + 1)?;
                        return Err(damage(&error.to_string()));
                    }
                    Err(error) => return Err(error),
                },
            }
        }
    }
}

/// Whether an error of a decoder is about its data, not about the disk.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    error.raw_os_error().is_none() && matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

fn damage(found: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, found.to_owned())
}

/// Skips the zeros that pad a file of gzip; whether nothing follows.
fn skip_zeros(raw: &mut Raw) -> io::Result<bool> {
    loop {
        let buffer = raw.fill_buf()?;
        let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
        let (all, is_end) = (zeros == buffer.len(), buffer.is_empty());
        raw.consume(zeros);
        if is_end || !all {
            return Ok(is_end);
        }
    }
}

/// Moves on to the next place where a part may begin; whether there is one.
fn seek(raw: &mut Raw, codec: Codec) -> io::Result<bool> {
    let magic = codec.magic();
    let mut window: Vec<u8> = Vec::new();
    loop {
        let buffer = raw.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let first = buffer.iter().position(|&byte| byte == magic[0]);
        let Some(first) = first else {
            let length = buffer.len();
            raw.consume(length);
            continue;
        };
        if codec.begins(&buffer[first..]) {
            raw.consume(first);
            return Ok(true);
        }
        if buffer.len() - first >= magic.len() {
            raw.consume(first + 1);
            continue;
        }
        // The mark may go on in the next buffer: the reader is moved there, and the file back to the mark.
        window.clear();
        window.extend_from_slice(&buffer[first..]);
        let back = window.len() as i64;
        raw.consume(first);
        if begins_at_edge(raw, codec, back)? {
            return Ok(true);
        }
        raw.consume(1);
    }
}

/// Whether a part begins with the last `left` bytes of the buffer and what follows them; they are read anew.
fn begins_at_edge(raw: &mut Raw, codec: Codec, left: i64) -> io::Result<bool> {
    let place = raw.stream_position()?;
    raw.seek(SeekFrom::Start(place))?;
    let head = raw.fill_buf()?;
    Ok(head.len() as i64 > left && codec.begins(head))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write as _;

    use super::*;

    /// A compressed part.
    pub(crate) fn part(kind: &str, bytes: &[u8]) -> Vec<u8> {
        match kind {
            "gz" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            "bz2" => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            "zst" => {
                let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
                encoder.include_checksum(true).unwrap();
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            "xz" => {
                let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            _ => bytes.to_vec(),
        }
    }

    const KINDS: [&str; 5] = ["plain", "gz", "bz2", "zst", "xz"];

    /// All that is read, with `#` for each damage.
    fn read(bytes: &[u8]) -> String {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut members = Members::new(file).unwrap();
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        loop {
            match members.read(&mut buffer) {
                Ok(0) => return String::from_utf8_lossy(&all).into_owned(),
                Ok(read) => all.extend_from_slice(&buffer[..read]),
                Err(error) => {
                    assert!(is_damage(&error), "{error}");
                    all.push(b'#');
                }
            }
        }
    }

    #[test]
    fn parts_of_every_kind_are_read_one_after_another() {
        for kind in KINDS {
            for texts in [&["北京"][..], &["", "a", ""], &["one ", "two ", "שלום🦀"], &[]] {
                let bytes: Vec<u8> = texts.iter().flat_map(|text| part(kind, text.as_bytes())).collect();
                assert_eq!(read(&bytes), texts.concat(), "{kind}");
            }
        }
        let padded = [part("gz", b"a"), vec![0; 5000], Vec::new()].concat();
        assert_eq!(read(&padded), "a");
    }

    #[test]
    fn after_damage_reading_goes_on_with_the_next_whole_part() {
        // What compresses badly, so that parts are larger than any buffer.
        let text = |seed: u32| -> String {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'a' + (state >> 24) as u8 % 26)
            };
            (0..200_000).map(|_| next()).collect()
        };
        let texts = [text(1), text(2), text(3)];
        for kind in ["gz", "bz2", "zst", "xz"] {
            let parts: Vec<Vec<u8>> = texts.iter().map(|text| part(kind, text.as_bytes())).collect();
            let mut bytes = parts.concat();
            let at = parts[0].len() + parts[1].len() / 2;
            bytes[at..at + 64].fill(0x55);
            let found = read(&bytes);
            assert_eq!(found.matches('#').count(), 1, "{kind}");
            assert!(found.starts_with(&texts[0]), "{kind}: the first is whole");
            assert!(found.ends_with(&texts[2]), "{kind}: the last is whole");
        }
    }

    #[test]
    fn a_file_that_is_cut_short_ends_with_damage() {
        for kind in ["gz", "bz2", "zst", "xz"] {
            let bytes = part(kind, "a line of text\n".repeat(1000).as_bytes());
            let found = read(&bytes[..bytes.len() - 5]);
            assert!(found.ends_with('#') || found.is_empty(), "{kind}");
        }
    }
}
