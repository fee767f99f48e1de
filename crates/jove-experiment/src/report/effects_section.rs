//! The differences between variants, with intervals: the part of the page that an ablation is run for.

use maud::{Markup, PreEscaped, html};

use crate::effects::{Effect, Finding};
use crate::grid::SEEDS_WANTED;
use crate::report::content::Report;
use crate::report::forest::{Forest, forests};
use crate::report::table::{finding, signed};
use crate::report::words::number;

/// Panels and tables: primary measures in sight, all others to unfold.
pub(crate) fn effects(report: &Report) -> Markup {
    let effects = report.effects();
    let Some(first) = effects.first() else { return html! {} };
    let forests = forests(report, &effects);
    let decided = effects.iter().any(|effect| effect.primary);
    let is_main = |primary: bool| primary || !decided;
    let (main, others): (Vec<&Effect>, Vec<&Effect>) = effects.iter().partition(|effect| is_main(effect.primary));
    let panels = |main: bool| forests.iter().filter(move |forest| is_main(forest.primary) == main).map(panel);
    html! {
        h2 { "Effects" }
        @if first.seeds < SEEDS_WANTED {
            p.note { "Only " (first.seeds) " seeds: intervals and tests are rough below " (SEEDS_WANTED) "." }
        }
        (summary(report, &main))
        div.panels { @for panel in panels(true) { (panel) } }
        details { summary { "these effects in numbers" } (table(&main)) }
        @if !others.is_empty() {
            details {
                summary { (others.len()) " effects on secondary measures" }
                div.panels { @for panel in panels(false) { (panel) } }
                (table(&others))
            }
        }
        (legend(report, first.seeds, decided))
        (graph(report))
    }
}

/// Variants and their controls.
fn graph(report: &Report) -> Markup {
    let contrasts = report.contrasts();
    let decided = contrasts.iter().any(|contrast| contrast.primary);
    let (main, others): (Vec<&Effect>, Vec<&Effect>) = contrasts.iter().partition(|one| one.primary || !decided);
    html! {
        @if !contrasts.is_empty() {
            h2 { "Is it the graph?" }
            p {
                "A variant versus the same recipe with each name linked to a wrong entity (shuffled graph), and without a "
                "graph. What it gains over both comes from the content of the graph; what the shuffled graph gains over "
                "no graph comes from knowing where names are."
            }
            (table(&main))
            @if !others.is_empty() { details { summary { (others.len()) " more on secondary measures" } (table(&others)) } }
        }
    }
}

fn panel(forest: &Forest) -> Markup {
    html! { div.card { h3 { (forest.title) } (PreEscaped(&forest.svg)) } }
}

/// For each variant, which of the main measures it made better or worse.
fn summary(report: &Report, main: &[&Effect]) -> Markup {
    let named = |variant: &str, wanted: Finding| -> Vec<String> {
        let chosen = main.iter().filter(|effect| effect.variant == variant && effect.finding() == wanted);
        chosen.map(|effect| format!("{} ({})", effect.title(), signed(effect.difference))).collect()
    };
    html! {
        div.card { ul.findings {
            @for variant in report.variants.iter().skip(1) {
                @let better = named(&variant.name, Finding::Better);
                @let worse = named(&variant.name, Finding::Worse);
                @if !better.is_empty() { li.good { b { (variant.name) } " is better in " (better.join("; ")) } }
                @if !worse.is_empty() { li.worse { b { (variant.name) } " is worse in " (worse.join("; ")) } }
                @if better.is_empty() && worse.is_empty() { li.flat { b { (variant.name) } ": no effect seen" } }
            }
        } }
    }
}

fn legend(report: &Report, seeds: usize, decided: bool) -> Markup {
    let base = report.variants.first().map_or("", |variant| variant.name.as_str());
    html! {
        p.soft {
            "Differences to " b { (base) } ", paired by seed over " (seeds) " seeds; right of zero is better, also for measures where lower is better. "
            "Intervals are 95% bootstrap intervals over seeds, d is Cohen's, p that of a paired t test with Holm's correction over "
            @if decided { "the primary measures, and over all others separately. " } @else { "all rows. " }
            "The smallest visible effect is what this design detects with a power of 80%. Faint intervals and open circles: no effect seen."
        }
    }
}

fn table(effects: &[&Effect]) -> Markup {
    html! {
        div.card { table {
            thead { tr {
                th { "variant and measure" } th { "effect" } th { "95% interval" } th { "d" } th { "p, Holm" }
                th { "smallest visible" } th { "" }
            } }
            tbody { @for effect in effects { (row(effect)) } }
        } }
    }
}

fn row(effect: &Effect) -> Markup {
    html! {
        tr {
            td { b { (effect.variant) } span.soft { " versus " (effect.base) ": " } (effect.title()) }
            td { (signed(effect.difference)) }
            td { (signed(effect.low)) " to " (signed(effect.high)) }
            td { (number(effect.effect_size)) }
            td { (format!("{:.4}", effect.p_holm)) }
            td { (number(effect.smallest_visible)) }
            td { (finding(effect)) }
        }
    }
}
