//! How good words and parts of speech are on tagged text; prints JSON lines.
//!
//! `cargo bench -p jove-linker --bench pos_quality -- FILE.conllu NEWSPAPER.txt`
//!
//! The newspaper (Peking University's tags, `word/tag` with spaces) is measured too; nine tenths of it also train an
//! averaged perceptron, to see whether a trained tagger would beat the dictionary on the same words.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and print")]

mod gold;
mod perceptron;

use std::collections::BTreeMap;
use std::time::Instant;

use gold::Sentence;
use jove_core::{Lang, Pos};
use jove_linker::{Tagger, TaggerOptions};
use perceptron::Perceptron;

fn main() {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [treebank, newspaper] = arguments.as_slice() else {
        println!("usage: pos_quality FILE.conllu NEWSPAPER.txt");
        return;
    };
    let treebank = gold::conllu(&std::fs::read_to_string(treebank).unwrap());
    let (news, unknown) = gold::newspaper(&std::fs::read_to_string(newspaper).unwrap());
    println!("{}", serde_json::json!({"tags of the newspaper that no mapping knows": unknown}));
    let (held, rest): (Vec<_>, Vec<_>) = news.into_iter().enumerate().partition(|(line, _)| line % 10 == 9);
    let held: Vec<Sentence> = held.into_iter().map(|(_, sentence)| sentence).collect();
    let rest: Vec<Sentence> = rest.into_iter().map(|(_, sentence)| sentence).collect();

    let plain = Tagger::new(&TaggerOptions { new_words: false, ..TaggerOptions::default() }, []).unwrap();
    let tagger = Tagger::new(&TaggerOptions::default(), []).unwrap();
    let begin = Instant::now();
    let trained = Perceptron::train(&rest, 4);
    println!("{}", serde_json::json!({"perceptron": trained.features(), "train-s": begin.elapsed().as_secs_f64()}));
    for (name, set) in [("treebank", &treebank), ("newspaper, held out", &held)] {
        measure(&format!("{name}: dictionary, no new words"), set, |text| dictionary(&plain, text));
        measure(&format!("{name}: dictionary"), set, |text| dictionary(&tagger, text));
        measure(&format!("{name}: dictionary's words, perceptron's tags"), set, |text| {
            let found = dictionary(&tagger, text);
            let words: Vec<&str> = found.iter().map(|((start, end), _)| &text[*start..*end]).collect();
            found.iter().map(|(span, _)| *span).zip(trained.tag(&words)).collect()
        });
    }
}

type Tagged = Vec<((usize, usize), Pos)>;

fn dictionary(tagger: &Tagger, text: &str) -> Tagged {
    let words = tagger.tag(text, Lang::ZH);
    words.iter().map(|word| ((word.span.start as usize, word.span.end as usize), word.pos)).collect()
}

fn measure(name: &str, sentences: &[Sentence], tag: impl Fn(&str) -> Tagged) {
    let (mut gold_words, mut found_words, mut same, mut right) = (0u32, 0u32, 0u32, 0u32);
    let mut confused: BTreeMap<(Pos, Pos), u32> = BTreeMap::new();
    let mut words: BTreeMap<(Pos, Pos, &str), u32> = BTreeMap::new();
    for sentence in sentences {
        let found = tag(&sentence.text);
        gold_words += sentence.words.len() as u32;
        found_words += found.len() as u32;
        for (span, pos) in found {
            let Some(gold) = sentence.words.get(&span) else { continue };
            same += 1;
            right += u32::from(*gold == pos);
            if *gold != pos {
                *confused.entry((*gold, pos)).or_default() += 1;
                *words.entry((*gold, pos, &sentence.text[span.0..span.1])).or_default() += 1;
            }
        }
    }
    let f1 = |hits: u32| 2.0 * f64::from(hits) / f64::from(gold_words + found_words);
    let worst = most(confused.into_iter().collect());
    let words = most(words.into_iter().collect());
    println!(
        "{}",
        serde_json::json!({"set": name, "words-f1": f1(same), "words-and-tags-f1": f1(right),
            "tags-where-words-agree": f64::from(right) / f64::from(same.max(1)), "gold, found": worst, "gold, found, word": words})
    );
}

/// The twelve most frequent.
fn most<T>(mut counted: Vec<(T, u32)>) -> Vec<(T, u32)> {
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.truncate(40);
    counted
}
