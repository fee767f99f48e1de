//! The stages of an experiment in their order, and what comes out.

use std::path::PathBuf;

use jove_core::{Layout, Progress};
use serde::Serialize;

use crate::cache::{CODE, Stage};
use crate::report::{self, InputNote, Preview, Report, VariantNote};
use crate::results::ArmResult;
use crate::run::{Run, Variant};
use crate::run_file::Graph;
use crate::stage::{
    StageContext, annotate, control, kb, leak, preview, probe, read_json, shards, text, tokenizer, train,
};
use crate::{Error, Result, tensorboard};

/// What a finished experiment hands back.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The report page.
    pub report: PathBuf,
    /// The comparison as Markdown.
    #[serde(skip)]
    pub table: String,
    /// What every variant achieved under every seed.
    pub results: Vec<ArmResult>,
}

/// What training wrote as it went, in its stage.
const METRICS: &str = "metrics.jsonl";

/// The finished stages that all variants share.
pub(crate) struct Prepared {
    pub(crate) base: Stage,
    pub(crate) text: Stage,
    pub(crate) annotated: Stage,
    cuts: Vec<TokenizedCorpus>,
}

/// The vocabulary of a layout, and the text, with the links that a graph gives it, cut by it.
pub(crate) struct TokenizedCorpus {
    layout: Layout,
    graph: Graph,
    pub(crate) annotated: Stage,
    pub(crate) vocabulary: Stage,
    pub(crate) shards: Stage,
}

impl Prepared {
    /// What a variant learns from.
    pub(crate) fn cut(&self, variant: &Variant) -> &TokenizedCorpus {
        self.find(variant.layout, variant.graph)
    }

    /// What a variant is asked about: the true graph, also where it learnt from a control.
    pub(crate) fn asked(&self, variant: &Variant) -> &TokenizedCorpus {
        self.find(variant.layout, Graph::Full)
    }

    fn find(&self, layout: Layout, graph: Graph) -> &TokenizedCorpus {
        let found = self.cuts.iter().find(|cut| (cut.layout, cut.graph) == (layout, graph));
        found.expect("every variant's text was prepared")
    }
}

impl Run {
    /// Runs every stage that is not finished yet, and writes the report.
    ///
    /// # Errors
    /// When a stage fails; finished stages stay. When the user asked to stop; the next call goes on from there.
    pub fn execute(&self, progress: &dyn Progress) -> Result<Outcome> {
        let cache = self.cache();
        let work = StageContext::new(self, &cache, progress)?;
        let folder = self.results();
        std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
        report::write_file(&folder.join("run.toml"), self.resolved())?;

        let prepared = prepare(&work)?;
        let mut results = Vec::new();
        let mut stages = stage_notes(&prepared);
        for &seed in &self.file.seeds {
            for variant in &self.variants {
                let trained = train::train(&work, variant, seed, &prepared)?;
                let probed = probe::probe(&work, variant, seed, &trained, &prepared)?;
                stages.push((format!("train {} {seed}", variant.name), trained.key.as_str().to_owned()));
                results.push(arm(variant, seed, &trained, &probed)?);
                let (events, name) = (folder.join("tensorboard"), format!("{}-{seed}", variant.name));
                tensorboard::write(&events, &name, &trained.file(METRICS))?;
            }
        }

        let report = self.report(&prepared, results, stages)?;
        report.write(&folder)?;
        Ok(Outcome { report: folder.join("report.html"), table: report::markdown(&report), results: report.results })
    }

    fn report(&self, prepared: &Prepared, results: Vec<ArmResult>, stages: Vec<(String, String)>) -> Result<Report> {
        let variants = self.variants.iter();
        Ok(Report {
            name: self.file.name.clone(),
            description: self.file.description.clone(),
            variants: variants.map(|v| VariantNote { name: v.name.clone(), summary: v.summary.clone() }).collect(),
            results,
            inputs: inputs(prepared)?,
            previews: self.previews(prepared)?,
            primary: self.file.ablation.as_ref().map_or_else(Vec::new, |ablation| ablation.primary.clone()),
            code: CODE.to_owned(),
            settings: self.resolved().to_owned(),
            stages,
        })
    }

