//! Linking speed with a million names; prints JSON lines.
//!
//! `cargo bench -p jove-linker --bench link_speed -- TEXT_FILE CORPUS_FILE… [--aliases N]`
//!
//! With `--aliases 0`, both engines are compared over tables of a thousand to a million names instead.
//!
//! The names are pieces of the corpus files, two to eight characters long; those with one of the hundred commonest
//! characters are left out, since a table of all would be rejected. The text is linked line by line.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and print")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use jove_core::{AliasRecord, EntityId, Lang, Purpose, Seed};
use jove_linker::{
    Annotator, EngineKind, EntityLinkingOptions, Knowledge, Linker, Normalization, Tagger, TaggerOptions,
};
use rand::RngExt;
use rand::seq::SliceRandom;

/// Bytes of text that each measurement reads.
const BYTES: usize = 4 << 20;

fn main() {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let at = arguments.iter().position(|argument| argument == "--aliases");
    let wanted = at.map_or(1_000_000, |at| arguments[at + 1].parse().unwrap());
    let [text_file, corpus_files @ ..] = &arguments[..at.unwrap_or(arguments.len())] else {
        println!("usage: link_speed TEXT_FILE CORPUS_FILE… [--aliases N]");
        return;
    };
    let corpus: String = corpus_files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let names = names(&corpus, if wanted == 0 { 1_000_000 } else { wanted });
    let text = std::fs::read_to_string(text_file).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let mut bytes = 0;
    let mut text: Vec<&str> = Vec::new();
    while bytes < BYTES {
        let line = lines[text.len() % lines.len()];
        bytes += line.len();
        text.push(line);
    }
    println!("{}", serde_json::json!({"aliases": names.len(), "text-bytes": bytes, "corpus-bytes": corpus.len()}));
    if wanted == 0 {
        return crossover(names, &text, bytes);
    }
    for engine in [EngineKind::AhoCorasick, EngineKind::Daachorse] {
        measure(engine, &names, &text, bytes);
    }
    let tagger = Tagger::new(&TaggerOptions::default(), []).unwrap();
    rate("tag and segment", bytes, || text.iter().map(|line| tagger.tag(line, Lang::ZH).len()).sum());
}

fn names(corpus: &str, wanted: usize) -> Vec<String> {
    let mut rng = Seed(1).rng(Purpose::Sampling, 0, 0);
    let chars: Vec<char> = corpus.chars().collect();
    let common = common(&chars);
    let mut names = BTreeSet::new();
    for _ in 0..wanted * 200 {
        if names.len() == wanted {
            break;
        }
        let length = rng.random_range(2..9);
        let start = rng.random_range(0..chars.len() - length);
        let name = &chars[start..start + length];
        if name.iter().all(|c| c.is_alphanumeric() && !common.contains(c)) {
            names.insert(name.iter().collect::<String>());
        }
    }
    names.into_iter().collect()
}

/// The hundred commonest characters.
fn common(chars: &[char]) -> BTreeSet<char> {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    for c in chars {
        *counts.entry(*c).or_default() += 1;
    }
    let mut all: Vec<(u32, char)> = counts.into_iter().map(|(c, count)| (count, c)).collect();
    all.sort_unstable();
    all.into_iter().rev().take(100).map(|(_, c)| c).collect()
}

/// Tables of growing size, each a random part of all names; the engines take turns, so that both meet the same machine.
fn crossover(mut names: Vec<String>, text: &[&str], bytes: usize) {
    names.shuffle(&mut Seed(3).rng(Purpose::Sampling, 0, 0));
    for size in [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000] {
        let names = &names[..size.min(names.len())];
        let engines = [EngineKind::AhoCorasick, EngineKind::Daachorse];
        let built = engines.map(|engine| {
            let begin = processor_s();
            let linker = linker(engine, names);
            (processor_s() - begin, linker)
        });
        let mut seconds = [Vec::new(), Vec::new()];
        for _ in 0..5 {
            for ((_, linker), seconds) in built.iter().zip(&mut seconds) {
                let begin = processor_s();
                let found: usize = text.iter().map(|line| linker.link(line, Lang::ZH).len()).sum();
                seconds.push((processor_s() - begin, found));
            }
        }
        for ((engine, (build_s, linker)), mut seconds) in engines.into_iter().zip(built).zip(seconds) {
            seconds.sort_by(|a, b| a.0.total_cmp(&b.0));
            let rate = bytes as f64 / 1e6 / seconds[2].0.max(0.01);
            println!(
                "{}",
                serde_json::json!({"aliases": names.len(), "engine": engine, "mb-per-core-s": rate, "found": seconds[2].1,
                    "build-core-s": build_s, "engine-bytes": linker.report().engine_bytes})
            );
        }
    }
}

