//! A file that is not opened, and why.

use std::io;

use jove_core::Advise;

/// Why a file is not read or written, although the system would allow it. It travels inside an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    reason: String,
    hint: &'static str,
}

impl Refused {
    pub(crate) fn error(reason: impl Into<String>, hint: &'static str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, Self { reason: reason.into(), hint })
    }

    /// The refusal in an error, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref())
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refused {}

impl Advise for Refused {
    fn hint(&self) -> Option<String> {
        Some(self.hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_again_in_its_error() {
        let error = Refused::error("expected a file, found a folder", "name a file");
        assert_eq!(error.to_string(), "expected a file, found a folder");
        assert_eq!(Refused::of(&error).and_then(Advise::hint).as_deref(), Some("name a file"));
        assert_eq!(Refused::of(&io::Error::from(io::ErrorKind::NotFound)), None);
    }
}
