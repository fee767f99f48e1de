//! Differences as intervals around zero.

use maud::{Markup, html};

use crate::effects::{Effect, Finding};
use crate::report::axis::{Axis, label};
use crate::report::figure::{Figure, file_name};
use crate::report::table::{finding, signed};

const WIDTH: u32 = 620;
const ROW: u32 = 24;
const NAMES: u32 = 210;
const AXIS: u32 = 46;
const TOP: u32 = 6;

/// One measure's differences, each with a name and the class of its colour; `None` where there is nothing to draw.
pub(crate) fn effect_plot(title: &str, rows: &[(String, String, &Effect)]) -> Option<Figure> {
    let ends = rows.iter().flat_map(|(_, _, effect)| [effect.low, effect.high, effect.difference]).chain([0.0]);
    let finite = ends.clone().filter(|end| end.is_finite());
    let spread = finite.fold((0.0f64, 0.0f64), |(low, high), end| (low.min(end), high.max(end)));
    if rows.is_empty() || spread.1 <= spread.0 {
        return None;
    }
    // Zero is in the range, and a margin keeps it off the edge on either side.
    let margin = 0.08 * (spread.1 - spread.0);
    let axis =
        Axis::over([spread.0 - margin, spread.1 + margin].into_iter(), f64::from(NAMES), f64::from(WIDTH - 14), false)?;
    let height = TOP + ROW * rows.len() as u32 + AXIS;
    let zero = format!("{:.1}", axis.place(0.0));
    let drawing = html! {
        @for tick in axis.ticks(5) {
            @let x = format!("{:.1}", axis.place(tick));
            line.grid x1=(x) x2=(x) y1=(TOP) y2=(height - AXIS) {}
            text x=(x) y=(height - AXIS + 16) text-anchor="middle" { (label(tick)) }
        }
        line.zero x1=(zero) x2=(zero) y1=(TOP) y2=(height - AXIS) {}
        text x=((NAMES + WIDTH - 14) / 2) y=(height - 10) text-anchor="middle" { "difference (right of zero is better)" }
        @for (index, (name, colour, effect)) in rows.iter().enumerate() {
            (drawn((name, colour, effect), &axis, TOP + ROW * index as u32 + ROW / 2))
        }
    };
    let spoken: Vec<String> = rows
        .iter()
        .map(|(name, _, effect)| format!("{name} {}, {}", signed(effect.difference), finding(effect)))
        .collect();
    let label = format!("{title}: {}", spoken.join("; "));
    Some(Figure {
        name: format!("steps-{}", file_name(title)),
        title: title.to_owned(),
        label,
        width: WIDTH,
        height,
        drawing,
    })
}

fn drawn((name, colour, effect): (&str, &str, &Effect), axis: &Axis, y: u32) -> Markup {
    let place = |value: f64| format!("{:.1}", axis.place(value));
    let class = if effect.finding() == Finding::NotSeen { "seed" } else { "mean" };
    html! {
        text.name x=(NAMES - 12) y=(y + 4) text-anchor="end" { (name) }
        g class=(colour) {
            title { (name) ": " (signed(effect.difference)) ", " (finding(effect)) }
            @if effect.low.is_finite() && effect.high.is_finite() { line.interval x1=(place(effect.low)) x2=(place(effect.high)) y1=(y) y2=(y) {} }
            @if effect.difference.is_finite() { circle class=(class) cx=(place(effect.difference)) cy=(y) r="5" {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::grid;

    #[test]
    fn each_difference_has_an_interval_and_a_name() {
        let effects = grid().contrasts();
        let rows: Vec<(String, String, &Effect)> =
            effects[..4].iter().map(|effect| (format!("<{}>", effect.variant), "c1".to_owned(), effect)).collect();
        let figure = effect_plot("entity <cloze>", &rows).unwrap();
        let svg = figure.drawing.into_string();
        assert_eq!((svg.matches("class=\"interval\"").count(), svg.matches("<circle").count()), (4, 4));
        assert!(svg.contains("&lt;kg&gt;") && !svg.contains("<kg>"), "{svg}");
        let flat: Vec<Effect> =
            effects.iter().map(|e| Effect { low: 0.0, high: 0.0, difference: 0.0, ..e.clone() }).collect();
        assert!(effect_plot("x", &[("a".into(), "c0".into(), &flat[0])]).is_none() && effect_plot("x", &[]).is_none());
    }
}
