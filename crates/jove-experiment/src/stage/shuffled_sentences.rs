//! Sentences of wrong facts, with words and links: for controls, in place of the sentences made from the graph.

use std::collections::HashSet;

use jove_core::{Purpose, Seed};
use jove_corpus::AnnotatedWriter;
use jove_kb::{Patterns, Sentence, verbalize_shuffled};
use rand::RngExt as _;
use serde::Serialize;

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_lines, write_json};
use crate::held_out::facts::{HeldOutFacts, reveals};
use crate::held_out::sentences::HeldOutSentences;
use crate::run_file::VerbalizeSettings;
use crate::stage::text::{PairRecord, Source, TatoebaRecord, TextRecord};
use crate::stage::{StageContext, annotate, kb, text};

/// The sentences in their stage.
pub(crate) const SENTENCES: &str = "sentences.parquet";
/// The draw belongs to all seeds of a run.
const SEED: Seed = Seed(0);
/// Its stream of [`Purpose::Split`]; texts have the first ones.
const STREAM: u64 = 3;
/// Counts.
const SUMMARY: &str = "summary.json";

/// What was written.
#[derive(Clone, Debug, Default, Serialize)]
struct Summary {
    /// Sentences.
    sentences: u64,
    /// Sentences left out because they name both ends of a held-out fact.
    withheld: u64,
    /// Sentences left out because they read as a true one, or as one of a probe.
    true_ones: u64,
}

/// Writes the sentences of the training facts again, each with the object of another fact of its relation, and links them.
pub(crate) fn shuffled_sentences(
    work: &StageContext<'_>,
    settings: &VerbalizeSettings,
    base: &Stage,
    text: &Stage,
) -> Result<Stage> {
    let file = &work.run.file;
    let key = Key::new("shuffled-sentences", &(settings, &file.link, &file.tagger), &[&base.key, &text.key]);
    work.cache.stage("shuffled-sentences", key, Leftover::Discard, |folder| {
        let patterns = Patterns::read(&work.run.folder.join(&settings.patterns))?;
        let wrong = verbalize_shuffled(&kb::open(base)?, &patterns, &settings.sentences)?;
        let told: Vec<TextRecord> = read_lines(&text.file(text::TRAIN))?;
        let annotator = annotate::annotator(work, base, &told)?;
        let (facts, known) = (HeldOutFacts::read(&text.file(text::FACTS))?, Known::read(text, told)?);
        let mut summary = Summary::default();
        let record =
            |s: Sentence| TextRecord { text: s.text, lang: s.lang, source: Source::Fact, weight: 1.0, domain: None };
        // As large a share as that of the true ones that is held out of training.
        let share = file.text.held_out;
        let kept = |index: u64| SEED.rng(Purpose::Split, STREAM, index).random::<f64>() >= share;
        let numbered = (0..).zip(wrong).filter(|(index, _)| kept(*index));
        let records: Vec<TextRecord> = numbered.map(|(_, sentence)| record(sentence)).collect();
        let mut writer = AnnotatedWriter::create(&folder.join(SENTENCES))?;
        annotate::each(work, "link shuffled sentences", &annotator, &records, |annotated, record| {
            if known.holds(&record.text) {
                summary.true_ones += 1;
            } else if reveals(&annotate::named(&annotator, &annotated), &facts).is_some() {
                summary.withheld += 1;
            } else {
                writer.push(&annotated)?;
            }
            Ok(())
        })?;
        summary.sentences = writer.finish()?;
        if summary.sentences == 0 {
            return Err(Error::Data {
                what: "no wrong sentence can be made: every object of a relation belongs to each of its subjects"
                    .to_owned(),
                hint: "switch these controls off with ablation.sentence-controls = false, or add facts".to_owned(),
            });
        }
        write_json(&folder.join(SUMMARY), &summary)
    })
}

/// What a wrong sentence may not read as.
struct Known {
    /// Sentences of the graph.
    told: HashSet<String>,
    /// Sentences of probes.
    probed: HeldOutSentences,
}

impl Known {
    fn read(text: &Stage, told: Vec<TextRecord>) -> Result<Self> {
        let told = told.into_iter().filter(|record| record.source == Source::Fact).map(|record| record.text);
        let mut probed = HeldOutSentences::default();
        for sentence in read_lines::<Sentence>(&text.file(text::FACTS))? {
            probed.insert("relation cloze", &sentence.text);
        }
        for record in read_lines::<TextRecord>(&text.file(text::DEV))? {
            probed.insert("pseudo-perplexity", &record.text);
        }
        for pair in read_lines::<PairRecord>(&text.file(text::PROBE_PAIRS))? {
            pair.texts.iter().for_each(|side| probed.insert("bitext", side));
        }
        for record in read_lines::<TatoebaRecord>(&text.file(text::TATOEBA))? {
            record.texts.iter().for_each(|side| probed.insert("Tatoeba", side));
        }
        Ok(Self { told: told.collect(), probed })
    }

    fn holds(&self, text: &str) -> bool {
        self.told.contains(text) || self.probed.found_in(text).is_some()
    }
}
