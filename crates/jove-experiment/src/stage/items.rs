//! What the probes ask, the same for every arm: made once, before any arm is trained, with the answers that need no model.

use std::collections::BTreeMap;
use std::path::Path;

use jove_core::{AnnotatedText, EntityId, Lang, Mention, Purpose, Seed};
use jove_corpus::AnnotatedReader;
use jove_eval::{
    Answer, ClozeOptions, ClozeQuestion, Description, MentionQuestion, ObjectCounts, TrainingCounts, TrivialAnswers,
    TypingQuestions, cardinalities, described_entities, entity_questions, mention_questions, relation_questions,
    told_by_name, trivial_bitext, trivial_cloze, trivial_mentions, trivial_typing, typing_questions,
};
use jove_kb::{Kb, Sentence};
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::files::{read_json, read_lines, write_json, write_lines};
use crate::held_out::facts::HeldOutFacts;
use crate::items::measures::definitions;
use crate::items::question::{Kind, Question, Questions, Replies, Reply};
use crate::knowledge::descriptions::{Bare, Describer};
use crate::prepared::Prepared;
use crate::results::is_title;
use crate::stage::text::{PairRecord, Source, TatoebaRecord, TextRecord};
use crate::stage::{StageContext, annotate, kb, text};

/// All questions in words.
const QUESTIONS: &str = "questions.jsonl";
/// What each way to answer without a model says.
const TRIVIAL: &str = "trivial.jsonl";
/// Questions in the form in which they are put to a model.
const CLOZES: &str = "clozes.jsonl";
const MENTIONS: &str = "mentions.jsonl";
const TYPING: &str = "typing.json";
const BITEXTS: &str = "bitexts.jsonl";
const TEXTS: &str = "texts.jsonl";
/// Descriptions of entities, one a line.
const DESCRIPTIONS: &str = "descriptions.jsonl";
/// How many items each measure has.
const SUMMARY: &str = "summary.json";

/// Names of probes.
pub(crate) const ENTITY_CLOZE: &str = "entity cloze";
pub(crate) const RELATION_CLOZE: &str = "relation cloze";
pub(crate) const PRIOR_CORRECTED: &str = "relation cloze, prior-corrected";
const HIDDEN: &str = "mention → entity, name hidden";
const OTHER_NAME: &str = "mention → entity, other name";
const AMBIGUOUS: &str = "mention → entity, ambiguous name";
const TATOEBA: &str = "Tatoeba";

/// Parts of items that have measures of their own.
const UNSEEN: &str = "unseen entity";
const NOT_TOLD: &str = "name does not tell";

/// The seed of all choices of the probes: every model gets the same items.
pub(crate) const SEED: Seed = Seed(0);

/// The first of the streams of [`Purpose::Probe`] that the texts of the pseudo-perplexity are drawn from, one for each probe.
const PERPLEXITY_ORDER: u64 = 100;

/// Sentences whose translations are looked for among all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bitext {
    /// The probe of each direction, from the first sides and from the second sides, and the number of its first item.
    pub(crate) probes: [(String, u32); 2],
    pub(crate) langs: [Lang; 2],
    pub(crate) pairs: Vec<[String; 2]>,
}

/// A text whose tokens are predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldOutText {
    /// The probe, without the vocabulary that it is for.
    pub(crate) probe: String,
    /// The number that its masks are drawn by.
    pub(crate) number: u64,
    pub(crate) lang: Lang,
    pub(crate) text: String,
}

/// Makes the questions of all probes: what cannot be asked is left out, and of what is left a sample is drawn.
pub(crate) fn items(work: &StageContext<'_>, prepared: &Prepared) -> Result<Stage> {
    let mut layouts: Vec<String> = work.run.variants.iter().map(|variant| variant.layout.to_string()).collect();
    layouts.sort();
    layouts.dedup();
    let settings = (&work.run.file.probes, &work.run.file.describe, &prepared.languages, &layouts);
    let key = Key::new("items", &settings, &[&prepared.base.key, &prepared.text.key, &prepared.annotated.key]);
    work.cache.stage("items", key, Leftover::Discard, |folder| {
        let kb = kb::open(&prepared.base)?;
        work.progress.begin("make the items of probes", None, "items");
        let mut maker = Maker::new(work, prepared, &kb, folder)?;
        maker.clozes()?;
        maker.mentions()?;
        maker.typing()?;
        maker.bitexts()?;
        maker.texts(&layouts)?;
        work.progress.end();
        maker.finish()
    })
}

