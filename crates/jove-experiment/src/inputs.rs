//! What a run reads, for commands that look at it without running.

use jove_corpus::{PairOptions, PairSource, TextOptions, TextSource};

use crate::run::Run;

impl Run {
    /// The text of the run, with paths from where the process is.
    pub fn text_options(&self) -> TextOptions {
        let settings = &self.file.text;
        let source = |source: &TextSource| TextSource { path: self.data(&source.path), ..source.clone() };
        TextOptions {
            sources: settings.sources.iter().map(source).collect(),
            clean: settings.clean.clone(),
            max_bad: settings.max_bad,
            reject_file: None,
        }
    }

    /// The sentence pairs of the run, those of the probe last, with paths from where the process is.
    pub fn pair_options(&self) -> PairOptions {
        let settings = &self.file.pairs;
        let source = |source: &PairSource| PairSource { path: self.data(&source.path), ..source.clone() };
        PairOptions {
            sources: settings.train.iter().chain(&settings.probe).map(source).collect(),
            max_bad: settings.max_bad,
            ..PairOptions::default()
        }
    }
}
