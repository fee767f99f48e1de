//! What the numbers say, in sentences that claim no more than the seeds carry.

use crate::report::Report;
use crate::results::{Row, Summary, Verdict};

/// One sentence for each variant but the first and each measure that it was compared in.
pub(crate) fn findings(report: &Report, rows: &[Row]) -> Vec<(Verdict, String)> {
    let Some(base) = report.variants.first() else { return Vec::new() };
    let mut findings = Vec::new();
    for (index, variant) in report.variants.iter().enumerate().skip(1) {
        for row in rows {
            let (Some(Some(own)), Some(Some(reference))) = (row.cells.get(index), row.cells.first()) else { continue };
            let verdict = row.verdict(index);
            if let Some(sentence) = sentence(&variant.name, &base.name, row, *own, *reference, verdict, index) {
                findings.push((verdict, sentence));
            }
        }
    }
    findings
}

fn sentence(
    name: &str,
    base: &str,
    row: &Row,
    own: Summary,
    reference: Summary,
    verdict: Verdict,
    index: usize,
) -> Option<String> {
    let what = format!("{} ({})", row.measure.probe, row.measure.measure);
    let numbers = format!("{} against {}", number(own.mean), number(reference.mean));
    let seeds = row.differences[index].len();
    let relation = match verdict {
        Verdict::AboveAlways => format!("is better than {base} on {what} under each of {seeds} seeds"),
        Verdict::AboveOnAverage => {
            format!("is better than {base} on {what} on average over {seeds} seeds, not under each")
        }
        Verdict::AboveOnce => format!("is better than {base} on {what} under the only seed: one seed proves little"),
        Verdict::NotAbove => format!("is not better than {base} on {what}"),
        Verdict::NotMeasured => return None,
    };
    Some(format!("{name} {relation}: {numbers}"))
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
        assert_eq!(findings.len(), 4);
        assert_eq!(
            findings[0].1,
            "kg is better than pd on entity cloze (R@1) under each of 2 seeds: 0.525 against 0.225"
        );
        assert_eq!(findings[1].1, "kg is not better than pd on pseudo-perplexity (nats): 2.000 against 2.000");
        assert_eq!(findings[2].0, Verdict::NotAbove);
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
