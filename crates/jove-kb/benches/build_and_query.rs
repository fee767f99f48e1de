//! Speed and memory of building and querying a knowledge base. One JSON object a line on standard output.
//!
//!     cargo bench -p jove-kb --bench build_and_query -- tsv 1000000
//!     cargo bench -p jove-kb --bench build_and_query -- tsv-by-subject 1000000
//!     cargo bench -p jove-kb --bench build_and_query -- wikidata 500000
//!
//! `tsv` has its rows in random order; `tsv-by-subject` has all rows of a subject together, as most dumps do. The numbers
//! count triples or statements. Facts are drawn with a fixed seed, so that every run builds the same base.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and print")]

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use jove_core::{EntityId, Purpose, Seed, Silent};
use jove_kb::{BuildOptions, Format, Kb, Source, build};
use rand::RngExt as _;

fn main() {
    if std::env::args().len() == 1 {
        println!("usage: build_and_query tsv|tsv-by-subject|tsv-without-search|wikidata ROWS [FOLDER]");
        return;
    }
    // Cargo adds `--bench` of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let layout = arguments.next().unwrap_or_else(|| "tsv".into());
    let count: u64 = arguments.next().map_or(1_000_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir_in(arguments.next().unwrap_or_else(|| ".".into())).unwrap();
    let source = folder.path().join("source");
    let format = if layout == "wikidata" { Format::Wikidata } else { Format::Tsv };
    let facts = if format == Format::Wikidata {
        wikidata(&source, count)
    } else {
        tsv(&source, count, layout == "tsv-by-subject")
    };
    let mut options = BuildOptions::new(folder.path().join("kb.sqlite"), vec![Source::new(format, &source)]);
    options.search_index = layout != "tsv-without-search";
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let report = build(&options, &Silent).unwrap();
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    assert_eq!(report.facts + report.literals + report.duplicates, facts, "every row is a fact or says it again");
    let size = std::fs::metadata(&options.out).unwrap().len();
    println!(
        "{{\"bench\":\"build\",\"layout\":\"{layout}\",\"rows\":{count},\"entities\":{},\"seconds\":{seconds:.2},\
         \"cpu_seconds\":{cpu:.2},\"rows_per_second\":{:.0},\"rows_per_cpu_second\":{:.0},\"source_mb\":{:.0},\"base_mb\":{:.0},\"peak_memory_mib\":{:.0}}}",
        report.entities,
        count as f64 / seconds,
        count as f64 / cpu,
        std::fs::metadata(&source).unwrap().len() as f64 / 1e6,
        size as f64 / 1e6,
        peak_memory_mib(),
    );
    query(&options.out);
}

/// A hub of 1,000,000 edges at most, and entities with a few edges each.
fn tsv(path: &Path, count: u64, by_subject: bool) -> u64 {
    let mut out = BufWriter::new(std::fs::File::create(path).unwrap());
    let mut rng = Seed(1).rng(Purpose::Sampling, 0, 0);
    let entities = (count / 5).max(10);
    for row in 0..count {
        let (random, predicate) = (rng.random_range(0..entities), rng.random_range(0..200_u32));
        let subject = if by_subject { row / 5 } else { random };
        let object = if row % 10 == 0 { 0 } else { rng.random_range(0..entities) };
        writeln!(out, "实体名称{subject}\t属性{predicate}\tentity name {object}").unwrap();
    }
    out.flush().unwrap();
    count
}

/// Items in the layout of a dump, ten statements each with ranks, hashes and references.
fn wikidata(path: &Path, count: u64) -> u64 {
    let mut out = BufWriter::new(std::fs::File::create(path).unwrap());
    let mut rng = Seed(2).rng(Purpose::Sampling, 0, 0);
    let items = (count / 10).max(1);
    writeln!(out, "[").unwrap();
    for item in 0..items {
        let claims: Vec<_> = (1..=10)
            .map(|property| {
                let object = rng.random_range(0..items);
                format!(
                    "\"P{p}\":[{{\"mainsnak\":{{\"snaktype\":\"value\",\"property\":\"P{p}\",\"hash\":\"4f1c8e0b7d\",\"datavalue\":{{\"value\":{{\"entity-type\":\"item\",\"numeric-id\":{object},\"id\":\"Q{object}\"}},\"type\":\"wikibase-entityid\"}},\"datatype\":\"wikibase-item\"}},\"type\":\"statement\",\"id\":\"Q{item}$4D9E3D\",\"rank\":\"normal\",\"references\":[{{\"hash\":\"fa278ebfc458360e5aed63d5058cca83c46134f1\",\"snaks\":{{\"P143\":[{{\"snaktype\":\"value\",\"property\":\"P143\",\"datavalue\":{{\"value\":{{\"entity-type\":\"item\",\"numeric-id\":328,\"id\":\"Q328\"}},\"type\":\"wikibase-entityid\"}}}}]}},\"snaks-order\":[\"P143\"]}}]}}]",
                    p = property + 1_000
                )
            })
            .collect();
        writeln!(
            out,
            "{{\"type\":\"item\",\"id\":\"Q{item}\",\"labels\":{{\"zh\":{{\"language\":\"zh\",\"value\":\"条目{item}\"}},\"en\":{{\"language\":\"en\",\"value\":\"item {item}\"}}}},\"descriptions\":{{\"en\":{{\"language\":\"en\",\"value\":\"thing number {item}\"}}}},\"aliases\":[],\"claims\":{{{}}},\"sitelinks\":{{\"enwiki\":{{\"site\":\"enwiki\",\"title\":\"Item {item}\",\"badges\":[]}}}}}},",
            claims.join(",")
        )
        .unwrap();
    }
    writeln!(out, "]").unwrap();
    out.flush().unwrap();
    items * 10
}

/// Time to open a base and query it, each the median of nine.
fn query(path: &Path) {
    let time = |query: &dyn Fn(&Kb)| {
        let mut times: Vec<_> = (0..9)
            .map(|_| {
                let begun = Instant::now();
                query(&Kb::open(path).unwrap());
                begun.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[4]
    };
    let hub = Kb::open(path).unwrap().entity_id("entity name 0").unwrap().unwrap_or(EntityId(0));
    let neighbors = time(&|kb| drop((kb.facts_of(EntityId(7), 50).unwrap(), kb.facts_about(EntityId(7), 50).unwrap())));
    let lang = jove_core::Lang::ZH;
    let search = ["实体名称7", "名称12", "entity name 0", "entity name", "实体"]
        .map(|text| (text, time(&|kb| drop(kb.search(text, lang, 20).unwrap()))));
    let slowest = search.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    let of_hub = time(&|kb| drop(kb.facts_about(hub, 50).unwrap()));
    println!(
        "{{\"bench\":\"query\",\"open_and_neighbors_ms\":{neighbors:.2},\"open_and_hub_neighbors_ms\":{of_hub:.2},\
         \"open_and_slowest_search_ms\":{:.2},\"slowest_search\":\"{}\"}}",
        slowest.1, slowest.0
    );
}

/// Processor time of this thread, which other load on the machine does not change.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|field| field.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

/// Peak resident memory of this process; 0 where the kernel does not report it.
fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}
