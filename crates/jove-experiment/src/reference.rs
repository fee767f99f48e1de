//! The reference of the run file, as Markdown: types and descriptions from the fields of the structs that hold it, defaults
//! from their `Default`.

use serde_json::{Map, Value};

use crate::renamed::renamed;
use crate::run_file::{Recipe, RunFile};

const OPENING: &str = "\
# The run file

One TOML file is one experiment. This page is generated from the sources; a test keeps it current. It is ordered by the
path of the sections, and each section lists its keys.

- `required` in the column of defaults: there is none, the key must be given. `none`: the key may be left out and then has no
  value. A default with the name of a recipe after it is that of the variants with this recipe.
- `--set KEY=VALUE` overrides any key outside of lists from the command line, such as `--set train.steps=200`;
  `jove run FILE --resolve` prints the file with every default filled in.
- A language is a BCP 47 tag, such as `zh`, `en`, `zh-Hant` or `pt-BR`.
- Messages name a key by its path. An element of a list is named by its index from 0, `kb.sources[0].path`; a key of a variant
  by the variant's name, `variant \"kg\": masking.budget`.
";

/// The page `docs/run-file.md`: every section by its path, every key with its type, default and description.
pub fn reference() -> String {
    let schema = schemars::schema_for!(RunFile).to_value();
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut page = Page { text: OPENING.to_owned(), definitions, recipes: recipes() };
    page.section("", "## Top level", &schema);
    page.renamed_keys();
    page.text
}

/// The defaults of `[variants.masking]` and `[train]` that a recipe sets, by its name.
fn recipes() -> Vec<(&'static str, Value)> {
    let named = [("pd", Recipe::Pd), ("kg", Recipe::Kg), ("ml", Recipe::Ml)];
    let defaults = |recipe: Recipe| {
        let masking = serde_json::to_value(recipe.masking()).unwrap_or_default();
        serde_json::json!({"train": recipe.train(), "variants": {"masking": masking}})
    };
    named.into_iter().map(|(name, recipe)| (name, defaults(recipe))).collect()
}

struct Page {
    text: String,
    definitions: Map<String, Value>,
    recipes: Vec<(&'static str, Value)>,
}

/// A section within another.
struct Inner<'a> {
    path: String,
    is_list: bool,
    schema: &'a Value,
}

impl Page {
    /// Writes a section with its keys, then the sections in it.
    fn section(&mut self, path: &str, heading: &str, schema: &Value) {
        self.text.push_str(&format!("\n{heading}\n\n"));
        if let Some(description) = schema.get("description").and_then(Value::as_str) {
            self.text.push_str(&format!("{}\n\n", one_line(description)));
        }
        self.text.push_str("| key | type | default | description |\n| --- | --- | --- | --- |\n");
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let definitions = self.definitions.clone();
        let mut choices = String::new();
        let mut sections = Vec::new();
        for (key, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let (inner, is_list) = resolve(field, &definitions);
            let description = text_of(field);
            let (kind, default) = if inner.get("properties").is_none() {
                choices.push_str(&meanings(key, inner));
                let kind = type_of(field, &definitions);
                (kind, self.default_of(&path, field, required.contains(&key.as_str())))
            } else if path == "variants.train" {
                (link("train", false), "none".to_owned())
            } else {
                let kind = link(&path, is_list);
                let is_option = field.get("anyOf").is_some();
                let default = match (required.contains(&key.as_str()), is_option) {
                    (true, _) => "required",
                    (false, true) => "none",
                    (false, false) => "",
                };
                sections.push(Inner { path, is_list, schema: inner });
                (kind, default.to_owned())
            };
            self.text.push_str(&format!("| `{key}` | {kind} | {default} | {description} |\n"));
        }
        self.text.push_str(&choices);
        for Inner { path, is_list, schema } in sections {
            let name = if is_list { format!("[[{path}]]") } else { format!("[{path}]") };
            self.section(&path, &format!("## `{name}`"), schema);
        }
    }

    /// The default, and those of the recipes where they differ.
    fn default_of(&self, path: &str, field: &Value, required: bool) -> String {
        if required {
            return "required".to_owned();
        }
        let default = field.get("default").map_or_else(|| "none".to_owned(), literal);
        let pointer = format!("/{}", path.replace('.', "/"));
        let mut shown = default.clone();
        for (name, recipe) in &self.recipes {
            if let Some(own) = recipe.pointer(&pointer).map(literal).filter(|own| *own != default) {
                shown.push_str(&format!("; {name}: {own}"));
            }
        }
        shown
    }

