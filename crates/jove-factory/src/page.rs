//! The page of a corpus: the funnel, what was removed and why, languages, domains, shares.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::classifier::Evaluation;
use crate::funnel::{Count, FunnelStage};
use crate::rejects::Reject;
use crate::summary::Summary;

/// Plain CSS, no web font, no picture; follows the reader's choice of light or dark.
const CSS: &str = "
:root { --ink: #1d2733; --soft: #5c6b7a; --line: #dfe5ea; --ground: #fbfcfd; --bar: #0d8578; --gone: #d66e1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa8b5; --line: #2c3640; --ground: #12171c; --bar: #3fc1b0; --gone: #f0944d; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.5rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 0.9rem; } th:first-child, td:first-child, .left { text-align: left; }
.soft { color: var(--soft); } .bar { display: block; height: 0.7rem; border-radius: 3px; background: var(--bar); min-width: 1px; }
.wide { width: 40%; } .scroll { overflow-x: auto; } .excerpt { text-align: left; font-size: 0.9rem; overflow-wrap: anywhere; }
summary { cursor: pointer; }
";

/// The page.
pub(crate) fn page(summary: &Summary, rejects: &[Reject]) -> String {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (summary.name) " · jove corpus" }
                style { (PreEscaped(CSS)) }
            }
            body { main {
                h1 { (summary.name) }
                p.soft { (summary.description) }
                (funnel_section(summary))
                (removed_section(summary, rejects))
                (counts_section("Languages", &summary.langs))
                (counts_section("Domains", &summary.domains))
                (counts_section("Sources", &summary.sources))
                (shares_section(summary))
                @for (name, evaluation) in &summary.classifiers { (classifier_section(name, evaluation)) }
            } }
        }
    };
    body.into_string()
}

fn funnel_section(summary: &Summary) -> Markup {
    let most = summary.read.documents.max(1) as f64;
    let width = |documents: u64| format!("width: {:.2}%", documents as f64 / most * 100.0);
    html! {
        h2 { "Funnel" }
        table {
            tr { th { "after" } th { "documents" } th { "share" } th { "removed" } th.wide { "" } }
            @for stage in &summary.funnel {
                tr {
                    td { (stage.stage.as_str()) }
                    td { (grouped(stage.kept.documents)) }
                    td { (percent(stage.kept.documents as f64 / most)) }
                    td { (grouped(removed(stage))) }
                    td { span.bar style=(width(stage.kept.documents)) {} }
                }
            }
        }
        p.soft {
            (grouped(summary.read.documents)) " documents read (" (size(summary.read.bytes)) "), "
            (grouped(summary.kept.documents)) " written (" (size(summary.kept.bytes)) "). "
            (grouped(summary.duplicates.paragraphs)) " repeated paragraphs (" (size(summary.paragraph_bytes)) ") were cut out of documents that stayed."
        }
    }
}

fn removed(stage: &FunnelStage) -> u64 {
    stage.removed.values().map(|count| count.documents).sum()
}

fn removed_section(summary: &Summary, rejects: &[Reject]) -> Markup {
    html! {
        h2 { "Removed, by reason" }
        @for (reason, count) in summary.funnel.iter().flat_map(|stage| &stage.removed) {
            details {
                summary {
                    b { (grouped(count.documents)) } " · " (reason.sentence()) span.soft { " " (reason.as_str()) ", " (size(count.bytes)) }
                }
                div.scroll { table {
                    @for reject in rejects.iter().filter(|reject| reject.reason == *reason).take(10) {
                        tr {
                            td.soft { (reject.file) ":" (reject.place) }
                            td.soft.left { (reject.found) }
                            td.excerpt dir="auto" { (reject.excerpt) }
                        }
                    }
                } }
            }
        }
    }
}

fn counts_section(title: &str, counts: &BTreeMap<String, Count>) -> Markup {
    let all: u64 = counts.values().map(|count| count.bytes).sum();
    html! {
        @if !counts.is_empty() {
            h2 { (title) }
            table {
                tr { th { "" } th { "documents" } th { "text" } th { "share" } }
                @for (name, count) in counts {
                    tr {
                        td { @if name.is_empty() { span.soft { "none" } } @else { (name) } }
                        td { (grouped(count.documents)) }
                        td { (size(count.bytes)) }
                        td { (percent(count.bytes as f64 / all.max(1) as f64)) }
                    }
                }
            }
        }
    }
}

fn shares_section(summary: &Summary) -> Markup {
    html! {
        h2 { "What training reads" }
        table {
            tr { th { "language" } th.left { "domain" } th { "there is" } th { "read, times" } th { "share" } th { "least confidence" } }
            @for share in &summary.shares {
                tr {
                    td { (share.lang) }
                    td.left { (share.domain) }
                    td { (size(share.bytes)) }
                    td { (format!("{:.2}", share.rate)) }
                    td { (percent(share.share)) }
                    td { @if let Some(least) = summary.thresholds.get(&share.lang) { (format!("{least:.2}")) } @else { "given" } }
                }
            }
        }
    }
}

fn classifier_section(name: &str, evaluation: &Evaluation) -> Markup {
    html! {
        h2 { "Classifier: " (name) }
        p {
            "Accuracy on held-out examples " b { (format!("{:.3}", evaluation.accuracy())) }
            ", always the most frequent class " (format!("{:.3}", evaluation.majority()))
            ", calibration error " (format!("{:.3}", evaluation.calibration_error)) ". Rows are the examples' classes, columns what was found."
        }
        div.scroll { table {
            tr { th { "" } @for class in &evaluation.classes { th { (class) } } }
            @for (class, row) in evaluation.classes.iter().zip(&evaluation.confusion) {
                tr { td { (class) } @for count in row { td { @if *count > 0 { (count) } } } }
            }
        } }
    }
}

/// A number with separators between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap_or_default()).collect();
    parts.join(",")
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// Bytes in the largest unit that is not above them.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1)];
    let (unit, of) = UNITS.iter().find(|(_, of)| bytes >= *of).unwrap_or(&("B", 1));
    if *of == 1 { format!("{bytes} B") } else { format!("{:.1} {unit}", bytes as f64 / *of as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funnel::funnel;
    use crate::reason::Reason;

    #[test]
    fn numbers_are_shown_for_people() {
        assert_eq!([0, 7, 1234, 1_234_567].map(grouped), ["0", "7", "1,234", "1,234,567"]);
        assert_eq!([0, 999, 1500, 2_000_000, 3_500_000_000].map(size), ["0 B", "999 B", "1.5 kB", "2.0 MB", "3.5 GB"]);
    }

    #[test]
    fn texts_of_documents_are_shown_and_never_obeyed() {
        let read = Count { documents: 3, bytes: 30 };
        let removed = BTreeMap::from([(Reason::TooShort, Count { documents: 1, bytes: 3 })]);
        let kept = Count { documents: 2, bytes: 20 };
        let funnel = funnel(read, &removed, kept).unwrap();
        let name = "<script>alert(1)</script>".to_owned();
        let summary = Summary { name, read, funnel, kept, ..Summary::default() };
        let reject = Reject::new(Reason::TooShort, "2 characters", "<b>", 7, "<img src=x onerror=y> 中");
        let page = page(&summary, &[reject]);
        assert!(
            !page.contains("<script>") && !page.contains("<img") && page.contains("&lt;img src=x onerror=y&gt; 中")
        );
        assert!(page.contains("It is shorter than clean.chars-min."));
    }
}
