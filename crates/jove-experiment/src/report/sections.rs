//! The tables of the page.

use crate::controls::{Contrast, contrasts_of};
use crate::effects::{Effect, Finding};
use crate::report::content::Report;
use crate::report::effect_plot::effect_plot;
use crate::report::figure::{Figure, colour_of};
use crate::report::sheet::{Cell, Sheet};
use crate::report::table::{finding, signed};
use crate::report::words::{count, number};
use crate::results::{ArmResult, Row, Summary};

/// All measures of all variants.
pub(crate) fn results(report: &Report, rows: &[Row]) -> Sheet {
    let spread =
        if report.seeds() > 1 { "Mean over seeds ± standard deviation." } else { "One seed for each variant." };
    let mut head = ["measure", "items", "chance", "best without training"].map(str::to_owned).to_vec();
    head.extend(report.variants.iter().map(|variant| variant.name.clone()));
    let caption = format!("{spread} ↑ higher is better, ↓ lower is better. The best of each row is bold.");
    Sheet { name: "results".to_owned(), caption, head, rows: rows.iter().map(results_row).collect(), words: 1 }
}

fn results_row(row: &Row) -> Vec<Cell> {
    let measure = &row.measure;
    let means = row.cells.iter().flatten().map(|cell| cell.mean);
    let better = |a: f64, b: f64| if measure.higher_is_better { a.max(b) } else { a.min(b) };
    let best = means.reduce(better);
    let arrow = if measure.higher_is_better { "↑" } else { "↓" };
    let mut cells = vec![
        Cell {
            note: row
                .unbeaten_trivial()
                .map_or_else(String::new, |_| "no variant beats an answer without training".to_owned()),
            ..Cell::words(format!("{} {arrow}", measure.title()))
        },
        Cell {
            note: if measure.few_items { "few" } else { "" }.to_owned(),
            ..Cell::number(count(measure.items as u64), measure.items as f64)
        },
        measure.chance.map_or_else(Cell::default, |chance| Cell::number(number(chance), chance)),
        measure.best_trivial().map_or_else(Cell::default, |best| Cell {
            note: best.answer,
            ..Cell::number(number(best.value), best.value)
        }),
    ];
    cells.extend(row.cells.iter().map(|cell| match cell {
        Some(cell) => Cell {
            note: if cell.seeds > 1 { format!("± {}", number(cell.deviation)) } else { String::new() },
            class: if best.is_some_and(|best| (cell.mean - best).abs() < 1e-12) { "best" } else { "" },
            ..Cell::number(number(cell.mean), cell.mean)
        },
        None => Cell { class: "soft", ..Cell::words("–") },
    }));
    cells
}

/// Differences with all their statistics.
pub(crate) fn effects(name: &str, caption: String, effects: &[(String, &Effect)]) -> Sheet {
    let head =
        ["measure", "difference of", "effect", "95% interval", "t interval", "d", "p, Holm", "smallest visible", ""];
    let row = |(what, effect): &(String, &Effect)| {
        let class = match effect.finding() {
            Finding::Better => "good",
            Finding::Worse => "worse",
            Finding::NotSeen => "soft",
        };
        vec![
            Cell::words(effect.title()),
            Cell { note: what.clone(), ..Cell::words(format!("{} − {}", effect.variant, effect.base)) },
            Cell::number(signed(effect.difference), effect.difference),
            Cell::words(format!("{} to {}", signed(effect.low), signed(effect.high))),
            Cell::words(format!("{} to {}", signed(effect.t_low), signed(effect.t_high))),
            Cell::number(number(effect.effect_size), effect.effect_size),
            Cell::number(format!("{:.4}", effect.p_holm), effect.p_holm),
            Cell::number(number(effect.smallest_visible), effect.smallest_visible),
            Cell { class, note: effect.caveat().unwrap_or_default(), ..Cell::words(finding(effect)) },
        ]
    };
    let head = head.map(str::to_owned).to_vec();
    Sheet { name: name.to_owned(), caption, head, rows: effects.iter().map(row).collect(), words: 2 }
}

/// Each contrast of a variant with its controls, with the question that it answers.
pub(crate) fn asked<'a>(report: &Report, contrasts: &'a [Effect]) -> Vec<(Contrast, &'a Effect)> {
    let names: Vec<String> = report.variants.iter().map(|variant| variant.name.clone()).collect();
    let questions = contrasts_of(&names);
    let question = |effect: &Effect| {
        questions.iter().find(|one| (&one.pair[0], &one.pair[1]) == (&effect.variant, &effect.base)).cloned()
    };
    contrasts.iter().filter_map(|effect| Some((question(effect)?, effect))).collect()
}

