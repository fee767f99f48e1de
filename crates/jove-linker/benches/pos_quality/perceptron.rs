//! An averaged perceptron that tags words from left to right (Collins 2002, "Discriminative training methods for hidden
//! Markov models"), to compare the dictionary with.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jove_core::{Pos, Purpose, Seed};
use rand::seq::SliceRandom;

use crate::gold::Sentence;

const TAGS: usize = Pos::ALL.len();

#[derive(Clone, Copy, Default)]
struct Row {
    weights: [f32; TAGS],
    sums: [f32; TAGS],
    stamp: u32,
}

/// Weights by feature.
pub(crate) struct Perceptron {
    rows: HashMap<u64, Row>,
    steps: u32,
}

impl Perceptron {
    /// Learns from tagged sentences, `epochs` times over.
    pub(crate) fn train(sentences: &[Sentence], epochs: u64) -> Self {
        let mut model = Self { rows: HashMap::new(), steps: 0 };
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        for epoch in 0..epochs {
            order.shuffle(&mut Seed(1).rng(Purpose::Shuffle, epoch, 0));
            for index in &order {
                model.learn(&sentences[*index]);
            }
        }
        let steps = model.steps;
        #[allow(clippy::iter_over_hash_type, reason = "each row is settled on its own")]
        for row in model.rows.values_mut() {
            row.settle(steps);
            row.weights = row.sums.map(|sum| sum / steps as f32);
        }
        model
    }

    /// How many features it knows.
    pub(crate) fn features(&self) -> usize {
        self.rows.len()
    }

    /// The tags of a sentence's words.
    pub(crate) fn tag(&self, words: &[&str]) -> Vec<Pos> {
        let mut tags: Vec<Pos> = Vec::with_capacity(words.len());
        for place in 0..words.len() {
            let best = self.best(&features(words, place, &tags));
            tags.push(best);
        }
        tags
    }

    fn learn(&mut self, sentence: &Sentence) {
        let words = sentence.spelled();
        let mut tags: Vec<Pos> = Vec::with_capacity(words.len());
        for (place, gold) in sentence.words.values().enumerate() {
            let features = features(&words, place, &tags);
            let found = self.best(&features);
            self.steps += 1;
            if found != *gold {
                for feature in features {
                    let row = self.rows.entry(feature).or_default();
                    row.settle(self.steps);
                    row.weights[usize::from(gold.number())] += 1.0;
                    row.weights[usize::from(found.number())] -= 1.0;
                }
            }
            tags.push(found);
        }
    }

    fn best(&self, features: &[u64]) -> Pos {
        let mut scores = [0.0; TAGS];
        for row in features.iter().filter_map(|feature| self.rows.get(feature)) {
            for (score, weight) in scores.iter_mut().zip(row.weights) {
                *score += weight;
            }
        }
        let best = (0..TAGS).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        Pos::ALL[best.unwrap_or_default()]
    }
}

impl Row {
    /// Adds the weights to their sums for every step since the last change.
    fn settle(&mut self, step: u32) {
        let since = (step - self.stamp) as f32;
        for (sum, weight) in self.sums.iter_mut().zip(self.weights) {
            *sum += since * weight;
        }
        self.stamp = step;
    }
}

/// Hashes of what is seen at a place: the word, its neighbours, its characters, the tags before.
fn features(words: &[&str], place: usize, tags: &[Pos]) -> Vec<u64> {
    let word = |at: isize| {
        let index = place.checked_add_signed(at);
        index.and_then(|index| words.get(index)).copied().unwrap_or("")
    };
    let tag = |back: usize| tags.len().checked_sub(back).map(|index| tags[index]);
    let own = word(0);
    let (first, last) = (own.chars().next(), own.chars().next_back());
    let length = own.chars().count().min(5);
    let mut all = vec![hash((0, 0))];
    all.push(hash((1, own)));
    all.push(hash((2, word(-1))));
    all.push(hash((3, word(1))));
    all.push(hash((4, own, tag(1))));
    all.push(hash((5, tag(1))));
    all.push(hash((6, tag(1), tag(2))));
    all.push(hash((7, first)));
    all.push(hash((8, last)));
    all.push(hash((9, first, last, length)));
    all.push(hash((10, word(-1).chars().next_back(), first)));
    all.push(hash((11, last, word(1).chars().next())));
    all.push(hash((12, own, word(1))));
    all.push(hash((13, word(-2), word(2))));
    all.extend(own.chars().map(|c| hash((14, c))));
    all
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
