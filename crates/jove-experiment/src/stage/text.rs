//! All text in one place: files, sentences made from the graph, both sides of translation pairs; and what is held out.

use std::collections::BTreeSet;

use jove_core::{Lang, Purpose, Seed};
use jove_corpus::{PairOptions, PairSource, TextOptions, TextSource, read_pairs, read_texts};
use jove_kb::{Patterns, Sentence, verbalize};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::cache::{Key, Leftover, Stage};
use crate::stage::{Work, files_below, kb, write_json, write_lines};

/// Text to train on.
pub(crate) const TRAIN: &str = "train.jsonl";
/// Text for the pseudo-perplexity.
pub(crate) const DEV: &str = "dev.jsonl";
/// Sentences of held-out facts.
pub(crate) const FACTS: &str = "facts.jsonl";
/// Pairs to train on.
pub(crate) const PAIRS: &str = "pairs.jsonl";
/// Pairs for the bitext probe.
pub(crate) const PROBE_PAIRS: &str = "probe-pairs.jsonl";
/// Counts.
pub(crate) const SUMMARY: &str = "summary.json";

/// A text and its language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TextRecord {
    pub(crate) text: String,
    pub(crate) lang: Lang,
}

/// A sentence and its translation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PairRecord {
    pub(crate) texts: [String; 2],
    pub(crate) langs: [Lang; 2],
}

/// What was gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Texts from files.
    pub(crate) from_files: u64,
    /// Sentences made from facts.
    pub(crate) from_facts: u64,
    /// Sides of pairs.
    pub(crate) from_pairs: u64,
    /// Sentences of held-out facts.
    pub(crate) held_out_sentences: u64,
    /// Pairs to train on.
    pub(crate) pairs: u64,
    /// Pairs of the bitext probe.
    pub(crate) probe_pairs: u64,
    /// Repeated texts that were left out.
    pub(crate) duplicates: u64,
    /// Bad lines, kept in the reject file.
    pub(crate) rejected: u64,
}

/// Gathers all text.
pub(crate) fn gather(work: &Work<'_>, base: &Stage) -> Result<Stage> {
    let file = &work.run.file;
    let mut inputs = Vec::new();
    for path in file.text.sources.iter().map(|source| &source.path).chain(pair_paths(work)) {
        inputs.extend(files_below(&work.run.data(path))?);
    }
    if let Some(verbalize) = &file.verbalize {
        inputs.extend(files_below(&work.run.folder.join(&verbalize.patterns))?);
    }
    let contents = Key::of_files(&inputs)?;
    let key = Key::new("text", &(&file.text, &file.pairs, &file.verbalize), &[&base.key, &contents]);
    work.cache.stage("text", key, Leftover::Discard, |folder| {
        let mut gathered = Gathered::default();
        gathered.read_texts(work)?;
        gathered.read_pairs(work)?;
        gathered.verbalize(work, base)?;
        gathered.split(file.text.held_out);
        gathered.write(folder)
    })
}

fn pair_paths<'a>(work: &'a Work<'_>) -> impl Iterator<Item = &'a std::path::PathBuf> {
    let pairs = &work.run.file.pairs;
    pairs.train.iter().chain(&pairs.probe).map(|source| &source.path)
}

/// Text on its way into the stage.
#[derive(Default)]
struct Gathered {
    train: Vec<TextRecord>,
    dev: Vec<TextRecord>,
    facts: Vec<Sentence>,
    pairs: Vec<PairRecord>,
    probe_pairs: Vec<PairRecord>,
    summary: Summary,
}

