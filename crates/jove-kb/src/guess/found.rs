//! A layout that was found, with its name.

use crate::format::Format;
use crate::options::Source;

/// What was found.
pub(super) struct Layout {
    pub(super) source: Source,
    pub(super) what: String,
    pub(super) questions: Vec<String>,
}

impl Layout {
    pub(super) fn of(format: Format) -> Self {
        Self { source: Source::new(format, ""), what: named(format), questions: Vec::new() }
    }
}

/// A layout as a person says it.
pub(super) fn named(format: Format) -> String {
    let name = match format {
        Format::Jsonl => "entities as JSON lines",
        Format::Tsv => "a table with tabs",
        Format::Csv => "a table with commas",
        Format::Spo => "K-BERT's triples",
        Format::Wikidata => "entities of Wikidata",
        Format::NTriples => "N-Triples",
        Format::NQuads => "N-Quads",
        Format::Turtle => "Turtle",
        Format::TriG => "TriG",
        Format::RdfXml => "RDF/XML",
        Format::JsonLd => "JSON-LD",
        Format::Dbpedia => "a dump of DBpedia",
        Format::ConceptNet => "assertions of ConceptNet",
        Format::OwnThink => "OwnThink's triples",
        Format::CnDbpedia => "CN-DBpedia's triples",
        Format::CcCedict => "CC-CEDICT, a dictionary",
        Format::GeoNames => "places of GeoNames",
        Format::Dbp15k => "a folder of DBP15K",
        Format::Wikidata5m => "Wikidata5M",
        Format::Umls => "UMLS's Rich Release Format",
        Format::OpenKe => "a folder of OpenKE or of triples and texts",
        Format::OpenEa => "a folder of OpenEA",
    };
    name.to_owned()
}
