//! Bytes to text: encodings, and text that was read with the wrong one.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Of the bytes of a document, at most one in this many may be no UTF-8 for it to count as UTF-8 with errors.
const ERRORS_ONE_IN: usize = 100;

/// The text of bytes in UTF-8; with `repair`, also of bytes in another encoding, and of text that was read with the wrong one.
/// `None` where no encoding fits.
pub(crate) fn decode(bytes: Vec<u8>, repair: bool) -> Option<String> {
    match String::from_utf8(bytes) {
        Ok(text) if repair && may_be_misread(&text) => Some(reread(&text).unwrap_or(text)),
        Ok(text) => Some(text),
        Err(error) if repair => other_encoding(&error.into_bytes()),
        Err(_) => None,
    }
}

fn other_encoding(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return strictly(encoding, &bytes[mark..]);
    }
    let mut errors = 0;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        errors += chunk.invalid().len();
    }
    if errors * ERRORS_ONE_IN <= bytes.len() && text.bytes().any(|byte| !byte.is_ascii()) {
        return Some(text);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    strictly(detector.guess(None, Utf8Detection::Deny), bytes)
}

/// Text without a single error.
fn strictly(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// Whether text may be UTF-8 that was read as Windows-1252: it holds a character that such text has for the first byte of another.
fn may_be_misread(text: &str) -> bool {
    text.bytes().zip(text.bytes().skip(1)).any(|(lead, next)| {
        // Ã, Â, â, ã, å, æ, ç, è, é, ê, ï, ð and their neighbours: U+00C2 to U+00F4.
        lead == 0xc3 && (0x82..=0xb4).contains(&next)
    })
}

/// Text whose runs of characters of Windows-1252 are UTF-8, read as that. `None` where there are none.
fn reread(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
        match as_utf8(&rest[..end]) {
            Some(read) => {
                any = true;
                out.push_str(&read);
            }
            None => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    any.then_some(out)
}

/// A run without ASCII as UTF-8 that was read as Windows-1252.
fn as_utf8(run: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = run.chars().map(windows_byte).collect();
    String::from_utf8(bytes?).ok()
}

/// The byte that Windows-1252 has for a character, with the five that it leaves open as Latin-1 has them.
fn windows_byte(character: char) -> Option<u8> {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let upper = UPPER.iter().position(|&known| known == character).map(|place| 0x80 + place as u8);
    upper.or_else(|| u8::try_from(character as u32).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn misread(text: &str) -> String {
        let wrong =
            |byte: u8| (0..=0xffff).filter_map(char::from_u32).find(|c| windows_byte(*c) == Some(byte)).unwrap();
        text.bytes().map(|byte| if byte < 0x80 { char::from(byte) } else { wrong(byte) }).collect()
    }

    #[test]
    fn text_that_was_read_with_the_wrong_encoding_is_repaired() {
        for text in ["café", "naïve “quotes” – dash", "北京是首都", "שלום", "🦀 crab"] {
            let wrong = misread(text);
            assert_ne!(wrong, text);
            assert_eq!(decode(wrong.clone().into_bytes(), true).as_deref(), Some(text), "{wrong}");
            assert_eq!(decode(wrong.clone().into_bytes(), false), Some(wrong));
        }
        for right in ["", "Ça va, garçon?", "ÅÄÖ åäö", "Ã la carte", "x² ± 3 µm", "não é", "中文"] {
            assert_eq!(decode(right.as_bytes().to_vec(), true).as_deref(), Some(right));
        }
    }

    #[test]
    fn other_encodings_are_recognised() {
        let chinese = "中华人民共和国位于亚洲东部，太平洋西岸，是世界上人口最多的国家之一。";
        let taiwan = "臺灣位於東亞，四面環海，是一個多山的島嶼，氣候溫暖潮濕，物產豐富。";
        let japanese = "東京は日本の首都であり、世界でも最も人口の多い都市のひとつです。";
        let russian = "Москва является столицей Российской Федерации и крупнейшим городом страны.";
        for (text, encoding) in [
            (chinese, encoding_rs::GB18030),
            (taiwan, encoding_rs::BIG5),
            (japanese, encoding_rs::SHIFT_JIS),
            (japanese, encoding_rs::EUC_JP),
            (russian, encoding_rs::WINDOWS_1251),
        ] {
            let bytes = encoding.encode(text).0.into_owned();
            assert_eq!(decode(bytes.clone(), true).as_deref(), Some(text), "{}", encoding.name());
            assert_eq!(decode(bytes, false), None);
        }
        let wide: Vec<u8> = [0xfeff].into_iter().chain(chinese.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(wide, true).as_deref(), Some(chinese));
    }

    #[test]
    fn a_few_bad_bytes_are_left_out() {
        let mut bytes = "北京是首都。".repeat(40).into_bytes();
        bytes.splice(18..18, [0xff, 0xfe]);
        assert_eq!(decode(bytes, true), Some("北京是首都。".repeat(40)));
    }

    proptest! {
        #[test]
        fn valid_text_without_signs_of_damage_stays(text in "[a-z \u{4e00}-\u{9fff}\u{5d0}-\u{5ea}🦀]{0,40}") {
            prop_assert_eq!(decode(text.clone().into_bytes(), true), Some(text));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(bytes, true);
        }
    }
}