fn linker(engine: EngineKind, names: &[String]) -> Linker {
    let aliases = names.iter().zip(0..).map(|(name, entity)| AliasRecord {
        alias: name.clone(),
        entity: EntityId(entity),
        lang: Some(Lang::ZH),
        prior: 1.0,
        popularity: 0.0,
    });
    Linker::build(aliases, &EntityLinkingOptions { engine, ..EntityLinkingOptions::default() }).unwrap()
}

fn measure(engine: EngineKind, names: &[String], text: &[&str], bytes: usize) {
    let begin = Instant::now();
    let linker = linker(engine, names);
    println!(
        "{}",
        serde_json::json!({"engine": engine, "build-s": begin.elapsed().as_secs_f64(), "report": linker.report(), "rss-mb": resident_mb()})
    );
    rate("names found and linked, no knowledge", bytes, || {
        text.iter().map(|line| linker.link(line, Lang::ZH).len()).sum()
    });
    for parts in [4, 2, 1] {
        let whole = text[..text.len() / parts].join("\n");
        rate(&format!("one text of {} bytes", whole.len()), whole.len(), || linker.link(&whole, Lang::ZH).len());
    }
    let count = names.len() as u32;
    let mut rng = Seed(2).rng(Purpose::Sampling, 0, 0);
    let edges: Vec<_> =
        (0..count * 3).map(|_| (EntityId(rng.random_range(0..count)), EntityId(rng.random_range(0..count)))).collect();
    let descriptions: Vec<String> = names
        .iter()
        .map(|name| format!("{name}是{}", text[name.len() * 7 % text.len()].chars().take(16).collect::<String>()))
        .collect();
    let rows = (0..).map(EntityId).zip(descriptions.iter().map(String::as_str));
    let linker = linker.with_knowledge(Knowledge::build(rows, edges, Normalization::default()));
    drop(descriptions);
    println!("{}", serde_json::json!({"engine": engine, "with-knowledge": linker.report(), "rss-mb": resident_mb()}));
    rate("names disambiguated with knowledge", bytes, || {
        text.iter().map(|line| linker.link(line, Lang::ZH).len()).sum()
    });
    rate("the same, two threads", bytes, || {
        // Lines are handed out as they are asked for, so that neither thread waits for the other at the end.
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = 0;
            loop {
                let begin = next.fetch_add(256, Ordering::Relaxed);
                let Some(part) = text.get(begin..(begin + 256).min(text.len())) else { return found };
                found += part.iter().map(|line| linker.link(line, Lang::ZH).len()).sum::<usize>();
            }
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(work);
            work() + other.join().unwrap()
        })
    });
    let annotator = Annotator { linker, tagger: Tagger::new(&TaggerOptions::default(), []).unwrap() };
    rate("annotate: words and links", bytes, || {
        text.iter().map(|line| annotator.annotate((*line).to_owned(), Lang::ZH).mentions.len()).sum()
    });
}

/// The median of three, by the processor's time and by the clock; the machine may be busy with other work.
fn rate(what: &str, bytes: usize, mut work: impl FnMut() -> usize) {
    let mut seconds = Vec::new();
    let mut found = 0;
    for _ in 0..3 {
        let (begin, begin_cpu) = (Instant::now(), processor_s());
        found = work();
        seconds.push((processor_s() - begin_cpu, begin.elapsed().as_secs_f64()));
    }
    seconds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let per_s = |seconds: f64| bytes as f64 / 1e6 / seconds.max(0.01);
    let (processor, clock) = seconds[1];
    println!(
        "{}",
        serde_json::json!({"what": what, "mb-per-core-s": per_s(processor), "mb-per-s": per_s(clock), "found": found})
    );
}

/// Seconds of the processor that this process has used, where Linux tells it; ticks are hundredths of a second.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // Without the state, which is a letter, user and system time are the eleventh and twelfth.
    fields.get(10..12).map_or(0.0, |times| times.iter().sum::<f64>() / 100.0)
}

/// Resident memory of this process, where Linux tells it.
fn resident_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
