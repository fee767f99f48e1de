//! The model that is trained and evaluated: encoder, masked-language-model head, and the heads of further objectives.

mod file;

use dfdx::prelude::{NoneTape, Tape};
use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, Hidden, MaskedLm, Matrix, PackedBatch, ParameterRef, Parameters as _, Pass, parameters};

use crate::error::Error;
use crate::knowledge_link::LinkHead;
use crate::word_alignment::PointerHead;

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
    /// Where the configuration is invalid or the device fails.
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

    /// Clamps parameters that have bounds; call it after every optimizer step.
    pub fn clamp(&mut self) {
        self.link.iter_mut().for_each(LinkHead::clamp);
    }

    /// Hidden states of a batch.
    ///
    /// # Errors
    /// Where the batch is of another configuration or the device fails.
    pub fn forward<T: Tape<f32, D>>(&self, batch: &PackedBatch, tape: T, pass: &Pass) -> Result<Hidden<D, T>, Error> {
        Ok(self.lm.forward(batch, tape, pass)?)
    }

    /// Hidden states of a batch for evaluation, without tape and dropout.
    ///
    /// # Shapes
    /// `[tokens, hidden]`.
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

    /// The device of the parameters.
    pub fn device(&self) -> &D {
        self.lm.encoder.device()
    }

    /// Walks the parameters that are no part of a Hugging Face model.
    fn visit_heads<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.link.visit(f);
        self.relation.visit(f);
        self.pointer.visit(f);
    }
}

parameters!(impl<D: Backend> Model<D> { lm, link, relation, pointer });
