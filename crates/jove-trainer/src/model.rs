//! The model that is trained: encoder, masked-language-model head, and the head of the knowledge link.

use std::path::Path;

use dfdx::prelude::{NoneTape, Tape};
use jove_checkpoint::{Allow, Difference, Loaded, TensorFile, open_hf};
use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, Hidden, MaskedLm, Matrix, ParameterMut, ParameterRef, Parameters, Pass, Sequences};
use jove_objectives::LinkHead;

use crate::Error;
use crate::checkpoint::HEADS_FILE;

/// A masked language model with the heads of its further objectives.
#[derive(Clone, Debug)]
pub struct Model<D: Backend> {
    /// Encoder and masked-language-model head.
    pub lm: MaskedLm<D>,
    /// Projections of mentions and descriptions, where the knowledge link is trained.
    pub link: Option<LinkHead<D>>,
}

impl<D: Backend> Model<D> {
    /// A model with random weights.
    ///
    /// # Errors
    /// Where the configuration cannot hold or the device fails.
    pub fn new(config: &ModelConfig, device: &D, seed: Seed) -> Result<Self, Error> {
        Ok(Self { lm: MaskedLm::new(config, device, seed)?, link: None })
    }

    /// The same model with a new link head of the given width, unless it has one.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn with_link(mut self, width: usize, seed: Seed) -> Result<Self, Error> {
        if self.link.is_none() {
            self.link = Some(LinkHead::new(self.device(), self.config().hidden_size, width, seed)?);
        }
        Ok(self)
    }

    /// Reads a Hugging Face folder, such as a checkpoint of a run; with its link head, where it has one.
    ///
    /// # Errors
    /// Where a file is missing or damaged, or its tensors are not those of its configuration.
    pub fn open(dir: &Path, device: &D) -> Result<Self, Error> {
        let loaded = open_hf(dir, &Allow::default())?;
        Self::read(dir, &loaded, device, Seed(0))
    }

    /// [`Model::open`] for training to start from: where the folder holds an encoder alone, as that of a sentence encoder
    /// does, the masked-language-model head is new and random, and a warning says so.
    ///
    /// # Errors
    /// As [`Model::open`], but for a missing head.
    pub fn start(dir: &Path, device: &D, seed: Seed) -> Result<Self, Error> {
        let loaded = open_hf(dir, &Allow::these([Difference::Missing]))?;
        Self::read(dir, &loaded, device, seed)
    }

    fn read(dir: &Path, loaded: &Loaded, device: &D, seed: Seed) -> Result<Self, Error> {
        let mut model = Self::new(&loaded.config, device, seed)?;
        let mut failure = None;
        let mut find =
            |name: &str| loaded.weights.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok();
        // A part of a head is no use.
        let headless = loaded.report.missing.iter().any(|tensor| is_of_head(&tensor.name));
        let read = if headless { model.lm.encoder.load(&mut find) } else { model.lm.load(&mut find) };
        failure.map_or(Ok(()), Err)?;
        read?;
        if headless {
            tracing::warn!(checkpoint = %dir.display(), "no masked-language-model head; a new one is trained");
        }
        let heads = dir.join(HEADS_FILE);
        if heads.exists() { model.open_heads(&heads) } else { Ok(model) }
    }

    fn open_heads(self, path: &Path) -> Result<Self, Error> {
        let file = TensorFile::open(path)?;
        let width = file.get("jove.link.mention.bias")?.data.len();
        let mut model = self.with_link(width, Seed(0))?;
        let mut failure = None;
        let loaded = model.link.as_mut().map_or(Ok(()), |head| {
            head.load(&mut |name| file.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok())
        });
        failure.map_or(Ok(()), Err)?;
        loaded?;
        Ok(model)
    }

    /// Hidden states of a batch.
    ///
    /// # Errors
    /// Where the batch is of another configuration or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, batch: &Sequences, tape: T, pass: &Pass) -> Result<Hidden<D, T>, Error> {
        Ok(self.lm.forward(batch, tape, pass)?)
    }

    /// Hidden states of a batch for evaluation, [tokens, width]: no tape, nothing dropped.
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn hidden(&self, batch: &Sequences) -> Result<Matrix<D>, Error> {
        Ok(self.forward(batch, NoneTape, &Pass::eval())?.last)
    }

    /// Sizes and constants.
    pub fn config(&self) -> &ModelConfig {
        self.lm.encoder.config()
    }

    /// Where the parameters live.
    pub fn device(&self) -> &D {
        self.lm.encoder.device()
    }
}

fn is_of_head(name: &str) -> bool {
    name.starts_with("cls.") || name.starts_with("lm_head.")
}

impl<D: Backend> Parameters<D> for Model<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.lm.visit(f);
        if let Some(link) = &self.link {
            link.visit(f);
        }
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        self.lm.visit_mut(f);
        if let Some(link) = &mut self.link {
            link.visit_mut(f);
        }
    }
}
