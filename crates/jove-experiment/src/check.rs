//! Every value of a run file, checked when it is loaded: what passes here, no stage refuses later. Messages name the key
//! that holds the value as the run file spells it, and the variant whose section that is.

use jove_core::{InvalidSetting, Layout, ModelConfig};
use jove_corpus::WEIGHT_MAX;
use jove_kb::Source;
use toml::{Table, Value};

use crate::error::{Error, Result};
use crate::run_file::{
    AblationSettings, Graph, GraphText, KbSettings, PairSettings, ProbeSettings, RunFile, TextSettings,
    TokenizerSettings, VariantSettings, VerbalizeSettings,
};
use crate::variant::{Variant, uses_graph};

type Checked = Result<(), InvalidSetting>;

/// Checks all of a run file but its sizes of the model; `base` is its section `[train]` as written.
pub(crate) fn check(file: &RunFile, variants: &[Variant], base: &Table) -> Result<()> {
    check_sections(file)?;
    for settings in &file.variants {
        check_name(settings, &file.variants).map_err(|invalid| Error::in_variant(&settings.name, invalid))?;
    }
    check_each(file, variants, base, |variant| variant.masking.validate().map_err(|invalid| invalid.under("masking")))?;
    check_each(file, variants, base, |variant| train_fault(variant.train.validate()))?;
    check_together(file, variants)
}

/// Checks that every variant's training fits the model that it gets.
pub(crate) fn check_fit(
    file: &RunFile,
    variants: &[Variant],
    base: &Table,
    model: impl Fn(&Variant) -> ModelConfig,
) -> Result<()> {
    check_each(file, variants, base, |variant| fit(variant, &model(variant)))
}

/// The setting of `[model]` behind a field of the model's configuration.
pub(crate) fn model_setting(error: jove_core::ModelConfigError) -> InvalidSetting {
    let key = match error.field {
        "num-hidden-layers" => "layers",
        "num-attention-heads" => "heads",
        "hidden-dropout-prob" | "attention-probs-dropout-prob" => "dropout",
        other => other,
    };
    InvalidSetting::new(key, error.expected, error.found).under("model")
}

fn check_sections(file: &RunFile) -> Checked {
    InvalidSetting::check(is_name(&file.name), "name", NAME, quoted(&file.name))?;
    InvalidSetting::check(!file.variants.is_empty(), "variants", "at least one [[variants]] section", "none")?;
    let mut seeds = file.seeds.clone();
    seeds.sort_unstable();
    seeds.dedup();
    let distinct = !seeds.is_empty() && seeds.len() == file.seeds.len();
    InvalidSetting::check(distinct, "seeds", "one or more different integers", format!("{:?}", file.seeds))?;
    let sections: [(&str, Checked); 8] = [
        ("kb", file.kb.validate()),
        ("verbalize", file.verbalize.as_ref().map_or(Ok(()), VerbalizeSettings::validate)),
        ("text", file.text.validate()),
        ("pairs", file.pairs.validate()),
        ("link", file.link.validate()),
        ("tokenizers", file.tokenizers.validate()),
        ("ablation", file.ablation.as_ref().map_or(Ok(()), AblationSettings::validate)),
        ("probes", file.probes.validate()),
    ];
    sections.into_iter().try_for_each(|(key, checked)| checked.map_err(|invalid| invalid.under(key)))
}

/// What a name that becomes a folder's name is made of.
const NAME: &str = "1 to 64 letters, digits, `+`, `-` and `_`";

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+".contains(&b))
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

fn check_name(settings: &VariantSettings, all: &[VariantSettings]) -> Checked {
    let name = &settings.name;
    InvalidSetting::check(is_name(name), "name", NAME, quoted(name))?;
    let twice = all.iter().filter(|other| other.name == *name).count() > 1;
    InvalidSetting::check(!twice, "name", "a different name for every variant", quoted(name))
}

