//! The measures of a probe, and their values.

use std::collections::{BTreeMap, BTreeSet};

use crate::items::question::{Kind, Question, Questions, Replies, Reply};
use crate::items::sample::{Answered, Sample};
use crate::results::{Measure, Selection, Statistic, TrivialAnswer};

/// A measure as it is defined before anything is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    probe: String,
    measure: &'static str,
    selection: Selection,
}

/// All measures of all probes, in the order of the report.
pub(crate) fn definitions(questions: &Questions) -> Vec<Definition> {
    questions.probes().flat_map(|(probe, questions)| of_probe(probe, questions)).collect()
}

fn of_probe(probe: &str, questions: &[Question]) -> Vec<Definition> {
    let Some(first) = questions.first() else { return Vec::new() };
    let named = |title: String, measure, statistic, part: Option<&str>, by_group| Definition {
        probe: title,
        measure,
        selection: Selection { probe: probe.to_owned(), part: part.map(str::to_owned), statistic, by_group },
    };
    let whole = |measure, statistic| named(probe.to_owned(), measure, statistic, None, false);
    let parts: BTreeSet<&str> = questions.iter().map(|q| q.part.as_str()).filter(|part| !part.is_empty()).collect();
    let groups = |measure, statistic, title: &str| named(format!("{probe}, {title}"), measure, statistic, None, true);
    match first.kind {
        Kind::Ranked => {
            let mut all = vec![whole("R@1", Statistic::FirstRank), whole("MRR", Statistic::ReciprocalRank)];
            if !first.group.is_empty() {
                all.push(groups("R@1", Statistic::FirstRank, "mean over relations"));
                all.push(groups("MRR", Statistic::ReciprocalRank, "mean over relations"));
            }
            let part = |part| named(format!("{probe}, {part}"), "R@1", Statistic::FirstRank, Some(part), false);
            all.extend(parts.into_iter().map(part));
            all
        }
        Kind::Typing => {
            let mut all = vec![whole("accuracy", Statistic::FirstRank), whole("macro-F1", Statistic::MacroF1)];
            let part = |part| named(format!("{probe}, {part}"), "accuracy", Statistic::FirstRank, Some(part), false);
            all.extend(parts.into_iter().map(part));
            all
        }
        Kind::Bitext => vec![whole("R@1", Statistic::FirstRank)],
        Kind::Tatoeba => {
            let part = |part| named(format!("{probe} {part}"), "accuracy", Statistic::FirstRank, Some(part), false);
            let mean = groups("accuracy", Statistic::FirstRank, "mean");
            parts.into_iter().map(part).chain([mean]).collect()
        }
        Kind::Loss => vec![whole("nats", Statistic::Nats), whole("perplexity", Statistic::Perplexity)],
    }
}

impl Definition {
    /// Probe and measure, as `primary` names them.
    pub(crate) fn title(&self) -> String {
        crate::results::title(&self.probe, self.measure)
    }

    /// Number of questions.
    pub(crate) fn items(&self, questions: &Questions) -> usize {
        questions.of(&self.selection.probe).iter().filter(|question| self.selects(question)).count()
    }

    fn selects(&self, question: &Question) -> bool {
        self.selection.part.as_ref().is_none_or(|part| *part == question.part)
    }

    /// What someone answered to the items of this measure; `None` where something was not answered.
    pub(crate) fn sample(&self, questions: &Questions, replies: &ByProbe<'_>) -> Option<Sample> {
        let Selection { probe, statistic, by_group, .. } = &self.selection;
        let given = replies.get(probe.as_str())?;
        let chosen = questions.of(probe).iter().filter(|question| self.selects(question));
        let answered: Vec<Answered<'_>> =
            chosen.map(|question| Some((question, *given.get(&question.item)?))).collect::<Option<_>>()?;
        (!answered.is_empty()).then(|| Sample::new(*statistic, *by_group, &answered))
    }

    /// The names of probe and measure.
    pub(crate) fn names(&self) -> (&str, &str) {
        (&self.probe, self.measure)
    }

    /// Whether more is better.
    pub(crate) fn higher_is_better(&self) -> bool {
        !matches!(self.selection.statistic, Statistic::Nats | Statistic::Perplexity)
    }

    /// The value of guessing: as many candidates as there are, all alike; `None` where it is not defined.
    fn chance(&self, questions: &Questions, replies: &ByProbe<'_>) -> Option<f64> {
        let guessed = |reply: &Reply| {
            let candidates = f64::from(reply.candidates);
            Reply { nats: candidates.ln() * f64::from(reply.tokens), ..reply.clone() }
        };
        let given = replies.get(self.selection.probe.as_str())?;
        match self.selection.statistic {
            Statistic::MacroF1 => None,
            Statistic::Nats | Statistic::Perplexity => {
                let guessed: Vec<Reply> = given.values().map(|reply| guessed(reply)).collect();
                Some(self.sample(questions, &by_probe(&guessed))?.value())
            }
            Statistic::FirstRank => self.expected(questions, given, |n| 1.0 / f64::from(n)),
            Statistic::ReciprocalRank => self.expected(questions, given, |n| {
                (1..=n).map(|place| 1.0 / f64::from(place)).sum::<f64>() / f64::from(n)
            }),
        }
    }

