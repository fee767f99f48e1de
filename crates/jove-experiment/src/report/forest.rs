//! Effects as intervals around zero: a panel for each measure, a row for each variant.

use plotters::prelude::*;

use crate::effects::{Effect, Finding};
use crate::report::content::Report;
use crate::report::plot::{colour_of, fit};

const WIDTH: u32 = 560;
const ROW: u32 = 26;
const AXIS: u32 = 34;
/// Room for the names at the left.
const NAMES: u32 = 170;

/// The effects on one measure.
pub(crate) struct Forest {
    /// The measure, as `primary` names it.
    pub(crate) title: String,
    /// Whether the experiment is about it.
    pub(crate) primary: bool,
    /// The picture.
    pub(crate) svg: String,
}

/// A panel for each measure, in the order of the effects; measures on which nothing was measured have none.
pub(crate) fn forests(report: &Report, effects: &[Effect]) -> Vec<Forest> {
    let same = |a: &Effect, b: &Effect| (&a.probe, &a.measure) == (&b.probe, &b.measure);
    let panel = |effects: &[Effect]| {
        let first = effects.first()?;
        let title = first.title();
        Some(Forest { svg: forest(report, effects, &title)?, title, primary: first.primary })
    };
    effects.chunk_by(same).filter_map(panel).collect()
}

fn forest(report: &Report, effects: &[Effect], title: &str) -> Option<String> {
    let finite = effects.iter().flat_map(|effect| [effect.low, effect.high]).filter(|value| value.is_finite());
    let (low, high) = finite.fold((0.0f64, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    if high <= low {
        return None;
    }
    let margin = 0.06 * (high - low);
    let size = (WIDTH, ROW * effects.len() as u32 + AXIS);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        // Drawing into a string fails only by a fault in our own ranges; then the page goes without the picture.
        draw(&area, report, effects, low - margin..high + margin).ok()?;
        area.present().ok()?;
    }
    Some(fit(&svg, size, &format!("effects on {title} and their intervals")))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(area: &Area<'_>, report: &Report, effects: &[Effect], range: std::ops::Range<f64>) -> Result<(), String> {
    let text = |error: DrawingAreaErrorKind<_>| format!("{error}");
    let grey = RGBColor(120, 120, 120);
    let label = ("sans-serif", 13).into_font().color(&grey);
    let rows = effects.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_right(16)
        .x_label_area_size(AXIS)
        .y_label_area_size(NAMES)
        .build_cartesian_2d(range, 0.0..rows)
        .map_err(text)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(6)
        .light_line_style(TRANSPARENT)
        .bold_line_style(grey.mix(0.2))
        .axis_style(grey)
        .label_style(label.clone())
        .draw()
        .map_err(text)?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (0.0, rows)], grey.stroke_width(1))).map_err(text)?;
    for (row, effect) in effects.iter().enumerate() {
        let y = rows - row as f64 - 0.5;
        let colour = colour_of(report, &effect.variant);
        let seen = effect.finding() != Finding::NotSeen;
        let line = colour.mix(if seen { 1.0 } else { 0.45 }).stroke_width(3);
        chart.draw_series(LineSeries::new([(effect.low, y), (effect.high, y)], line)).map_err(text)?;
        let dot = if seen { colour.filled() } else { colour.stroke_width(2) };
        chart.draw_series([Circle::new((effect.difference, y), 4, dot)]).map_err(text)?;
        let at = (8, (row as u32 * ROW + ROW / 2 - 7) as i32);
        area.draw(&Text::new(effect.variant.clone(), at, label.clone())).map_err(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(variant: &str, measure: &str, low: f64, high: f64) -> Effect {
        Effect {
            variant: variant.into(),
            base: "pd".into(),
            probe: "entity <cloze>".into(),
            measure: measure.into(),
            seeds: 5,
            difference: f64::midpoint(low, high),
            low,
            high,
            p: 0.01,
            p_holm: 0.02,
            primary: measure == "R@1",
            effect_size: 1.0,
            smallest_visible: 0.1,
            ..Effect::default()
        }
    }

    #[test]
    fn each_measure_has_a_panel_with_a_row_for_each_variant() {
        let report = crate::report::tests::sample();
        let effects =
            [effect("kg", "R@1", 0.1, 0.2), effect("<ml>", "R@1", -0.1, 0.2), effect("kg", "nats", -0.4, -0.2)];
        let forests = forests(&report, &effects);
        let titles: Vec<(&str, bool)> = forests.iter().map(|forest| (forest.title.as_str(), forest.primary)).collect();
        assert_eq!(titles, [("entity <cloze>, R@1", true), ("entity <cloze>, nats", false)]);
        assert_eq!(forests[0].svg.matches("<circle").count(), 2);
        assert!(forests[0].svg.contains("&lt;ml&gt;") && !forests[0].svg.contains("<ml>"));
        assert!(forests[0].svg.contains("entity &lt;cloze&gt;"));
    }

    #[test]
    fn nothing_to_show_is_no_picture() {
        let report = crate::report::tests::sample();
        assert!(forests(&report, &[]).is_empty());
        assert!(forests(&report, &[effect("kg", "R@1", 0.0, 0.0)]).is_empty());
    }
}
