//! Language tags.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A short BCP 47 language tag such as `zh`, `en`, `zh-Hant` or `pt-BR`; at most 15 ASCII bytes, kept inline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Lang {
    bytes: [u8; 15],
    len: u8,
}

/// A string that is no language tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language tag: expected 1 to 15 ASCII letters, digits and hyphens, like `zh` or `pt-BR`")]
pub struct LangError(String);

impl Lang {
    /// Chinese.
    pub const ZH: Self = Self::literal("zh");
    /// English.
    pub const EN: Self = Self::literal("en");
    /// Undetermined.
    pub const UND: Self = Self::literal("und");

    const fn literal(tag: &str) -> Self {
        let source = tag.as_bytes();
        let mut bytes = [0; 15];
        let mut index = 0;
        while index < source.len() {
            bytes[index] = source[index];
            index += 1;
        }
        Self { bytes, len: source.len() as u8 }
    }

    /// Parses a tag, in any case and with hyphens or underscores. It is kept in the usual case (RFC 5646, section 2.1.1): `zh-Hant`, `pt-BR`.
    ///
    /// # Errors
    /// When the tag is empty, longer than 15 bytes, or holds anything but ASCII letters, digits and hyphens.
    pub fn new(tag: &str) -> Result<Self, LangError> {
        let fits = (1..=15).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && tag.as_bytes()[0].is_ascii_alphanumeric();
        if !fits {
            return Err(LangError(tag.chars().take(40).collect()));
        }
        let mut lang = Self::literal(tag);
        let bytes = &mut lang.bytes[..tag.len()];
        bytes.make_ascii_lowercase();
        bytes.iter_mut().filter(|byte| **byte == b'_').for_each(|byte| *byte = b'-');
        for part in bytes.split_mut(|byte| *byte == b'-').skip(1) {
            match part.len() {
                2 => part.make_ascii_uppercase(),
                4 => part[..1].make_ascii_uppercase(),
                _ => {}
            }
        }
        Ok(lang)
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len as usize]).expect("a tag is ASCII by construction")
    }

    /// The primary subtag: `zh` of `zh-Hant`.
    pub fn primary(&self) -> &str {
        let tag = self.as_str();
        tag.split_once('-').map_or(tag, |(primary, _)| primary)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lang({})", self.as_str())
    }
}

impl FromStr for Lang {
    type Err = LangError;

    fn from_str(tag: &str) -> Result<Self, LangError> {
        Self::new(tag)
    }
}

impl TryFrom<String> for Lang {
    type Error = LangError;

    fn try_from(tag: String) -> Result<Self, LangError> {
        Self::new(&tag)
    }
}

impl From<Lang> for String {
    fn from(lang: Lang) -> Self {
        lang.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalised() {
        assert_eq!(Lang::new("ZH_Hant").unwrap().as_str(), "zh-Hant");
        assert_eq!(Lang::new("pt-BR").unwrap().primary(), "pt");
        assert_eq!(Lang::new("zh").unwrap(), Lang::ZH);
    }

    #[test]
    fn odd_tags_are_refused() {
        for tag in ["", "中文", "-zh", "z h", "a-tag-that-is-far-too-long", "zh\0"] {
            assert!(Lang::new(tag).is_err(), "{tag:?}");
        }
    }
}
