//! The stages of an experiment in their order, and what comes out.

use std::path::PathBuf;

use jove_core::{Progress, Silent};
use serde::Serialize;

use crate::cache::{CODE, Cache, Stage};
use crate::collected::Collected;
use crate::error::{Error, Result};
use crate::files::{read_json, write_file};
use crate::knowledge::languages::languages;
use crate::prepared::{Prepared, TokenizedCorpus};
use crate::report::content::{InputNote, Preview, Report, TextNote, VariantNote};
use crate::report::{count, markdown};
use crate::results::ArmResult;
use crate::run::Run;
use crate::stage::arm_texts::ArmText;
use crate::stage::{
    StageContext, annotate, arm_texts, control, kb, knowledge, leak, needs, probe, shards, text, tokenizer, train,
};
use crate::variant::{GraphUse, Variant};
use crate::{preview, tensorboard};

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

impl Run {
    /// Runs every stage that is not finished yet, and writes the report.
    ///
    /// # Errors
    /// When a stage fails; finished stages stay. When the user asked to stop; the next call resumes.
    pub fn execute(&self, progress: &dyn Progress) -> Result<Outcome> {
        let cache = self.cache(progress);
        let work = StageContext::new(self, &cache, progress)?;
        let folder = self.results();
        std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
        let resolved = folder.join("run.toml");
        let apart = jove_files::check_apart(&resolved, [self.path.as_path()]);
        apart.map_err(|source| Error::io("write", &resolved, source))?;
        write_file(&resolved, self.resolved())?;

        let prepared = prepare(&work)?;
        let mut collected = Collected::new(&work, &prepared, &folder)?;
        let mut stages = stage_notes(&prepared);
        for &seed in &self.file.seeds {
            for (number, variant) in self.variants.iter().enumerate() {
                let trained = train::train(&work, variant, seed, &prepared)?;
                let probed = probe::probe(&work, variant, seed, &trained, &prepared)?;
                stages.push((format!("train {} {seed}", variant.name), trained.key.as_str().to_owned()));
                collected.add(number, variant, seed, [&trained, &probed])?;
                let (events, name) = (folder.join("tensorboard"), format!("{}-{seed}", variant.name));
                tensorboard::write(&events, &name, &trained.file(METRICS))?;
            }
        }

        let report = self.report(&work, &prepared, collected, stages)?;
        report.write(&folder)?;
        Ok(Outcome { report: folder.join("report.html"), table: markdown(&report), results: report.results })
    }

    fn report(
        &self,
        work: &StageContext<'_>,
        prepared: &Prepared,
        collected: Collected,
        stages: Vec<(String, String)>,
    ) -> Result<Report> {
        let variants = self.variants.iter();
        let (results, resampled) = collected.finish(&self.variants)?;
        Ok(Report {
            name: self.file.name.clone(),
            description: self.file.description.clone(),
            variants: variants.map(|v| VariantNote { name: v.name.clone(), summary: v.summary.clone() }).collect(),
            results,
            resampled,
            inputs: inputs(prepared)?,
            texts: self.texts(prepared)?,
            previews: self.previews(work, prepared)?,
            warnings: self.all_warnings(work),
            primary: self.file.ablation.as_ref().map_or_else(Vec::new, |ablation| ablation.primary.clone()),
            code: CODE.to_owned(),
            settings: self.resolved().to_owned(),
            stages,
        })
    }

    /// The warnings of the run file and of all stages, each with where it comes from.
    fn all_warnings(&self, work: &StageContext<'_>) -> Vec<(String, String)> {
        let own = self.warnings().iter().map(|warning| ("run file".to_owned(), warning.clone()));
        own.chain(work.cache.warnings()).collect()
    }

    /// What the training texts are made of, one for each that some variants share.
    fn texts(&self, prepared: &Prepared) -> Result<Vec<TextNote>> {
        let counted: Vec<ArmText> = read_json(&prepared.arm_texts, arm_texts::SUMMARY)?;
        let note = |text: ArmText| {
            let of = self.variants.iter().filter(|v| (v.layout, v.graph) == (text.layout, text.graph));
            let note = TextNote {
                variants: of.clone().map(|variant| variant.name.clone()).collect(),
                graph: text.graph.words(),
                own: text.own.texts,
                own_tokens: text.own.tokens,
                sentences: text.sentences.texts,
                sentence_tokens: text.sentences.tokens,
                true_sentences: text.true_sentences,
                links: text.links,
                named_share: text.named_share(),
                budget: of.map(Variant::budget).max().unwrap_or_default(),
            };
            (!note.variants.is_empty()).then_some(note)
        };
        Ok(counted.into_iter().filter_map(note).collect())
    }

    fn previews(&self, work: &StageContext<'_>, prepared: &Prepared) -> Result<Vec<Preview>> {
        let mut previews = Vec::new();
        for variant in &self.variants {
            previews.extend(preview::previews(work, variant, prepared)?);
        }
        Ok(previews)
    }
}

