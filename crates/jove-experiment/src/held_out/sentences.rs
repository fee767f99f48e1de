//! Sentences that are held out of training, and whether a text contains one of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Texts of one or a few sentences that may not be trained on, each with the probe that it is held out for.
#[derive(Debug, Default)]
pub(crate) struct HeldOutSentences {
    /// By the hash of a text's letters: its index in `items`.
    indices: BTreeMap<u128, usize>,
    items: Vec<(&'static str, String)>,
    /// The largest number of sentences in one item, at most `RUN_MAX`.
    longest: usize,
}

/// An item of at most this many sentences is found inside a text; a longer one, as a whole text only.
const RUN_MAX: usize = 4;

/// What ends a sentence.
const ENDS: &[char] = &['。', '！', '？', '!', '?', '.', '；', ';', '\n', '…'];

impl HeldOutSentences {
    /// Adds a text; `probe` names the probe that it is held out for.
    pub(crate) fn insert(&mut self, probe: &'static str, text: &str) {
        self.longest = self.longest.max(sentences(text).len().min(RUN_MAX));
        if let Entry::Vacant(entry) = self.indices.entry(hash(&[text])) {
            entry.insert(self.items.len());
            self.items.push((probe, text.to_owned()));
        }
    }

    /// Number of different items.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The first held-out item that is this text, or that the text contains as one or a few whole sentences, with its
    /// probe; case, punctuation and white space are ignored.
    pub(crate) fn found_in(&self, text: &str) -> Option<(&'static str, &str)> {
        let found =
            |hash: u128| self.indices.get(&hash).map(|&index| (self.items[index].0, self.items[index].1.as_str()));
        if let Some(item) = found(hash(&[text])) {
            return Some(item);
        }
        let sentences = sentences(text);
        (1..=self.longest).find_map(|length| sentences.windows(length).find_map(|run| found(hash(run))))
    }
}

fn sentences(text: &str) -> Vec<&str> {
    text.split(ENDS).filter(|sentence| sentence.contains(char::is_alphanumeric)).collect()
}

/// A hash of the letters and digits alone, or of everything where there are none.
fn hash(parts: &[&str]) -> u128 {
    let letters = parts.iter().flat_map(|part| part.chars()).filter(|c| c.is_alphanumeric());
    let mut key: String = letters.flat_map(char::to_lowercase).collect();
    if key.is_empty() {
        key = parts.concat();
    }
    u128::from_le_bytes(blake3::hash(key.as_bytes()).as_bytes()[..16].try_into().expect("16 of 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_out_sentence_is_found_inside_any_text() {
        let mut held_out = HeldOutSentences::default();
        held_out.insert("bitext", "It rains. We stay at home!");
        held_out.insert("Tatoeba", "我爱你。");
        held_out.insert("bitext", "…");
        let cases = [
            ("it rains, we stay at home", Some("bitext")),
            ("Look: it’s dark. It rains. We stay at home! Good night.", Some("bitext")),
            ("It rains.", None),
            ("他说了一句话。我爱你！", Some("Tatoeba")),
            ("我爱你们。", None),
            ("…", Some("bitext")),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(held_out.found_in(text).map(|(probe, _)| probe), expected, "{text}");
        }
        assert_eq!(HeldOutSentences::default().found_in("It rains."), None);
    }
}
