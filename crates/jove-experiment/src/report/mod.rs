//! The page at the end of a run: one self-contained HTML file, no script, no network.

mod curve;
mod effects_section;
mod forest;
mod page;
mod plot;
mod style;
mod table;
mod words;

use std::io::Write;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

pub use table::markdown;
pub(crate) use words::count;

use crate::effects::{Effect, contrasts, effects};
use crate::results::{ArmResult, Row, compare};
use crate::{Error, Result};

/// All that the report shows; kept as `results.json` beside it, so that `jove report` can draw it anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The experiment's name.
    pub name: String,
    /// What it is about, in the run file's own words.
    pub description: String,
    /// The variants, in the order of the run file; the first is what the others are compared to.
    pub variants: Vec<VariantNote>,
    /// What they achieved.
    pub results: Vec<ArmResult>,
    /// What went in, from the graph to the tokens.
    pub inputs: Vec<InputNote>,
    /// Sentences as the variants see them.
    pub previews: Vec<Preview>,
    /// The measures that the experiment is about; none where all count the same.
    #[serde(default)]
    pub primary: Vec<String>,
    /// The digest of the program's code.
    #[serde(default)]
    pub code: String,
    /// The resolved run file.
    pub settings: String,
    /// Finished stages and their keys.
    pub stages: Vec<(String, String)>,
}

/// A variant and what it adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantNote {
    /// Its name in the run file.
    pub name: String,
    /// What it trains on, in a line.
    pub summary: String,
}

/// One number about what went in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputNote {
    /// What is counted.
    pub label: String,
    /// How many.
    pub value: String,
    /// A remark.
    pub note: String,
}

/// One sentence as a variant sees it in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The variant.
    pub variant: String,
    /// The sentence, cut into pieces of text.
    pub pieces: Vec<Piece>,
}

/// A piece of a previewed sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The original text.
    pub text: String,
    /// The kind of unit it was masked as, if it was.
    pub masked_as: Option<String>,
    /// Whether it lies in a linked mention.
    pub linked: bool,
}

impl Report {
    /// The comparison, a row for each measure.
    pub fn rows(&self) -> Vec<Row> {
        compare(&self.names(), &self.results)
    }

    fn names(&self) -> Vec<String> {
        self.variants.iter().map(|variant| variant.name.clone()).collect()
    }

    /// What each variant but the first changed, paired by seed; none below three seeds.
    pub fn effects(&self) -> Vec<Effect> {
        effects(&self.names(), &self.rows(), &self.primary)
    }

    /// Whether it is the graph: arms beside their controls; none below three seeds.
    pub fn contrasts(&self) -> Vec<Effect> {
        contrasts(&self.names(), &self.results, &self.primary)
    }

    /// Writes `report.html`, `results.json`, `table.md`, `results.csv` and `effects.csv` into `folder`.
    ///
    /// # Errors
    /// When a file cannot be written; each file is replaced whole or not at all.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self).expect("a report is plain data");
        write_file(&folder.join("results.json"), &json)?;
        write_file(&folder.join("table.md"), &markdown(self))?;
        write_file(&folder.join("results.csv"), &table::results_csv(&self.results))?;
        write_file(&folder.join("effects.csv"), &table::csv(self.effects().into_iter().chain(self.contrasts())))?;
        write_file(&folder.join("report.html"), &page::render(self).into_string())
    }

    /// Reads `results.json` of a finished run.
    ///
    /// # Errors
    /// When the file is missing or is not a report.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("results.json");
        let text = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
        serde_json::from_str(&text).map_err(|error| Error::Data {
            what: format!("{}: {error}", path.display()),
            hint: "run the experiment again; finished stages are skipped".to_owned(),
        })
    }
}

/// Replaces a file whole, or not at all.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<()> {
    write_bytes(path, text.as_bytes())
}

/// [`write_file`] for what is no text.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|source| Error::io("write", path, source))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::results::{CurvePoint, Measure};

    fn arm(variant: &str, seed: u64, cloze: f64) -> ArmResult {
        let measure = |probe: &str, name: &str, value, higher| Measure {
            probe: probe.into(),
            measure: name.into(),
            value,
            chance: Some(0.01),
            items: 120,
            higher_is_better: higher,
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
            inputs: vec![InputNote { label: "entities".into(), value: "900".into(), note: "5 types".into() }],
            previews: vec![Preview {
                variant: "kg".into(),
                pieces: vec![
                    Piece { text: "法国".into(), masked_as: Some("entity".into()), linked: true },
                    Piece { text: "的首都是".into(), masked_as: None, linked: false },
                    Piece { text: "巴黎 <>".into(), masked_as: None, linked: true },
                ],
            }],
            primary: Vec::new(),
            code: "0123456789ab".into(),
            settings: "name = \"sample\"".into(),
            stages: vec![("kb".into(), "0123456789abcdef".into())],
        }
    }

    /// Eight arms under five seeds, with controls.
    pub(crate) fn grid() -> Report {
        let names = ["pd", "kg", "ml", "pd-words", "pd+masks", "pd+entity", "kg-graph-shuffled", "kg-graph-off"];
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
    fn a_browser_finds_nothing_wrong_with_the_page() {
        let folder = tempfile::tempdir().unwrap();
        for (report, name) in [(sample(), "run"), (grid(), "grid")] {
            let page = folder.path().join(format!("{name}.html"));
            std::fs::write(&page, page::render(&report).into_string()).unwrap();
            for width in [1280, 600] {
                let Some(faults) = jove_browser::faults(&page, width) else { return };
                assert!(faults.is_empty(), "{name} at {width}: {faults:?}");
            }
        }
    }

    #[test]
    fn the_page_needs_nothing_from_outside_and_escapes_what_it_is_given() {
        let html = page::render(&sample()).into_string();
        assert!(html.contains("sample &lt;b&gt;") && html.contains("巴黎 &lt;&gt;"));
        for forbidden in ["<script", "<link", "http-equiv", "url(", "@import", "src=\"http"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
}
