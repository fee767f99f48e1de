//! The context that mentions of one text are disambiguated in: its terms, and which entities its names support.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use jove_core::{ByteSpan, EntityId};

use crate::knowledge::Knowledge;
use crate::table::Candidate;
use crate::term_set::TermSet;
use crate::terms::for_each_term;

/// The most candidates of one name that are weighed, the likeliest first.
pub(crate) const CANDIDATES_MAX: usize = 8;

/// Terms of a text and the entities that its names support, to compare each candidate with.
pub(crate) struct LinkContext<'a> {
    /// The whole text in normal form.
    normal: &'a str,
    terms: TermSet,
    /// By entity, names with a candidate next to it in the graph: up to two that do not overlap.
    supporters: HashMap<EntityId, Supporters, BuildHasherDefault<IdHasher>>,
}

/// One name that supports an entity, and another apart from it.
struct Supporters(Name, Option<Name>);

/// A fast hasher of single numbers; entity ids come from the graph, not from an adversary.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// One occurrence of an alias.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// Number of the alias.
    pub(crate) alias: u32,
    /// Its span in the original text.
    pub(crate) span: ByteSpan,
    /// Whether it is the name itself.
    pub(crate) form: Form,
}

/// How an occurrence differs from the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Not at all.
    Exact,
    /// It is inflected.
    Inflected,
    /// It is inflected, as a word that has no capital where the name has one.
    Uncapitalised,
}

impl Name {
    /// Whether one may support the other: neither the same alias again nor two readings of one span.
    fn is_apart(self, other: Self) -> bool {
        self.alias != other.alias && !self.span.overlaps(other.span)
    }
}

impl<'a> LinkContext<'a> {
    /// The context of a stretch of a text in normal form and of the names found in it.
    pub(crate) fn new<'c, C: Iterator<Item = &'c Candidate>>(
        normal: &'a str,
        stretch: Range<usize>,
        names: impl Iterator<Item = (Name, C)>,
        knowledge: &Knowledge,
    ) -> Self {
        let mut context = Self { normal, terms: TermSet::default(), supporters: HashMap::default() };
        if knowledge.is_empty() {
            return context;
        }
        let stretch = &normal[stretch];
        context.terms = TermSet::with_capacity(stretch.chars().count());
        for_each_term(stretch, |term| context.terms.insert(term));
        let weighed =
            names.flat_map(|(name, candidates)| candidates.take(CANDIDATES_MAX).map(move |c| (name, c.entity)));
        let weighed: Vec<(Name, EntityId)> = weighed.collect();
        let entities = || weighed.iter().map(|(_, entity)| *entity);
        knowledge.fetch(entities());
        let neighbours = |entity| knowledge.informative_neighbours(entity);
        context.supporters.reserve(entities().map(|entity| neighbours(entity).len()).sum());
        for &(name, entity) in &weighed {
            for neighbour in neighbours(entity) {
                context.add_support(*neighbour, name);
            }
        }
        context
    }

    /// The terms of a name, by its place in the normal form: they are no evidence for it.
    pub(crate) fn own_terms(&self, place: Range<usize>) -> Vec<u32> {
        let mut own = Vec::new();
        for_each_term(&self.normal[place], |term| own.push(term));
        own
    }

    fn add_support(&mut self, entity: EntityId, name: Name) {
        let Supporters(first, second) = self.supporters.entry(entity).or_insert(Supporters(name, None));
        if second.is_none() && first.is_apart(name) {
            *second = Some(name);
        }
    }

    /// Overlap of the entity's description with the text, weighted by inverse document frequency, without the terms of
    /// the name itself (`is_own`): 0 to 1.
    pub(crate) fn description_overlap(
        &self,
        entity: EntityId,
        is_own: impl Fn(u32) -> bool,
        knowledge: &Knowledge,
    ) -> f32 {
        let terms = knowledge.terms(entity).iter();
        let shared: f32 =
            terms.filter(|(term, _)| self.terms.contains(*term) && !is_own(*term)).map(|(_, weight)| weight).sum();
        1.0 - (-shared / 10.0).exp()
    }

    /// Coherence of the entity with the other names of the text: 1 where a graph neighbour is named, 0.5 where only a
    /// common neighbour connects it with another name, else 0.
    pub(crate) fn coherence(&self, entity: EntityId, name: Name, knowledge: &Knowledge) -> f32 {
        if self.is_supported(entity, name) {
            return 1.0;
        }
        let common = knowledge.informative_neighbours(entity).iter().any(|other| self.is_supported(*other, name));
        if common { 0.5 } else { 0.0 }
    }

    fn is_supported(&self, entity: EntityId, name: Name) -> bool {
        let Some(Supporters(first, second)) = self.supporters.get(&entity) else { return false };
        first.is_apart(name) || second.is_some_and(|second| second.is_apart(name))
    }
}
