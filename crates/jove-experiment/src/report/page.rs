//! The page, from top to bottom.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::content::{Preview, Report};
use crate::report::effects_section::effects;
use crate::report::plot;
use crate::report::style::CSS;
use crate::report::words::{count, findings, number};
use crate::results::{ArmResult, Row, Summary, Verdict};

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
                (warnings(report))
                (findings_section(report, &rows))
                (effects(report))
                (comparison(report, &rows))
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

/// What a reader should know before the numbers.
fn warnings(report: &Report) -> Markup {
    html! {
        @if !report.warnings.is_empty() {
            h2 { "Warnings" }
            div.card { ul.findings {
                @for (stage, warning) in &report.warnings { li.weak { b { (stage) } ": " (warning) } }
            } }
        }
    }
}

fn findings_section(report: &Report, rows: &[Row]) -> Markup {
    // Where effects are shown, they say the same with intervals.
    let findings = if report.effects().is_empty() { findings(report, rows) } else { Vec::new() };
    html! {
        @if !findings.is_empty() {
            h2 { "Differences to the first variant" }
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
        h2 { "Results" }
        div.card { table {
            thead { tr {
                th { "probe" } th { "items" } th { "chance" }
                @for variant in &report.variants { th { (variant.name) } }
            } }
            tbody { @for row in rows { (comparison_row(row)) } }
        } }
        p.soft {
            @if report.seeds() > 1 { "Mean over seeds ± standard deviation. " } @else { "One seed for each variant. " }
            "↑ higher is better, ↓ lower is better. The best of each row is bold."
        }
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
                        (number(cell.mean)) @if cell.seeds > 1 { span.spread { "± " (number(cell.deviation)) } }
                        span.bar style=(format!("{}; width: {:.0}%", colour(index), 100.0 * (cell.mean / most.max(1e-12)).clamp(0.0, 1.0))) {}
                    },
                    None => td.soft { "–" },
                }
            }
        }
    }
}

fn curves(report: &Report) -> Markup {
    html! {
        @if let Some(svg) = plot::curves(report) {
            h2 { "Learning curves" }
            div.card { (PreEscaped(svg)) }
            p.soft {
                @if report.seeds() > 1 { "Lines are means over seeds, bands reach from the lowest seed to the highest. " }
                @else { "One line for each variant, of its only seed. " }
                "Losses under different vocabularies or masks cannot be compared with each other."
            }
        }
    }
}

fn inputs(report: &Report) -> Markup {
    html! {
        @if !report.inputs.is_empty() {
            h2 { "Data" }
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
            h2 { "Masked text" }
            div.card {
                @for preview in &report.previews { (preview_line(preview)) }
                p.soft {
                    "Filled: masked in the first epoch, as "
                    @for kind in ["entity", "pos", "word", "span", "token"] { span class=(format!("u {kind}")) { (kind) } " " }
                    "· underlined: linked to the graph · an arrow: replaced by the name of another entity."
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
                    Some(kind) => span class=(format!("u {kind} {linked}")) title=(kind) {
                        (piece.text) @if let Some(name) = &piece.replaced_by { " → " (name) }
                    },
                    None => span class=(linked) { (piece.text) },
                }
            }
        }
    }
}

fn cost(report: &Report) -> Markup {
    let mean = |variant: &str, value: fn(&ArmResult) -> Option<f64>| -> Option<f64> {
        let values: Vec<f64> = report.results.iter().filter(|r| r.variant == variant).filter_map(value).collect();
        Summary::of(&values).map(|summary| summary.mean)
    };
    let whole = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| count(value.round() as u64));
    html! {
        h2 { "Cost" }
        div.card { table {
            thead { tr {
                th { "variant" } th { "parameters" } th { "tokens" } th { "seconds" } th { "tokens/s" } th { "peak MiB" }
            } }
            tbody { @for (index, variant) in report.variants.iter().enumerate() { tr {
                td style=(colour(index)) { (variant.name) }
                td { (whole(mean(&variant.name, |r| Some(r.parameters as f64)))) }
                td { (whole(mean(&variant.name, |r| Some(r.tokens as f64)))) }
                td { (mean(&variant.name, |r| Some(r.seconds)).map_or_else(String::new, number)) }
                td { (whole(mean(&variant.name, |r| Some(r.tokens as f64 / r.seconds.max(1e-9))))) }
                td { (whole(mean(&variant.name, |r| r.memory_mib))) }
            } } }
        } }
        p.soft {
            "Training alone" @if report.seeds() > 1 { ", mean over seeds" } ". Tokens are all that the model read, "
            "descriptions and pairs included."
        }
    }
}

fn settings(report: &Report) -> Markup {
    html! {
        h2 { "Reproduction" }
        p {
            "Run " code { "jove run" } " on the settings below. Stages with the same key read the same data with the same settings and "
            "were made by the same code" @if !report.code.is_empty() { ", " code { (report.code) } } "."
        }
        details { summary { "resolved run file" } pre { (report.settings) } }
        details { summary { "stages and their keys" } pre {
            @for (name, key) in &report.stages { (format!("{name:<24} {key}\n")) }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn captions_speak_of_means_only_where_there_are_several_seeds() {
        let mut report = sample();
        for (seeds, several) in [(2, true), (1, false), (0, false)] {
            report.results.retain(|result| result.seed <= seeds);
            let page = render(&report).into_string();
            for words in ["ean over seeds", "eans over seeds", "standard deviation", "bands"] {
                assert!(!page.contains(words) || several, "{seeds} seeds: {words}");
            }
            assert_eq!(page.contains("Mean over seeds"), several, "{seeds} seeds");
            assert_eq!(page.contains("One seed for each variant"), !several, "{seeds} seeds");
        }
    }

    #[test]
    fn a_replaced_name_is_shown_with_its_replacement() {
        let page = render(&sample()).into_string();
        assert!(page.contains("法国 → 德国"), "{page}");
    }
}
