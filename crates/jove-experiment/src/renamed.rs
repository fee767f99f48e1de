//! Keys that were renamed: the old ones still work, with a warning.

use jove_core::InvalidSetting;
use jove_trainer::TrainConfig;
use toml::{Table, Value};

use crate::error::{Error, Result};
use crate::variant::table_of;

/// A key that was renamed.
#[derive(Clone, Copy)]
pub(crate) struct Renamed {
    /// The section that holds it, as in `[train]`; `*` stands for any one key.
    pub(crate) section: &'static str,
    /// Its former name.
    pub(crate) old: &'static str,
    /// Its name.
    pub(crate) new: &'static str,
}

/// All renamed keys. What is said of `[train]` also holds for the `train` of a variant.
const RENAMED: &[Renamed] = &[
    Renamed { section: "train", old: "accumulation", new: "gradient-accumulation-steps" },
    Renamed { section: "train", old: "clip", new: "max-grad-norm" },
    Renamed { section: "train", old: "recompute", new: "gradient-checkpointing" },
    Renamed { section: "train.objectives.*", old: "share", new: "token-fraction" },
];

/// The renamed keys that the training settings know by their new name.
pub(crate) fn renamed() -> Vec<Renamed> {
    let settings = Value::Table(table_of(&TrainConfig::default()));
    let mut file = Table::from_iter([("train".to_owned(), settings)]);
    let mut is_known = |one: &Renamed| {
        let mut known = false;
        let section: Vec<&str> = one.section.split('.').collect();
        let visited = visit_section(&mut file, &section, "", &mut |here, _| {
            known |= here.contains_key(one.new);
            Ok(())
        });
        visited.is_ok() && known
    };
    RENAMED.iter().filter(|one| is_known(one)).copied().collect()
}

/// An old key that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deprecated {
    /// The variant whose section it is in, if it is in one.
    pub(crate) variant: Option<String>,
    /// The old key, dotted.
    pub(crate) old: String,
    /// The new key, dotted.
    pub(crate) new: String,
}

impl Deprecated {
    /// What the user is shown.
    pub(crate) fn warning(&self) -> String {
        let place = self.variant.as_ref().map_or_else(String::new, |name| format!("variant \"{name}\": "));
        format!("{place}`{}` is deprecated, use `{}`", self.old, self.new)
    }
}

/// An error about a key that was given by its former name, so that it is found in the file.
pub(crate) fn as_written(error: Error, deprecated: &[Deprecated]) -> Error {
    let written = |variant: Option<&str>, key: String| {
        let found = deprecated.iter().find(|one| one.variant.as_deref() == variant && one.new == key);
        found.map_or_else(|| key.clone(), |one| format!("{} (now {})", one.old, one.new))
    };
    match error {
        Error::Setting { key, expected, found } => Error::Setting { key: written(None, key), expected, found },
        Error::VariantSetting { variant, setting } => {
            let field = written(Some(&variant), setting.field);
            Error::VariantSetting { variant, setting: InvalidSetting { field, ..setting } }
        }
        other => other,
    }
}

/// Renames all old keys of a run file.
pub(crate) fn rename_file(table: &mut Table, renamed: &[Renamed]) -> Result<Vec<Deprecated>> {
    let mut found = rename(table, renamed, None)?;
    for variant in table.get_mut("variants").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(variant) = variant.as_table_mut() else { continue };
        let name = variant.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        found.extend(rename(variant, renamed, Some(&name))?);
    }
    Ok(found)
}

