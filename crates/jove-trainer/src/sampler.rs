//! In which order examples are read.

use std::collections::BTreeMap;

use jove_core::{Lang, Purpose, Seed};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

/// One example as a sampler hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its index in the source.
    pub index: usize,
    /// How often its group had been read through before.
    pub epoch: u64,
}

/// Where a sampler stands; all that has to be saved of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplerState {
    /// Examples handed out.
    pub drawn: u64,
    /// For every group, in order: finished epochs and examples handed out of the present one.
    pub groups: Vec<(u64, u64)>,
    /// An example that was handed out and put back.
    pub pending: Option<Sample>,
}

/// An endless sequence of examples: each language is read in a new order every epoch; which language comes next is
/// drawn with probability proportional to its number of examples to the power of an exponent. Where examples have weights, a
/// language counts as if each example were so many, and examples of different weights are groups of their own.
///
/// Orders derive from the seed, the epoch and the group alone, so a sampler resumes exactly where its state says.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    seed: Seed,
    /// Parts the samplers of one run; below 2^8.
    id: u64,
    groups: Vec<Group>,
    /// Cumulative probability of each group; ends at 1.
    cumulative: Vec<f64>,
    state: SamplerState,
}

#[derive(Clone, Debug)]
struct Group {
    members: Vec<usize>,
    /// `members` in the order of the present epoch.
    order: Vec<usize>,
}

