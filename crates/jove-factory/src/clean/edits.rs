//! Changes to a text that its links follow.

use std::ops::Range;

use jove_corpus::DocumentLink;

/// A text and its links.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LinkedText {
    pub(crate) text: String,
    pub(crate) links: Vec<DocumentLink>,
}

/// A part of a text, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) by: &'static str,
}

impl Edit {
    pub(crate) fn removal(range: Range<usize>) -> Self {
        Self { range, by: "" }
    }
}

impl LinkedText {
    /// Makes changes, which are sorted and do not overlap. Links inside what is changed, or partly so, are given up.
    pub(crate) fn apply(&mut self, edits: &[Edit]) {
        if edits.is_empty() {
            return;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut from = 0;
        for edit in edits {
            text.push_str(&self.text[from..edit.range.start]);
            text.push_str(edit.by);
            from = edit.range.end;
        }
        text.push_str(&self.text[from..]);
        self.text = text;
        self.move_links(edits);
    }

    fn move_links(&mut self, edits: &[Edit]) {
        let (mut next, mut shift) = (0, 0_i64);
        self.links.retain_mut(|link| {
            let (start, end) = (link.start as usize, link.end as usize);
            while let Some(edit) = edits.get(next).filter(|edit| edit.range.end <= start) {
                shift += edit.by.len() as i64 - edit.range.len() as i64;
                next += 1;
            }
            let is_hit = edits.get(next).is_some_and(|edit| edit.range.start < end);
            link.start = (i64::from(link.start) + shift) as u32;
            link.end = (i64::from(link.end) + shift) as u32;
            !is_hit
        });
    }

    /// Rewrites the text character by character; `write` is given the rest of the text and the new text, adds to the latter, and
    /// returns how many bytes it has dealt with, whole characters.
    pub(crate) fn rewrite(&mut self, mut write: impl FnMut(&str, &mut String) -> usize) {
        let mut text = String::with_capacity(self.text.len());
        let mut moved: Vec<(u32, u32)> = Vec::with_capacity(self.links.len());
        let (mut at, mut started, mut ended) = (0, 0, 0);
        while at < self.text.len() {
            while self.links.get(started).is_some_and(|link| link.start as usize <= at) {
                moved.push((text.len() as u32, text.len() as u32));
                started += 1;
            }
            at += write(&self.text[at..], &mut text).max(1);
            while self.links.get(ended).is_some_and(|link| ended < started && link.end as usize <= at) {
                moved[ended].1 = text.len() as u32;
                ended += 1;
            }
        }
        self.text = text;
        let mut moved = moved.into_iter();
        let text = &self.text;
        self.links.retain_mut(|link| moved.next().is_some_and(|(start, end)| trim(link, text, start, end)));
    }
}

/// Gives a link its place, without white space around its words; whether any are left.
fn trim(link: &mut DocumentLink, text: &str, start: u32, end: u32) -> bool {
    let Some(words) = text.get(start as usize..end as usize) else { return false };
    let left = words.trim_start();
    link.start = start + (words.len() - left.len()) as u32;
    link.end = link.start + left.trim_end().len() as u32;
    link.start < link.end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn linked(text: &str, anchors: &[&str]) -> LinkedText {
        let link = |anchor: &&str| {
            let start = text.find(anchor).unwrap();
            DocumentLink { start: start as u32, end: (start + anchor.len()) as u32, target: (*anchor).to_owned() }
        };
        LinkedText { text: text.to_owned(), links: anchors.iter().map(link).collect() }
    }

    /// The words of each link in the text, beside its target.
    fn anchors(linked: &LinkedText) -> Vec<(&str, &str)> {
        linked
            .links
            .iter()
            .map(|link| (&linked.text[link.start as usize..link.end as usize], link.target.as_str()))
            .collect()
    }

    #[test]
    fn links_follow_changes_and_are_given_up_where_they_are_hit() {
        let mut linked = linked("一 北京 二 上海 三 东京", &["北京", "上海", "东京"]);
        let at = linked.text.find("上海").unwrap();
        linked.apply(&[Edit::removal(0..4), Edit { range: at + 3..at + 6, by: "long" }]);
        assert_eq!(linked.text, "北京 二 上long 三 东京");
        assert_eq!(anchors(&linked), [("北京", "北京"), ("东京", "东京")]);
    }

    #[test]
    fn links_follow_characters_that_are_rewritten() {
        let mut linked = linked("a\u{200b}  [x y]  z", &["[x y]", "z"]);
        linked.rewrite(|rest, text| {
            let character = rest.chars().next().unwrap();
            if character == ' ' && text.ends_with(' ') || character == '\u{200b}' {
                return character.len_utf8();
            }
            text.push(character);
            character.len_utf8()
        });
        assert_eq!(linked.text, "a [x y] z");
        assert_eq!(anchors(&linked), [("[x y]", "[x y]"), ("z", "z")]);
    }

    proptest! {
        #[test]
        fn links_always_show_their_words(words in proptest::collection::vec("[a-c中🦀]{1,3}", 1..8), gone in 0_usize..8) {
            let text = words.join(" ");
            let mut start = 0;
            let mut all = LinkedText { text: text.clone(), links: Vec::new() };
            let mut edits = Vec::new();
            for (number, word) in words.iter().enumerate() {
                let range = start..start + word.len();
                all.links.push(DocumentLink { start: range.start as u32, end: range.end as u32, target: word.clone() });
                if number == gone {
                    edits.push(Edit { range: range.clone(), by: "123456789" });
                }
                start = range.end + 1;
            }
            let mut rewritten = all.clone();
            rewritten.rewrite(|rest, text| {
                let character = rest.chars().next().unwrap();
                text.extend([character].iter().filter(|c| **c != ' '));
                character.len_utf8()
            });
            prop_assert_eq!(&rewritten.text, &words.concat());
            prop_assert_eq!(rewritten.links.len(), words.len());
            all.apply(&edits);
            for linked in [&all, &rewritten] {
                prop_assert!(anchors(linked).iter().all(|(words, target)| words == target));
            }
            prop_assert_eq!(all.links.len(), words.len() - edits.len());
        }
    }
}
