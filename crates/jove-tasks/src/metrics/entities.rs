//! F1 of entities.

use crate::example::Answer;

/// F1 over the entities of all chosen texts; 0 where none is right.
pub(crate) fn f1(gold: &[Answer], predicted: &[Answer], chosen: &[usize]) -> f64 {
    let (mut right, mut golds, mut found) = (0u64, 0u64, 0u64);
    for &at in chosen {
        let (gold, predicted) = (gold[at].entities(), predicted[at].entities());
        right += predicted.iter().filter(|entity| gold.contains(entity)).count() as u64;
        golds += gold.len() as u64;
        found += predicted.len() as u64;
    }
    if right == 0 {
        return 0.0;
    }
    let (precision, recall) = (right as f64 / found as f64, right as f64 / golds as f64);
    2.0 * precision * recall / (precision + recall)
}
