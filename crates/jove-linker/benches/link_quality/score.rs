//! Precision, recall and error classes.

use std::collections::BTreeMap;

/// Counts of right, wrong and missed links.
#[derive(Default)]
pub(crate) struct Score {
    /// Links that are right, place by place.
    pub(crate) right: u32,
    /// Linkable entities that were found, once a sentence.
    pub(crate) found: u32,
    pub(crate) missed: u32,
    pub(crate) wrong: BTreeMap<String, u32>,
    pub(crate) missed_why: BTreeMap<String, u32>,
}

impl Score {
    pub(crate) fn wrong(&mut self, class: &str) {
        *self.wrong.entry(class.to_owned()).or_default() += 1;
    }

    pub(crate) fn missed(&mut self, why: &str) {
        self.missed += 1;
        *self.missed_why.entry(why.to_owned()).or_default() += 1;
    }

    pub(crate) fn print(&self, name: &str) {
        let wrong: u32 = self.wrong.values().sum();
        let precision = f64::from(self.right) / f64::from((self.right + wrong).max(1));
        let recall = f64::from(self.found) / f64::from((self.found + self.missed).max(1));
        println!(
            "{}",
            serde_json::json!({"set": name, "right": self.right, "found": self.found, "wrong": self.wrong, "missed": self.missed_why,
                "precision": precision, "recall": recall})
        );
    }
}
