//! The first text of a file, unpacked and decoded.

use std::io::Read as _;
use std::path::Path;

use chardetng::EncodingDetector;

use crate::error::{Error, Result};
use crate::import::open;

/// How much is looked at, unpacked.
const BYTES_MAX: u64 = 1 << 20;

/// The beginning of a file, in UTF-8.
pub(super) struct Head {
    /// Whole lines, unless the file is one.
    pub(super) text: String,
    /// Whether this is all of the file.
    pub(super) whole: bool,
    /// Bytes of the text, as a share of the file's bytes on the disk that were read for it.
    pub(super) size: f64,
    /// The encoding that the source has to name; empty for UTF-8 and for what says itself what it is.
    pub(super) encoding: String,
}

impl Head {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        let opened = open(file, None, std::rc::Rc::default())?;
        opened.input.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(Error::io(file))?;
        let whole = bytes.len() as u64 <= BYTES_MAX;
        let on_disk = opened.bytes.get().max(1);
        let all = std::fs::metadata(file).map_or(on_disk, |about| about.len());
        let size = if whole { bytes.len() as f64 } else { bytes.len() as f64 * all as f64 / on_disk as f64 };
        if !whole {
            let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            bytes.truncate(end);
        }
        let (text, encoding) = decoded(bytes);
        Ok(Self { text, whole, size, encoding })
    }

    /// What is not certain of the encoding.
    pub(super) fn questions(&self) -> Vec<String> {
        let asked = !self.encoding.is_empty();
        asked
            .then(|| {
                format!(
                    "is the text in {}? It is no UTF-8, and looks like it; `encoding` says otherwise",
                    self.encoding
                )
            })
            .into_iter()
            .collect()
    }

    /// Lines that hold something, at most `most`.
    pub(super) fn lines(&self, most: usize) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim().is_empty()).take(most)
    }

    /// How many times the text of the sample the whole file is, at least 1.
    pub(super) fn scale(&self) -> f64 {
        if self.whole { 1.0 } else { (self.size / self.text.len().max(1) as f64).max(1.0) }
    }
}

/// The text, and its encoding where that is another than UTF-8.
fn decoded(bytes: Vec<u8>) -> (String, String) {
    match String::from_utf8(bytes) {
        Ok(text) => (text.trim_start_matches('\u{feff}').to_owned(), String::new()),
        Err(error) => {
            // A few bytes of a damaged line are no other encoding.
            let lossy = String::from_utf8_lossy(error.as_bytes());
            let lost = lossy.matches('\u{fffd}').count();
            if lost * 200 < lossy.chars().count() {
                return (lossy.into_owned(), String::new());
            }
            let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
            detector.feed(error.as_bytes(), true);
            let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
            // GBK is a part of GB18030, which decodes all of it.
            let encoding = if encoding == encoding_rs::GBK { encoding_rs::GB18030 } else { encoding };
            let (text, ..) = encoding.decode(error.as_bytes());
            (text.into_owned(), encoding.name().to_lowercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encoding: &'static encoding_rs::Encoding, text: &str, expected: &str) {
        let (bytes, ..) = encoding.encode(text);
        let (found, name) = decoded(bytes.into_owned());
        assert_eq!((found.as_str(), name.as_str()), (text, expected));
    }

    #[test]
    fn encodings_are_told() {
        let chinese = "水稻,属于,禾本科\n小麦,属于,禾本科\n苹果树,果实,苹果\n".repeat(8);
        check(encoding_rs::UTF_8, &chinese, "");
        check(encoding_rs::GB18030, &chinese, "gb18030");
        check(
            encoding_rs::SHIFT_JIS,
            &"米,産地,日本の東北地方\n桜,花の色,うすいピンク色です\nみかん,とれる季節,冬になります\n".repeat(8),
            "shift_jis",
        );
        check(encoding_rs::WINDOWS_1252, &"Café,située à,Besançon\nForêt,près de,Orléans\n".repeat(8), "windows-1252");
    }

    #[test]
    fn one_broken_line_is_no_other_encoding() {
        let bytes = ["水稻,属于,禾本科\n".repeat(99).as_bytes(), b"\xff,p,o\n"].concat();
        assert_eq!(decoded(bytes).1, "");
    }
}