impl Gathered {
    fn read_texts(&mut self, work: &Work<'_>) -> Result<()> {
        let settings = &work.run.file.text;
        if settings.sources.is_empty() {
            return Ok(());
        }
        let source = |source: &TextSource| TextSource { path: work.run.data(&source.path), ..source.clone() };
        let options = TextOptions {
            sources: settings.sources.iter().map(source).collect(),
            clean: settings.clean.clone(),
            max_bad: settings.max_bad,
            reject_file: Some(work.rejects("text")?),
        };
        let report = read_texts(&options, work.progress, |clean| -> Result<()> {
            self.train.push(TextRecord { text: clean.text, lang: clean.lang });
            Ok(())
        })?;
        self.summary.from_files = report.kept;
        self.summary.duplicates += report.duplicates + report.near_duplicates;
        self.summary.rejected += report.rejected;
        Ok(())
    }

    fn read_pairs(&mut self, work: &Work<'_>) -> Result<()> {
        let settings = &work.run.file.pairs;
        self.pairs = self.pairs_of(work, &settings.train, "pairs")?;
        self.probe_pairs = self.pairs_of(work, &settings.probe, "probe-pairs")?;
        let asked: BTreeSet<&String> = self.probe_pairs.iter().flat_map(|pair| &pair.texts).collect();
        // A sentence that the probe asks for may not be learnt from.
        self.pairs.retain(|pair| pair.texts.iter().all(|text| !asked.contains(text)));
        for pair in &self.pairs {
            for (text, lang) in pair.texts.iter().zip(pair.langs) {
                self.train.push(TextRecord { text: text.clone(), lang });
            }
        }
        self.summary.from_pairs = 2 * self.pairs.len() as u64;
        Ok(())
    }

    fn pairs_of(&mut self, work: &Work<'_>, sources: &[PairSource], name: &str) -> Result<Vec<PairRecord>> {
        let mut pairs = Vec::new();
        if sources.is_empty() {
            return Ok(pairs);
        }
        let source = |source: &PairSource| PairSource { path: work.run.data(&source.path), ..source.clone() };
        let options = PairOptions {
            sources: sources.iter().map(source).collect(),
            max_bad: work.run.file.pairs.max_bad,
            reject_file: Some(work.rejects(name)?),
            ..PairOptions::default()
        };
        let report = read_pairs(&options, work.progress, |pair| -> Result<()> {
            pairs.push(PairRecord { texts: pair.texts, langs: pair.langs });
            Ok(())
        })?;
        self.summary.duplicates += report.duplicates;
        self.summary.rejected += report.rejected;
        Ok(pairs)
    }

    /// Sentences from facts; those of held-out facts only ask, they do not teach.
    fn verbalize(&mut self, work: &Work<'_>, base: &Stage) -> Result<()> {
        let Some(settings) = &work.run.file.verbalize else { return Ok(()) };
        let patterns = Patterns::read(&work.run.folder.join(&settings.patterns))?;
        let sentences = verbalize(&kb::open(base)?, &patterns, &settings.sentences)?;
        self.summary.from_facts = sentences.train.len() as u64;
        self.train.extend(sentences.train.into_iter().map(|s| TextRecord { text: s.text, lang: s.lang }));
        self.facts = sentences.held_out;
        Ok(())
    }

    /// Moves a share of the texts to the held-out side, each by its own draw.
    fn split(&mut self, held_out: f64) {
        let all = std::mem::take(&mut self.train);
        for (index, record) in all.into_iter().enumerate() {
            let draw: f64 = Seed(0).rng(Purpose::Split, 1, index as u64).random();
            if draw < held_out { self.dev.push(record) } else { self.train.push(record) }
        }
    }

    fn write(mut self, folder: &std::path::Path) -> Result<()> {
        write_lines(&folder.join(TRAIN), &self.train)?;
        write_lines(&folder.join(DEV), &self.dev)?;
        self.summary.held_out_sentences = write_lines(&folder.join(FACTS), &self.facts)?;
        self.summary.pairs = write_lines(&folder.join(PAIRS), &self.pairs)?;
        self.summary.probe_pairs = write_lines(&folder.join(PROBE_PAIRS), &self.probe_pairs)?;
        write_json(&folder.join(SUMMARY), &self.summary)
    }
}
