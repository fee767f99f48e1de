//! A vocabulary for each layout: loaded, or trained on the training text.

use std::collections::BTreeMap;

use jove_core::{Lang, Layout};
use jove_corpus::{AnnotatedReader, Tokenizer, TrainOptions};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::stage::{StageContext, annotate};
use crate::tokenizer_source::TokenizerSource;
use crate::vocabulary_sample::VocabularySample;

/// The tokenizer's folder in its stage.
const FOLDER: &str = "tokenizer";

/// Makes the tokenizer of a layout.
pub(crate) fn tokenizer(work: &StageContext<'_>, layout: Layout, annotated: &Stage) -> Result<Stage> {
    let vocabularies = &work.run.file.tokenizers;
    let path = vocabularies.path(layout);
    let options = vocabularies.training(layout);
    let exponent = work.run.variants.first().map_or(1.0, |variant| variant.train.language_exponent);
    let name = match layout {
        Layout::Bert => "tokenizer-bert",
        Layout::XlmRoberta => "tokenizer-xlm-roberta",
    };
    let path = path.map(|path| work.run.data(path));
    let path = path.or_else(|| work.initial.as_ref().map(|initial| initial.folder.clone()));
    let source = path.as_deref().map(TokenizerSource::read).transpose()?;
    let key = match &source {
        Some(source) => Key::new(name, &"given", &[&source.key()]),
        None => Key::new(name, &(&options, exponent), &[&annotated.key]),
    };
    work.cache.stage(name, key, Leftover::Discard, |folder| {
        let tokenizer = match &source {
            Some(source) => load(work, layout, source)?,
            None => train(work, &options, exponent, annotated)?,
        };
        Ok(tokenizer.save(&folder.join(FOLDER))?)
    })
}

/// Opens the tokenizer of a finished stage.
pub(crate) fn open(stage: &Stage) -> Result<Tokenizer> {
    Ok(Tokenizer::load(&stage.file(FOLDER))?)
}

fn load(work: &StageContext<'_>, layout: Layout, source: &TokenizerSource) -> Result<Tokenizer> {
    let (tokenizer, path) = (source.load()?, source.path());
    if let Some(initial) = &work.initial {
        // A model may have the layout of one family and the pieces of the other; its own tokenizer fits all the same.
        initial.check_vocabulary(tokenizer.specials().vocab_size, path)?;
        return Ok(tokenizer);
    }
    if tokenizer.layout() == layout {
        return Ok(tokenizer);
    }
    Err(Error::Setting {
        key: "tokenizers".to_owned(),
        expected: format!("a vocabulary in the layout {layout}"),
        found: format!("one in the layout {} at {}", tokenizer.layout(), path.display()),
    })
}

/// Trains on all text where it fits the budget, else on a sample of every language.
fn train(work: &StageContext<'_>, options: &TrainOptions, exponent: f64, annotated: &Stage) -> Result<Tokenizer> {
    let path = annotated.file(annotate::TRAIN);
    let mut bytes: BTreeMap<Lang, u64> = BTreeMap::new();
    for text in AnnotatedReader::open(&path)? {
        let text = text?;
        *bytes.entry(text.lang).or_default() += text.text.len() as u64;
        work.check()?;
    }
    let sample = VocabularySample::new(&bytes, options.bytes_max, exponent);
    work.progress.begin("train a vocabulary", Some(u64::from(options.vocab_size)), "pieces");
    let mut failed = None;
    let read = AnnotatedReader::open(&path)?.zip(0..).map_while(|(text, row)| match text {
        Ok(text) => Some((text, row)),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let texts = read.filter(|(text, row)| sample.takes(text.lang, *row)).map(|(text, _)| text.text);
    // The sample is as large as the budget on average; what is above it isn't cut off.
    let tokenizer = Tokenizer::train_with(&TrainOptions { bytes_max: u64::MAX, ..options.clone() }, texts);
    if let Some(error) = failed {
        return Err(error.into());
    }
    let tokenizer = tokenizer?;
    work.progress.advance(u64::from(tokenizer.specials().vocab_size));
    work.progress.end();
    Ok(tokenizer)
}