/// The questions of a finished stage.
pub(crate) fn questions(items: &Stage) -> Result<Questions> {
    Ok(Questions::new(read_lines(&items.file(QUESTIONS))?))
}

/// How many items each measure has, by its title.
fn counts(items: &Stage) -> Result<Vec<(String, usize)>> {
    read_json(items, SUMMARY)
}

/// Refuses a primary measure that the run does not have, and warns of one with few items.
///
/// # Errors
/// Names the measure, and the one with the most similar name.
pub(crate) fn check_primary(work: &StageContext<'_>, items: &Stage) -> Result<()> {
    let counts = counts(items)?;
    let items_min = work.run.file.probes.items_min;
    for name in work.run.file.ablation.iter().flat_map(|ablation| &ablation.primary) {
        match counts.iter().find(|(title, _)| is_title(name, title)) {
            Some((title, count)) if *count < items_min => tracing::warn!(
                "`{title}` has {count} items, fewer than probes.items-min ({items_min}): it is marked, and not primary"
            ),
            Some(_) => {}
            None => return Err(unknown_primary(name, &counts)),
        }
    }
    Ok(())
}

fn unknown_primary(name: &str, counts: &[(String, usize)]) -> Error {
    let likeness = |title: &str| strsim::jaro_winkler(name, title);
    let nearest = counts.iter().max_by(|(a, _), (b, _)| likeness(a).total_cmp(&likeness(b)));
    let expected = match nearest {
        Some((title, _)) => format!("a measure that this run has, such as `{title}`"),
        None => "nothing, since this run has no measures".to_owned(),
    };
    Error::Setting { key: "ablation.primary".to_owned(), expected, found: format!("`{name}`") }
}

/// What each way to answer without a model says.
pub(crate) fn trivial(items: &Stage) -> Result<Vec<Replies>> {
    read_lines(&items.file(TRIVIAL))
}

/// The clozes of a finished stage, each with its probe.
pub(crate) fn read_clozes(items: &Stage) -> Result<Vec<(String, Vec<ClozeQuestion>)>> {
    read_lines(&items.file(CLOZES))
}

/// The mentions of a finished stage, each list with its probe.
pub(crate) fn read_mentions(items: &Stage) -> Result<Vec<(String, Vec<MentionQuestion>)>> {
    read_lines(&items.file(MENTIONS))
}

/// The descriptions that mentions are compared to.
pub(crate) fn read_descriptions(items: &Stage) -> Result<Vec<Description>> {
    read_lines(&items.file(DESCRIPTIONS))
}

/// The typed mentions of a finished stage, with the probe and the names of the types.
pub(crate) fn read_typing(items: &Stage) -> Result<(String, TypingQuestions, Vec<String>)> {
    read_json(items, TYPING)
}

/// The sentence pairs of a finished stage.
pub(crate) fn read_bitexts(items: &Stage) -> Result<Vec<Bitext>> {
    read_lines(&items.file(BITEXTS))
}

/// The held-out texts of a finished stage.
pub(crate) fn read_texts(items: &Stage) -> Result<Vec<HeldOutText>> {
    read_lines(&items.file(TEXTS))
}

/// The probe of held-out texts in one vocabulary.
pub(crate) fn loss_probe(probe: &str, layout: &impl std::fmt::Display) -> String {
    format!("{probe}, {layout} vocabulary")
}

/// An answer with the names of its best candidates.
pub(crate) fn reply(probe: &str, item: u32, answer: &Answer, name: impl Fn(usize) -> String) -> Reply {
    Reply {
        probe: probe.to_owned(),
        item,
        rank: answer.rank.rank,
        candidates: answer.rank.candidates as u32,
        score: answer.score,
        top: answer.top.iter().map(|&(index, score)| (name(index), score)).collect(),
        ..Reply::default()
    }
}

