//! Linking texts a chunk at a time.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use jove_core::{AnnotatedText, Lang, Problem, Progress as _};
use jove_corpus::AnnotatedWriter;
use jove_files::{Kind, Output};
use jove_linker::Annotator;
use rayon::prelude::*;

use super::args::Args;
use super::source::Texts;
use crate::context::Context;

/// Texts and bytes of texts that a page shows at most.
const SHOWN_TEXTS_MAX: usize = 500;
const SHOWN_BYTES_MAX: usize = 4 << 20;

/// Texts linked before, as lines of JSON.
const LINES: Kind =
    Kind::new("linked texts in JSON lines", |head| Kind::has_json_fields(head, &["text", "lang", "words", "mentions"]));

/// What was linked.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) texts: u64,
    pub(super) linked: u64,
    pub(super) mentions: u64,
    pub(super) bad: u64,
    /// The first bad rows.
    pub(super) problems: Vec<Problem>,
}

/// Links and writes all texts in their order; also gives the first ones, for a page.
pub(super) fn link(
    args: &Args,
    mut texts: Texts,
    annotator: &Annotator,
    context: &Context,
) -> anyhow::Result<(Counts, Vec<AnnotatedText>)> {
    let mut sink = Sink::create(&args.output)?;
    let (mut counts, mut shown) = (Counts::default(), Shown::default());
    context.progress().begin("link", None, "texts");
    loop {
        anyhow::ensure!(!context.progress().cancelled(), "interrupted");
        let chunk = texts.chunk()?;
        if chunk.is_empty() {
            break;
        }
        let number = chunk.len() as u64;
        for text in annotated(chunk, args.lang, annotator) {
            sink.push(&text)?;
            counts.add(&text);
            if args.html.is_some() {
                shown.add(text);
            }
        }
        context.progress().advance(number);
    }
    context.progress().end();
    (counts.bad, counts.problems) = texts.finish()?;
    sink.finish()?;
    Ok((counts, shown.texts))
}

fn annotated(chunk: Vec<String>, lang: Lang, annotator: &Annotator) -> Vec<AnnotatedText> {
    chunk.into_par_iter().map(|line| annotator.annotate(line, lang)).collect()
}

impl Counts {
    fn add(&mut self, text: &AnnotatedText) {
        self.texts += 1;
        self.mentions += text.mentions.len() as u64;
        self.linked += u64::from(!text.mentions.is_empty());
    }
}

/// The first texts.
#[derive(Default)]
struct Shown {
    texts: Vec<AnnotatedText>,
    bytes: usize,
}

impl Shown {
    fn add(&mut self, text: AnnotatedText) {
        if self.texts.len() < SHOWN_TEXTS_MAX && self.bytes < SHOWN_BYTES_MAX {
            self.bytes += text.text.len();
            self.texts.push(text);
        }
    }
}

/// Where annotated texts go.
enum Sink {
    Parquet(Box<AnnotatedWriter>),
    Lines(BufWriter<Output>),
}

impl Sink {
    fn create(path: &Path) -> anyhow::Result<Self> {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            return Ok(Self::Parquet(Box::new(AnnotatedWriter::create(path)?)));
        }
        let output = Output::create(path, LINES).with_context(|| path.display().to_string())?;
        Ok(Self::Lines(BufWriter::with_capacity(1 << 16, output)))
    }

    fn push(&mut self, text: &AnnotatedText) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => writer.push(text)?,
            Self::Lines(file) => {
                // As an error of the system, so that a reader that went away is known as one.
                serde_json::to_writer(&mut *file, text).map_err(std::io::Error::from)?;
                file.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => drop(writer.finish()?),
            Self::Lines(file) => file.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?,
        }
        Ok(())
    }
}
