//! Errors as a person reads them: what, why, and what to do.

use std::io::{ErrorKind, Write};

use jove_core::Advise;

/// Writes `error: …`, its causes, and the hint that fits best.
pub(crate) fn show(error: &anyhow::Error) {
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
    // Nothing is left to be done where standard error itself is gone.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The first hint along the chain, outermost error first.
fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        macro_rules! first_hint {
            ($($kind:ty),+ $(,)?) => {
                None$(.or_else(|| cause.downcast_ref::<$kind>().and_then(Advise::hint)))+
            };
        }
        first_hint!(
            jove_experiment::Error,
            jove_checkpoint::Error,
            jove_corpus::Error,
            jove_kb::Error,
            jove_linker::Error,
            jove_masking::Error,
            jove_model::Error,
        )
    })
}

/// Whether the reader of standard output went away, as `head` does: no error at all.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == ErrorKind::BrokenPipe)
}
