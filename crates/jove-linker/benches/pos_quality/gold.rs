//! Text with words and tags that people gave it.

use std::collections::BTreeMap;

use jove_core::Pos;
use jove_linker::universal_pos;

/// A sentence and its words by their place in bytes.
#[derive(Default)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) words: BTreeMap<(usize, usize), Pos>,
}

impl Sentence {
    fn push(&mut self, word: &str, pos: Pos) {
        let start = self.text.len();
        self.text.push_str(word);
        self.words.insert((start, self.text.len()), pos);
    }

    /// The words in order.
    pub(crate) fn spelled(&self) -> Vec<&str> {
        self.words.keys().map(|(start, end)| &self.text[*start..*end]).collect()
    }
}

/// A treebank in CoNLL-U.
pub(crate) fn conllu(file: &str) -> Vec<Sentence> {
    let blocks = file.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let mut sentence = Sentence::default();
            for line in block.lines().filter(|line| !line.starts_with('#')) {
                let columns: Vec<&str> = line.split('\t').collect();
                if columns.len() < 10 || columns[0].contains(['-', '.']) {
                    continue;
                }
                sentence.push(columns[1], columns[3].parse().unwrap());
                if !columns[9].contains("SpaceAfter=No") {
                    sentence.text.push(' ');
                }
            }
            sentence
        })
        .collect()
}

/// A newspaper in `word/tag`, and how often a tag was not known; such words count as `X`.
pub(crate) fn newspaper(file: &str) -> (Vec<Sentence>, BTreeMap<String, u32>) {
    let mut unknown: BTreeMap<String, u32> = BTreeMap::new();
    let mut sentences = Vec::new();
    for line in file.lines() {
        let mut sentence = Sentence::default();
        for token in line.split_whitespace() {
            let Some((word, tag)) = token.rsplit_once('/') else { continue };
            let pos = universal_pos(&tag.to_lowercase()).unwrap_or_else(|| {
                *unknown.entry(tag.to_owned()).or_default() += 1;
                Pos::X
            });
            sentence.push(word, pos);
        }
        sentences.push(sentence);
    }
    (sentences, unknown)
}
