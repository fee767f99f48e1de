//! Where each text of a file of texts is from.

use serde::{Deserialize, Serialize};

use crate::stage::text::Source;

/// The source of each text, in their order; equal neighbours are kept once, with their number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TextSources(Vec<(u64, Source)>);

impl TextSources {
    /// Adds that of the next text.
    pub(crate) fn push(&mut self, source: Source) {
        match self.0.last_mut() {
            Some((count, last)) if *last == source => *count += 1,
            _ => self.0.push((1, source)),
        }
    }

    /// One for each text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Source> + '_ {
        self.0.iter().flat_map(|&(count, source)| std::iter::repeat_n(source, count as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_come_back_one_for_each_text() {
        for sources in
            [&[][..], &[Source::Fact], &[Source::Fact, Source::Fact, Source::File, Source::Pair, Source::Fact]]
        {
            let mut kept = TextSources::default();
            for &source in sources {
                kept.push(source);
            }
            assert_eq!(kept.iter().collect::<Vec<_>>(), sources);
        }
    }
}
