//! The terms of a text, for comparing a mention's context with a description.

use crate::boundary::is_free_script;

/// Calls `visit` with the number of each term of a text in its normal form: pairs of neighbouring characters where a
/// script has no spaces, words elsewhere. Numbers are hashes, the same on every machine.
pub(crate) fn for_each_term(text: &str, mut visit: impl FnMut(u32)) {
    let mut before: Option<char> = None;
    let mut word: Option<u64> = None;
    for c in text.chars() {
        if !c.is_ascii() && is_free_script(c) {
            if let Some(hash) = word.take() {
                visit(finish(hash));
            }
            if let Some(before) = before {
                visit(finish(step(step(0, before), c)));
            }
            before = Some(c);
            continue;
        }
        before = None;
        if c.is_alphanumeric() {
            word = Some(step(word.unwrap_or(1), c));
        } else if let Some(hash) = word.take() {
            visit(finish(hash));
        }
    }
    if let Some(hash) = word {
        visit(finish(hash));
    }
}

fn step(hash: u64, c: char) -> u64 {
    (hash.rotate_left(5) ^ u64::from(u32::from(c))).wrapping_mul(0x517c_c1b7_2722_0a95)
}

fn finish(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<u32> {
        let mut all = Vec::new();
        for_each_term(text, |term| all.push(term));
        all
    }

    #[test]
    fn pairs_and_words_are_terms() {
        for (text, count) in
            [("", 0), ("中", 0), ("中国人", 2), ("two words", 2), ("用rust写", 1), ("中，国", 0), ("😀", 0)]
        {
            assert_eq!(terms(text).len(), count, "{text}");
        }
        assert_eq!(terms("中国人")[0], terms("是中国")[1]);
        assert_eq!(terms("a rust")[1], terms("用rust写")[0]);
    }
}
