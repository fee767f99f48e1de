//! `jove convert`: from any format to any other, with a comparison of every tensor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use jove_checkpoint::{
    Allow, Difference, ExportOptions, ExtraFile, Format, HubModel, HubOptions, ImportOptions, Loaded, NameReport,
    ParityReport, export, fetch, import, verify,
};
use jove_core::Layout;
use jove_files::check_outside;
use serde_json::json;

use crate::context::{Context, Outcome};

/// Where a checkpoint comes from, and which differences are tolerated.
#[derive(clap::Args)]
pub(crate) struct SourceArgs {
    /// The checkpoint: its folder; for uer also the `.bin` file, for tf also the prefix of its files; for hf also
    /// hub:OWNER/NAME or hub:OWNER/NAME@REVISION, without OWNER/ for the hub's own models.
    ///
    /// A hub: name is downloaded from the hub at HF_ENDPOINT with the token in HF_TOKEN, into the cache under HF_HOME.
    #[arg(long, visible_alias = "from", value_name = "PATH")]
    checkpoint: PathBuf,
    /// Download nothing: use the cache only. HF_HUB_OFFLINE=1 does the same.
    #[arg(long)]
    offline: bool,
    /// The configuration, where it is not next to the weights under its usual name.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The layout of a UER checkpoint: bert or xlm-roberta. Default: inferred from its tables.
    #[arg(long, value_parser = layout_from_name)]
    layout: Option<Layout>,
    /// The step of training, where a folder holds the checkpoints of several: model.ckpt-STEP of TensorFlow, model.bin-STEP of
    /// UER. Default: the one that TensorFlow's file `checkpoint` names as the latest.
    #[arg(long)]
    step: Option<u64>,
    /// Differences to tolerate: missing, unexpected, reshaped, non-finite, untied; several with commas.
    ///
    /// With `untied`, a head that does not share the word table is left out.
    #[arg(long, value_delimiter = ',', value_parser = difference_from_name)]
    allow: Vec<Difference>,
}

impl SourceArgs {
    /// The checkpoint's path, once it is here.
    pub(super) fn path(&self, context: &Context) -> anyhow::Result<PathBuf> {
        let Some(model) = self.checkpoint.to_str().and_then(|path| path.strip_prefix("hub:")) else {
            return Ok(self.checkpoint.clone());
        };
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = || {
            variable("HOME")
                .or_else(|| variable("USERPROFILE"))
                .map(|home| PathBuf::from(home).join(".cache/huggingface"))
        };
        let cache = variable("HF_HOME").map(PathBuf::from).or_else(home).context("neither HF_HOME nor HOME is set")?;
        let options = HubOptions {
            endpoint: variable("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned()),
            cache: cache.join("hub"),
            token: variable("HF_TOKEN"),
            offline: self.offline || variable("HF_HUB_OFFLINE").is_some_and(|value| value != "0"),
            silence_max: Duration::from_mins(1),
        };
        Ok(fetch(&HubModel::parse(model)?, &options, context.progress())?)
    }

    /// The folder to write, which replaces none that the checkpoint at `path` is read from.
    pub(super) fn folder(&self, out: &Path, path: &Path) -> anyhow::Result<PathBuf> {
        folder_outside(out, self.config.as_deref().into_iter().chain([path]))
    }

    /// Opens the checkpoint at `path`.
    pub(super) fn open(&self, path: &Path, format: Format) -> anyhow::Result<Loaded> {
        let (config, layout, step) = (self.config.clone(), self.layout, self.step);
        Ok(import(path, &ImportOptions { format, config, layout, step, allow: self.allowed() })?)
    }

    /// Options for writing what was opened.
    pub(super) fn export_options(&self, shard_bytes_max: Option<u64>) -> ExportOptions {
        ExportOptions { shard_bytes_max, allow: self.allowed() }
    }

    fn allowed(&self) -> Allow {
        Allow::these(self.allow.iter().copied())
    }
}

/// The folder that a path leads to, none that holds one of the inputs.
pub(super) fn folder_outside<'a>(out: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<PathBuf> {
    check_outside(out, inputs).with_context(|| out.display().to_string())?;
    // A link stays one; what it leads to is replaced.
    Ok(std::fs::canonicalize(out).unwrap_or_else(|_| out.to_owned()))
}