/// The name of each entity, in the first of some languages that has one.
pub(crate) fn entity_names(kb: &Kb, languages: &[Lang]) -> Result<BTreeMap<EntityId, String>> {
    let mut names = BTreeMap::new();
    for &lang in languages.iter().rev() {
        names.extend(kb.labels_in(lang)?);
    }
    Ok(names)
}

/// A text without words and mentions.
pub(crate) fn plain(text: String, lang: Lang) -> AnnotatedText {
    AnnotatedText { text, lang, words: Vec::new(), mentions: Vec::new() }
}

/// A sentence with its two ends as mentions, as the graph knows them.
fn gold(sentence: &Sentence) -> AnnotatedText {
    let mention = |span, entity| Mention { span, entity, score: 1.0 };
    let mut mentions =
        vec![mention(sentence.subject, sentence.fact.subject), mention(sentence.object, sentence.fact.object)];
    mentions.sort_by_key(|mention| mention.span);
    AnnotatedText { mentions, ..plain(sentence.text.clone(), sentence.lang) }
}

struct Maker<'a> {
    work: &'a StageContext<'a>,
    prepared: &'a Prepared,
    kb: &'a Kb,
    folder: &'a Path,
    /// Sentences of held-out facts.
    sentences: Vec<Sentence>,
    /// Linked text that no variant was trained on, with the links of the true graph.
    probe_text: Vec<AnnotatedText>,
    counts: TrainingCounts,
    questions: Vec<Question>,
    trivial: Vec<Replies>,
}

impl<'a> Maker<'a> {
    fn new(work: &'a StageContext<'a>, prepared: &'a Prepared, kb: &'a Kb, folder: &'a Path) -> Result<Self> {
        let mut counts = TrainingCounts::default();
        for text in AnnotatedReader::open(&prepared.annotated.file(annotate::TRAIN))? {
            counts.add(&text?.mentions.iter().map(|mention| mention.entity).collect::<Vec<_>>());
        }
        let probe_text = AnnotatedReader::open(&prepared.annotated.file(annotate::PROBE_TEXT))?;
        Ok(Self {
            work,
            prepared,
            kb,
            folder,
            sentences: read_lines(&prepared.text.file(text::FACTS))?,
            probe_text: probe_text.collect::<Result<_, _>>()?,
            counts,
            questions: Vec::new(),
            trivial: Vec::new(),
        })
    }

    fn clozes(&mut self) -> Result<()> {
        let settings = &self.work.run.file.probes;
        let options = ClozeOptions { items_max: settings.items_max, candidates: settings.candidates, seed: SEED };
        let entity = entity_questions(self.kb, &self.probe_text, &self.counts, &options)?;
        let relation = relation_questions(self.kb, &self.sentences, &options)?;
        let objects = ObjectCounts::new(self.kb, &self.sentences)?;
        let kinds = cardinalities(self.kb)?;
        let mut asked = Vec::new();
        for (probe, own) in [(ENTITY_CLOZE, entity), (RELATION_CLOZE, relation.clone()), (PRIOR_CORRECTED, relation)] {
            for (question, item) in own.iter().zip(0..) {
                let group = match question.relation {
                    Some(relation) => self.kb.predicate_name(relation)?.unwrap_or_default(),
                    None => "",
                };
                let kind = question.relation.and_then(|relation| kinds.get(&relation));
                let part = kind.filter(|_| probe == RELATION_CLOZE).map_or("", |kind| kind.as_str());
                let words = question.around().join("____");
                self.ask(probe, item, Kind::Ranked, [part, group], [&words, &question.gold().name]);
            }
            for trivial in trivial_cloze(&own, &objects, &self.counts) {
                self.answer(probe, &trivial, |item, candidate| own[item].candidates[candidate].name.clone());
            }
            asked.push((probe, own));
        }
        write_lines(&self.folder.join(CLOZES), &asked).map(drop)
    }

