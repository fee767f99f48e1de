//! What probes are about, as this stage reads it from the files of the text stage.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{EntityId, Lang};
use jove_corpus::Tokenizer;
use jove_kb::{Kb, Sentence};

use crate::cache::Stage;
use crate::error::Result;
use crate::files::read_lines;
use crate::stage::leak::spelling::{Spelling, SpellingSearch};
use crate::stage::text::{self, PairRecord, TatoebaRecord, TextRecord};

/// Every sentence of a probe, with the probe's name.
pub(crate) fn sentences(text: &Stage) -> Result<Vec<(&'static str, String)>> {
    let mut sentences = Vec::new();
    for pair in read_lines::<PairRecord>(&text.file(text::PROBE_PAIRS))? {
        sentences.extend(pair.texts.map(|side| ("bitext", side)));
    }
    for record in read_lines::<TatoebaRecord>(&text.file(text::TATOEBA))? {
        sentences.extend(record.texts.map(|side| ("Tatoeba", side)));
    }
    let facts = read_lines::<Sentence>(&text.file(text::FACTS))?;
    sentences.extend(facts.into_iter().map(|sentence| ("relation cloze", sentence.text)));
    let dev = read_lines::<TextRecord>(&text.file(text::DEV))?;
    sentences.extend(dev.into_iter().map(|record| ("pseudo-perplexity", record.text)));
    Ok(sentences)
}

/// The two ends of every held-out fact, either way round.
pub(crate) struct EndPairs(BTreeSet<(EntityId, EntityId)>);

impl EndPairs {
    pub(crate) fn read(text: &Stage) -> Result<Self> {
        let facts = read_lines::<Sentence>(&text.file(text::FACTS))?;
        let ends = facts.iter().map(|sentence| (sentence.fact.subject, sentence.fact.object));
        Ok(Self(ends.flat_map(|(a, b)| [(a, b), (b, a)]).collect()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().filter(|(a, b)| a <= b).count()
    }

    pub(crate) fn contains(&self, a: EntityId, b: EntityId) -> bool {
        self.0.contains(&(a, b))
    }

    /// Two of some entities that are the ends of a fact.
    pub(crate) fn among(&self, entities: &BTreeSet<EntityId>) -> Option<(EntityId, EntityId)> {
        let mut pairs = entities.iter().flat_map(|&a| entities.iter().map(move |&b| (a, b)));
        pairs.find(|&(a, b)| self.contains(a, b))
    }

    fn entities(&self) -> BTreeSet<EntityId> {
        self.0.iter().map(|(entity, _)| *entity).collect()
    }
}

/// A name of fewer bytes is found in too much.
const NAME_BYTES_MIN: usize = 4;

/// The names of the ends of held-out facts, as a vocabulary spells them.
pub(crate) struct EndNames {
    search: SpellingSearch,
    entities: Vec<EntityId>,
}

impl EndNames {
    /// Names that the vocabulary knows in part are left out: it may spell others the same.
    pub(crate) fn read(kb: &Kb, ends: &EndPairs, tokenizer: &Tokenizer) -> Result<Self> {
        let (mut spellings, mut entities) = (Vec::new(), Vec::new());
        for entity in ends.entities() {
            for (_, name, _) in kb.names(entity)? {
                let spelling = Spelling::of_text(tokenizer, &name)?;
                if spelling.len() >= NAME_BYTES_MIN && spelling.is_known() {
                    spellings.push(spelling);
                    entities.push(entity);
                }
            }
        }
        Ok(Self { search: SpellingSearch::new(spellings), entities })
    }

    /// The ends that are named from the byte `from` of a spelling on.
    pub(crate) fn named(&self, spelling: &Spelling, from: usize) -> BTreeSet<EntityId> {
        let found = self.search.words_in(spelling).filter(|(_, start)| *start >= from);
        found.map(|(number, _)| self.entities[number]).collect()
    }
}

/// How a vocabulary spells the labels of each entity.
pub(crate) fn labels(kb: &Kb, languages: &[Lang], tokenizer: &Tokenizer) -> Result<BTreeMap<EntityId, Vec<Spelling>>> {
    let mut labels: BTreeMap<EntityId, Vec<Spelling>> = BTreeMap::new();
    for &lang in languages {
        for (entity, label) in kb.labels_in(lang)? {
            labels.entry(entity).or_default().push(Spelling::of_text(tokenizer, &label)?);
        }
    }
    Ok(labels)
}