/// Arguments of `jove convert`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// The format of the checkpoint: hf, uer or tf.
    #[arg(long, default_value = "hf", value_parser = format_from_name)]
    from_format: Format,
    /// The format to write: hf, uer or tf.
    #[arg(long, value_parser = format_from_name)]
    to_format: Format,
    /// The folder to write.
    #[arg(long)]
    out: PathBuf,
    /// Read the written checkpoint back and compare every tensor; exit with 1 where a difference has no explanation.
    #[arg(long)]
    verify: bool,
}

/// Reads, writes, and on request reads back.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let path = args.source.path(context)?;
    let loaded = args.source.open(&path, args.from_format)?;
    let files = tokenizer_files(&path)?;
    let options = args.source.export_options(None);
    let (config, weights) = (&loaded.config, &loaded.weights);
    let out = args.source.folder(&args.out, &path)?;
    let exported = export(&out, args.to_format, config, weights, &files, &options, context.progress())?;
    if !args.verify {
        print_report(context, &loaded.report, &args.out)?;
        return Ok(Outcome::Done);
    }
    let report = verify(&args.out, args.to_format, config, weights, &exported, &options.allow)?;
    print_parity(context, &report)?;
    Ok(if report.is_explained() { Outcome::Done } else { Outcome::CheckFailed })
}

fn print_parity(context: &Context, report: &ParityReport) -> anyhow::Result<()> {
    if context.json() {
        return context.print_json(report);
    }
    context.print(format!("identical: {} tensors, bit for bit", report.identical))?;
    for tensor in &report.different {
        let why = tensor.explanation.as_deref().unwrap_or("NO EXPLANATION");
        let (name, count, largest) = (&tensor.name, tensor.values_different, tensor.difference_max);
        context.print(format!("different: {name}: {count} values, by up to {largest:.3e}: {why}"))?;
    }
    for (name, why) in &report.lost {
        context.print(format!("lost: {name}: {}", why.as_deref().unwrap_or("NO EXPLANATION")))?;
    }
    for note in &report.notes {
        context.print(format!("note: {note}"))?;
    }
    Ok(())
}

/// What was missing, unexpected, reshaped or left out, and where the result is.
pub(super) fn print_report(context: &Context, report: &NameReport, out: &Path) -> anyhow::Result<()> {
    let missing: Vec<&str> = report.missing.iter().map(|spec| spec.name.as_str()).collect();
    let unexpected: Vec<&str> = report.unexpected.iter().map(|spec| spec.name.as_str()).collect();
    let reshaped: Vec<&str> = report.reshaped.iter().map(|one| one.name.as_str()).collect();
    if context.json() {
        let (left_out, out) = (&report.left_out, out.display().to_string());
        let value = json!({"missing": missing, "unexpected": unexpected, "reshaped": reshaped, "left-out": left_out, "out": out});
        return context.print_json(&value);
    }
    for (what, names) in [("missing", missing), ("unexpected, left out", unexpected), ("reshaped, left out", reshaped)]
    {
        for name in names {
            context.print(format!("{what}: {name}"))?;
        }
    }
    for line in left_out(&report.left_out) {
        context.print(line)?;
    }
    context.print(format!("wrote {}", out.display()))
}

/// One line for each reason; an optimizer has two or three variables for each weight, which are counted.
fn left_out(names: &[(String, &str)]) -> Vec<String> {
    const SHOWN: usize = 5;
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, why) in names {
        by_reason.entry(why).or_default().push(name);
    }
    let line = |(why, names): (&str, Vec<&str>)| {
        let more = names.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("left out: {}{rest} ({why})", names[..names.len() - more].join(", "))
    };
    by_reason.into_iter().map(line).collect()
}

