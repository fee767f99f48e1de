//! What came out, in a few lines: gains of the measures that the experiment is about, losses of all measures.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::controls::contrasts_of;
use crate::effects::{Effect, Finding};
use crate::report::content::Report;
use crate::report::table::signed;
use crate::results::is_title;

/// What is said of one variant beside the first.
#[derive(Debug, PartialEq)]
pub(crate) struct Headline {
    pub(crate) variant: String,
    /// Main measures in which it is better, each with what to think of that.
    pub(crate) better: Vec<String>,
    /// All measures in which it is worse.
    pub(crate) worse: Vec<String>,
}

/// For each variant but the first, in their order; none where there are too few seeds for intervals.
pub(crate) fn headlines(report: &Report) -> Vec<Headline> {
    let (effects, contrasts) = (report.effects(), report.contrasts());
    let decided = effects.iter().any(|effect| effect.primary);
    let names: BTreeSet<&str> = effects.iter().map(|effect| effect.variant.as_str()).collect();
    let of = |variant: &str| {
        let own = || effects.iter().filter(move |effect| effect.variant == variant);
        let better = own().filter(|effect| effect.finding() == Finding::Better && (effect.primary || !decided));
        let worse = own().filter(|effect| effect.finding() == Finding::Worse);
        Headline {
            variant: variant.to_owned(),
            better: better.map(|effect| phrase(effect) + &reservation(report, effect, &contrasts)).collect(),
            worse: worse.map(phrase).collect(),
        }
    };
    let variants = report.variants.iter().skip(1).filter(|variant| names.contains(variant.name.as_str()));
    variants.map(|variant| of(&variant.name)).collect()
}

fn phrase(effect: &Effect) -> String {
    let caveat = effect.caveat().map_or_else(String::new, |caveat| format!(", {caveat}"));
    format!("{} ({}{caveat})", effect.title(), signed(effect.difference))
}

/// Whether a gain is due to what the graph says: only where the variant is better than the same with a wrong graph.
fn reservation(report: &Report, effect: &Effect, contrasts: &[Effect]) -> String {
    let names: Vec<String> = report.variants.iter().map(|variant| variant.name.clone()).collect();
    let meaning = contrasts_of(&names).into_iter().find(|one| one.part == "meaning" && one.pair[0] == effect.variant);
    let Some(meaning) = meaning else { return String::new() };
    let same = |other: &&Effect| {
        (&other.variant, &other.base) == (&meaning.pair[0], &meaning.pair[1]) && other.title() == effect.title()
    };
    match contrasts.iter().find(same) {
        Some(found) if found.finding() != Finding::Better => {
            format!(", but no more than {}, whose graph is wrong", meaning.pair[1])
        }
        _ => String::new(),
    }
}

/// Primary measures that cannot be primary: none of the probes gave them, or on too few items.
fn without_ground(report: &Report) -> Vec<String> {
    let rows = report.rows();
    let reason = |name: &String| match rows.iter().find(|row| is_title(name, &row.measure.title())) {
        None => Some(format!("{name} was not measured")),
        Some(row) if row.measure.few_items => Some(format!("{name} stands on {} items, too few", row.measure.items)),
        Some(_) => None,
    };
    report.primary.iter().filter_map(reason).collect()
}

/// The lines on the page.
pub(crate) fn section(report: &Report) -> Markup {
    let decided = report.effects().iter().any(|effect| effect.primary);
    html! {
        ul.findings {
            @for reason in without_ground(report) { li.weak { "Of the primary measures, " (reason) "." } }
            @for line in headlines(report) {
                @if !line.better.is_empty() { li.good { b { (line.variant) } " is better in " (line.better.join("; ")) } }
                @if !line.worse.is_empty() { li.worse { b { (line.variant) } " is worse in " (line.worse.join("; ")) } }
                @if line.better.is_empty() {
                    li.flat { b { (line.variant) } @if decided { ": no gain seen in the primary measures" } @else { ": no gain seen" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::grid;

    /// The grid with `value` added to every value of a variant in the measure of a number.
    fn shifted(variant: &str, measure: usize, value: f64) -> Report {
        let mut report = grid();
        for result in report.results.iter_mut().filter(|result| result.variant == variant) {
            result.measures[measure].value += value + 1e-3 * (result.seed % 3) as f64;
        }
        report
    }

    fn line(report: &Report, variant: &str) -> Headline {
        headlines(report).into_iter().find(|line| line.variant == variant).unwrap()
    }

    #[test]
    fn a_loss_is_told_whatever_the_experiment_is_about() {
        let report = shifted("ml", 1, 0.6);
        assert_eq!(report.primary, ["entity cloze, R@1"]);
        let line = line(&report, "ml");
        assert_eq!(line.worse.len(), 1, "{line:?}");
        assert!(line.worse[0].starts_with("pseudo-perplexity, nats (−0.60"), "{line:?}");
        let page = crate::report::page::render(&report, &[]).into_string();
        let (told, folded) = (page.find("ml</b> is worse in pseudo-perplexity"), page.find("<details"));
        assert!(told.unwrap() < folded.unwrap());
    }

    #[test]
    fn a_primary_measure_without_ground_is_named() {
        let mut report = grid();
        report.primary.push("entity cloze, R@7".into());
        report.results.iter_mut().for_each(|result| result.measures[0].few_items = true);
        let page = section(&report).into_string();
        assert!(
            page.contains("entity cloze, R@7 was not measured") && page.contains("R@1 stands on 120 items, too few"),
            "{page}"
        );
    }

    #[test]
    fn a_gain_that_a_wrong_graph_has_too_is_not_the_graphs() {
        let control = grid().results.iter().find(|r| r.variant == "kg-graph-shuffled").unwrap().measures[0].value;
        let kg = grid().results.iter().find(|r| r.variant == "kg").unwrap().measures[0].value;
        let report = shifted("kg", 0, control - kg);
        let found = line(&report, "kg");
        assert!(found.better[0].ends_with("but no more than kg-graph-shuffled, whose graph is wrong"), "{found:?}");
        let found = line(&shifted("kg", 0, 0.3), "kg");
        assert!(found.better.len() == 1 && !found.better[0].contains("but"), "{found:?}");
    }
}
