//! The model that is trained: encoder, masked-language-model head, and the head of the knowledge link.

use std::path::Path;

use dfdx::prelude::{NoneTape, Tape};
use jove_checkpoint::{Allow, Difference, Loaded, TensorFile, open_hf};
use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, Hidden, MaskedLm, Matrix, PackedBatch, ParameterMut, ParameterRef, Parameters, Pass};
use jove_objectives::{LinkHead, PointerHead};

use crate::checkpoint::HEADS_FILE;
use crate::{Error, Objectives};

/// A masked language model with the heads of its further objectives.
#[derive(Clone, Debug)]
pub struct Model<D: Backend> {
    /// Encoder and masked-language-model head.
    pub lm: MaskedLm<D>,
    /// Projections of mentions and descriptions, where the knowledge link is trained.
    pub link: Option<LinkHead<D>>,
    /// Projections of subjects with relations and of objects, where the relation form is trained.
    pub relation: Option<LinkHead<D>>,
    /// Query and key of the pointer, where word alignment is trained.
    pub pointer: Option<PointerHead<D>>,
}

impl<D: Backend> Model<D> {
    /// A model with random weights.
    ///
    /// # Errors
    /// Where the configuration cannot hold or the device fails.
    pub fn new(config: &ModelConfig, device: &D, seed: Seed) -> Result<Self, Error> {
        Ok(Self { lm: MaskedLm::new(config, device, seed)?, link: None, relation: None, pointer: None })
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

    /// The same model with a link head that learns its temperature from `start` on, where it has a link head.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn with_learned_temperature(mut self, start: f32) -> Result<Self, Error> {
        let device = self.device().clone();
        self.link = self.link.map(|head| head.with_temperature(&device, start)).transpose()?;
        Ok(self)
    }

    /// The same model with a new head for relations of the given width, unless it has one.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn with_relation(mut self, width: usize, seed: Seed) -> Result<Self, Error> {
        if self.relation.is_none() {
            self.relation = Some(LinkHead::relations(self.device(), self.config().hidden_size, width, seed)?);
        }
        Ok(self)
    }

    /// The same model with a new pointer head, unless it has one.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn with_pointer(mut self, seed: Seed) -> Result<Self, Error> {
        if self.pointer.is_none() {
            self.pointer = Some(PointerHead::new(self.device(), self.config().hidden_size, seed)?);
        }
        Ok(self)
    }

    /// The model with the heads that the objectives ask for.
    pub(crate) fn with_heads(self, objectives: &Objectives, seed: Seed) -> Result<Self, Error> {
        let (link, relation) = (&objectives.link, &objectives.relation);
        let mut model = self;
        if link.weight > 0.0 {
            model = model.with_link(link.projection, seed)?;
        }
        if link.weight > 0.0 && link.learned_temperature {
            model = model.with_learned_temperature(link.temperature as f32)?;
        }
        if objectives.word_alignment.weight > 0.0 {
            model = model.with_pointer(seed)?;
        }
        if relation.weight > 0.0 { model.with_relation(relation.projection, seed) } else { Ok(model) }
    }

    /// Brings parameters that have bounds back into them; to be called after every update.
    pub(crate) fn clamp(&mut self) {
        self.link.iter_mut().for_each(LinkHead::clamp);
    }

    /// The heads that are no part of a Hugging Face model.
    pub(crate) fn heads(&self) -> Heads<'_, D> {
        Heads { link: self.link.as_ref(), relation: self.relation.as_ref(), pointer: self.pointer.as_ref() }
    }

    /// Reads a Hugging Face folder, such as a checkpoint of a run; with the heads of its further objectives.
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
        let width = |name: &str| Ok::<_, Error>(file.get(name)?.data.len());
        let mut model = self;
        if file.contains("jove.pointer.query.bias") {
            model = model.with_pointer(Seed(0))?;
        }
        let others = model.pointer.is_some() || file.contains("jove.relation.query.bias");
        if file.contains("jove.link.mention.bias") || !others {
            model = model.with_link(width("jove.link.mention.bias")?, Seed(0))?;
        }
        if file.contains("jove.link.log_scale") {
            model = model.with_learned_temperature(1.0)?;
        }
        if file.contains("jove.relation.query.bias") {
            model = model.with_relation(width("jove.relation.query.bias")?, Seed(0))?;
        }
        let mut failure = None;
        let mut find =
            |name: &str| file.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok();
        let mut loaded = Ok(());
        for head in model.link.iter_mut().chain(&mut model.relation) {
            loaded = loaded.and_then(|()| head.load(&mut find));
        }
        if let Some(pointer) = &mut model.pointer {
            loaded = loaded.and_then(|()| pointer.load(&mut find));
        }
        failure.map_or(Ok(()), Err)?;
        loaded?;
        Ok(model)
    }

    /// Hidden states of a batch.
    ///
    /// # Errors
    /// Where the batch is of another configuration or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, batch: &PackedBatch, tape: T, pass: &Pass) -> Result<Hidden<D, T>, Error> {
        Ok(self.lm.forward(batch, tape, pass)?)
    }

    /// Hidden states of a batch for evaluation, [tokens, width]: no tape, nothing dropped.
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn hidden(&self, batch: &PackedBatch) -> Result<Matrix<D>, Error> {
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

/// The heads of a model that are no part of a Hugging Face model.
pub(crate) struct Heads<'a, D: Backend> {
    link: Option<&'a LinkHead<D>>,
    relation: Option<&'a LinkHead<D>>,
    pointer: Option<&'a PointerHead<D>>,
}

impl<'a, D: Backend> Heads<'a, D> {
    pub(crate) fn is_empty(&self) -> bool {
        self.link.is_none() && self.relation.is_none() && self.pointer.is_none()
    }

    pub(crate) fn visit(&self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.link.into_iter().chain(self.relation).for_each(|head| head.visit(f));
        if let Some(pointer) = self.pointer {
            pointer.visit(f);
        }
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
        if let Some(relation) = &self.relation {
            relation.visit(f);
        }
        if let Some(pointer) = &self.pointer {
            pointer.visit(f);
        }
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        self.lm.visit_mut(f);
        if let Some(link) = &mut self.link {
            link.visit_mut(f);
        }
        if let Some(relation) = &mut self.relation {
            relation.visit_mut(f);
        }
        if let Some(pointer) = &mut self.pointer {
            pointer.visit_mut(f);
        }
    }
}
