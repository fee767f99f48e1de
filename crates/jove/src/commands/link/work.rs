//! Linking texts a chunk at a time.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use jove_core::{AnnotatedText, Mention, Problem, Progress as _, Word};
use jove_corpus::{AnnotatedWriter, MentionName};
use jove_files::{Kind, Output};
use jove_linker::Annotator;
use rayon::prelude::*;
use serde::Serialize;

use super::args::Args;
use super::names::Names;
use super::source::Texts;
use crate::context::Context;

/// Texts and bytes of texts that a page shows at most.
const SHOWN_TEXTS_MAX: usize = 500;
const SHOWN_BYTES_MAX: usize = 4 << 20;

/// Texts linked before, as lines of JSON.
const LINES: Kind =
    Kind::new("linked texts in JSON lines", |head| Kind::has_json_fields(head, &["text", "lang", "words", "mentions"]));

/// Languages that are named to a reader, the most frequent first.
const LANGUAGES_SHOWN_MAX: usize = 8;

/// A text as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    lang: &'a str,
    words: &'a [Word],
    mentions: Vec<NamedMention<'a>>,
}

#[derive(Serialize)]
struct NamedMention<'a> {
    #[serde(flatten)]
    mention: &'a Mention,
    #[serde(flatten)]
    name: &'a MentionName,
}

/// What was linked.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) texts: u64,
    pub(super) linked: u64,
    pub(super) mentions: u64,
    pub(super) bad: u64,
    /// Texts by language.
    pub(super) languages: BTreeMap<String, u64>,
    /// The first bad rows.
    pub(super) problems: Vec<Problem>,
}

/// Links and writes all texts in their order; also gives the first ones, for a page.
pub(super) fn link(
    args: &Args,
    mut texts: Texts,
    mut names: Names,
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
        for text in annotated(chunk, args, names.annotator) {
            sink.push(&text, &names.of(&text)?)?;
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

fn annotated(chunk: Vec<String>, args: &Args, annotator: &Annotator) -> Vec<AnnotatedText> {
    let annotate = |line: String| {
        let lang = args.lang_of(&line);
        annotator.annotate(line, lang)
    };
    chunk.into_par_iter().map(annotate).collect()
}

impl Counts {
    fn add(&mut self, text: &AnnotatedText) {
        self.texts += 1;
        self.mentions += text.mentions.len() as u64;
        self.linked += u64::from(!text.mentions.is_empty());
        *self.languages.entry(text.lang.as_str().to_owned()).or_default() += 1;
    }

    /// The languages with the number of their texts, for a reader.
    pub(super) fn languages_shown(&self) -> String {
        let mut all: Vec<(&String, u64)> = self.languages.iter().map(|(lang, texts)| (lang, *texts)).collect();
        all.sort_by_key(|(_, texts)| std::cmp::Reverse(*texts));
        let mut shown: Vec<String> =
            all.iter().take(LANGUAGES_SHOWN_MAX).map(|(lang, texts)| format!("{lang} {texts}")).collect();
        if let Some(more) = all.len().checked_sub(LANGUAGES_SHOWN_MAX + 1) {
            shown.push(format!("{} more", more + 1));
        }
        shown.join(", ")
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
            return Ok(Self::Parquet(Box::new(AnnotatedWriter::create_named(path)?)));
        }
        let output = Output::create(path, LINES).with_context(|| path.display().to_string())?;
        Ok(Self::Lines(BufWriter::with_capacity(1 << 16, output)))
    }

    fn push(&mut self, text: &AnnotatedText, names: &[MentionName]) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => writer.push_named(text, names)?,
            Self::Lines(file) => {
                let mentions = text.mentions.iter().zip(names).map(|(mention, name)| NamedMention { mention, name });
                let line = Line {
                    text: &text.text,
                    lang: text.lang.as_str(),
                    words: &text.words,
                    mentions: mentions.collect(),
                };
                // As an error of the system, so that a reader that went away is known as one.
                serde_json::to_writer(&mut *file, &line).map_err(std::io::Error::from)?;
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