/// The steps from the first variant to a whole one, a picture for each measure.
pub(crate) fn steps(report: &Report, asked: &[(Contrast, &Effect)]) -> Vec<Figure> {
    let steps: Vec<&(Contrast, &Effect)> = asked.iter().filter(|(contrast, _)| contrast.is_step).collect();
    let same = |a: &&(Contrast, &Effect), b: &&(Contrast, &Effect)| a.1.title() == b.1.title();
    let figure = |steps: &[&(Contrast, &Effect)]| {
        let rows: Vec<(String, String, &Effect)> = steps
            .iter()
            .map(|(contrast, effect)| (contrast.part.to_owned(), colour_of(report, &effect.variant), *effect))
            .collect();
        effect_plot(&steps.first()?.1.title(), &rows)
    };
    steps.chunk_by(same).filter_map(figure).collect()
}

/// What each arm reads.
pub(crate) fn texts(report: &Report) -> Sheet {
    let head = [
        "variants",
        "of the graph",
        "own texts",
        "sentences",
        "true sentences",
        "links",
        "links with their entity's name",
        "tokens",
        "tokens read",
        "times",
    ];
    let row = |text: &crate::report::content::TextNote| {
        let tokens = text.own_tokens + text.sentence_tokens;
        let times = text.budget as f64 / tokens.max(1) as f64;
        let whole = |value: u64| Cell::number(count(value), value as f64);
        vec![
            Cell::words(text.variants.join(", ")),
            Cell::words(if text.graph.is_empty() { "all" } else { &text.graph }),
            whole(text.own),
            whole(text.sentences),
            whole(text.true_sentences),
            whole(text.links),
            text.named_share
                .map_or_else(|| Cell::words("–"), |share| Cell::number(format!("{:.0}%", 100.0 * share), share)),
            whole(tokens),
            whole(text.budget),
            Cell::number(format!("{times:.1}"), times),
        ]
    };
    Sheet {
        name: "texts".to_owned(),
        caption: "Counted in the tokens that training reads. Sentences are made from facts, true or wrong; true sentences are \
                  texts that read as one of the graph. All arms read the same number of tokens."
            .to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: report.texts.iter().map(row).collect(),
        words: 2,
    }
}

/// What each variant costs.
pub(crate) fn cost(report: &Report) -> Sheet {
    let mean = |variant: &str, value: fn(&ArmResult) -> Option<f64>| -> Option<f64> {
        let values: Vec<f64> = report.results.iter().filter(|r| r.variant == variant).filter_map(value).collect();
        Summary::of(&values).map(|summary| summary.mean)
    };
    let whole = |value: Option<f64>| {
        value.map_or_else(|| Cell::words("–"), |value| Cell::number(count(value.round() as u64), value))
    };
    let row = |name: &str| {
        vec![
            Cell::words(name),
            whole(mean(name, |r| Some(r.parameters as f64))),
            whole(mean(name, |r| Some(r.tokens as f64))),
            whole(mean(name, |r| Some(r.seconds))),
            whole(mean(name, |r| Some(r.tokens as f64 / r.seconds.max(1e-9)))),
            whole(mean(name, |r| r.memory_mib)),
        ]
    };
    let caption = if report.seeds() > 1 { "Means over seeds." } else { "Of one seed." };
    Sheet {
        name: "cost".to_owned(),
        caption: caption.to_owned(),
        head: ["variant", "parameters", "tokens", "seconds", "tokens/s", "peak MiB"].map(str::to_owned).to_vec(),
        rows: report.variants.iter().map(|variant| row(&variant.name)).collect(),
        words: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::grid;

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        let report = grid();
        let contrasts = report.contrasts();
        let named: Vec<(String, &Effect)> = contrasts.iter().map(|effect| (String::new(), effect)).collect();
        let sheets =
            [results(&report, &report.rows()), effects("x", String::new(), &named), texts(&report), cost(&report)];
        for sheet in sheets {
            assert!(
                !sheet.rows.is_empty() && sheet.rows.iter().all(|row| row.len() == sheet.head.len()),
                "{}",
                sheet.name
            );
        }
    }

    #[test]
    fn the_steps_of_a_measure_add_up_to_its_gain() {
        let report = grid();
        let (contrasts, effects) = (report.contrasts(), report.effects());
        let asked = asked(&report, &contrasts);
        for title in ["entity cloze, R@1", "pseudo-perplexity, nats"] {
            let of_it = asked.iter().filter(|(contrast, effect)| contrast.is_step && effect.title() == title);
            let sum: f64 = of_it.map(|(_, effect)| effect.difference).sum();
            let gain = effects.iter().find(|e| e.variant == "kg" && e.title() == title).unwrap().difference;
            assert!((sum - gain).abs() < 1e-12, "{title}: {sum} {gain}");
        }
        assert_eq!(steps(&report, &asked).len(), 1, "nothing is drawn of a measure without differences");
    }
}
