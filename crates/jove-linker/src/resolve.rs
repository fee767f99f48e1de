//! Resolving overlapping mentions.

use jove_core::Mention;

use crate::options::Overlap;

/// Keeps mentions that do not overlap; the result is sorted by start.
pub(crate) fn resolve(mut mentions: Vec<Mention>, overlap: Overlap) -> Vec<Mention> {
    match overlap {
        Overlap::Longest => {
            mentions.sort_unstable_by(|a, b| a.span.start.cmp(&b.span.start).then(b.span.end.cmp(&a.span.end)));
            let mut end = 0;
            mentions.retain(|mention| {
                let free = mention.span.start >= end;
                if free {
                    end = mention.span.end;
                }
                free
            });
            mentions
        }
        Overlap::Best => best(mentions),
    }
}

fn best(mut mentions: Vec<Mention>) -> Vec<Mention> {
    mentions.sort_unstable_by(|a, b| {
        let longer = b.span.len().cmp(&a.span.len());
        b.score.total_cmp(&a.score).then(longer).then(a.span.start.cmp(&b.span.start))
    });
    // Kept mentions never overlap, so only the neighbours by start can touch a new one.
    let mut kept = std::collections::BTreeMap::new();
    for mention in mentions {
        let before = kept.range(..mention.span.end).next_back();
        if before.is_none_or(|(_, other): (&u32, &Mention)| other.span.end <= mention.span.start) {
            kept.insert(mention.span.start, mention);
        }
    }
    kept.into_values().collect()
}

#[cfg(test)]
mod tests {
    use jove_core::{ByteSpan, EntityId};

    use super::*;

    fn check(overlap: Overlap, spans: &[(u32, u32, f32)], expected: &[(u32, u32)]) {
        let mention = |(start, end, score): &(u32, u32, f32)| Mention {
            span: ByteSpan::new(*start, *end),
            entity: EntityId(0),
            score: *score,
        };
        let kept = resolve(spans.iter().map(mention).collect(), overlap);
        assert_eq!(kept.iter().map(|m| (m.span.start, m.span.end)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nested_and_crossing_mentions_are_resolved() {
        check(Overlap::Longest, &[], &[]);
        check(Overlap::Longest, &[(0, 3, 0.9), (0, 6, 0.1), (3, 9, 0.9), (6, 9, 0.5)], &[(0, 6), (6, 9)]);
        check(Overlap::Best, &[(0, 3, 0.9), (0, 6, 0.1), (3, 9, 0.9), (6, 9, 0.5)], &[(0, 3), (3, 9)]);
        check(Overlap::Best, &[(0, 3, 0.5), (3, 6, 0.5), (0, 6, 0.5)], &[(0, 6)]);
    }
}
