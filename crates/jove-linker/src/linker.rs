//! Finding the names of a knowledge base in text.

use std::cell::LazyCell;
use std::cmp::Reverse;

use jove_core::{AliasRecord, AnnotatedText, ByteSpan, EntityId, Lang, Mention};
use serde::Serialize;

use crate::alias_usage::AliasUsage;
use crate::automaton::Automaton;
use crate::boundary::stands_alone;
use crate::features::{Evidence, SurfaceFeatures, TextContext};
use crate::knowledge::Knowledge;
use crate::link_classifier::{Features, LinkClassifier};
use crate::link_context::{CANDIDATES_MAX, LinkContext, Name};
use crate::normal::Normalized;
use crate::resolve::resolve;
use crate::sanity_check;
use crate::segments::Segment;
use crate::table::{AliasTable, Candidate};
use crate::terms::for_each_term;
use crate::{EntityLinkingOptions, Error, Overlap, Tagger};

/// Names further apart than this, in bytes of normal text, are not weighed together.
const SCENE_BYTES: usize = 2048;

/// Finds the names of a knowledge base in text. Built once, then shared by any number of threads.
pub struct Linker {
    options: EntityLinkingOptions,
    table: AliasTable,
    automaton: Automaton,
    aliases: usize,
    knowledge: Knowledge,
    usage: AliasUsage,
    calibration: LinkClassifier,
}

/// What a linker holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkerReport {
    /// Different names after normalisation.
    pub aliases: usize,
    /// Pairs of a name and an entity.
    pub pairs: usize,
    /// Names left out because they are shorter than `chars-min`.
    pub short: u64,
    /// Names that the corpus showed to be common words.
    pub stopped: usize,
    /// Bytes that the search engine takes.
    pub engine_bytes: usize,
    /// Bytes that candidates, descriptions, neighbours and habits take.
    pub table_bytes: usize,
}

/// A place where a name stands, with all that was weighed there.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredMention {
    /// The likeliest reading; its score is the chance that the link is right.
    pub mention: Mention,
    /// Every candidate with its share among them, the best first; at most 8.
    pub candidates: Vec<(EntityId, f32)>,
    /// What was seen, in the order of [`crate::FEATURE_NAMES`].
    pub features: Features,
}

/// A name found in a text.
#[derive(Clone, Copy)]
struct Found {
    name: Name,
    /// Where it starts in the normal form.
    normal_start: usize,
}

impl Linker {
    /// Builds the linker over all names of a knowledge base.
    ///
    /// # Errors
    /// When an option is outside its range, a name is blank or longer than 1024 bytes, or the names would make nearly all
    /// of ordinary text a mention.
    pub fn build(
        aliases: impl IntoIterator<Item = AliasRecord>,
        options: &EntityLinkingOptions,
    ) -> Result<Self, Error> {
        options.validate()?;
        let (table, forms) = AliasTable::build(aliases, options)?;
        let automaton = Automaton::build(options.engine, &forms)?;
        let linker = Self {
            options: options.clone(),
            table,
            automaton,
            aliases: forms.len(),
            knowledge: Knowledge::default(),
            usage: AliasUsage::default(),
            calibration: LinkClassifier::default(),
        };
        linker.refuse_everything()?;
        Ok(linker)
    }

    /// Adds descriptions and neighbours, by which candidates are told apart.
    #[must_use]
    pub fn with_knowledge(self, knowledge: Knowledge) -> Self {
        Self { knowledge, ..self }
    }

    /// Replaces the weights that make a score of what is seen.
    #[must_use]
    pub fn with_calibration(self, calibration: LinkClassifier) -> Self {
        Self { calibration, ..self }
    }

