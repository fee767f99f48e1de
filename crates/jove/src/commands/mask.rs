//! `jove mask`: shows and counts what masking does to the text of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use jove_core::{AnnotatedText, Progress, Purpose, TokenizedText};
use jove_experiment::{Coverage, MaskSource};
use jove_files::{Kind, check_apart, check_output, is_standard_output};
use jove_linker::unlinked_names;
use jove_masking::html::{Masked, page};
use jove_masking::{MaskPlan, MaskStats, MaskedUnit, plan_with};
use serde::Serialize;

use crate::commands::card::card;
use crate::commands::link::write_page;
use crate::context::{Context, Outcome};

/// Unlinked names that are reported, the most frequent first.
const UNLINKED_MAX: usize = 20;

/// Arguments of `jove mask`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Write an HTML page of masked texts, as training would mask them.
    Preview {
        #[command(flatten)]
        source: Source,
        /// The page to write.
        #[arg(long, default_value = "masks.html")]
        html: PathBuf,
        /// The number of texts to show: your own, none made from facts, at random, those with links first.
        #[arg(long, default_value_t = 100)]
        texts: usize,
    },
    /// Print the mask rate, the shares and lengths of units, and how much of the graph the text mentions.
    Stats {
        #[command(flatten)]
        source: Source,
    },
}

#[derive(clap::Args)]
struct Source {
    /// The run file, such as `experiments/quickstart.toml`; its stages up to the vocabulary are run where they are not finished.
    file: PathBuf,
    /// Override a key of the run file, such as `data.root=/data`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The variant. Default: the first one that masks entities.
    #[arg(long)]
    variant: Option<String>,
    /// The epoch, counted from 0.
    #[arg(long, default_value_t = 0)]
    epoch: u64,
}

/// Runs the command.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    match &args.action {
        Action::Preview { source, html, texts } => preview(source, html, *texts, context)?,
        Action::Stats { source } => count(source, context)?,
    }
    Ok(Outcome::Done)
}

impl Source {
    fn open(&self, context: &Context) -> anyhow::Result<MaskSource> {
        Ok(Context::load(&self.file, &self.set)?.masks(self.variant.as_deref(), context.progress())?)
    }

    /// Plans the masks of the chosen texts, or of all, in the order of their numbers, each as training draws it where it is not
    /// cut for length.
    fn each(
        &self,
        masks: &MaskSource,
        chosen: Option<&BTreeSet<usize>>,
        context: &Context,
        mut visit: impl FnMut(&AnnotatedText, &TokenizedText, MaskPlan) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let reader = masks.texts()?;
        let count = chosen.map_or(reader.len(), BTreeSet::len);
        context.progress().begin("mask", Some(count as u64), "texts");
        let chosen = |number: &usize| chosen.is_none_or(|chosen| chosen.contains(number));
        for (example, text) in (0..).zip(reader).filter(|(number, _)| chosen(number)) {
            anyhow::ensure!(!context.progress().cancelled(), "interrupted");
            let text = text?;
            let tokens = masks.tokenizer.encode(&text)?;
            let mut rng = masks.seed.rng(Purpose::Mask, self.epoch, example as u64);
            let specials = masks.tokenizer.specials();
            let mask = plan_with(&tokens, &masks.masking, &specials, &masks.replacements, &mut rng)?;
            visit(&text, &tokens, mask)?;
            context.progress().advance(1);
        }
        context.progress().end();
        Ok(())
    }
}

fn preview(source: &Source, html: &std::path::Path, texts: usize, context: &Context) -> anyhow::Result<()> {
    check_apart(html, [source.file.as_path()]).with_context(|| html.display().to_string())?;
    check_output(html, Kind::HTML).with_context(|| html.display().to_string())?;
    let masks = source.open(context)?;
    let mut shown = Vec::new();
    let order: Vec<usize> = masks.own_texts()?.into_iter().take(texts).collect();
    let chosen: BTreeSet<usize> = order.iter().copied().collect();
    source.each(&masks, Some(&chosen), context, |text, tokens, mask| {
        let inputs: Vec<String> =
            mask.targets.iter().map(|target| masks.tokenizer.piece(target.input).unwrap_or_default()).collect();
        let cards: Vec<String> = mask.units.iter().map(|unit| unit_card(&masks, text, tokens, unit)).collect();
        shown.push((text.clone(), masks.tokenizer.encode_text(&text.text)?, mask, inputs, cards));
        Ok(())
    })?;
    let mut shown: BTreeMap<usize, _> = chosen.into_iter().zip(shown).collect();
    let shown: Vec<_> = order.iter().filter_map(|number| shown.remove(number)).collect();
    let pieces: Vec<Vec<&str>> = shown.iter().map(|(text, encoding, ..)| encoding.slices(&text.text)).collect();
    let rows =
        shown.iter().zip(&pieces).map(|((_, _, plan, inputs, cards), pieces)| Masked { pieces, plan, inputs, cards });
    let file = source.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let title = format!("Masks of {} in epoch {}, {file}", masks.variant, source.epoch);
    write_page(html, &page(&title, rows))?;
    if is_standard_output(html) { Ok(()) } else { context.print(html.display()) }
}

