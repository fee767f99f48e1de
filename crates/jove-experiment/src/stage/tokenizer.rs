//! A vocabulary for each layout: loaded, or trained on the training text.

use jove_core::Layout;
use jove_corpus::{AnnotatedReader, Tokenizer, TrainOptions, TrainerKind};

use crate::cache::{Key, Leftover, Stage};
use crate::error::{Error, Result};
use crate::run_file::Vocabulary;
use crate::stage::{StageContext, annotate};
use crate::tokenizer_source::TokenizerSource;

/// The tokenizer's folder in its stage.
const FOLDER: &str = "tokenizer";

/// Makes the tokenizer of a layout.
pub(crate) fn tokenizer(work: &StageContext<'_>, layout: Layout, annotated: &Stage) -> Result<Stage> {
    let settings = vocabulary(work, layout);
    let name = match layout {
        Layout::Bert => "tokenizer-bert",
        Layout::XlmRoberta => "tokenizer-xlm-roberta",
    };
    let path = settings.path.as_ref().map(|path| work.run.data(path));
    let path = path.or_else(|| work.initial.as_ref().map(|initial| initial.folder.clone()));
    let source = path.as_deref().map(TokenizerSource::read).transpose()?;
    let key = match &source {
        Some(source) => Key::new(name, settings, &[&source.key()]),
        None => Key::new(name, settings, &[&annotated.key]),
    };
    work.cache.stage(name, key, Leftover::Discard, |folder| {
        let tokenizer = match &source {
            Some(source) => load(work, layout, source)?,
            None => train(work, layout, settings.size, annotated)?,
        };
        Ok(tokenizer.save(&folder.join(FOLDER))?)
    })
}

/// Opens the tokenizer of a finished stage.
pub(crate) fn open(stage: &Stage) -> Result<Tokenizer> {
    Ok(Tokenizer::load(&stage.file(FOLDER))?)
}

fn vocabulary<'a>(work: &'a StageContext<'_>, layout: Layout) -> &'a Vocabulary {
    match layout {
        Layout::Bert => &work.run.file.tokenizers.bert,
        Layout::XlmRoberta => &work.run.file.tokenizers.xlm_roberta,
    }
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

fn train(work: &StageContext<'_>, layout: Layout, size: u32, annotated: &Stage) -> Result<Tokenizer> {
    let kind = match layout {
        Layout::Bert => TrainerKind::WordPiece,
        Layout::XlmRoberta => TrainerKind::Unigram,
    };
    work.progress.begin("train a vocabulary", Some(u64::from(size)), "pieces");
    let texts: Vec<String> =
        AnnotatedReader::open(&annotated.file(annotate::TRAIN))?.map(|text| Ok(text?.text)).collect::<Result<_>>()?;
    let options = TrainOptions { kind, vocab_size: size, ..TrainOptions::default() };
    let tokenizer = Tokenizer::train_with(&options, texts)?;
    work.progress.advance(u64::from(tokenizer.specials().vocab_size));
    work.progress.end();
    Ok(tokenizer)
}
