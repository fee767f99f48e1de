//! Counts what each arm's training text is made of, in the tokens that training reads, and stops the run where that is not what
//! the arm says: a control that reads sentences of the graph, or a shuffled graph in place of the true one. How texts were
//! chosen does not count here, only how they and their links read.

use std::collections::{BTreeMap, HashSet};

use jove_core::{EntityId, Layout, TokenizedText};
use jove_corpus::{ShardReader, Tokenizer};
use jove_kb::Kb;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_json, read_lines, write_json};
use crate::prepared::TokenizedCorpus;
use crate::run_file::{Graph, GraphText};
use crate::stage::leak::spelling::Spelling;
use crate::stage::text::{Source, TextRecord};
use crate::stage::{StageContext, kb, shards, text, tokenizer};
use crate::text_sources::TextSources;
use crate::variant::GraphUse;

/// The counts of all arms.
pub(crate) const SUMMARY: &str = "summary.json";

/// Texts that are looked at between two looks at whether the user asked to stop.
const CHUNK: usize = 2048;
/// About so many texts are looked at for whether their links go to what is named.
const LINKED_TEXTS: usize = 4000;
/// Of fewer links nothing is concluded.
const LINKS_MIN: u64 = 20;
/// True links of which fewer have the name of their entity are doubtful. Inflected names don't count as names here.
const NAMED_SHARE_MIN: f64 = 0.1;

/// Texts, and what they have of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) texts: u64,
    pub(crate) tokens: u64,
}

/// What one training text is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArmText {
    pub(crate) layout: Layout,
    pub(crate) graph: GraphUse,
    /// Text from files and pairs.
    pub(crate) own: Amount,
    /// Sentences made from facts, true or wrong.
    pub(crate) sentences: Amount,
    /// Sentences of the graph that the vocabulary spells whole, so that they can be told from others.
    pub(crate) spelled: u64,
    /// Texts that read as a sentence of the graph and as none of the run's own texts.
    pub(crate) true_sentences: u64,
    /// Links to entities.
    pub(crate) links: u64,
    /// Links that were looked at.
    pub(crate) looked_at: u64,
    /// Those of them whose words are a name of their entity.
    pub(crate) named: u64,
}

impl ArmText {
    /// The share of links whose words are a name of their entity; `None` where they are too few to tell.
    pub(crate) fn named_share(&self) -> Option<f64> {
        (self.looked_at >= LINKS_MIN).then(|| self.named as f64 / self.looked_at as f64)
    }

    /// What is expected of it and what was found instead; `full` is the text with the true graph.
    fn fault(&self, full: &Self) -> Option<[String; 2]> {
        let share = |share: f64| format!("{:.0}% of {} links to an entity of that name", 100.0 * share, self.looked_at);
        let sentences = self.true_sentences;
        match self.graph.sentences {
            GraphText::Graph if full.sentences.texts > 0 && self.spelled > 0 && sentences == 0 => {
                return Some(["sentences of the graph".to_owned(), "none".to_owned()]);
            }
            GraphText::Shuffled | GraphText::Off if sentences > 0 => {
                return Some(["no sentence of the graph".to_owned(), sentences.to_string()]);
            }
            _ => {}
        }
        let (named, named_in_full) = (self.named_share(), full.named_share());
        match (self.graph.links, named, named_in_full) {
            (Graph::Off, ..) if self.links > 0 => Some(["no links".to_owned(), self.links.to_string()]),
            (Graph::Full, Some(named), _) if named < NAMED_SHARE_MIN => {
                Some(["links to the entities that are named".to_owned(), share(named)])
            }
            (Graph::Shuffled, Some(named), Some(full)) if named > full / 2.0 => {
                Some(["links to wrong entities".to_owned(), share(named)])
            }
            _ => None,
        }
    }
}

