//! What a file holds in truth, where that is not what its name says.

use crate::message::shortened;

/// What was found in place of a model's file, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

fn content(what: impl Into<String>, hint: &'static str) -> Content {
    Content { what: what.into(), hint }
}

/// Bytes at the start of a file that decide what it is.
const HEAD_BYTES: usize = 4096;

const UNPACK: &str = "unpack it first, and give the folder of its files";

/// Formats by their first bytes.
const MAGICS: [(&[u8], &str, &str); 13] = [
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer, which stands for the file",
        "`git lfs pull` in its repository fetches the file itself",
    ),
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file, as Keras writes it",
        "load it in transformers before version 5 (from_tf=True), and save it with save_pretrained",
    ),
    (b"GGUF", "a GGUF file", "use the model's safetensors or PyTorch files"),
    (b"\x93NUMPY", "a NumPy array", "save the tensors as safetensors"),
    (b"\x89PNG", "an image", "check the path"),
    (b"%PDF", "a PDF document", "check the path"),
    (b"<?xml", "an XML text, as servers send it with an error", DOWNLOAD),
];

const DOWNLOAD: &str = "the answer of a server was saved in place of the file; download the file itself";

/// What a file is by its first bytes; `None` where it may well be what its name says.
pub(crate) fn identified(bytes: &[u8]) -> Option<Content> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if head.is_empty() {
        return Some(content("an empty file", "a download or copy stopped before it began; fetch the file again"));
    }
    if let Some((_, what, hint)) = MAGICS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some(content(*what, hint));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(content("a tar archive", UNPACK));
    }
    let text = head.trim_ascii_start();
    let begins = |tag: &str| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    if begins("<!doctype html") || begins("<html") || begins("<head") {
        return Some(content("a web page (HTML)", DOWNLOAD));
    }
    if head.iter().all(|byte| *byte == 0) {
        return Some(content("nothing but zeros", "a copy or a download left a gap; fetch the file again"));
    }
    None
}

/// What a file of weights is: as [`identified`], and also the formats of weights themselves.
pub(crate) fn identified_weights(bytes: &[u8]) -> Option<Content> {
    if let Some(found) = identified(bytes) {
        return Some(found);
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if is_safetensors(bytes) {
        return Some(content("a safetensors file", "name it model.safetensors"));
    }
    match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] if contains(head, b"data.pkl") => {
            Some(content("a PyTorch file", "name it pytorch_model.bin"))
        }
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(content("a zip archive", UNPACK)),
        [0x80, 2..=5, ..] => Some(content("a pickle", "if PyTorch wrote it, name it pytorch_model.bin")),
        _ => text(head),
    }
}

/// The longest header that the format allows, in bytes.
pub(crate) const SAFETENSORS_HEADER_MAX: u64 = 100_000_000;

/// Whether a file begins as safetensors do: a header's length in eight bytes, then the header, which is JSON.
pub(crate) fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    u64::from_le_bytes(*length) <= SAFETENSORS_HEADER_MAX && rest.starts_with(b"{\"")
}

/// A plain text, by its first line.
fn text(head: &[u8]) -> Option<Content> {
    let printable = |text: &&str| !text.chars().any(|c| c.is_control() && !"\t\r\n".contains(c));
    let valid = head.utf8_chunks().next().map(|chunk| chunk.valid()).filter(|valid| valid.len() + 4 > head.len());
    let line = valid.filter(printable)?.lines().next().unwrap_or_default();
    let start: String = line.chars().take(60).collect();
    Some(content(format!("a text that begins `{}`", shortened(&start)), "check the path, or fetch the file again"))
}

/// A key of every checkpoint that PyTorch Lightning writes.
pub(crate) const LIGHTNING_KEY: &[u8] = b"pytorch-lightning_version";

/// Whether `needle` occurs.
pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&str>) {
        let found = identified_weights(bytes).map(|content| content.what);
        assert_eq!(found.as_deref(), expected, "{bytes:?}");
    }

    #[test]
    fn what_stands_in_place_of_weights_is_named() {
        check(b"", Some("an empty file"));
        check(
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            Some("a Git LFS pointer, which stands for the file"),
        );
        check(b" \r\n<!DOCTYPE HTML><html>", Some("a web page (HTML)"));
        check(b"<HTML lang=zh>", Some("a web page (HTML)"));
        check(b"\0\0\0\0\0\0\0\0\0", Some("nothing but zeros"));
        check(b"\x89HDF\r\n\x1a\n...", Some("an HDF5 file, as Keras writes it"));
        check(b"PK\x03\x04....a/data.pkl", Some("a PyTorch file"));
        check(b"PK\x03\x04....word/document.xml", Some("a zip archive"));
        check(b"\x02\0\0\0\0\0\0\0{\"", Some("a safetensors file"));
        check(&[&[b' '; 257][..], b"ustar\x0000"].concat(), Some("a tar archive"));
        check(b"{\"error\": \"no such model\"}", Some("a text that begins `{\"error\": \"no such model\"}`"));
        for text in ["a", "中文", "😀", "e\u{301}", "שלום"] {
            check(text.as_bytes(), Some(&format!("a text that begins `{text}`")));
        }
        check(b"\x01\x02\x03\xff", None);
    }

    #[test]
    fn what_may_be_json_is_left_to_its_reader() {
        for bytes in [&b"{}"[..], b"[1", "词".as_bytes()] {
            assert_eq!(identified(bytes), None, "{bytes:?}");
        }
    }
}
