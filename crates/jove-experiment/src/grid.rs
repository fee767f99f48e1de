//! What makes a comparison an ablation: equal budgets, and seeds enough to say something.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::run::Run;

/// Fewer seeds than this cannot distinguish an effect from chance.
const SEEDS_MIN: usize = 2;
/// Fewer seeds than this give rough intervals.
pub(crate) const SEEDS_WANTED: usize = 5;

impl Run {
    /// Checks that what the run file compares can be called an ablation: it says `[ablation]`, every variant reads the same
    /// number of tokens, and there is more than one seed unless `allow_single_seed`.
    ///
    /// # Errors
    /// Names the setting that is wrong, what it should be and what it is.
    pub fn check_grid(&self, allow_single_seed: bool) -> Result<()> {
        if self.file.ablation.is_none() {
            return Err(refusal("ablation", "a section [ablation], which may be empty", "none"));
        }
        let seeds = self.file.seeds.len();
        if seeds < SEEDS_MIN && !allow_single_seed {
            let expected = "two or more seeds, better five, since one proves nothing";
            return Err(Error::SingleSeed { expected: expected.to_owned(), found: format!("{:?}", self.file.seeds) });
        }
        if self.variants.len() < 2 {
            return Err(refusal("variants", "two or more variants to compare", self.variants.len().to_string()));
        }
        let mut budgets: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for variant in &self.variants {
            budgets.entry(variant.budget()).or_default().push(&variant.name);
        }
        if budgets.len() > 1 {
            let found: Vec<String> =
                budgets.iter().map(|(tokens, names)| format!("{tokens} for {}", names.join(", "))).collect();
            return Err(refusal("variants.train", "the same number of tokens for every variant", found.join("; ")));
        }
        Ok(())
    }
}

fn refusal(key: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::Setting { key: key.to_owned(), expected: expected.into(), found: found.into() }
}
