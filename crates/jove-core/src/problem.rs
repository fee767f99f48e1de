//! Problems in data, and hints for errors.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One problem in input data: where, what was expected, what was found. Bad data is counted and kept, not a reason to
/// stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file it was found in.
    pub file: PathBuf,
    /// The line, counted from 1, where the file has lines.
    pub line: Option<u64>,
    /// What was expected there.
    pub expected: String,
    /// What was found there, shortened.
    pub found: String,
}

impl Problem {
    /// Maximum length of the input that a message quotes, in characters.
    const FOUND_CHARS_MAX: usize = 120;

    /// A problem at a line of a file; `found` is shortened and its control characters are escaped.
    pub fn new(file: impl Into<PathBuf>, line: Option<u64>, expected: impl Into<String>, found: &str) -> Self {
        let mut short: String = found
            .chars()
            .take(Self::FOUND_CHARS_MAX)
            .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
            .collect();
        if found.chars().nth(Self::FOUND_CHARS_MAX).is_some() {
            short.push('…');
        }
        Self { file: file.into(), line, expected: expected.into(), found: short }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": expected {}, found `{}`", self.expected, self.found)
    }
}

/// Advice attached to an error; only the binary shows it, as `hint: …`.
pub trait Advise {
    /// What the user can do about it, in one or two sentences, where anything helps.
    fn hint(&self) -> Option<String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_place_expectation_and_finding() {
        let problem = Problem::new("kb/facts.tsv", Some(7), "3 columns", "a\tb");
        assert_eq!(problem.to_string(), "kb/facts.tsv:7: expected 3 columns, found `a\\tb`");
    }

    #[test]
    fn long_findings_are_cut_between_characters() {
        let problem = Problem::new("x", None, "less", &"长".repeat(500));
        assert_eq!(problem.found.chars().count(), 121);
    }
}