    fn renamed_keys(&mut self) {
        let renamed = renamed();
        if renamed.is_empty() {
            return;
        }
        self.text.push_str(
            "\n## Renamed keys\n\nThe former names still work, with a warning. In the `train` of a variant they are renamed \
             too.\n\n| section | former name | name |\n| --- | --- | --- |\n",
        );
        for one in renamed {
            self.text.push_str(&format!("| `[{}]` | `{}` | `{}` |\n", one.section, one.old, one.new));
        }
    }
}

/// What a field holds, behind references, lists and `Option`; and whether it is a list of that.
fn resolve<'a>(field: &'a Value, definitions: &'a Map<String, Value>) -> (&'a Value, bool) {
    if let Some(definition) = referred(field, definitions) {
        return resolve(definition, definitions);
    }
    if let Some(part) = alternatives(field).next() {
        return resolve(part, definitions);
    }
    match field.get("items") {
        Some(items) if field.get("minItems").is_none() => (resolve(items, definitions).0, true),
        _ => (field, false),
    }
}

fn referred<'a>(field: &Value, definitions: &'a Map<String, Value>) -> Option<&'a Value> {
    let path = field.get("$ref").and_then(Value::as_str)?;
    definitions.get(path.rsplit('/').next().unwrap_or(path))
}

/// The parts of an `Option` of something with a name of its own, but for the missing value.
fn alternatives(field: &Value) -> impl Iterator<Item = &Value> {
    let parts = ["allOf", "anyOf"].into_iter().filter_map(|list| field.get(list).and_then(Value::as_array)).flatten();
    parts.filter(|part| part.get("type").and_then(Value::as_str) != Some("null"))
}

fn type_of(field: &Value, definitions: &Map<String, Value>) -> String {
    if let Some(definition) = referred(field, definitions) {
        return type_of(definition, definitions);
    }
    if let Some(part) = alternatives(field).next() {
        return type_of(part, definitions);
    }
    let choices = choices(field);
    if !choices.is_empty() {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("`\"{name}\"`")).collect();
        return format!("one of {}", names.join(", "));
    }
    match field.get("type") {
        Some(Value::String(name)) if name == "array" => {
            let items = field.get("items").map(|items| type_of(items, definitions)).unwrap_or_default();
            match field.get("minItems").and_then(Value::as_u64) {
                Some(count) => format!("array of {count} {items}s"),
                None => format!("array of {items}"),
            }
        }
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

/// The values of an enum, each with what it means where that is said.
fn choices(schema: &Value) -> Vec<(&str, Option<String>)> {
    let mut found = Vec::new();
    let alone = std::iter::once(schema);
    for part in alone.chain(schema.get("oneOf").and_then(Value::as_array).into_iter().flatten()) {
        let meaning = part.get("const").and_then(Value::as_str).map(|name| (name, Some(text_of(part))));
        found.extend(meaning);
        let names = part.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        found.extend(names.map(|name| (name, None)));
    }
    found
}

/// A list of what the values of a key mean.
fn meanings(key: &str, schema: &Value) -> String {
    let choices = choices(schema);
    let described = choices.iter().filter_map(|(name, meaning)| Some((name, meaning.as_ref()?)));
    let lines: Vec<String> = described.map(|(name, meaning)| format!("- `\"{name}\"`: {meaning}\n")).collect();
    if lines.is_empty() { String::new() } else { format!("\n`{key}`:\n\n{}", lines.concat()) }
}

/// A value as TOML spells it.
fn literal(value: &Value) -> String {
    fn toml(value: &Value) -> String {
        match value {
            Value::Number(number) => match number.as_f64() {
                // A default of 32 bits is shown as it is written in the source.
                Some(wide) if number.is_f64() && f64::from(wide as f32).to_bits() == wide.to_bits() => {
                    format!("{:?}", wide as f32)
                }
                _ => number.to_string(),
            },
            Value::Array(values) => format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", ")),
            other => other.to_string(),
        }
    }
    if value.is_null() { "none".to_owned() } else { format!("`{}`", toml(value)) }
}

/// A link to a section.
fn link(path: &str, is_list: bool) -> String {
    let name = if is_list { format!("[[{path}]]") } else { format!("[{path}]") };
    format!("[`{name}`](#{})", path.replace('.', ""))
}

fn text_of(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).map(one_line).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
