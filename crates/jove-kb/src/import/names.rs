//! Names and keys from identifiers.

use std::borrow::Cow;

use jove_core::Lang;

use crate::error::Result;
use crate::intake::{Intake, Provisional, hex};

/// What keys that are no IRIs begin with when they are exported as RDF.
pub(crate) const KEY_IRI: &str = "urn:jove:key:";

/// The key of an IRI: itself, unless an export made the IRI from a key.
pub(crate) fn key_of_iri(iri: &str) -> Cow<'_, str> {
    match iri.strip_prefix(KEY_IRI) {
        Some(coded) => decode(coded).into(),
        None => iri.into(),
    }
}

/// The IRI of a key: itself when it is a plain absolute IRI, else coded.
pub(crate) fn iri_of_key(key: &str) -> Cow<'_, str> {
    let scheme = key.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'-' || b == b'.')
    });
    if scheme && !key.starts_with(KEY_IRI) && oxrdf::NamedNode::new(key).is_ok() {
        return key.into();
    }
    let mut iri = String::from(KEY_IRI);
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_' {
            iri.push(char::from(byte));
        } else {
            iri.push('%');
            iri.push_str(&hex(&[byte]));
        }
    }
    iri.into()
}

/// Undoes percent coding; what is no code stays.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Names an entity of DBpedia by the end of its IRI: `National_Front_(France)` is also called `National Front`.
pub(crate) fn dbpedia(intake: &mut Intake<'_>, entity: Provisional, iri: &str) -> Result<()> {
    let Some((site, local)) = iri.split_once("/resource/") else { return Ok(()) };
    let host = site.split("//").nth(1).unwrap_or("").split('.').next().unwrap_or("");
    let lang = if host == "dbpedia" { Some(Lang::EN) } else { Lang::new(host).ok() };
    let name = decode(local).replace('_', " ");
    intake.label(entity, lang, &name)?;
    match bare(&name) {
        Some(short) => intake.alias(entity, lang, short, 1.0),
        None => Ok(()),
    }
}

/// A name without the disambiguation in brackets at its end.
pub(crate) fn bare(name: &str) -> Option<&str> {
    let pairs = [('(', ')'), ('（', '）'), ('[', ']')];
    let (open, _) = pairs.into_iter().find(|(_, close)| name.ends_with(*close))?;
    let short = name[..name.rfind(open)?].trim();
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brackets_at_the_end_are_not_the_name() {
        for (name, expected) in [
            ("", None),
            ("a", None),
            ("红玫瑰（小说）", Some("红玫瑰")),
            ("胶饴[药材]", Some("胶饴")),
            ("(x)", None),
            ("🙂 (é)", Some("🙂")),
            ("שלום", None),
        ] {
            assert_eq!(bare(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn keys_survive_as_iris(key in "\\PC{1,20}|[a-z]{2,5}:[a-z/#]{1,9}|urn:jove:key:[a-z%0-9]{0,8}") {
            let iri = iri_of_key(&key).into_owned();
            prop_assert!(oxrdf::NamedNode::new(iri.as_str()).is_ok(), "{}", iri);
            prop_assert_eq!(key_of_iri(&iri), key);
        }
    }
}
