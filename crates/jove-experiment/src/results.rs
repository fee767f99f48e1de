//! What a trained variant achieved, as the table and the report read it.

use serde::{Deserialize, Serialize};

/// One number that a probe measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The probe, such as `entity cloze`.
    pub probe: String,
    /// What was measured, such as `R@1`.
    pub measure: String,
    /// Its value.
    pub value: f64,
    /// What guessing would give, where that is known.
    pub chance: Option<f64>,
    /// Over how many items.
    pub items: usize,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// What answers without training reach on the same items, apart from chance.
    #[serde(default)]
    pub trivial: Vec<TrivialAnswer>,
    /// Whether there are fewer items than `probes.items-min`: such a measure is never a primary one.
    #[serde(default)]
    pub few_items: bool,
    /// How the value is computed from `items.parquet`; `None` in results of former versions.
    #[serde(default)]
    pub selection: Option<Selection>,
}

/// What one answer without training reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrivialAnswer {
    /// How it answers, such as `commonest answer`.
    pub answer: String,
    /// Its value, in the unit of the measure.
    pub value: f64,
}

/// The items that a measure is over, and what is computed from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The column `probe` of the items.
    pub probe: String,
    /// Their column `part`; all parts where it is `None`.
    pub part: Option<String>,
    /// What is computed.
    pub statistic: Statistic,
    /// Whether it is computed for each value of the column `group`, and the mean of these taken.
    pub by_group: bool,
}

/// What is computed from the ranks or losses of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// The share of items with rank 1.
    FirstRank,
    /// The mean of 1 / rank.
    ReciprocalRank,
    /// The mean over `gold` of the harmonic mean of precision and recall, with the first of `top` as prediction.
    MacroF1,
    /// The sum of `nats` over the sum of `tokens`.
    Nats,
    /// The exponential of that.
    Perplexity,
}

impl Measure {
    /// Whether one value of this measure is better than another one.
    pub(crate) fn is_better(&self, value: f64, than: f64) -> bool {
        if self.higher_is_better { value > than } else { value < than }
    }

    /// The best answer without training, chance included.
    pub(crate) fn best_trivial(&self) -> Option<TrivialAnswer> {
        let chance = self.chance.map(|value| TrivialAnswer { answer: "chance".to_owned(), value });
        chance
            .into_iter()
            .chain(self.trivial.iter().cloned())
            .reduce(|best, other| if self.is_better(other.value, best.value) { other } else { best })
    }

    /// Probe and measure, as `primary` names them: `entity cloze, R@1`.
    pub fn title(&self) -> String {
        title(&self.probe, &self.measure)
    }
}

/// How a probe and its measure are named together.
pub(crate) fn title(probe: &str, measure: &str) -> String {
    format!("{probe}, {measure}")
}

/// Whether a name of `primary` is this title. Run files and results written before layouts had names of their own say
/// `Bert vocabulary` and `XlmRoberta vocabulary`.
pub(crate) fn is_title(name: &str, title: &str) -> bool {
    let current = |name: &str| {
        name.replace(", Bert vocabulary", ", BERT vocabulary").replace(", XlmRoberta vocabulary", ", XLM-R vocabulary")
    };
    current(name) == current(title)
}

/// One point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Real tokens seen so far.
    pub tokens: u64,
    /// Mean loss of masked-language modelling, in nats per masked token.
    pub loss: f64,
}

/// What one variant achieved under one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmResult {
    /// The variant's name in the run file.
    pub variant: String,
    /// Its seed.
    pub seed: u64,
    /// Parameters of the model.
    pub parameters: u64,
    /// Real tokens trained on.
    pub tokens: u64,
    /// Wall time of training, in seconds.
    pub seconds: f64,
    /// The most memory that the process held while it trained, in MiB, where the system tells; what else the same process
    /// did before counts only as far as it was still held.
    #[serde(default)]
    pub memory_mib: Option<f64>,
    /// The learning curve.
    pub curve: Vec<CurvePoint>,
    /// What the probes measured.
    pub measures: Vec<Measure>,
}