    /// Learns from a corpus which names are mostly common words, and how often each is used as a name. Common words are no
    /// longer linked. A later call starts afresh.
    pub fn learn<'a>(&mut self, texts: impl IntoIterator<Item = (&'a str, Lang)>, tagger: &Tagger) {
        let mut usage = AliasUsage::new(self.aliases);
        for (text, lang) in texts {
            let words = tagger.segments(text, lang);
            let passage = TextContext::new(text, lang, Some(&words));
            for (found, scene) in self.scenes(text) {
                for place in found {
                    let look = SurfaceFeatures::new(&passage, place.name.span);
                    let mut candidates = self.table.candidates(place.name.alias).iter().take(CANDIDATES_MAX);
                    let coherent = candidates.any(|c| scene.coherence(c.entity, place.name, &self.knowledge) > 0.9);
                    usage.add(place.name.alias, look.is_name() || coherent, look.is_common() && !coherent);
                }
            }
        }
        self.usage = usage;
    }

    /// What the linker holds, and the memory it takes.
    pub fn report(&self) -> LinkerReport {
        LinkerReport {
            aliases: self.aliases,
            pairs: self.table.pairs(),
            short: self.table.short,
            stopped: (0..self.aliases as u32).filter(|alias| self.usage.is_stopped(*alias)).count(),
            engine_bytes: self.automaton.memory(),
            table_bytes: self.table.memory() + self.knowledge.memory() + self.usage.memory(),
        }
    }

    /// The linked mentions of a text, sorted by start, without overlaps. A text of 2^32 bytes or more has none.
    pub fn link(&self, text: &str, lang: Lang) -> Vec<Mention> {
        self.link_words(text, lang, None)
    }

    /// As [`Linker::link`], with the text's words, which show where a name may not be cut out of a longer word.
    pub fn link_words(&self, text: &str, lang: Lang, words: Option<&[Segment]>) -> Vec<Mention> {
        let passage = TextContext::new(text, lang, words);
        let mut mentions: Vec<Mention> = Vec::new();
        for (found, scene) in self.scenes(text) {
            for place in found {
                let taken = mentions.last().is_some_and(|last| place.name.span.start < last.span.end);
                if taken && self.options.overlap == Overlap::Longest {
                    continue; // It would lose whatever its score.
                }
                let (entity, _, features) = self.judge(&passage, place, &scene, None);
                let score = self.calibration.score(&features);
                if score >= self.options.score_min {
                    mentions.push(Mention { span: place.name.span, entity, score });
                }
            }
        }
        resolve(mentions, self.options.overlap)
    }

    /// Every place where a name stands, linked or not, overlapping ones too, with the losing candidates; by start, the
    /// longest first.
    pub fn explain(&self, text: &str, lang: Lang, words: Option<&[Segment]>) -> Vec<ScoredMention> {
        let passage = TextContext::new(text, lang, words);
        let mut all = Vec::new();
        for (found, scene) in self.scenes(text) {
            for place in found {
                let mut candidates = Vec::new();
                let (entity, _, features) = self.judge(&passage, place, &scene, Some(&mut candidates));
                let score = self.calibration.score(&features);
                candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                let mention = Mention { span: place.name.span, entity, score };
                all.push(ScoredMention { mention, candidates, features });
            }
        }
        all.sort_by_key(|judged| (judged.mention.span.start, Reverse(judged.mention.span.end)));
        all
    }

    /// What the names of a linked text mean: what its mentions link to, and the likeliest reading of every name outside them,
    /// however low its score; in order, each once.
    pub fn named(&self, linked: &AnnotatedText) -> Vec<EntityId> {
        let AnnotatedText { text, lang, mentions, .. } = linked;
        let passage = TextContext::new(text, *lang, None);
        let mut entities: Vec<EntityId> = mentions.iter().map(|mention| mention.entity).collect();
        let inside = |span: ByteSpan| {
            let after = mentions.partition_point(|mention| mention.span.end <= span.start);
            mentions.get(after).is_some_and(|mention| mention.span.overlaps(span))
        };
        for (found, scene) in self.scenes(text) {
            let outside = found.iter().filter(|place| !inside(place.name.span));
            entities.extend(outside.map(|place| self.judge(&passage, *place, &scene, None).0));
        }
        entities.sort_unstable();
        entities.dedup();
        entities
    }

    /// The names of a text by start, the longest first, in stretches that are weighed together.
    fn scenes(&self, text: &str) -> Vec<(Vec<Found>, LinkContext)> {
        if u32::try_from(text.len()).is_err() {
            tracing::warn!(bytes = text.len(), "a text of 4 GiB or more is not linked: split it");
            return Vec::new();
        }
        let normalized = self.options.normalization.apply(text);
        let normal = normalized.text();
        let mut found = Vec::new();
        self.each_name(text, &normalized, |name, normal_start| {
            if !self.usage.is_stopped(name.alias) {
                found.push(Found { name, normal_start });
            }
        });
        self.table.fetch(found.iter().map(|found| found.name.alias));
        found.sort_unstable_by_key(|found| (found.normal_start, Reverse(found.name.span.end)));
        let stretches = found.chunk_by(|a, b| a.normal_start / SCENE_BYTES == b.normal_start / SCENE_BYTES);
        stretches.map(|found| (found.to_vec(), self.scene(normal, found))).collect()
    }

    /// Calls `visit` with every name that may stand where it does, and its start in the normal form.
    fn each_name(&self, text: &str, normalized: &Normalized, mut visit: impl FnMut(Name, usize)) {
        self.automaton.for_each(normalized.text(), |alias, normal_start, end| {
            let (Some(start), Some(end)) = (normalized.original(normal_start), normalized.original(end)) else {
                return;
            };
            if !self.options.boundaries || stands_alone(text, start as usize, end as usize) {
                visit(Name { alias, span: ByteSpan::new(start, end) }, normal_start);
            }
        });
    }

    fn scene(&self, normal: &str, found: &[Found]) -> LinkContext {
        let start = found[0].normal_start / SCENE_BYTES * SCENE_BYTES;
        let stretch = &normal[normal.floor_char_boundary(start)..normal.floor_char_boundary(start + SCENE_BYTES)];
        let names = found.iter().map(|found| (found.name, self.table.candidates(found.name.alias)));
        LinkContext::new(stretch, names, &self.knowledge)
    }

    /// The likeliest candidate at a place, its share, and the features; all shares go to `shares` where asked for.
    fn judge(
        &self,
        passage: &TextContext,
        place: Found,
        scene: &LinkContext,
        shares: Option<&mut Vec<(EntityId, f32)>>,
    ) -> (EntityId, f32, Features) {
        let (name, text) = (place.name, passage.text);
        let own = LazyCell::new(|| self.own_terms(&text[name.span.range()]));
        let candidates = self.table.candidates(name.alias);
        let candidates = &candidates[..candidates.len().min(CANDIDATES_MAX)];
        let mut weighed = [Weighed::default(); CANDIDATES_MAX];
        for (slot, candidate) in weighed.iter_mut().zip(candidates) {
            slot.context = scene.context(candidate.entity, |term| own.contains(&term), &self.knowledge);
            slot.coherence = scene.coherence(candidate.entity, name, &self.knowledge);
            slot.weight = weight(candidate, passage.lang, slot);
        }
        let weighed = &weighed[..candidates.len()];
        let total: f32 = weighed.iter().map(|slot| slot.weight).sum();
        let mut best = 0;
        for index in 1..weighed.len() {
            if weighed[index].weight > weighed[best].weight {
                best = index;
            }
        }
        if let Some(shares) = shares {
            shares.extend(candidates.iter().zip(weighed).map(|(c, slot)| (c.entity, slot.weight / total)));
        }
        let (candidate, slot) = (&candidates[best], weighed[best]);
        let written = candidate.capital && text[name.span.range()].contains(char::is_uppercase);
        let evidence = Evidence {
            context: slot.context,
            coherence: slot.coherence,
            share: slot.weight / total,
            leaning: self.usage.leaning(name.alias),
            name_share: self.usage.name_share(),
            capital: written,
            lowered: candidate.capital && !written,
        };
        (candidate.entity, evidence.share, SurfaceFeatures::new(passage, name.span).features(evidence))
    }

    /// The name's own terms, which are no evidence.
    fn own_terms(&self, name: &str) -> Vec<u32> {
        let mut own = Vec::new();
        for_each_term(&self.options.normalization.form(name), |term| own.push(term));
        own
    }

    fn refuse_everything(&self) -> Result<(), Error> {
        for text in sanity_check::TEXTS {
            let spans: Vec<(usize, usize)> = self
                .scenes(text)
                .iter()
                .flat_map(|(found, _)| found.iter().map(|found| found.name.span.range()))
                .map(|range| (range.start, range.end))
                .collect();
            let (share, examples) = sanity_check::coverage(text, &spans);
            if share > sanity_check::SHARE_MAX {
                let examples = examples.join(", ");
                return Err(Error::LinksEverything { aliases: self.aliases, percent: share * 100.0, examples });
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Weighed {
    context: f32,
    coherence: f32,
    weight: f32,
}

/// A candidate's weight among its rivals: prior and popularity, times what text and graph say for it.
fn weight(candidate: &Candidate, lang: Lang, seen: &Weighed) -> f32 {
    let same = candidate.lang.is_none_or(|other| other.primary() == lang.primary());
    let language = if same { 1.0 } else { 0.5 };
    candidate.prior * (1.0 + candidate.popularity).sqrt() * language * (4.0 * seen.context + 3.0 * seen.coherence).exp()
}
