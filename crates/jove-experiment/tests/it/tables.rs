//! Values in TOML tables, by paths such as `kb.sources[0].columns.subject`.

use toml::{Table, Value};

/// A TOML value.
pub(crate) fn value(text: &str) -> Value {
    format!("value = {text}").parse::<Table>().unwrap().remove("value").unwrap()
}

/// Puts a value at a path such as `kb.sources[0].columns.subject`.
pub(crate) fn plant(table: &mut Table, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (key, index) = match first.split_once('[') {
        Some((key, index)) => (key, Some(index.trim_end_matches(']').parse::<usize>().unwrap())),
        None => (first, None),
    };
    match (index, rest) {
        (None, None) => drop(table.insert(key.to_owned(), value)),
        (None, Some(rest)) => {
            let inner = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
            plant(inner.as_table_mut().unwrap(), rest, value);
        }
        (Some(index), rest) => {
            let element = table[key].as_array_mut().unwrap()[index].as_table_mut().unwrap();
            plant(element, rest.unwrap(), value);
        }
    }
}

/// The value at a path, where there is one.
pub(crate) fn lookup<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let step = |table: &'a Table, part: &str| match part.split_once('[') {
        Some((key, index)) => table.get(key)?.as_array()?.get(index.trim_end_matches(']').parse::<usize>().ok()?),
        None => table.get(part),
    };
    let first = step(table, parts.next()?)?;
    parts.try_fold(first, |value, part| step(value.as_table()?, part))
}
