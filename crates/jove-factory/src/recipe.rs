//! A recipe: what is read, how it is cleaned, what is kept, and what is written.

use std::path::PathBuf;

use jove_core::{InvalidSetting, Lang, Seed};
use serde::{Deserialize, Serialize};

/// A corpus to build, as its TOML file says it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// Name of the corpus's folder: 1 to 64 letters, digits, `+`, `-` and `_`.
    pub name: String,
    /// What the corpus is for, shown on top of its page.
    #[serde(default)]
    pub description: String,
    /// Folder that the corpus's folder is made in; relative to the recipe, or to the current folder when given by `--set`.
    #[serde(default = "default_output")]
    pub output: PathBuf,
    /// Where the data are.
    #[serde(default)]
    pub data: DataRoot,
    /// What is read, in this order: of equal documents the first is kept.
    pub sources: Vec<SourceSettings>,
    /// Cleaning.
    #[serde(default)]
    pub clean: CleanSettings,
    /// Duplicates.
    #[serde(default)]
    pub duplicates: DuplicateSettings,
    /// Languages.
    #[serde(default)]
    pub language: LanguageSettings,
    /// Domains.
    #[serde(default)]
    pub domains: DomainSettings,
    /// How much is kept of each language and domain.
    #[serde(default)]
    pub sampling: SamplingSettings,
    /// The files that are written.
    #[serde(default)]
    pub shards: ShardSettings,
}

/// Where the data are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DataRoot {
    /// The folder that all data paths are relative to; itself relative to the recipe, or to the current folder when given by
    /// `--set`.
    pub root: PathBuf,
}

/// How a file holds its documents. Whatever the format, files may be compressed with gzip, bzip2, Zstandard or xz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Decided by the file's name without the ending of its compression: `.jsonl`, `.parquet`, `.warc`, `.wet`, `.xml` (a
    /// dump of MediaWiki), everything else as `blocks`.
    #[default]
    Auto,
    /// One document a line.
    Lines,
    /// The lines up to a blank line are one document, as in CC100.
    Blocks,
    /// The whole file is one document.
    Whole,
    /// One JSON object a line, with the text in one of its fields.
    JsonLines,
    /// Parquet with the text in one of its columns.
    Parquet,
    /// A web archive (ISO 28500): the text of its responses of HTML and plain text, and of its conversions (WET).
    Warc,
    /// A dump of MediaWiki: the text of its articles, with their links.
    MediaWiki,
}

/// Files to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SourceSettings {
    /// Its name in tables and in the column `source`; without it, its path.
    #[serde(default)]
    pub name: String,
    /// A file, or a folder of files, subfolders included, read in the order of their names; relative to `data.root`.
    pub path: PathBuf,
    /// How the files hold their documents.
    #[serde(default)]
    pub format: Format,
    /// The field of JSON lines, or the column of Parquet, that holds the text.
    #[serde(default = "default_field")]
    pub field: String,
    /// The language of all documents; without it, it is identified.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// The domain of all documents; without it, it is classified where `domains` has examples.
    #[serde(default)]
    pub domain: Option<String>,
    /// Whether the source may be missing, which is then said in a warning.
    #[serde(default)]
    pub optional: bool,
}

/// How Unicode text is normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnicodePolicy {
    /// Characters stay as they are.
    None,
    /// Canonical composition, which changes no appearance.
    #[default]
    Nfc,
    /// Compatibility composition, which also turns full-width letters and punctuation, ligatures and the like into plain ones.
    Nfkc,
}

/// Cleaning. Thresholds are named with their sources in `docs/corpus.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[expect(clippy::struct_excessive_bools, reason = "each switches one step on, whatever the others do")]
pub struct CleanSettings {
    /// The normalisation of characters.
    pub unicode: UnicodePolicy,
    /// Whether other encodings than UTF-8 (GB18030, Big5, Shift_JIS, EUC-KR, Windows-1252) are recognised, and text that was read
    /// with the wrong one (`cafÃ©`) is repaired. Without it, documents that aren't UTF-8 are removed.
    pub repair: bool,
    /// Whether lines of boilerplate (notices of cookies, navigation, file numbers of web sites) are removed.
    pub boilerplate: bool,
    /// Whether e-mail addresses, phone numbers and numbers of Chinese identity cards are replaced.
    pub personal: bool,
    /// Whether the rules of Gopher and C4 on words, lines, symbols and repetition apply.
    pub rules: bool,
    /// The minimum length of a document, in characters.
    pub chars_min: usize,
    /// The minimum length of a document in a script with spaces, in words; only with `rules`.
    pub words_min: usize,
    /// The maximum size of a document, in bytes, 1024 to 1 GiB.
    pub bytes_max: usize,
    /// The minimum share of letters among the characters that are no white space, from 0 to 1.
    pub letters_min: f64,
    /// Bad and good examples of documents, to remove those that are like the bad ones.
    pub quality: QualitySettings,
}

/// A classifier of quality, trained from examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct QualitySettings {
    /// Files with good examples, one a line; relative to `data.root`. Without them there is no classifier.
    pub good: Vec<PathBuf>,
    /// Files with bad examples, one a line.
    pub bad: Vec<PathBuf>,
    /// The probability of being good below which a document is removed, from 0 to 1.
    pub good_min: f64,
}

