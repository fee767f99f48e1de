//! Counts of what was written.

/// Number of rows of each kind in the new knowledge base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) entities: u64,
    pub(crate) facts: u64,
    pub(crate) literals: u64,
    pub(crate) names: u64,
    /// Whether any name differs from the key of its entity.
    pub(crate) names_differ_from_keys: bool,
    pub(crate) duplicates: u64,
    pub(crate) unselected_entities: u64,
}