/// The tokenizer's files next to a checkpoint. Some are only carried along, which is said.
pub(super) fn tokenizer_files(checkpoint: &Path) -> anyhow::Result<Vec<ExtraFile>> {
    let folder = if checkpoint.is_dir() { checkpoint } else { checkpoint.parent().unwrap_or(Path::new(".")) };
    let files = ExtraFile::tokenizer_of(folder)?;
    if let Some(names) = byte_pairs(&files) {
        tracing::warn!(
            "the vocabulary ({names}) is byte-level BPE, as RoBERTa and GPT-2 have it. The files are carried along; this program \
             does not tokenize with them, so the model can be converted here, but not trained or evaluated"
        );
    }
    Ok(files)
}

/// The files that say that a vocabulary is byte pairs.
fn byte_pairs(files: &[ExtraFile]) -> Option<&'static str> {
    let file = |name: &str| files.iter().find(|file| file.name() == name);
    if file("vocab.json").is_some() && file("merges.txt").is_some() {
        return Some("vocab.json, merges.txt");
    }
    let json: serde_json::Value = serde_json::from_slice(file("tokenizer.json")?.bytes()).ok()?;
    (json["model"]["type"] == "BPE").then_some("tokenizer.json")
}

/// A format by its name on the command line.
pub(super) fn format_from_name(name: &str) -> anyhow::Result<Format> {
    match name {
        "hf" => Ok(Format::Hf),
        "uer" => Ok(Format::Uer),
        "tf" => Ok(Format::Tf),
        _ => bail!("expected hf, uer or tf"),
    }
}

fn layout_from_name(name: &str) -> anyhow::Result<Layout> {
    match name {
        "bert" => Ok(Layout::Bert),
        "xlm-roberta" => Ok(Layout::XlmRoberta),
        _ => bail!("expected bert or xlm-roberta"),
    }
}

fn difference_from_name(name: &str) -> anyhow::Result<Difference> {
    match name {
        "missing" => Ok(Difference::Missing),
        "unexpected" => Ok(Difference::Unexpected),
        "reshaped" => Ok(Difference::Reshaped),
        "non-finite" => Ok(Difference::NonFinite),
        "untied" => Ok(Difference::Untied),
        _ => bail!("expected missing, unexpected, reshaped, non-finite or untied"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that a parser knows these names and no others, and lists them where it refuses.
    fn check<T: std::fmt::Debug>(parse: impl Fn(&str) -> anyhow::Result<T>, names: &[&str]) {
        for name in names {
            assert!(parse(name).is_ok(), "{name}");
            assert!(parse(&name.to_uppercase()).is_err(), "{name}");
        }
        for wrong in ["", " ", "hff", "onnx", "格式", "😀"] {
            let message = parse(wrong).unwrap_err().to_string();
            assert!(names.iter().all(|name| message.contains(name)), "{message}");
        }
    }

    #[test]
    fn what_was_left_out_is_counted_by_reason() {
        assert_eq!(left_out(&[]), Vec::<String>::new());
        let mut names = vec![("词😀".to_owned(), "a buffer")];
        names.extend((0..7).map(|number| (format!("m{number}"), "the state")));
        let expected = ["left out: 词😀 (a buffer)", "left out: m0, m1, m2, m3, m4 and 2 more (the state)"];
        assert_eq!(left_out(&names), expected);
    }

    #[test]
    fn byte_pairs_are_told_by_their_files() {
        for (files, expected) in [
            (&[][..], None),
            (&[("vocab.json", "{}"), ("merges.txt", "")], Some("vocab.json, merges.txt")),
            (&[("vocab.json", "{}")], None),
            (&[("tokenizer.json", r#"{"model": {"type": "BPE"}}"#)], Some("tokenizer.json")),
            (&[("tokenizer.json", r#"{"model": {"type": "WordPiece"}}"#)], None),
            (&[("tokenizer.json", "词😀")], None),
        ] {
            let files: Vec<ExtraFile> = files.iter().map(|(name, text)| ExtraFile::new(name, *text).unwrap()).collect();
            assert_eq!(byte_pairs(&files), expected);
        }
    }

    #[test]
    fn names_are_exact_and_refusals_list_them() {
        check(format_from_name, &["hf", "uer", "tf"]);
        check(layout_from_name, &["bert", "xlm-roberta"]);
        check(difference_from_name, &["missing", "unexpected", "reshaped", "non-finite", "untied"]);
    }
}
