//! Controls: the same training text with less of the graph, or a wrong one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jove_core::{AnnotatedText, EntityId};
use jove_corpus::{AnnotatedReader, AnnotatedWriter};
use jove_linker::Tagger;
use jove_trainer::TextWeights;

use crate::cache::{Key, Leftover, Stage};
use crate::error::Result;
use crate::files::{read_json, write_json};
use crate::knowledge::shuffle::{shuffled, too_small};
use crate::run_file::{Graph, GraphText};
use crate::stage::shuffled_sentences::{SENTENCES, shuffled_sentences};
use crate::stage::text::Source;
use crate::stage::{StageContext, annotate};
use crate::text_sources::TextSources;
use crate::variant::GraphUse;

/// The annotated text with what `graph` says: that of `annotated` itself for [`GraphUse::TRUE`]. Held-out text has all its
/// sentences, whatever a variant trains on.
pub(crate) fn control(
    work: &StageContext<'_>,
    graph: GraphUse,
    base: &Stage,
    text: &Stage,
    annotated: &Stage,
) -> Result<Stage> {
    let name = match (graph.links, graph.sentences) {
        (Graph::Full, GraphText::Graph) => return Ok(annotated.clone()),
        (Graph::Full, GraphText::Off) => "control-links-alone",
        (Graph::Full, GraphText::Shuffled) => "control-shuffled-sentences-linked",
        (Graph::Shuffled, GraphText::Graph) => "control-links-shuffled",
        (Graph::Shuffled, GraphText::Off) => "control-shuffled-links-alone",
        (Graph::Shuffled, GraphText::Shuffled) => "control-graph-shuffled",
        (Graph::Off, GraphText::Graph) => "control-sentences",
        (Graph::Off, GraphText::Off) => "control-text-only",
        (Graph::Off, GraphText::Shuffled) => "control-shuffled-sentences",
    };
    let settings = work.run.file.verbalize.as_ref().filter(|_| graph.sentences == GraphText::Shuffled);
    let wrong = settings.map(|settings| shuffled_sentences(work, settings, base, text)).transpose()?;
    let weight = settings.map_or(1.0, |settings| settings.weight);
    let mut inputs = vec![&annotated.key];
    inputs.extend(wrong.as_ref().map(|stage| &stage.key));
    let key = Key::new(name, &(&work.run.file.tagger, weight), &inputs);
    work.cache.stage(name, key, Leftover::Discard, |folder| {
        let control = Control { work, graph, annotated, wrong: wrong.as_ref(), weight };
        control.write(folder)
    })
}

/// What a control is made from.
struct Control<'a> {
    work: &'a StageContext<'a>,
    graph: GraphUse,
    annotated: &'a Stage,
    /// Sentences of wrong facts, in place of those of the graph.
    wrong: Option<&'a Stage>,
    /// How often one of these is read.
    weight: f64,
}

/// A training text, where it is from and how often it is read.
type Row = (AnnotatedText, Source, f64);

impl Control<'_> {
    fn write(&self, folder: &Path) -> Result<()> {
        let change = self.change()?;
        let (mut weights, mut sources) = (TextWeights::default(), TextSources::default());
        let mut train = AnnotatedWriter::create(&folder.join(annotate::TRAIN))?;
        self.work.progress.begin("make a control", None, "texts");
        for row in self.rows()? {
            self.work.check()?;
            let (text, source, weight) = row?;
            train.push(&change.apply(text))?;
            weights.push(weight);
            sources.push(source);
            self.work.progress.advance(1);
        }
        let texts = train.finish()?;
        let mut dev = AnnotatedWriter::create(&folder.join(annotate::DEV))?;
        for text in AnnotatedReader::open(&self.annotated.file(annotate::DEV))? {
            dev.push(&change.apply(text?))?;
        }
        dev.finish()?;
        self.work.progress.end();
        write_json(&folder.join(annotate::WEIGHTS), &weights)?;
        write_json(&folder.join(annotate::SOURCES), &sources)?;
        write_json(&folder.join(annotate::SUMMARY), &texts)
    }

    /// The training texts before their links are changed: wrong sentences where the graph's were, then all others.
    fn rows(&self) -> Result<impl Iterator<Item = Result<Row>>> {
        let weights: TextWeights = read_json(self.annotated, annotate::WEIGHTS)?;
        let sources: TextSources = read_json(self.annotated, annotate::SOURCES)?;
        let origins: Vec<(Source, f64)> = sources.iter().zip(weights.iter()).collect();
        let texts = AnnotatedReader::open(&self.annotated.file(annotate::TRAIN))?;
        let keeps_sentences = self.graph.sentences == GraphText::Graph;
        let kept = texts.zip(origins).filter(move |(_, (source, _))| keeps_sentences || *source != Source::Fact);
        let wrong = self.wrong.map(|stage| AnnotatedReader::open(&stage.file(SENTENCES))).transpose()?;
        let weight = self.weight;
        let wrong = wrong.into_iter().flatten().map(move |text| Ok((text?, Source::Fact, weight)));
        Ok(wrong.chain(kept.map(|(text, (source, weight))| Ok((text?, source, weight)))))
    }

    fn change(&self) -> Result<Change> {
        match self.graph.links {
            Graph::Full => Ok(Change::Nothing),
            Graph::Off => Ok(Change::Forget(Box::new(Tagger::new(&self.work.run.file.tagger, [])?))),
            Graph::Shuffled => {
                let mut linked = BTreeSet::new();
                let entities = |text: AnnotatedText| text.mentions.into_iter().map(|mention| mention.entity);
                for row in self.rows()? {
                    linked.extend(entities(row?.0));
                }
                for text in AnnotatedReader::open(&self.annotated.file(annotate::DEV))? {
                    linked.extend(entities(text?));
                }
                shuffled(linked).map(Change::Rebind).ok_or_else(|| too_small("text names fewer than two entities"))
            }
        }
    }
}

/// What is done to the links of every text.
enum Change {
    Nothing,
    /// Exchanges entities.
    Rebind(BTreeMap<EntityId, EntityId>),
    /// Drops links, and cuts words anew without the graph's names.
    Forget(Box<Tagger>),
}

impl Change {
    fn apply(&self, mut text: AnnotatedText) -> AnnotatedText {
        match self {
            Self::Nothing => {}
            Self::Rebind(partner) => {
                for mention in &mut text.mentions {
                    mention.entity = partner[&mention.entity];
                }
            }
            Self::Forget(tagger) => {
                text.mentions.clear();
                text.words = tagger.tag(&text.text, text.lang);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use jove_core::{ByteSpan, Lang, Mention};

    use super::*;

    #[test]
    fn spans_stay_where_names_are_bound_to_others() {
        let mention = |entity| Mention { span: ByteSpan::new(0, 6), entity: EntityId(entity), score: 0.9 };
        let text = AnnotatedText {
            text: "法国很大".into(),
            lang: Lang::ZH,
            words: Vec::new(),
            mentions: vec![mention(1), mention(2)],
        };
        let change = Change::Rebind(shuffled([EntityId(1), EntityId(2)].into()).unwrap());
        let changed = change.apply(text.clone());
        assert_eq!(changed.mentions, [mention(2), mention(1)]);
        assert_eq!((&changed.text, &changed.words), (&text.text, &text.words));
    }
}
