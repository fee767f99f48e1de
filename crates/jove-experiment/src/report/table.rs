//! The comparison as Markdown, for the terminal and for pasting.

use crate::report::Report;
use crate::report::words::{findings, number};
use crate::results::Summary;

/// A Markdown table of all measures, followed by what it says.
pub fn markdown(report: &Report) -> String {
    let rows = report.rows();
    let mut lines = vec![String::new(), String::new()];
    lines[0].push_str("| probe | items | chance |");
    lines[1].push_str("| --- | ---: | ---: |");
    for variant in &report.variants {
        lines[0].push_str(&format!(" {} |", variant.name));
        lines[1].push_str(" ---: |");
    }
    for row in &rows {
        let measure = &row.measure;
        let chance = measure.chance.map_or_else(String::new, number);
        let arrow = if measure.higher_is_better { "↑" } else { "↓" };
        let mut line = format!("| {}, {} {arrow} | {} | {chance} |", measure.probe, measure.measure, measure.items);
        for cell in &row.cells {
            line.push_str(&format!(" {} |", cell.map_or_else(|| "–".to_owned(), value)));
        }
        lines.push(line);
    }
    for finding in findings(report, &rows) {
        lines.extend([String::new(), format!("{}:", finding.heading), String::new()]);
        lines.extend(finding.phrases.into_iter().map(|(_, phrase)| format!("- {phrase}")));
    }
    lines.push(String::new());
    lines.join("\n")
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
        assert!(table.iter().all(|line| line.matches('|').count() == 7), "{text}");
        assert!(text.contains("0.525 ± 0.035"), "{text}");
    }
}
