//! Errors as a person reads them: what, why, and what to do.

use std::io::{ErrorKind, Write};

use jove_core::{Advise, printable};
use jove_files::Refused;

/// Writes `error: …`, its causes, and the hint that fits best.
pub(crate) fn show(error: &anyhow::Error) {
    say(&printable(&message(error)));
}

/// Writes a text that is fit to be shown to standard error.
pub(crate) fn say(text: &str) {
    // Where standard error itself is closed, nothing can be reported.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn message(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Transparent and source-quoting errors would repeat themselves.
        if !last.contains(&cause) {
            text.push_str(&format!("  caused by: {cause}\n"));
            last = cause;
        }
    }
    if let Some(hint) = hint(error) {
        text.push_str(&format!("\nhint: {hint}\n"));
    }
    text
}

/// The first hint along the chain, outermost error first.
fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        macro_rules! first_hint {
            ($($kind:ty),+ $(,)?) => {
                None$(.or_else(|| cause.downcast_ref::<$kind>().and_then(Advise::hint)))+
            };
        }
        let refused = cause.downcast_ref::<std::io::Error>().and_then(Refused::of);
        refused.and_then(Advise::hint).or_else(|| {
            first_hint!(
                jove_experiment::Error,
                jove_finetune::Error,
                jove_tasks::Error,
                jove_checkpoint::Error,
                jove_corpus::Error,
                jove_factory::Error,
                jove_kb::Error,
                jove_linker::Error,
                jove_masking::Error,
                jove_model::Error,
            )
        })
    })
}

/// Whether the reader of standard output went away, as `head` does: no error at all.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::Context as _;

    use super::*;

    fn check(error: &anyhow::Error, expected: &str) {
        assert_eq!(message(error), expected);
    }

    #[test]
    fn causes_follow_the_error_and_the_hint_comes_last() {
        check(&anyhow::anyhow!("no such layer"), "error: no such layer\n");
        let kb: anyhow::Result<()> = Err(jove_kb::Error::UnknownEntity("岛".to_owned()).into());
        let expected = "error: looking it up\n  caused by: no entity has the key or name `岛`\n\nhint: \
                        `jove kb search KB TEXT` finds keys by name\n";
        check(&kb.context("looking it up").unwrap_err(), expected);
    }

    #[test]
    fn a_cause_that_the_error_quotes_is_not_repeated() {
        let missing = io::Error::new(io::ErrorKind::NotFound, "not there 😀");
        let quoting = jove_kb::Error::Io { path: "kb.sqlite".into(), source: missing };
        let expected =
            "error: kb.sqlite: not there 😀\n\nhint: check the path; relative paths start at the current directory\n";
        check(&quoting.into(), expected);
    }

    #[test]
    fn only_a_broken_pipe_is_a_closed_pipe() {
        for (kind, expected) in [(ErrorKind::BrokenPipe, true), (ErrorKind::NotFound, false), (ErrorKind::Other, false)]
        {
            let error = anyhow::Error::from(io::Error::from(kind)).context("printing");
            assert_eq!(is_closed_pipe(&error), expected, "{kind:?}");
        }
        assert!(!is_closed_pipe(&anyhow::anyhow!("broken pipe")));
    }
}
