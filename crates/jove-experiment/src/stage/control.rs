//! Controls: the same training text with its graph shuffled, or without it.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, EntityId};
use jove_corpus::{AnnotatedReader, AnnotatedWriter};
use jove_linker::Tagger;

use crate::cache::{Key, Leftover, Stage};
use crate::error::Result;
use crate::files::write_json;
use crate::knowledge::shuffle::{shuffled, too_small};
use crate::run_file::Graph;
use crate::stage::{StageContext, annotate};

/// The annotated text as `graph` says: that of `annotated` itself for [`Graph::Full`].
pub(crate) fn control(work: &StageContext<'_>, graph: Graph, annotated: &Stage) -> Result<Stage> {
    let name = match graph {
        Graph::Full => return Ok(annotated.clone()),
        Graph::Shuffled => "graph-shuffled",
        Graph::Off => "graph-off",
    };
    let key = Key::new(name, &work.run.file.tagger, &[&annotated.key]);
    work.cache.stage(name, key, Leftover::Discard, |folder| {
        let change = Change::new(work, graph, annotated)?;
        let mut texts = 0;
        for part in [annotate::TRAIN, annotate::DEV] {
            let reader = AnnotatedReader::open(&annotated.file(part))?;
            work.progress.begin(name, Some(reader.len() as u64), "texts");
            let mut writer = AnnotatedWriter::create(&folder.join(part))?;
            for text in reader {
                work.check()?;
                writer.push(&change.apply(text?))?;
                work.progress.advance(1);
            }
            texts += writer.finish()?;
            work.progress.end();
        }
        write_json(&folder.join(annotate::SUMMARY), &texts)
    })
}

/// What is done to every text.
enum Change {
    /// Exchanges entities.
    Rebind(BTreeMap<EntityId, EntityId>),
    /// Drops links, and cuts words anew without the graph's names.
    Forget(Box<Tagger>),
}

impl Change {
    fn new(work: &StageContext<'_>, graph: Graph, annotated: &Stage) -> Result<Self> {
        if graph == Graph::Off {
            return Ok(Self::Forget(Box::new(Tagger::new(&work.run.file.tagger, [])?)));
        }
        let mut linked = BTreeSet::new();
        for part in [annotate::TRAIN, annotate::DEV] {
            for text in AnnotatedReader::open(&annotated.file(part))? {
                linked.extend(text?.mentions.iter().map(|mention| mention.entity));
            }
        }
        shuffled(linked).map(Self::Rebind).ok_or_else(|| too_small("text names fewer than two entities"))
    }

    fn apply(&self, mut text: AnnotatedText) -> AnnotatedText {
        match self {
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
