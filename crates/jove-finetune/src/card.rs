//! What a fine-tuned checkpoint says of its task.

use std::path::Path;

use jove_checkpoint::ExtraFile;
use jove_files::read_small;
use jove_objectives::Pooling;
use jove_tasks::{AnswerKind, Tags, Task};
use jove_trainer::{FineTuningOptions, HeadKind};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Its name in the folder.
const FILE: &str = "task.json";
const BYTES_MAX: u64 = 16 << 20;

/// What a fine-tuned checkpoint answers, and how its texts are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TaskCard {
    /// The task.
    pub task: Task,
    /// Its labels, in the order of the head's scores.
    pub labels: Vec<String>,
    /// The longest sequence in tokens.
    pub max_length: usize,
    /// How one vector is made of a sequence.
    pub pooling: Pooling,
    /// For a number: what was taken off it and what it was then divided by.
    pub scale: [f64; 2],
}

impl TaskCard {
    /// The card in a folder; `None` where the folder is no fine-tuned checkpoint.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = read_small(&path, BYTES_MAX).map_err(Error::io(&path))?;
        let read = serde_json::from_slice(&bytes);
        let advice = "was the folder written by jove finetune?";
        read.map(Some).map_err(|error| Error::file(&path, "the card of a fine-tuned model", error.to_string(), advice))
    }

    pub(crate) fn file(&self) -> Result<ExtraFile, Error> {
        let text = serde_json::to_string_pretty(self).expect("a card is plain data");
        Ok(ExtraFile::new(FILE, text)?)
    }

    /// The head that answers.
    pub(crate) fn head(&self) -> (HeadKind, usize) {
        match self.task.answers() {
            AnswerKind::Class => (HeadKind::Classes, self.labels.len()),
            AnswerKind::Number => (HeadKind::Number, 1),
            AnswerKind::Entities => (HeadKind::Tags, Tags { labels: self.labels.len() }.count()),
        }
    }

    /// Options of a model that is only asked.
    pub(crate) fn options(&self, batch_tokens: usize) -> FineTuningOptions {
        let (head, outputs) = self.head();
        FineTuningOptions {
            head,
            outputs,
            pooling: self.pooling,
            frozen: false,
            batch_size: 1,
            batch_tokens: batch_tokens.max(self.max_length),
            layer_decay: 1.0,
            head_rate: 1.0,
        }
    }
}