/// Checks one thing of every variant. The variant is named where its own section holds the value, and where no section
/// holds it and other variants are valid.
fn check_each(file: &RunFile, variants: &[Variant], base: &Table, check: impl Fn(&Variant) -> Checked) -> Result<()> {
    let faults: Vec<Option<InvalidSetting>> = variants.iter().map(|variant| check(variant).err()).collect();
    let Some(index) = faults.iter().position(Option::is_some) else { return Ok(()) };
    let Some(fault) = &faults[index] else { return Ok(()) };
    let settings = &file.variants[index];
    let in_variant = match fault.field.strip_prefix("train.") {
        Some(field) if holds(&settings.train, field) => true,
        Some(field) if holds(base, field) => false,
        Some(_) => faults.iter().any(|other| other.as_ref() != Some(fault)),
        None => true,
    };
    Err(if in_variant { Error::in_variant(&settings.name, fault.clone()) } else { fault.clone().into() })
}

/// Whether a table has a value at a dotted key.
fn holds(table: &Table, field: &str) -> bool {
    match field.split_once('.') {
        Some((key, rest)) => table.get(key).and_then(Value::as_table).is_some_and(|inner| holds(inner, rest)),
        None => table.contains_key(field),
    }
}

fn train_fault(checked: Result<(), jove_trainer::Error>) -> Checked {
    checked.map_err(|error| match error {
        jove_trainer::Error::Config { field, expected, found } => {
            InvalidSetting { field, expected, found }.under("train")
        }
        other => InvalidSetting::new("train", "valid settings", other),
    })
}

fn fit(variant: &Variant, model: &ModelConfig) -> Checked {
    let (longest, layers) = (model.max_sequence_length(), model.num_hidden_layers);
    let (length, objectives) = (variant.train.max_length, &variant.train.objectives);
    let expected = format!("at most {longest}, the positions of the model");
    InvalidSetting::check(length <= longest, "train.max-length", expected, length)?;
    let read = [("translation", objectives.translation.layer), ("word-alignment", objectives.word_alignment.layer)];
    for (objective, layer) in read.into_iter().filter_map(|(objective, layer)| Some((objective, layer?))) {
        let key = format!("train.objectives.{objective}.layer");
        let expected = format!("1 to {layers}, the layers of the model");
        InvalidSetting::check((1..=layers).contains(&layer), &key, expected, layer)?;
    }
    Ok(())
}

/// What one section requires of another.
fn check_together(file: &RunFile, variants: &[Variant]) -> Result<()> {
    if let (Some(variant), true) = (variants.iter().find(|v| uses_graph(v)), file.kb.sources.is_empty()) {
        let expected = format!("a source, since `{}` uses the graph", variant.name);
        return Err(InvalidSetting::new("kb.sources", expected, "none").into());
    }
    for variant in variants {
        let (weight, graph) = (variant.train.objectives.relation.weight, variant.graph.links);
        let expected = "0, since the variant has no graph and this objective reads facts";
        let valid = graph != Graph::Off || weight == 0.0;
        InvalidSetting::check(valid, "train.objectives.relation.weight", expected, weight)
            .map_err(|invalid| Error::in_variant(&variant.name, invalid))?;
    }
    check_sentences(file, variants)?;
    let needs_pairs = variants.iter().find(|variant| variant.train.objectives.needs_pairs());
    if let (Some(variant), true) = (needs_pairs, file.pairs.train.is_empty()) {
        let expected = format!("pairs, since `{}` aligns languages", variant.name);
        return Err(InvalidSetting::new("pairs.train", expected, "none").into());
    }
    Ok(())
}

