//! The context that mentions of one text are disambiguated in: its terms, and which entities its names support.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use jove_core::{ByteSpan, EntityId};

use crate::knowledge::Knowledge;
use crate::table::Candidate;
use crate::terms::for_each_term;

/// The most candidates of one name that are weighed, the likeliest first.
pub(crate) const CANDIDATES_MAX: usize = 8;

/// Terms of a text and the entities that its names support, to compare each candidate with.
pub(crate) struct LinkContext {
    terms: Vec<u32>,
    /// A Bloom filter of the terms with one hash: rejects most absent terms without a search.
    bits: [u64; 128],
    /// By entity, names with a candidate next to it in the graph: up to two that do not overlap.
    supporters: HashMap<EntityId, [Option<Name>; 2], BuildHasherDefault<IdHasher>>,
}

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

impl LinkContext {
    /// The context of a text in normal form and of the names found in it.
    pub(crate) fn new<'a, C: Iterator<Item = &'a Candidate>>(
        normal: &str,
        names: impl IntoIterator<Item = (Name, C)>,
        knowledge: &Knowledge,
    ) -> Self {
        let mut context = Self { terms: Vec::new(), bits: [0; 128], supporters: HashMap::default() };
        if knowledge.is_empty() {
            return context;
        }
        for_each_term(normal, |term| context.terms.push(term));
        context.terms.sort_unstable();
        context.terms.dedup();
        for term in &context.terms {
            context.bits[(term >> 6) as usize % 128] |= 1 << (term % 64);
        }
        for (name, candidates) in names {
            for candidate in candidates.take(CANDIDATES_MAX) {
                for neighbour in knowledge.informative_neighbours(candidate.entity) {
                    context.add_support(*neighbour, name);
                }
            }
        }
        context
    }

    fn add_support(&mut self, entity: EntityId, name: Name) {
        let supporters = self.supporters.entry(entity).or_default();
        match supporters {
            [None, _] => supporters[0] = Some(name),
            [Some(first), None] if first.is_apart(name) => supporters[1] = Some(name),
            _ => {}
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
        let shared: f32 = terms.filter(|(term, _)| self.holds(*term) && !is_own(*term)).map(|(_, weight)| weight).sum();
        1.0 - (-shared / 10.0).exp()
    }

    fn holds(&self, term: u32) -> bool {
        self.bits[(term >> 6) as usize % 128] >> (term % 64) & 1 == 1 && self.terms.binary_search(&term).is_ok()
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
        let supporters = self.supporters.get(&entity).into_iter().flatten().flatten();
        supporters.into_iter().any(|supporter| supporter.is_apart(name))
    }
}