/// Duplicates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DuplicateSettings {
    /// Whether documents are removed that equal an earlier one up to case, punctuation and white space.
    pub exact: bool,
    /// The Jaccard similarity of character 5-grams, estimated by MinHash, with an earlier document that is kept, from which a
    /// document is removed; from 0.5 to 1, which switches it off. Documents with fewer than 80 letters are not compared.
    pub near: f64,
    /// Whether paragraphs of at least `paragraph-chars` letters are removed that occurred in an earlier document.
    pub paragraphs: bool,
    /// The shortest paragraph that is compared, in letters and digits.
    pub paragraph_chars: usize,
    /// The memory that sorting may take, in MiB, 1 to 1024.
    pub sort_mib: usize,
}

/// Languages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LanguageSettings {
    /// The languages that are kept; without any, all.
    pub keep: Vec<Lang>,
    /// Text to train an identifier from, which then takes the place of the built-in one.
    pub examples: Vec<LanguageExamples>,
    /// The least confidence with which a document must be identified, from 0 to 1; of languages that a source names, nothing is
    /// asked.
    pub confidence_min: f64,
    /// The threshold of each language is the median of its documents' confidence less one standard deviation (FineWeb2), but at
    /// least `confidence-min` and at most this; from 0 to 1. 0: `confidence-min` for all.
    pub confidence_adapted_max: f64,
}

/// Text in a language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LanguageExamples {
    /// The language.
    pub lang: Lang,
    /// Files with one sentence a line; relative to `data.root`.
    pub paths: Vec<PathBuf>,
}

/// Domains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DomainSettings {
    /// Labelled texts: JSON lines with the text in `sentence` or `text` and the domain in `label_desc` or `domain`; relative to
    /// `data.root`.
    pub labelled: Vec<PathBuf>,
    /// Domains of one's own, each with files of examples, one a line.
    pub classes: Vec<DomainExamples>,
    /// The probability below which a document has no domain, from 0 to 1.
    pub probability_min: f64,
}

/// Examples of a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DomainExamples {
    /// The domain.
    pub name: String,
    /// Files with one example a line; relative to `data.root`.
    pub paths: Vec<PathBuf>,
}

/// How much is kept of each language and domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SamplingSettings {
    /// The bytes of text to keep, read as often as their weights say; without it, all.
    pub bytes: Option<u64>,
    /// The exponent on a language's share of the bytes: 1 keeps it, 0 makes all equal.
    pub language_exponent: f64,
    /// The exponent on a domain's share within its language.
    pub domain_exponent: f64,
    /// How often a document may be read at most, 1 to 100: no weight is above it.
    pub repeats_max: f64,
    /// The largest share of the result that one language may have, above 0, at most 1.
    pub language_share_max: f64,
    /// The seed of the choice of documents.
    pub seed: Seed,
}

/// The files that are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ShardSettings {
    /// The text of a file, in MiB, 1 to 65536.
    pub mib: u64,
    /// Examples of removed documents in `rejects.jsonl`, for each reason, 0 to 10000.
    pub rejects: usize,
}

fn default_output() -> PathBuf {
    "../corpora".into()
}

fn default_field() -> String {
    "text".to_owned()
}

impl Default for DataRoot {
    fn default() -> Self {
        Self { root: "..".into() }
    }
}

impl Default for CleanSettings {
    fn default() -> Self {
        Self {
            unicode: UnicodePolicy::default(),
            repair: true,
            boilerplate: true,
            personal: true,
            rules: true,
            chars_min: 30,
            words_min: 50,
            bytes_max: 4 << 20,
            letters_min: 0.5,
            quality: QualitySettings::default(),
        }
    }
}

impl Default for QualitySettings {
    fn default() -> Self {
        Self { good: Vec::new(), bad: Vec::new(), good_min: 0.5 }
    }
}

impl Default for DuplicateSettings {
    fn default() -> Self {
        Self { exact: true, near: 0.8, paragraphs: true, paragraph_chars: 40, sort_mib: 64 }
    }
}

impl Default for LanguageSettings {
    fn default() -> Self {
        Self { keep: Vec::new(), examples: Vec::new(), confidence_min: 0.3, confidence_adapted_max: 0.0 }
    }
}

impl Default for DomainSettings {
    fn default() -> Self {
        Self { labelled: Vec::new(), classes: Vec::new(), probability_min: 0.4 }
    }
}

impl Default for SamplingSettings {
    fn default() -> Self {
        Self {
            bytes: None,
            language_exponent: 1.0,
            domain_exponent: 1.0,
            repeats_max: 4.0,
            language_share_max: 1.0,
            seed: Seed(1),
        }
    }
}

impl Default for ShardSettings {
    fn default() -> Self {
        Self { mib: 256, rejects: 20 }
    }
}

