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
    /// Turtle.
    Turtle,
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
        Self::Turtle,
        Self::Dbpedia,
        Self::ConceptNet,
        Self::OwnThink,
        Self::CnDbpedia,
        Self::CcCedict,
        Self::GeoNames,
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
            Self::Turtle => "turtle",
            Self::Dbpedia => "dbpedia",
            Self::ConceptNet => "conceptnet",
            Self::OwnThink => "ownthink",
            Self::CnDbpedia => "cn-dbpedia",
            Self::CcCedict => "cc-cedict",
            Self::GeoNames => "geonames",
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
            Self::Turtle => &[".ttl"],
            Self::Dbpedia => &[".ttl", ".nt"],
            Self::CnDbpedia | Self::GeoNames => &[".txt"],
            Self::CcCedict => &[".txt", ".u8"],
            Self::Dbp15k => &[],
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
