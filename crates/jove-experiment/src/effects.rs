//! Differences between variants, paired by seed, and their significance.

use jove_eval::Bootstrap;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::controls::contrasted;
use crate::resampled::{Resampled, find};
use crate::results::{ArmResult, Row, compare, is_title, title};

/// Seeds from which on an interval is worth drawing.
const SEEDS_MIN: usize = 3;
/// Chance of a false alarm that is accepted over all comparisons together.
const ALPHA: f64 = 0.05;
/// Chance with which the smallest visible effect would be seen.
const POWER: f64 = 0.8;

/// The difference between a variant and another one in one measure, paired by seed; positive is better, also where
/// less of the measure is better.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Effect {
    /// The variant.
    pub variant: String,
    /// What it is compared to.
    pub base: String,
    /// The probe.
    pub probe: String,
    /// The measure, and with it the unit.
    pub measure: String,
    /// Pairs.
    pub seeds: usize,
    /// Items of the measure.
    pub items: usize,
    /// Mean of the differences.
    pub difference: f64,
    /// Lower end of the 95% bootstrap interval over seeds and items together; over seeds alone where no items are kept.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Lower end of the 95% t interval over seeds, for the items as they are.
    pub t_low: f64,
    /// Its upper end.
    pub t_high: f64,
    /// Two-sided p of the paired t test over seeds, or of the sign test where all differences are equal.
    pub p: f64,
    /// Two-sided p of the bootstrap over seeds and items together; `None` where no items are kept.
    pub p_bootstrap: Option<f64>,
    /// The larger of the two after Holm's correction over all effects of its family (Holm 1979, "A simple sequentially
    /// rejective multiple test procedure"): the primary ones, or all others.
    pub p_holm: f64,
    /// Whether the experiment was about this measure from the start, and it has items enough.
    pub primary: bool,
    /// Whether the measure has fewer items than `probes.items-min`.
    pub few_items: bool,
    /// The best answer without training on the same items.
    pub trivial_answer: Option<String>,
    /// Its value.
    pub trivial: Option<f64>,
    /// Whether the better of the two variants is better than it on average over seeds; true where there is none.
    pub beats_trivial: bool,
    /// Cohen's d of paired differences: their mean over their standard deviation; infinite where they do not spread.
    pub effect_size: f64,
    /// The smallest true difference that this many seeds with this spread would have shown in four of five grids, at
    /// 5% two-sided.
    pub smallest_visible: f64,
}

/// What may be said of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Interval and corrected test agree that it is better.
    Better,
    /// Interval and corrected test agree that it is worse.
    Worse,
    /// One of them does not, so no effect is claimed.
    NotSeen,
}

impl Effect {
    /// Probe and measure, as `primary` names them: `entity cloze, R@1`.
    pub fn title(&self) -> String {
        title(&self.probe, &self.measure)
    }

