//! Which layout a text is in.

use std::path::Path;

use super::found::Layout;
use super::head::Head;
use super::table;
use crate::format::Format;

/// Endings of files of graphs, the plainest first.
pub(super) const ENDINGS: &[&str] = &[
    ".jsonl", ".csv", ".tsv", ".nt", ".ttl", ".json", ".nq", ".trig", ".rdf", ".owl", ".xml", ".jsonld", ".spo",
    ".txt", ".u8", ".rrf",
];

/// Layouts that are folders of files with known names.
pub(super) const FOLDERS: &[(Format, &[&str])] = &[
    (Format::Dbp15k, &["ent_ids_1", "ent_ids_2", "triples_1", "triples_2"]),
    (Format::OpenEa, &["rel_triples_1", "rel_triples_2"]),
    (Format::OpenKe, &["entity2id.txt", "relation2id.txt"]),
    (Format::OpenKe, &["train.txt", "valid.txt"]),
    (Format::OpenKe, &["train.txt", "test.txt"]),
];

/// The layout of a file by its first text; `None` where no reader takes it.
pub(super) fn layout(file: &Path, head: &Head) -> Option<Layout> {
    let text = head.text.trim_start();
    if text.is_empty() {
        return None;
    }
    if text.starts_with('<') && !text.starts_with("<http") && !text.starts_with("<urn") {
        let rdf = text.contains("<rdf:RDF") || text.contains("rdf-syntax-ns#");
        return rdf.then(|| Layout::of(Format::RdfXml));
    }
    if text.starts_with(['{', '[']) {
        return json(text, head);
    }
    rdf(text, head).or_else(|| known_table(file, head)).or_else(|| table::layout(file, head))
}

fn json(text: &str, head: &Head) -> Option<Layout> {
    let has = |field: &str| text.contains(&format!("\"{field}\""));
    if has("@context") || has("@graph") || has("@id") {
        return Some(Layout::of(Format::JsonLd));
    }
    if has("claims") || has("mainsnak") || has("sitelinks") || has("lemmas") {
        return Some(Layout::of(Format::Wikidata));
    }
    let mut rows = head.lines(20).map(serde_json::from_str::<serde_json::Map<String, serde_json::Value>>);
    let native =
        |row: &serde_json::Map<String, serde_json::Value>| row.contains_key("id") && row.contains_key("labels");
    let first = rows.next()?.ok()?;
    (native(&first) && rows.all(|row| row.is_ok())).then(|| Layout::of(Format::Jsonl))
}

fn rdf(text: &str, head: &Head) -> Option<Layout> {
    let statements: Vec<&str> = head.lines(50).map(str::trim).filter(|line| !line.starts_with('#')).collect();
    let lower = statements.first()?.to_ascii_lowercase();
    if ["@prefix", "prefix ", "@base", "base <"].iter().any(|word| lower.starts_with(word)) {
        let graphs = text.lines().map(str::trim).any(|line| line.ends_with('{') && !line.starts_with(['#', '"']));
        return Some(Layout::of(if graphs { Format::TriG } else { Format::Turtle }));
    }
    let parsed: Vec<_> =
        statements.iter().filter_map(|line| oxttl::NQuadsParser::new().for_slice(line).next()?.ok()).collect();
    if parsed.len() * 2 < statements.len() || parsed.is_empty() {
        return None;
    }
    if parsed.iter().any(|quad| !matches!(quad.graph_name, oxrdf::GraphName::DefaultGraph)) {
        return Some(Layout::of(Format::NQuads));
    }
    let dbpedia = statements.iter().filter(|line| line.contains("dbpedia.org/resource/")).count();
    Some(Layout::of(if dbpedia * 2 > statements.len() { Format::Dbpedia } else { Format::NTriples }))
}

/// Tables whose columns are known without a header.
fn known_table(file: &Path, head: &Head) -> Option<Layout> {
    let lines: Vec<&str> = head.lines(50).filter(|line| !line.starts_with('#')).collect();
    let most = |fits: &dyn Fn(&str) -> bool| lines.iter().filter(|line| fits(line)).count() * 10 >= lines.len() * 9;
    let cells = |line: &str| line.split('\t').count();
    let conceptnet = |line: &str| line.starts_with("/a/[") && cells(line) == 5;
    let cedict = |line: &str| {
        line.split_once(" [")
            .is_some_and(|(words, rest)| words.contains(' ') && rest.contains("] /") && rest.trim_end().ends_with('/'))
    };
    let geonames = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells.len() == 19
            && cells[0].parse::<u64>().is_ok()
            && cells[4].parse::<f64>().is_ok()
            && cells[5].parse::<f64>().is_ok()
    };
    let encyclopedia = |line: &str| {
        cells(line) == 3 && ["BaiduCARD", "BaiduTAG", "CATEGORY_ZH"].contains(&line.split('\t').nth(1).unwrap_or(""))
    };
    if lines.is_empty() {
        return None;
    }
    let id = |cell: Option<&str>, letter: char| {
        cell.and_then(|cell| cell.strip_prefix(letter))
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let wikidata5m = |line: &str| {
        let mut cells = line.split('\t');
        id(cells.next(), 'Q') && id(cells.next(), 'P') && id(cells.next(), 'Q') && cells.next().is_none()
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if most(&wikidata5m) || name.starts_with("wikidata5m_") {
        return Some(Layout::of(Format::Wikidata5m));
    }
    if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("rrf"))
        && most(&|line: &str| line.trim_end().ends_with('|'))
    {
        return Some(Layout::of(Format::Umls));
    }
    if most(&conceptnet) {
        return Some(Layout::of(Format::ConceptNet));
    }
    if most(&cedict) {
        return Some(Layout::of(Format::CcCedict));
    }
    if most(&geonames) {
        return Some(Layout::of(Format::GeoNames));
    }
    if lines[0].trim() == "实体,属性,值" {
        return Some(Layout::of(Format::OwnThink));
    }
    lines.iter().any(|line| encyclopedia(line)).then(|| Layout::of(Format::CnDbpedia))
}
