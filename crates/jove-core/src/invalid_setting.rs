//! A setting outside its range, named from the struct that holds it.

/// A setting that has an invalid value. Each library names it relative to its own options; who embeds those options in
/// larger ones puts their key before it with [`InvalidSetting::under`].
///
/// ```
/// use jove_core::InvalidSetting;
///
/// let invalid = InvalidSetting::new("budget", "a number above 0, at most 0.9", 2.0).under("masking");
/// assert_eq!(invalid.to_string(), "masking.budget: expected a number above 0, at most 0.9, found 2");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}, found {found}")]
pub struct InvalidSetting {
    /// The dotted key.
    pub field: String,
    /// What is valid there.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl InvalidSetting {
    /// The setting `field` holds `found` instead of `expected`.
    #[allow(clippy::needless_pass_by_value, reason = "callers pass numbers and temporaries")]
    pub fn new(field: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        Self { field: field.into(), expected: expected.into(), found: found.to_string() }
    }

    /// `Ok` where `valid`, else the setting `field` holds `found` instead of `expected`.
    ///
    /// # Errors
    /// Where `valid` is false.
    #[allow(clippy::needless_pass_by_value, reason = "callers pass numbers and temporaries")]
    pub fn check(valid: bool, field: &str, expected: impl Into<String>, found: impl ToString) -> Result<(), Self> {
        if valid { Ok(()) } else { Err(Self::new(field, expected, found)) }
    }

    /// The same setting, named from the struct that holds these options under `key`.
    #[must_use]
    pub fn under(mut self, key: &str) -> Self {
        self.field = if self.field.is_empty() { key.to_owned() } else { format!("{key}.{}", self.field) };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_nest_from_the_inside_out() {
        let invalid = InvalidSetting::check(false, "chars-max", "16 or more", 0).unwrap_err();
        assert_eq!(
            invalid.under("clean").under("text").to_string(),
            "text.clean.chars-max: expected 16 or more, found 0"
        );
        assert_eq!(InvalidSetting::new("", "a table", "none").under("ablation").field, "ablation");
        assert_eq!(InvalidSetting::check(true, "x", "anything", "it"), Ok(()));
    }
}
