//! Warnings of stages: caught as they are given, and kept in the stage's folder, so that a later run that finds the stage
//! finished gives them again and the report shows them.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Level, Metadata, dispatcher};

use crate::error::{Error, Result};

/// The warnings of a stage in its folder, one JSON string a line.
const FILE: &str = "warnings.jsonl";

/// Runs `work`, and returns what it returns with the warnings that it gave on this thread, in their order. They go where they
/// would have gone as well.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let inner = dispatcher::get_default(Clone::clone);
    let catcher = Catcher { inner, lines: Arc::clone(&lines) };
    let done = dispatcher::with_default(&Dispatch::new(catcher), work);
    let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
    (done, lines)
}

/// Adds warnings to those of the stage in `folder`, each once: an interrupted stage may give one again.
pub(crate) fn keep(folder: &Path, warnings: &[String]) -> Result<()> {
    let mut known = read(folder)?;
    let path = folder.join(FILE);
    let mut text = String::new();
    for warning in warnings {
        if !known.contains(warning) {
            text.push_str(&serde_json::to_string(warning).expect("a string is plain data"));
            text.push('\n');
            known.push(warning.clone());
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    let append = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    append().map_err(|source| Error::io("write", &path, source))
}

/// The warnings of the stage in `folder`; a last line that a crash cut off is left out.
pub(crate) fn read(folder: &Path) -> Result<Vec<String>> {
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::io("read", &path, source)),
    }
}

/// Hands everything on, and keeps a copy of warnings and errors.
struct Catcher {
    inner: Dispatch,
    lines: Arc<Mutex<Vec<String>>>,
}

fn is_warning(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::WARN
}

impl Subscriber for Catcher {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = self.inner.register_callsite(metadata);
        if is_warning(metadata) { Interest::always() } else { interest }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_warning(metadata) || self.inner.enabled(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.inner.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.inner.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.inner.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        if is_warning(event.metadata()) {
            let mut line = Line::default();
            event.record(&mut line);
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.text());
        }
        if self.inner.enabled(event.metadata()) {
            self.inner.event(event);
        }
    }

    fn enter(&self, span: &Id) {
        self.inner.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.inner.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.inner.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.inner.try_close(span)
    }
}

/// An event in words.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    /// The message, and in brackets what else is known.
    fn text(self) -> String {
        let Self { message, fields } = self;
        if fields.is_empty() { message } else { format!("{message} ({fields})") }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string never fails.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            let comma = if self.fields.is_empty() { "" } else { ", " };
            write!(self.fields, "{comma}{} {value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_caught_in_their_order_and_nothing_else() {
        let (done, warnings) = caught(|| {
            tracing::warn!("one {}", 1);
            tracing::info!("no warning");
            tracing::error!(tensor = "法国", count = 3, "two");
            let (inner, warnings) = caught(|| tracing::warn!("within"));
            assert_eq!((inner, warnings), ((), vec!["within".to_owned()]));
            7
        });
        assert_eq!(done, 7);
        assert_eq!(warnings, ["one 1", "two (tensor \"法国\", count 3)", "within"]);
        assert_eq!(caught(|| ()).1, Vec::<String>::new());
    }

    #[test]
    fn what_is_kept_comes_back_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), Vec::<String>::new());
        let warnings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        keep(folder.path(), &[]).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file without a warning");
        keep(folder.path(), &warnings(&["a", "\"法国\"\nשלום", "a"])).unwrap();
        keep(folder.path(), &warnings(&["b", "a"])).unwrap();
        assert_eq!(read(folder.path()).unwrap(), warnings(&["a", "\"法国\"\nשלום", "b"]));
        let path = folder.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 2]).unwrap();
        assert_eq!(read(folder.path()).unwrap(), warnings(&["a", "\"法国\"\nשלום"]));
    }
}