/// The card of a unit: what it names, how sure the linker was, and what the graph says of it.
fn unit_card(masks: &MaskSource, text: &AnnotatedText, tokens: &TokenizedText, unit: &MaskedUnit) -> String {
    let Some(entity) = unit.entity else { return String::new() };
    let card = card(&masks.kb, entity, text.lang);
    // A mention that no piece was left for is not among the tokens: the two lists are walked by entity.
    let nth = tokens.mentions.iter().filter(|(_, other)| *other == entity).position(|(span, _)| *span == unit.span);
    let mention = text.mentions.iter().filter(|mention| mention.entity == entity).nth(nth.unwrap_or(0));
    let score = mention.map_or(0.0, |mention| mention.score);
    let lines = [format!("{} {}", card.label, card.key), card.description, card.types.join(", ")];
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    lines.chain([format!("score {score:.2}")]).collect::<Vec<_>>().join("\n")
}

/// Counts of the masks of a run.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct MaskReport {
    variant: String,
    budget: f64,
    rate: f64,
    counts: MaskStats,
    coverage: jove_experiment::Covered,
    unlinked: Vec<(String, u64)>,
}

fn count(source: &Source, context: &Context) -> anyhow::Result<()> {
    let masks = source.open(context)?;
    let specials = masks.tokenizer.specials();
    let mut counts = MaskStats::default();
    let mut coverage = Coverage::new(&masks.kb)?;
    let mut unlinked: BTreeMap<String, u64> = BTreeMap::new();
    source.each(&masks, None, context, |text, tokens, mask| {
        counts.add(tokens, &mask, &specials);
        coverage.add(text);
        for span in unlinked_names(text) {
            *unlinked.entry(text.text[span.range()].to_owned()).or_default() += 1;
        }
        Ok(())
    })?;
    let mut unlinked: Vec<(String, u64)> = unlinked.into_iter().collect();
    unlinked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    unlinked.truncate(UNLINKED_MAX);
    let (budget, rate) = (masks.masking.budget, counts.rate());
    let report = MaskReport { variant: masks.variant, budget, rate, counts, coverage: coverage.covered(), unlinked };
    if context.json() { context.print_json(&report) } else { context.print(table(&report)) }
}

fn table(report: &MaskReport) -> String {
    let counts = &report.counts;
    let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    let mut lines = vec![format!(
        "{}: {:.2}% of {} tokens in {} texts are targets, the mask rate is set to {:.2}%; {} texts have none",
        report.variant,
        100.0 * report.rate,
        counts.tokens,
        counts.texts,
        100.0 * report.budget,
        counts.texts_without_target
    )];
    lines.push(format!("{:<8}{:>10}{:>10}{:>9}  {}", "unit", "units", "targets", "share", "units by length in tokens"));
    for (kind, lengths) in &counts.lengths {
        let targets = counts.targets_by_kind.get(kind).copied().unwrap_or(0);
        let units: u64 = lengths.values().sum();
        let lengths: Vec<String> = lengths.iter().map(|(length, units)| format!("{length}:{units}")).collect();
        let share = share(targets, counts.targets);
        lines.push(format!("{kind:<8}{units:>10}{targets:>10}{share:>8.1}%  {}", lengths.join(" ")));
    }
    let actions =
        counts.targets_by_action.iter().map(|(action, n)| format!("{action} {:.1}%", share(*n, counts.targets)));
    lines.push(format!("the model sees: {}", actions.collect::<Vec<_>>().join(", ")));
    lines.push(format!("mentions: {}, of which masked {}", counts.mentions, counts.mentions_masked));
    let graph = report.coverage;
    for (what, part, whole) in [
        ("entities linked", graph.entities_linked, graph.entities),
        ("facts with both ends in one text", graph.facts_told, graph.facts),
        ("relations with such a fact", graph.relations_told, graph.relations),
    ] {
        lines.push(format!("{what}: {part} of {whole}, {:.1}%", share(part, whole)));
    }
    let names = report.unlinked.iter().map(|(name, times)| format!("{name} {times}"));
    lines.push(format!("names that nothing was linked to: {}", names.collect::<Vec<_>>().join(", ")));
    lines.join("\n")
}