    fn mentions(&mut self) -> Result<()> {
        let Prepared { languages, text, .. } = self.prepared;
        let held_out = HeldOutFacts::read(&text.file(text::FACTS))?;
        let describer = Describer { kb: self.kb, facts: &held_out, languages };
        // Nobody reads descriptions where no fact is held out.
        let described = if self.sentences.is_empty() {
            Vec::new()
        } else {
            describer.texts(&self.work.run.file.describe, Bare::Drop)?
        };
        write_lines(&self.folder.join(DESCRIPTIONS), &described)?;
        let items_max = self.work.run.file.probes.items_max;
        let questions = mention_questions(self.kb, &self.sentences, &described, items_max, SEED)?;
        let (entities, names) = (described_entities(&described), entity_names(self.kb, languages)?);
        let name = |entity: EntityId| names.get(&entity).cloned().unwrap_or_default();
        let all = [(HIDDEN, questions.hidden), (OTHER_NAME, questions.other_name), (AMBIGUOUS, questions.ambiguous)];
        for (probe, own) in &all {
            for (question, item) in own.iter().zip(0..) {
                let part = if self.counts.is_linked(question.entity) { "" } else { UNSEEN };
                let (before, after) =
                    (&question.text[..question.span.range().start], &question.text[question.span.range().end..]);
                let shown = question.name().map_or_else(|| "____".to_owned(), |name| format!("[{name}]"));
                let words = format!("{before}{shown}{after}");
                self.ask(probe, item, Kind::Ranked, [part, ""], [&words, &name(question.entity)]);
            }
            if !own.is_empty() {
                for trivial in trivial_mentions(own, &described, &self.counts) {
                    self.answer(probe, &trivial, |_, candidate| name(entities[candidate]));
                }
            }
        }
        write_lines(&self.folder.join(MENTIONS), &all).map(drop)
    }

    fn typing(&mut self) -> Result<()> {
        let texts: Vec<AnnotatedText> =
            self.sentences.iter().map(gold).chain(self.probe_text.iter().cloned()).collect();
        let questions = typing_questions(self.kb, &texts, self.work.run.file.probes.items_max, SEED)?;
        let probe = format!("entity typing, {} types", questions.types.len());
        let all = self.kb.type_names()?;
        let types: Vec<String> =
            questions.types.iter().map(|&kind| all.get(kind as usize).cloned().unwrap_or_default()).collect();
        let trivial = trivial_typing(&questions);
        let told = told_by_name(&trivial);
        for (index, question) in questions.test.iter().enumerate() {
            let part = if told.get(index).copied().unwrap_or_default() { "" } else { NOT_TOLD };
            let range = question.span.range();
            let (before, name, after) =
                (&question.text[..range.start], &question.text[range.clone()], &question.text[range.end..]);
            let words = format!("{before}[{name}]{after}");
            self.ask(&probe, index as u32, Kind::Typing, [part, ""], [&words, &types[question.class]]);
        }
        for trivial in &trivial {
            self.answer(&probe, trivial, |_, candidate| types[candidate].clone());
        }
        write_json(&self.folder.join(TYPING), &(probe, questions, types))
    }

    fn bitexts(&mut self) -> Result<()> {
        let mut bitexts = Vec::new();
        let pairs: Vec<PairRecord> = read_lines(&self.prepared.text.file(text::PROBE_PAIRS))?;
        if let Some(first) = pairs.first() {
            let langs = first.langs;
            let probe = |a: Lang, b: Lang| (format!("bitext {a} → {b}"), 0);
            let pairs = pairs.into_iter().map(|pair| pair.texts).collect();
            bitexts.push(Bitext { probes: [probe(langs[0], langs[1]), probe(langs[1], langs[0])], langs, pairs });
        }
        let mut by_language: BTreeMap<String, Vec<[String; 2]>> = BTreeMap::new();
        for record in read_lines::<TatoebaRecord>(&self.prepared.text.file(text::TATOEBA))? {
            by_language.entry(record.language).or_default().push(record.texts);
        }
        let mut next = 0;
        for (language, pairs) in by_language {
            let langs = [Lang::new(&language).unwrap_or(Lang::UND), Lang::EN];
            let count = pairs.len() as u32;
            let probes = [(TATOEBA.to_owned(), next), (TATOEBA.to_owned(), next + count)];
            next += 2 * count;
            bitexts.push(Bitext { probes, langs, pairs });
        }
        for bitext in &bitexts {
            self.bitext(bitext);
        }
        write_lines(&self.folder.join(BITEXTS), &bitexts).map(drop)
    }

