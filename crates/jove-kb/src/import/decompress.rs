//! Packed streams.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::error::{Error, Result};

const BUFFER_BYTES: usize = 1 << 17;
/// Memory that unpacking xz may take: its largest usual dictionary, and some more.
const XZ_BYTES_MAX: u64 = 128 << 20;

/// Unpacks gzip, bzip2, xz and zstd, told by their first bytes.
pub(super) fn decompress(mut raw: Box<dyn BufRead>, path: &Path) -> Result<Box<dyn BufRead>> {
    let head = raw.fill_buf().map_err(Error::io(path))?;
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        buffered(flate2::bufread::MultiGzDecoder::new(raw))
    } else if head.starts_with(b"BZh") {
        buffered(bzip2::bufread::MultiBzDecoder::new(raw))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        buffered(zstd::stream::read::Decoder::with_buffer(raw).map_err(Error::io(path))?)
    } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        let flags = liblzma::stream::CONCATENATED;
        let stream = liblzma::stream::Stream::new_stream_decoder(XZ_BYTES_MAX, flags);
        let stream = stream.map_err(io::Error::from).map_err(Error::io(path))?;
        buffered(liblzma::bufread::XzDecoder::new_stream(raw, stream))
    } else {
        raw
    })
}

fn buffered(reader: impl Read + 'static) -> Box<dyn BufRead> {
    Box::new(BufReader::with_capacity(BUFFER_BYTES, reader))
}
