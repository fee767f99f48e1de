//! What the settings of a SentencePiece model mean for a text, in normalisers and word rules that a `tokenizer.json` can hold.

use std::path::Path;

use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{NFC, NormalizerWrapper, Precompiled, Prepend, Replace, Sequence};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use unicode_normalization::UnicodeNormalization as _;

use super::super::parts;
use super::charsmap::{self, CharacterMap};
use super::proto::NormalizerSpec;
use crate::error::{Error, Result};

/// Marks that no letter is composed with, in Arabic (shadda) and Hebrew (dagesh and the dots of shin). Composition would sort
/// vowel marks before them; SentencePiece leaves marks in their order.
const UNCOMPOSED_MARKS: [&str; 4] = ["\u{651}", "\u{5bc}", "\u{5c1}", "\u{5c2}"];

/// Stand-ins for [`UNCOMPOSED_MARKS`], of the same length: controls that no text holds, not even one in a wrong encoding.
const STAND_INS: [&str; 4] = ["\u{81}", "\u{8d}", "\u{90}", "\u{9d}"];

/// The maps that SentencePiece brings, which compose characters.
const COMPOSING_MAPS: [&str; 4] = ["nmt_nfkc", "nfkc", "nmt_nfkc_cf", "nfkc_cf"];

/// The rules of a model: its normaliser, if it has one, and how words begin.
pub(super) struct Rules {
    pub(super) normalizer: Option<NormalizerWrapper>,
    pub(super) words: PreTokenizerWrapper,
}

/// Reads the rules; `spaced` says whether a piece holds `▁` anywhere but at its start.
pub(super) fn rules(spec: &NormalizerSpec, spaced: bool, origin: &Path) -> Result<Rules> {
    if spec.escape_whitespaces == Some(false) {
        let expected = "a SentencePiece model that writes spaces as ▁ (escape_whitespaces)";
        return Err(Error::malformed(origin, expected, "escape_whitespaces: false"));
    }
    let bytes = spec.precompiled_charsmap.as_deref().unwrap_or_default();
    let map = charsmap::precompiled(bytes, origin)?;
    let opened = if bytes.is_empty() { None } else { CharacterMap::open(bytes).ok() };
    let mut steps = match (map, &opened) {
        (Some(map), Some(opened)) => mapping(map, opened, spec.name.as_deref().unwrap_or_default(), origin)?,
        _ => Vec::new(),
    };
    let (prefix, trims) = (spec.add_dummy_prefix.unwrap_or(true), spec.remove_extra_whitespaces.unwrap_or(true));
    let every_space_is_plain = opened.is_some_and(|map| maps_white_space(&map));
    if prefix && trims && every_space_is_plain && !spaced {
        return Ok(Rules { normalizer: joined(steps), words: parts::spaced_words() });
    }
    if trims {
        steps.push(replace(ReplacePattern::Regex(r"\A +| +\z".to_owned()), "")?);
        steps.push(replace(ReplacePattern::Regex(" {2,}".to_owned()), " ")?);
    }
    if prefix {
        steps.push(Prepend::new(" ".to_owned()).into());
    }
    Ok(Rules { normalizer: joined(steps), words: parts::marked_words(!spaced) })
}

/// The steps that replace characters as SentencePiece does with this map.
fn mapping(map: Precompiled, opened: &CharacterMap, name: &str, origin: &Path) -> Result<Vec<NormalizerWrapper>> {
    let entries = opened.entries().map_err(|found| Error::malformed(origin, "a character map", found))?;
    let wrong = |composing: bool| {
        let made =
            |spelling: &str| if composing { nfc(&apart(opened, &nfc(spelling))) } else { apart(opened, spelling) };
        let wrong: Vec<&str> =
            entries.iter().filter(|(from, to)| made(from) != *to).map(|(from, _)| from.as_str()).collect();
        wrong
    };
    if wrong(false).is_empty() {
        return Ok(vec![parts::mapped(map)]);
    }
    let left = wrong(true);
    let known = COMPOSING_MAPS.contains(&name) && left.len() * 50 <= entries.len();
    match left.first() {
        Some(example) if !known => {
            let expected =
                "a character map whose entries stand for one character, or compose characters as Unicode does";
            Err(Error::malformed(origin, expected, format!("an entry for {example:?}")))
        }
        _ => composing(map, opened),
    }
}

/// What the crate makes of a spelling: graphemes of fewer than six bytes are looked up by their first entry, others by
/// character.
fn apart(map: &CharacterMap, spelling: &str) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    let mut made = String::new();
    for grapheme in spelling.graphemes(true) {
        let prefixes = grapheme.char_indices().skip(1).map(|(end, _)| &grapheme[..end]).chain([grapheme]);
        let whole = if grapheme.len() < 6 { prefixes.into_iter().find_map(|prefix| map.get(prefix)) } else { None };
        match whole {
            Some(replacement) => made.push_str(replacement),
            None => {
                for character in grapheme.chars() {
                    let mut buffer = [0; 4];
                    let alone: &str = character.encode_utf8(&mut buffer);
                    made.push_str(map.get(alone).unwrap_or(alone));
                }
            }
        }
    }
    made
}

fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Composes before and after the map, since the crate's lookup ends at six bytes: か and its mark are six.
fn composing(map: Precompiled, opened: &CharacterMap) -> Result<Vec<NormalizerWrapper>> {
    // A map that sorts shadda and fatha itself sorts the others too.
    let sorts = opened.get("\u{651}\u{64e}").is_some();
    let pairs = || UNCOMPOSED_MARKS.into_iter().zip(STAND_INS).filter(|_| !sorts);
    let mut steps = Vec::new();
    for (mark, stand_in) in pairs() {
        steps.push(replace(ReplacePattern::String(mark.to_owned()), stand_in)?);
    }
    steps.extend([NFC.into(), parts::mapped(map), NFC.into()]);
    for (mark, stand_in) in pairs() {
        steps.push(replace(ReplacePattern::String(stand_in.to_owned()), mark)?);
    }
    Ok(steps)
}

/// Whether all white space but U+0085, which no map of SentencePiece holds, becomes a space or nothing.
fn maps_white_space(map: &CharacterMap) -> bool {
    let white = ('\u{9}'..='\u{3000}').filter(|character| character.is_whitespace());
    white.filter(|character| !matches!(character, ' ' | '\u{85}')).all(|character| {
        let mut buffer = [0; 4];
        matches!(map.get(character.encode_utf8(&mut buffer)), Some(" " | ""))
    })
}

fn replace(pattern: ReplacePattern, content: &str) -> Result<NormalizerWrapper> {
    let step = Replace::new(pattern, content).map_err(|error| Error::Tokenize(error.to_string()))?;
    Ok(step.into())
}

fn joined(mut steps: Vec<NormalizerWrapper>) -> Option<NormalizerWrapper> {
    match steps.len() {
        0 => None,
        1 => steps.pop(),
        _ => Some(Sequence::new(steps).into()),
    }
}
