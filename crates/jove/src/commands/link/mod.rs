//! `jove link`: finds the names of a base in text.

mod args;
mod names;
mod source;
mod work;

use std::path::Path;

use anyhow::Context as _;
use jove_core::{AnnotatedText, Lang, printable_json};
use jove_files::{Kind, Output, check_output, is_standard_output};
use jove_kb::Kb;
use jove_linker::html::{Linked, page};
use jove_linker::{Annotator, EntityLinkingOptions, ScoredMention, TaggerOptions};
use rayon::prelude::*;

pub(crate) use self::args::Args;
use self::names::Names;
use self::source::Source;
use self::work::{Counts, link};
use crate::commands::card::card;
use crate::context::{Context, Outcome};

/// Links every line, and prints the counts.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    args.check_apart()?;
    if let Some(path) = &args.html {
        check_output(path, Kind::HTML).with_context(|| path.display().to_string())?;
    }
    let kb = Kb::open(&args.kb)?;
    let mut options = EntityLinkingOptions::default();
    options.score_min = args.score_min.unwrap_or(options.score_min);
    let source = Source::open(args)?;
    let corpus: Vec<(&str, Lang)> = source.sample().iter().map(|line| (line.as_str(), args.lang_of(line))).collect();
    let annotator = jove_experiment::annotator(&kb, &options, &TaggerOptions::default(), &corpus)?;
    let (counts, shown) = link(args, source.texts()?, Names::new(&kb, &annotator), context)?;
    if let Some(path) = &args.html {
        let lang = args.lang.or_else(|| shown.first().map(|text| text.lang)).unwrap_or(Lang::EN);
        write_page(path, &draw(&title(args), &kb, &annotator, &shown, lang))?;
    }
    report(args, &counts, &kb, &annotator, context)?;
    Ok(Outcome::Done)
}

fn report(args: &Args, counts: &Counts, kb: &Kb, annotator: &Annotator, context: &Context) -> anyhow::Result<()> {
    let aside = args.takes_standard_output();
    let report = annotator.linker.report();
    let Counts { texts, linked, mentions, bad, .. } = counts;
    if context.json() {
        let counts = serde_json::json!({
            "texts": texts, "linked": linked, "mentions": mentions, "languages": counts.languages, "bad": bad,
            "linker": report,
        });
        return context.print_beside(aside, printable_json(&counts.to_string()));
    }
    context.print_beside(aside, format!("{mentions} mentions in {linked} of {texts} texts"))?;
    if args.lang.is_none() {
        context.print_beside(aside, format!("languages found: {}", counts.languages_shown()))?;
    }
    for problem in &counts.problems {
        context.print_beside(aside, format!("bad row: {problem}"))?;
    }
    if let Some(path) = args.reject_file.as_ref().filter(|_| *bad > 0) {
        context.print_beside(aside, format!("{bad} bad rows are kept in {}", path.display()))?;
    }
    let megabytes = (report.engine_bytes + report.table_bytes) >> 20;
    let (names, entities, stopped) = (report.aliases, kb.entity_count()?, report.refused);
    context.print_beside(
        aside,
        format!("{names} names of {entities} entities, {megabytes} MiB; {stopped} of the names are common words here"),
    )
}

/// Writes a page that appears whole or not at all.
pub(crate) fn write_page(path: &Path, text: &str) -> anyhow::Result<()> {
    Output::write(path, Kind::HTML, text.as_bytes()).with_context(|| path.display().to_string())
}

/// Which files a page is about.
fn title(args: &Args) -> String {
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    format!(
        "Links of {} to {}",
        if is_standard_output(&args.input) { "standard input".to_owned() } else { name(&args.input) },
        name(&args.kb)
    )
}

fn draw(title: &str, kb: &Kb, annotator: &Annotator, texts: &[AnnotatedText], lang: Lang) -> String {
    let explain = |text: &AnnotatedText| {
        annotator.linker.explain(&text.text, text.lang, Some(&annotator.tagger.segments(&text.text, text.lang)))
    };
    let scored: Vec<Vec<ScoredMention>> = texts.par_iter().map(explain).collect();
    let rows =
        texts.iter().zip(&scored).map(|(text, scored)| Linked { text: &text.text, mentions: &text.mentions, scored });
    page(title, rows, |entity| card(kb, entity, lang))
}
