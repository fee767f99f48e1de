//! Effects as intervals around zero, one picture for each unit.

use plotters::prelude::*;

use crate::effects::{Effect, Finding};
use crate::report::Report;
use crate::report::plot::{COLOURS, fit};

const WIDTH: u32 = 880;
const ROW: u32 = 30;
const AXIS: u32 = 40;
/// Room for the names at the left.
const NAMES: u32 = 330;

/// Effects whose measures share an axis.
pub(crate) struct Forest {
    /// What the axis counts.
    pub(crate) unit: &'static str,
    /// The picture.
    pub(crate) svg: String,
}

/// One picture for ranks in [0, 1], one for everything else in its own unit; each only where it has effects.
pub(crate) fn forests(report: &Report, effects: &[Effect]) -> Vec<Forest> {
    let ranked = |effect: &&Effect| effect.measure != "nats";
    let groups = [
        ("difference in R@1 or MRR; right is better", effects.iter().filter(ranked).collect::<Vec<_>>()),
        ("nats saved; right is better", effects.iter().filter(|effect| !ranked(effect)).collect()),
    ];
    let draw =
        |(unit, effects): (&'static str, Vec<&Effect>)| Some(Forest { unit, svg: forest(report, &effects, unit)? });
    groups.into_iter().filter_map(draw).collect()
}

fn forest(report: &Report, effects: &[&Effect], unit: &str) -> Option<String> {
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
        draw(&area, report, effects, low - margin..high + margin, unit).ok()?;
        area.present().ok()?;
    }
    Some(fit(&svg, size, "effects and their intervals"))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(
    area: &Area<'_>,
    report: &Report,
    effects: &[&Effect],
    range: std::ops::Range<f64>,
    unit: &str,
) -> Result<(), String> {
    let text = |error: DrawingAreaErrorKind<_>| format!("{error}");
    let grey = RGBColor(120, 120, 120);
    let label = ("sans-serif", 14).into_font().color(&grey);
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
        .light_line_style(TRANSPARENT)
        .bold_line_style(grey.mix(0.2))
        .axis_style(grey)
        .label_style(label.clone())
        .axis_desc_style(label.clone())
        .x_desc(unit)
        .draw()
        .map_err(text)?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (0.0, rows)], grey.stroke_width(1))).map_err(text)?;
    for (row, effect) in effects.iter().enumerate() {
        let y = rows - row as f64 - 0.5;
        let index = report.variants.iter().position(|variant| variant.name == effect.variant).unwrap_or_default();
        let (r, g, b) = COLOURS[index % COLOURS.len()];
        let colour = RGBColor(r, g, b);
        let seen = effect.finding() != Finding::NotSeen;
        let line = colour.mix(if seen { 1.0 } else { 0.45 }).stroke_width(3);
        chart.draw_series(LineSeries::new([(effect.low, y), (effect.high, y)], line)).map_err(text)?;
        let dot = if seen { colour.filled() } else { colour.stroke_width(2) };
        chart.draw_series([Circle::new((effect.difference, y), 4, dot)]).map_err(text)?;
        let name = format!("{}: {}, {}", effect.variant, effect.probe, effect.measure);
        area.draw(&Text::new(name, (8, (row as u32 * ROW + ROW / 2 - 7) as i32), label.clone())).map_err(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(measure: &str, low: f64, high: f64) -> Effect {
        Effect {
            variant: "kg".into(),
            probe: "entity <cloze>".into(),
            measure: measure.into(),
            seeds: 5,
            difference: f64::midpoint(low, high),
            low,
            high,
            p: 0.01,
            p_holm: 0.02,
            effect_size: 1.0,
            smallest_visible: 0.1,
        }
    }

    #[test]
    fn units_have_pictures_of_their_own() {
        let report = crate::report::tests::sample();
        let effects = [effect("R@1", 0.1, 0.2), effect("MRR", -0.1, 0.2), effect("nats", -0.4, -0.2)];
        let forests = forests(&report, &effects);
        assert_eq!(forests.len(), 2);
        assert_eq!(forests[0].svg.matches("<circle").count(), 2);
        assert!(forests[0].svg.contains("entity &lt;cloze&gt;") && forests[1].unit.starts_with("nats"));
    }

    #[test]
    fn nothing_to_show_is_no_picture() {
        let report = crate::report::tests::sample();
        assert!(forests(&report, &[]).is_empty());
        assert!(forests(&report, &[effect("R@1", 0.0, 0.0)]).is_empty());
    }
}
