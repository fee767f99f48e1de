//! A dot plot for each measure: every arm with its seeds, and what answers without training reach, on one axis.

use maud::{Markup, html};

use crate::effects::Effect;
use crate::report::axis::{Axis, label};
use crate::report::content::Report;
use crate::report::figure::{Figure, colour_class};
use crate::report::words::number;
use crate::results::Row;

const WIDTH: u32 = 620;
const ROW: u32 = 24;
/// Room for names at the left.
const NAMES: u32 = 190;
/// Room for the axis and its name.
const AXIS: u32 = 46;
const TOP: u32 = 6;
/// Longer names are cut.
const NAME_CHARS: usize = 27;

/// One line of a plot.
struct Line {
    name: String,
    /// The colour of an arm; an answer without training has none.
    colour: Option<usize>,
    mean: f64,
    seeds: Vec<f64>,
    /// The interval of the difference to the first variant, laid at the arm's mean.
    interval: Option<(f64, f64)>,
}

/// A plot for each measure, in the order of the rows.
pub(crate) fn dot_plots(report: &Report, rows: &[Row]) -> Vec<Figure> {
    let effects = report.effects();
    rows.iter().filter_map(|row| dot_plot(report, row, &effects)).collect()
}

fn dot_plot(report: &Report, row: &Row, effects: &[Effect]) -> Option<Figure> {
    let lines = lines(report, row, effects);
    let values =
        || lines.iter().flat_map(|line| line.seeds.iter().copied().chain([line.mean]).chain(ends(line.interval)));
    let axis = Axis::over(values(), f64::from(NAMES), f64::from(WIDTH - 14), !row.measure.higher_is_better)?;
    let height = TOP + ROW * lines.len() as u32 + AXIS;
    let better = if row.measure.higher_is_better { "higher is better" } else { "lower is better" };
    let log = if axis.is_log() { ", logarithmic" } else { "" };
    let title = row.measure.title();
    let drawing = html! {
        (frame(&axis, height, &format!("{} ({better}{log})", row.measure.measure)))
        @for (index, line) in lines.iter().enumerate() { (drawn(line, &axis, TOP + ROW * index as u32 + ROW / 2)) }
    };
    let label = format!("{title}: {}", spoken(&lines));
    Some(Figure {
        name: format!("dots-{}", crate::report::figure::file_name(&title)),
        title,
        label,
        width: WIDTH,
        height,
        drawing,
    })
}

fn lines(report: &Report, row: &Row, effects: &[Effect]) -> Vec<Line> {
    let measure = &row.measure;
    let base = row.cells.first().copied().flatten().map(|cell| cell.mean);
    let sign = if measure.higher_is_better { 1.0 } else { -1.0 };
    let arm = |(index, variant): (usize, &crate::report::content::VariantNote)| {
        let mean = row.cells.get(index).copied().flatten()?.mean;
        let of_arm = report.results.iter().filter(|result| result.variant == variant.name);
        let same = |other: &&crate::results::Measure| other.title() == measure.title();
        let seeds = of_arm.filter_map(|result| result.measures.iter().find(same)).map(|found| found.value).collect();
        let effect = effects.iter().find(|effect| effect.variant == variant.name && effect.title() == measure.title());
        let interval = effect.zip(base).map(|(effect, base)| (base + sign * effect.low, base + sign * effect.high));
        Some(Line { name: variant.name.clone(), colour: Some(index), mean, seeds, interval })
    };
    let mut lines: Vec<Line> = report.variants.iter().enumerate().filter_map(arm).collect();
    let chance = measure.chance.map(|value| ("chance".to_owned(), value));
    let trivial = measure.trivial.iter().map(|trivial| (trivial.answer.clone(), trivial.value));
    let untrained = |(name, mean)| Line { name, colour: None, mean, seeds: Vec::new(), interval: None };
    lines.extend(chance.into_iter().chain(trivial).map(untrained));
    lines
}

fn ends(interval: Option<(f64, f64)>) -> impl Iterator<Item = f64> {
    interval.into_iter().flat_map(|(low, high)| [low, high])
}

/// The axis with its name, below the lines.
fn frame(axis: &Axis, height: u32, name: &str) -> Markup {
    let (bottom, middle) = (height - AXIS, (NAMES + WIDTH - 14) / 2);
    html! {
        @for tick in axis.ticks(5) {
            @let x = format!("{:.1}", axis.place(tick));
            line.grid x1=(x) x2=(x) y1=(TOP) y2=(bottom) {}
            text x=(x) y=(bottom + 16) text-anchor="middle" { (label(tick)) }
        }
        text x=(middle) y=(bottom + 36) text-anchor="middle" { (name) }
    }
}

fn drawn(line: &Line, axis: &Axis, y: u32) -> Markup {
    let place = |value: f64| format!("{:.1}", axis.place(value));
    let class = line.colour.map_or("trivial".to_owned(), colour_class);
    html! {
        text.name x=(NAMES - 12) y=(y + 4) text-anchor="end" { (cut(&line.name)) }
        g class=(class) {
            title { (line.name) ": " (number(line.mean)) }
            @if let Some((low, high)) = line.interval { line.interval x1=(place(low)) x2=(place(high)) y1=(y) y2=(y) {} }
            @for seed in &line.seeds { circle.seed cx=(place(*seed)) cy=(y) r="3" {} }
            @if line.colour.is_some() { circle.mean cx=(place(line.mean)) cy=(y) r="5" {} }
            @else { @let x = axis.place(line.mean); path.mean d=(format!("M{:.1} {}l5 5l-5 5l-5 -5z", x, y - 5)) {} }
        }
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARS - 1).chain(['…']).collect()
}

fn spoken(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{} {}", line.name, number(line.mean))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{grid, sample};

    #[test]
    fn every_arm_stands_on_the_axis_with_its_seeds_and_beside_chance() {
        let report = grid();
        let plots = dot_plots(&report, &report.rows());
        assert_eq!(plots.len(), 2);
        let svg = plots[0].drawing.clone().into_string();
        let arms = report.variants.len();
        assert_eq!(svg.matches("class=\"mean\"").count(), arms + 1, "arms and chance");
        assert_eq!(svg.matches("class=\"seed\"").count(), 5 * arms);
        assert_eq!(svg.matches("class=\"interval\"").count(), arms - 1, "all but the first");
        assert!(
            svg.contains("R@1 (higher is better)")
                && plots[1].drawing.clone().into_string().contains("(lower is better, logarithmic)")
        );
        assert!(plots[0].label.contains("pd 0.2") && plots[0].label.contains("chance 0.010"), "{}", plots[0].label);
    }

    #[test]
    fn names_are_escaped_and_cut_and_what_is_not_finite_is_not_drawn() {
        let mut report = sample();
        report.variants[1].name = "<kg> with a name that is much too long for its place".into();
        for result in report.results.iter_mut().filter(|result| result.variant == "kg") {
            result.variant.clone_from(&report.variants[1].name);
            result.measures[1].value = f64::INFINITY;
        }
        let plots = dot_plots(&report, &report.rows());
        let svg = plots[0].drawing.clone().into_string();
        assert!(svg.contains("&lt;kg&gt; with a name that is m…") && !svg.contains("<kg>"), "{svg}");
        assert_eq!(plots.len(), 2, "the others are drawn");
        report.results.iter_mut().for_each(|result| result.measures.retain(|measure| measure.chance.is_none()));
        assert!(dot_plots(&report, &[]).is_empty());
    }
}
