//! From annotated text and pairs to token shards.

use std::collections::BTreeMap;

use jove_core::{AnnotatedText, Layout, TokenizedText};
use jove_corpus::{AnnotatedReader, PairWriter, ShardWriter, Tokenizer};
use jove_trainer::TextWeights;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_json, read_lines, write_json};
use crate::stage::text::PairRecord;
use crate::stage::{StageContext, annotate, tokenizer};
use crate::text_sources::TextSources;

/// Training text as tokens.
pub(crate) const TRAIN: &str = "train.arrow";
/// Held-out text as tokens.
pub(crate) const DEV: &str = "dev.arrow";
/// Training pairs as tokens.
pub(crate) const PAIRS: &str = "pairs.arrow";
/// How often each training text is read.
pub(crate) const WEIGHTS: &str = "weights.json";
/// Where each training text is from.
pub(crate) const SOURCES: &str = "sources.json";
/// Counts.
pub(crate) const SUMMARY: &str = "summary.json";

/// Texts that are tokenised at once.
const CHUNK: usize = 2048;

/// What was tokenised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Training texts.
    pub(crate) texts: u64,
    /// Their tokens.
    pub(crate) tokens: u64,
    /// Their tokens that the vocabulary does not know.
    pub(crate) unknown: u64,
    /// Tokens and unknown ones of every language, by its tag.
    pub(crate) languages: BTreeMap<String, Known>,
    /// Training pairs.
    pub(crate) pairs: u64,
}

/// How much of a language's training text the vocabulary knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Tokens.
    pub(crate) tokens: u64,
    /// Those of them that are unknown.
    pub(crate) unknown: u64,
}

impl Known {
    /// The share of unknown tokens, from 0 to 1.
    pub(crate) fn unknown_share(self) -> f64 {
        self.unknown as f64 / self.tokens.max(1) as f64
    }
}

/// A language with more unknown tokens than this is warned about.
const UNKNOWN_SHARE_MAX: f64 = 0.01;

/// Tokenises all text for one layout; `pairs` is the stage of the annotated text as the graph gave it, with the pairs.
pub(crate) fn shards(
    work: &StageContext<'_>,
    layout: Layout,
    vocabulary: &Stage,
    annotated: &Stage,
    pairs: &Stage,
) -> Result<Stage> {
    let key = Key::new("shards", &layout, &[&vocabulary.key, &annotated.key, &pairs.key]);
    work.cache.stage("shards", key, Leftover::Discard, |folder| {
        let tokenizer = tokenizer::open(vocabulary)?;
        let mut summary = Summary::default();
        let unknown = tokenizer.specials().unknown;

        let mut train = ShardWriter::create(&folder.join(TRAIN))?;
        let (given, mut weights): (TextWeights, _) = (read_json(annotated, annotate::WEIGHTS)?, TextWeights::default());
        let mut given = given.iter();
        let (origins, mut sources): (TextSources, _) =
            (read_json(annotated, annotate::SOURCES)?, TextSources::default());
        let mut origins = origins.iter();
        each(work, &tokenizer, annotated, annotate::TRAIN, |tokenized| {
            let (weight, origin) = (given.next().unwrap_or(1.0), origins.next());
            if tokenized.tokens.is_empty() {
                return Ok(());
            }
            weights.push(weight);
            if let Some(origin) = origin {
                sources.push(origin);
            }
            let known = summary.languages.entry(tokenized.lang.to_string()).or_default();
            known.tokens += tokenized.tokens.len() as u64;
            known.unknown += tokenized.tokens.iter().filter(|&&token| token == unknown).count() as u64;
            Ok(train.push(tokenized)?)
        })?;
        summary.tokens = summary.languages.values().map(|known| known.tokens).sum();
        summary.unknown = summary.languages.values().map(|known| known.unknown).sum();
        warn_unknown(&summary.languages, layout);
        summary.texts = train.finish()?;
        write_json(&folder.join(WEIGHTS), &weights)?;
        write_json(&folder.join(SOURCES), &sources)?;
        let mut dev = ShardWriter::create(&folder.join(DEV))?;
        each(work, &tokenizer, annotated, annotate::DEV, |tokenized| {
            if tokenized.tokens.is_empty() { Ok(()) } else { Ok(dev.push(tokenized)?) }
        })?;
        dev.finish()?;
        summary.pairs = cut_pairs(&tokenizer, pairs, folder)?;
        write_json(&folder.join(SUMMARY), &summary)
    })
}

fn warn_unknown(languages: &BTreeMap<String, Known>, layout: Layout) {
    for (lang, known) in languages {
        let share = known.unknown_share();
        if share > UNKNOWN_SHARE_MAX {
            tracing::warn!(
                "the vocabulary of the {layout} layout doesn't know {:.1}% of the tokens in `{lang}` ({} of {}); a larger one \
                 (tokenizers.*.size), or one that was made for the language, may know more",
                100.0 * share,
                known.unknown,
                known.tokens
            );
        }
    }
}

fn each(
    work: &StageContext<'_>,
    tokenizer: &Tokenizer,
    annotated: &Stage,
    name: &str,
    mut visit: impl FnMut(&TokenizedText) -> Result<()>,
) -> Result<()> {
    let mut reader = AnnotatedReader::open(&annotated.file(name))?;
    work.progress.begin("cut text into tokens", Some(reader.len() as u64), "texts");
    loop {
        work.check()?;
        let chunk: Vec<AnnotatedText> = reader.by_ref().take(CHUNK).collect::<Result<_, _>>()?;
        if chunk.is_empty() {
            break;
        }
        let tokenized: Vec<TokenizedText> =
            chunk.par_iter().map(|text| tokenizer.encode(text)).collect::<Result<_, _>>()?;
        tokenized.iter().try_for_each(&mut visit)?;
        work.progress.advance(chunk.len() as u64);
    }
    work.progress.end();
    Ok(())
}

fn cut_pairs(tokenizer: &Tokenizer, pairs: &Stage, folder: &std::path::Path) -> Result<u64> {
    let mut writer = PairWriter::create(&folder.join(PAIRS))?;
    let side = |text: &str, lang| -> Result<TokenizedText, Error> {
        let text = AnnotatedText { text: text.to_owned(), lang, words: Vec::new(), mentions: Vec::new() };
        Ok(tokenizer.encode(&text)?)
    };
    for pair in read_lines::<PairRecord>(&pairs.file(annotate::PAIRS))? {
        let (left, right) = (side(&pair.texts[0], pair.langs[0])?, side(&pair.texts[1], pair.langs[1])?);
        if !left.tokens.is_empty() && !right.tokens.is_empty() {
            writer.push(&left, &right)?;
        }
    }
    Ok(writer.finish()?)
}