    /// The mean of what a random ranking of so many candidates is expected to score.
    fn expected(&self, questions: &Questions, given: &BTreeMap<u32, &Reply>, of: impl Fn(u32) -> f64) -> Option<f64> {
        // The mean of a reciprocal rank is any mean: each item has the reciprocal of its expectation as rank.
        let expected: Vec<Reply> =
            given.values().map(|reply| Reply { rank: 1.0 / of(reply.candidates), ..(*reply).clone() }).collect();
        let selection = Selection { statistic: Statistic::ReciprocalRank, ..self.selection.clone() };
        let definition = Self { selection, ..self.clone() };
        Some(definition.sample(questions, &by_probe(&expected))?.value())
    }
}

/// Answers by probe and item.
pub(crate) type ByProbe<'a> = BTreeMap<&'a str, BTreeMap<u32, &'a Reply>>;

/// Puts answers in order.
pub(crate) fn by_probe(replies: &[Reply]) -> ByProbe<'_> {
    let mut all = ByProbe::new();
    for reply in replies {
        all.entry(&reply.probe).or_default().insert(reply.item, reply);
    }
    all
}

/// What an arm achieved, with what answers without training achieve on the same items. Measures of which it did not answer
/// every item are left out.
pub(crate) fn measures(
    questions: &Questions,
    replies: &[Reply],
    trivial: &[&Replies],
    items_min: usize,
) -> Vec<Measure> {
    let own = by_probe(replies);
    let trivial: Vec<(&str, ByProbe<'_>)> =
        trivial.iter().map(|other| (other.by.as_str(), by_probe(&other.replies))).collect();
    let measure = |definition: &Definition| {
        let sample = definition.sample(questions, &own)?;
        let others = trivial.iter().filter_map(|(by, replies)| {
            let value = definition.sample(questions, replies)?.value();
            Some(TrivialAnswer { answer: (*by).to_owned(), value })
        });
        Some(Measure {
            probe: definition.probe.clone(),
            measure: definition.measure.to_owned(),
            value: sample.value(),
            chance: definition.chance(questions, &own),
            items: sample.len(),
            higher_is_better: definition.higher_is_better(),
            trivial: others.collect(),
            few_items: sample.len() < items_min,
            selection: Some(definition.selection.clone()),
        })
    };
    definitions(questions).iter().filter_map(measure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::sample::tests::{question, ranked};

    /// Five items of two relations, with nine candidates each.
    fn questions() -> Questions {
        let relations = ["capital", "capital", "capital", "borders", "borders"];
        let question = |(group, item): (&&str, u32)| Question {
            probe: "relation cloze".into(),
            part: if *group == "borders" { "N-to-N" } else { "" }.into(),
            ..question(item, group, "x")
        };
        Questions::new(relations.iter().zip(0..).map(question).collect())
    }

    fn replies(ranks: [f64; 5]) -> Vec<Reply> {
        let reply = |(rank, item)| Reply { probe: "relation cloze".into(), ..ranked(item, rank) };
        ranks.into_iter().zip(0..).map(reply).collect()
    }

    #[test]
    fn measures_are_those_of_wholes_means_and_parts_with_chance_and_trivial_answers() {
        let commonest = Replies { by: "commonest answer".into(), replies: replies([1.0, 1.0, 2.0, 1.0, 1.0]) };
        let found = measures(&questions(), &replies([1.0, 2.0, 3.0, 1.0, 9.0]), &[&commonest], 5);
        let row = |measure: &Measure| (measure.title(), measure.items, measure.few_items);
        assert_eq!(
            found.iter().map(row).collect::<Vec<_>>(),
            [
                ("relation cloze, R@1".to_owned(), 5, false),
                ("relation cloze, MRR".to_owned(), 5, false),
                ("relation cloze, mean over relations, R@1".to_owned(), 5, false),
                ("relation cloze, mean over relations, MRR".to_owned(), 5, false),
                ("relation cloze, N-to-N, R@1".to_owned(), 2, true),
            ]
        );
        let values: Vec<f64> = found.iter().map(|measure| measure.value).collect();
        let expected = [0.4, (1.0 + 0.5 + 1.0 / 3.0 + 1.0 + 1.0 / 9.0) / 5.0, f64::midpoint(1.0 / 3.0, 0.5)];
        assert!(values.iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-12), "{values:?}");
        assert!(found.iter().step_by(2).all(|measure| (measure.chance.unwrap() - 1.0 / 9.0).abs() < 1e-12));
        let best: Vec<TrivialAnswer> = found.iter().filter_map(Measure::best_trivial).collect();
        assert!(best.iter().all(|best| best.answer == "commonest answer"), "{best:?}");
        assert!((best[0].value - 0.8).abs() < 1e-12 && (best[4].value - 1.0).abs() < 1e-12, "{best:?}");
    }

    #[test]
    fn who_has_not_answered_everything_has_no_measure() {
        let mut given = replies([1.0; 5]);
        given.pop();
        let titles: Vec<String> = measures(&questions(), &given, &[], 1).iter().map(Measure::title).collect();
        assert!(titles.is_empty(), "{titles:?}");
        assert!(measures(&Questions::default(), &given, &[], 1).is_empty());
    }

    #[test]
    fn chance_of_a_vocabulary_is_its_size() {
        let question = Question { kind: Kind::Loss, ..question(0, "", "") };
        let reply = Reply { nats: 3.0, tokens: 2, candidates: 50, ..ranked(0, 0.0) };
        let found = measures(&Questions::new(vec![question]), &[reply], &[], 1);
        assert_eq!(found.iter().map(|measure| measure.measure.as_str()).collect::<Vec<_>>(), ["nats", "perplexity"]);
        assert!((found[1].value - 1.5f64.exp()).abs() < 1e-9 && (found[1].chance.unwrap() - 50.0).abs() < 1e-9);
        assert!(!found[0].higher_is_better);
    }
}
