//! Finding the names of a knowledge base in text.

use std::cmp::Reverse;

use jove_core::{AliasRecord, AnnotatedText, ByteSpan, EntityId, Lang, Mention};
use serde::Serialize;

use crate::alias_usage::AliasUsage;
use crate::automaton::Automaton;
use crate::boundary::stands_alone;
use crate::candidate_scores::CandidateScores;
use crate::error::Error;
use crate::feature::Features;
use crate::knowledge::Knowledge;
use crate::link_classifier::LinkClassifier;
use crate::link_context::{CANDIDATES_MAX, LinkContext, Name};
use crate::normal::Normalized;
use crate::options::{EntityLinkingOptions, Overlap};
use crate::resolve::resolve;
use crate::sanity_check;
use crate::segments::Segment;
use crate::surface_features::{Evidence, SurfaceFeatures, TextContext};
use crate::table::AliasTable;
use crate::tagger::Tagger;
use crate::terms::for_each_term;

/// Length of the stretches that a text is cut into, in bytes of its normal form; names of one stretch share a context.
const CONTEXT_BYTES: usize = 2048;

/// How far the context of a stretch reaches into its neighbours, in bytes of the normal form: names that are at most so
/// far apart are always part of one context.
const OVERLAP_BYTES: usize = 512;

/// Finds the names of a knowledge base in text. Built once, then shared by any number of threads.
///
/// # Resource usage
/// [`Linker::build`] sorts all aliases in memory and builds the search engine: about 2.5 s for 961,228 names on one core.
/// Resident are then the engine (30 MB for these names with `daachorse`, 54 MB with `aho-corasick`), 32 bytes a candidate
/// plus 4 bytes an alias, and what [`Knowledge`] holds: 8 bytes a description term, 8 bytes an edge, 8 bytes an entity.
/// [`Linker::report`] gives the actual numbers. Nothing is cached on disk.
///
/// Linking takes time linear in the text, 4 to 13 MB a second and core with a million names (`docs/linking.md`), and
/// allocates a normal form of the text and one context for each 2,048 bytes of it.
pub struct Linker {
    options: EntityLinkingOptions,
    table: AliasTable,
    automaton: Automaton,
    aliases: usize,
    knowledge: Knowledge,
    usage: AliasUsage,
    classifier: LinkClassifier,
}

/// Size of a linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkerReport {
    /// Different aliases after normalisation.
    pub aliases: usize,
    /// Pairs of an alias and an entity.
    pub pairs: usize,
    /// Aliases left out because they are shorter than `chars-min`.
    pub short: u64,
    /// Aliases not linked because the corpus uses them as common words.
    pub refused: usize,
    /// Bytes of the search engine.
    pub engine_bytes: usize,
    /// Bytes of candidates, descriptions, neighbours and usage counts.
    pub table_bytes: usize,
}

