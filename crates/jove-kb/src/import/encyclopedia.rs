//! Chinese encyclopedia dumps of entity, attribute and value: OwnThink (commas) and CN-DBpedia (tabs).
//!
//! Entities carry what tells them apart in brackets: `胶饴[药材]`, `红玫瑰（张爱玲小说）`. Values are text; only short
//! ones can be entities.

use std::path::Path;

use jove_core::{Lang, Problem};

use super::input::Lines;
use super::records::{Records, unquote};
use crate::error::Result;
use crate::intake::{Intake, Object, Provisional, bare};
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
    match dump {
        Dump::OwnThink => read_own_think(path, intake),
        Dump::CnDbpedia => read_cn_dbpedia(path, intake),
    }
}

fn read_own_think(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut records = Records::open(path, b',', 3, intake)?;
    while let Some((number, record)) = records.next(intake)? {
        let is_header = number == 1 && record.starts_with("实体,");
        if !record.is_empty() && !is_header {
            let cells = own_think_cells(record);
            take_or_reject((path, number, record), cells, intake)?;
        }
    }
    Ok(())
}

fn read_cn_dbpedia(path: &Path, intake: &mut Intake<'_>) -> Result<()> {
    let mut lines = Lines::open(path, intake)?;
    while let Some((number, line)) = lines.next_text(intake)? {
        if !line.is_empty() {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            take_or_reject((path, number, line), cells.try_into().ok(), intake)?;
        }
    }
    Ok(())
}

/// Entity, attribute and value of a record. Values hold commas and quotes without being quoted now and then, so the value is all
/// the rest unless it is one quoted cell.
fn own_think_cells(record: &str) -> Option<[String; 3]> {
    let (entity, rest) = own_think_cell(record)?;
    let (attribute, rest) = own_think_cell(rest)?;
    let mut value = String::new();
    let quoted = rest.strip_prefix('"').and_then(|inside| unquote(inside, &mut value)) == Some("");
    Some([entity, attribute, if quoted { value } else { rest.to_owned() }])
}

/// A cell and what follows its comma.
fn own_think_cell(text: &str) -> Option<(String, &str)> {
    let Some(inside) = text.strip_prefix('"') else {
        return text.split_once(',').map(|(cell, rest)| (cell.to_owned(), rest));
    };
    let mut cell = String::new();
    let after = unquote(inside, &mut cell)?;
    Some((cell, after.strip_prefix(',')?))
}

fn take_or_reject(
    (path, number, row): (&Path, u64, &str),
    cells: Option<[String; 3]>,
    intake: &mut Intake<'_>,
) -> Result<()> {
    if let Some(cells) = cells.filter(|cells| cells.iter().all(|cell| !cell.trim().is_empty())) {
        return take(&cells, intake);
    }
    let expected = "entity, attribute and value";
    intake.reject(Problem::new(path, Some(number), expected, row), row.as_bytes())
}

fn take(cells: &[String; 3], intake: &mut Intake<'_>) -> Result<()> {
    let (subject, attribute) = (cells[0].trim(), cells[1].trim());
    let value = without_tags(cells[2].trim());
    let short = value.chars().count() <= ENTITY_CHARS_MAX && !value.contains(['，', '。', '；', '、', ';', '\n']);
    let number = is_quantity(&value);
    let object = if short && !number {
        Object::Entity(&value)
    } else {
        Object::Value { text: &value, lang: Some(Lang::ZH), datatype: "" }
    };
    intake.triple(subject, attribute, object, name)
}

/// Whether a value is a number, a date or a quantity.
fn is_quantity(value: &str) -> bool {
    let signs = ['-', '+', '−', '－', '约', '約', '近', '超', '第', '~', '～', '>', '<', '≥', '≤', '￥', '¥', '$', '€'];
    let value = value.trim_start_matches(signs);
    let value = ["公元前", "公元", "民国"].iter().find_map(|era| value.strip_prefix(era)).unwrap_or(value);
    value.trim_start_matches(signs).starts_with(|c: char| c.is_ascii_digit())
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
        Some(short) => intake.derived_name(entity, lang, short),
        None => intake.name_by_key(entity, lang, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_commas_and_quotes() {
        let check = |record: &str, expected: Option<[&str; 3]>| {
            assert_eq!(own_think_cells(record), expected.map(|cells| cells.map(str::to_owned)), "{record}");
        };
        check("甲,乙,丙", Some(["甲", "乙", "丙"]));
        check("甲,乙,丙,丁", Some(["甲", "乙", "丙,丁"]));
        check("山,简介,他说\"好\",她说不好", Some(["山", "简介", "他说\"好\",她说不好"]));
        check("山,外号,\"大山\",小山", Some(["山", "外号", "\"大山\",小山"]));
        check("\"甲,一\",乙,\"丙\n\"\"丁\"\"\"", Some(["甲,一", "乙", "丙\n\"丁\""]));
        check("\"甲\"x,乙,丙", None);
        check("甲,乙", None);
        check("", None);
    }

    #[test]
    fn quantities_are_told_from_entities() {
        for value in ["1990年", "-12米", "公元1999年", "公元前221年", "约300", "第3名", "$5"] {
            assert!(is_quantity(value), "{value}");
        }
        for value in ["", "张三", "第一名", "公元", "🙂", "-", "é1"] {
            assert!(!is_quantity(value), "{value}");
        }
    }

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
