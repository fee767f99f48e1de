//! Finding the names of a knowledge base in text.

use std::cmp::Reverse;

use jove_core::{AliasRecord, AnnotatedText, ByteSpan, EntityId, Lang, Mention};
use serde::Serialize;

use crate::alias_usage::AliasUsage;
use crate::automaton::Automaton;
use crate::boundary::is_han;
use crate::candidate_scores::{CandidateScores, Weighed};
use crate::context_cues::follows_abbreviation;
use crate::error::Error;
use crate::feature::Features;
use crate::knowledge::Knowledge;
use crate::language::{Evidence, Stretch, TextLanguage};
use crate::link_classifier::LinkClassifier;
use crate::link_context::{CANDIDATES_MAX, Form, LinkContext, Name};
use crate::normal::Normalized;
use crate::occurrences::{Occurrences, Place};
use crate::options::{EntityLinkingOptions, Overlap};
use crate::plain_words::{KnownName, case, word_cues};
use crate::resolve::resolve;
use crate::sanity_check;
use crate::segments::Segment;
use crate::surface_features::{SurfaceEvidence, SurfaceFeatures, TextContext};
use crate::table::{AliasTable, Candidate, Case};
use crate::tagger::Tagger;

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
    occurrences: Occurrences,
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
    /// Records left out because nothing in them is visible, or because they are longer than any name.
    pub unusable: u64,
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
    /// Where it starts and ends in the normal form.
    normal_start: usize,
    normal_end: usize,
    /// The language of the place.
    stretch: Stretch,
}

impl Linker {
    /// Builds the linker over all names of a knowledge base.
    ///
    /// # Errors
    /// When an option is outside its range, the search engine rejects the aliases, or they would make nearly all of ordinary
    /// text a mention.
    pub fn build(
        aliases: impl IntoIterator<Item = AliasRecord>,
        options: &EntityLinkingOptions,
    ) -> Result<Self, Error> {
        options.validate()?;
        let (table, mut patterns) = AliasTable::build(aliases, options);
        let aliases = patterns.len();
        let occurrences = Occurrences::new(&table, &mut patterns, options);
        let automaton = Automaton::build(options.engine, &patterns)?;
        let linker = Self {
            options: options.clone(),
            table,
            automaton,
            occurrences,
            aliases,
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
            let text_context = TextContext::new(text, lang, Some(&words), &self.table.langs);
            self.for_each_name(&text_context, |Found { name, stretch, .. }, context| {
                let surface = SurfaceFeatures::new(&text_context, name.span);
                let mut candidates = self.usable(name.alias, *stretch).take(CANDIDATES_MAX);
                let coherent = candidates.any(|(c, _)| context.coherence(c.entity, *name, &self.knowledge) > 0.9);
                usage.add(name.alias, surface.is_name() || coherent, surface.is_common() && !coherent);
            });
        }
        self.usage = usage;
    }

    /// The language of the place in a text where a name is, as a canonical tag: that of the text, where the name's script is
    /// one that the language is written in.
    pub fn language_at(&self, text: &str, lang: Lang, span: ByteSpan) -> Lang {
        let langs = &self.table.langs;
        TextLanguage::new(lang, langs).stretch(span.slice(text).unwrap_or_default(), langs).lang
    }

    /// The linker's size in memory.
    pub fn report(&self) -> LinkerReport {
        LinkerReport {
            aliases: self.aliases,
            pairs: self.table.pairs(),
            short: self.table.short,
            refused: (0..self.aliases as u32).filter(|alias| self.usage.is_refused(*alias)).count(),
            unusable: self.table.unusable,
            engine_bytes: self.automaton.memory(),
            table_bytes: self.table.memory()
                + self.occurrences.memory()
                + self.knowledge.memory()
                + self.usage.memory(),
        }
    }

    /// The linked mentions of a text, sorted by start, without overlaps. A text of 2^32 bytes or more has none.
    pub fn link(&self, text: &str, lang: Lang) -> Vec<Mention> {
        self.link_words(text, lang, None)
    }

    /// As [`Linker::link`], with the text's words: mentions that are whole words score higher.
    pub fn link_words(&self, text: &str, lang: Lang, words: Option<&[Segment]>) -> Vec<Mention> {
        let text_context = TextContext::new(text, lang, words, &self.table.langs);
        let mut mentions: Vec<Mention> = Vec::new();
        self.for_each_name(&text_context, |found, context| {
            let span = found.name.span;
            let overlaps = mentions.last().is_some_and(|last| span.start < last.span.end);
            if overlaps && self.options.overlap == Overlap::Longest {
                return; // It would lose whatever its score.
            }
            let Some((entity, features)) = self.disambiguate(&text_context, found, context, None) else { return };
            let score = self.classifier.score(&features);
            if score >= self.options.score_min {
                mentions.push(Mention { span, entity, score });
            }
        });
        resolve(mentions, self.options.overlap)
    }

