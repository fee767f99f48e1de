//! Checks that training data contain no item of a probe, independently and after everything is split.

use jove_corpus::AnnotatedReader;
use jove_kb::{Kb, Sentence};
use serde::{Deserialize, Serialize};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_lines, write_json};
use crate::held_out::descriptions::DescriptionFilter;
use crate::held_out::facts::{Ends, HeldOutFacts, reveals};
use crate::held_out::sentences::HeldOutSentences;
use crate::knowledge::descriptions::Describer;
use crate::prepared::Prepared;
use crate::stage::text::{self, PairRecord, TatoebaRecord, TextRecord};
use crate::stage::{StageContext, annotate, kb};

/// Counts of what was checked.
pub(crate) const SUMMARY: &str = "summary.json";

/// Counts of what was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Sentences that may not be trained on.
    pub(crate) sentences: u64,
    /// Held-out facts, as pairs of entities.
    pub(crate) facts: u64,
    /// Training texts.
    pub(crate) texts: u64,
    /// Translation pairs.
    pub(crate) pairs: u64,
    /// Descriptions of entities.
    pub(crate) descriptions: u64,
}

/// Stops the run where training text, pairs or descriptions contain an item of a probe: a sentence of the bitext probes, of a
/// held-out fact or of the held-out text; or both ends of a held-out fact, linked in one text or named by a description.
/// The vocabulary is trained on the same text.
///
/// # Errors
/// `Error::Leak` with the item and its place.
pub(crate) fn check(work: &StageContext<'_>, prepared: &Prepared) -> Result<Stage> {
    let Prepared { base, text, annotated, languages, .. } = prepared;
    let settings = &work.run.file.describe;
    let key = Key::new("leaks", &(settings, languages), &[&base.key, &text.key, &annotated.key]);
    work.cache.stage("leaks", key, Leftover::Discard, |folder| {
        let (kb, facts) = (kb::open(base)?, HeldOutFacts::read(&text.file(text::FACTS))?);
        let held_out = held_out(text)?;
        let mut summary = Summary { sentences: held_out.len() as u64, facts: facts.len() as u64, ..Summary::default() };
        work.progress.begin("look for leaks", None, "texts");
        for text in AnnotatedReader::open(&annotated.file(annotate::TRAIN))? {
            work.check()?;
            let text = text?;
            sentences(&held_out, &text.text, "the training text")?;
            if let Some(ends) = reveals(&text.mentions.iter().map(|mention| mention.entity).collect(), &facts) {
                return Err(revealed(&kb, ends, &format!("the training text, as `{}`", text.text))?);
            }
            summary.texts += 1;
            work.progress.advance(1);
        }
        for pair in read_lines::<PairRecord>(&annotated.file(annotate::PAIRS))? {
            pair.texts.iter().try_for_each(|side| sentences(&held_out, side, "the translation pairs"))?;
            summary.pairs += 1;
        }
        let filter = DescriptionFilter::new(&kb, &facts)?;
        let describer = Describer { kb: &kb, facts: &facts, languages };
        for &lang in languages {
            for described in describer.described(lang, settings)? {
                if let Some(ends) = filter.revealed(described.entity, &described.text) {
                    return Err(revealed(&kb, ends, &format!("a description, `{}`", described.text))?);
                }
                summary.descriptions += 1;
            }
        }
        work.progress.end();
        write_json(&folder.join(SUMMARY), &summary)
    })
}

/// Every sentence of a probe.
fn held_out(text: &Stage) -> Result<HeldOutSentences> {
    let mut held_out = HeldOutSentences::default();
    for pair in read_lines::<PairRecord>(&text.file(text::PROBE_PAIRS))? {
        pair.texts.iter().for_each(|side| held_out.insert("bitext", side));
    }
    for record in read_lines::<TatoebaRecord>(&text.file(text::TATOEBA))? {
        record.texts.iter().for_each(|side| held_out.insert("Tatoeba", side));
    }
    for sentence in read_lines::<Sentence>(&text.file(text::FACTS))? {
        held_out.insert("relation cloze", &sentence.text);
    }
    for record in read_lines::<TextRecord>(&text.file(text::DEV))? {
        held_out.insert("pseudo-perplexity", &record.text);
    }
    Ok(held_out)
}

fn sentences(held_out: &HeldOutSentences, text: &str, place: &str) -> Result<()> {
    let Some((probe, item)) = held_out.found_in(text) else { return Ok(()) };
    Err(leak(probe, format!("`{item}`"), format!("{place}, as `{text}`")))
}

fn revealed(kb: &Kb, (subject, object): Ends, place: &str) -> Result<Error> {
    let item = format!("what relates `{}` to `{}`", kb.key(subject)?, kb.key(object)?);
    Ok(leak("relation cloze", item, place.to_owned()))
}

fn leak(probe: &str, item: String, place: String) -> Error {
    let hint =
        "take it out of the data, or of the probe; if it should have been left out by itself, that is a fault of \
                this program: please report it"
            .to_owned();
    Error::Leak { probe: probe.to_owned(), item, place, hint }
}
