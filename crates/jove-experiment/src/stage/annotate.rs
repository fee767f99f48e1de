//! From text to text with words and links, without texts that reveal held-out facts.

use std::collections::BTreeSet;
use std::path::Path;

use jove_core::{AnnotatedText, EntityId, Lang};
use jove_corpus::{AnnotatedReader, AnnotatedWriter};
use jove_linker::Annotator;
use jove_trainer::TextWeights;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_lines, write_json, write_lines};
use crate::held_out::facts::{HeldOutFacts, reveals};
use crate::held_out::sentences::HeldOutSentences;
use crate::linking;
use crate::stage::text::{PairRecord, Source, TextRecord};
use crate::stage::{StageContext, kb};
use crate::text_sources::TextSources;

/// The annotated training text in its stage.
pub(crate) const TRAIN: &str = "train.parquet";
/// The annotated held-out text.
pub(crate) const DEV: &str = "dev.parquet";
/// Annotated text from files and pairs that no variant is trained on: the items of the probes of text.
pub(crate) const PROBE_TEXT: &str = "probe-text.parquet";
/// Training pairs, without those that reveal a held-out fact.
pub(crate) const PAIRS: &str = "pairs.jsonl";
/// How often each training text is read.
pub(crate) const WEIGHTS: &str = "weights.json";
/// Where each training text is from.
pub(crate) const SOURCES: &str = "sources.json";
/// Counts.
pub(crate) const SUMMARY: &str = "summary.json";

/// Texts annotated between two checks for cancellation.
const CHUNK: usize = 2048;

/// What linking found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Training texts that were kept.
    pub(crate) texts: u64,
    /// Links in them.
    pub(crate) links: u64,
    /// Different entities linked.
    pub(crate) entities: u64,
    /// Texts left out because they name both ends of a held-out fact.
    pub(crate) withheld: u64,
    /// Held-out texts for the pseudo-perplexity.
    pub(crate) dev_texts: u64,
    /// Translation pairs that were kept.
    pub(crate) pairs: u64,
    /// Translation pairs left out because they name both ends of a held-out fact.
    pub(crate) withheld_pairs: u64,
}

/// Annotates all text.
pub(crate) fn annotate(work: &StageContext<'_>, base: &Stage, text: &Stage) -> Result<Stage> {
    let file = &work.run.file;
    let key = Key::new("annotate", &(&file.link, &file.tagger), &[&base.key, &text.key]);
    work.cache.stage("annotate", key, Leftover::Discard, |folder| {
        let texts = read_lines::<TextRecord>(&text.file(super::text::TRAIN))?;
        let annotator = annotator(work, base, &texts)?;
        let facts = HeldOutFacts::read(&text.file(super::text::FACTS))?;
        let mut summary = Summary::default();
        let mut linked = BTreeSet::new();

        let mut train = AnnotatedWriter::create(&folder.join(TRAIN))?;
        let (mut withheld, mut weights, mut sources) = (Vec::new(), TextWeights::default(), TextSources::default());
        each(work, "link training text", &annotator, &texts, |annotated, record| {
            if reveals(&named(&annotator, &annotated), &facts).is_some() {
                summary.withheld += 1;
                if record.source != Source::Fact {
                    withheld.push(annotated);
                }
                return Ok(());
            }
            weights.push(record.weight);
            sources.push(record.source);
            summary.links += annotated.mentions.len() as u64;
            linked.extend(annotated.mentions.iter().map(|mention| mention.entity));
            Ok(train.push(&annotated)?)
        })?;
        summary.texts = train.finish()?;
        write_json(&folder.join(WEIGHTS), &weights)?;
        write_json(&folder.join(SOURCES), &sources)?;
        summary.entities = linked.len() as u64;

        let mut probe_text = AnnotatedWriter::create(&folder.join(PROBE_TEXT))?;
        unseen(withheld, &folder.join(TRAIN))?.iter().try_for_each(|text| probe_text.push(text))?;
        let mut dev = AnnotatedWriter::create(&folder.join(DEV))?;
        let held_out = read_lines(&text.file(super::text::DEV))?;
        each(work, "link held-out text", &annotator, &held_out, |annotated, record| {
            if record.source != Source::Fact {
                probe_text.push(&annotated)?;
            }
            Ok(dev.push(&annotated)?)
        })?;
        summary.dev_texts = dev.finish()?;
        probe_text.finish()?;

        let pairs = pairs(work, &annotator, &facts, text)?;
        summary.withheld_pairs = pairs.1;
        summary.pairs = write_lines(&folder.join(PAIRS), pairs.0)?;

        check(&summary, !file.kb.sources.is_empty())?;
        write_json(&folder.join(SUMMARY), &summary)
    })
}

