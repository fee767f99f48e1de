//! Links of a text compared with those of its translation, language by language: both should name the same entities.
//!
//! `cargo bench -p jove-linker --bench link_agreement -- KB_FOLDER PAIRS_FOLDER [--show] [LANG…]`
//!
//! `KB_FOLDER` holds a graph in the native format (`kb/world`); `PAIRS_FOLDER` the files of the Tatoeba bitext retrieval test,
//! `tatoeba.XXX-eng.XXX` and `tatoeba.XXX-eng.eng`. Languages are tags as in the output. `--show` prints what differs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and print")]

mod graph;

use std::collections::BTreeSet;
use std::path::Path;

use graph::Graph;
use jove_core::{EntityId, Lang, Mention};
use jove_linker::Annotator;

/// Codes of the files with the tags of their languages.
const LANGUAGES: &str = "ara:ar bul:bg ben:bn ces:cs cmn:zh dan:da deu:de ell:el epo:eo est:et eus:eu fin:fi fra:fr heb:he \
    hin:hi hun:hu ind:id ita:it jpn:ja kat:ka kaz:kk kor:ko lit:lt lvs:lv nld:nl nob:nb pes:fa pol:pl por:pt ron:ro rus:ru \
    spa:es swe:sv tgl:tl tha:th tur:tr ukr:uk urd:ur vie:vi";

/// Entities linked in the text, in its English translation, and in both.
#[derive(Clone, Copy, Default)]
struct Counts {
    text: usize,
    english: usize,
    both: usize,
}

fn main() {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [base, pairs, rest @ ..] = arguments.as_slice() else {
        println!("usage: link_agreement KB_FOLDER PAIRS_FOLDER [--show] [LANG…]");
        return;
    };
    let show = rest.iter().any(|argument| argument == "--show");
    let wanted: Vec<&String> = rest.iter().filter(|argument| *argument != "--show").collect();
    let graph = Graph::read(Path::new(base));
    let annotator = graph.annotator();
    let mut rows = Vec::new();
    for (code, tag) in LANGUAGES.split_whitespace().filter_map(|item| item.split_once(':')) {
        let base = format!("{pairs}/tatoeba.{code}-eng.");
        if Path::new(&format!("{base}{code}")).exists() && (wanted.is_empty() || wanted.iter().any(|lang| *lang == tag))
        {
            let texts =
                [format!("{base}{code}"), format!("{base}eng")].map(|path| std::fs::read_to_string(path).unwrap());
            rows.push((tag, compare(&annotator, &graph, &texts, Lang::new(tag).unwrap(), show)));
        }
    }
    print(rows);
}

fn compare(annotator: &Annotator, graph: &Graph, [texts, english]: &[String; 2], lang: Lang, show: bool) -> Counts {
    let mut counts = Counts::default();
    for (text, translation) in texts.lines().zip(english.lines()) {
        let [here, there] = [(text, lang), (translation, Lang::EN)]
            .map(|(text, lang)| annotator.annotate(text.to_owned(), lang).mentions);
        let [a, b] = [&here, &there].map(|mentions| mentions.iter().map(|m| m.entity).collect::<BTreeSet<EntityId>>());
        counts.text += a.len();
        counts.english += b.len();
        counts.both += a.intersection(&b).count();
        if show && a != b {
            let only = |text, mentions: &[Mention], others: &BTreeSet<EntityId>| {
                let only = mentions.iter().filter(|mention| !others.contains(&mention.entity));
                let shown =
                    only.map(|m| format!("{}={}", m.span.slice(text).unwrap(), graph.keys[m.entity.0 as usize]));
                shown.collect::<Vec<String>>().join(" ")
            };
            println!("{lang} +{} -{} | {text} | {translation}", only(text, &here, &b), only(translation, &there, &a));
        }
    }
    counts
}

fn f1(counts: Counts) -> f64 {
    2.0 * counts.both as f64 / (counts.text + counts.english).max(1) as f64
}

fn print(mut rows: Vec<(&str, Counts)>) {
    rows.sort_by(|a, b| f1(a.1).total_cmp(&f1(b.1)));
    let mut all = Counts::default();
    for (tag, counts) in &rows {
        let Counts { text, english, both } = *counts;
        let (precision, recall) = (both as f64 / text.max(1) as f64, both as f64 / english.max(1) as f64);
        println!(
            "{tag}: {text} links, {english} in English, {both} agree: P {precision:.2} R {recall:.2} F1 {:.2}",
            f1(*counts)
        );
        all = Counts { text: all.text + text, english: all.english + english, both: all.both + both };
    }
    let mean = rows.iter().map(|(_, counts)| f1(*counts)).sum::<f64>() / rows.len().max(1) as f64;
    let micro = |of: usize| all.both as f64 / of.max(1) as f64;
    println!("{} languages: micro P {:.3} R {:.3}, mean F1 {mean:.3}", rows.len(), micro(all.text), micro(all.english));
}
