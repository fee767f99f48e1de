//! Entities that only hold the names of something else: labels of SKOS-XL, and relations described in RDF.

/// Whom the names of such an entity belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A relation.
    Predicate(u32),
    /// An entity, and the role its names have there.
    Entity(u32, u8),
}

/// Holders by provisional number.
#[derive(Default)]
pub(crate) struct Holders(Vec<(u32, Owner)>);

impl Holders {
    pub(crate) fn add(&mut self, holder: u32, owner: Owner) {
        self.0.push((holder, owner));
    }

    /// Puts them in order, after the last one was added.
    pub(crate) fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// Every holder, those of several owners more than once.
    pub(crate) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|(holder, _)| *holder)
    }

    /// Whose names an entity holds.
    pub(crate) fn owners(&self, holder: u32) -> impl Iterator<Item = Owner> + '_ {
        let start = self.0.partition_point(|(other, _)| *other < holder);
        self.0[start..].iter().take_while(move |(other, _)| *other == holder).map(|(_, owner)| *owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_found_once() {
        let mut holders = Holders::default();
        for (holder, owner) in [(7, Owner::Entity(1, 2)), (3, Owner::Predicate(0)), (7, Owner::Entity(1, 2))] {
            holders.add(holder, owner);
        }
        holders.add(7, Owner::Entity(0, 1));
        holders.sort();
        assert_eq!(holders.owners(7).collect::<Vec<_>>(), [Owner::Entity(0, 1), Owner::Entity(1, 2)]);
        assert_eq!(holders.owners(3).count(), 1);
        assert_eq!(holders.owners(5).count(), 0);
        assert_eq!(holders.all().collect::<Vec<_>>(), [3, 7, 7]);
    }
}
