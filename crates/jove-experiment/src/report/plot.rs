//! Learning curves as inline SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::report::content::Report;
use crate::report::curve::{BandPoint, band};

/// The colours of variants, in their order; the page's style sheet names the same ones.
pub(crate) const COLOURS: [(u8, u8, u8); 10] = [
    (92, 107, 122),
    (13, 133, 120),
    (214, 110, 28),
    (108, 76, 173),
    (184, 45, 91),
    (60, 120, 200),
    (122, 140, 30),
    (150, 90, 50),
    (200, 80, 180),
    (40, 40, 40),
];

const SIZE: (u32, u32) = (880, 360);

/// Loss over tokens, for each variant the mean of its seeds with a band from the lowest to the highest; `None` where nothing
/// was recorded.
pub(crate) fn curves(report: &Report) -> Option<String> {
    let bands: Vec<(RGBColor, Vec<BandPoint>)> =
        report.variants.iter().map(|variant| (colour_of(report, &variant.name), band(report, &variant.name))).collect();
    let points = || bands.iter().flat_map(|(_, band)| band);
    let tokens_max = points().map(|point| point.tokens).max()?.max(1);
    let loss_max = points().map(|point| point.high).fold(f64::MIN, f64::max);
    let loss_min = points().map(|point| point.low).fold(f64::MAX, f64::min);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        // Drawing into a string fails only by a fault in our own ranges; then the page goes without the picture.
        draw(&area, &bands, tokens_max, (loss_min * 0.95).max(0.0)..loss_max * 1.03).ok()?;
        area.present().ok()?;
    }
    Some(fit(&svg, SIZE, "learning curves"))
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    bands: &[(RGBColor, Vec<BandPoint>)],
    tokens_max: u64,
    losses: std::ops::Range<f64>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let grey = RGBColor(120, 120, 120);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(24)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0..tokens_max, losses)
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(grey.mix(0.2))
        .axis_style(grey)
        .label_style(("sans-serif", 14, &grey))
        .axis_desc_style(("sans-serif", 14, &grey))
        .x_desc("tokens read")
        .y_desc("loss, nats per masked token")
        .x_label_formatter(&|tokens| short(*tokens))
        .draw()
        .map_err(|error| error.to_string())?;
    for (colour, band) in bands {
        let there = band.iter().map(|point| (point.tokens, point.high));
        let back = band.iter().rev().map(|point| (point.tokens, point.low));
        let outline: Vec<(u64, f64)> = there.chain(back).collect();
        chart.draw_series([Polygon::new(outline, colour.mix(0.15))]).map_err(|error| error.to_string())?;
    }
    for (colour, band) in bands {
        let line = band.iter().map(|point| (point.tokens, point.mean));
        chart.draw_series(LineSeries::new(line, colour.mix(0.9).stroke_width(2))).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The colour of a variant.
pub(crate) fn colour_of(report: &Report, name: &str) -> RGBColor {
    let index = report.variants.iter().position(|variant| variant.name == name).unwrap_or_default();
    let (r, g, b) = COLOURS[index % COLOURS.len()];
    RGBColor(r, g, b)
}

fn short(tokens: u64) -> String {
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..1_000_000 => format!("{} k", tokens / 1_000),
        _ => format!("{:.1} M", tokens as f64 / 1e6),
    }
}

/// Lets the picture shrink with the page, and says what it shows.
pub(crate) fn fit(svg: &str, size: (u32, u32), label: &str) -> String {
    let fixed = format!("width=\"{}\" height=\"{}\" viewBox", size.0, size.1);
    let label = maud::html! { (label) }.into_string();
    svg.replacen(&fixed, &format!("role=\"img\" aria-label=\"{label}\" viewBox"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_band_are_drawn_for_every_variant() {
        let report = crate::report::tests::sample();
        let svg = curves(&report).unwrap();
        assert_eq!(svg.matches("stroke-width=\"2\"").count(), report.variants.len());
        assert_eq!(svg.matches("<polygon").count(), report.variants.len());
        assert!(svg.contains("role=\"img\"") && !svg.contains("width=\"880\" height=\"360\" viewBox"));
    }

    #[test]
    fn no_curve_is_no_picture() {
        let mut report = crate::report::tests::sample();
        report.results.iter_mut().for_each(|result| result.curve.clear());
        assert_eq!(curves(&report), None);
    }
}