/// Everything that arms and probes share: text, links, vocabularies, tokens, the check for leaks, knowledge.
pub(crate) fn prepare(work: &StageContext<'_>) -> Result<Prepared> {
    let base = kb::build_kb(work)?;
    let text = text::gather(work, &base)?;
    let texts: text::Summary = read_json(&text, text::SUMMARY)?;
    let languages = languages(&work.run.file, &texts.languages, &kb::open(&base)?)?;
    let annotated = annotate::annotate(work, &base, &text)?;
    let mut corpora: Vec<TokenizedCorpus> = Vec::new();
    for variant in &work.run.variants {
        for graph in [GraphUse::TRUE, variant.graph] {
            let layout = variant.layout;
            if corpora.iter().all(|corpus| (corpus.layout, corpus.graph) != (layout, graph)) {
                let vocabulary = tokenizer::tokenizer(work, layout, &annotated)?;
                let linked = control::control(work, graph, &base, &text, &annotated)?;
                let shards = shards::shards(work, layout, &vocabulary, &linked, &annotated)?;
                corpora.push(TokenizedCorpus { layout, graph, annotated: linked, vocabulary, shards });
            }
        }
    }
    let arm_texts = arm_texts::arm_texts(work, &base, &text, &corpora)?;
    let prepared = Prepared { base, text, texts, languages, annotated, corpora, arm_texts };
    let written = knowledge::prepare(work, &prepared)?;
    leak::check(work, &prepared, &written)?;
    needs::needs(work, &prepared)?;
    Ok(prepared)
}

/// Asks for every stage of a run, in the order in which they are made: with [`Cache::looking`], to learn which there are.
///
/// # Errors
/// Where a stage cannot be told without the contents of an earlier one that is not there.
pub(crate) fn walk(run: &Run, cache: &Cache<'_>) -> Result<()> {
    let work = StageContext::new(run, cache, &Silent)?;
    let prepared = prepare(&work)?;
    for &seed in &run.file.seeds {
        for variant in &run.variants {
            let trained = train::train(&work, variant, seed, &prepared)?;
            probe::probe(&work, variant, seed, &trained, &prepared)?;
        }
    }
    run.variants.iter().try_for_each(|variant| probe::untrained(&work, variant, &prepared).map(drop))
}

fn stage_notes(prepared: &Prepared) -> Vec<(String, String)> {
    let note = |name: &str, stage: &Stage| (name.to_owned(), stage.key.as_str().to_owned());
    let mut notes =
        vec![note("kb", &prepared.base), note("text", &prepared.text), note("annotate", &prepared.annotated)];
    for corpus in &prepared.corpora {
        let corpus_name = corpus_name(corpus);
        notes.push(note(&format!("tokenizer {corpus_name}"), &corpus.vocabulary));
        notes.push(note(&format!("shards {corpus_name}"), &corpus.shards));
    }
    notes
}

/// Its layout, and what is in it of the graph where that is not the graph as it is.
fn corpus_name(corpus: &TokenizedCorpus) -> String {
    let layout = corpus.layout;
    let words = corpus.graph.words();
    if words.is_empty() { format!("{layout} layout") } else { format!("{layout} layout, {words}") }
}

/// A language's tag; text without one has an empty tag.
fn language_name(lang: &str) -> &str {
    if lang.is_empty() || lang == "und" { "no language" } else { lang }
}

/// The numbers under "what went in".
fn inputs(prepared: &Prepared) -> Result<Vec<InputNote>> {
    let kb = kb::open(&prepared.base)?;
    let text = &prepared.texts;
    let linked: annotate::Summary = read_json(&prepared.annotated, annotate::SUMMARY)?;
    let note = |label: &str, value: u64, note: String| InputNote { label: label.to_owned(), value: count(value), note };
    let entities = kb.entity_count()?;
    let mut notes = vec![
        note("entities", entities, format!("names in {} languages", kb.language_count()?)),
        note("facts", kb.fact_count()?, format!("{} sentences of held-out facts", count(text.held_out_sentences))),
        note(
            "training texts",
            linked.texts,
            format!("{} withheld: they reveal held-out facts", count(linked.withheld)),
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
        note("translation pairs", text.pairs, format!("{} more for the probe", count(text.probe_pairs))),
    ];
    for corpus in &prepared.corpora {
        let summary: shards::Summary = read_json(&corpus.shards, shards::SUMMARY)?;
        let label = format!("tokens, {}", corpus_name(corpus));
        let unknown = 100.0 * summary.unknown as f64 / summary.tokens.max(1) as f64;
        notes.push(note(&label, summary.tokens, format!("{unknown:.2}% unknown")));
        for (lang, known) in summary.languages.iter().filter(|(_, known)| known.unknown > 0) {
            let label = format!("unknown in {}, {}", language_name(lang), corpus_name(corpus));
            let remark = format!("{:.2}% of {} tokens", 100.0 * known.unknown_share(), count(known.tokens));
            notes.push(note(&label, known.unknown, remark));
        }
    }
    Ok(notes)
}
