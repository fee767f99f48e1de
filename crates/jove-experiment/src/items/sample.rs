//! A measure's value from its items, each counted any number of times.

use std::collections::BTreeMap;

use crate::items::question::{Question, Reply};
use crate::results::Statistic;

/// One arm's items of one measure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    statistic: Statistic,
    items: Vec<Scored>,
    groups: usize,
}

/// One item as the statistic reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scored {
    /// Of a ratio, what is added up above the line; the predicted class.
    above: f64,
    /// And below it.
    below: f64,
    /// The number of its group; the correct class.
    group: usize,
}

/// A question and its answer.
pub(crate) type Answered<'a> = (&'a Question, &'a Reply);

impl Sample {
    /// The items that were answered; `by_group` where the value is the mean over groups.
    pub(crate) fn new(statistic: Statistic, by_group: bool, answered: &[Answered<'_>]) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (question, reply) in answered {
            match statistic {
                Statistic::MacroF1 => {
                    numbers.extend(predicted(reply).into_iter().chain([question.gold.as_str()]).map(numbered));
                }
                _ if by_group => numbers.extend([numbered(&question.group)]),
                _ => numbers.extend([numbered("")]),
            }
        }
        numbers.values_mut().enumerate().for_each(|(index, number)| *number = index);
        let scored = |&(question, reply): &Answered<'_>| {
            let group = numbers[if by_group { question.group.as_str() } else { "" }];
            match statistic {
                Statistic::FirstRank => Scored { above: f64::from(u8::from(reply.rank <= 1.0)), below: 1.0, group },
                Statistic::ReciprocalRank => Scored { above: 1.0 / reply.rank, below: 1.0, group },
                Statistic::Nats | Statistic::Perplexity => {
                    Scored { above: reply.nats, below: f64::from(reply.tokens), group }
                }
                Statistic::MacroF1 => unreachable!("scored as classes"),
            }
        };
        let classed = |&(question, reply): &Answered<'_>| Scored {
            above: predicted(reply).map_or(-1.0, |name| numbers[name] as f64),
            below: 1.0,
            group: numbers[question.gold.as_str()],
        };
        let items = match statistic {
            Statistic::MacroF1 => answered.iter().map(classed).collect(),
            _ => answered.iter().map(scored).collect(),
        };
        Self { statistic, items, groups: numbers.len() }
    }

    /// Number of items.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The value over all items.
    pub(crate) fn value(&self) -> f64 {
        self.counted(&vec![1; self.items.len()])
    }

    /// The value where each item counts so many times. Sums run in the order of items.
    pub(crate) fn counted(&self, counts: &[u32]) -> f64 {
        match self.statistic {
            Statistic::MacroF1 => self.macro_f1(counts),
            Statistic::Perplexity => self.ratio(counts).exp(),
            _ => self.ratio(counts),
        }
    }

    /// The mean over groups with an item of what is above the line over what is below.
    fn ratio(&self, counts: &[u32]) -> f64 {
        let mut sums = vec![(0.0f64, 0.0f64); self.groups];
        for (item, &count) in self.items.iter().zip(counts) {
            let (above, below) = &mut sums[item.group];
            *above += f64::from(count) * item.above;
            *below += f64::from(count) * item.below;
        }
        mean(sums.into_iter().filter(|(_, below)| *below > 0.0).map(|(above, below)| above / below))
    }

    /// The mean over classes that are predicted or correct.
    fn macro_f1(&self, counts: &[u32]) -> f64 {
        let mut sums = vec![(0.0f64, 0.0f64); self.groups];
        for (item, &count) in self.items.iter().zip(counts) {
            let count = f64::from(count);
            sums[item.group].1 += count;
            if item.above >= 0.0 {
                let predicted = item.above as usize;
                sums[predicted].1 += count;
                sums[predicted].0 += if predicted == item.group { 2.0 * count } else { 0.0 };
            }
        }
        mean(sums.into_iter().filter(|(_, total)| *total > 0.0).map(|(hits, total)| hits / total))
    }
}

/// A name that has no number yet.
fn numbered(name: &str) -> (&str, usize) {
    (name, 0)
}

fn predicted(reply: &Reply) -> Option<&str> {
    reply.top.first().map(|(name, _)| name.as_str())
}

