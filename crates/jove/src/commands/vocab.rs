//! `jove vocab`: removes or adds pieces of a vocabulary, with weights and tokenizer to match.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use jove_checkpoint::{
    Allow, Difference, ExtraFile, Resized, Row, SaveOptions, TensorSource, TensorSpec, TokenizerFile, kept_pieces,
    open_hf, save_hf_with,
};
use jove_core::Lang;
use jove_corpus::{TextLines, Tokenizer};
use jove_files::is_stream;
use jove_files::{Kind, Output};
use serde::Serialize;

use super::convert::folder_outside;
use crate::context::{Context, Outcome};

/// Arguments of `jove vocab`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Keep only the pieces that texts use, and report what each language loses.
    Trim {
        /// The checkpoint's folder.
        #[arg(long)]
        checkpoint: PathBuf,
        /// Texts, one per line, with their language; may be repeated.
        #[arg(long = "corpus", value_name = "LANG:FILE", required = true)]
        corpora: Vec<String>,
        /// Drop pieces that occur less often than this in all texts together; smaller pieces replace them.
        #[arg(long, default_value_t = 1)]
        count_min: u64,
        /// The folder to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Add words, each initialised with the mean of the pieces it was split into.
    Extend {
        /// The checkpoint's folder.
        #[arg(long)]
        checkpoint: PathBuf,
        /// The words, one per line.
        #[arg(long)]
        words: PathBuf,
        /// The folder to write.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Reads the checkpoint, changes its vocabulary, writes it.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    match &args.action {
        Action::Trim { checkpoint, corpora, count_min, out } => trim(context, checkpoint, corpora, *count_min, out)?,
        Action::Extend { checkpoint, words, out } => extend(context, checkpoint, words, out)?,
    }
    Ok(Outcome::Done)
}

/// What one language loses.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Loss {
    /// Texts read.
    texts: u64,
    /// Pieces that they are cut into before.
    tokens_before: u64,
    /// And after.
    tokens_after: u64,
    /// Unknown pieces before.
    unknown_before: u64,
    /// And after.
    unknown_after: u64,
    /// Different pieces used before.
    pieces_used: u64,
    /// Those of them that are dropped.
    pieces_dropped: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TrimReport {
    pieces_before: usize,
    pieces_after: usize,
    parameters_saved: usize,
    languages: BTreeMap<String, Loss>,
}

fn trim(context: &Context, checkpoint: &Path, corpora: &[String], count_min: u64, out: &Path) -> anyhow::Result<()> {
    let tokenizer = Tokenizer::load(checkpoint)?;
    let file = tokenizer_file(checkpoint, &tokenizer)?;
    let corpora: Vec<(Lang, PathBuf)> = corpora.iter().map(|text| parse_corpus(text)).collect::<anyhow::Result<_>>()?;
    if let Some((_, path)) = corpora.iter().find(|(_, path)| is_stream(path)) {
        bail!("--corpus: expected a file, since it is read twice, found {}", path.display());
    }
    let out = &folder_outside(out, corpora.iter().map(|(_, path)| path.as_path()).chain([checkpoint]))?;
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    let mut used: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut languages: BTreeMap<String, Loss> = BTreeMap::new();
    for (lang, path) in &corpora {
        let (loss, pieces) =
            (languages.entry(lang.to_string()).or_default(), used.entry(lang.to_string()).or_default());
        for_each_line(context, path, |line| {
            loss.texts += 1;
            for token in tokenizer.encode_text(line)?.tokens {
                loss.tokens_before += 1;
                loss.unknown_before += u64::from(token == tokenizer.specials().unknown);
                *counts.entry(token.0).or_default() += 1;
                pieces.insert(token.0);
            }
            Ok(())
        })?;
    }
    // A file may not say which of its pieces are special.
    let specials = tokenizer.specials();
    for special in [specials.first, specials.separator, specials.pad, specials.unknown, specials.mask] {
        counts.insert(special.0, count_min.max(1));
    }
    let kept = kept_pieces(&file, &counts, count_min);
    let (smaller, rows) = file.trimmed(&kept)?;
    let parameters_saved = save(context, checkpoint, out, &smaller, rows)?;
    let trimmed = Tokenizer::load(out)?;
    for (lang, path) in &corpora {
        let loss = languages.entry(lang.to_string()).or_default();
        for_each_line(context, path, |line| {
            let tokens = trimmed.encode_text(line)?.tokens;
            loss.tokens_after += tokens.len() as u64;
            loss.unknown_after += tokens.iter().filter(|token| **token == trimmed.specials().unknown).count() as u64;
            Ok(())
        })?;
    }
    for (lang, pieces) in used {
        let loss = languages.entry(lang).or_default();
        loss.pieces_used = pieces.len() as u64;
        loss.pieces_dropped = pieces.iter().filter(|piece| kept.binary_search(piece).is_err()).count() as u64;
    }
    let (pieces_before, pieces_after) = (file.ids(), kept.len());
    print_trim(context, &TrimReport { pieces_before, pieces_after, parameters_saved, languages }, out)
}

fn print_trim(context: &Context, report: &TrimReport, out: &Path) -> anyhow::Result<()> {
    if context.json() {
        return context.print_json(report);
    }
    let TrimReport { pieces_before, pieces_after, parameters_saved, languages } = report;
    context.print(format!("{pieces_before} pieces -> {pieces_after}; {parameters_saved} parameters fewer"))?;
    context.print("language     texts     tokens      after   longer  unknown    after  used pieces  dropped")?;
    for (lang, loss) in languages {
        let longer = 100.0 * (loss.tokens_after as f64 / loss.tokens_before.max(1) as f64 - 1.0);
        context.print(format!(
            "{lang:<9}{:>9}{:>11}{:>11}{longer:>7.2} %{:>9}{:>9}{:>13}{:>9}",
            loss.texts,
            loss.tokens_before,
            loss.tokens_after,
            loss.unknown_before,
            loss.unknown_after,
            loss.pieces_used,
            loss.pieces_dropped
        ))?;
    }
    context.print(format!("wrote {}", out.display()))
}

