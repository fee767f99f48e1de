//! Chinese encyclopedia dumps of entity, attribute and value: OwnThink (commas) and CN-DBpedia (tabs).
//!
//! Entities carry what tells them apart in brackets: `胶饴[药材]`, `红玫瑰（张爱玲小说）`. Values are text; only short
//! ones can be entities.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::input::Lines;
use super::names::bare;
use super::table::split_quoted;
use crate::error::Result;
use crate::intake::{Intake, Object, Provisional};
use crate::roles::{Role, Roles};

/// The longest value that is taken for an entity, in characters.
const ENTITY_CHARS_MAX: usize = 20;

/// How a dump parts its cells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dump {
    /// `实体,属性,值` with quoted cells and a header.
    OwnThink,
    /// Tab-separated, no header.
    CnDbpedia,
}

/// The roles of attributes in these dumps.
pub(crate) fn roles() -> Roles {
    let mut roles = Roles::common();
    let own = [
        ("BaiduCARD", Role::Description),
        ("BaiduTAG", Role::Type),
        ("CATEGORY_ZH", Role::Type),
        ("标签", Role::Type),
        ("歧义权重", Role::Popularity),
        ("歧义关系", Role::Ignore),
    ];
    roles.roles.extend(own.map(|(name, role)| (name.to_owned(), role)));
    roles
}

/// Reads a file.
pub(crate) fn read(path: &Path, dump: Dump, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    let mut cells = Vec::new();
    while let Some((number, line)) = lines.next_text(intake)? {
        if line.is_empty() || (dump == Dump::OwnThink && number == 1 && line.starts_with("实体,")) {
            continue;
        }
        cells.clear();
        let whole = match dump {
            Dump::CnDbpedia => {
                cells.extend(line.splitn(3, '\t').map(str::to_owned));
                true
            }
            Dump::OwnThink if line.contains('"') => split_quoted(line, &mut cells),
            Dump::OwnThink => {
                // Values hold commas without quotes now and then.
                cells.extend(line.splitn(3, ',').map(str::to_owned));
                true
            }
        };
        let filled = cells.len() >= 3 && cells.iter().take(3).all(|cell| !cell.trim().is_empty());
        if whole && filled {
            take(&cells, intake)?;
        } else {
            let expected = "entity, attribute and value";
            intake.reject(Problem::new(path, Some(number), expected, line), line.as_bytes())?;
        }
    }
    Ok(())
}

fn take(cells: &[String], intake: &mut Intake<'_>) -> Result<()> {
    let (subject, attribute) = (cells[0].trim(), cells[1].trim());
    let value = without_tags(cells[2].trim());
    let short = value.chars().count() <= ENTITY_CHARS_MAX && !value.contains(['，', '。', '；', '、', ';', '\n']);
    let number = value.chars().next().is_some_and(|c| c.is_ascii_digit());
    let object = if short && !number {
        Object::Entity(&value)
    } else {
        Object::Value { text: &value, lang: Some(Lang::ZH), datatype: "" }
    };
    intake.triple(subject, attribute, object, name)
}

/// A value without the HTML tags that crawlers left in it.
fn without_tags(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find('<') {
        let tag = rest[start + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        if let Some(end) = rest[start..].find('>').filter(|_| tag) {
            out.push_str(&rest[..start]);
            rest = &rest[start + end + 1..];
        } else {
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
        }
    }
    out.push_str(rest);
    out
}

fn name(intake: &mut Intake<'_>, entity: Provisional, key: &str) -> Result<()> {
    let lang = Intake::guess_lang(None, key);
    match bare(key) {
        Some(short) => intake.label(entity, lang, short),
        None => intake.label(entity, lang, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_text_stays() {
        for (value, expected) in [
            ("", ""),
            ("<a>曹雪芹</a>", "曹雪芹"),
            ("a<b 1<2", "a<b 1<2"),
            ("x<br/>y", "xy"),
            ("🙂 < é", "🙂 < é"),
            ("<<a>>", "<>"),
        ] {
            assert_eq!(without_tags(value), expected, "{value}");
        }
    }
}
