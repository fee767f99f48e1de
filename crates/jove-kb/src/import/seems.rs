//! What a file seems to be, by its first bytes, and the nearest way to make it readable.

use std::io::Read as _;

use crate::error::Seems;
use crate::format::Format;
use crate::options::Source;

/// How much of a file is looked at.
const HEAD_BYTES: usize = 1 << 14;

/// How to say that text is UTF-16.
const UTF_16: &str = "say so: `--encoding utf-16le`, or utf-16be";

/// What a file seems to be that is not of the layout it was given as.
pub(crate) fn other_layout(given: &Source) -> Option<Seems> {
    let path = &given.path;
    // A pipe cannot be read twice.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mut head = Vec::new();
    let opened = super::unpack::open(path, given.decoder(), std::rc::Rc::default()).ok()?;
    opened.input.take(HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
    layout(&head, given.format)
}

/// What a text seems to be that no reader takes as it is.
pub(crate) fn of_text(text: &str) -> Option<Seems> {
    layout(text.as_bytes(), Format::Csv)
}

fn layout(head: &[u8], given: Format) -> Option<Seems> {
    let seems = |what, way| Some(Seems { what, way });
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) if head.contains(&0) => return seems("text in UTF-16 without its mark", UTF_16),
        Err(_) => {
            let way =
                "say which: `--encoding gb18030` for Chinese of the mainland, big5, shift_jis, euc-kr, windows-1252 …";
            return seems("text in another encoding than UTF-8", way);
        }
    };
    if text.bytes().filter(|byte| *byte == 0).count() * 3 > text.len() {
        return seems("text in UTF-16 without its mark", UTF_16);
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return seems("empty", "check that it was fetched whole");
    }
    markup(text).or_else(|| json(text, given)).or_else(|| rdf(text, given)).or_else(|| table(text, given))
}

fn markup(text: &str) -> Option<Seems> {
    let seems = |what, way| Some(Seems { what, way });
    let start = text.get(..200).unwrap_or(text).to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return seems("a web page", "fetch the file itself, not the page about it");
    }
    if text.starts_with("version https://git-lfs") {
        return seems("a Git LFS pointer", "fetch the file itself: git lfs pull");
    }
    let xml = text.starts_with("<?xml") || text.starts_with("<rdf:RDF") || text.starts_with("<graphml");
    if !xml {
        return None;
    }
    if text.contains("<rdf:RDF") || text.contains("rdf-syntax-ns#") {
        return seems("RDF/XML", "give it as rdfxml:FILE");
    }
    if text.contains("<graphml") {
        return seems("GraphML", "write its edges as a table: source, relation, target");
    }
    seems("XML", "write its rows as CSV or JSON lines")
}

fn json(text: &str, given: Format) -> Option<Seems> {
    let seems = |what, way| Some(Seems { what, way });
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let compact: String = text.chars().take(400).filter(|c| !c.is_whitespace()).collect();
    if text.contains("\"@context\"") || text.contains("\"@graph\"") || text.contains("\"@id\"") {
        return seems("JSON-LD", "give it as jsonld:FILE");
    }
    if compact.starts_with("{\"entities\":") {
        let way = "give it as wikidata:FILE";
        return seems("an answer of Wikidata (EntityData or wbgetentities)", way);
    }
    let whole_lines = text.lines().take(3).all(|line| {
        let line = line.trim().trim_end_matches(',');
        matches!(line, "[" | "]" | "") || (line.starts_with('{') && line.ends_with('}'))
    });
    match given {
        Format::Jsonl | Format::Wikidata if !whole_lines => {
            seems("JSON over several lines", "one object a line: jq --compact-output '.[]' FILE > NEW")
        }
        Format::Jsonl if compact.contains("\"claims\":") || compact.contains("\"mainsnak\"") => {
            seems("entities of Wikidata", "give it as wikidata:FILE")
        }
        Format::Jsonl | Format::Wikidata => None,
        _ => seems("JSON", "give it as jsonl:FILE, see kb/README.md for the fields"),
    }
}

fn rdf(text: &str, given: Format) -> Option<Seems> {
    let seems = |what, way| Some(Seems { what, way });
    let is_rdf = matches!(
        given,
        Format::NTriples
            | Format::NQuads
            | Format::Turtle
            | Format::TriG
            | Format::RdfXml
            | Format::JsonLd
            | Format::Dbpedia
    );
    if matches!(given, Format::Turtle | Format::TriG)
        && !text.contains("base")
        && ["<#", "<>", "</"].iter().any(|start| text.contains(start))
    {
        return seems("RDF with relative IRIs", "say what they start from: --base http://example.org/");
    }
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let quad = oxttl::NQuadsParser::new().for_slice(first).next();
    if let Some(Ok(quad)) = quad {
        let named = !matches!(quad.graph_name, oxrdf::GraphName::DefaultGraph);
        return match (named, is_rdf) {
            (true, _) if given != Format::NQuads => seems("N-Quads", "give it as nquads:FILE"),
            (false, false) => seems("N-Triples", "give it as ntriples:FILE"),
            (true, _) | (false, true) => None,
        };
    }
    let lower = first.to_ascii_lowercase();
    let turtle = lower.starts_with("@prefix") || lower.starts_with("prefix ") || lower.starts_with("@base");
    (turtle && !matches!(given, Format::Turtle | Format::TriG))
        .then_some(Seems { what: "Turtle", way: "give it as turtle:FILE" })
}

