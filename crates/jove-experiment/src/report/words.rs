//! What the numbers say, in sentences that claim no more than the seeds carry.

use crate::report::{Report, VariantNote};
use crate::results::{Row, Verdict};

/// What is said of one variant beside the first.
pub(crate) struct Findings {
    /// Who is compared, and how much that proves.
    pub(crate) heading: String,
    /// A phrase for each measure.
    pub(crate) phrases: Vec<(Verdict, String)>,
}

/// The findings for each variant but the first.
pub(crate) fn findings(report: &Report, rows: &[Row]) -> Vec<Findings> {
    let Some(base) = report.variants.first() else { return Vec::new() };
    let compared = |(index, variant): (usize, &VariantNote)| {
        let seeds = rows.iter().map(|row| row.differences[index].len()).max()?;
        let proof = match seeds {
            0 => return None,
            1 => "under the only seed; one seed proves little".to_owned(),
            seeds => format!("under {seeds} seeds"),
        };
        let heading = format!("{} beside {}, {proof}", variant.name, base.name);
        let phrases = rows.iter().filter_map(|row| phrase(row, index)).collect();
        Some(Findings { heading, phrases })
    };
    report.variants.iter().enumerate().skip(1).filter_map(compared).collect()
}

fn phrase(row: &Row, index: usize) -> Option<(Verdict, String)> {
    let (own, reference) = (row.cells.get(index)?.as_ref()?, row.cells.first()?.as_ref()?);
    let verdict = row.verdict(index);
    let relation = match verdict {
        Verdict::AboveAlways => "better under each seed",
        Verdict::AboveOnAverage => "better on average, not under each seed",
        Verdict::AboveOnce => "better",
        Verdict::NotAbove => "not better",
        Verdict::NotMeasured => return None,
    };
    let numbers = format!("{} against {}", number(own.mean), number(reference.mean));
    Some((verdict, format!("{}, {}: {relation}, {numbers}", row.measure.probe, row.measure.measure)))
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
        assert_eq!(headings, ["kg beside pd, under 2 seeds", "ml beside pd, under 2 seeds"]);
        let phrases: Vec<&str> = findings[0].phrases.iter().map(|(_, phrase)| phrase.as_str()).collect();
        assert_eq!(
            phrases,
            [
                "entity cloze, R@1: better under each seed, 0.525 against 0.225",
                "pseudo-perplexity, nats: not better, 2.000 against 2.000"
            ]
        );
        assert_eq!(findings[1].phrases[0].0, Verdict::NotAbove);
    }

    #[test]
    fn one_seed_is_said_to_prove_little() {
        let mut report = crate::report::tests::sample();
        report.results.retain(|result| result.seed == 1);
        let findings = findings(&report, &report.rows());
        assert!(findings.iter().all(|finding| finding.heading.ends_with("one seed proves little")));
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
