//! Names and keys from identifiers.

use std::borrow::Cow;

use jove_core::Lang;

use crate::error::Result;
use crate::intake::{Intake, Provisional, bare, hex};

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
    // `wikidata.dbpedia.org` has ids, and `Paris__mayor__1` is a node that only parts of a table made.
    let local = decode(local);
    if host == "wikidata" || local.contains("__") {
        return Ok(());
    }
    let lang = if host == "dbpedia" { Some(Lang::EN) } else { Lang::new(host).ok() };
    let name = local.replace('_', " ");
    intake.derived_name(entity, lang, &name)?;
    match bare(&name) {
        // The page that lists what a name means is none of these things.
        Some(short) if !name.ends_with("(disambiguation)") => intake.alias(entity, lang, short, 1.0),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_survive_as_iris(key in "\\PC{1,20}|[a-z]{2,5}:[a-z/#]{1,9}|urn:jove:key:[a-z%0-9]{0,8}") {
            let iri = iri_of_key(&key).into_owned();
            prop_assert!(oxrdf::NamedNode::new(iri.as_str()).is_ok(), "{}", iri);
            prop_assert_eq!(key_of_iri(&iri), key);
        }
    }
}
