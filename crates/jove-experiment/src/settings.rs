//! Merging settings and explaining what is wrong with them.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::error::{Error, Result};
use crate::renamed::{Deprecated, Renamed, rename};

/// Reads settings of any kind from a TOML file, with `KEY=VALUE` overrides; those of `data.root` and `output` start where the
/// user is.
///
/// # Errors
/// As [`crate::Run::load`]: the file is missing or not TOML, a key is unknown (with the nearest one as a hint), or a value has
/// another type.
pub fn load_settings<T: DeserializeOwned>(path: &Path, overrides: &[String]) -> Result<T> {
    let text = read(path)?;
    let mut table: Table = text.parse().map_err(|error| explain(path, "", &error))?;
    for assignment in overrides {
        set(&mut table, &absolute_path_override(assignment)?, &[])?;
    }
    table.try_into().map_err(|error| {
        // From the text, an error points at its line.
        let in_text = if overrides.is_empty() { toml::from_str::<T>(&text).err() } else { None };
        explain(path, "", &in_text.unwrap_or(error))
    })
}

/// Overrides that hold a path: it starts where the user is, not where the file is.
const PATH_OVERRIDES: &[&str] = &["data.root", "output"];

/// An override with its path made absolute, where it holds one.
pub(crate) fn absolute_path_override(assignment: &str) -> Result<String> {
    let Some((key, value)) = assignment.split_once('=') else { return Ok(assignment.to_owned()) };
    if !PATH_OVERRIDES.contains(&key.trim()) {
        return Ok(assignment.to_owned());
    }
    let path = Path::new(value.trim().trim_matches('"'));
    let path = std::path::absolute(path).map_err(|source| Error::io("resolve", path, source))?;
    Ok(format!("{}={}", key.trim(), path.display()))
}