/// Mean and spread of one measure of one variant over its seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Mean over seeds.
    pub mean: f64,
    /// Standard deviation over seeds (n − 1); 0 for a single seed.
    pub deviation: f64,
    /// Number of seeds.
    pub seeds: usize,
}

impl Summary {
    /// Of some values; `None` where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let seeds = values.len();
        if seeds == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / seeds as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if seeds > 1 { (squares / (seeds - 1) as f64).sqrt() } else { 0.0 };
        Some(Self { mean, deviation, seeds })
    }
}

/// One row of the comparison: a measure, and what each variant achieved in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The measure; its `value` is that of the first variant and seed.
    pub measure: Measure,
    /// One cell a variant, in the order of the run file; `None` where the variant was not measured so.
    pub cells: Vec<Option<Summary>>,
    /// For each variant, its value minus the first variant's, seed by seed.
    pub differences: Vec<Vec<f64>>,
}

/// The comparison table: a row for each measure, in the order in which probes gave them.
pub fn compare(variants: &[String], results: &[ArmResult]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for measure in results.iter().flat_map(|result| &result.measures) {
        let known = rows.iter().any(|row| same(&row.measure, measure));
        if !known {
            rows.push(row(variants, results, measure));
        }
    }
    rows
}

fn same(a: &Measure, b: &Measure) -> bool {
    a.probe == b.probe && a.measure == b.measure
}

fn row(variants: &[String], results: &[ArmResult], measure: &Measure) -> Row {
    let values: Vec<Vec<(u64, f64)>> = variants.iter().map(|variant| values_of(variant, results, measure)).collect();
    let cells =
        values.iter().map(|values| Summary::of(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>())).collect();
    let base = values.first().cloned().unwrap_or_default();
    let differences = values
        .iter()
        .map(|values| {
            values
                .iter()
                .filter_map(|(seed, value)| base.iter().find(|(other, _)| other == seed).map(|(_, base)| value - base))
                .collect()
        })
        .collect();
    Row { measure: measure.clone(), cells, differences }
}

fn values_of(variant: &str, results: &[ArmResult], measure: &Measure) -> Vec<(u64, f64)> {
    results
        .iter()
        .filter(|result| result.variant == variant)
        .filter_map(|result| {
            let found = result.measures.iter().find(|other| same(other, measure))?;
            Some((result.seed, found.value))
        })
        .collect()
}

impl Row {
    /// The best answer without training, where no variant's mean is better than it: then the measure shows no knowledge.
    pub(crate) fn unbeaten_trivial(&self) -> Option<TrivialAnswer> {
        let best = self.measure.best_trivial()?;
        let beats = |cell: &Summary| self.measure.is_better(cell.mean, best.value);
        (!self.cells.iter().flatten().any(beats)).then_some(best)
    }

    /// What the differences of one variant to the first say, in plain words.
    pub(crate) fn verdict(&self, variant: usize) -> Verdict {
        let differences = &self.differences[variant];
        let Some(summary) = Summary::of(differences) else { return Verdict::NotMeasured };
        let better = |difference: f64| if self.measure.higher_is_better { difference > 0.0 } else { difference < 0.0 };
        if differences.len() < 2 {
            return if better(summary.mean) { Verdict::AboveOnce } else { Verdict::NotAbove };
        }
        if differences.iter().all(|difference| better(*difference)) {
            Verdict::AboveAlways
        } else if better(summary.mean) {
            Verdict::AboveOnAverage
        } else {
            Verdict::NotAbove
        }
    }
}

