//! `jove link`: finds the names of a base in text.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use atomic_write_file::AtomicWriteFile;
use jove_core::{AnnotatedText, Lang, Progress};
use jove_corpus::AnnotatedWriter;
use jove_kb::Kb;
use jove_linker::html::{Linked, page};
use jove_linker::{Annotator, EntityLinkingOptions, ScoredMention, TaggerOptions};
use rayon::prelude::*;

use crate::commands::card::card;
use crate::context::{Context, Outcome};

/// Texts that a page shows at most.
const SHOWN_MAX: usize = 500;

/// Texts annotated between two updates of the progress.
const CHUNK: usize = 2048;

/// Arguments of `jove link`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The knowledge base, made with `jove kb build` or by the `kb` stage of `jove run`.
    #[arg(long)]
    kb: PathBuf,
    /// Text in UTF-8, one text a line.
    #[arg(long)]
    input: PathBuf,
    /// The file to write, with the texts, their words and mentions: Parquet where its name ends in `.parquet`, else JSON lines.
    #[arg(long)]
    output: PathBuf,
    /// Also write an HTML page of the first 500 texts.
    #[arg(long)]
    html: Option<PathBuf>,
    /// The language of the text.
    #[arg(long, default_value = "zh")]
    lang: Lang,
    /// The lowest score of a link, 0 to 1. Default: 0.7.
    #[arg(long)]
    score_min: Option<f32>,
}

/// Links every line, and prints the counts.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let kb = Kb::open(&args.kb)?;
    let lines = read(&args.input)?;
    let mut options = EntityLinkingOptions::default();
    options.score_min = args.score_min.unwrap_or(options.score_min);
    let corpus: Vec<(&str, Lang)> = lines.iter().map(|line| (line.as_str(), args.lang)).collect();
    let annotator = jove_experiment::annotator(&kb, &options, &TaggerOptions::default(), &corpus)?;

    let mut sink = Sink::create(&args.output)?;
    let (mut mentions, mut linked, mut shown) = (0, 0, Vec::new());
    context.progress().begin("link", Some(lines.len() as u64), "texts");
    for chunk in lines.chunks(CHUNK) {
        anyhow::ensure!(!context.progress().cancelled(), "interrupted; nothing was written");
        let annotated: Vec<AnnotatedText> =
            chunk.par_iter().map(|line| annotator.annotate(line.clone(), args.lang)).collect();
        for text in annotated {
            sink.push(&text)?;
            mentions += text.mentions.len();
            linked += usize::from(!text.mentions.is_empty());
            if args.html.is_some() && shown.len() < SHOWN_MAX {
                shown.push(text);
            }
        }
        context.progress().advance(chunk.len() as u64);
    }
    context.progress().end();
    sink.finish()?;
    if let Some(path) = &args.html {
        write_file(path, &draw(&kb, &annotator, &shown, args.lang))?;
    }
    let report = annotator.linker.report();
    if context.json() {
        let counts =
            serde_json::json!({"texts": lines.len(), "linked": linked, "mentions": mentions, "linker": report});
        context.print_json(&counts)?;
    } else {
        context.print(format!("{mentions} mentions in {linked} of {} texts", lines.len()))?;
        let megabytes = (report.engine_bytes + report.table_bytes) >> 20;
        context.print(format!(
            "{} names of {} entities, {megabytes} MiB; {} of the names are common words here",
            report.aliases,
            kb.entity_count()?,
            report.refused
        ))?;
    }
    Ok(Outcome::Done)
}

fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let lines = (1..).zip(BufReader::new(file).lines());
    lines.map(|(number, line): (u64, _)| line.with_context(|| format!("{}:{number}", path.display()))).collect()
}

/// Where annotated texts go.
enum Sink {
    Parquet(Box<AnnotatedWriter>),
    Lines(AtomicWriteFile),
}

impl Sink {
    fn create(path: &Path) -> anyhow::Result<Self> {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            return Ok(Self::Parquet(Box::new(AnnotatedWriter::create(path)?)));
        }
        Ok(Self::Lines(AtomicWriteFile::open(path).with_context(|| path.display().to_string())?))
    }

    fn push(&mut self, text: &AnnotatedText) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => writer.push(text)?,
            Self::Lines(file) => writeln!(file, "{}", serde_json::to_string(text)?)?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => drop(writer.finish()?),
            Self::Lines(file) => file.commit()?,
        }
        Ok(())
    }
}

/// Writes a file that appears whole or not at all.
pub(crate) fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = AtomicWriteFile::open(path).with_context(|| path.display().to_string())?;
    file.write_all(text.as_bytes())?;
    Ok(file.commit()?)
}

fn draw(kb: &Kb, annotator: &Annotator, texts: &[AnnotatedText], lang: Lang) -> String {
    let explain = |text: &AnnotatedText| {
        annotator.linker.explain(&text.text, lang, Some(&annotator.tagger.segments(&text.text, lang)))
    };
    let scored: Vec<Vec<ScoredMention>> = texts.par_iter().map(explain).collect();
    let rows =
        texts.iter().zip(&scored).map(|(text, scored)| Linked { text: &text.text, mentions: &text.mentions, scored });
    page("Links", rows, |entity| card(kb, entity, lang))
}
