//! The page, from top to bottom.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::effects::{Effect, Finding};
use crate::grid::SEEDS_WANTED;
use crate::report::answered::Answered;
use crate::report::content::{Preview, Report};
use crate::report::curves::{by_seed, curves};
use crate::report::dots::dot_plots;
use crate::report::figure::{Figure, STYLE, colour_class};
use crate::report::sections::{self, asked, steps};
use crate::report::sheet::Sheet;
use crate::report::style::CSS;
use crate::report::words::findings;
use crate::report::{answers, headline};
use crate::results::{Row, Verdict};

/// All tables and pictures of a report; the page shows them, and each is a file beside it.
pub(crate) struct Parts {
    rows: Vec<Row>,
    effects: Vec<Effect>,
    contrasts: Vec<Effect>,
}

impl Parts {
    pub(crate) fn new(report: &Report) -> Self {
        Self { rows: report.rows(), effects: report.effects(), contrasts: report.contrasts() }
    }

    /// Whether a measure is always in sight: it is primary, a variant is worse in it, or none is primary.
    fn is_main(&self, title: &str) -> bool {
        let decided = self.effects.iter().any(|effect| effect.primary);
        let of_it = || self.effects.iter().chain(&self.contrasts).filter(|effect| effect.title() == title);
        !decided || of_it().any(|effect| effect.primary || effect.finding() == Finding::Worse)
    }

    /// Every picture, in the order of the page.
    pub(crate) fn figures(&self, report: &Report) -> Vec<Figure> {
        let mut figures = dot_plots(report, &self.rows);
        figures.extend(steps(report, &asked(report, &self.contrasts)));
        figures.extend(curves(report));
        figures.extend(by_seed(report));
        figures
    }

    /// Every table, in the order of the page.
    pub(crate) fn sheets(&self, report: &Report) -> Vec<Sheet> {
        let sheets = [
            Some(sections::results(report, &self.rows)),
            self.effects_sheet(report),
            self.contrasts_sheet(report),
            (!report.texts.is_empty()).then(|| sections::texts(report)),
            Some(sections::cost(report)),
        ];
        sheets.into_iter().flatten().collect()
    }

    fn effects_sheet(&self, report: &Report) -> Option<Sheet> {
        let first = self.effects.first()?;
        let base = report.variants.first().map_or("", |variant| variant.name.as_str());
        let few = if first.seeds < SEEDS_WANTED { "; rough, since there are few seeds" } else { "" };
        let caption = format!(
            "Differences to {base}, paired by seed over {} seeds{few}. Positive is better, also where lower values are.",
            first.seeds
        );
        let rows: Vec<(String, &Effect)> = self.effects.iter().map(|effect| (String::new(), effect)).collect();
        Some(sections::effects("effects", caption, &rows))
    }

    fn contrasts_sheet(&self, report: &Report) -> Option<Sheet> {
        let asked = asked(report, &self.contrasts);
        let rows: Vec<(String, &Effect)> =
            asked.iter().map(|(contrast, effect)| (contrast.part.to_owned(), *effect)).collect();
        let caption =
            "Each part of the gain, paired by seed. Positive is better, also where lower values are.".to_owned();
        (!rows.is_empty()).then(|| sections::effects("parts-of-the-gain", caption, &rows))
    }
}

/// The whole page.
pub(crate) fn render(report: &Report, answered: &[Answered]) -> Markup {
    let parts = Parts::new(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.name) " · jove" }
                style { (PreEscaped(jove_core::PAGE_STYLE)) (PreEscaped(CSS)) (PreEscaped(STYLE)) }
            }
            body {
                header.page { h1 { (report.name) } p { (report.description) } (chips(report)) }
                main {
                    (findings_section(report, &parts))
                    (warnings(report))
                    (measures(report, &parts))
                    (gain(report, &parts))
                    (sheet_section("Results", Some(sections::results(report, &parts.rows))))
                    (sheet_section("Effects", parts.effects_sheet(report)))
                    (legend(&parts))
                    (answers::section(report, answered))
                    (sheet_section("What each arm reads", (!report.texts.is_empty()).then(|| sections::texts(report))))
                    (learning(report))
                    (inputs(report))
                    (previews(report))
                    (sheet_section("Cost", Some(sections::cost(report))))
                    (settings(report))
                }
            }
        }
    }
}

fn chips(report: &Report) -> Markup {
    html! { ul.chips { @for (index, variant) in report.variants.iter().enumerate() {
        li class=(colour_class(index)) { b { (variant.name) } " " span.soft { (variant.summary) } }
    } } }
}

