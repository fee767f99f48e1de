//! What was asked and answered, item by item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the items of a probe are measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Candidates are ranked.
    Ranked,
    /// A class is predicted.
    Typing,
    /// Translations are ranked.
    Bitext,
    /// The same, on the Tatoeba set, with the direction as part and group.
    Tatoeba,
    /// Masked tokens are predicted.
    Loss,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The probe, as its measures are named.
    pub(crate) probe: String,
    /// The item, counted from 0 within the probe.
    pub(crate) item: u32,
    /// What it is measured by.
    pub(crate) kind: Kind,
    /// A part of the items that has a measure of its own; empty for none.
    pub(crate) part: String,
    /// What a mean over groups goes by, such as the relation; empty for none.
    pub(crate) group: String,
    /// The question, in words.
    pub(crate) words: String,
    /// The correct answer.
    pub(crate) gold: String,
}

/// What was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// The probe.
    pub(crate) probe: String,
    /// The item.
    pub(crate) item: u32,
    /// The rank of the correct answer, from 1; 0 where nothing is ranked.
    pub(crate) rank: f64,
    /// Number of candidates; of pieces in the vocabulary where tokens are predicted.
    pub(crate) candidates: u32,
    /// The score of the correct answer.
    pub(crate) score: f32,
    /// Summed negative log-probability of the masked tokens, in nats.
    pub(crate) nats: f64,
    /// Number of masked tokens.
    pub(crate) tokens: u32,
    /// The best candidates with their scores, the best first.
    pub(crate) top: Vec<(String, f32)>,
}

/// Everything that one arm, or one way to answer without training, said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Replies {
    /// Who answered.
    pub(crate) by: String,
    /// The answers.
    pub(crate) replies: Vec<Reply>,
}

/// The questions of a run, probe by probe in the order of the report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Questions {
    probes: Vec<(String, Vec<Question>)>,
    places: BTreeMap<String, usize>,
}

impl Questions {
    /// The questions of all probes.
    pub(crate) fn new(questions: Vec<Question>) -> Self {
        let mut all = Self::default();
        for question in questions {
            let next = all.probes.len();
            let place = *all.places.entry(question.probe.clone()).or_insert(next);
            if place == next {
                all.probes.push((question.probe.clone(), Vec::new()));
            }
            all.probes[place].1.push(question);
        }
        all
    }

    /// Each probe with its questions.
    pub(crate) fn probes(&self) -> impl Iterator<Item = (&str, &[Question])> {
        self.probes.iter().map(|(probe, questions)| (probe.as_str(), questions.as_slice()))
    }

    /// The questions of a probe; none of one that is not known.
    pub(crate) fn of(&self, probe: &str) -> &[Question] {
        self.places.get(probe).map_or(&[], |&place| &self.probes[place].1)
    }
}
