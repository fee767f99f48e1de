//! The report of a run: one self-contained HTML page without network access, and its tables and pictures as files.

mod answered;
mod answers;
mod axis;
pub(crate) mod content;
mod curve;
mod curves;
mod dots;
mod effect_plot;
mod figure;
mod headline;
mod page;
mod sections;
mod sheet;
mod style;
mod table;
mod words;

use std::path::Path;

pub use content::{InputNote, Piece, Preview, Report, TextNote, VariantNote};
pub use table::markdown;
pub(crate) use words::count;

use jove_files::{Kind, Output};

use crate::error::{Error, Result};

impl Report {
    /// Writes `report.html`, `results.json`, `table.md`, `results.csv` and `effects.csv` into `folder`, every table of the page as
    /// CSV and LaTeX into its folder `tables`, and every picture as SVG into `figures`.
    ///
    /// # Errors
    /// When a file cannot be written; each is replaced atomically, and only where it is an earlier one of its kind.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self).expect("a report is plain data");
        let effects = table::csv(self.effects().into_iter().chain(self.contrasts()));
        let write = |name: &str, kind: Kind, text: &str| {
            let path = folder.join(name);
            Output::write(&path, kind, text.as_bytes()).map_err(|source| Error::io("write", &path, source))
        };
        write("results.json", RESULTS, &json)?;
        write("table.md", TABLE, &markdown(self))?;
        write("results.csv", RESULTS_CSV, &table::results_csv(&self.results))?;
        write("effects.csv", EFFECTS_CSV, &effects)?;
        let parts = page::Parts::new(self);
        for folder in ["tables", "figures"].map(|name| folder.join(name)) {
            std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
        }
        for sheet in parts.sheets(self) {
            write(&format!("tables/{}.csv", sheet.name), SHEET, &sheet.csv())?;
            write(&format!("tables/{}.tex", sheet.name), LATEX, &sheet.latex())?;
        }
        for figure in parts.figures(self) {
            write(&format!("figures/{}.svg", figure.name), SVG, &figure.file())?;
        }
        write("report.html", Kind::HTML, &page::render(self, &answered::answered(folder)?).into_string())
    }
}

const SHEET: Kind = Kind::new("a table of a run", |head| {
    // The mark before it is left out here.
    [&b"measure,"[..], b"variant,", b"variants,"].iter().any(|first| head.starts_with(first))
});
const LATEX: Kind = Kind::new("a LaTeX table of a run", |head| head.starts_with(b"% needs "));
const SVG: Kind = Kind::new("a picture in SVG", |head| head.starts_with(b"<svg "));

