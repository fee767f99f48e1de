//! Checks once more that training data contain no item of a probe: after everything is split, linked and tokenised, in the
//! very files that training reads, and with other means than those that left the items out.

mod probed;
pub(crate) mod spelling;

use jove_core::{EntityId, Lang, TokenId};
use jove_corpus::{PairReader, ShardReader, Tokenizer};
use jove_kb::Kb;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::probed::{EndNames, EndPairs};
use self::spelling::{Spelling, SpellingSearch};
use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::write_json;
use crate::prepared::{Prepared, TokenizedCorpus};
use crate::run_file::Graph;
use crate::stage::knowledge::{Written, read_descriptions, read_facts};
use crate::stage::{StageContext, kb, shards, tokenizer};

/// Counts of what was checked.
pub(crate) const SUMMARY: &str = "summary.json";

/// Bytes of letters from which on a sentence of a probe may stand nowhere in a text; a shorter one may not be a whole text. No
/// less than what is left out before (`held_out/sentences.rs`): what this stage
/// finds stops the run.
const SENTENCE_BYTES_MIN: usize = 72;

/// Texts that are checked between two looks at whether the user asked to stop.
const CHUNK: usize = 2048;

/// Counts of what was checked, over all vocabularies.
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
    /// Facts of the relation objective.
    pub(crate) relations: u64,
}

/// Stops the run where the tokens that training reads contain an item of a probe: a sentence of the bitext probes, of a
/// held-out fact or of the held-out text; or both ends of a held-out fact, linked in one text, related by a fact, or named by
/// a description.
///
/// # Errors
/// `Error::Leak` with the item and its place.
pub(crate) fn check(work: &StageContext<'_>, prepared: &Prepared, written: &[Written]) -> Result<Stage> {
    let Prepared { base, text, corpora, languages, .. } = prepared;
    let mut inputs = vec![&base.key, &text.key];
    inputs.extend(corpora.iter().flat_map(|corpus| [&corpus.shards.key, &corpus.vocabulary.key]));
    inputs.extend(written.iter().map(|part| &part.descriptions.key));
    let key = Key::new("leaks", languages, &inputs);
    work.cache.stage("leaks", key, Leftover::Discard, |folder| {
        let kb = kb::open(base)?;
        let checker = Checker { work, kb: &kb, sentences: probed::sentences(text)?, ends: EndPairs::read(text)? };
        let mut summary = Summary {
            sentences: checker.sentences.len() as u64,
            facts: checker.ends.len() as u64,
            ..Summary::default()
        };
        work.progress.begin("look for leaks", None, "texts");
        corpora.iter().try_for_each(|corpus| checker.corpus(corpus, &mut summary))?;
        written.iter().try_for_each(|part| checker.knowledge(part, languages, &mut summary))?;
        work.progress.end();
        write_json(&folder.join(SUMMARY), &summary)
    })
}

struct Checker<'a> {
    work: &'a StageContext<'a>,
    kb: &'a Kb,
    /// What may not be trained on, each with its probe.
    sentences: Vec<(&'static str, String)>,
    ends: EndPairs,
}

/// What training data contain.
struct Found {
    item: Item,
    tokens: Vec<TokenId>,
}

enum Item {
    /// A sentence, by its number.
    Sentence(usize),
    /// The ends of a fact.
    Ends(EntityId, EntityId),
}

/// A vocabulary, with the sentences that may not be trained on as it spells them.
struct Spelled {
    tokenizer: Tokenizer,
    search: SpellingSearch,
    /// The number of each sentence that is searched for.
    numbers: Vec<usize>,
}

