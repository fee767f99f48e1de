//! Half-open ranges over bytes and over tokens.

use std::ops::Range;

use serde::{Deserialize, Serialize};

macro_rules! span {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name {
            /// First position inside.
            pub start: u32,
            /// First position after.
            pub end: u32,
        }

        impl $name {
            /// The range `start..end`. The caller keeps `start <= end`; a reversed span counts as empty.
            pub const fn new(start: u32, end: u32) -> Self {
                Self { start, end }
            }

            /// Number of positions inside.
            pub const fn len(self) -> usize {
                self.end.saturating_sub(self.start) as usize
            }

            /// Whether nothing is inside.
            pub const fn is_empty(self) -> bool {
                self.end <= self.start
            }

            /// As a range for slicing.
            pub const fn range(self) -> Range<usize> {
                self.start as usize..self.end as usize
            }

            /// Whether the two share a position.
            pub const fn overlaps(self, other: Self) -> bool {
                self.start < other.end && other.start < self.end
            }

            /// Whether `other` lies wholly inside.
            pub const fn contains(self, other: Self) -> bool {
                self.start <= other.start && other.end <= self.end
            }
        }
    };
}

span! {
    /// A range of bytes in a UTF-8 text; both ends lie on character boundaries.
    ByteSpan
}

span! {
    /// A range of token positions in one sequence.
    TokenSpan
}

impl ByteSpan {
    /// The text inside, or `None` where the span does not fit `text` or cuts a character.
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.range())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_only_whole_characters() {
        assert_eq!(ByteSpan::new(0, 3).slice("中文"), Some("中"));
        assert_eq!(ByteSpan::new(0, 2).slice("中文"), None);
        assert_eq!(ByteSpan::new(3, 9).slice("中文"), None);
    }

    #[test]
    fn touching_spans_do_not_overlap() {
        assert!(!TokenSpan::new(0, 2).overlaps(TokenSpan::new(2, 3)));
        assert!(TokenSpan::new(0, 3).overlaps(TokenSpan::new(2, 3)));
        assert!(TokenSpan::new(3, 1).is_empty());
        assert_eq!(TokenSpan::new(3, 1).len(), 0);
    }
}
