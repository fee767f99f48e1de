//! What can go wrong in an experiment.

use std::path::{Path, PathBuf};

use jove_core::{Advise, InvalidSetting};
use jove_files::Refused;

/// Why an experiment stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The run file is not what it should be.
    #[error("{}: {message}", path.display())]
    RunFile {
        /// The run file.
        path: PathBuf,
        /// What is wrong, with line and column where known.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A `--set` argument cannot be applied.
    #[error("--set {assignment}: {message}")]
    Override {
        /// The argument.
        assignment: String,
        /// What is wrong.
        message: String,
    },
    /// A setting holds an invalid value.
    #[error("{key}: expected {expected}, found {found}")]
    Setting {
        /// Its dotted path in the run file.
        key: String,
        /// What is valid there.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A setting of one variant holds an invalid value.
    #[error("variant \"{variant}\": {setting}")]
    VariantSetting {
        /// The variant.
        variant: String,
        /// The setting, named from the variant's section.
        setting: InvalidSetting,
    },
    /// A setting is given by its former name and by its name.
    #[error("{}`{old}` is the former name of `{new}`: expected one of them, found both", place(.variant.as_ref()))]
    TwoNames {
        /// The variant whose section it is, if it is one's.
        variant: Option<String>,
        /// The former name, dotted.
        old: String,
        /// The name, dotted.
        new: String,
    },
    /// A grid of one seed.
    #[error("seeds: expected {expected}, found {found}")]
    SingleSeed {
        /// What should stand there.
        expected: String,
        /// The value found.
        found: String,
    },
    /// An arm of a grid failed in its own process.
    #[error("{variant} under seed {seed} failed, {how}; {} ends:\n{said}", log.display())]
    Arm {
        /// The variant.
        variant: String,
        /// The seed.
        seed: u64,
        /// How its process ended.
        how: String,
        /// What its process said.
        log: PathBuf,
        /// The last lines of that.
        said: String,
    },
    /// The data cannot carry the experiment.
    #[error("{what}")]
    Data {
        /// What is missing or wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A model that does not fit into memory.
    #[error("variant \"{variant}\": expected a model that fits into memory, {bound}; found one that takes {needed}")]
    Memory {
        /// The variant.
        variant: String,
        /// What training takes at its peak.
        needed: String,
        /// What there is, and what sets that.
        bound: String,
        /// The settings that say how much is needed.
        setting: &'static str,
    },
    /// Training data contain an item of a probe.
    #[error("{item}, an item of the {probe} probe, is in {place}")]
    Leak {
        /// The probe.
        probe: String,
        /// The item.
        item: String,
        /// Where that was found.
        place: String,
        /// What to do.
        hint: String,
    },
    /// A variant lacks what it learns from.
    #[error("variant \"{variant}\": {what}")]
    Needs {
        /// The variant.
        variant: String,
        /// What it expects, and what was found.
        what: String,
        /// The line of the run file that mends it.
        hint: String,
    },
    /// What an arm reads is not what its settings say.
    #[error("the training text with {arm}: expected {expected}, found {found}")]
    ArmText {
        /// What is in it of the graph, and the layout.
        arm: String,
        /// What should be in it.
        expected: String,
        /// What is.
        found: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file is not what it was when the stage that reads it began.
    #[error("{}: changed while it was read: its contents are not those that the stage began with", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A run is at work in the cache that was to be pruned.
    #[error("{}: a run is at work in this cache", path.display())]
    Busy {
        /// The cache's folder.
        path: PathBuf,
    },
    /// The knowledge base.
    #[error(transparent)]
    Kb(#[from] jove_kb::Error),
    /// Linking or tagging.
    #[error(transparent)]
    Linker(#[from] jove_linker::Error),
    /// Text, tokenisers, shards.
    #[error(transparent)]
    Corpus(#[from] jove_corpus::Error),
    /// Masking.
    #[error(transparent)]
    Masking(#[from] jove_masking::Error),
    /// Training.
    #[error(transparent)]
    Trainer(#[from] jove_trainer::Error),
    /// Evaluation.
    #[error(transparent)]
    Eval(#[from] jove_eval::Error),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] jove_checkpoint::Error),
    /// The user interrupted the run.
    #[error("stopped before the end; everything finished so far is kept")]
    Interrupted,
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Io`] about one file.
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// An invalid setting of one variant.
    pub(crate) fn in_variant(name: &str, setting: InvalidSetting) -> Self {
        Self::VariantSetting { variant: name.to_owned(), setting }
    }

    /// Whether the user interrupted the run, in whichever stage.
    pub fn is_interrupted(&self) -> bool {
        use jove_eval::Error as Eval;
        use jove_trainer::Error as Trainer;
        matches!(
            self,
            Self::Interrupted
                | Self::Kb(jove_kb::Error::Interrupted)
                | Self::Corpus(jove_corpus::Error::Interrupted)
                | Self::Trainer(Trainer::Interrupted { .. })
                | Self::Eval(Eval::Interrupted)
        )
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let settings = || Some("docs/run-file.md lists every setting with its unit and default".to_owned());
        match self {
            Self::RunFile { hint, .. } => hint.clone(),
            Self::Override { .. } => {
                Some("write it as --set train.steps=200; `jove run FILE --resolve` prints every key".to_owned())
            }
            Self::Setting { .. } | Self::VariantSetting { .. } => settings(),
            Self::TwoNames { old, .. } => Some(format!("remove `{old}`")),
            Self::SingleSeed { .. } => Some("add seeds, or pass --allow-single-seed to try how a grid runs".to_owned()),
            Self::Arm { how, .. } if how.contains("memory") => Some(
                "lower ablation.jobs, train.batch-tokens or the model's sizes, and run the same command again; finished arms are kept"
                    .to_owned(),
            ),
            Self::Arm { .. } => Some("fix it and run the same command again; finished arms are kept".to_owned()),
            Self::Memory { setting, .. } => Some(format!(
                "lower {setting}; `jove train FILE --dry-run` shows what takes how much, and train.gradient-checkpointing = \
                 true keeps fewer activations"
            )),
            Self::Data { hint, .. } | Self::Leak { hint, .. } | Self::Needs { hint, .. } => Some(hint.clone()),
            Self::ArmText { .. } => Some(
                "an arm that reads something else than it says compares nothing; `jove cache verify` checks what is kept, and if \
                 it finds nothing this is a fault of this program: please report it"
                    .to_owned(),
            ),
            Self::Io { source, path, .. } => Some(io_hint(source, path)),
            Self::Changed { .. } => Some("let what writes to it finish, and run the same command again".to_owned()),
            Self::Busy { .. } => Some("wait until it is done, or stop it".to_owned()),
            _ if self.is_interrupted() => Some("run the same command again to resume".to_owned()),
            Self::Kb(error) => error.hint().or_else(settings),
            Self::Linker(error) => error.hint().or_else(settings),
            Self::Corpus(error) => error.hint().or_else(settings),
            Self::Masking(error) => error.hint().or_else(settings),
            Self::Trainer(error) => error.hint().or_else(settings),
            Self::Eval(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Interrupted => None,
        }
    }
}

impl From<InvalidSetting> for Error {
    fn from(InvalidSetting { field, expected, found }: InvalidSetting) -> Self {
        Self::Setting { key: field, expected, found }
    }
}

/// The variant that a message is about, with what parts it from the message.
fn place(variant: Option<&String>) -> String {
    variant.map_or_else(String::new, |name| format!("variant \"{name}\": "))
}

fn io_hint(source: &std::io::Error, path: &Path) -> String {
    use std::io::ErrorKind;
    if let Some(refused) = Refused::of(source) {
        return refused.hint().unwrap_or_default();
    }
    match source.kind() {
        ErrorKind::NotFound => {
            format!("check the path; relative paths in a run file start at `data.root` ({})", path.display())
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space and run again; finished stages are kept".to_owned()
        }
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            "a file stands where a folder should be; move it, or set `output`".to_owned()
        }
        ErrorKind::PermissionDenied => "check who owns the file and its folder".to_owned(),
        _ => "check the disk and the file, and run again; finished stages are kept".to_owned(),
    }
}
