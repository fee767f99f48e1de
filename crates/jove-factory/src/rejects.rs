//! Examples of removed documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clean::hash_bytes;
use crate::reason::Reason;

/// Characters of a removed document that are shown.
const EXCERPT_CHARS: usize = 300;

/// A removed document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Reject {
    /// Why it was removed.
    pub(crate) reason: Reason,
    /// What chose it among all that were removed for this reason.
    pub(crate) draw: u64,
    /// The file that it is in.
    pub(crate) file: String,
    /// The line, row, record or page where it begins, counted from 1.
    pub(crate) place: u64,
    /// What was found, such as a share; empty where the reason says all.
    pub(crate) found: String,
    /// What the setting expects.
    pub(crate) expected: String,
    /// How it begins.
    pub(crate) excerpt: String,
}

impl Reject {
    pub(crate) fn new(reason: Reason, found: &str, file: &str, place: u64, text: &str) -> Self {
        let excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
        Self {
            reason,
            // By the text alone, so that it does not matter how it is spread over files.
            draw: hash_bytes(excerpt.as_bytes()),
            file: file.to_owned(),
            place,
            found: found.to_owned(),
            expected: reason.sentence().to_owned(),
            excerpt,
        }
    }
}

/// Keeps some of the removed documents for each reason: those with the least hashes, whatever the order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rejects {
    most: usize,
    found: BTreeMap<Reason, Vec<Reject>>,
}

impl Rejects {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, found: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, reject: Reject) {
        let some = self.found.entry(reject.reason).or_default();
        some.push(reject);
        if some.len() >= self.most * 2 + 16 {
            some.sort();
            some.truncate(self.most);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Reject> {
        let most = self.most;
        let shortened = |mut some: Vec<Reject>| {
            some.sort();
            some.truncate(most);
            some
        };
        self.found.into_values().flat_map(shortened).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_examples_are_kept_in_any_order_and_any_parts() {
        let make = |number: usize| Reject::new(Reason::TooShort, "", "文", number as u64, &format!("text {number}"));
        let mut all = Rejects::new(5);
        (0..300).for_each(|number| all.add(make(number)));
        let expected = all.into_vec();
        assert_eq!(expected.len(), 5);
        let mut joined = Rejects::new(5);
        for part in (0..300).rev().collect::<Vec<_>>().chunks(70) {
            let mut rejects = Rejects::new(5);
            for &number in part {
                rejects.add(make(number));
            }
            rejects.into_vec().into_iter().for_each(|reject| joined.add(reject));
        }
        assert_eq!(joined.into_vec(), expected);
        let mut none = Rejects::new(0);
        (0..100).for_each(|number| none.add(make(number)));
        assert!(none.into_vec().is_empty());
    }
}
