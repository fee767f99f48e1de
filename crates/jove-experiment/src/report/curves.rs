//! Learning curves: all variants in one picture, and one small picture for each variant with its seeds.

use maud::{Markup, html};

use crate::report::axis::{Axis, label};
use crate::report::content::Report;
use crate::report::curve::{BandPoint, band};
use crate::report::figure::{Figure, colour_of};

/// A picture's size and the room that its axes take.
struct Frame {
    width: u32,
    height: u32,
    left: u32,
    bottom: u32,
    ticks: usize,
}

const LARGE: Frame = Frame { width: 760, height: 340, left: 52, bottom: 48, ticks: 6 };
const SMALL: Frame = Frame { width: 300, height: 190, left: 44, bottom: 30, ticks: 3 };
const MARGIN: u32 = 12;

/// The axes that all pictures share, so that they can be compared.
struct Axes {
    tokens: Axis,
    loss: Axis,
}

impl Axes {
    fn new(report: &Report, frame: &Frame) -> Option<Self> {
        let points = || report.results.iter().flat_map(|result| &result.curve);
        let tokens = points().map(|point| point.tokens as f64).chain([0.0]);
        let right = f64::from(frame.width - MARGIN);
        let bottom = f64::from(frame.height - frame.bottom);
        points().next()?;
        Some(Self {
            tokens: Axis::over(tokens, f64::from(frame.left), right, false)?,
            loss: Axis::over(points().map(|point| point.loss), bottom, f64::from(MARGIN), false)?,
        })
    }

    fn point(&self, tokens: u64, loss: f64) -> String {
        format!("{:.1} {:.1}", self.tokens.place(tokens as f64), self.loss.place(loss))
    }

    fn drawn(&self, frame: &Frame) -> Markup {
        let bottom = frame.height - frame.bottom;
        html! {
            @for tick in self.loss.ticks(frame.ticks) {
                @let y = self.loss.place(tick);
                line.grid x1=(frame.left) x2=(frame.width - MARGIN) y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
                text x=(frame.left - 6) y=(format!("{:.1}", y + 4.0)) text-anchor="end" { (label(tick)) }
            }
            @for tick in self.tokens.ticks(frame.ticks) {
                text x=(format!("{:.1}", self.tokens.place(tick))) y=(bottom + 17) text-anchor="middle" { (label(tick)) }
            }
        }
    }
}

/// Loss over tokens, for each variant the mean of its seeds with a band from the lowest to the highest; `None` where nothing
/// was recorded.
pub(crate) fn curves(report: &Report) -> Option<Figure> {
    let axes = Axes::new(report, &LARGE)?;
    let bands: Vec<(String, Vec<BandPoint>)> =
        report.variants.iter().map(|variant| (colour_of(report, &variant.name), band(report, &variant.name))).collect();
    let line = |band: &[BandPoint]| path(band.iter().map(|point| axes.point(point.tokens, point.mean)));
    let area = |band: &[BandPoint]| {
        let there = band.iter().map(|point| axes.point(point.tokens, point.high));
        path(there.chain(band.iter().rev().map(|point| axes.point(point.tokens, point.low))))
    };
    let drawing = html! {
        (axes.drawn(&LARGE))
        text x=(u32::midpoint(LARGE.left, LARGE.width)) y=(LARGE.height - 10) text-anchor="middle" { "tokens read; loss in nats per masked token" }
        @for (colour, band) in &bands { path class=(format!("band {colour}")) d=(area(band)) {} }
        @for (colour, band) in &bands { path class=(format!("curve {colour}")) d=(line(band)) {} }
    };
    let (title, name) = ("learning curves".to_owned(), "learning-curves".to_owned());
    Some(Figure { label: title.clone(), name, title, width: LARGE.width, height: LARGE.height, drawing })
}

/// A small picture for each variant, with a line for each seed, all on the same axes.
pub(crate) fn by_seed(report: &Report) -> Vec<Figure> {
    let Some(axes) = Axes::new(report, &SMALL) else { return Vec::new() };
    let figure = |name: &String| {
        let colour = colour_of(report, name);
        let own = report.results.iter().filter(|result| &result.variant == name);
        let drawing = html! {
            (axes.drawn(&SMALL))
            @for result in own {
                @let finite = result.curve.iter().filter(|point| point.loss.is_finite());
                path class=(format!("curve one {colour}")) d=(path(finite.map(|point| axes.point(point.tokens, point.loss)))) {
                    title { "seed " (result.seed) }
                }
            }
        };
        let label = format!("learning curves of {name}, one for each seed");
        let (width, height) = (SMALL.width, SMALL.height);
        Figure { name: format!("seeds-{name}"), title: name.clone(), label, width, height, drawing }
    };
    report.variants.iter().map(|variant| figure(&variant.name)).collect()
}

fn path(points: impl Iterator<Item = String>) -> String {
    let points: Vec<String> = points.collect();
    if points.is_empty() { String::new() } else { format!("M{}", points.join("L")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn a_line_and_a_band_are_drawn_for_every_variant() {
        let report = sample();
        let figure = curves(&report).unwrap();
        let svg = figure.inline().into_string();
        assert_eq!(svg.matches("class=\"curve ").count(), report.variants.len());
        assert_eq!(svg.matches("class=\"band ").count(), report.variants.len());
        assert!(svg.contains("role=\"img\""));
    }

    #[test]
    fn each_variant_has_a_picture_of_its_seeds() {
        let figures = by_seed(&sample());
        assert_eq!(figures.len(), 3);
        assert!(figures.iter().all(|figure| figure.inline().into_string().matches("class=\"curve one ").count() == 2));
    }

    #[test]
    fn no_curve_is_no_picture() {
        let mut report = sample();
        report.results.iter_mut().for_each(|result| result.curve.clear());
        assert!(curves(&report).is_none() && by_seed(&report).is_empty());
    }
}
