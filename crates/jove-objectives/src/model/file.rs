//! A model's files: a Hugging Face folder with a further file for the heads that Hugging Face does not define.

use std::collections::BTreeMap;
use std::path::Path;

use jove_checkpoint::{Allow, Difference, ExtraFile, Loaded, TensorFile, open_hf, save_hf, write_tensor_file};
use jove_core::{Seed, Silent};
use jove_model::{Backend, Parameters as _};

use crate::error::Error;
use crate::model::Model;
use crate::tensors::Tensors;

/// The parameters of heads that are not part of a Hugging Face model.
const HEADS_FILE: &str = "heads.safetensors";

impl<D: Backend> Model<D> {
    /// Loads a Hugging Face folder, such as a checkpoint of a run, with the heads of further objectives.
    ///
    /// # Errors
    /// Where a file is missing or damaged, or its tensors are not those of its configuration.
    pub fn open(dir: &Path, device: &D) -> Result<Self, Error> {
        let loaded = open_hf(dir, &Allow::default())?;
        Self::read(dir, &loaded, device, Seed(0))
    }

    /// [`Model::open`] as a starting point of training: where the folder holds an encoder only, such as a sentence encoder, the
    /// masked-language-model head gets random weights by `seed`, with a warning.
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
        // An incomplete head is replaced as a whole.
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
        let mut model = self.with_heads_of(&file)?;
        let known = Tensors::collect(|f| model.visit_heads(f));
        if let Some(stray) = file.names().find(|name| !known.contains(name)) {
            return Err(Error::UnknownHead { file: path.to_owned(), parameter: stray.to_owned() });
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

    /// The same model with a head for each that has parameters in `file`.
    fn with_heads_of(self, file: &TensorFile) -> Result<Self, Error> {
        let has = |head: &str| file.names().any(|name| name.starts_with(head));
        let width = |name: &str| Ok::<_, Error>(file.get(name)?.data.len());
        let mut model = self;
        if has("jove.pointer.") {
            model = model.with_pointer(Seed(0))?;
        }
        if has("jove.link.") {
            model = model.with_link(width("jove.link.mention.bias")?, Seed(0))?;
        }
        if file.contains("jove.link.log_scale") {
            model = model.with_learned_temperature(1.0)?;
        }
        if has("jove.relation.") {
            model = model.with_relation(width("jove.relation.query.bias")?, Seed(0))?;
        }
        Ok(model)
    }

    /// Writes the model into a folder: the files of Hugging Face, `files`, and the heads of further objectives where
    /// there are any; [`Model::open`] reads them.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn save(&self, dir: &Path, files: &[ExtraFile]) -> Result<(), Error> {
        save_hf(dir, self.config(), &Tensors::of(&self.lm), files)?;
        let heads = Tensors::collect(|f| self.visit_heads(f));
        if heads.is_empty() {
            return Ok(());
        }
        Ok(write_tensor_file(&dir.join(HEADS_FILE), &heads, &BTreeMap::new(), &Silent)?)
    }
}

fn is_of_head(name: &str) -> bool {
    name.starts_with("cls.") || name.starts_with("lm_head.")
}