    /// Why the effect shows no knowledge, whatever the test says; `None` where there is no reason.
    pub(crate) fn caveat(&self) -> Option<String> {
        let trivial = self.trivial_answer.as_ref().filter(|_| !self.beats_trivial);
        let trivial = trivial.map(|answer| format!("no better than {answer}"));
        let few = self.few_items.then(|| format!("only {} items", self.items));
        let parts: Vec<String> = trivial.into_iter().chain(few).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// What may be said.
    pub fn finding(&self) -> Finding {
        match (self.p_holm < ALPHA, self.low > 0.0, self.high < 0.0) {
            (true, true, _) => Finding::Better,
            (true, _, true) => Finding::Worse,
            _ => Finding::NotSeen,
        }
    }
}

/// The effects of all variants but the first, measure by measure, those in `primary` first; none where there are fewer
/// than three seeds. `resampled` are the intervals over items, where there are any.
pub fn effects(variants: &[String], rows: &[Row], primary: &[String], resampled: &[Resampled]) -> Vec<Effect> {
    let Some(base) = variants.first() else { return Vec::new() };
    let pairs = |row| variants.iter().enumerate().skip(1).map(move |(index, variant)| (row, index, variant.as_str()));
    let found = rows.iter().flat_map(pairs).filter_map(|(row, index, variant)| {
        let paired = Paired { pair: [variant, base], row, index };
        paired.effect(find(resampled, paired.pair, &row.measure))
    });
    corrected(found.collect(), primary)
}

/// What the graph contributes: where a variant has controls, the variant versus each of them, and the shuffled graph versus no
/// graph, all of the same recipe; ordered and corrected for multiple testing as [`effects`] are.
pub(crate) fn contrasts(
    variants: &[String],
    results: &[ArmResult],
    primary: &[String],
    resampled: &[Resampled],
) -> Vec<Effect> {
    let pairs = contrasted(variants);
    let tables: Vec<Vec<Row>> =
        pairs.iter().map(|[variant, base]| compare(&[base.clone(), variant.clone()], results)).collect();
    let rows = tables.first().map_or(0, Vec::len);
    let places = (0..rows).flat_map(|row| pairs.iter().zip(&tables).map(move |(pair, table)| (pair, &table[row])));
    let found = places.filter_map(|([variant, base], row)| {
        let paired = Paired { pair: [variant, base], row, index: 1 };
        paired.effect(find(resampled, paired.pair, &row.measure))
    });
    corrected(found.collect(), primary)
}

/// The primary ones first, and each of the two families corrected.
fn corrected(effects: Vec<Effect>, primary: &[String]) -> Vec<Effect> {
    let marked = effects.into_iter().map(|effect| {
        let title = effect.title();
        let primary = !effect.few_items && primary.iter().any(|name| is_title(name, &title));
        Effect { primary, ..effect }
    });
    let (mut main, mut others): (Vec<Effect>, Vec<Effect>) = marked.partition(|effect| effect.primary);
    correct(&mut main);
    correct(&mut others);
    main.append(&mut others);
    main
}

/// Two variants in one measure: the second one is the first of the row, the first one has the number `index` there.
struct Paired<'a> {
    pair: [&'a str; 2],
    row: &'a Row,
    index: usize,
}

impl Paired<'_> {
    fn effect(&self, resampled: Option<Resampled>) -> Option<Effect> {
        let Self { pair: [variant, base], row, index } = *self;
        let differences = row.differences.get(index).filter(|differences| differences.len() >= SEEDS_MIN)?;
        let sign = if row.measure.higher_is_better { 1.0 } else { -1.0 };
        let values: Vec<f64> = differences.iter().map(|difference| sign * difference).collect();
        let test = TTest::of(&values)?;
        let over_seeds = || {
            let interval = Bootstrap::default().mean(&values);
            (interval.low, interval.high)
        };
        let (low, high) = match &resampled {
            Some(resampled) => (resampled.low, resampled.high),
            None => over_seeds(),
        };
        let best = row.measure.best_trivial();
        Some(Effect {
            variant: variant.to_owned(),
            base: base.to_owned(),
            probe: row.measure.probe.clone(),
            measure: row.measure.measure.clone(),
            seeds: values.len(),
            items: row.measure.items,
            difference: test.mean,
            low,
            high,
            t_low: test.mean - test.half_width,
            t_high: test.mean + test.half_width,
            p: test.p,
            p_bootstrap: resampled.map(|resampled| resampled.p),
            p_holm: 1.0,
            primary: false,
            few_items: row.measure.few_items,
            beats_trivial: best.as_ref().is_none_or(|best| self.better_mean_beats(best.value)),
            trivial: best.as_ref().map(|best| best.value),
            trivial_answer: best.map(|best| best.answer),
            effect_size: test.effect_size,
            smallest_visible: test.smallest_visible,
        })
    }

    fn better_mean_beats(&self, value: f64) -> bool {
        let cells = [self.row.cells.first(), self.row.cells.get(self.index)];
        cells.into_iter().flatten().flatten().any(|cell| self.row.measure.is_better(cell.mean, value))
    }
}

/// Student's paired t test over seeds.
struct TTest {
    mean: f64,
    /// Half of the 95% interval's width.
    half_width: f64,
    p: f64,
    effect_size: f64,
    smallest_visible: f64,
}

impl TTest {
    fn of(values: &[f64]) -> Option<Self> {
        let seeds = values.len();
        let mean = values.iter().sum::<f64>() / seeds as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        // Equal differences, as whole answers of a probe may give, differ by rounding alone.
        let spread = (squares / (seeds - 1) as f64).sqrt();
        let deviation = if spread <= 1e-9 * mean.abs() { 0.0 } else { spread };
        let error = deviation / (seeds as f64).sqrt();
        let student = StudentsT::new(0.0, 1.0, (seeds - 1) as f64).ok()?;
        let critical = student.inverse_cdf(1.0 - ALPHA / 2.0);
        Some(Self {
            mean,
            half_width: critical * error,
            p: probability(&student, mean, error, seeds),
            effect_size: if mean == 0.0 { 0.0 } else { mean / deviation },
            smallest_visible: (critical + student.inverse_cdf(POWER)) * error,
        })
    }
}

