//! Reading a run file.

use std::path::{Path, PathBuf};

use jove_core::InvalidSetting;
use jove_files::read_text;
use toml::{Table, Value};

use crate::error::Error;
use crate::run_file::{FineTuneFile, ModelOptions};

/// The largest run file, in bytes.
const BYTES_MAX: u64 = 16 << 20;
/// Overrides that hold a path: it starts where the user is, not where the run file is.
const PATHS: [&str; 2] = ["root", "output"];

impl FineTuneFile {
    /// Reads a run file, applies `KEY=VALUE` overrides, and makes its paths those that open from here.
    ///
    /// # Errors
    /// Where the file is missing or no TOML, a key is unknown, or a value is of another type.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let text = read_text(path, BYTES_MAX).map_err(Error::io(path))?;
        let explain = |source: toml::de::Error| Error::Toml { path: path.to_owned(), source: Box::new(source) };
        let mut table: Table = text.parse().map_err(explain)?;
        overrides.iter().try_for_each(|assignment| set(&mut table, assignment))?;
        let file: Self = table.try_into().map_err(explain)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let root = folder.join(&file.root);
        let mut file = file;
        file.output = folder.join(&file.output);
        for path in [&mut file.task.train, &mut file.task.dev].into_iter().chain(&mut file.task.test) {
            *path = root.join(&*path);
        }
        for model in &mut file.models {
            model.checkpoint = folder.join(&model.checkpoint);
        }
        Ok(file)
    }

    /// Checks what no other part checks.
    ///
    /// # Errors
    /// Where there is no seed or one twice, or two models share a name or have none that can be a folder's.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let once = |at: usize| !self.seeds[..at].contains(&self.seeds[at]);
        let seeds = !self.seeds.is_empty() && (0..self.seeds.len()).all(once);
        InvalidSetting::check(seeds, "seeds", "whole numbers, each once", format!("{:?}", self.seeds))?;
        for (at, ModelOptions { name, .. }) in self.models.iter().enumerate() {
            let plain = Path::new(name).components().count() == 1 && Path::new(name).file_name().is_some();
            InvalidSetting::check(plain, "models.name", "a plain name, which is that of a folder", name)?;
            let again = self.models[..at].iter().any(|before| before.name == *name);
            InvalidSetting::check(!again, "models.name", "a name of its own", name)?;
        }
        let something = self.baselines || !self.models.is_empty();
        InvalidSetting::check(something, "models", "a model, or baselines = true", "neither")?;
        Ok(())
    }
}

/// Sets `a.b.c` of a table to what is a value of TOML, or else a text.
fn set(table: &mut Table, assignment: &str) -> Result<(), Error> {
    let (key, value) =
        assignment.split_once('=').ok_or_else(|| InvalidSetting::new("--set", "KEY=VALUE", assignment))?;
    let parsed = format!("value = {value}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let mut value = parsed.unwrap_or_else(|| Value::String(value.to_owned()));
    if let (true, Value::String(path)) = (PATHS.contains(&key), &value) {
        let here = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        value = Value::String(here.to_string_lossy().into_owned());
    }
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut inside = table;
    for part in parts {
        let next = inside.entry(part).or_insert_with(|| Value::Table(Table::new()));
        inside = next
            .as_table_mut()
            .ok_or_else(|| InvalidSetting::new(key, format!("a table at {part}"), "another value"))?;
    }
    inside.insert(last.to_owned(), value);
    Ok(())
}
