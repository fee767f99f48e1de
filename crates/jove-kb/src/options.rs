//! What to build, from what.

use std::path::PathBuf;
use std::str::FromStr;

use jove_core::{InvalidSetting, Lang};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::keys::Keys;

/// One source of a knowledge base.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Source {
    /// The layout.
    pub format: Format,
    /// The file or folder; on the command line also `-`, standard input. Files packed with gzip, bzip2, xz or zstd are unpacked on the way, and of
    /// zip and tar archives every file is read; of a folder and of an archive with several files, those with the format's
    /// endings in order of name.
    pub path: PathBuf,
    /// The name under which the source is kept and replaced. Without it: the file's name.
    pub name: String,
    /// The licence of the data, kept in the knowledge base.
    pub licence: String,
    /// The language of names and descriptions in formats that do not say it. Without it: `zh` for text with Han
    /// characters, else none.
    pub lang: Option<Lang>,
    /// A TOML file that maps attributes to roles, like `"别名" = "alias"`, beside the built-in roles of the format.
    pub roles: Option<PathBuf>,
    /// Whether keys are names, in tables and other formats whose entities have no other: `auto` takes all but ids, such as
    /// `Q42`, `/m/0aaa1` or `00260881`.
    pub keys: Keys,
    /// The encoding of the text, such as `gb18030`, `big5`, `shift_jis` or `windows-1252`. Where it is empty: UTF-8, or UTF-16
    /// where the file begins with its byte order mark.
    pub encoding: String,
    /// The IRI that relative IRIs of RDF start from. Where it is empty: they are refused.
    pub base: String,
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
            source.check_texts().map_err(|invalid| invalid.under(&key))?;
            let (name, earlier) = (source.name(), &sources[..index]);
            let unique = earlier.iter().all(|other| other.name() != name);
            let expected = "a different name for every source";
            InvalidSetting::check(unique, &format!("{key}.name"), expected, format!("`{name}`"))?;
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), InvalidSetting> {
        let known = self.encoding.is_empty() || self.decoder().is_some();
        let encoding = format!("`{}`", self.encoding);
        InvalidSetting::check(known, "encoding", "the name of an encoding, such as gb18030 or utf-16le", encoding)?;
        let absolute = self.base.is_empty() || (self.base.contains(':') && oxrdf::NamedNode::new(&*self.base).is_ok());
        InvalidSetting::check(
            absolute,
            "base",
            "an absolute IRI, such as http://example.org/",
            format!("`{}`", self.base),
        )
    }

    /// The encoding that the source is said to have.
    pub(crate) fn decoder(&self) -> Option<&'static encoding_rs::Encoding> {
        encoding_rs::Encoding::for_label(self.encoding.as_bytes())
    }

    /// Gives sources without a name of their own, whose files have the same one, the folder's name before it.
    pub fn name_apart(sources: &mut [Self]) {
        for index in 1..sources.len() {
            let name = sources[index].name();
            let folder = sources[index].path.parent().and_then(std::path::Path::file_name);
            let taken = sources[..index].iter().any(|other| other.name() == name);
            if let Some(folder) = folder.filter(|_| taken && sources[index].name.is_empty()) {
                sources[index].name = format!("{}/{name}", folder.to_string_lossy());
            }
        }
    }

    /// The name under which the source is kept.
    pub fn name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        if self.path.as_os_str() == "-" {
            return "standard input".into();
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
