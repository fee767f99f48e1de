//! What to build, from what.

use std::path::PathBuf;
use std::str::FromStr;

use jove_core::{InvalidSetting, Lang};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::format::Format;

/// Which column of a table holds what; columns are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Columns {
    /// Column of the subject, from 1.
    pub subject: u32,
    /// Column of the predicate, from 1; 0 when every row has the same, see `relation`.
    pub predicate: u32,
    /// Column of the object, from 1.
    pub object: u32,
    /// The predicate of every row when `predicate` is 0.
    pub relation: String,
    /// Lines to skip at the top, such as a header.
    pub skip: u64,
    /// Parts one object column into several objects, such as `|`. Where it is empty: never parted.
    pub separator: String,
}

impl Default for Columns {
    fn default() -> Self {
        Self { subject: 1, predicate: 2, object: 3, relation: String::new(), skip: 0, separator: String::new() }
    }
}

impl Columns {
    fn validate(&self) -> Result<(), InvalidSetting> {
        for (field, column) in [("subject", self.subject), ("object", self.object)] {
            InvalidSetting::check(column > 0, field, "a column, counted from 1", column)?;
        }
        let named = self.predicate > 0 || !self.relation.is_empty();
        InvalidSetting::check(named, "relation", "a name, since predicate is 0", "none")
    }
}

/// One source of a knowledge base.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Source {
    /// The layout.
    pub format: Format,
    /// The file or folder; `.gz`, `.bz2` and `.zst` files are uncompressed on the way. A folder of `jsonl`, `tsv` or `csv`
    /// files is read in order of name.
    pub path: PathBuf,
    /// The name under which the source is kept and replaced. Without it: the file's name.
    pub name: String,
    /// The licence of the data, kept in the knowledge base.
    pub licence: String,
    /// The language of names and descriptions in formats that do not say it. Without it: `zh` for text with Han
    /// characters, else none.
    pub lang: Option<Lang>,
    /// A TOML file that maps attributes to roles, like `"别名" = "alias"`. Without it: the built-in roles of the format.
    pub roles: Option<PathBuf>,
    /// Columns of `tsv` and `csv`.
    pub columns: Columns,
}

impl Source {
    /// A source with the default options.
    pub fn new(format: Format, path: impl Into<PathBuf>) -> Self {
        Self { format, path: path.into(), ..Self::default() }
    }

    /// Checks the sources of one base.
    ///
    /// # Errors
    /// Names the first invalid field, from the struct that holds the list as `sources`.
    pub fn validate_all(sources: &[Self]) -> Result<(), InvalidSetting> {
        let count = sources.len();
        InvalidSetting::check(u16::try_from(count).is_ok(), "sources", "at most 65535 sources", count)?;
        for (index, source) in sources.iter().enumerate() {
            let key = format!("sources[{index}]");
            source.columns.validate().map_err(|invalid| invalid.under("columns").under(&key))?;
            let (name, earlier) = (source.name(), &sources[..index]);
            let unique = earlier.iter().all(|other| other.name() != name);
            let expected = "a different name for every source";
            InvalidSetting::check(unique, &format!("{key}.name"), expected, format!("`{name}`"))?;
        }
        Ok(())
    }

    /// The name under which the source is kept.
    pub fn name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        self.path.file_name().map_or_else(|| "source".into(), |name| name.to_string_lossy().into_owned())
    }
}

impl FromStr for Source {
    type Err = Error;

    /// Parses `FORMAT:PATH`.
    fn from_str(text: &str) -> Result<Self> {
        let (format, path) = text
            .split_once(':')
            .ok_or_else(|| InvalidSetting::new("source", "FORMAT:PATH, such as tsv:facts.tsv", format!("`{text}`")))?;
        Ok(Self::new(format.parse()?, path))
    }
}

/// What to keep of the sources; an empty list keeps everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Selection {
    /// Languages of names, descriptions and literals, by tag or primary tag; text without a language always stays.
    /// Where it is empty: all.
    pub languages: Vec<Lang>,
    /// Types an entity must have one of. Where it is empty: all.
    pub types: Vec<String>,
    /// Predicates of facts and literals, by key. Where it is empty: all.
    pub predicates: Vec<String>,
    /// The least popularity of an entity, in the sources' own unit. With 0: all.
    pub popularity_min: f32,
}

/// Bad rows allowed where nothing is said.
pub(crate) const MAX_BAD: u64 = 100;

/// How to build a knowledge base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BuildOptions {
    /// The knowledge base to write; replaced as a whole when the build succeeds.
    pub out: PathBuf,
    /// What it is made from, in order. Entities of the same key are one entity.
    pub sources: Vec<Source>,
    /// What to keep.
    pub select: Selection,
    /// Bad rows allowed before the build stops. Default 100.
    pub max_bad: u64,
    /// Where bad rows are kept, as JSON lines. Default: `OUT.rejects.jsonl`.
    pub reject_file: Option<PathBuf>,
    /// Keep the sources of the knowledge base that is there already, but for those with the name of a new one, which it replaces.
    /// Default false.
    pub update: bool,
    /// Whether to build the full-text index of names. Default true.
    pub search_index: bool,
    /// Memory for sorting, in mebibytes, at least 8. Default 64.
    pub sort_memory_mib: u32,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            out: PathBuf::new(),
            sources: Vec::new(),
            select: Selection::default(),
            max_bad: MAX_BAD,
            reject_file: None,
            update: false,
            search_index: true,
            sort_memory_mib: 64,
        }
    }
}

impl BuildOptions {
    /// Options for one knowledge base with everything else at its default.
    pub fn new(out: impl Into<PathBuf>, sources: Vec<Source>) -> Self {
        Self { out: out.into(), sources, ..Self::default() }
    }

    /// Checks the options without touching a file.
    ///
    /// # Errors
    /// The first field that makes no sense.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let out = format!("`{}`", self.out.display());
        InvalidSetting::check(self.out.file_name().is_some(), "out", "a file to write", out)?;
        let memory = self.sort_memory_mib;
        InvalidSetting::check(memory >= 8, "sort-memory-mib", "an integer, 8 or more", memory)?;
        Source::validate_all(&self.sources)
    }

    /// Memory for sorting, in bytes.
    pub(crate) fn sort_memory(&self) -> usize {
        (self.sort_memory_mib as usize) << 20
    }

    /// Where bad rows go.
    pub(crate) fn reject_path(&self) -> PathBuf {
        self.reject_file.clone().unwrap_or_else(|| {
            let mut name = self.out.file_name().unwrap_or_default().to_owned();
            name.push(".rejects.jsonl");
            self.out.with_file_name(name)
        })
    }
}