    /// Every mention, linked or not, overlapping ones too, with its candidates; sorted by start, the longest first.
    pub fn explain(&self, text: &str, lang: Lang, words: Option<&[Segment]>) -> Vec<ScoredMention> {
        let text_context = TextContext::new(text, lang, words, &self.table.langs);
        let mut all = Vec::new();
        self.for_each_name(&text_context, |found, context| {
            let mut candidates = Vec::new();
            let shares = Some(&mut candidates);
            let Some((entity, features)) = self.disambiguate(&text_context, found, context, shares) else { return };
            let score = self.classifier.score(&features);
            candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let mention = Mention { span: found.name.span, entity, score };
            all.push(ScoredMention { mention, candidates, features });
        });
        all.sort_by_key(|scored| (scored.mention.span.start, Reverse(scored.mention.span.end)));
        all
    }

    /// The entities that a linked text names: those of its mentions, and the most likely candidate of every name outside
    /// them, whatever its score; sorted, without repetition.
    pub fn named(&self, linked: &AnnotatedText) -> Vec<EntityId> {
        let AnnotatedText { text, lang, mentions, .. } = linked;
        let text_context = TextContext::new(text, *lang, None, &self.table.langs);
        let mut entities: Vec<EntityId> = mentions.iter().map(|mention| mention.entity).collect();
        let inside = |span: ByteSpan| {
            let after = mentions.partition_point(|mention| mention.span.end <= span.start);
            mentions.get(after).is_some_and(|mention| mention.span.overlaps(span))
        };
        self.for_each_name(&text_context, |found, context| {
            if !inside(found.name.span) {
                let best = self.disambiguate(&text_context, found, context, None);
                entities.extend(best.map(|(entity, _)| entity));
            }
        });
        entities.sort_unstable();
        entities.dedup();
        entities
    }

    /// Calls `visit` with each name of a text by start, the longest first, and the context that the names of its stretch
    /// share.
    fn for_each_name(&self, text_context: &TextContext, mut visit: impl FnMut(&Found, &LinkContext)) {
        let text = text_context.text;
        if u32::try_from(text.len()).is_err() {
            tracing::warn!(bytes = text.len(), "a text of 4 GiB or more is not linked: split it");
            return;
        }
        let normalized = self.options.normalization.apply(text);
        let normal = normalized.text();
        let mut found = Vec::new();
        self.find(text_context, &normalized, |name, (normal_start, normal_end)| {
            if !self.usage.is_refused(name.alias) {
                found.push(Found { name, normal_start, normal_end, stretch: self.stretch(text_context, name) });
            }
        });
        self.table.fetch(found.iter().map(|found| found.name.alias));
        found.retain(|Found { name, stretch, .. }| self.usable(name.alias, *stretch).next().is_some());
        found.sort_unstable_by_key(|Found { name, normal_start, .. }| {
            (*normal_start, Reverse(name.span.end), name.form, name.alias)
        });
        let stretches = found.chunk_by(|a, b| a.normal_start / CONTEXT_BYTES == b.normal_start / CONTEXT_BYTES);
        for names in stretches {
            let context = self.context(normal, &found, names[0].normal_start / CONTEXT_BYTES);
            for found in names {
                visit(found, &context);
            }
        }
    }

    /// Calls `visit` with every name at word boundaries, in no order, and where it is in the normal form.
    fn find(&self, text: &TextContext, normalized: &Normalized, mut visit: impl FnMut(Name, (usize, usize))) {
        let normal = normalized.text();
        self.automaton.for_each(normal, |pattern, start, end| {
            let lang = || {
                if text.language.lang() == Lang::ZH && normal[start..].starts_with(is_han) {
                    return Lang::ZH; // Without the way back to the original: most names of most text here.
                }
                let first = normalized.original_start(start).unwrap_or_default();
                text.language.stretch(&text.text[first as usize..], &self.table.langs).lang
            };
            self.occurrences.visit(pattern, Place { normal, start, end }, lang, |alias, form, (start, end)| {
                let original = (normalized.original_start(start), normalized.original_end(end));
                if let (Some(first), Some(last)) = original {
                    visit(Name { alias, span: ByteSpan::new(first, last), form }, (start, end));
                }
            });
        });
    }

