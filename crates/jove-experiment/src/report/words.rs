//! The findings in sentences that claim no more than the number of seeds allows.

use std::collections::BTreeSet;

use crate::report::content::{Report, VariantNote};
use crate::results::{Row, Verdict};

/// How one variant compares with the first.
pub(crate) struct Findings {
    /// The two variants and the number of seeds.
    pub(crate) heading: String,
    /// A phrase for each verdict.
    pub(crate) phrases: Vec<(Verdict, String)>,
}

/// The findings for each variant but the first.
pub(crate) fn findings(report: &Report, rows: &[Row]) -> Vec<Findings> {
    let Some(base) = report.variants.first() else { return Vec::new() };
    let compared = |(index, variant): (usize, &VariantNote)| {
        let seeds = rows.iter().map(|row| row.differences[index].len()).max()?;
        let proof = match seeds {
            0 => return None,
            1 => "one seed, which proves little".to_owned(),
            seeds => format!("{seeds} seeds"),
        };
        let heading = format!("{} versus {}, {proof}", variant.name, base.name);
        Some(Findings { heading, phrases: phrases(rows, index) })
    };
    report.variants.iter().enumerate().skip(1).filter_map(compared).collect()
}

/// A phrase for each verdict that was reached, best first, with the first measure of each probe; the table has them all.
fn phrases(rows: &[Row], index: usize) -> Vec<(Verdict, String)> {
    let labels = [
        (Verdict::AboveAlways, "better with every seed"),
        (Verdict::AboveOnAverage, "better on average, not with every seed"),
        (Verdict::AboveOnce, "better"),
        (Verdict::NotAbove, "not better"),
    ];
    let mut probes = BTreeSet::new();
    let first: Vec<&Row> = rows.iter().filter(|row| probes.insert(&row.measure.probe)).collect();
    let phrase = |(verdict, words): (Verdict, &str)| {
        let of_it = first.iter().filter(|row| row.verdict(index) == verdict);
        let numbers: Vec<String> = of_it.filter_map(|row| compared(row, index)).collect();
        (!numbers.is_empty()).then(|| (verdict, format!("{words}: {}", numbers.join("; "))))
    };
    labels.into_iter().filter_map(phrase).collect()
}

fn compared(row: &Row, index: usize) -> Option<String> {
    let (own, reference) = (row.cells.get(index)?.as_ref()?, row.cells.first()?.as_ref()?);
    Some(format!("{} {} versus {}", row.measure.title(), number(own.mean), number(reference.mean)))
}

/// A number with as many digits as a reader can use.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

/// A count with thin spaces between thousands.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_name_gains_and_their_absence() {
        let report = crate::report::tests::sample();
        let findings = findings(&report, &report.rows());
        let headings: Vec<&str> = findings.iter().map(|finding| finding.heading.as_str()).collect();
        assert_eq!(headings, ["kg versus pd, 2 seeds", "ml versus pd, 2 seeds"]);
        let phrases: Vec<&str> = findings[0].phrases.iter().map(|(_, phrase)| phrase.as_str()).collect();
        assert_eq!(
            phrases,
            [
                "better with every seed: entity cloze, R@1 0.525 versus 0.225",
                "not better: pseudo-perplexity, nats 2.000 versus 2.000"
            ]
        );
        assert_eq!(findings[1].phrases.last().unwrap().0, Verdict::NotAbove);
    }

    #[test]
    fn one_seed_is_said_to_prove_little() {
        let mut report = crate::report::tests::sample();
        report.results.retain(|result| result.seed == 1);
        let findings = findings(&report, &report.rows());
        assert!(findings.iter().all(|finding| finding.heading.ends_with("one seed, which proves little")));
        report.variants.truncate(1);
        assert!(super::findings(&report, &report.rows()).is_empty());
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
