//! Language tags as they are stored.

use jove_core::Lang;

/// Distance of a stored language from the wanted one: 0 the same, 1 its primary language, 2 another of the same primary
/// language, 3 English, 4 any.
pub(super) fn distance(tag: &str, wanted: Lang) -> u8 {
    match tag.split('-').next().unwrap_or("") {
        _ if tag == wanted.as_str() => 0,
        primary if tag == primary && primary == wanted.primary() => 1,
        primary if primary == wanted.primary() => 2,
        "en" => 3,
        _ => 4,
    }
}

/// A stored language tag.
pub(super) fn lang(tag: &str) -> Option<Lang> {
    Lang::new(tag).ok()
}
