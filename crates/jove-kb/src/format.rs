//! The layouts of sources that are read.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The layout of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The native format: one JSON object a line, see `kb/README.md`.
    #[default]
    Jsonl,
    /// Tab-separated columns, by default subject, predicate, object; no quoting.
    Tsv,
    /// Comma-separated columns with quoting, by default subject, predicate, object.
    Csv,
    /// K-BERT's `.spo`: subject, predicate, object by tabs.
    Spo,
    /// Wikidata's JSON dump.
    Wikidata,
    /// N-Triples.
    NTriples,
    /// N-Quads; the graphs' names are not kept.
    NQuads,
    /// Turtle.
    Turtle,
    /// TriG; the graphs' names are not kept.
    TriG,
    /// RDF/XML, as most ontologies are written.
    RdfXml,
    /// JSON-LD whose context is in the file; nothing is fetched.
    JsonLd,
    /// DBpedia's dumps (`.ttl` and `.nt`, both N-Triples): entities are named by their IRIs.
    Dbpedia,
    /// ConceptNet 5 assertions.
    ConceptNet,
    /// OwnThink: `实体,属性,值`.
    OwnThink,
    /// CN-DBpedia: entity, attribute, value by tabs.
    #[serde(rename = "cn-dbpedia")]
    CnDbpedia,
    /// CC-CEDICT.
    #[serde(rename = "cc-cedict")]
    CcCedict,
    /// GeoNames tables of places.
    GeoNames,
    /// Wikidata5M: triples, names or texts; a file or a folder.
    Wikidata5m,
    /// UMLS's Rich Release Format: `MRCONSO.RRF`, `MRREL.RRF`, `MRDEF.RRF` and `MRSTY.RRF`, or their folder.
    Umls,
    /// A folder of OpenKE, or of triples and texts such as FB15k-237 and WN18RR.
    OpenKe,
    /// An OpenEA folder.
    OpenEa,
    /// A DBP15K folder.
    Dbp15k,
}

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::Jsonl,
        Self::Tsv,
        Self::Csv,
        Self::Spo,
        Self::Wikidata,
        Self::NTriples,
        Self::NQuads,
        Self::Turtle,
        Self::TriG,
        Self::RdfXml,
        Self::JsonLd,
        Self::Dbpedia,
        Self::ConceptNet,
        Self::OwnThink,
        Self::CnDbpedia,
        Self::CcCedict,
        Self::GeoNames,
        Self::Wikidata5m,
        Self::Umls,
        Self::OpenKe,
        Self::OpenEa,
        Self::Dbp15k,
    ];

    /// The name used on the command line and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Tsv => "tsv",
            Self::Csv => "csv",
            Self::Spo => "spo",
            Self::Wikidata => "wikidata",
            Self::NTriples => "ntriples",
            Self::NQuads => "nquads",
            Self::Turtle => "turtle",
            Self::TriG => "trig",
            Self::RdfXml => "rdfxml",
            Self::JsonLd => "jsonld",
            Self::Dbpedia => "dbpedia",
            Self::ConceptNet => "conceptnet",
            Self::OwnThink => "ownthink",
            Self::CnDbpedia => "cn-dbpedia",
            Self::CcCedict => "cc-cedict",
            Self::GeoNames => "geonames",
            Self::Wikidata5m => "wikidata5m",
            Self::Umls => "umls",
            Self::OpenKe => "openke",
            Self::OpenEa => "openea",
            Self::Dbp15k => "dbp15k",
        }
    }

    /// Endings of the files that are read when a source is a folder.
    pub(crate) const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Jsonl => &[".jsonl"],
            Self::Tsv => &[".tsv"],
            Self::Csv | Self::ConceptNet | Self::OwnThink => &[".csv"],
            Self::Spo => &[".spo"],
            Self::Wikidata => &[".json"],
            Self::NTriples => &[".nt"],
            Self::NQuads => &[".nq"],
            Self::Turtle => &[".ttl"],
            Self::TriG => &[".trig"],
            Self::RdfXml => &[".rdf", ".owl", ".xml"],
            Self::JsonLd => &[".jsonld", ".json"],
            Self::Dbpedia => &[".ttl", ".nt"],
            Self::CnDbpedia | Self::GeoNames | Self::Wikidata5m => &[".txt"],
            Self::Umls => &[".RRF", ".rrf"],
            Self::CcCedict => &[".txt", ".u8"],
            Self::Dbp15k | Self::OpenKe | Self::OpenEa => &[],
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name).ok_or_else(|| Error::Format {
            found: name.chars().take(40).collect(),
            expected: Self::ALL.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", "),
            nearest: Self::ALL
                .iter()
                .map(|format| format.as_str())
                .find(|known| !name.is_empty() && (known.starts_with(name) || strsim::osa_distance(known, name) <= 2)),
        })
    }
}
