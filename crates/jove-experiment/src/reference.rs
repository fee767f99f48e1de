//! The reference of the run file, as Markdown, from the comments on its fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::RunFile;

/// The page `docs/run-file.md`: every setting with its type and what its comment says.
pub fn reference() -> String {
    let schema = schemars::schema_for!(RunFile).to_value();
    let mut page = String::from(
        "# The run file\n\nOne TOML file is one experiment. This page is made from the comments in the sources; a test keeps \
         it current.\n\n`--set KEY=VALUE` overrides any setting from the command line; `jove run FILE --resolve` prints the \
         file with every default filled in.\n",
    );
    let mut waiting = vec![("RunFile".to_owned(), schema.clone())];
    let mut seen = BTreeSet::from(["RunFile".to_owned()]);
    let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    while !waiting.is_empty() {
        let (name, part) = waiting.remove(0);
        let mut mentioned = Vec::new();
        page.push_str(&section(&name, &part, &mut mentioned));
        for name in mentioned {
            if let Some(definition) = definitions.get(&name)
                && seen.insert(name.clone())
            {
                waiting.push((name, definition.clone()));
            }
        }
    }
    page
}

fn section(name: &str, schema: &Value, mentioned: &mut Vec<String>) -> String {
    let mut text = format!("\n## {name}\n\n");
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        text.push_str(&format!("{}\n\n", one_line(description)));
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        text.push_str(&fields(properties, mentioned));
    } else {
        text.push_str(&choices(schema));
    }
    text
}

fn fields(properties: &Map<String, Value>, mentioned: &mut Vec<String>) -> String {
    let mut text = String::from("| setting | type | meaning |\n| --- | --- | --- |\n");
    for (key, field) in properties {
        let meaning = field.get("description").and_then(Value::as_str).map(one_line).unwrap_or_default();
        text.push_str(&format!("| `{key}` | {} | {meaning} |\n", kind(field, mentioned)));
    }
    text
}

/// The variants of an enum, each with its meaning.
fn choices(schema: &Value) -> String {
    let mut text = String::new();
    for choice in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        let meaning = choice.get("description").and_then(Value::as_str).map(one_line).unwrap_or_default();
        let value = choice.get("const").and_then(Value::as_str).unwrap_or("…");
        text.push_str(&format!("- `{value}`: {meaning}\n"));
    }
    for choice in schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        text.push_str(&format!("- `{choice}`\n"));
    }
    text
}

fn kind(field: &Value, mentioned: &mut Vec<String>) -> String {
    if let Some(path) = field.get("$ref").and_then(Value::as_str) {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        mentioned.push(name.clone());
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for list in ["allOf", "anyOf"] {
        if let Some(parts) = field.get(list).and_then(Value::as_array) {
            let kinds: Vec<String> = parts
                .iter()
                .filter(|part| part.get("type").and_then(Value::as_str) != Some("null"))
                .map(|part| kind(part, mentioned))
                .collect();
            return kinds.join(" or ");
        }
    }
    match field.get("type") {
        Some(Value::String(name)) if name == "array" => {
            let inner = field.get("items").map(|items| kind(items, mentioned)).unwrap_or_default();
            format!("list of {inner}")
        }
        Some(Value::String(name)) => plain(name).to_owned(),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.map(plain).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn plain(name: &str) -> &str {
    match name {
        "integer" => "whole number",
        "string" => "text",
        "boolean" => "true or false",
        other => other,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
