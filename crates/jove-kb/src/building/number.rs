//! Final numbers of entities, after merging and selecting.

use crate::intake::{Bits, Holders, Taken};
use crate::options::Selection;

/// Marks an entity that is not kept.
pub(crate) const DROPPED: u32 = u32::MAX;

/// Final numbers.
pub(crate) struct Numbering {
    /// Final number by provisional number.
    pub(crate) numbers: Vec<u32>,
    /// Provisional numbers whose key is the entity's own.
    pub(crate) roots: Bits,
    /// Popularity by final number.
    pub(crate) popularity: Vec<f32>,
    /// Entities that are not kept.
    pub(crate) unselected: u64,
    /// Entities that only hold the names of something else.
    pub(crate) holders: Holders,
}

impl Numbering {
    pub(crate) fn new(select: &Selection, taken: &mut Taken) -> Self {
        let mut popular = std::mem::take(&mut taken.popularity);
        popular.resize(taken.entities as usize, 0.0);
        let mut selected = taken.selected.take();
        gather(taken, &mut popular, selected.as_mut());
        let mut numbering = Self {
            numbers: vec![DROPPED; taken.entities as usize],
            roots: Bits::default(),
            popularity: Vec::new(),
            unselected: 0,
            holders: std::mem::take(&mut taken.holders),
        };
        let mut holds = Bits::default();
        numbering.holders.all().for_each(|holder| {
            holds.set(holder);
        });
        for entity in 0..taken.entities {
            let root = taken.merges.find(entity);
            if root != entity {
                numbering.numbers[entity as usize] = numbering.numbers[root as usize];
            } else if popular[entity as usize] >= select.popularity_min
                && selected.as_ref().is_none_or(|bits| bits.contains(entity))
                && !holds.contains(entity)
            {
                numbering.numbers[entity as usize] = numbering.popularity.len() as u32;
                numbering.popularity.push(popular[entity as usize]);
                numbering.roots.set(taken.merges.head(entity));
            } else {
                // The names of a holder go to whatever they belong to, and it is no entity.
                numbering.unselected += u64::from(!holds.contains(entity));
            }
        }
        numbering
    }

    /// Whether no number changed.
    pub(crate) fn changed_nothing(&self) -> bool {
        self.popularity.len() == self.numbers.len()
    }
}

/// Gives each set of merged entities the greatest popularity and the selection of any of them.
fn gather(taken: &mut Taken, popular: &mut [f32], selected: Option<&mut Bits>) {
    if taken.merges.is_empty() {
        return;
    }
    let mut selected = selected;
    for entity in 0..taken.entities {
        let root = taken.merges.find(entity);
        popular[root as usize] = popular[root as usize].max(popular[entity as usize]);
        if let Some(bits) = &mut selected
            && bits.contains(entity)
        {
            bits.set(root);
        }
    }
}
