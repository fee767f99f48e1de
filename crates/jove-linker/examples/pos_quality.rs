//! How good words and parts of speech are on a treebank in CoNLL-U; prints JSON lines.
//!
//! `cargo run --release -p jove-linker --example pos_quality -- FILE.conllu`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for the bench may stop where it stands")]

use std::collections::BTreeMap;

use jove_core::{Lang, Pos};
use jove_linker::{Tagger, TaggerOptions};

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        println!("usage: pos_quality FILE.conllu");
        return;
    };
    let file = std::fs::read_to_string(path).unwrap();
    for new_words in [true, false] {
        let tagger = Tagger::new(&TaggerOptions { new_words, ..TaggerOptions::default() }, []).unwrap();
        measure(&file, &tagger, new_words);
    }
}

fn measure(file: &str, tagger: &Tagger, new_words: bool) {
    let (mut gold_words, mut found_words, mut same, mut right) = (0u32, 0u32, 0u32, 0u32);
    let mut confused: BTreeMap<(Pos, Pos), u32> = BTreeMap::new();
    for block in file.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (text, gold) = sentence(block);
        let found = tagger.tag(&text, Lang::ZH);
        gold_words += gold.len() as u32;
        found_words += found.len() as u32;
        for word in found {
            if let Some(pos) = gold.get(&(word.span.start as usize, word.span.end as usize)) {
                same += 1;
                right += u32::from(*pos == word.pos);
                if *pos != word.pos {
                    *confused.entry((*pos, word.pos)).or_default() += 1;
                }
            }
        }
    }
    let f1 = |hits: u32| 2.0 * f64::from(hits) / f64::from(gold_words + found_words);
    let mut worst: Vec<_> = confused.into_iter().map(|((gold, found), count)| (count, gold, found)).collect();
    worst.sort_unstable_by(|a, b| b.0.cmp(&a.0));
    worst.truncate(12);
    println!(
        "{}",
        serde_json::json!({"new-words": new_words, "words-f1": f1(same), "words-and-tags-f1": f1(right),
            "tags-where-words-agree": f64::from(right) / f64::from(same.max(1)), "gold, found": worst})
    );
}

/// The sentence's words joined, and where each stands.
fn sentence(block: &str) -> (String, BTreeMap<(usize, usize), Pos>) {
    let mut text = String::new();
    let mut words = BTreeMap::new();
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        if columns.len() < 10 || columns[0].contains(['-', '.']) {
            continue;
        }
        let start = text.len();
        text.push_str(columns[1]);
        words.insert((start, text.len()), columns[3].parse().unwrap());
        if !columns[9].contains("SpaceAfter=No") {
            text.push(' ');
        }
    }
    (text, words)
}