const RESULTS: Kind = Kind::new("results of a run", |head| head.starts_with(b"{"));
const TABLE: Kind = Kind::new("a table of a run", |head| head.starts_with(b"| probe | items | chance |"));
const RESULTS_CSV: Kind = Kind::new("results of a run", |head| head.starts_with(b"variant,seed,tokens,"));
const EFFECTS_CSV: Kind = Kind::new("effects of a run", |head| head.starts_with(b"variant,base,probe,"));

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::report::content::{InputNote, Piece, Preview, TextNote, VariantNote};
    use crate::results::{ArmResult, CurvePoint, Measure};

    fn arm(variant: &str, seed: u64, cloze: f64) -> ArmResult {
        let measure = |probe: &str, name: &str, value, higher| Measure {
            probe: probe.into(),
            measure: name.into(),
            value,
            chance: Some(0.01),
            items: 120,
            higher_is_better: higher,
            ..Measure::default()
        };
        let curve = (0..20u32).map(|step| CurvePoint {
            tokens: u64::from(step) * 4000,
            loss: 8.0 * (-f64::from(step) / 9.0).exp() + 2.0,
        });
        ArmResult {
            variant: variant.into(),
            seed,
            parameters: 1_234_567,
            tokens: 80_000,
            seconds: 12.5,
            memory_mib: Some(123.4),
            curve: curve.collect(),
            measures: vec![
                measure("entity cloze", "R@1", cloze, true),
                measure("pseudo-perplexity", "nats", 2.0, false),
            ],
        }
    }

    pub(crate) fn sample() -> Report {
        let variant = |name: &str, summary: &str| VariantNote { name: name.into(), summary: summary.into() };
        Report {
            name: "sample <b>".into(),
            description: "A page for tests & eyes.".into(),
            variants: vec![variant("pd", "whole words"), variant("kg", "entities"), variant("ml", "pairs")],
            results: vec![
                arm("pd", 1, 0.2),
                arm("pd", 2, 0.25),
                arm("kg", 1, 0.5),
                arm("kg", 2, 0.55),
                arm("ml", 1, 0.21),
                arm("ml", 2, 0.2),
            ],
            resampled: Vec::new(),
            inputs: vec![InputNote { label: "entities".into(), value: "900".into(), note: "5 types".into() }],
            texts: vec![TextNote {
                variants: vec!["pd".into()],
                graph: "no links, no sentences of the graph".into(),
                own: 3762,
                own_tokens: 80_123,
                sentences: 0,
                sentence_tokens: 0,
                true_sentences: 0,
                links: 0,
                named_share: None,
                budget: 1_200_000,
            }],
            previews: vec![Preview {
                variant: "kg".into(),
                pieces: vec![
                    Piece {
                        text: "法国".into(),
                        masked_as: Some("entity".into()),
                        replaced_by: Some("德国".into()),
                        linked: true,
                    },
                    Piece { text: "的首都是".into(), masked_as: None, replaced_by: None, linked: false },
                    Piece { text: "巴黎 <>".into(), masked_as: None, replaced_by: None, linked: true },
                ],
            }],
            warnings: vec![("train-kg-1".into(), "the loss <b> was 2 in each of 100 steps".into())],
            primary: Vec::new(),
            code: "0123456789ab".into(),
            settings: "name = \"sample\"".into(),
            stages: vec![("kb".into(), "0123456789abcdef".into())],
        }
    }

    /// Eight arms under five seeds, with controls.
    pub(crate) fn grid() -> Report {
        let names = ["pd", "kg", "ml", "pd-words", "pd+masks", "pd+entity", "kg-graph-shuffled", "kg-text-only"];
        let variants = names.map(|name| VariantNote { name: name.into(), summary: "what it adds".into() }).to_vec();
        let cloze = |index: usize, seed: u32| 0.2 + 0.01 * index as f64 + 0.003 * f64::from(seed * seed % 7);
        let arms = names.iter().enumerate().flat_map(|(index, name)| {
            (1..=5u32).map(move |seed| arm(name, u64::from(seed), cloze(index, seed + index as u32)))
        });
        Report { variants, results: arms.collect(), primary: vec!["entity cloze, R@1".into()], ..sample() }
    }

    #[test]
    fn a_report_comes_back_from_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        sample().write(folder.path()).unwrap();
        assert_eq!(Report::read(folder.path()).unwrap(), sample());
        assert!(Report::read(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_report_replaces_an_earlier_one_and_nothing_else() {
        for name in [
            "results.json",
            "table.md",
            "results.csv",
            "effects.csv",
            "report.html",
            "tables/results.csv",
            "tables/effects.tex",
            "figures/learning-curves.svg",
        ] {
            let folder = tempfile::tempdir().unwrap();
            grid().write(folder.path()).unwrap();
            grid().write(folder.path()).unwrap();
            let own = folder.path().join(name);
            std::fs::write(&own, "own notes, 笔记").unwrap();
            let error = grid().write(folder.path()).unwrap_err();
            assert!(format!("{error:?}").contains("not replaced"), "{name}: {error:?}");
            assert_eq!(std::fs::read_to_string(&own).unwrap(), "own notes, 笔记");
        }
    }

    #[test]
    fn a_browser_finds_nothing_wrong_with_the_page() {
        let folder = tempfile::tempdir().unwrap();
        for (report, name) in [(sample(), "run"), (grid(), "grid")] {
            let page = folder.path().join(format!("{name}.html"));
            std::fs::write(&page, page::render(&report, &[]).into_string()).unwrap();
            for width in [1280, 500] {
                let Some(faults) = jove_browser::faults(&page, width) else { return };
                assert!(faults.is_empty(), "{name} at {width}: {faults:?}");
            }
        }
    }

    #[test]
    fn the_page_needs_nothing_from_outside_and_escapes_what_it_is_given() {
        let html = page::render(&sample(), &[]).into_string();
        assert!(html.contains("sample &lt;b&gt;") && html.contains("巴黎 &lt;&gt;"));
        assert!(html.contains("train-kg-1</b>: the loss &lt;b&gt; was 2"), "warnings stand on the page");
        for forbidden in ["<script", "<link", "http-equiv", "url(", "@import", "src=\"http", "href=\"http"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
}
