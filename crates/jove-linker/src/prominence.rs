//! How well known the entities of a base are next to each other, by their popularity.

use jove_core::EntityId;

/// Below this share of a base's entities one is little known.
const LITTLE_KNOWN: f64 = 1.0 / 3.0;

/// From this share of a base's entities on one is well known.
const WELL_KNOWN: f64 = 0.9;

/// From this share on, one is famous.
const FAMOUS: f64 = 0.99;

/// Popularities that divide the entities of a base. All are 0, and no entity is below them, where few have a popularity or all have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Prominence {
    /// A third of all entities are less popular.
    pub(crate) little_known: f32,
    /// Nine tenths of the entities that have a name whose language is not known are less popular.
    pub(crate) well_known: f32,
    /// Ninety-nine in a hundred of these are less popular.
    pub(crate) famous: f32,
}

impl Prominence {
    /// From the popularity of each entity, in any order and with repetitions, and whether it has a name whose language is not
    /// known.
    pub(crate) fn new(mut rows: Vec<(EntityId, f32, bool)>) -> Self {
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(b.2.cmp(&a.2)));
        rows.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.2 |= same && next.2;
            same
        });
        let unknown = sorted(rows.iter().filter(|row| row.2).map(|row| row.1));
        let all = sorted(rows.iter().map(|row| row.1));
        Self {
            little_known: quantile(&all, LITTLE_KNOWN),
            well_known: quantile(&unknown, WELL_KNOWN),
            famous: quantile(&unknown, FAMOUS),
        }
    }
}

fn sorted(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// The value that a share of all values, which are sorted, lie below; 0 where they are the same, or none.
fn quantile(values: &[f32], share: f64) -> f32 {
    if values.first() == values.last() {
        return 0.0;
    }
    values.get((share * values.len() as f64) as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_entities_are_below() {
        let rows = |popularity: fn(u32) -> f32| (0..100).map(|n| (EntityId(n), popularity(n), n % 2 == 0)).collect();
        let prominence = Prominence::new(rows(|n| n as f32));
        assert_eq!(prominence, Prominence { little_known: 33.0, well_known: 90.0, famous: 98.0 });
        assert_eq!(Prominence::new(rows(|_| 0.0)), Prominence::default());
        assert_eq!(Prominence::new(rows(|_| 7.0)), Prominence::default());
        assert_eq!(Prominence::new(Vec::new()), Prominence::default());
    }

    #[test]
    fn an_entity_counts_once() {
        let mut rows = vec![(EntityId(0), 1.0, false); 50];
        rows.extend([(EntityId(1), 5.0, true), (EntityId(1), 5.0, false), (EntityId(2), 7.0, true)]);
        assert_eq!(Prominence::new(rows), Prominence { little_known: 5.0, well_known: 7.0, famous: 7.0 });
    }
}
