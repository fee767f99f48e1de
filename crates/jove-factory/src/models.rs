//! The classifiers of a recipe: languages, domains, quality.

use std::collections::BTreeMap;
use std::path::Path;

use jove_core::Lang;
use serde::{Deserialize, Serialize};

use crate::classifier::{Classifier, Evaluation};
use crate::error::{Error, Result};
use crate::inputs::lines;
use crate::recipe::Recipe;
use crate::work::{Key, Work, write};

/// The class of good examples.
const GOOD: &str = "good";

/// The classifiers that a recipe asks for.
pub(crate) struct Models {
    pub(crate) language: Option<Model>,
    pub(crate) domain: Option<Model>,
    pub(crate) quality: Option<Model>,
    /// What they were made from.
    pub(crate) key: Key,
}

/// A classifier with what is known of it.
pub(crate) struct Model {
    pub(crate) classifier: Classifier,
    pub(crate) evaluation: Evaluation,
}

/// Labelled texts, by class.
type Examples = BTreeMap<String, Vec<String>>;

impl Models {
    /// Trains the classifiers, or reads them where they are there.
    pub(crate) fn get(recipe: &Recipe, root: &Path, work: &Work) -> Result<Self> {
        let mut languages = Examples::new();
        for examples in &recipe.language.examples {
            languages.entry(examples.lang.to_string()).or_default().extend(lines(root, &examples.paths)?);
        }
        let mut domains = labelled(recipe, root)?;
        for class in &recipe.domains.classes {
            domains.entry(class.name.clone()).or_default().extend(lines(root, &class.paths)?);
        }
        let quality = &recipe.clean.quality;
        let sides = [(GOOD, &quality.good), ("bad", &quality.bad)];
        let mut qualities = Examples::new();
        for (name, paths) in sides.into_iter().filter(|(_, paths)| !paths.is_empty()) {
            qualities.insert(name.to_owned(), lines(root, paths)?);
        }
        let all = [languages, domains, qualities];
        let keys: Vec<Key> = all.iter().map(|examples| work.key("classifier", examples, &[])).collect();
        let mut trained = Vec::new();
        for (examples, key) in all.iter().zip(&keys) {
            trained.push(train(examples, work, key)?);
        }
        let key = work.key("classifiers", &(), &keys.iter().collect::<Vec<_>>());
        let [language, domain, quality] = <[_; 3]>::try_from(trained).unwrap_or_default();
        Ok(Self { language, domain, quality, key })
    }

    /// The language of a text and the confidence, from 0 to 1.
    pub(crate) fn identify(&self, text: &str) -> Option<(Lang, f64)> {
        match &self.language {
            Some(model) => {
                let (class, probability) = model.classifier.classify(text)?;
                Lang::new(&model.classifier.classes()[class]).ok().map(|lang| (lang, probability))
            }
            None => jove_corpus::identify_language(text),
        }
    }

    /// The domain of a text and its probability; none without a classifier.
    pub(crate) fn domain(&self, text: &str) -> Option<(&str, f64)> {
        let model = self.domain.as_ref()?;
        let (class, probability) = model.classifier.classify(text)?;
        Some((&model.classifier.classes()[class], probability))
    }

    /// The probability that a text is good; none without a classifier.
    pub(crate) fn goodness(&self, text: &str) -> Option<f64> {
        let classifier = &self.quality.as_ref()?.classifier;
        let good = classifier.classes().iter().position(|class| class == GOOD)?;
        classifier.probabilities(text).map(|all| f64::from(all[good]))
    }
}

/// What is kept of a classifier beside its bytes.
#[derive(Serialize, Deserialize)]
struct Trained {
    evaluation: Evaluation,
}

fn train(examples: &Examples, work: &Work, key: &Key) -> Result<Option<Model>> {
    if examples.len() < 2 {
        return Ok(None);
    }
    let part = format!("classifiers/{}", key.as_str());
    let path = work.file(&part, "bin")?;
    let trained = work.part(&part, &["bin"], || {
        let classes = examples.keys().cloned().collect();
        let texts = examples.values().enumerate();
        let texts: Vec<(String, usize)> =
            texts.flat_map(|(class, texts)| texts.iter().map(move |text| (text.clone(), class))).collect();
        let (classifier, evaluation) = Classifier::train(classes, &texts);
        write(&path, &classifier.to_bytes())?;
        Ok(Trained { evaluation })
    })?;
    let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
    let classifier =
        Classifier::of_bytes(&bytes).ok_or_else(|| Error::malformed(&path, "a classifier", "something else"))?;
    Ok(Some(Model { classifier, evaluation: trained.evaluation }))
}

/// A row of labelled texts, in the layouts of TNEWS and of this program.
#[derive(Deserialize)]
struct LabelledRow {
    #[serde(alias = "sentence")]
    text: String,
    #[serde(alias = "label_desc")]
    domain: String,
}

fn labelled(recipe: &Recipe, root: &Path) -> Result<Examples> {
    let mut examples = Examples::new();
    for path in &recipe.domains.labelled {
        for line in lines(root, std::slice::from_ref(path))? {
            let row: LabelledRow = serde_json::from_str(&line)
                .map_err(|error| Error::malformed(&root.join(path), "rows with a text and a domain", error))?;
            let name = row.domain.strip_prefix("news_").unwrap_or(&row.domain).to_owned();
            examples.entry(name).or_default().push(row.text);
        }
    }
    Ok(examples)
}