    /// The context of a stretch, by its number; `found` are all names of the text.
    fn context<'a>(&self, normal: &'a str, found: &[Found], number: usize) -> LinkContext<'a> {
        let start = (number * CONTEXT_BYTES).saturating_sub(OVERLAP_BYTES);
        let end = (number + 1) * CONTEXT_BYTES + OVERLAP_BYTES;
        let first = found.partition_point(|found| found.normal_start < start);
        let after = found.partition_point(|found| found.normal_start < end);
        let range = normal.floor_char_boundary(start)..normal.floor_char_boundary(end);
        let usable = |found: &Found| self.usable(found.name.alias, found.stretch).map(|(candidate, _)| candidate);
        let names = found[first..after].iter().map(|found| (found.name, usable(found)));
        LinkContext::new(normal, range, names, &self.knowledge)
    }

    /// The language of the stretch that a name lies in.
    fn stretch(&self, text: &TextContext, name: Name) -> Stretch {
        text.language.stretch(&text.text[name.span.range()], &self.table.langs)
    }

    /// The candidates of an alias in a stretch of text, those of its own language first.
    fn usable(&self, alias: u32, stretch: Stretch) -> impl Iterator<Item = (&Candidate, Evidence)> {
        let all = self.table.candidates(alias);
        let of = move |wanted: Evidence| {
            let with_evidence =
                all.iter().map(move |c| (c, stretch.evidence(c.langs, c.entity_langs, &self.table.langs)));
            with_evidence.filter(move |(_, evidence)| *evidence == wanted)
        };
        let foreign = of(Evidence::Other).filter(|_| self.options.foreign_names);
        of(Evidence::Own).chain(of(Evidence::Open)).chain(foreign)
    }

    /// The most likely candidate of a name, and the features of the mention; every candidate's share goes to `shares`.
    fn disambiguate(
        &self,
        text_context: &TextContext,
        &Found { name, normal_start, normal_end, stretch }: &Found,
        context: &LinkContext,
        shares: Option<&mut Vec<(EntityId, f32)>>,
    ) -> Option<(EntityId, Features)> {
        let own_terms = || context.own_terms(normal_start..normal_end);
        let case = case(text_context.text, name.span);
        let case = case.filter(|_| name.form != Form::Uncapitalised);
        let weighed = |(candidate, evidence)| (candidate, evidence, self.table.case_weight(candidate, &stretch, case));
        let usable = self.usable(name.alias, stretch).map(weighed);
        let scores = CandidateScores::new(usable, name, own_terms, context, &self.knowledge);
        if let Some(shares) = shares {
            shares.extend(scores.iter().map(|weighed| (weighed.candidate.entity, scores.share(&weighed))));
        }
        let best = scores.best()?;
        let mut evidence = self.evidence(text_context, (name, stretch, case), &best, scores.share(&best));
        evidence.bare |= scores.is_improbable();
        let mut surface = SurfaceFeatures::new(text_context, name.span);
        if best.language == Evidence::Open && follows_abbreviation(text_context.text, name.span.start as usize) {
            surface = surface.within_longer_name();
        }
        Some((best.candidate.entity, surface.features(evidence)))
    }

    /// What graph, corpus, language and writing say of a name's best candidate.
    fn evidence(
        &self,
        text: &TextContext,
        (name, stretch, case): (Name, Stretch, Option<Case>),
        best: &Weighed,
        candidate_share: f32,
    ) -> SurfaceEvidence {
        let has_capital = self.table.has_capital(best.candidate, &stretch);
        let known = KnownName {
            candidate: best.candidate,
            language: best.language,
            has_capital,
            unknown: self.table.is_unknown(best.candidate),
            case,
            inserted: stretch.lang != text.language.lang(),
            obscure: best.score.coherence <= 0.0 && self.is_obscure(best, case),
        };
        let cues = word_cues((text.text, name.span), known, &stretch, self.options.normalization);
        let capital = matches!(case, Some(Case::Upper | Case::Opening));
        SurfaceEvidence {
            description_overlap: best.score.description_overlap,
            coherence: best.score.coherence,
            candidate_share,
            relative_keyphraseness: self.usage.relative_keyphraseness(name.alias),
            mean_keyphraseness: self.usage.mean_keyphraseness(),
            capital: has_capital && capital,
            lowered: (has_capital && case == Some(Case::Lower)) || cues.lowered_abbreviation,
            common_word: cues.common_word,
            bare: cues.bare,
        }
    }

    /// Whether a candidate is little known, by what its language asks for.
    fn is_obscure(&self, best: &Weighed, case: Option<Case>) -> bool {
        match best.language {
            Evidence::Own => self.table.is_little_known(best.candidate),
            Evidence::Open => self.table.needs_context(best.candidate, case),
            Evidence::Other => false,
        }
    }

    /// Rejects names that cover nearly all of ordinary text.
    fn check_coverage(&self) -> Result<(), Error> {
        for text in sanity_check::TEXTS {
            // Of no language, so that names of all languages count.
            let text_context = TextContext::new(text, Lang::UND, None, &self.table.langs);
            let mut spans: Vec<(usize, usize)> = Vec::new();
            self.for_each_name(&text_context, |found, _| {
                spans.push((found.name.span.start as usize, found.name.span.end as usize));
            });
            let (share, examples) = sanity_check::coverage(text, &spans);
            if share > sanity_check::COVERAGE_MAX {
                let examples = examples.join(", ");
                return Err(Error::LinksEverything { aliases: self.aliases, percent: share * 100.0, examples });
            }
        }
        Ok(())
    }
}
