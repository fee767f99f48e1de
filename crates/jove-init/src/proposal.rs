//! What is proposed, and why.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jove_core::Lang;
use jove_kb::{Guess, guess};

use crate::budget::budget;
use crate::error::{Error, Result};
use crate::pairs::Pairs;
use crate::plan::{Plan, SENTENCE_TOKENS, SENTENCES_PER_FACT};
use crate::request::Request;
use crate::run_file;
use crate::text::Text;

/// The files of an experiment, and what they were made from.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Names and contents, for the folder of the experiment.
    pub files: Vec<(String, String)>,
    /// What was found, a sentence each.
    pub found: Vec<String>,
    /// What nobody can know from the files, each with the setting that says otherwise.
    pub questions: Vec<String>,
}

/// Looks at what there is, and proposes an experiment.
///
/// # Errors
/// [`Error::Nothing`] where a file holds nothing that could be used; otherwise where a file can't be read.
pub fn propose(request: &Request<'_>) -> Result<Proposal> {
    request.check()?;
    let mut graph: Vec<Guess> = request.graph.iter().map(|path| Ok(guess(path)?)).collect::<Result<_>>()?;
    let text: Vec<Text> = request.text.iter().map(|path| Text::look(path)).collect::<Result<_>>()?;
    let pairs: Vec<Pairs> = request.pairs.iter().map(|path| Pairs::look(path)).collect::<Result<_>>()?;
    for guess in &mut graph {
        give_language(guess, &text);
    }
    let told = told(&graph, &text);
    let facts: f64 = graph.iter().map(Guess::facts).sum();
    let sentences = facts * f64::from(SENTENCES_PER_FACT) * SENTENCE_TOKENS * told.len() as f64;
    let tokens: f64 = text.iter().map(|text| text.tokens).sum::<f64>() + sentences;
    let arms = 2 + usize::from(!pairs.is_empty());
    let budget = budget(request.minutes, arms, tokens, vocabulary(&text), request.speed);
    let (name, from) = (request.name.clone(), request.from.clone());
    let plan = Plan { name, from, minutes: request.minutes, graph, text, pairs, told, budget };
    Ok(Proposal { files: run_file::files(&plan), found: found(&plan), questions: questions(&plan) })
}

impl Proposal {
    /// Writes the files into a new folder; returns the run file's path.
    ///
    /// # Errors
    /// [`Error::Exists`] where a file of these names is there.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let paths: Vec<PathBuf> = self.files.iter().map(|(name, _)| folder.join(name)).collect();
        if let Some(taken) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
            return Err(Error::Exists(taken.clone()));
        }
        for (path, (_, content)) in paths.iter().zip(&self.files) {
            let mut file = File::create_new(path).map_err(Error::io(path))?;
            file.write_all(content.as_bytes()).map_err(Error::io(path))?;
        }
        Ok(paths[0].clone())
    }
}

/// Names without a language are taken to be in that of most text: descriptions and sentences are made in a language.
fn give_language(guess: &mut Guess, text: &[Text]) {
    let Some(lang) = text.iter().find_map(|text| text.langs.first()).map(|(lang, _)| *lang) else { return };
    let nameless = guess
        .sample
        .as_ref()
        .is_some_and(|sample| !sample.names.is_empty() && sample.names.iter().all(|(tag, _)| tag.is_empty()));
    if nameless && guess.source.lang.is_none() {
        guess.source.lang = Some(lang);
        guess
            .questions
            .push(format!("are the names in {lang}, as the text is? The file doesn't say; `lang` says otherwise"));
    }
}

/// Languages of the text that the graph has names in, or else those of the text alone: names without a language serve all.
fn told(graph: &[Guess], text: &[Text]) -> Vec<Lang> {
    let mut langs: Vec<Lang> = Vec::new();
    for (lang, _) in text.iter().flat_map(|text| &text.langs) {
        if !langs.contains(lang) {
            langs.push(*lang);
        }
    }
    let named = |lang: &Lang| graph.iter().any(|guess| guess.has_names_in(*lang));
    let told: Vec<Lang> = langs.iter().copied().filter(named).collect();
    if told.is_empty() { langs } else { told }
}

/// Pieces of a vocabulary that suits an amount of text.
fn vocabulary(text: &[Text]) -> usize {
    match text.iter().map(|text| text.bytes).sum::<u64>() {
        0..200_000 => 2000,
        200_000..20_000_000 => 6000,
        20_000_000..200_000_000 => 16_000,
        _ => 30_000,
    }
}

fn found(plan: &Plan) -> Vec<String> {
    let mut found: Vec<String> = plan.graph.iter().map(ToString::to_string).collect();
    for text in &plan.text {
        let langs: Vec<String> =
            text.langs.iter().map(|(lang, share)| format!("{lang} {:.0}%", 100.0 * share)).collect();
        let langs = if langs.is_empty() { "in no language that is known".to_owned() } else { langs.join(", ") };
        found.push(format!(
            "{}: {} files of text, {:.1} MB, {langs}, about {} tokens",
            text.path.display(),
            text.files,
            text.bytes as f64 / 1e6,
            run_file::grouped(text.tokens as u64)
        ));
    }
    for pairs in &plan.pairs {
        found.push(format!("{}: pairs of {} and {}", pairs.path.display(), pairs.langs[0], pairs.langs[1]));
    }
    found
}

fn questions(plan: &Plan) -> Vec<String> {
    let mut questions: Vec<String> = plan.graph.iter().flat_map(|guess| guess.questions.clone()).collect();
    let nameless: Vec<&str> = plan
        .text
        .iter()
        .flat_map(|text| &text.langs)
        .filter(|(lang, _)| !plan.told.contains(lang))
        .map(|(lang, _)| lang.as_str())
        .collect();
    if !nameless.is_empty() {
        questions.push(format!(
            "the graph has no names in {}: text in it gets few links. A further source can give them, see docs/knowledge-base.md",
            nameless.join(", ")
        ));
    }
    questions
}
