//! What can go wrong with a knowledge base.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, InvalidSetting, Problem};

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the knowledge base.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A compressed file that does not decompress to its end.
    #[error("{path}:{line}: expected a packed file that unpacks to its end, found: {source}", path = path.display())]
    Packed {
        /// The file.
        path: PathBuf,
        /// The line, counted in the uncompressed text.
        line: u64,
        /// The cause.
        source: io::Error,
    },
    /// The database refused a statement.
    #[error("{path}: {source} (while {doing})", path = path.display())]
    Database {
        /// The knowledge base.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The file is no knowledge base.
    #[error("{path}: expected a knowledge base, found {found}", path = path.display())]
    NotABase {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// The knowledge base was written by another version.
    #[error("{path}: expected schema version {expected}, found {found}", path = path.display())]
    Version {
        /// The knowledge base.
        path: PathBuf,
        /// The version this program writes.
        expected: u32,
        /// The version of the file.
        found: u32,
    },
    /// More bad rows than the limit allows.
    #[error("{bad} bad rows, {max} allowed; the last: {last}")]
    TooManyBad {
        /// How many were found before stopping.
        bad: u64,
        /// How many were allowed.
        max: u64,
        /// The row that was one too many.
        last: Box<Problem>,
        /// Where the rows are kept.
        reject_file: Option<PathBuf>,
    },
    /// A source that is no text.
    #[error("{path}: expected text, found {what}", path = path.display(), what = seems.what)]
    NoText {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        seems: Seems,
    },
    /// A source that nothing, or the lesser part, was taken of: it is hardly of the layout that it was given as.
    #[error("{path}: expected rows of the layout {format}, found {bad} bad ones among {rows}{}", seems_what(seems.as_ref()), path = path.display())]
    OtherLayout {
        /// The file or folder.
        path: PathBuf,
        /// The layout it was given as.
        format: &'static str,
        /// Rows read.
        rows: u64,
        /// Bad rows.
        bad: u64,
        /// What it seems to be instead, where that can be told.
        seems: Option<Seems>,
    },
    /// A source that cannot be used as a whole.
    #[error("{0}")]
    Source(Box<Problem>),
    /// An unknown name for a format.
    #[error("unknown source format `{found}`: expected one of {expected}")]
    Format {
        /// The value given.
        found: String,
        /// What exists.
        expected: String,
        /// The nearest existing name, where one is near.
        nearest: Option<&'static str>,
    },
    /// An invalid setting, named relative to the options that hold it.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A roles or patterns file that cannot be read.
    #[error("{path}: {message}", path = path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// Another process is building the same knowledge base.
    #[error("{path}: another build of this knowledge base is running", path = path.display())]
    Busy {
        /// The knowledge base.
        path: PathBuf,
    },
    /// A source that was written to while it was read.
    #[error("{path}: changed while it was read", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// More of something than a knowledge base can number.
    #[error("{path}: more than {max} {what}", path = path.display())]
    Full {
        /// The knowledge base.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// No such entity.
    #[error("no entity has the key or name `{0}`")]
    UnknownEntity(String),
    /// No entity of this key, number or name.
    #[error("no entity has the key or name `{wanted}`")]
    NoSuchEntity {
        /// What was asked for.
        wanted: String,
        /// The nearest entities, by key and name.
        near: Vec<String>,
    },
    /// A name of several entities.
    #[error("the name `{name}` is that of several entities")]
    SharedName {
        /// The name.
        name: String,
        /// The keys of the first of them.
        keys: Vec<String>,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// What a file seems to be, and what makes it readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seems {
    /// What it seems to be, such as `a zip archive`.
    pub what: &'static str,
    /// The nearest way to a readable file.
    pub way: &'static str,
}

fn seems_what(seems: Option<&Seems>) -> String {
    seems.map_or_else(String::new, |seems| format!("; it seems to be {}", seems.what))
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn database<'a>(path: &'a Path, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self + 'a {
        move |source| Self::Database { path: path.to_owned(), doing, source }
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "check the path; relative paths start at the current directory".into(),
                io::ErrorKind::StorageFull => {
                    "free some disk space and run again; the existing knowledge base is unchanged".into()
                }
                _ => return None,
            },
            Self::Database { source, .. } if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                "free some disk space and run again; the existing knowledge base is unchanged".into()
            }
            Self::Packed { .. } => {
                "the file is cut short or damaged: get it again; the existing knowledge base, if any, is unchanged"
                    .into()
            }
            Self::NotABase { .. } => {
                "a knowledge base is made with `jove kb build --out KB --source FORMAT:PATH`".into()
            }
            Self::Version { .. } => {
                "`jove kb migrate KB` brings an older knowledge base up to date; a newer one needs the newer program"
                    .into()
            }
            Self::TooManyBad { reject_file, .. } => match reject_file {
                Some(path) => format!("see {}; fix the source, or raise --max-bad", path.display()),
                None => "fix the source, or raise --max-bad; --reject-file keeps the bad rows".into(),
            },
            Self::Format { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "a source is written FORMAT:PATH, like tsv:facts.tsv".into(),
            },
            Self::NoText { seems, .. } | Self::OtherLayout { seems: Some(seems), .. } => seems.way.into(),
            Self::OtherLayout { seems: None, .. } => {
                "see the reject file, and docs/knowledge-base.md for the layouts; with --max-bad above 100 the good rows are taken all the same".into()
            }
            Self::Source(_) => "is this the right format for the file?".into(),
            Self::Changed { .. } => "let what writes to it finish, and run the same command again".into(),
            Self::Busy { .. } => "wait for it to end, or write to another file".into(),
            Self::NoSuchEntity { near, .. } if !near.is_empty() => format!("did you mean {}?", near.join(", ")),
            Self::SharedName { keys, .. } => format!("give the key of one of them: {}", keys.join(", ")),
            Self::UnknownEntity(_) | Self::NoSuchEntity { .. } => "`jove kb search KB TEXT` finds keys by name".into(),
            Self::Interrupted => "the existing knowledge base, if any, is unchanged; run the same command again".into(),
            _ => return None,
        };
        Some(hint)
    }
}