/// Counts, and refuses an arm that reads something else than it says.
///
/// # Errors
/// `Error::ArmText` with what was expected and what was found.
pub(crate) fn arm_texts(
    work: &StageContext<'_>,
    base: &Stage,
    text: &Stage,
    corpora: &[TokenizedCorpus],
) -> Result<Stage> {
    let mut inputs = vec![&base.key, &text.key];
    inputs.extend(corpora.iter().flat_map(|corpus| [&corpus.shards.key, &corpus.vocabulary.key]));
    let key = Key::new("arm-texts", &(), &inputs);
    work.cache.stage("arm-texts", key, Leftover::Discard, |folder| {
        work.progress.begin("count what each arm reads", None, "texts");
        let told = told(text)?;
        let kb = kb::open(base)?;
        let counted = |corpus: &TokenizedCorpus| count(work, corpus, &told, &kb);
        let counts: Vec<ArmText> = corpora.iter().map(counted).collect::<Result<_>>()?;
        work.progress.end();
        counts.iter().try_for_each(|one| check(one, &counts))?;
        write_json(&folder.join(SUMMARY), &counts)
    })
}

fn check(one: &ArmText, all: &[ArmText]) -> Result<()> {
    let full = all.iter().find(|other| other.layout == one.layout && other.graph == GraphUse::TRUE);
    let Some([expected, found]) = full.and_then(|full| one.fault(full)) else { return Ok(()) };
    let words = one.graph.words();
    let arm = if words.is_empty() { "the whole graph".to_owned() } else { words };
    Err(Error::ArmText { arm: format!("{arm} ({} layout)", one.layout), expected, found })
}

/// The sentences of the graph that are trained on and that no text of the run's own reads as.
fn told(text: &Stage) -> Result<Vec<String>> {
    let records: Vec<TextRecord> = read_lines(&text.file(text::TRAIN))?;
    let own = records.iter().filter(|record| record.source != Source::Fact).map(|record| letters(&record.text));
    let own: HashSet<String> = own.collect();
    let told = records.iter().filter(|record| record.source == Source::Fact && !own.contains(&letters(&record.text)));
    Ok(told.map(|record| record.text.clone()).collect())
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn count(work: &StageContext<'_>, corpus: &TokenizedCorpus, told: &[String], kb: &Kb) -> Result<ArmText> {
    let tokenizer = tokenizer::open(&corpus.vocabulary)?;
    let spell = |sentence: &String| Spelling::of_text(&tokenizer, sentence);
    let told: Vec<Spelling> = told.par_iter().map(spell).collect::<Result<_>>()?;
    // A vocabulary that knows a sentence in part may spell others the same.
    let told = told.iter().filter(|one| one.len() > 0 && one.is_known()).map(Spelling::letters);
    let mut reader = Reader { tokenizer: &tokenizer, kb, told: told.collect(), names: BTreeMap::new() };
    let shard = ShardReader::open(&corpus.shards.file(shards::TRAIN))?;
    let sources: TextSources = read_json(&corpus.shards, shards::SOURCES)?;
    let sources: Vec<Source> = sources.iter().collect();
    let mut counts = ArmText { spelled: reader.told.len() as u64, ..empty(corpus) };
    for start in (0..shard.len()).step_by(CHUNK) {
        work.check()?;
        let end = shard.len().min(start + CHUNK);
        let texts: Vec<TokenizedText> = (start..end).map(|index| shard.get(index)).collect::<Result<_, _>>()?;
        counts.true_sentences += reader.true_sentences(&texts)?;
        for (index, text) in (start..).zip(&texts) {
            counts.add(text, sources.get(index).copied());
            if index % (shard.len() / LINKED_TEXTS).max(1) == 0 {
                reader.links(text, &mut counts)?;
            }
        }
        work.progress.advance((end - start) as u64);
    }
    Ok(counts)
}

fn empty(corpus: &TokenizedCorpus) -> ArmText {
    let (own, sentences) = (Amount::default(), Amount::default());
    let TokenizedCorpus { layout, graph, .. } = *corpus;
    ArmText { layout, graph, own, sentences, spelled: 0, true_sentences: 0, links: 0, looked_at: 0, named: 0 }
}

impl ArmText {
    fn add(&mut self, text: &TokenizedText, source: Option<Source>) {
        let amount = if source == Some(Source::Fact) { &mut self.sentences } else { &mut self.own };
        amount.texts += 1;
        amount.tokens += text.tokens.len() as u64;
        self.links += text.mentions.len() as u64;
    }
}

/// Reads what tokens spell.
struct Reader<'a> {
    tokenizer: &'a Tokenizer,
    kb: &'a Kb,
    told: HashSet<&'a str>,
    /// The names of entities seen so far.
    names: BTreeMap<EntityId, HashSet<String>>,
}

