//! Parameters as a source of named tensors, for files.

use std::collections::BTreeMap;

use jove_checkpoint::{NamedTensor, TensorSource, TensorSpec};
use jove_model::{Backend, ParameterRef, Parameters};

/// The parameters of a model as named tensors, copied one at a time.
#[derive(Debug)]
pub struct Tensors<'a, D: Backend> {
    parameters: BTreeMap<String, ParameterRef<'a, D>>,
}

impl<'a, D: Backend> Tensors<'a, D> {
    /// All parameters of a model or of a part of one.
    pub fn of(model: &'a impl Parameters<D>) -> Self {
        Self::collect(|f| model.visit(f))
    }

    /// The parameters that `visit` walks.
    pub(crate) fn collect(visit: impl FnOnce(&mut dyn FnMut(ParameterRef<'a, D>))) -> Self {
        let mut parameters = BTreeMap::new();
        visit(&mut |parameter| {
            parameters.insert(parameter.name.clone(), parameter);
        });
        Self { parameters }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }
}

impl<D: Backend> TensorSource for Tensors<'_, D> {
    fn specs(&self) -> Vec<TensorSpec> {
        self.parameters.values().map(|parameter| TensorSpec::f32(parameter.name.clone(), parameter.shape())).collect()
    }

    fn get(&self, name: &str) -> jove_checkpoint::Result<NamedTensor<'_>> {
        let found = self.parameters.get(name);
        let missing = || jove_checkpoint::Error::NoTensor { path: "the model".into(), name: name.to_owned() };
        let parameter = found.ok_or_else(missing)?;
        NamedTensor::new(name, parameter.shape(), parameter.to_vec())
    }
}