    fn previews(&self, prepared: &Prepared) -> Result<Vec<Preview>> {
        let mut previews = Vec::new();
        for variant in &self.variants {
            previews.extend(preview::previews(variant, prepared.cut(variant), &prepared.annotated)?);
        }
        Ok(previews)
    }
}

/// Everything up to the tokens.
pub(crate) fn prepare(work: &StageContext<'_>) -> Result<Prepared> {
    let base = kb::build_kb(work)?;
    let text = text::gather(work, &base)?;
    let annotated = annotate::annotate(work, &base, &text)?;
    let mut cuts: Vec<TokenizedCorpus> = Vec::new();
    for variant in &work.run.variants {
        for graph in [Graph::Full, variant.graph] {
            let layout = variant.layout;
            if cuts.iter().all(|cut| (cut.layout, cut.graph) != (layout, graph)) {
                let vocabulary = tokenizer::tokenizer(work, layout, &annotated)?;
                let linked = control::control(work, graph, &annotated)?;
                let shards = shards::shards(work, layout, &vocabulary, &linked, &annotated)?;
                cuts.push(TokenizedCorpus { layout, graph, annotated: linked, vocabulary, shards });
            }
        }
    }
    leak::check(work, &base, &text, &annotated)?;
    Ok(Prepared { base, text, annotated, cuts })
}

fn arm(variant: &Variant, seed: u64, trained: &Stage, probed: &Stage) -> Result<ArmResult> {
    let summary: train::Summary = read_json(trained, train::SUMMARY)?;
    Ok(ArmResult {
        variant: variant.name.clone(),
        seed,
        parameters: summary.parameters,
        tokens: summary.tokens,
        seconds: summary.seconds,
        memory_mib: summary.memory_mib,
        curve: summary.curve,
        measures: read_json(probed, probe::MEASURES)?,
    })
}

fn stage_notes(prepared: &Prepared) -> Vec<(String, String)> {
    let note = |name: &str, stage: &Stage| (name.to_owned(), stage.key.as_str().to_owned());
    let mut notes =
        vec![note("kb", &prepared.base), note("text", &prepared.text), note("annotate", &prepared.annotated)];
    for cut in &prepared.cuts {
        notes.push(note(&format!("tokenizer {}", cut.layout), &cut.vocabulary));
        notes.push(note(&format!("shards {}", cut.layout), &cut.shards));
    }
    notes
}

/// The numbers under "what went in".
fn inputs(prepared: &Prepared) -> Result<Vec<InputNote>> {
    let kb = kb::open(&prepared.base)?;
    let text: text::Summary = read_json(&prepared.text, text::SUMMARY)?;
    let linked: annotate::Summary = read_json(&prepared.annotated, annotate::SUMMARY)?;
    let note = |label: &str, value: u64, note: String| InputNote {
        label: label.to_owned(),
        value: report::count(value),
        note,
    };
    let entities = kb.entity_count()?;
    let mut notes = vec![
        note("entities", entities, format!("names in {} languages", kb.languages()?.len())),
        note(
            "facts",
            kb.fact_count()?,
            format!("{} sentences of held-out facts", report::count(text.held_out_sentences)),
        ),
        note(
            "training texts",
            linked.texts,
            format!("{} withheld: they tell held-out facts", report::count(linked.withheld)),
        ),
        note(
            "links",
            linked.links,
            format!(
                "{:.2} a text, {:.0}% of all entities",
                linked.links as f64 / linked.texts.max(1) as f64,
                100.0 * linked.entities as f64 / entities.max(1) as f64
            ),
        ),
        note("translation pairs", text.pairs, format!("{} more for the probe", report::count(text.probe_pairs))),
    ];
    for cut in &prepared.cuts {
        let summary: shards::Summary = read_json(&cut.shards, shards::SUMMARY)?;
        let layout = match cut.layout {
            Layout::Bert => "tokens, BERT layout",
            Layout::XlmRoberta => "tokens, XLM-R layout",
        };
        let unknown = 100.0 * summary.unknown as f64 / summary.tokens.max(1) as f64;
        notes.push(note(layout, summary.tokens, format!("{unknown:.2}% unknown")));
    }
    Ok(notes)
}