/// How one variant compares to the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Better under every one of several seeds.
    AboveAlways,
    /// Better on average over seeds, not under each.
    AboveOnAverage,
    /// Better under the only seed.
    AboveOnce,
    /// Not better.
    NotAbove,
    /// No pair of numbers to compare.
    NotMeasured,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(variant: &str, seed: u64, value: f64) -> ArmResult {
        let measure = Measure {
            probe: "entity cloze".into(),
            measure: "R@1".into(),
            value,
            chance: None,
            items: 10,
            higher_is_better: true,
            ..Measure::default()
        };
        ArmResult {
            variant: variant.into(),
            seed,
            parameters: 1,
            tokens: 1,
            seconds: 1.0,
            memory_mib: None,
            curve: Vec::new(),
            measures: vec![measure],
        }
    }

    #[test]
    fn primary_names_accept_the_former_spelling_of_layouts() {
        for (name, title, expected) in [
            ("masked tokens zh, Bert vocabulary, nats", "masked tokens zh, BERT vocabulary, nats", true),
            ("masked tokens zh, XlmRoberta vocabulary, nats", "masked tokens zh, XLM-R vocabulary, nats", true),
            ("masked tokens zh, BERT vocabulary, nats", "masked tokens zh, Bert vocabulary, nats", true),
            ("masked tokens zh, Bert vocabulary, nats", "masked tokens zh, XLM-R vocabulary, nats", false),
            ("entity cloze, R@1", "entity cloze, R@1", true),
            ("entity cloze, R@1", "entity cloze, R@5", false),
        ] {
            assert_eq!(is_title(name, title), expected, "{name} / {title}");
        }
    }

    #[test]
    fn differences_are_paired_by_seed() {
        let results = [result("pd", 1, 0.2), result("pd", 2, 0.4), result("kg", 2, 0.5), result("kg", 3, 0.9)];
        let rows = compare(&["pd".into(), "kg".into()], &results);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].differences[1].len(), 1);
        assert!((rows[0].differences[1][0] - 0.1).abs() < 1e-12);
        assert_eq!(rows[0].verdict(1), Verdict::AboveOnce);
    }

    #[test]
    fn verdicts_say_no_more_than_the_seeds() {
        let results = [
            result("pd", 1, 0.2),
            result("pd", 2, 0.4),
            result("kg", 1, 0.3),
            result("kg", 2, 0.3),
            result("ml", 1, 0.1),
        ];
        let rows = compare(&["pd".into(), "kg".into(), "ml".into(), "none".into()], &results);
        assert_eq!(rows[0].verdict(1), Verdict::NotAbove);
        assert_eq!(rows[0].verdict(2), Verdict::NotAbove);
        assert_eq!(rows[0].verdict(3), Verdict::NotMeasured);
    }

    #[test]
    fn a_measure_that_no_variant_answers_better_than_a_trivial_answer_says_so() {
        let trivial = |answer: &str, value| TrivialAnswer { answer: answer.to_owned(), value };
        let check = |higher_is_better, chance, answers: &[TrivialAnswer], values: [f64; 2], expected: Option<&str>| {
            let mut results = [result("pd", 1, values[0]), result("kg", 1, values[1])];
            for measure in results.iter_mut().flat_map(|result| &mut result.measures) {
                measure.trivial = answers.to_vec();
                (measure.higher_is_better, measure.chance) = (higher_is_better, chance);
            }
            let row = &compare(&["pd".into(), "kg".into()], &results)[0];
            assert_eq!(row.unbeaten_trivial().map(|best| best.answer).as_deref(), expected, "{values:?}");
        };
        let answers = [trivial("commonest answer", 0.3), trivial("string match", 0.1)];
        check(true, Some(0.02), &answers, [0.2, 0.25], Some("commonest answer"));
        check(true, Some(0.02), &answers, [0.2, 0.3], Some("commonest answer"));
        check(true, Some(0.02), &answers, [0.2, 0.31], None);
        check(true, Some(0.02), &[], [0.02, 0.01], Some("chance"));
        check(true, None, &[], [0.0, 0.0], None);
        check(false, None, &[trivial("word frequency", 400.0)], [500.0, 401.0], Some("word frequency"));
        check(false, None, &[trivial("word frequency", 400.0)], [500.0, 90.0], None);
    }

    #[test]
    fn spread_is_of_the_sample() {
        let summary = Summary::of(&[1.0, 3.0]).unwrap();
        assert!((summary.deviation - 2f64.sqrt()).abs() < 1e-12);
        assert_eq!(Summary::of(&[]), None);
    }
}