/// Checks that there are sentences where a variant asks for some, and other text where it asks for none.
fn check_sentences(file: &RunFile, variants: &[Variant]) -> Result<()> {
    for (settings, variant) in file.variants.iter().zip(variants) {
        let asks = settings.verbalize.is_some_and(|asked| asked != GraphText::Off);
        InvalidSetting::check(
            file.verbalize.is_some() || !asks,
            "verbalize",
            "a section [verbalize] to go with it",
            "none",
        )
        .map_err(|invalid| Error::in_variant(&variant.name, invalid))?;
        let has_text = !file.text.sources.is_empty() || !file.pairs.train.is_empty();
        if file.verbalize.is_some() && variant.graph.sentences == GraphText::Off && !has_text {
            let expected = "text of your own, since this variant reads no sentences made from the graph (verbalize = \"off\"); \
                            or verbalize = \"graph\" in the variant";
            let invalid = InvalidSetting::new("text.sources", expected, "none");
            return Err(Error::in_variant(&variant.name, invalid));
        }
    }
    Ok(())
}

impl KbSettings {
    fn validate(&self) -> Checked {
        for (index, source) in self.sources.iter().enumerate() {
            let given = !source.path.as_os_str().is_empty();
            InvalidSetting::check(given, &format!("sources[{index}].path"), "a file or a folder", "none")?;
        }
        Source::validate_all(&self.sources)
    }
}

impl VerbalizeSettings {
    fn validate(&self) -> Checked {
        let given = !self.patterns.as_os_str().is_empty();
        InvalidSetting::check(given, "patterns", "a file or a folder of sentence patterns", "none")?;
        let weight = self.weight;
        let expected = format!("a number above 0, at most {WEIGHT_MAX}");
        InvalidSetting::check(weight > 0.0 && weight <= WEIGHT_MAX, "weight", expected, weight)?;
        self.sentences.validate().map_err(|invalid| invalid.under("sentences"))
    }
}

impl TextSettings {
    fn validate(&self) -> Checked {
        for (index, source) in self.sources.iter().enumerate() {
            source.validate().map_err(|invalid| invalid.under(&format!("sources[{index}]")))?;
        }
        self.clean.validate().map_err(|invalid| invalid.under("clean"))?;
        let exponent = self.domain_exponent;
        let valid = (0.0..=1.0).contains(&exponent);
        InvalidSetting::check(valid, "domain-exponent", "a number from 0 to 1", exponent)?;
        let part = self.held_out;
        InvalidSetting::check((0.0..=0.5).contains(&part), "held-out", "a number from 0 to 0.5", part)
    }
}

impl PairSettings {
    fn validate(&self) -> Checked {
        for (key, sources) in [("train", &self.train), ("probe", &self.probe)] {
            for (index, source) in sources.iter().enumerate() {
                let given = !source.path.as_os_str().is_empty();
                InvalidSetting::check(given, &format!("{key}[{index}].path"), "a file", "none")?;
            }
        }
        Ok(())
    }
}

impl TokenizerSettings {
    fn validate(&self) -> Checked {
        for (section, layout) in [("bert", Layout::Bert), ("xlm-roberta", Layout::XlmRoberta)] {
            self.training(layout).validate().map_err(|invalid| {
                let field = invalid.field.replace("vocab-size", "size");
                InvalidSetting { field, ..invalid }.under(section)
            })?;
        }
        Ok(())
    }
}

impl AblationSettings {
    fn validate(&self) -> Checked {
        InvalidSetting::check((1..=1024).contains(&self.jobs), "jobs", "an integer from 1 to 1024", self.jobs)
    }
}

impl ProbeSettings {
    fn validate(&self) -> Checked {
        let (candidates, items) = (self.candidates, self.items_max);
        InvalidSetting::check(candidates >= 2, "candidates", "an integer, 2 or more", candidates)?;
        InvalidSetting::check(items >= 1, "items-max", "an integer, 1 or more", items)?;
        InvalidSetting::check(self.items_min >= 1, "items-min", "an integer, 1 or more", self.items_min)?;
        let Some(tatoeba) = &self.tatoeba else { return Ok(()) };
        let codes = &tatoeba.languages;
        let is_code = |code: &String| (2..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
        let twice = codes.iter().enumerate().any(|(index, code)| codes[..index].contains(code));
        let valid = !codes.is_empty() && !twice && codes.iter().all(is_code);
        InvalidSetting::check(valid, "tatoeba.languages", "different codes such as `cmn`", format!("{codes:?}"))
    }
}
