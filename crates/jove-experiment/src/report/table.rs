//! The comparison as Markdown, for the terminal and for pasting.

use serde::Serialize;

use crate::effects::{Effect, Finding};
use crate::report::content::Report;
use crate::report::words::{findings, number};
use crate::results::{ArmResult, Row, Statistic, Summary};

/// A Markdown table of all measures, followed by what it says.
pub fn markdown(report: &Report) -> String {
    let rows = report.rows();
    let mut lines = vec![String::new(), String::new()];
    lines[0].push_str("| probe | items | chance | best without training |");
    lines[1].push_str("| --- | ---: | ---: | ---: |");
    for variant in &report.variants {
        lines[0].push_str(&format!(" {} |", variant.name));
        lines[1].push_str(" ---: |");
    }
    for row in &rows {
        let measure = &row.measure;
        let chance = measure.chance.map_or_else(String::new, number);
        let arrow = if measure.higher_is_better { "↑" } else { "↓" };
        let best = measure.best_trivial().map_or_else(String::new, |b| format!("{}, {}", number(b.value), b.answer));
        let few = if measure.few_items { ", few" } else { "" };
        let title = measure.title();
        let mut line = format!("| {title} {arrow} | {}{few} | {chance} | {best} |", measure.items);
        for cell in &row.cells {
            line.push_str(&format!(" {} |", cell.map_or_else(|| "–".to_owned(), value)));
        }
        lines.push(line);
    }
    lines.extend(unbeaten(&rows));
    for finding in findings(report, &rows) {
        lines.extend([String::new(), format!("{}:", finding.heading), String::new()]);
        lines.extend(finding.phrases.into_iter().map(|(_, phrase)| format!("- {phrase}")));
    }
    let effects = report.effects();
    if let (Some(base), Some(first)) = (report.variants.first(), effects.first()) {
        lines.extend(effect_lines(
            &format!("Effects versus {} over {} seeds, positive is better:", base.name, first.seeds),
            &effects,
        ));
    }
    lines.extend(effect_lines(
        "Is it the graph? Variants versus their controls, positive is better:",
        &report.contrasts(),
    ));
    lines.push(String::new());
    lines.join("\n")
}

/// The measures that no variant answers better than an answer without training; nothing where there are none.
fn unbeaten(rows: &[Row]) -> Vec<String> {
    let line = |row: &Row| {
        let best = row.unbeaten_trivial()?;
        Some(format!("- {}: {} ({})", row.measure.title(), best.answer, number(best.value)))
    };
    let found: Vec<String> = rows.iter().filter_map(line).collect();
    if found.is_empty() {
        return found;
    }
    let heading = "No variant is better than an answer without training:".to_owned();
    [String::new(), heading, String::new()].into_iter().chain(found).collect()
}

/// The effects as a Markdown table; nothing where there are none.
fn effect_lines(heading: &str, effects: &[Effect]) -> Vec<String> {
    if effects.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        String::new(),
        heading.to_owned(),
        String::new(),
        "| variant | versus | probe | effect | 95% interval | t interval | d | p, Holm | smallest visible | |"
            .to_owned(),
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |".to_owned(),
    ];
    lines.extend(effects.iter().map(|effect| {
        format!(
            "| {} | {} | {} | {} | {} to {} | {} to {} | {} | {:.4} | {} | {}{} |",
            effect.variant,
            effect.base,
            effect.title(),
            signed(effect.difference),
            signed(effect.low),
            signed(effect.high),
            signed(effect.t_low),
            signed(effect.t_high),
            number(effect.effect_size),
            effect.p_holm,
            number(effect.smallest_visible),
            finding(effect),
            effect.caveat().map_or_else(String::new, |caveat| format!(", {caveat}")),
        )
    }));
    lines
}

/// What may be said of an effect, in words.
pub(crate) fn finding(effect: &Effect) -> &'static str {
    match effect.finding() {
        Finding::Better => "better",
        Finding::Worse => "worse",
        Finding::NotSeen => "no effect seen",
    }
}

/// A number with its sign.
pub(crate) fn signed(value: f64) -> String {
    if value < 0.0 { format!("−{}", number(-value)) } else { format!("+{}", number(value)) }
}

/// Rows of plain numbers and words under their names, a line each.
pub(crate) fn csv(rows: impl IntoIterator<Item = impl Serialize>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("a row is plain data");
    }
    let bytes = writer.into_inner().expect("a vector takes all that is written");
    String::from_utf8(bytes).expect("text and numbers are UTF-8")
}

/// What every arm measured, a line for each number.
pub(crate) fn results_csv(results: &[ArmResult]) -> String {
    let rows = results.iter().flat_map(|result| {
        result.measures.iter().map(move |measure| MeasuredRow {
            variant: &result.variant,
            seed: result.seed,
            tokens: result.tokens,
            seconds: result.seconds,
            memory_mib: result.memory_mib,
            probe: &measure.probe,
            measure: &measure.measure,
            value: measure.value,
            chance: measure.chance,
            items: measure.items,
            few_items: measure.few_items,
            best_trivial: measure.best_trivial().map(|best| best.value),
            trivial_answer: measure.best_trivial().map(|best| best.answer),
            items_probe: measure.selection.as_ref().map(|selection| selection.probe.as_str()),
            items_part: measure.selection.as_ref().and_then(|selection| selection.part.as_deref()),
            statistic: measure.selection.as_ref().map(|selection| selection.statistic),
            by_group: measure.selection.as_ref().is_some_and(|selection| selection.by_group),
        })
    });
    csv(rows)
}

/// A line of `results.csv`.
#[derive(Serialize)]
struct MeasuredRow<'a> {
    variant: &'a str,
    seed: u64,
    tokens: u64,
    seconds: f64,
    memory_mib: Option<f64>,
    probe: &'a str,
    measure: &'a str,
    value: f64,
    chance: Option<f64>,
    items: usize,
    few_items: bool,
    best_trivial: Option<f64>,
    trivial_answer: Option<String>,
    items_probe: Option<&'a str>,
    items_part: Option<&'a str>,
    statistic: Option<Statistic>,
    by_group: bool,
}

/// A mean, with its spread where there is more than one seed.
pub(crate) fn value(summary: Summary) -> String {
    if summary.seeds > 1 {
        format!("{} ± {}", number(summary.mean), number(summary.deviation))
    } else {
        number(summary.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_cell_for_every_variant() {
        let text = markdown(&crate::report::tests::sample());
        let table: Vec<&str> = text.lines().take_while(|line| line.starts_with('|')).collect();
        assert_eq!(table.len(), 4);
        assert!(table.iter().all(|line| line.matches('|').count() == 8), "{text}");
        assert!(text.contains("0.525 ± 0.035"), "{text}");
    }
}
