//! The run file and the files beside it, with a reason for each setting.

use std::fmt::Write as _;
use std::path::Path;

use jove_kb::Guess;

use crate::budget::Size;
use crate::patterns::fallback;
use crate::plan::{Plan, SENTENCES_PER_FACT};

/// With fewer facts, a larger part is held out, so that there is something to ask about.
const FACTS_FEW: f64 = 1000.0;

/// All files, the run file first.
pub(crate) fn files(plan: &Plan) -> Vec<(String, String)> {
    let mut files = vec![("run.toml".to_owned(), run_file(plan)), ("patterns.toml".to_owned(), patterns(plan))];
    files.extend(roles(&plan.graph).map(|roles| ("roles.toml".to_owned(), roles)));
    files
}

fn run_file(plan: &Plan) -> String {
    let mut out = String::new();
    let name = quoted(&plan.name);
    let _ = writeln!(
        out,
        "# What does the graph add to the text? The same text and the same number of tokens with it and without.
#
#     jove run {0}/run.toml            everything, up to the page {0}/runs/{0}/report.html
#     jove mask preview {0}/run.toml   what would be linked and masked, before anything is trained
#     jove ablate {0}/run.toml         with controls and several seeds: is it the graph?
#
# Every setting that is not here has a default; `jove run {0}/run.toml --resolve` prints them all.

name = {name}
output = \"runs\"

# Paths are relative to the folder above this one.
[data]
root = \"..\"
",
        plan.name
    );
    out.push_str(&graph(plan));
    out.push_str(&words(plan));
    out.push_str(&text(plan));
    out.push_str(&training(plan));
    out.push_str(&variants(plan));
    out
}

fn graph(plan: &Plan) -> String {
    let mut out = "[kb]\n# Rows that can't be read are kept in a file beside the base; more than this many stop the run.\nmax-bad = 100\n\n".to_owned();
    let roles = roles(&plan.graph).is_some();
    for guess in &plan.graph {
        let _ = writeln!(out, "# {}", one_line(&guess.what));
        out.push_str("[[kb.sources]]\n");
        out.push_str(&guess.settings());
        if roles && guess.has_roles() {
            let _ = writeln!(out, "roles = {}", quoted(&format!("{}/roles.toml", plan.name)));
        }
        out.push('\n');
    }
    out
}

fn words(plan: &Plan) -> String {
    let facts: f64 = plan.graph.iter().map(Guess::facts).sum();
    let held_out = if facts < FACTS_FEW { 0.2 } else { 0.1 };
    let langs: Vec<String> = plan.told.iter().map(|lang| quoted(lang.as_str())).collect();
    format!(
        "# Facts are told as sentences too, in the words of patterns.toml; a part of them is held out, never shown in any words, and
# asked about at the end.
[verbalize]
patterns = \"patterns.toml\"
sentences = {{ langs = [{}], held-out-fraction = {held_out}, per-fact = {SENTENCES_PER_FACT} }}

",
        langs.join(", ")
    )
}

fn text(plan: &Plan) -> String {
    let mut out = String::new();
    for text in &plan.text {
        out.push_str("[[text.sources]]\n");
        let _ = writeln!(out, "path = {}", path(&text.path));
        match text.langs.as_slice() {
            [(lang, _)] => drop(writeln!(out, "lang = {}", quoted(lang.as_str()))),
            _ => out.push_str("# Without `lang`, each text's language is identified.\n"),
        }
        if let Some(field) = &text.field {
            let _ = writeln!(out, "field = {}", quoted(field));
        }
        out.push('\n');
    }
    for pairs in &plan.pairs {
        let [left, right] = pairs.langs.map(|lang| quoted(lang.as_str()));
        let _ = writeln!(out, "[[pairs.train]]\npath = {}\nlangs = [{left}, {right}]\n", path(&pairs.path));
    }
    out
}

fn training(plan: &Plan) -> String {
    let (tokens, speed) = (plan.budget.tokens, plan.budget.speed);
    let long = plan.text.iter().any(|text| text.long > 0.1);
    let rate = if plan.from.is_some() { 2e-4 } else { plan.budget.size.learning_rate };
    let mut out = model(plan);
    let _ = writeln!(
        out,
        "# {} tokens read the text and the sentences about {:.1} times; at {} tokens a second, as measured here, that takes {:.0}
# minutes for each variant.
[train]
tokens = {}
batch-tokens = 2048
max-length = {}
learning-rate = {rate:?}
",
        grouped(tokens),
        plan.budget.epochs,
        grouped(speed as u64),
        (tokens as f64 / speed / 60.0).max(1.0),
        grouped(tokens).replace(',', "_"),
        if long { 128 } else { 64 },
    );
    out
}

fn model(plan: &Plan) -> String {
    if let Some(from) = &plan.from {
        return format!("# Its sizes and its tokenizer are taken as they are.\n[model]\nfrom = {}\n\n", path(from));
    }
    let Size { layers, hidden, heads, vocabulary, .. } = plan.budget.size;
    format!(
        "# The largest that reads the text a few times in {} minutes on this machine.
[model]
hidden-size = {hidden}
layers = {layers}
heads = {heads}
intermediate-size = {}

[tokenizers.bert]
size = {vocabulary}

",
        plan.minutes,
        4 * hidden
    )
}

fn variants(plan: &Plan) -> String {
    let mut out = "# Pure data: whole-word masks.
[[variants]]
name = \"pd\"
recipe = \"pd\"

# Entity and part-of-speech masks, and mentions contrasted with descriptions of their entities.
[[variants]]
name = \"kg\"
recipe = \"kg\"
"
    .to_owned();
    if !plan.pairs.is_empty() {
        out.push_str("\n# XLM-R's layout: masks over both sides of translations, and their contrast.\n[[variants]]\nname = \"ml\"\nrecipe = \"ml\"\n");
    }
    out
}

fn patterns(plan: &Plan) -> String {
    let mut out = "# How facts become sentences. A relation in words of its own is learned better than by its name:
#
# [relations.\"capital of\".sentences]
# en = [\"{subject} is the capital of {object}.\", \"The capital of {object} is {subject}.\"]

# For all relations without sentences of their own:
[fallback]
"
    .to_owned();
    for lang in &plan.told {
        let sentences: Vec<String> = fallback(*lang).iter().map(|sentence| quoted(sentence)).collect();
        let _ = writeln!(out, "{lang} = [{}]", sentences.join(", "));
    }
    out
}

/// Attributes that are no facts; `None` where the built-in roles say all.
fn roles(graph: &[Guess]) -> Option<String> {
    let mut out = "# What attributes of the graph become, besides the built-in roles: label, alias, description, type, literal, fact or ignore.
[roles]
"
    .to_owned();
    let before = out.len();
    for (attribute, role, reason) in graph.iter().flat_map(Guess::roles) {
        let _ = writeln!(out, "{} = {} # {}", quoted(attribute), quoted(role), one_line(reason));
    }
    (out.len() > before).then_some(out)
}

/// A text as a string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_toml_hold_anything() {
        for text in ["", "a", "中 😀", "a\"b\\c", "a\nb", "'''"] {
            let table: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }

    #[test]
    fn thousands_stand_apart() {
        let shown = [0, 12, 123, 1234, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "12", "123", "1,234", "1,234,567"]);
    }
}
