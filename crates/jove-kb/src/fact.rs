//! Facts and the predicates they use.

use jove_core::{EntityId, Lang};
use serde::{Deserialize, Serialize};

/// The row of a predicate in a knowledge base: dense, starting at 0, stable within one built knowledge base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PredicateId(pub u32);

/// An edge of the graph: a subject, a predicate and an object that is an entity too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fact {
    /// What the fact is about.
    pub subject: EntityId,
    /// How the two are related.
    pub predicate: PredicateId,
    /// What the subject is related to.
    pub object: EntityId,
}

/// A value that is text, not an entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Literal {
    /// How the value relates to its subject.
    pub predicate: PredicateId,
    /// The value as written.
    pub value: String,
    /// Its language, where it has one.
    pub lang: Option<Lang>,
    /// Its datatype IRI or name; empty for plain text.
    pub datatype: String,
}

/// What a knowledge base knows of a predicate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PredicateInfo {
    /// Its key, such as `capital` or `P36`.
    pub key: String,
    /// The predicate that is its inverse.
    pub inverse: Option<PredicateId>,
    /// Whether it holds both ways, like `borders`.
    pub symmetric: bool,
}