fn extend(context: &Context, checkpoint: &Path, words: &Path, out: &Path) -> anyhow::Result<()> {
    let out = &folder_outside(out, [words, checkpoint])?;
    let tokenizer = Tokenizer::load(checkpoint)?;
    let file = tokenizer_file(checkpoint, &tokenizer)?;
    let mut spelled = Vec::new();
    for_each_line(context, words, |line| {
        let parts: Vec<u32> = tokenizer.encode_text(line)?.tokens.into_iter().map(|token| token.0).collect();
        // A bare mark of a word's start says nothing about the word.
        let bare = |part: &u32| file.pieces().get(*part as usize).is_some_and(|piece| piece == "\u{2581}");
        let telling: Vec<u32> = parts.iter().copied().filter(|part| !bare(part)).collect();
        spelled.push((line.to_owned(), if telling.is_empty() { parts } else { telling }));
        Ok(())
    })?;
    let (larger, rows) = file.extended(&spelled)?;
    let added = larger.ids() - file.ids();
    save(context, checkpoint, out, &larger, rows)?;
    // Normalisers and rules on words come before the vocabulary, and may cut a word all the same.
    let extended = Tokenizer::load(out)?;
    let mut cut = Vec::new();
    for (word, _) in &spelled {
        if extended.encode_text(word)?.tokens.len() > 1 {
            cut.push(word);
        }
    }
    if context.json() {
        return context.print_json(&serde_json::json!({"words": spelled.len(), "added": added, "cut": cut}));
    }
    for word in cut {
        context.print(format!("still cut: {word}"))?;
    }
    context.print(format!(
        "{added} of {} words added, the others were pieces already; wrote {}",
        spelled.len(),
        out.display()
    ))
}

/// Writes the changed model; returns how many parameters fewer it has.
fn save(
    context: &Context,
    checkpoint: &Path,
    out: &Path,
    tokenizer: &TokenizerFile,
    rows: Vec<Row>,
) -> anyhow::Result<usize> {
    // A bare encoder has no head, and its vocabulary can be changed all the same.
    let allow = Allow::these([Difference::Missing]);
    let loaded = open_hf(checkpoint, &allow)?;
    let mut files = tokenizer.files()?;
    files.extend(TokenizerFile::companions(checkpoint)?);
    files.extend(sentencepiece_of(&files)?);
    let (view, config) = Resized::new(&loaded.weights, &loaded.config, rows)?;
    let options = SaveOptions { allow, ..SaveOptions::default() };
    save_hf_with(out, &config, &view, &files, &options, context.progress())?;
    let count = |source: &dyn TensorSource| source.specs().iter().filter_map(TensorSpec::count).sum::<usize>();
    Ok(count(&loaded.weights).saturating_sub(count(&view)))
}

/// The SentencePiece model of a changed vocabulary, where SentencePiece can follow its rules.
fn sentencepiece_of(files: &[ExtraFile]) -> anyhow::Result<Option<ExtraFile>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    for file in files {
        let path = folder.path().join(file.name());
        Output::write(&path, Kind::ANY, file.bytes())
            .with_context(|| format!("cannot write a temporary {}", file.name()))?;
    }
    let files = Tokenizer::load(folder.path())?.files()?;
    let model = files.into_iter().find(|(name, _)| name == "sentencepiece.bpe.model");
    Ok(model.map(|(name, bytes)| ExtraFile::new(&name, bytes)).transpose()?)
}

fn tokenizer_file(checkpoint: &Path, tokenizer: &Tokenizer) -> anyhow::Result<TokenizerFile> {
    if checkpoint.join("tokenizer.json").exists() {
        return Ok(TokenizerFile::open(checkpoint)?);
    }
    let files = tokenizer.files()?;
    let json = files.iter().find(|(name, _)| name == "tokenizer.json").context("the tokenizer has no JSON form")?;
    Ok(TokenizerFile::from_json(checkpoint, &json.1)?)
}

fn parse_corpus(text: &str) -> anyhow::Result<(Lang, PathBuf)> {
    match text.split_once(':') {
        Some((lang, path)) => Ok((Lang::new(lang)?, PathBuf::from(path))),
        None => bail!("--corpus: expected LANG:FILE, found {text}"),
    }
}

/// Hands every line that is not blank to `take`.
fn for_each_line(
    context: &Context,
    path: &Path,
    mut take: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    use jove_core::Progress as _;
    let mut lines = TextLines::open(path, 0, None)?;
    while let Some(line) = lines.read()? {
        if context.progress().cancelled() {
            bail!("interrupted; nothing was written");
        }
        if !line.trim().is_empty() {
            take(line.trim())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_is_a_language_and_a_path() {
        for (text, lang, path) in [
            ("zh:a.txt", "zh", "a.txt"),
            ("zh-Hant:繁體.txt", "zh-Hant", "繁體.txt"),
            ("en:C:/a.txt", "en", "C:/a.txt"),
            ("he:", "he", ""),
        ] {
            assert_eq!(parse_corpus(text).unwrap(), (Lang::new(lang).unwrap(), PathBuf::from(path)), "{text}");
        }
        for wrong in ["", "zh", "a.txt", ":a.txt", "not a language:a.txt", "语:a.txt"] {
            assert!(parse_corpus(wrong).is_err(), "{wrong}");
        }
    }
}