/// Reads a file of UTF-8.
pub(crate) fn read(path: &Path) -> Result<String> {
    let bytes =
        jove_files::read_small(path, 16 << 20).map_err(|source| Error::io("read the run file", path, source))?;
    String::from_utf8(bytes).map_err(|error| Error::RunFile {
        path: path.to_owned(),
        message: format!(
            "expected UTF-8, found byte 0x{:02x} at offset {}",
            error.as_bytes()[error.utf8_error().valid_up_to()],
            error.utf8_error().valid_up_to()
        ),
        hint: Some("save the file as UTF-8".to_owned()),
    })
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

/// Applies `KEY=VALUE`, where `KEY` is a dotted path and `VALUE` is TOML, or else taken as a string. Former names of keys
/// are renamed; which they were is returned.
pub(crate) fn set(table: &mut Table, assignment: &str, renamed: &[Renamed]) -> Result<Vec<Deprecated>> {
    let refuse = |message: &str| Error::Override { assignment: assignment.to_owned(), message: message.to_owned() };
    let (path, text) = assignment.split_once('=').ok_or_else(|| refuse("expected KEY=VALUE"))?;
    let keys: Vec<&str> = path.trim().split('.').collect();
    if keys.iter().any(|key| key.is_empty()) {
        return Err(refuse("expected a key before `=`"));
    }
    let mut alone = keys
        .iter()
        .rev()
        .fold(parse_value(text.trim()), |value, &key| Value::Table(Table::from_iter([(key.to_owned(), value)])));
    let found = alone.as_table_mut().map_or_else(|| Ok(Vec::new()), |alone| rename(alone, renamed, None))?;
    put(table, alone, keys.len()).map_err(|key| refuse(&format!("`{key}` is a value, not a section")))?;
    Ok(found)
}

/// Puts the value that lies `depth` keys down in `from` to the same place in `table`; names the key where that is no place.
fn put(table: &mut Table, from: Value, depth: usize) -> Result<(), String> {
    let Value::Table(from) = from else { return Ok(()) };
    for (key, value) in from {
        if depth <= 1 {
            table.insert(key, value);
            continue;
        }
        let inner = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
        put(inner.as_table_mut().ok_or(key)?, value, depth - 1)?;
    }
    Ok(())
}

fn parse_value(text: &str) -> Value {
    format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| if table.len() == 1 { table.remove("value") } else { None })
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Turns a deserialisation error into ours, with the nearest key as a hint where a key is unknown. `place` comes before
/// the error's key: nothing, or such as `variant "kg": masking`.
pub(crate) fn explain(path: &Path, place: &str, error: &toml::de::Error) -> Error {
    let shown = error.to_string();
    let message = if shown.starts_with("TOML parse error") {
        shown.trim().to_owned()
    } else {
        let key = shown.trim().rsplit_once("\nin `").map_or("", |(_, key)| key.trim_end_matches('`'));
        let dot = if place.is_empty() || key.is_empty() { "" } else { "." };
        let colon = if place.is_empty() && key.is_empty() { "" } else { ": " };
        format!("{place}{dot}{key}{colon}{}", reworded(error.message()))
    };
    let reference = || "docs/run-file.md lists every key with its type and default".to_owned();
    Error::RunFile { path: path.to_owned(), message, hint: Some(nearest(error.message()).unwrap_or_else(reference)) }
}

/// Serde's message in the words of the other refusals.
fn reworded(message: &str) -> String {
    if let Some((key, _)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        return format!("unknown key `{key}`");
    }
    let rest = ["invalid type: ", "invalid value: "].iter().find_map(|start| message.strip_prefix(start));
    let Some((found, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    let expected = match expected {
        "f32" | "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "an integer, 0 or more",
        other => other,
    };
    format!("expected {expected}, found {found}")
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
        set(&mut base, "train.steps=20", &[]).unwrap();
        set(&mut base, "data.root=/some/where", &[]).unwrap();
        set(&mut base, "seeds=[1, 2]", &[]).unwrap();
        set(&mut base, "note=a = b", &[]).unwrap();
        assert_eq!(base, table("seeds = [1, 2]\nnote = 'a = b'\n[train]\nsteps = 20\n[data]\nroot = '/some/where'"));
    }

    #[test]
    fn bad_overrides_are_refused() {
        for assignment in ["", "steps", "=3", "train.steps.more=3", "a.=1"] {
            let mut base = table("[train]\nsteps = 10");
            assert!(set(&mut base, assignment, &[]).is_err(), "{assignment:?}");
        }
    }

    const RENAMED: &[Renamed] = &[Renamed { section: "train", old: "clip", new: "max-grad-norm" }];

    #[test]
    fn overrides_take_old_keys() {
        for assignment in ["train.clip=2", "train.max-grad-norm=2", "train={ clip = 2 }"] {
            let mut base = table("[train]\nmax-grad-norm = 1");
            let found = set(&mut base, assignment, RENAMED).unwrap();
            assert_eq!(base, table("[train]\nmax-grad-norm = 2"), "{assignment}");
            assert_eq!(found.len(), usize::from(assignment.contains("clip")), "{assignment}");
        }
        assert!(set(&mut Table::new(), "train={ clip = 1, max-grad-norm = 1 }", RENAMED).is_err());
    }

    fn explained(text: &str, place: &str) -> String {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Outer {
            #[expect(dead_code, reason = "only read from TOML")]
            inner: Inner,
        }
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read from TOML")]
        struct Inner {
            rate: f64,
            steps: u32,
        }
        let error = table(text).try_into::<Outer>().err().unwrap();
        explain(Path::new("run.toml"), place, &error).to_string()
    }

    #[test]
    fn wrong_types_and_unknown_keys_are_named_by_their_path() {
        for (text, place, message) in [
            ("inner = { rate = 'x' }", "", "run.toml: inner.rate: expected a number, found string \"x\""),
            ("inner = { rate = 1.0, steps = -1 }", "", "run.toml: inner.steps: expected an integer, 0 or more, found "),
            ("inner = { rat = 1 }", "", "run.toml: inner: unknown key `rat`"),
            ("other = 1", "", "run.toml: unknown key `other`"),
            ("inner = { rat = 1 }", "variant \"kg\": a", "run.toml: variant \"kg\": a.inner: unknown key `rat`"),
            ("other = 1", "variant \"kg\": a", "run.toml: variant \"kg\": a: unknown key `other`"),
        ] {
            let said = explained(text, place);
            assert!(said.starts_with(message), "{said}");
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
