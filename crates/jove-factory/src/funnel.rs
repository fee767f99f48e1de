//! The funnel: documents that went in, were removed, and came out, at every stage.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::reason::{Reason, StageName};

/// Documents and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Number of documents.
    pub documents: u64,
    /// Bytes of their text.
    pub bytes: u64,
}

impl Count {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.documents += 1;
        self.bytes += bytes;
    }

    fn join(&mut self, other: Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
    }
}

/// Documents read, kept, and removed by reason. Bytes are those that were read, or for what is kept those of the clean text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// What went in.
    pub(crate) read: Count,
    /// What came out.
    pub(crate) kept: Count,
    /// What was removed.
    pub(crate) removed: BTreeMap<Reason, Count>,
}

impl Counts {
    pub(crate) fn keep(&mut self, bytes: u64) {
        self.kept.add(bytes);
    }

    pub(crate) fn remove(&mut self, reason: Reason, bytes: u64) {
        self.removed.entry(reason).or_default().add(bytes);
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.read.join(other.read);
        self.kept.join(other.kept);
        for (reason, count) in &other.removed {
            self.removed.entry(*reason).or_default().join(*count);
        }
    }

    /// Fails where documents were lost or doubled.
    ///
    /// # Errors
    /// [`Error::Uneven`].
    pub(crate) fn check(&self, stage: &str) -> Result<()> {
        let (read, kept) = (self.read.documents, self.kept.documents);
        let removed = self.removed.values().map(|count| count.documents).sum();
        if read == kept + removed {
            Ok(())
        } else {
            Err(Error::Uneven { stage: stage.to_owned(), read, kept, removed })
        }
    }
}

/// A stage of the funnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunnelStage {
    /// Its name.
    pub stage: StageName,
    /// What came out of it.
    pub kept: Count,
    /// What it removed, by reason.
    pub removed: BTreeMap<Reason, Count>,
}

/// The stages with what each removed and kept.
///
/// # Errors
/// [`Error::Uneven`] where the counts do not add up to the documents that are kept in the end.
pub(crate) fn funnel(read: Count, removed: &BTreeMap<Reason, Count>, kept: Count) -> Result<Vec<FunnelStage>> {
    let mut left = read;
    let mut stages = Vec::new();
    for stage in StageName::ALL {
        let here: BTreeMap<Reason, Count> = removed
            .iter()
            .filter(|(reason, _)| reason.stage() == stage)
            .map(|(reason, count)| (*reason, *count))
            .collect();
        for count in here.values() {
            left.documents = left.documents.saturating_sub(count.documents);
            left.bytes = left.bytes.saturating_sub(count.bytes);
        }
        stages.push(FunnelStage { stage, kept: left, removed: here });
    }
    let all = Counts { read, kept, removed: removed.clone() };
    all.check("the whole corpus").map(|()| stages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_lost_or_doubled_is_an_error() {
        let mut counts = Counts::default();
        counts.check("a").unwrap();
        for bytes in [5, 6, 7] {
            counts.read.add(bytes);
        }
        counts.keep(5);
        counts.remove(Reason::TooShort, 6);
        let error = counts.check("cleaning").unwrap_err().to_string();
        assert_eq!(error, "cleaning: expected 3 documents in all, found 1 kept and 1 removed");
        counts.remove(Reason::NearDuplicate, 7);
        counts.check("cleaning").unwrap();
        let stages = funnel(counts.read, &counts.removed, counts.kept).unwrap();
        let left: Vec<u64> = stages.iter().map(|stage| stage.kept.documents).collect();
        assert_eq!(left, [3, 2, 2, 1, 1, 1, 1]);
        counts.keep(1);
        assert!(counts.check("cleaning").is_err() && funnel(counts.read, &counts.removed, counts.kept).is_err());
    }
}