impl Reader<'_> {
    fn true_sentences(&self, texts: &[TokenizedText]) -> Result<u64> {
        let (tokenizer, told) = (self.tokenizer, &self.told);
        let reads = |text: &TokenizedText| {
            let spelling = Spelling::of(tokenizer, &text.tokens)?;
            Ok(u64::from(told.contains(spelling.letters())))
        };
        texts.par_iter().map(reads).sum::<Result<u64>>()
    }

    /// Looks whether the words of each link are a name of its entity.
    fn links(&mut self, text: &TokenizedText, counts: &mut ArmText) -> Result<()> {
        for (span, entity) in &text.mentions {
            let words = Spelling::of(self.tokenizer, &text.tokens[span.range()])?;
            if !self.names.contains_key(entity) {
                let mut names = HashSet::new();
                for (_, name, _) in self.kb.names(*entity)? {
                    names.insert(Spelling::of_text(self.tokenizer, &name)?.letters().to_owned());
                }
                self.names.insert(*entity, names);
            }
            counts.looked_at += 1;
            counts.named += u64::from(self.names[entity].contains(words.letters()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(links: Graph, sentences: GraphText) -> ArmText {
        let amount = |texts| Amount { texts, tokens: 9 * texts };
        let (told, linked) = (sentences == GraphText::Graph, links != Graph::Off);
        ArmText {
            layout: Layout::Bert,
            graph: GraphUse { links, sentences },
            own: amount(100),
            sentences: amount(if sentences == GraphText::Off { 0 } else { 400 }),
            spelled: 398,
            true_sentences: if told { 395 } else { 0 },
            links: if linked { 900 } else { 0 },
            looked_at: if linked { 300 } else { 0 },
            named: if links == Graph::Full { 280 } else { 0 },
        }
    }

    fn check(arm: &ArmText, expected: Option<&str>) {
        let all = [self::arm(Graph::Full, GraphText::Graph), arm.clone()];
        let error = super::check(arm, &all).err().map(|error| error.to_string());
        assert_eq!(error.is_some(), expected.is_some(), "{arm:?} {error:?}");
        assert!(expected.is_none_or(|part| error.as_ref().unwrap().contains(part)), "{error:?}");
    }

    #[test]
    fn arms_that_read_what_they_say_pass() {
        for links in [Graph::Full, Graph::Shuffled, Graph::Off] {
            for sentences in [GraphText::Graph, GraphText::Shuffled, GraphText::Off] {
                check(&arm(links, sentences), None);
            }
        }
        let unknown = ArmText { spelled: 0, true_sentences: 0, ..arm(Graph::Full, GraphText::Graph) };
        check(&unknown, None);
        let few = ArmText { looked_at: 5, named: 5, ..arm(Graph::Shuffled, GraphText::Shuffled) };
        check(&few, None);
    }

    #[test]
    fn a_control_that_reads_the_graph_is_caught() {
        for sentences in [GraphText::Shuffled, GraphText::Off] {
            let leaking = ArmText { true_sentences: 3, ..arm(Graph::Off, sentences) };
            check(&leaking, Some("expected no sentence of the graph, found 3"));
        }
        check(&ArmText { links: 2, ..arm(Graph::Off, GraphText::Off) }, Some("expected no links, found 2"));
        let undressed = ArmText { named: 280, ..arm(Graph::Shuffled, GraphText::Shuffled) };
        check(&undressed, Some("expected links to wrong entities, found 93% of 300 links"));
    }

    #[test]
    fn a_shuffled_graph_dressed_as_true_is_caught() {
        let dressed = ArmText { named: 4, ..arm(Graph::Full, GraphText::Graph) };
        let all = [dressed.clone()];
        let error = super::check(&dressed, &all).unwrap_err().to_string();
        assert!(error.contains("expected links to the entities that are named, found 1% of 300 links"), "{error}");
        let dressed = ArmText { true_sentences: 0, ..arm(Graph::Off, GraphText::Graph) };
        check(&dressed, Some("expected sentences of the graph, found none"));
    }
}