impl Checker<'_> {
    /// Texts and pairs of one vocabulary.
    fn corpus(&self, corpus: &TokenizedCorpus, summary: &mut Summary) -> Result<()> {
        let spelled = self.spelled(tokenizer::open(&corpus.vocabulary)?)?;
        // Entities of a shuffled graph are not those that the text names.
        let linked = corpus.graph.links != Graph::Shuffled;
        let texts = ShardReader::open(&corpus.shards.file(shards::TRAIN))?;
        let (ends, place) = (&self.ends, "the training text");
        summary.texts += self.each((texts.len(), place), &spelled.tokenizer, |index| {
            let text = texts.get(index)?;
            let entities = text.mentions.iter().map(|(_, entity)| *entity).collect();
            let related = ends.among(&entities).filter(|_| linked).map(|(a, b)| Item::Ends(a, b));
            let item = related.map_or_else(|| spelled.sentence(&text.tokens), |ends| Ok(Some(ends)))?;
            Ok(item.map(|item| Found { item, tokens: text.tokens }))
        })?;
        let pairs = PairReader::open(&corpus.shards.file(shards::PAIRS))?;
        summary.pairs += self.each((pairs.len(), "the translation pairs"), &spelled.tokenizer, |index| {
            let (left, right) = pairs.get(index)?;
            for side in [left, right] {
                if let Some(item) = spelled.sentence(&side.tokens)? {
                    return Ok(Some(Found { item, tokens: side.tokens }));
                }
            }
            Ok(None)
        })?;
        Ok(())
    }

    /// Descriptions and facts of one vocabulary.
    fn knowledge(&self, part: &Written, languages: &[Lang], summary: &mut Summary) -> Result<()> {
        let facts = if part.has_relations { read_facts(&part.descriptions)? } else { Vec::new() };
        for &(subject, _, object) in &facts {
            if self.ends.contains(subject, object) {
                return Err(self.revealed(subject, object, "the facts that are trained on")?);
            }
        }
        summary.relations += facts.len() as u64;
        let tokenizer = tokenizer::open(&part.vocabulary)?;
        let names = EndNames::read(self.kb, &self.ends, &tokenizer)?;
        let labels = probed::labels(self.kb, languages, &tokenizer)?;
        let descriptions: Vec<(EntityId, Vec<Vec<TokenId>>)> =
            read_descriptions(&part.descriptions)?.into_iter().collect();
        summary.descriptions += descriptions.iter().map(|(_, variants)| variants.len() as u64).sum::<u64>();
        let ends = &self.ends;
        self.each((descriptions.len(), "a description"), &tokenizer, |index| {
            let (entity, variants) = &descriptions[index];
            for tokens in variants {
                let spelling = Spelling::of(&tokenizer, tokens)?;
                // It begins with the entity's own name, which may contain that of another one.
                let own = labels.get(entity).into_iter().flatten().filter(|label| label.leads(&spelling));
                let Some(own) = own.map(Spelling::len).max() else { continue };
                let mut named = names.named(&spelling, own);
                named.insert(*entity);
                if let Some((a, b)) = ends.among(&named) {
                    return Ok(Some(Found { item: Item::Ends(a, b), tokens: tokens.clone() }));
                }
            }
            Ok(None)
        })?;
        Ok(())
    }

    /// Sentences that the vocabulary knows in part are left out: it may spell others the same.
    fn spelled(&self, tokenizer: Tokenizer) -> Result<Spelled> {
        let spell = |(_, sentence): &(&str, String)| Spelling::of_text(&tokenizer, sentence);
        let spellings: Vec<Spelling> = self.sentences.par_iter().map(spell).collect::<Result<_>>()?;
        let known = spellings.into_iter().enumerate().filter(|(_, one)| one.len() > 0 && one.is_known());
        let (numbers, spellings): (Vec<usize>, Vec<Spelling>) = known.unzip();
        Ok(Spelled { tokenizer, search: SpellingSearch::new(spellings), numbers })
    }

    /// Looks at each of so many things of a place, and refuses the first one in order of which something is found; returns
    /// how many these were.
    fn each(
        &self,
        (count, place): (usize, &str),
        tokenizer: &Tokenizer,
        look: impl Fn(usize) -> Result<Option<Found>> + Sync,
    ) -> Result<u64> {
        for start in (0..count).step_by(CHUNK) {
            self.work.check()?;
            let end = count.min(start + CHUNK);
            let found = (start..end).into_par_iter().map(&look).find_map_first(Result::transpose);
            if let Some(found) = found.transpose()? {
                return Err(self.refusal(&found, tokenizer, place)?);
            }
            self.work.progress.advance((end - start) as u64);
        }
        Ok(count as u64)
    }

    fn refusal(&self, found: &Found, tokenizer: &Tokenizer, place: &str) -> Result<Error> {
        let place = format!("{place}, as `{}`", tokenizer.decode(&found.tokens)?);
        match found.item {
            Item::Sentence(number) => {
                let (probe, sentence) = &self.sentences[number];
                Ok(leak(probe, format!("`{sentence}`"), place))
            }
            Item::Ends(subject, object) => self.revealed(subject, object, &place),
        }
    }

    fn revealed(&self, subject: EntityId, object: EntityId, place: &str) -> Result<Error> {
        let item = format!("what relates `{}` to `{}`", self.kb.key(subject)?, self.kb.key(object)?);
        Ok(leak("relation cloze", item, place.to_owned()))
    }
}

impl Spelled {
    fn sentence(&self, tokens: &[TokenId]) -> Result<Option<Item>> {
        let spelling = Spelling::of(&self.tokenizer, tokens)?;
        let found = self.search.sentence_in(&spelling, SENTENCE_BYTES_MIN);
        Ok(found.map(|number| Item::Sentence(self.numbers[number])))
    }
}

fn leak(probe: &str, item: String, place: String) -> Error {
    let hint =
        "take it out of the data, or of the probe; if it should have been left out by itself, that is a fault of \
                this program: please report it"
            .to_owned();
    Error::Leak { probe: probe.to_owned(), item, place, hint }
}