impl Recipe {
    /// Checks every setting, without reading a file.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let fits = |name: &str| {
            let valid = |c: char| c.is_alphanumeric() || matches!(c, '+' | '-' | '_');
            (1..=64).contains(&name.chars().count()) && name.chars().all(valid)
        };
        let expected = "1 to 64 letters, digits, `+`, `-` and `_`";
        InvalidSetting::check(fits(&self.name), "name", expected, format!("`{}`", self.name))?;
        InvalidSetting::check(!self.sources.is_empty(), "sources", "at least one source", "none")?;
        self.clean.validate().map_err(|invalid| invalid.under("clean"))?;
        self.duplicates.validate().map_err(|invalid| invalid.under("duplicates"))?;
        let language = &self.language;
        share(language.confidence_min, "language.confidence-min")?;
        share(language.confidence_adapted_max, "language.confidence-adapted-max")?;
        share(self.domains.probability_min, "domains.probability-min")?;
        self.sampling.validate().map_err(|invalid| invalid.under("sampling"))?;
        let ShardSettings { mib, rejects } = self.shards;
        InvalidSetting::check((1..=65_536).contains(&mib), "shards.mib", "1 to 65536", mib)?;
        InvalidSetting::check(rejects <= 10_000, "shards.rejects", "0 to 10000", rejects)
    }
}

impl SourceSettings {
    /// Its name, or its path.
    pub(crate) fn shown(&self) -> String {
        if self.name.is_empty() { self.path.display().to_string() } else { self.name.clone() }
    }
}

impl CleanSettings {
    fn validate(&self) -> Result<(), InvalidSetting> {
        let bytes = self.bytes_max;
        InvalidSetting::check((1024..=1 << 30).contains(&bytes), "bytes-max", "1024 to 1073741824", bytes)?;
        share(self.letters_min, "letters-min")?;
        share(self.quality.good_min, "quality.good-min")?;
        let (good, bad) = (self.quality.good.is_empty(), self.quality.bad.is_empty());
        InvalidSetting::check(good == bad, "quality", "both `good` and `bad` examples, or neither", "only one of them")
    }
}

impl DuplicateSettings {
    fn validate(&self) -> Result<(), InvalidSetting> {
        InvalidSetting::check((0.5..=1.0).contains(&self.near), "near", "a number from 0.5 to 1", self.near)?;
        InvalidSetting::check((1..=1024).contains(&self.sort_mib), "sort-mib", "1 to 1024", self.sort_mib)?;
        let chars = self.paragraph_chars;
        InvalidSetting::check(chars > 0, "paragraph-chars", "1 or more", chars)
    }
}

impl SamplingSettings {
    fn validate(&self) -> Result<(), InvalidSetting> {
        share(self.language_exponent, "language-exponent")?;
        share(self.domain_exponent, "domain-exponent")?;
        let repeats = self.repeats_max;
        InvalidSetting::check((1.0..=100.0).contains(&repeats), "repeats-max", "a number from 1 to 100", repeats)?;
        let most = self.language_share_max;
        InvalidSetting::check(most > 0.0 && most <= 1.0, "language-share-max", "a number above 0, at most 1", most)?;
        InvalidSetting::check(self.bytes != Some(0), "bytes", "a number above 0, or none", 0)
    }
}

fn share(value: f64, field: &str) -> Result<(), InvalidSetting> {
    InvalidSetting::check((0.0..=1.0).contains(&value), field, "a number from 0 to 1", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Recipe), expected: Option<&str>) {
        let json = r#"{"name": "zh", "sources": [{"path": "文"}]}"#;
        let mut recipe: Recipe = serde_json::from_str(json).unwrap();
        change(&mut recipe);
        let found = recipe.validate().err().map(|invalid| invalid.to_string());
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn every_range_is_checked_and_named() {
        check(|_| (), None);
        check(|recipe| recipe.name = "语料-1".to_owned(), None);
        let name = "name: expected 1 to 64 letters, digits, `+`, `-` and `_`, found `../x`";
        check(|recipe| recipe.name = "../x".to_owned(), Some(name));
        check(|recipe| recipe.sources.clear(), Some("sources: expected at least one source, found none"));
        check(|recipe| recipe.duplicates.near = 1.0, None);
        let near = "duplicates.near: expected a number from 0.5 to 1, found 0.4";
        check(|recipe| recipe.duplicates.near = 0.4, Some(near));
        let letters = "clean.letters-min: expected a number from 0 to 1, found NaN";
        check(|recipe| recipe.clean.letters_min = f64::NAN, Some(letters));
        let quality = "clean.quality: expected both `good` and `bad` examples, or neither, found only one of them";
        check(|recipe| recipe.clean.quality.good = vec!["x".into()], Some(quality));
        check(|recipe| recipe.shards.mib = 0, Some("shards.mib: expected 1 to 65536, found 0"));
        let bytes = "sampling.bytes: expected a number above 0, or none, found 0";
        check(|recipe| recipe.sampling.bytes = Some(0), Some(bytes));
    }

    #[test]
    fn unknown_keys_are_refused() {
        let json = r#"{"name": "zh", "sources": [{"path": "x", "weights": 1}]}"#;
        assert!(serde_json::from_str::<Recipe>(json).unwrap_err().to_string().contains("unknown field `weights`"));
    }
}
