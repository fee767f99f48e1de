//! A stretch of text with all that is known about the names in it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use jove_core::{ByteSpan, EntityId};

use crate::knowledge::Knowledge;
use crate::table::Candidate;
use crate::terms::for_each_term;

/// The most candidates of one name that are weighed, the likeliest first.
pub(crate) const CANDIDATES_MAX: usize = 8;

/// Terms of the text and candidates of its names, to compare each candidate with.
pub(crate) struct LinkContext {
    terms: Vec<u32>,
    /// A bit for the last bits of each term: most terms that are not there are known from it.
    bits: [u64; 128],
    /// By entity, names with a candidate next to it in the graph: up to two that do not overlap.
    speakers: HashMap<EntityId, [Option<Name>; 2], BuildHasherDefault<IdHasher>>,
}

/// Spreads the bits of one number; entity ids come from the graph, not from an adversary.
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

/// One place of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// The name's number.
    pub(crate) alias: u32,
    /// Where it stands in the original text.
    pub(crate) span: ByteSpan,
}

impl Name {
    /// Whether the two say something about each other: neither the same name again nor two readings of one place.
    fn is_apart(self, other: Self) -> bool {
        self.alias != other.alias && !self.span.overlaps(other.span)
    }
}

impl LinkContext {
    /// The scene of a text in normal form and of the names found in it.
    pub(crate) fn new<'a>(
        normal: &str,
        names: impl IntoIterator<Item = (Name, &'a [Candidate])>,
        knowledge: &Knowledge,
    ) -> Self {
        let mut scene = Self { terms: Vec::new(), bits: [0; 128], speakers: HashMap::default() };
        if knowledge.is_empty() {
            return scene;
        }
        for_each_term(normal, |term| scene.terms.push(term));
        scene.terms.sort_unstable();
        scene.terms.dedup();
        for term in &scene.terms {
            scene.bits[(term >> 6) as usize % 128] |= 1 << (term % 64);
        }
        for (name, candidates) in names {
            for candidate in candidates.iter().take(CANDIDATES_MAX) {
                for neighbour in knowledge.telling_neighbours(candidate.entity) {
                    scene.speak(*neighbour, name);
                }
            }
        }
        scene
    }

    fn speak(&mut self, entity: EntityId, name: Name) {
        let speakers = self.speakers.entry(entity).or_default();
        match speakers {
            [None, _] => speakers[0] = Some(name),
            [Some(first), None] if first.is_apart(name) => speakers[1] = Some(name),
            _ => {}
        }
    }

    /// How far the text repeats the entity's description, apart from the name's own terms: 0 to 1.
    /// `is_own` tells the name's own terms.
    pub(crate) fn context(&self, entity: EntityId, is_own: impl Fn(u32) -> bool, knowledge: &Knowledge) -> f32 {
        let terms = knowledge.terms(entity).iter();
        let shared: f32 = terms.filter(|(term, _)| self.holds(*term) && !is_own(*term)).map(|(_, weight)| weight).sum();
        1.0 - (-shared / 10.0).exp()
    }

    fn holds(&self, term: u32) -> bool {
        self.bits[(term >> 6) as usize % 128] >> (term % 64) & 1 == 1 && self.terms.binary_search(&term).is_ok()
    }

    /// How well the entity fits the other names of the text: 1 where a neighbour is named elsewhere, half where only a
    /// neighbour in common ties it to another name, else 0.
    pub(crate) fn coherence(&self, entity: EntityId, name: Name, knowledge: &Knowledge) -> f32 {
        if self.is_spoken_for(entity, name) {
            return 1.0;
        }
        let common = knowledge.telling_neighbours(entity).iter().any(|other| self.is_spoken_for(*other, name));
        if common { 0.5 } else { 0.0 }
    }

    fn is_spoken_for(&self, entity: EntityId, name: Name) -> bool {
        let speakers = self.speakers.get(&entity).into_iter().flatten().flatten();
        speakers.into_iter().any(|speaker| speaker.is_apart(name))
    }
}
