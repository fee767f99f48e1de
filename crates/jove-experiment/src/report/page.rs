//! The page, from top to bottom.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::effects::Effect;
use crate::report::forest::forests;
use crate::report::style::CSS;
use crate::report::table::{finding, signed, value};
use crate::report::words::{count, findings, number};
use crate::report::{Preview, Report, plot};
use crate::results::{Row, Verdict};

/// The whole page.
pub(crate) fn render(report: &Report) -> Markup {
    let rows = report.rows();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.name) " · jove" }
                style { (PreEscaped(CSS)) }
            }
            body { main {
                (header(report))
                (what_it_says(report, &rows))
                (comparison(report, &rows))
                (effects(report))
                (curves(report))
                (inputs(report))
                (previews(report))
                (cost(report))
                (settings(report))
            } }
        }
    }
}

fn colour(index: usize) -> String {
    format!("--c: var(--v{})", index % plot::COLOURS.len())
}

fn header(report: &Report) -> Markup {
    html! {
        h1 { (report.name) }
        p.lead { (report.description) }
        ul.chips {
            @for (index, variant) in report.variants.iter().enumerate() {
                li style=(colour(index)) { b { (variant.name) } " " span.soft { (variant.summary) } }
            }
        }
    }
}

fn what_it_says(report: &Report, rows: &[Row]) -> Markup {
    let findings = findings(report, rows);
    html! {
        @if !findings.is_empty() {
            h2 { "What each signal bought" }
            div.columns { @for (index, finding) in findings.iter().enumerate() {
                div.card style=(colour(index + 1)) {
                    h3 { (finding.heading) }
                    ul.findings { @for (verdict, phrase) in &finding.phrases { li class=(mark(*verdict)) { (phrase) } } }
                }
            } }
        }
    }
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AboveAlways => "good",
        Verdict::AboveOnAverage | Verdict::AboveOnce => "weak",
        Verdict::NotAbove | Verdict::NotMeasured => "flat",
    }
}

fn comparison(report: &Report, rows: &[Row]) -> Markup {
    html! {
        h2 { "Side by side" }
        div.card { table {
            thead { tr {
                th { "probe" } th { "items" } th { "chance" }
                @for variant in &report.variants { th { (variant.name) } }
            } }
            tbody { @for row in rows { (comparison_row(row)) } }
        } }
        p.soft { "Mean over seeds ± standard deviation. ↑ more is better, ↓ less is better. The best of a row is bold." }
    }
}

fn comparison_row(row: &Row) -> Markup {
    let measure = &row.measure;
    let means = || row.cells.iter().flatten().map(|cell| cell.mean);
    let most = means().fold(f64::MIN, f64::max);
    let best = if measure.higher_is_better { most } else { means().fold(f64::MAX, f64::min) };
    html! {
        tr {
            td { (measure.probe) ", " (measure.measure) @if measure.higher_is_better { " ↑" } @else { " ↓" } }
            td { (count(measure.items as u64)) }
            td { (measure.chance.map_or_else(String::new, number)) }
            @for (index, cell) in row.cells.iter().enumerate() {
                @match cell {
                    Some(cell) => td.best[(cell.mean - best).abs() < 1e-12] {
                        (value(*cell))
                        span.bar style=(format!("{}; width: {:.0}%", colour(index), 100.0 * (cell.mean / most.max(1e-12)).clamp(0.0, 1.0))) {}
                    },
                    None => td.soft { "–" },
                }
            }
        }
    }
}

fn effects(report: &Report) -> Markup {
    let effects = report.effects();
    let base = report.variants.first().map_or("", |variant| variant.name.as_str());
    html! {
        @if let Some(first) = effects.first() {
            h2 { "Effects" }
            @for forest in forests(report, &effects) { div.card title=(forest.unit) { (PreEscaped(forest.svg)) } }
            div.card { table {
                thead { tr {
                    th { "variant and probe" } th { "effect" } th { "95% interval" } th { "d" } th { "p, Holm" }
                    th { "smallest visible" } th { "" }
                } }
                tbody { @for effect in &effects { (effect_row(effect)) } }
            } }
            p.soft {
                "Differences to " b { (base) } ", paired by seed over " (first.seeds) " seeds; positive is better. Intervals are "
                "bootstrapped over seeds, d is Cohen's, p that of a paired t test with Holm's correction over all rows. The smallest "
                "visible effect would be found in four of five such experiments. Faint intervals and open circles: no effect seen."
            }
        }
    }
}

fn effect_row(effect: &Effect) -> Markup {
    html! {
        tr {
            td { b { (effect.variant) } " " (effect.probe) ", " (effect.measure) }
            td { (signed(effect.difference)) }
            td { (signed(effect.low)) " to " (signed(effect.high)) }
            td { (number(effect.effect_size)) }
            td { (format!("{:.4}", effect.p_holm)) }
            td { (number(effect.smallest_visible)) }
            td { (finding(effect)) }
        }
    }
}

fn curves(report: &Report) -> Markup {
    html! {
        @if let Some(svg) = plot::curves(report) {
            h2 { "Learning curves" }
            div.card { (PreEscaped(svg)) }
            p.soft { "One line for each variant and seed. Losses of different vocabularies or masks are not comparable in height." }
        }
    }
}

fn inputs(report: &Report) -> Markup {
    html! {
        @if !report.inputs.is_empty() {
            h2 { "What went in" }
            div.card { dl.numbers {
                @for input in &report.inputs {
                    div { dt { (input.label) } dd { (input.value) small { (input.note) } } }
                }
            } }
        }
    }
}

fn previews(report: &Report) -> Markup {
    html! {
        @if !report.previews.is_empty() {
            h2 { "What was masked" }
            div.card {
                @for preview in &report.previews { (preview_line(preview)) }
                p.soft {
                    "Filled: hidden in this epoch, as "
                    @for kind in ["entity", "pos", "word", "span", "token"] { span class=(format!("u {kind}")) { (kind) } " " }
                    "· underlined: linked to the graph."
                }
            }
        }
    }
}

fn preview_line(preview: &Preview) -> Markup {
    html! {
        p.preview {
            span.tag { (preview.variant) }
            @for piece in &preview.pieces {
                @let linked = if piece.linked { "linked" } else { "" };
                @match &piece.masked_as {
                    Some(kind) => span class=(format!("u {kind} {linked}")) title=(kind) { (piece.text) },
                    None => span class=(linked) { (piece.text) },
                }
            }
        }
    }
}

fn cost(report: &Report) -> Markup {
    html! {
        h2 { "What it cost" }
        div.card { table {
            thead { tr { th { "variant" } th { "seed" } th { "parameters" } th { "tokens" } th { "seconds" } th { "tokens/s" } } }
            tbody { @for result in &report.results { tr {
                td { (result.variant) } td { (result.seed) } td { (count(result.parameters)) } td { (count(result.tokens)) }
                td { (number(result.seconds)) } td { (number(result.tokens as f64 / result.seconds.max(1e-9))) }
            } } }
        } }
    }
}

fn settings(report: &Report) -> Markup {
    html! {
        h2 { "How to make it again" }
        p { "Run " code { "jove run" } " on the settings below. A stage with the same key read the same data with the same settings." }
        details { summary { "resolved run file" } pre { (report.settings) } }
        details { summary { "stages and their keys" } pre {
            @for (name, key) in &report.stages { (format!("{name:<24} {key}\n")) }
        } }
    }
}
