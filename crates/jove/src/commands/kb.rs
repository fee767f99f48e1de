//! `jove kb`: builds a knowledge base from any knowledge graph, and queries it.

mod show;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use jove_core::{Lang, Seed, printable_json};
use jove_files::{check_apart, is_standard_output, read_text};
use jove_kb::{
    BuildOptions, BuildReport, ExportFormat, Kb, Keys, Level, LintOptions, Patterns, Selection, Sentence, Source,
    VerbalizeOptions, ViewOptions,
};
use serde_json::json;

use crate::context::{Context, Outcome};

/// A file of settings is no larger.
const SETTINGS_BYTES_MAX: u64 = 16 << 20;

/// Nor is a list of words.
const WORDS_BYTES_MAX: u64 = 256 << 20;

/// Arguments of `jove kb`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build a knowledge base from sources.
    #[command(after_long_help = "\
Examples:
  jove kb build --out kb.sqlite --source wikidata:latest-all.json.bz2 --langs zh,en
  jove kb build --out kb.sqlite --source tsv:facts.tsv --roles roles.toml
  jove kb build --out kb.sqlite --config kb.toml")]
    Build(Build),
    /// Count the contents of a knowledge base, and check the file.
    Stats {
        /// The knowledge base.
        kb: PathBuf,
    },
    /// Check a knowledge base for problems that harm training.
    Lint {
        /// The knowledge base.
        kb: PathBuf,
        /// Exit with 1 where a problem of this level or above is found: note, warning or error.
        #[arg(long, default_value = "error")]
        fail_at: Level,
        /// A file of common words, one per line, that are reported where they are names of entities. Default: a short list
        /// of Chinese and English words.
        #[arg(long)]
        common_words: Option<PathBuf>,
    },
    /// Search entities by name or key.
    Search {
        /// The knowledge base.
        kb: PathBuf,
        /// The name or key, or a part of it.
        text: String,
        /// Language of the names shown.
        #[arg(long, default_value = "zh")]
        lang: Lang,
        /// The most entities to show.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show all that is known of an entity: names, types, descriptions, facts, values.
    Show {
        /// The knowledge base.
        kb: PathBuf,
        /// Its key, its number as links have it (#7), or its exact name.
        entity: String,
        /// Language of the names that are suggested where there is no such entity.
        #[arg(long, default_value = "zh")]
        lang: Lang,
        /// The most facts to show in each direction.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show the facts of an entity, given by key or name.
    Neighbors {
        /// The knowledge base.
        kb: PathBuf,
        /// Its key or name.
        entity: String,
        /// Language of the names shown.
        #[arg(long, default_value = "zh")]
        lang: Lang,
        /// The most facts to show in each direction.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Export a knowledge base as text: jsonl, ntriples or tsv.
    Export {
        /// The knowledge base.
        kb: PathBuf,
        /// The format.
        #[arg(long, default_value = "jsonl")]
        format: ExportFormat,
        /// The file to write. Default: standard output.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Write facts as sentences, one JSON object per line.
    Verbalize(Verbalize),
    /// Write an HTML page to explore a knowledge base.
    View {
        /// The knowledge base.
        kb: PathBuf,
        /// The page to write.
        #[arg(long)]
        out: PathBuf,
        /// The entity shown first, by key or name. Default: the one with the most facts.
        #[arg(long)]
        entity: Option<String>,
        /// Language of the names shown.
        #[arg(long, default_value = "zh")]
        lang: Lang,
    },
    /// Migrate a knowledge base of an older version to the current schema.
    Migrate {
        /// The knowledge base.
        kb: PathBuf,
    },
}

#[derive(clap::Args)]
struct Build {
    /// The knowledge base to write.
    #[arg(long)]
    out: PathBuf,
    /// A source as FORMAT:PATH; may be repeated.
    #[arg(long = "source", required_unless_present = "config", value_name = "FORMAT:PATH")]
    sources: Vec<Source>,
    /// A TOML file with all options: sources with licences, roles and columns; the selection.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Update an existing knowledge base: keep its other sources.
    #[arg(long)]
    update: bool,
    /// Languages to keep. Default: all.
    #[arg(long, value_delimiter = ',')]
    langs: Vec<Lang>,
    /// A TOML file that maps attributes to roles, for sources without one.
    #[arg(long)]
    roles: Option<PathBuf>,
    /// The encoding of sources that say none, such as gb18030 or utf-16le. Default: UTF-8.
    #[arg(long)]
    encoding: Option<String>,
    /// The character between the cells of tables that say none. Default: a tab in tsv, a comma in csv.
    #[arg(long)]
    delimiter: Option<String>,
    /// Leave out the first row of tables, which names the columns.
    #[arg(long)]
    header: bool,
    /// Whether keys are names: auto (all but ids such as Q42 or 00260881), names or ids.
    #[arg(long)]
    keys: Option<Keys>,
    /// The IRI that relative IRIs of RDF start from, for sources that say none.
    #[arg(long)]
    base: Option<String>,
    /// Bad rows allowed. Default: 100.
    #[arg(long)]
    max_bad: Option<u64>,
    /// The file for bad rows. Default: OUT.rejects.jsonl.
    #[arg(long)]
    reject_file: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Verbalize {
    /// The knowledge base.
    kb: PathBuf,
    /// Patterns: a TOML file or a folder of them.
    #[arg(long)]
    patterns: PathBuf,
    /// Languages to write in.
    #[arg(long, value_delimiter = ',', default_value = "zh,en")]
    langs: Vec<Lang>,
    /// Share of the facts that are held out from training.
    #[arg(long, default_value_t = 0.1)]
    held_out: f64,
    /// Sentences per fact and language.
    #[arg(long, default_value_t = 3)]
    per_fact: usize,
    /// The random seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs a subcommand.
pub(crate) fn execute(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Build(build) => return execute_build(build, context),
        Command::Stats { kb } => return stats(&Kb::open(&kb)?, context),
        Command::Lint { kb, fail_at, common_words } => {
            return lint(&Kb::open(&kb)?, fail_at, common_words.as_deref(), context);
        }
        Command::Search { kb, text, lang, limit } => search(&Kb::open(&kb)?, &text, lang, limit, context)?,
        Command::Show { kb, entity, lang, limit } => show::show(&Kb::open(&kb)?, &entity, lang, limit, context)?,
        Command::Neighbors { kb, entity, lang, limit } => neighbors(&Kb::open(&kb)?, &entity, lang, limit, context)?,
        Command::Export { kb, format, out } => {
            let out = out.unwrap_or_else(|| "-".into());
            jove_kb::export(&Kb::open(&kb)?, format, &out, context.progress())?;
        }
        Command::Verbalize(verbalize) => execute_verbalize(verbalize, context)?,
        Command::View { kb, out, entity, lang } => {
            let kb = Kb::open(&kb)?;
            let entity = entity.map(|name| kb.find(&name, lang)).transpose()?;
            jove_kb::view(&kb, &ViewOptions { entity, lang, ..ViewOptions::default() }, &out, context.progress())?;
            if !is_standard_output(&out) {
                context.print(out.display())?;
            }
        }
        Command::Migrate { kb } => {
            let from = jove_kb::migrate(&kb)?;
            context.print(format!("schema {from} → {}", jove_kb::SCHEMA_VERSION))?;
        }
    }
    Ok(Outcome::Done)
}

fn execute_build(args: Build, context: &Context) -> anyhow::Result<Outcome> {
    let mut options = match &args.config {
        Some(path) => {
            let text = read_text(path, SETTINGS_BYTES_MAX).with_context(|| path.display().to_string())?;
            toml::from_str(&text).with_context(|| path.display().to_string())?
        }
        None => BuildOptions::default(),
    };
    options.out.clone_from(&args.out);
    options.sources.extend(args.sources.iter().cloned());
    anyhow::ensure!(
        !options.sources.is_empty(),
        "expected at least one source, by --source or in the file of --config"
    );
    options.update |= args.update;
    if !args.langs.is_empty() {
        options.select = Selection { languages: args.langs.clone(), ..options.select };
    }
    for source in &mut options.sources {
        add_options(source, &args);
    }
    Source::name_apart(&mut options.sources);
    options.max_bad = args.max_bad.unwrap_or(options.max_bad);
    options.reject_file = args.reject_file.or(options.reject_file);
    for output in [Some(&options.out), options.reject_file.as_ref()].into_iter().flatten() {
        check_apart(output, args.config.as_deref()).with_context(|| output.display().to_string())?;
    }
    let report = jove_kb::build(&options, context.progress())?;
    let aside = options.reject_file.is_some_and(|path| is_standard_output(&path));
    if context.json() {
        context.print_beside(aside, printable_json(&serde_json::to_string(&report)?))?;
    } else {
        print_report(&report, aside, context)?;
    }
    Ok(Outcome::Done)
}

/// What the command line says of sources that say nothing themselves.
fn add_options(source: &mut Source, args: &Build) {
    source.roles = source.roles.take().or_else(|| args.roles.clone());
    let texts = [
        (&mut source.encoding, &args.encoding),
        (&mut source.base, &args.base),
        (&mut source.columns.delimiter, &args.delimiter),
    ];
    for (own, given) in texts {
        if own.is_empty() {
            *own = given.clone().unwrap_or_default();
        }
    }
    if args.header {
        source.columns.header = source.columns.header.or(Some(true));
    }
    if source.keys == Keys::Auto {
        source.keys = args.keys.unwrap_or_default();
    }
}

fn print_report(report: &BuildReport, aside: bool, context: &Context) -> anyhow::Result<()> {
    let print = |line: String| context.print_beside(aside, line);
    for source in &report.sources {
        print(format!("{}: {} rows, {} facts and literals", source.name, source.rows, source.facts))?;
        for note in &source.notes {
            print(format!("  {note}"))?;
        }
        if source.ids > 0 {
            let examples = source.id_examples.join(", ");
            print(format!(
                "  {} keys look like ids and name nothing (--keys names takes them): {examples}",
                source.ids
            ))?;
        }
        if source.no_names > 0 {
            let examples = source.no_name_examples.join(", ");
            print(format!("  {} texts could not be names and were left out: {examples}", source.no_names))?;
        }
    }
    print(format!(
        "{}: {} entities, {} facts, {} literals, {} names; {} duplicates, {} merged",
        report.out.display(),
        report.entities,
        report.facts,
        report.literals,
        report.names,
        report.duplicates,
        report.merged
    ))?;
    for problem in &report.problems {
        print(format!("bad row: {problem}"))?;
    }
    if let Some(path) = &report.reject_file {
        print(format!("{} bad rows are kept in {}", report.bad, path.display()))?;
    }
    Ok(())
}

fn stats(kb: &Kb, context: &Context) -> anyhow::Result<Outcome> {
    let stats = kb.stats()?;
    if context.json() {
        context.print_json(&stats)?;
    } else {
        for (name, count) in [
            ("entities", stats.entities),
            ("facts", stats.facts),
            ("literals", stats.literals),
            ("names", stats.names),
            ("descriptions", stats.descriptions),
            ("without name", stats.unnamed),
            ("without description", stats.undescribed),
            ("without fact", stats.isolated),
            ("most facts of one", stats.degree_max),
            ("languages", stats.language_count),
        ] {
            context.print(format!("{name:<22}{count:>12}"))?;
        }
        for (title, rows) in [("type", &stats.types), ("relation", &stats.predicates), ("language", &stats.languages)] {
            for (name, count) in rows.iter().take(10) {
                context.print(format!("{title:<10}{name:<40}{count:>10}"))?;
            }
        }
        for source in &stats.sources {
            let licence = if source.licence.is_empty() { "no licence given" } else { source.licence.as_str() };
            context.print(format!("source    {} ({}, {} rows, {licence})", source.name, source.format, source.rows))?;
        }
        context.print(format!("integrity: {}", stats.integrity))?;
    }
    Ok(if stats.integrity == "ok" { Outcome::Done } else { Outcome::CheckFailed })
}

fn lint(kb: &Kb, fail_at: Level, words: Option<&Path>, context: &Context) -> anyhow::Result<Outcome> {
    let mut options = LintOptions::default();
    if let Some(path) = words {
        let text = read_text(path, WORDS_BYTES_MAX).with_context(|| path.display().to_string())?;
        options.common_words = text.lines().map(|word| word.trim().to_lowercase()).collect();
    }
    let findings = jove_kb::lint(kb, &options)?;
    for finding in &findings {
        if context.json() {
            context.print_json(finding)?;
            continue;
        }
        let level = format!("{:?}", finding.level).to_lowercase();
        context.print(format!("{level}: {} ({})", finding.name, finding.count))?;
        for example in &finding.examples {
            context.print(format!("    {example}"))?;
        }
        context.print(format!("    → {}", finding.advice))?;
    }
    let failed = findings.iter().any(|finding| finding.level >= fail_at);
    Ok(if failed { Outcome::CheckFailed } else { Outcome::Done })
}

fn search(kb: &Kb, text: &str, lang: Lang, limit: usize, context: &Context) -> anyhow::Result<()> {
    for hit in kb.search(text, lang, limit)? {
        if context.json() {
            context.print_json(&hit)?;
        } else {
            context.print(format!("{}\t{}", hit.key, hit.label.unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn neighbors(kb: &Kb, name: &str, lang: Lang, limit: usize, context: &Context) -> anyhow::Result<()> {
    let entity = kb.find(name, lang)?;
    let show = |entity: jove_core::EntityId| -> anyhow::Result<String> {
        Ok(kb.label(entity, lang)?.map_or_else(|| kb.key(entity), Ok)?)
    };
    let facts = kb.facts_of(entity, limit)?.into_iter().chain(kb.facts_about(entity, limit)?);
    for fact in facts {
        let predicate = kb.predicate_name(fact.predicate)?.unwrap_or_default();
        if context.json() {
            let keys = [kb.key(fact.subject)?, kb.key(fact.object)?];
            context.print_json(&json!({"subject": keys[0], "predicate": predicate, "object": keys[1]}))?;
        } else {
            context.print(format!("{}\t{predicate}\t{}", show(fact.subject)?, show(fact.object)?))?;
        }
    }
    for literal in kb.literals(entity)?.into_iter().take(limit) {
        let predicate = kb.predicate_name(literal.predicate)?.unwrap_or_default();
        if context.json() {
            context.print_json(&json!({"subject": kb.key(entity)?, "predicate": predicate, "value": literal.value}))?;
        } else {
            context.print(format!("{}\t{predicate}\t“{}”", show(entity)?, literal.value))?;
        }
    }
    Ok(())
}

fn execute_verbalize(args: Verbalize, context: &Context) -> anyhow::Result<()> {
    let kb = Kb::open(&args.kb)?;
    let patterns = Patterns::read(&args.patterns)?;
    let options = VerbalizeOptions {
        langs: args.langs,
        held_out_fraction: args.held_out,
        per_fact: args.per_fact,
        seed: Seed(args.seed),
    };
    let out = jove_kb::verbalize(&kb, &patterns, &options)?;
    for (part, sentences) in [("train", &out.train), ("held-out", &out.held_out)] {
        for sentence in sentences {
            context.print_json(&sentence_json(&kb, part, sentence)?)?;
        }
    }
    for skipped in out.skipped.iter().filter(|skipped| skipped.any()) {
        tracing::warn!("{skipped}");
    }
    Ok(())
}

fn sentence_json(kb: &Kb, part: &str, sentence: &Sentence) -> anyhow::Result<serde_json::Value> {
    let fact = sentence.fact;
    Ok(json!({
        "text": sentence.text,
        "lang": sentence.lang,
        "part": part,
        "subject": kb.key(fact.subject)?,
        "predicate": kb.predicate_name(fact.predicate)?,
        "object": kb.key(fact.object)?,
        "subject-span": sentence.subject,
        "object-span": sentence.object,
        "pattern": sentence.pattern,
    }))
}
