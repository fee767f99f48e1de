//! Files that are no text, by their first bytes.

use crate::error::Seems;

/// What is no text at all, unpacked or not.
pub(crate) fn binary(head: &[u8]) -> Option<Seems> {
    let seems = |what, way| Some(Seems { what, way });
    match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => seems("a zip archive", "unpack it: unzip FILE"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => seems("packed with xz", "unpack it: xz --decompress --keep FILE"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => seems("a 7z archive", "unpack it: 7z x FILE"),
        [0xff, 0xfe, 0, 0, ..] => {
            seems("text in UTF-32", "convert it: iconv --from-code UTF-32 --to-code UTF-8 FILE > NEW")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            seems("text in UTF-16", "convert it: iconv --from-code UTF-16 --to-code UTF-8 FILE > NEW")
        }
        [b'P', b'A', b'R', b'1', ..] => seems("a Parquet file", "write its rows as CSV or JSON lines"),
        [b'%', b'P', b'D', b'F', ..] => seems("a PDF document", "take the text out of it"),
        _ if head.starts_with(b"SQLite format 3\0") => {
            seems("an SQLite database", "if it is a knowledge base of jove, `jove kb export` writes it as a source")
        }
        _ if head.get(257..262) == Some(b"ustar") => seems("a tar archive", "unpack it: tar --extract --file FILE"),
        _ => None,
    }
}