/// Lines whose cells are parted by another sign than the layout's.
fn table(text: &str, given: Format) -> Option<Seems> {
    let seems = |what, way| Some(Seems { what, way });
    let lines: Vec<&str> = text.lines().take(20).filter(|line| !line.trim().is_empty()).collect();
    if lines[0].trim().parse::<u64>().is_ok() && lines.len() > 1 {
        return seems(
            "a list of numbers that begins with its length (OpenKE)",
            "give its folder, with entity2id.txt and relation2id.txt, as openke:FOLDER",
        );
    }
    let id = |line: &&str| line.starts_with(['Q', 'P']) && line[1..].starts_with(|c: char| c.is_ascii_digit());
    if given == Format::Tsv && lines.iter().all(id) {
        return seems("names of Wikidata's ids (Wikidata5M)", "give it as wikidata5m:FILE");
    }
    if lines[0].contains(":START_ID") || lines[0].contains(":ID") {
        let way = "say which columns are what, by their names, see docs/knowledge-base.md";
        return seems("a table of Neo4j's import", way);
    }
    let all = |sign: char| lines.iter().all(|line| line.matches(sign).count() >= 2);
    let other = [
        ('\t', "a table with tabs", "give it as tsv:FILE"),
        (',', "a table with commas", "give it as csv:FILE"),
        (';', "a table with semicolons", "say so: --delimiter ';'"),
        ('|', "a table with vertical bars", "say so: --delimiter '|'"),
    ];
    let own = match given {
        Format::Csv | Format::OwnThink => ',',
        Format::Jsonl
        | Format::Wikidata
        | Format::NTriples
        | Format::NQuads
        | Format::Turtle
        | Format::TriG
        | Format::RdfXml
        | Format::JsonLd
        | Format::Dbpedia => '\0',
        _ => '\t',
    };
    let found = other.into_iter().find(|(sign, ..)| *sign != own && all(*sign) && !all(own));
    match found {
        Some((_, what, way)) => seems(what, way),
        None if own != '\0' && lines.iter().all(|line| !line.contains(own)) => {
            seems("a table of one column", "see docs/knowledge-base.md for the layouts")
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: Format, content: impl AsRef<[u8]>, expected: Option<&str>) {
        let head = content.as_ref();
        let found = crate::import::magic::binary(head).or_else(|| layout(head, given));
        assert_eq!(found.map(|seems| seems.what), expected, "{given}: {}", String::from_utf8_lossy(head));
    }

    #[test]
    fn files_are_told_by_their_first_bytes() {
        let tar = [vec![b'a'; 257], b"ustar\0".to_vec()].concat();
        for given in [Format::Tsv, Format::Csv, Format::Jsonl, Format::NTriples, Format::Wikidata] {
            check(given, b"PK\x03\x04rest", Some("a zip archive"));
            check(given, b"\xfd7zXZ\0rest", Some("packed with xz"));
            check(given, b"\xff\xfea\0b\0", Some("text in UTF-16"));
            check(given, &tar, Some("a tar archive"));
            check(given, b"\xbc\xd7\xc9\xbd,\xb3\xa4", Some("text in another encoding than UTF-8"));
            check(given, "", Some("empty"));
            check(given, "\u{feff}\n", Some("empty"));
            check(given, "<?xml version=\"1.0\"?>\n<rdf:RDF>", Some("RDF/XML"));
            check(given, "<graphml>", Some("GraphML"));
            check(given, "<!DOCTYPE html><p>", Some("a web page"));
            check(given, "{\"@context\": {}}", Some("JSON-LD"));
            check(given, "{\n \"entities\": {", Some("an answer of Wikidata (EntityData or wbgetentities)"));
            check(given, "<http://x/a> <http://x/p> <http://x/b> <http://x/g> .", Some("N-Quads"));
            check(given, "@prefix a: <http://x/> .", Some("Turtle"));
        }
    }

    #[test]
    fn tables_are_told_by_their_signs() {
        check(Format::Csv, "甲;乙;丙\n丁;乙;戊\n", Some("a table with semicolons"));
        check(Format::Tsv, "a|b|c|\nd|e|f|\n", Some("a table with vertical bars"));
        check(Format::Tsv, "a,b,c\n", Some("a table with commas"));
        check(Format::Csv, "a\tb\tc\n", Some("a table with tabs"));
        check(Format::Tsv, "3\n0 1 2\n", Some("a list of numbers that begins with its length (OpenKE)"));
        check(Format::Csv, ":START_ID,:END_ID,:TYPE\n", Some("a table of Neo4j's import"));
        check(Format::Tsv, "one\ntwo\n", Some("a table of one column"));
        check(Format::Tsv, "🙂\tp\tשלום\n", None);
        check(Format::Csv, "a,b,\"c;d;e\"\n", None);
    }

    #[test]
    fn a_layout_given_by_its_own_name_is_nothing_else() {
        check(Format::NTriples, "<http://x/a> <http://x/p> <http://x/b> .", None);
        check(Format::Turtle, "@prefix a: <http://x/> .", None);
        check(Format::Jsonl, "{\"id\":\"a\"}\n{\"id\":\"b\"}", None);
        check(Format::Wikidata, "[\n{\"id\":\"Q1\"},", None);
        check(Format::Jsonl, "{\"id\":\"Q1\",\"claims\":{}}", Some("entities of Wikidata"));
        check(Format::Jsonl, "[{\n\"id\": \"a\"}]", Some("JSON over several lines"));
        check(Format::Csv, "{\"id\":\"a\"}", Some("JSON"));
    }
}