/// What a reader should know before the numbers.
fn warnings(report: &Report) -> Markup {
    html! {
        @if !report.warnings.is_empty() {
            h2 { "Warnings" }
            ul.findings { @for (stage, warning, more) in grouped(&report.warnings) { li.weak {
                b { (stage) } ": " (warning) @if more > 0 { span.soft { " (" (more) " more like it under other seeds)" } }
            } } }
        }
    }
}

/// Warnings of the same arm that begin alike are told once, with how many more there are.
fn grouped(warnings: &[(String, String)]) -> Vec<(&str, &str, usize)> {
    let arm = |stage: &str| stage.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let begin = |warning: &str| warning.chars().filter(|c| !c.is_ascii_digit()).take(40).collect::<String>();
    let mut groups: Vec<(&str, &str, usize)> = Vec::new();
    for (stage, warning) in warnings {
        let same = |group: &&mut (&str, &str, usize)| arm(group.0) == arm(stage) && begin(group.1) == begin(warning);
        match groups.iter_mut().find(same) {
            Some(group) => group.2 += 1,
            None => groups.push((stage, warning, 0)),
        }
    }
    groups
}

/// What came out, in sentences that claim no more than the number of seeds allows.
fn findings_section(report: &Report, parts: &Parts) -> Markup {
    let base = report.variants.first().map_or("", |variant| variant.name.as_str());
    html! {
        @if let Some(first) = parts.effects.first() {
            h2 { "In short" }
            p { "Beside " b { (base) } ", over " (first.seeds) " seeds, by interval and corrected test. Every loss is listed, whatever the experiment is about." }
            (headline::section(report))
        } @else {
            @let findings = findings(report, &parts.rows);
            @if !findings.is_empty() {
                h2 { "Differences to the first variant" }
                div.columns { @for (index, finding) in findings.iter().enumerate() {
                    div.card class=(colour_class(index + 1)) {
                        h3 { (finding.heading) }
                        ul.findings { @for (verdict, phrase) in &finding.phrases { li class=(mark(*verdict)) { (phrase) } } }
                    }
                } }
            }
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

/// A plot for each measure: all in sight that are primary or in which a variant is worse.
fn measures(report: &Report, parts: &Parts) -> Markup {
    let plots = dot_plots(report, &parts.rows);
    let (main, others): (Vec<&Figure>, Vec<&Figure>) = plots.iter().partition(|plot| parts.is_main(&plot.title));
    html! {
        h2 { "Measures" }
        p.soft {
            "A dot is a variant's mean"
            @if report.seeds() > 1 { " over seeds, small circles are its seeds" }
            @if !parts.effects.is_empty() { ", a bar is the 95% interval of its difference to the first variant" }
            ". Diamonds need no training."
        }
        (panels(&main))
        @if !others.is_empty() { details { summary { (others.len()) " more measures" } (panels(&others)) } }
    }
}

fn panels(figures: &[&Figure]) -> Markup {
    html! { div.panels { @for figure in figures { (panel(figure)) } } }
}

fn panel(figure: &Figure) -> Markup {
    html! {
        figure.card { figcaption { h3 { (figure.title) } }
            div.scroll { (figure.inline()) }
            p.files.screen { a href=(format!("figures/{}.svg", figure.name)) download { "SVG" } }
        }
    }
}

/// What the gain of a variant with controls is made of.
fn gain(report: &Report, parts: &Parts) -> Markup {
    let asked = asked(report, &parts.contrasts);
    let steps = steps(report, &asked);
    let (main, others): (Vec<&Figure>, Vec<&Figure>) = steps.iter().partition(|figure| parts.is_main(&figure.title));
    let mut meanings: Vec<(&str, &str)> = Vec::new();
    for (contrast, _) in &asked {
        if !meanings.contains(&(contrast.part, contrast.meaning)) {
            meanings.push((contrast.part, contrast.meaning));
        }
    }
    html! {
        @if let Some(sheet) = parts.contrasts_sheet(report) {
            h2 { "Where a gain comes from" }
            p {
                "The steps lead from the first variant to the whole one, and add up to its gain: the recipe without a graph, "
                "a wrong graph as text, wrong links, and at last the true graph. Only "
                b { "meaning" } " says that what the graph says helps; a gain that a wrong graph brings too does not come from that."
            }
            dl.parts { @for (part, meaning) in meanings { div { dt { (part) } dd { (meaning) } } } }
            (panels(&main))
            @if !others.is_empty() { details { summary { (others.len()) " more measures" } (panels(&others)) } }
            div.card { (sheet.inline()) }
        }
    }
}

fn sheet_section(heading: &str, sheet: Option<Sheet>) -> Markup {
    html! { @if let Some(sheet) = sheet { h2 { (heading) } div.card { (sheet.inline()) } } }
}

fn legend(parts: &Parts) -> Markup {
    let decided = parts.effects.iter().any(|effect| effect.primary);
    html! { @if !parts.effects.is_empty() { p.soft {
        "Intervals are 95% bootstrap intervals over seeds and items together, over seeds alone where no items are kept; beside them Student's t interval over seeds. d is Cohen's, p the larger one of both tests, with Holm's correction over "
        @if decided { "the primary measures, and over all others separately. " } @else { "all rows. " }
        "The smallest visible effect is what this design detects with a power of 80%."
    } } }
}

fn learning(report: &Report) -> Markup {
    html! {
        @if let Some(figure) = curves(report) {
            h2 { "Learning curves" }
            (panel(&figure))
            p.soft {
                @if report.seeds() > 1 { "Lines are means over seeds, bands reach from the lowest seed to the highest. " }
                @else { "One line for each variant, of its only seed. " }
                "Losses under different vocabularies, masks or texts cannot be compared with each other."
            }
            @if report.seeds() > 1 { details { summary { "each seed" } div.multiples { @for figure in by_seed(report) {
                figure.card { figcaption { h3 { (figure.title) } } (figure.inline()) }
            } } } }
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
                    "From held-out text of files and pairs, at random. Filled: masked in the first epoch, as "
                    @for kind in ["entity", "pos", "word", "span", "token"] { span class=(format!("u {kind}")) { (kind) } " " }
                    "· underlined: linked to the graph · an arrow: replaced by the name of another entity."
                }
            }
        }
    }
}

fn preview_line(preview: &Preview) -> Markup {
    html! {
        p.preview dir="auto" {
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

fn settings(report: &Report) -> Markup {
    html! {
        h2 { "Reproduction" }
        p { "Save the resolved run file and give it to " code { "jove run" } ": the same code and files give the same numbers on a CPU. These "
            "were made by the same code" @if !report.code.is_empty() { ", " code { (report.code) } } ". "
            "Tables and pictures are files beside this page, in " code { "tables" } " and " code { "figures" } "." }
        details { summary { "resolved run file" } pre { (report.settings) } }
        details { summary { "stages and their keys" } pre {
            @for (name, key) in &report.stages { (format!("{name:<24} {key}\n")) }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{grid, sample};

    #[test]
    fn captions_speak_of_means_only_where_there_are_several_seeds() {
        let mut report = sample();
        for (seeds, several) in [(2, true), (1, false), (0, false)] {
            report.results.retain(|result| result.seed <= seeds);
            let page = render(&report, &[]).into_string();
            for words in ["ean over seeds", "eans over seeds", "standard deviation", "bands"] {
                assert!(!page.contains(words) || several, "{seeds} seeds: {words}");
            }
            assert_eq!(page.contains("Mean over seeds"), several, "{seeds} seeds");
            assert_eq!(page.contains("One seed for each variant"), !several, "{seeds} seeds");
        }
    }

    #[test]
    fn warnings_of_one_arm_that_are_alike_are_told_once() {
        let warning = |stage: &str, text: &str| (stage.to_owned(), text.to_owned());
        let warnings = [
            warning("train-kg-1", "at step 10 all vectors were alike"),
            warning("train-kg-2", "at step 20 all vectors were alike"),
            warning("train-pd-1", "at step 10 all vectors were alike"),
            warning("train-kg-2", "the loss rose"),
        ];
        let told: Vec<(&str, usize)> = grouped(&warnings).into_iter().map(|(stage, _, more)| (stage, more)).collect();
        assert_eq!(told, [("train-kg-1", 1), ("train-pd-1", 0), ("train-kg-2", 0)]);
    }

    #[test]
    fn a_replaced_name_is_shown_with_its_replacement() {
        let page = render(&sample(), &[]).into_string();
        assert!(page.contains("法国 → 德国"), "{page}");
    }

    #[test]
    fn every_table_and_picture_of_the_page_is_a_file() {
        for report in [sample(), grid()] {
            let page = render(&report, &[]).into_string();
            let parts = Parts::new(&report);
            let figures: Vec<String> = parts.figures(&report).into_iter().map(|figure| figure.name).collect();
            let sheets: Vec<String> = parts.sheets(&report).into_iter().map(|sheet| sheet.name).collect();
            for link in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let (folder, file) = link.split_once('/').unwrap();
                let name = file.split('.').next().unwrap().to_owned();
                assert!(if folder == "tables" { &sheets } else { &figures }.contains(&name), "{link}");
            }
            assert_eq!(figures.iter().collect::<std::collections::BTreeSet<_>>().len(), figures.len());
        }
    }
}