/// A mention with its candidates and features.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredMention {
    /// The most likely candidate; its score is the probability that the link is right.
    pub mention: Mention,
    /// At most 8 candidates with their shares, which add up to 1, the best first.
    pub candidates: Vec<(EntityId, f32)>,
    /// The classifier's input.
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
    /// When an option is outside its range, an alias is blank or longer than 1024 bytes, the search engine rejects the
    /// aliases, or they would make nearly all of ordinary text a mention.
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
            classifier: LinkClassifier::default(),
        };
        linker.check_coverage()?;
        Ok(linker)
    }

    /// Adds descriptions and graph neighbours, which disambiguate candidates.
    #[must_use]
    pub fn with_knowledge(self, knowledge: Knowledge) -> Self {
        Self { knowledge, ..self }
    }

    /// Replaces the classifier that scores mentions.
    #[must_use]
    pub fn with_classifier(self, classifier: LinkClassifier) -> Self {
        Self { classifier, ..self }
    }

    /// Counts over a corpus how often each alias is used as a name and how often as a common word. Aliases that are mostly
    /// common words are no longer linked. A later call replaces the counts.
    pub fn learn<'a>(&mut self, texts: impl IntoIterator<Item = (&'a str, Lang)>, tagger: &Tagger) {
        let mut usage = AliasUsage::new(self.aliases);
        for (text, lang) in texts {
            let words = tagger.segments(text, lang);
            let text_context = TextContext::new(text, lang, Some(&words));
            for (names, context) in self.contexts(text) {
                for Found { name, .. } in names {
                    let surface = SurfaceFeatures::new(&text_context, name.span);
                    let mut candidates = self.table.candidates(name.alias).iter().take(CANDIDATES_MAX);
                    let coherent = candidates.any(|c| context.coherence(c.entity, name, &self.knowledge) > 0.9);
                    usage.add(name.alias, surface.is_name() || coherent, surface.is_common() && !coherent);
                }
            }
        }
        self.usage = usage;
    }

    /// The linker's size in memory.
    pub fn report(&self) -> LinkerReport {
        LinkerReport {
            aliases: self.aliases,
            pairs: self.table.pairs(),
            short: self.table.short,
            refused: (0..self.aliases as u32).filter(|alias| self.usage.is_refused(*alias)).count(),
            engine_bytes: self.automaton.memory(),
            table_bytes: self.table.memory() + self.knowledge.memory() + self.usage.memory(),
        }
    }

    /// The linked mentions of a text, sorted by start, without overlaps. A text of 2^32 bytes or more has none.
    pub fn link(&self, text: &str, lang: Lang) -> Vec<Mention> {
        self.link_words(text, lang, None)
    }

    /// As [`Linker::link`], with the text's words: mentions that are whole words score higher.
    pub fn link_words(&self, text: &str, lang: Lang, words: Option<&[Segment]>) -> Vec<Mention> {
        let text_context = TextContext::new(text, lang, words);
        let mut mentions: Vec<Mention> = Vec::new();
        for (names, context) in self.contexts(text) {
            for Found { name, .. } in names {
                let overlaps = mentions.last().is_some_and(|last| name.span.start < last.span.end);
                if overlaps && self.options.overlap == Overlap::Longest {
                    continue; // It would lose whatever its score.
                }
                let (entity, features) = self.disambiguate(&text_context, name, &context, None);
                let score = self.classifier.score(&features);
                if score >= self.options.score_min {
                    mentions.push(Mention { span: name.span, entity, score });
                }
            }
        }
        resolve(mentions, self.options.overlap)
    }

    /// Every mention, linked or not, overlapping ones too, with its candidates; sorted by start, the longest first.
    pub fn explain(&self, text: &str, lang: Lang, words: Option<&[Segment]>) -> Vec<ScoredMention> {
        let text_context = TextContext::new(text, lang, words);
        let mut all = Vec::new();
        for (names, context) in self.contexts(text) {
            for Found { name, .. } in names {
                let mut candidates = Vec::new();
                let (entity, features) = self.disambiguate(&text_context, name, &context, Some(&mut candidates));
                let score = self.classifier.score(&features);
                candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                let mention = Mention { span: name.span, entity, score };
                all.push(ScoredMention { mention, candidates, features });
            }
        }
        all.sort_by_key(|scored| (scored.mention.span.start, Reverse(scored.mention.span.end)));
        all
    }

    /// The entities that a linked text names: those of its mentions, and the most likely candidate of every name outside
    /// them, whatever its score; sorted, without repetition.
    pub fn named(&self, linked: &AnnotatedText) -> Vec<EntityId> {
        let AnnotatedText { text, lang, mentions, .. } = linked;
        let text_context = TextContext::new(text, *lang, None);
        let mut entities: Vec<EntityId> = mentions.iter().map(|mention| mention.entity).collect();
        let inside = |span: ByteSpan| {
            let after = mentions.partition_point(|mention| mention.span.end <= span.start);
            mentions.get(after).is_some_and(|mention| mention.span.overlaps(span))
        };
        for (names, context) in self.contexts(text) {
            let outside = names.iter().filter(|found| !inside(found.name.span));
            entities.extend(outside.map(|found| self.disambiguate(&text_context, found.name, &context, None).0));
        }
        entities.sort_unstable();
        entities.dedup();
        entities
    }

    /// The names of a text by start, the longest first, in stretches that share a context.
    fn contexts(&self, text: &str) -> Vec<(Vec<Found>, LinkContext)> {
        if u32::try_from(text.len()).is_err() {
            tracing::warn!(bytes = text.len(), "a text of 4 GiB or more is not linked: split it");
            return Vec::new();
        }
        let normalized = self.options.normalization.apply(text);
        let normal = normalized.text();
        let mut found = Vec::new();
        self.each_name(text, &normalized, |name, normal_start| {
            if !self.usage.is_refused(name.alias) {
                found.push(Found { name, normal_start });
            }
        });
        self.table.fetch(found.iter().map(|found| found.name.alias));
        found.sort_unstable_by_key(|found| (found.normal_start, Reverse(found.name.span.end)));
        let stretches = found.chunk_by(|a, b| a.normal_start / CONTEXT_BYTES == b.normal_start / CONTEXT_BYTES);
        let context = |names: &[Found]| self.context(normal, &found, names[0].normal_start / CONTEXT_BYTES);
        stretches.map(|names| (names.to_vec(), context(names))).collect()
    }

    /// Calls `visit` with every name at word boundaries, and its start in the normal form.
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

    /// The context of a stretch, by its number; `found` are all names of the text.
    fn context(&self, normal: &str, found: &[Found], stretch: usize) -> LinkContext {
        let start = (stretch * CONTEXT_BYTES).saturating_sub(OVERLAP_BYTES);
        let end = (stretch + 1) * CONTEXT_BYTES + OVERLAP_BYTES;
        let first = found.partition_point(|found| found.normal_start < start);
        let after = found.partition_point(|found| found.normal_start < end);
        let text = &normal[normal.floor_char_boundary(start)..normal.floor_char_boundary(end)];
        let names = found[first..after].iter().map(|found| (found.name, self.table.candidates(found.name.alias)));
        LinkContext::new(text, names, &self.knowledge)
    }

    /// The most likely candidate of a name, and the features of the mention; every candidate's share goes to `shares`.
    fn disambiguate(
        &self,
        text_context: &TextContext,
        name: Name,
        context: &LinkContext,
        shares: Option<&mut Vec<(EntityId, f32)>>,
    ) -> (EntityId, Features) {
        let written = &text_context.text[name.span.range()];
        let candidates = self.table.candidates(name.alias);
        let own_terms = || self.own_terms(written);
        let scores = CandidateScores::new(candidates, (name, text_context.lang), own_terms, context, &self.knowledge);
        if let Some(shares) = shares {
            shares.extend(scores.candidates.iter().enumerate().map(|(index, c)| (c.entity, scores.share(index))));
        }
        let best = scores.best();
        let (candidate, score) = (&scores.candidates[best], scores.score(best));
        let capital = candidate.capital && written.contains(char::is_uppercase);
        let evidence = Evidence {
            description_overlap: score.description_overlap,
            coherence: score.coherence,
            candidate_share: scores.share(best),
            relative_keyphraseness: self.usage.relative_keyphraseness(name.alias),
            mean_keyphraseness: self.usage.mean_keyphraseness(),
            capital,
            lowered: candidate.capital && !capital,
        };
        (candidate.entity, SurfaceFeatures::new(text_context, name.span).features(evidence))
    }

    /// The terms of the name itself, which are no evidence.
    fn own_terms(&self, name: &str) -> Vec<u32> {
        let mut own = Vec::new();
        for_each_term(&self.options.normalization.form(name), |term| own.push(term));
        own
    }

    /// Rejects names that cover nearly all of ordinary text.
    fn check_coverage(&self) -> Result<(), Error> {
        for text in sanity_check::TEXTS {
            let spans: Vec<(usize, usize)> = self
                .contexts(text)
                .iter()
                .flat_map(|(found, _)| found.iter().map(|found| found.name.span.range()))
                .map(|range| (range.start, range.end))
                .collect();
            let (share, examples) = sanity_check::coverage(text, &spans);
            if share > sanity_check::COVERAGE_MAX {
                let examples = examples.join(", ");
                return Err(Error::LinksEverything { aliases: self.aliases, percent: share * 100.0, examples });
            }
        }
        Ok(())
    }
}