/// Two-sided p; that of the sign test where there is no spread to put the mean in proportion to.
fn probability(student: &StudentsT, mean: f64, error: f64, seeds: usize) -> f64 {
    match (mean == 0.0, error == 0.0) {
        (true, _) => 1.0,
        (false, true) => 2.0 * 0.5f64.powi(seeds as i32),
        (false, false) => 2.0 * student.sf((mean / error).abs()),
    }
}

/// Holm: the smallest p times their number, the next times one less, and so on, never falling. Of both tests the larger p
/// counts: one knows nothing of items, the other is too sure with few seeds.
fn correct(effects: &mut [Effect]) {
    let larger: Vec<f64> = effects.iter().map(|effect| effect.p.max(effect.p_bootstrap.unwrap_or(0.0))).collect();
    let count = effects.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| larger[a].total_cmp(&larger[b]));
    let mut largest = 0.0f64;
    for (rank, index) in order.into_iter().enumerate() {
        largest = largest.max((larger[index] * (count - rank) as f64).min(1.0));
        effects[index].p_holm = largest;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

    use super::*;
    use crate::results::{Measure, Summary, TrivialAnswer};

    fn row(probe: &str, higher_is_better: bool, differences: &[f64]) -> Row {
        let measure = Measure {
            probe: probe.into(),
            measure: "R@1".into(),
            value: 0.0,
            chance: None,
            items: 10,
            higher_is_better,
            ..Measure::default()
        };
        Row { measure, cells: Vec::new(), differences: vec![vec![0.0; differences.len()], differences.to_vec()] }
    }

    fn of(rows: &[Row]) -> Vec<Effect> {
        effects(&["pd".into(), "kg".into()], rows, &[], &[])
    }

    #[test]
    fn numbers_equal_those_of_a_textbook() {
        // t = 4.2426 with 4 degrees of freedom.
        let found = of(&[row("cloze", true, &[0.01, 0.02, 0.03, 0.04, 0.05])]);
        let effect = &found[0];
        assert!((effect.difference - 0.03).abs() < 1e-12 && (effect.p - 0.013_236).abs() < 1e-5, "{effect:?}");
        assert!((effect.effect_size - 0.03 / 0.000_25f64.sqrt()).abs() < 1e-9, "{effect:?}");
        // (2.7764 + 0.9410) * 0.015811 / sqrt(5)
        assert!((effect.smallest_visible - 0.026_287).abs() < 1e-4, "{effect:?}");
        assert_eq!(effect.finding(), Finding::Better);
        assert!(effect.low > 0.0 && effect.low < 0.03 && effect.high > 0.03);
    }

    #[test]
    fn the_t_interval_is_that_of_a_textbook() {
        // 0.03 ± 2.7764 · 0.015811 / √5
        let effect = &of(&[row("cloze", true, &[0.01, 0.02, 0.03, 0.04, 0.05])])[0];
        assert!((effect.t_low - 0.010_368).abs() < 1e-6 && (effect.t_high - 0.049_632).abs() < 1e-6, "{effect:?}");
    }

    #[test]
    fn an_interval_over_items_takes_the_place_of_that_over_seeds_and_its_p_counts() {
        let rows = [row("cloze", true, &[0.01, 0.02, 0.03, 0.04, 0.05])];
        let resampled = |variant: &str, base: &str, low, high, p| Resampled {
            variant: variant.into(),
            base: base.into(),
            probe: "cloze".into(),
            measure: "R@1".into(),
            low,
            high,
            p,
        };
        let of = |resampled: &[Resampled]| effects(&["pd".into(), "kg".into()], &rows, &[], resampled).remove(0);
        let wide = of(&[resampled("kg", "pd", -0.02, 0.08, 0.3)]);
        assert_eq!((wide.low, wide.high, wide.p_bootstrap, wide.p_holm), (-0.02, 0.08, Some(0.3), 0.3));
        assert_eq!(wide.finding(), Finding::NotSeen, "seeds agree, but other items might not");
        let reversed = of(&[resampled("pd", "kg", -0.08, 0.02, 0.3)]);
        assert_eq!((reversed.low, reversed.high), (-0.02, 0.08));
        let narrow = of(&[resampled("kg", "pd", 0.02, 0.04, 0.001)]);
        assert_eq!((narrow.finding(), narrow.p_holm), (Finding::Better, narrow.p));
    }

    #[test]
    fn a_measure_of_ten_items_is_never_primary() {
        let differences = [0.01, 0.02, 0.03, 0.04, 0.05];
        for (few_items, primary) in [(false, true), (true, false)] {
            let mut row = row("cloze", true, &differences);
            row.measure.few_items = few_items;
            let effect = effects(&["pd".into(), "kg".into()], &[row], &["cloze, R@1".to_owned()], &[]).remove(0);
            assert_eq!((effect.primary, effect.caveat().is_some()), (primary, few_items));
        }
    }

    #[test]
    fn an_effect_below_a_trivial_answer_says_so() {
        for (value, beats) in [(0.3, false), (0.24, true), (0.25, false)] {
            let mut row = row("cloze", true, &[0.01, 0.02, 0.03, 0.04, 0.05]);
            let answer = "commonest answer".to_owned();
            row.measure.trivial = vec![TrivialAnswer { answer, value }];
            row.cells = [0.22, 0.25].map(|mean| Summary::of(&[mean])).to_vec();
            let effect = effects(&["pd".into(), "kg".into()], &[row], &[], &[]).remove(0);
            assert_eq!(effect.beats_trivial, beats, "{value}");
            let caveat = (!beats).then(|| "no better than commonest answer".to_owned());
            assert_eq!((effect.caveat(), effect.finding()), (caveat, Finding::Better));
        }
    }

    #[test]
    fn less_is_better_where_it_says_so() {
        let found = of(&[row("loss", false, &[-0.5, -0.6, -0.55, -0.52])]);
        assert!(found[0].difference > 0.5 && found[0].finding() == Finding::Better, "{found:?}");
        let found = of(&[row("loss", false, &[0.5, 0.6, 0.55, 0.52])]);
        assert_eq!(found[0].finding(), Finding::Worse);
    }

    #[test]
    fn controls_are_held_against_each_other() {
        let report = crate::report::tests::grid();
        let names: Vec<String> = report.variants.iter().map(|variant| variant.name.clone()).collect();
        let found = contrasts(&names, &report.results, &report.primary, &[]);
        let pairs: Vec<(&str, &str)> = found[..4].iter().map(|e| (e.variant.as_str(), e.base.as_str())).collect();
        let [shuffled, text] = ["kg-graph-shuffled", "kg-text-only"];
        assert_eq!(pairs, [(text, "pd"), (shuffled, text), ("kg", shuffled), ("kg", text)]);
        assert!(found[..4].iter().all(|effect| effect.primary && effect.measure == "R@1"), "{found:?}");
        // The steps add up.
        assert!((found[3].difference - found[1].difference - found[2].difference).abs() < 1e-12);
        assert!(contrasts(&names[..7], &report.results, &[], &[]).is_empty(), "both controls, or none");
    }

    #[test]
    fn noise_is_no_finding_and_many_looks_cost() {
        let noise = row("noise", true, &[0.1, -0.1, 0.05, -0.04, 0.01]);
        assert_eq!(of(std::slice::from_ref(&noise))[0].finding(), Finding::NotSeen);
        let weak = row("weak", true, &[0.01, 0.02, 0.03, 0.04, 0.05]);
        let many: Vec<Row> = std::iter::once(weak).chain(std::iter::repeat_n(noise, 9)).collect();
        let found = of(&many);
        assert!((found[0].p_holm - 10.0 * found[0].p).abs() < 1e-12);
        assert_eq!(found[0].finding(), Finding::NotSeen);
        assert!(found.iter().all(|effect| effect.p_holm >= effect.p && effect.p_holm <= 1.0));
    }

    #[test]
    fn what_was_decided_on_before_is_not_charged_for_other_looks() {
        let values = [0.01, 0.02, 0.03, 0.04, 0.05];
        let mut rows: Vec<Row> = (0..9).map(|index| row(&format!("other {index}"), true, &values)).collect();
        rows.push(row("cloze", true, &values));
        let found = effects(&["pd".into(), "kg".into()], &rows, &["cloze, R@1".to_owned()], &[]);
        assert!(found[0].primary && found[0].probe == "cloze", "{:?}", found[0]);
        assert!((found[0].p_holm - found[0].p).abs() < 1e-12 && found[0].finding() == Finding::Better);
        assert!(found[1..].iter().all(|effect| !effect.primary && effect.finding() == Finding::NotSeen));
    }

    #[test]
    fn few_seeds_and_no_difference_claim_nothing() {
        assert!(of(&[row("few", true, &[0.5, 0.5])]).is_empty());
        let same = &of(&[row("same", true, &[0.0, 0.0, 0.0])])[0];
        assert_eq!((same.p, same.effect_size, same.finding()), (1.0, 0.0, Finding::NotSeen));
        let constant = &of(&[row("constant", true, &[0.03 - 0.02, 0.01, 0.02 - 0.01])])[0];
        assert!(constant.effect_size.is_infinite() && (constant.p - 0.25).abs() < 1e-12, "{constant:?}");
    }
}
