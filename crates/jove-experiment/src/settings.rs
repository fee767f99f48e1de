//! Merging settings and explaining what is wrong with them.

use std::path::Path;

use toml::{Table, Value};

use crate::{Error, Result};

/// Reads a TOML file into a table.
pub(crate) fn read(path: &Path) -> Result<Table> {
    let bytes = std::fs::read(path).map_err(|source| Error::io("read the run file", path, source))?;
    let text = String::from_utf8(bytes).map_err(|error| Error::RunFile {
        path: path.to_owned(),
        message: format!(
            "expected UTF-8, found byte 0x{:02x} at offset {}",
            error.as_bytes()[error.utf8_error().valid_up_to()],
            error.utf8_error().valid_up_to()
        ),
        hint: Some("save the file as UTF-8".to_owned()),
    })?;
    text.parse().map_err(|error| explain(path, &error))
}

/// Lays `over` on top of `base`: tables merge key by key, everything else is replaced.
pub(crate) fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => drop(base.insert(key.clone(), value.clone())),
        }
    }
}

/// Applies `KEY=VALUE`, where `KEY` is a dotted path and `VALUE` is TOML, or else taken as a string.
pub(crate) fn set(table: &mut Table, assignment: &str) -> Result<()> {
    let refuse = |message: &str| Error::Override { assignment: assignment.to_owned(), message: message.to_owned() };
    let (path, text) = assignment.split_once('=').ok_or_else(|| refuse("expected KEY=VALUE"))?;
    let value = parse_value(text.trim());
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().filter(|key| !key.is_empty()).ok_or_else(|| refuse("expected a key before `=`"))?;
    let mut here = table;
    for key in keys {
        here = here
            .entry(key)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| refuse(&format!("`{key}` is a value, not a section")))?;
    }
    here.insert(last.to_owned(), value);
    Ok(())
}

fn parse_value(text: &str) -> Value {
    format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| if table.len() == 1 { table.remove("value") } else { None })
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Turns a deserialisation error into ours, with the nearest key as a hint where a key is unknown.
pub(crate) fn explain(path: &Path, error: &toml::de::Error) -> Error {
    Error::RunFile {
        path: path.to_owned(),
        message: error.to_string().trim().to_owned(),
        hint: nearest(error.message()),
    }
}

/// The hint for serde's ``unknown field `a`, expected one of `b`, `c` ``.
fn nearest(message: &str) -> Option<String> {
    let rest = message.split_once("unknown field `").or_else(|| message.split_once("unknown variant `"))?.1;
    let (found, expected) = rest.split_once('`')?;
    let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let best = names.iter().max_by(|a, b| {
        let (a, b) = (strsim::jaro_winkler(found, a), strsim::jaro_winkler(found, b));
        a.total_cmp(&b)
    })?;
    if strsim::jaro_winkler(found, best) > 0.7 {
        Some(format!("did you mean `{best}`?"))
    } else {
        Some(format!("known here: {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn tables_merge_and_values_replace() {
        let mut base = table("a = 1\n[b]\nx = 1\ny = [1, 2]");
        merge(&mut base, &table("c = 3\n[b]\ny = [3]"));
        assert_eq!(base, table("a = 1\nc = 3\n[b]\nx = 1\ny = [3]"));
    }

    #[test]
    fn overrides_take_toml_or_plain_words() {
        let mut base = table("[train]\nsteps = 10");
        set(&mut base, "train.steps=20").unwrap();
        set(&mut base, "data.root=/some/where").unwrap();
        set(&mut base, "seeds=[1, 2]").unwrap();
        set(&mut base, "note=a = b").unwrap();
        assert_eq!(base, table("seeds = [1, 2]\nnote = 'a = b'\n[train]\nsteps = 20\n[data]\nroot = '/some/where'"));
    }

    #[test]
    fn bad_overrides_are_refused() {
        for assignment in ["", "steps", "=3", "train.steps.more=3", "a.=1"] {
            let mut base = table("[train]\nsteps = 10");
            assert!(set(&mut base, assignment).is_err(), "{assignment:?}");
        }
    }

    #[test]
    fn the_nearest_key_is_the_hint() {
        let message = "unknown field `stpes`, expected one of `steps`, `seed`, `batch`";
        assert_eq!(nearest(message).as_deref(), Some("did you mean `steps`?"));
        let message = "unknown field `zzz`, expected `steps` or `seed`";
        assert_eq!(nearest(message).as_deref(), Some("known here: steps, seed"));
        assert_eq!(nearest("missing field `name`"), None);
    }
}