impl Sampler {
    /// A sampler of examples given by their languages and, as far as `weights` goes, weights. With exponent 1 all examples of
    /// one weight form one group, so that each is read exactly once an epoch.
    pub(crate) fn new(seed: Seed, id: u64, langs: &[Lang], exponent: f64, weights: impl Iterator<Item = f64>) -> Self {
        let weights = weights.chain(std::iter::repeat(1.0));
        // By the bits of the weight, whose order is that of numbers above 0.
        let mut by_lang: BTreeMap<(Option<Lang>, u64), Vec<usize>> = BTreeMap::new();
        let mut masses: BTreeMap<Option<Lang>, f64> = BTreeMap::new();
        for ((index, lang), weight) in langs.iter().enumerate().zip(weights) {
            let lang = (exponent < 1.0).then_some(*lang);
            by_lang.entry((lang, weight.to_bits())).or_default().push(index);
            *masses.entry(lang).or_default() += weight;
        }
        let share = |(&(lang, weight), members): (&(Option<Lang>, u64), &Vec<usize>)| {
            let mass = masses[&lang];
            mass.powf(exponent) * (members.len() as f64 * f64::from_bits(weight) / mass)
        };
        let weights: Vec<f64> = by_lang.iter().map(share).collect();
        let total: f64 = weights.iter().sum();
        let cumulative = weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight / total;
                Some(*sum)
            })
            .collect();
        let groups: Vec<Group> = by_lang.into_values().map(|members| Group { order: Vec::new(), members }).collect();
        let state = SamplerState { groups: vec![(0, 0); groups.len()], ..SamplerState::default() };
        let mut sampler = Self { seed, id, groups, cumulative, state };
        sampler.reorder_all();
        sampler
    }

    /// Where the sampler stands.
    pub(crate) fn state(&self) -> &SamplerState {
        &self.state
    }

    /// Goes to where `state` says; `false`, and nothing changes, where it belongs to other data.
    #[must_use]
    pub(crate) fn restore(&mut self, state: &SamplerState) -> bool {
        let fits = state.groups.len() == self.groups.len()
            && state.groups.iter().zip(&self.groups).all(|(&(_, cursor), group)| cursor <= group.members.len() as u64)
            && state
                .pending
                .is_none_or(|drawn| drawn.index < self.groups.iter().map(|group| group.members.len()).sum());
        if fits {
            self.state = state.clone();
            self.reorder_all();
        }
        fits
    }

    /// The next example; `None` only where there is nothing to read.
    pub(crate) fn draw(&mut self) -> Option<Sample> {
        if let Some(pending) = self.state.pending.take() {
            return Some(pending);
        }
        let chosen = self.choose()?;
        if self.state.groups[chosen].1 as usize >= self.groups[chosen].order.len() {
            self.state.groups[chosen].0 += 1;
            self.state.groups[chosen].1 = 0;
            self.reorder(chosen);
        }
        let (epoch, cursor) = self.state.groups[chosen];
        self.state.groups[chosen].1 += 1;
        self.state.drawn += 1;
        Some(Sample { index: self.groups[chosen].order[cursor as usize], epoch })
    }

    /// Gives back the example drawn last, so that it comes next again: it did not fit into a batch.
    pub(crate) fn put_back(&mut self, drawn: Sample) {
        self.state.pending = Some(drawn);
    }

    /// The group of the next example.
    fn choose(&self) -> Option<usize> {
        if self.groups.len() < 2 {
            return (!self.groups.is_empty()).then_some(0);
        }
        let point: f64 = self.seed.rng(Purpose::Sampling, self.id, self.state.drawn).random();
        Some(self.cumulative.partition_point(|&end| end <= point).min(self.groups.len() - 1))
    }

    fn reorder_all(&mut self) {
        for group in 0..self.groups.len() {
            self.reorder(group);
        }
    }

    fn reorder(&mut self, group: usize) {
        let (epoch, _) = self.state.groups[group];
        let mut order = self.groups[group].members.clone();
        order.shuffle(&mut self.seed.rng(Purpose::Shuffle, epoch, self.id << 32 | group as u64));
        self.groups[group].order = order;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn langs(zh: usize, en: usize) -> Vec<Lang> {
        (0..zh + en).map(|i| if i < zh { Lang::ZH } else { Lang::EN }).collect()
    }

    fn sampler(seed: u64, id: u64, langs: &[Lang], exponent: f64) -> Sampler {
        Sampler::new(Seed(seed), id, langs, exponent, std::iter::empty())
    }

    fn draw(stream: &mut Sampler, count: usize) -> Vec<Sample> {
        (0..count).map(|_| stream.draw().unwrap()).collect()
    }

    #[test]
    fn an_empty_stream_ends_at_once() {
        assert_eq!(sampler(1, 0, &[], 0.3).draw(), None);
    }

    #[test]
    fn an_epoch_reads_every_example_once_and_orders_differ() {
        let mut stream = sampler(1, 0, &langs(30, 10), 1.0);
        let first: Vec<usize> = draw(&mut stream, 40).iter().map(|d| d.index).collect();
        let second: Vec<usize> = draw(&mut stream, 40).iter().map(|d| d.index).collect();
        assert_ne!(first, second);
        for mut epoch in [first, second] {
            epoch.sort_unstable();
            assert_eq!(epoch, (0..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_small_exponent_lifts_the_small_language() {
        let english = |exponent| {
            let mut stream = sampler(3, 0, &langs(900, 100), exponent);
            draw(&mut stream, 4000).iter().filter(|d| d.index >= 900).count() as f64 / 4000.0
        };
        assert!((english(0.0) - 0.5).abs() < 0.03);
        let expected = 100f64.powf(0.3) / (100f64.powf(0.3) + 900f64.powf(0.3));
        assert!((english(0.3) - expected).abs() < 0.03);
        assert!((english(1.0) - 0.1).abs() < 0.03);
    }

    #[test]
    fn a_weight_says_how_often_an_example_is_read() {
        // The first half of each language has weight 3.
        let weights = |count: usize| (0..count).map(move |i| if 2 * i < count { 3.0 } else { 1.0 });
        for exponent in [0.0, 0.3, 1.0] {
            let weights = weights(800).chain(weights(200));
            let mut stream = Sampler::new(Seed(3), 0, &langs(800, 200), exponent, weights);
            let drawn = draw(&mut stream, 8000);
            let part = |from: usize, to: usize| {
                drawn.iter().filter(|drawn| (from..to).contains(&drawn.index)).count() as f64 / 8000.0
            };
            let english = part(800, 1000);
            let expected = 200f64.powf(exponent) / (200f64.powf(exponent) + 800f64.powf(exponent));
            assert!((english - expected).abs() < 0.03, "{exponent}: {english}");
            for (light, heavy) in [(part(400, 800), part(0, 400)), (part(900, 1000), part(800, 900))] {
                assert!((heavy / light / 3.0 - 1.0).abs() < 0.2, "{exponent}: {heavy} {light}");
            }
        }
    }

    #[test]
    fn equal_weights_change_nothing() {
        for exponent in [0.3, 1.0] {
            let mut plain = sampler(3, 0, &langs(30, 10), exponent);
            let mut weighted = Sampler::new(Seed(3), 0, &langs(30, 10), exponent, std::iter::repeat(1.0));
            assert_eq!(draw(&mut plain, 100), draw(&mut weighted, 100));
        }
    }

    #[test]
    fn other_seeds_and_ids_give_other_orders() {
        let order = |seed, id| draw(&mut sampler(seed, id, &langs(50, 0), 1.0), 50);
        assert_ne!(order(1, 0), order(2, 0));
        assert_ne!(order(1, 0), order(1, 1));
        assert_eq!(order(1, 0), order(1, 0));
    }

    #[test]
    fn a_state_of_other_data_is_refused() {
        let mut stream = sampler(1, 0, &langs(3, 2), 0.5);
        assert!(!stream.restore(&SamplerState { drawn: 1, groups: vec![(0, 1)], pending: None }));
        assert!(!stream.restore(&SamplerState { drawn: 1, groups: vec![(0, 99), (0, 0)], pending: None }));
        let pending = Some(Sample { index: 5, epoch: 0 });
        assert!(!stream.restore(&SamplerState { drawn: 1, groups: vec![(0, 1), (0, 0)], pending }));
    }

    proptest! {
        #[test]
        fn a_restored_stream_goes_on_as_if_never_stopped(
            zh in 1usize..20, en in 0usize..20, exponent in 0.0..1.0, before in 0usize..60,
        ) {
            let mut whole = sampler(9, 2, &langs(zh, en), exponent);
            draw(&mut whole, before);
            let last = whole.draw().unwrap();
            whole.put_back(last);
            let mut resumed = sampler(9, 2, &langs(zh, en), exponent);
            prop_assert!(resumed.restore(whole.state()));
            prop_assert_eq!(draw(&mut whole, 30), draw(&mut resumed, 30));
        }
    }
}