/// The annotator over the knowledge base, with alias statistics of the training text.
pub(crate) fn annotator(work: &StageContext<'_>, base: &Stage, texts: &[TextRecord]) -> Result<Annotator> {
    work.progress.begin("learn alias statistics", None, "texts");
    let corpus: Vec<(&str, Lang)> = texts.iter().map(|record| (record.text.as_str(), record.lang)).collect();
    let file = &work.run.file;
    let annotator = linking::annotator(&kb::open(base)?, &file.link, &file.tagger, &corpus)?;
    work.progress.end();
    Ok(annotator)
}

/// Annotates texts in their order.
pub(crate) fn each(
    work: &StageContext<'_>,
    task: &str,
    annotator: &Annotator,
    texts: &[TextRecord],
    mut visit: impl FnMut(AnnotatedText, &TextRecord) -> Result<()>,
) -> Result<()> {
    work.progress.begin(task, Some(texts.len() as u64), "texts");
    for chunk in texts.chunks(CHUNK) {
        work.check()?;
        let annotated: Vec<AnnotatedText> =
            chunk.par_iter().map(|record| annotator.annotate(record.text.clone(), record.lang)).collect();
        annotated.into_iter().zip(chunk).try_for_each(|(text, record)| visit(text, record))?;
        work.progress.advance(chunk.len() as u64);
    }
    work.progress.end();
    Ok(())
}

/// The entities that the names of a text may mean, linked or not.
pub(crate) fn named(annotator: &Annotator, text: &AnnotatedText) -> BTreeSet<EntityId> {
    annotator.linker.named(text).into_iter().collect()
}

/// The withheld texts that no longer training text contains: inside one, their names may have been read differently.
fn unseen(withheld: Vec<AnnotatedText>, train: &Path) -> Result<Vec<AnnotatedText>> {
    let mut held_out = HeldOutSentences::default();
    for text in &withheld {
        held_out.insert("entity cloze", &text.text);
    }
    let mut seen = BTreeSet::new();
    for text in AnnotatedReader::open(train)? {
        seen.extend(held_out.all_in(&text?.text).into_iter().map(|(_, item)| item.to_owned()));
    }
    Ok(withheld.into_iter().filter(|text| !seen.contains(&text.text)).collect())
}

/// The training pairs of which the two sides together do not name both ends of a held-out fact, and how many do.
fn pairs(
    work: &StageContext<'_>,
    annotator: &Annotator,
    facts: &HeldOutFacts,
    text: &Stage,
) -> Result<(Vec<PairRecord>, u64)> {
    let pairs: Vec<PairRecord> = read_lines(&text.file(super::text::PAIRS))?;
    work.progress.begin("check pairs", Some(pairs.len() as u64), "pairs");
    let leaks = |pair: &PairRecord| {
        let sides = pair.texts.iter().zip(pair.langs);
        let named = sides.flat_map(|(text, lang)| named(annotator, &annotator.annotate(text.clone(), lang)));
        reveals(&named.collect(), facts).is_some()
    };
    let mut kept = Vec::new();
    let mut withheld = 0;
    for chunk in pairs.chunks(CHUNK) {
        work.check()?;
        let leaking: Vec<bool> = chunk.par_iter().map(leaks).collect();
        withheld += leaking.iter().filter(|leaks| **leaks).count() as u64;
        kept.extend(chunk.iter().zip(leaking).filter(|(_, leaks)| !leaks).map(|(pair, _)| pair.clone()));
        work.progress.advance(chunk.len() as u64);
    }
    work.progress.end();
    Ok((kept, withheld))
}

fn check(summary: &Summary, has_graph: bool) -> Result<()> {
    if summary.texts == 0 {
        return Err(Error::Data {
            what: format!("no text is left to train on; {} were left out with held-out facts", summary.withheld),
            hint: "add text under [text], or hold out fewer facts with verbalize.sentences.held-out-fraction"
                .to_owned(),
        });
    }
    if summary.links == 0 && has_graph {
        return Err(Error::Data {
            what: format!("none of {} texts names an entity of the graph", summary.texts),
            hint: "check that the graph's names are in the text's language (`jove kb search`), and the settings under [link]"
                .to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_links_is_refused() {
        let unlinked = check(&Summary { texts: 5, ..Summary::default() }, true).unwrap_err();
        assert!(unlinked.to_string().contains("none of 5 texts"), "{unlinked}");
        let empty = check(&Summary { withheld: 3, ..Summary::default() }, false).unwrap_err();
        check(&Summary { texts: 5, ..Summary::default() }, false).unwrap();
        assert!(empty.to_string().contains("no text is left"), "{empty}");
    }
}
