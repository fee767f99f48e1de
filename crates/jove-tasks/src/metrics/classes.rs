//! Measures of classes.

use std::collections::BTreeMap;

use crate::example::Answer;

/// The part of answers that are right; 0 for none.
pub(crate) fn accuracy(gold: &[Answer], predicted: &[Answer], chosen: &[usize]) -> f64 {
    let right = chosen.iter().filter(|&&at| gold[at] == predicted[at]).count();
    right as f64 / chosen.len().max(1) as f64
}

/// What is counted of a class.
#[derive(Default)]
struct Counts {
    right: u64,
    gold: u64,
    predicted: u64,
}

/// The mean F1 of classes that occur; 0 for none.
pub(crate) fn macro_f1(gold: &[Answer], predicted: &[Answer], chosen: &[usize]) -> f64 {
    let mut classes: BTreeMap<u32, Counts> = BTreeMap::new();
    for &at in chosen {
        let (Some(gold), Some(predicted)) = (gold[at].class(), predicted[at].class()) else { continue };
        classes.entry(gold).or_default().gold += 1;
        classes.entry(predicted).or_default().predicted += 1;
        classes.entry(gold).or_default().right += u64::from(gold == predicted);
    }
    let f1 = |counts: &Counts| 2.0 * counts.right as f64 / (counts.gold + counts.predicted) as f64;
    classes.values().map(f1).sum::<f64>() / classes.len().max(1) as f64
}