/// 0 where there is nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::items::question::Kind;

    pub(crate) fn question(item: u32, group: &str, gold: &str) -> Question {
        Question {
            probe: "probe".into(),
            item,
            kind: Kind::Ranked,
            part: String::new(),
            group: group.into(),
            words: "?".into(),
            gold: gold.into(),
        }
    }

    pub(crate) fn ranked(item: u32, rank: f64) -> Reply {
        Reply { probe: "probe".into(), item, rank, candidates: 9, ..Reply::default() }
    }

    fn value(statistic: Statistic, by_group: bool, rows: &[(Question, Reply)], counts: Option<&[u32]>) -> f64 {
        let rows: Vec<Answered<'_>> = rows.iter().map(|(question, reply)| (question, reply)).collect();
        let sample = Sample::new(statistic, by_group, &rows);
        counts.map_or_else(|| sample.value(), |counts| sample.counted(counts))
    }

    #[test]
    fn ranks_are_shares_and_means_and_a_group_counts_once() {
        let rows: Vec<(Question, Reply)> = [("a", 1.0), ("a", 1.0), ("a", 1.5), ("b", 4.0)]
            .iter()
            .zip(0..)
            .map(|(&(group, rank), item)| (question(item, group, "x"), ranked(item, rank)))
            .collect();
        let check = |statistic, by_group, counts: Option<&[u32]>, expected: f64| {
            let found = value(statistic, by_group, &rows, counts);
            assert!((found - expected).abs() < 1e-12, "{statistic:?} {by_group} {counts:?}: {found} not {expected}");
        };
        check(Statistic::FirstRank, false, None, 0.5);
        check(Statistic::FirstRank, true, None, 1.0 / 3.0);
        check(Statistic::FirstRank, false, Some(&[0, 1, 1, 2]), 0.25);
        check(Statistic::FirstRank, true, Some(&[1, 1, 2, 0]), 0.5);
        check(Statistic::ReciprocalRank, false, None, (1.0 + 1.0 + 2.0 / 3.0 + 0.25) / 4.0);
        check(Statistic::FirstRank, false, Some(&[0; 4]), 0.0);
        assert!(value(Statistic::FirstRank, true, &[], None).abs() < 1e-12);
    }

    #[test]
    fn losses_are_weighted_by_tokens() {
        let loss = |item, nats, tokens| (question(item, "", ""), Reply { nats, tokens, ..ranked(item, 0.0) });
        let rows = [loss(0, 6.0, 2), loss(1, 1.0, 8)];
        assert!((value(Statistic::Nats, false, &rows, None) - 0.7).abs() < 1e-12);
        assert!((value(Statistic::Perplexity, false, &rows, Some(&[1, 0])) - 3f64.exp()).abs() < 1e-12);
    }

    #[test]
    fn macro_f1_is_that_of_the_textbook() {
        // Type 0: two of three found, one wrongly said; type 1: one of two found.
        let rows: Vec<(Question, Reply)> = [(0, 0), (0, 0), (1, 0), (0, 1), (1, 1)]
            .iter()
            .zip(0..)
            .map(|(&(predicted, gold), item)| {
                let top = vec![(format!("type {predicted}"), 1.0)];
                (question(item, "", &format!("type {gold}")), Reply { top, ..ranked(item, 1.0) })
            })
            .collect();
        assert!((value(Statistic::MacroF1, false, &rows, None) - 7.0 / 12.0).abs() < 1e-12);
        assert!((value(Statistic::MacroF1, false, &rows, Some(&[1, 1, 0, 0, 1])) - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn counting_an_item_twice_is_having_it_twice(ranks in prop::collection::vec((1u8..9, 0u8..3, 0u32..3), 1..12)) {
            let row = |item: u32, (rank, group, _): (u8, u8, u32)| {
                (question(item, &group.to_string(), "x"), ranked(item, f64::from(rank)))
            };
            let once: Vec<_> = ranks.iter().zip(0..).map(|(&one, item)| row(item, one)).collect();
            let counts: Vec<u32> = ranks.iter().map(|&(_, _, count)| count).collect();
            let repeated: Vec<_> = ranks
                .iter()
                .flat_map(|&one| std::iter::repeat_n(one, one.2 as usize))
                .zip(0..)
                .map(|(one, item)| row(item, one))
                .collect();
            for statistic in [Statistic::FirstRank, Statistic::ReciprocalRank] {
                for by_group in [false, true] {
                    let (a, b) =
                        (value(statistic, by_group, &once, Some(&counts)), value(statistic, by_group, &repeated, None));
                    prop_assert!((a - b).abs() < 1e-9, "{a} {b}");
                }
            }
        }
    }
}