    fn bitext(&mut self, bitext: &Bitext) {
        let sides = [0, 1].map(|side| bitext.pairs.iter().map(|pair| pair[side].as_str()).collect::<Vec<_>>());
        for (from, (probe, first)) in bitext.probes.iter().enumerate() {
            let (queries, keys) = (&sides[from], &sides[1 - from]);
            let is_tatoeba = probe == TATOEBA;
            let code = |lang: Lang| if lang == Lang::EN { "eng".to_owned() } else { lang.to_string() };
            let way = format!("{} → {}", code(bitext.langs[from]), code(bitext.langs[1 - from]));
            let (kind, way) = if is_tatoeba { (Kind::Tatoeba, way.as_str()) } else { (Kind::Bitext, "") };
            for ((query, key), item) in queries.iter().zip(keys).zip(*first..) {
                self.ask(probe, item, kind, [way, way], [query, key]);
            }
            let trivial = trivial_bitext(queries, keys);
            self.answer_from(probe, *first, &trivial, |_, candidate| keys[candidate].to_owned());
        }
    }

    /// Held-out text of the user's own, and sentences made from the graph, by language.
    fn texts(&mut self, layouts: &[String]) -> Result<()> {
        let records: Vec<TextRecord> = read_lines(&self.prepared.text.file(text::DEV))?;
        let mut by_probe: BTreeMap<(bool, Lang), Vec<HeldOutText>> = BTreeMap::new();
        for (record, number) in records.into_iter().zip(0..) {
            let (is_made, lang) = (record.source == Source::Fact, record.lang);
            let of = if is_made { "masked tokens of graph sentences" } else { "masked tokens" };
            let probe = format!("{of} {lang}");
            by_probe.entry((is_made, lang)).or_default().push(HeldOutText { probe, number, lang, text: record.text });
        }
        let mut texts = Vec::new();
        for (stream, mut own) in (PERPLEXITY_ORDER..).zip(by_probe.into_values()) {
            own.shuffle(&mut SEED.rng(Purpose::Probe, stream, 0));
            own.truncate(self.work.run.file.probes.items_max);
            own.sort_unstable_by_key(|text| text.number);
            for layout in layouts {
                for (text, item) in own.iter().zip(0..) {
                    self.ask(&loss_probe(&text.probe, layout), item, Kind::Loss, ["", ""], [&text.text, ""]);
                }
            }
            texts.append(&mut own);
        }
        write_lines(&self.folder.join(TEXTS), &texts).map(drop)
    }

    fn ask(&mut self, probe: &str, item: u32, kind: Kind, [part, group]: [&str; 2], [words, gold]: [&str; 2]) {
        let [part, group, words, gold] = [part, group, words, gold].map(str::to_owned);
        self.questions.push(Question { probe: probe.to_owned(), item, kind, part, group, words, gold });
    }

    fn answer(&mut self, probe: &str, trivial: &TrivialAnswers, name: impl Fn(usize, usize) -> String) {
        self.answer_from(probe, 0, trivial, name);
    }

    /// Keeps answers to the items from `first` on.
    fn answer_from(
        &mut self,
        probe: &str,
        first: u32,
        trivial: &TrivialAnswers,
        name: impl Fn(usize, usize) -> String,
    ) {
        let answers = trivial.answers.iter().enumerate();
        let replies = answers
            .map(|(index, answer)| reply(probe, first + index as u32, answer, |candidate| name(index, candidate)));
        let replies: Vec<Reply> = replies.collect();
        match self.trivial.iter_mut().find(|known| known.by == trivial.by) {
            Some(known) => known.replies.extend(replies),
            None => self.trivial.push(Replies { by: trivial.by.to_owned(), replies }),
        }
    }

    fn finish(self) -> Result<()> {
        write_lines(&self.folder.join(QUESTIONS), &self.questions)?;
        write_lines(&self.folder.join(TRIVIAL), &self.trivial)?;
        let questions = Questions::new(self.questions);
        let counts: Vec<(String, usize)> =
            definitions(&questions).iter().map(|one| (one.title(), one.items(&questions))).collect();
        write_json(&self.folder.join(SUMMARY), &counts)
    }
}
