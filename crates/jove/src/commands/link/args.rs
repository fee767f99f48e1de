//! What `jove link` is asked for.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jove_core::Lang;
use jove_corpus::detect_language;
use jove_files::{check_apart, is_standard_output};
use jove_linker::likely_language;

/// Arguments of `jove link`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The knowledge base, made with `jove kb build` or by the `kb` stage of `jove run`.
    #[arg(long)]
    pub(super) kb: PathBuf,
    /// Text in UTF-8, one text a line; - is standard input.
    #[arg(long)]
    pub(super) input: PathBuf,
    /// The file to write, with the texts, their words and mentions, these with key and label of the entity: Parquet where its name ends in `.parquet`, else JSON lines;
    /// - is standard output.
    #[arg(long)]
    pub(super) output: PathBuf,
    /// Also write an HTML page of the first 500 texts.
    #[arg(long)]
    pub(super) html: Option<PathBuf>,
    /// The language of all text. Default: found for each line, by its script, letters and common words.
    #[arg(long)]
    pub(super) lang: Option<Lang>,
    /// The lowest score of a link, 0 to 1. Default: 0.7.
    #[arg(long)]
    pub(super) score_min: Option<f32>,
    /// First count in the input how each name is used, and link none that are mostly common words there. Without it the
    /// links of a line don't depend on other lines.
    #[arg(long)]
    pub(super) learn: bool,
    /// Bad rows allowed: other bytes than UTF-8, NUL bytes, lines beyond 1 MiB. Default: 0.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(super) max_bad: u64,
    /// The file for bad rows. Default: none.
    #[arg(long)]
    pub(super) reject_file: Option<PathBuf>,
}

impl Args {
    /// The language of a text: the one given, else the one found; undetermined for a text without letters.
    pub(super) fn lang_of(&self, text: &str) -> Lang {
        let found = || match detect_language(text) {
            Some((lang, true)) => lang,
            Some((lang, false)) => likely_language(text, lang),
            None => Lang::UND,
        };
        self.lang.unwrap_or_else(found)
    }

    /// Checks that no output is an input or another output.
    pub(super) fn check_apart(&self) -> anyhow::Result<()> {
        let outputs = [Some(&self.output), self.html.as_ref(), self.reject_file.as_ref()];
        let outputs: Vec<&Path> = outputs.into_iter().flatten().map(PathBuf::as_path).collect();
        let streams = outputs.iter().filter(|path| is_standard_output(path)).count();
        anyhow::ensure!(streams < 2, "expected one output on standard output at most, found {streams}");
        for (number, output) in outputs.iter().enumerate() {
            let others = outputs[..number].iter().copied().chain([self.kb.as_path(), self.input.as_path()]);
            check_apart(output, others).with_context(|| output.display().to_string())?;
        }
        Ok(())
    }

    /// Whether standard output holds data, so that counts belong elsewhere.
    pub(super) fn takes_standard_output(&self) -> bool {
        let outputs = [Some(&self.output), self.html.as_ref(), self.reject_file.as_ref()];
        outputs.into_iter().flatten().any(|path| is_standard_output(path))
    }
}