/// Renames the old keys of `KEY=VALUE` assignments that were read into a table of their own.
pub(crate) fn rename(table: &mut Table, renamed: &[Renamed], variant: Option<&str>) -> Result<Vec<Deprecated>> {
    let mut found = Vec::new();
    for one in renamed {
        let section: Vec<&str> = one.section.split('.').collect();
        visit_section(table, &section, "", &mut |here, path| {
            let Some(value) = here.remove(one.old) else { return Ok(()) };
            let (old, new) = (format!("{path}{}", one.old), format!("{path}{}", one.new));
            let deprecated = Deprecated { variant: variant.map(str::to_owned), old, new };
            if here.insert(one.new.to_owned(), value).is_some() {
                return Err(Error::TwoNames { variant: deprecated.variant, old: deprecated.old, new: deprecated.new });
            }
            found.push(deprecated);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Calls `visit` with every table at `section`, and with the dotted path of its keys.
fn visit_section(
    table: &mut Table,
    section: &[&str],
    path: &str,
    visit: &mut dyn FnMut(&mut Table, &str) -> Result<()>,
) -> Result<()> {
    let Some((first, rest)) = section.split_first() else { return visit(table, path) };
    for (key, value) in table.iter_mut().filter(|(key, _)| *first == "*" || first == key) {
        if let Some(inner) = value.as_table_mut() {
            visit_section(inner, rest, &format!("{path}{key}."), visit)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: &[Renamed] = &[
        Renamed { section: "train", old: "clip", new: "max-grad-norm" },
        Renamed { section: "train.objectives.*", old: "share", new: "token-fraction" },
    ];

    fn check(before: &str, after: &str, warnings: &[&str]) {
        let mut table: Table = before.parse().unwrap();
        let found = rename_file(&mut table, EXAMPLES).unwrap();
        assert_eq!(table, after.parse().unwrap());
        let said: Vec<String> = found.iter().map(Deprecated::warning).collect();
        assert_eq!(said, warnings);
    }

    #[test]
    fn old_keys_become_new_ones_and_are_reported() {
        check("", "", &[]);
        check("train.max-grad-norm = 2", "train.max-grad-norm = 2", &[]);
        let warning = "`train.clip` is deprecated, use `train.max-grad-norm`";
        check("train.clip = 2", "train.max-grad-norm = 2", &[warning]);
        let both = ["share = 0.1", "token-fraction = 0.1"];
        let [old, new] = both.map(|key| format!("[train.objectives.link]\n{key}\n[train.objectives.tlm]\n{key}"));
        let warnings = ["link", "tlm"].map(|name| {
            format!("`train.objectives.{name}.share` is deprecated, use `train.objectives.{name}.token-fraction`")
        });
        check(&old, &new, &warnings.each_ref().map(String::as_str));
    }

    #[test]
    fn old_keys_of_a_variant_are_reported_with_its_name() {
        let file = |key| format!("[[variants]]\nname = 'kg'\ntrain = {{ {key} = 0.5, objectives.link.weight = 1 }}");
        let warning = "variant \"kg\": `train.clip` is deprecated, use `train.max-grad-norm`";
        check(&file("clip"), &file("max-grad-norm"), &[warning]);
    }

    #[test]
    fn keys_elsewhere_keep_their_names() {
        for text in ["clip = 1", "text.clip = 1", "train.objectives.share = 1", "train = 3", "variants = 3"] {
            check(text, text, &[]);
        }
    }

    /// A key that is known has no former name among the settings, else both would be valid.
    #[test]
    fn no_setting_has_a_former_name() {
        let settings = table_of(&TrainConfig::default());
        for one in renamed() {
            assert!(one.section != "train" || !settings.contains_key(one.old), "{}", one.old);
        }
    }

    #[test]
    fn an_invalid_value_is_named_as_the_file_spells_it() {
        let one = Deprecated { variant: None, old: "train.clip".into(), new: "train.max-grad-norm".into() };
        for (key, expected) in [
            ("train.max-grad-norm", "train.clip (now train.max-grad-norm): expected 0 or more, found -1"),
            ("train.warmup", "train.warmup: expected 0 or more, found -1"),
        ] {
            let invalid = InvalidSetting::new(key, "0 or more", -1);
            let said = as_written(invalid.clone().into(), std::slice::from_ref(&one)).to_string();
            assert_eq!(said, expected);
            let in_variant = as_written(Error::in_variant("kg", invalid), std::slice::from_ref(&one)).to_string();
            assert_eq!(in_variant, format!("variant \"kg\": {key}: expected 0 or more, found -1"));
        }
    }

    #[test]
    fn an_old_key_beside_its_new_one_is_an_error() {
        for text in ["train = { clip = 1, max-grad-norm = 1 }", "[[variants]]\ntrain = { clip = 1, max-grad-norm = 1 }"]
        {
            let message = rename_file(&mut text.parse().unwrap(), EXAMPLES).unwrap_err().to_string();
            assert!(message.contains("`train.clip` is the former name of `train.max-grad-norm`"), "{message}");
        }
    }
}
