//! Where in a row each thing stands, by the options and the header.

use std::path::Path;

use jove_core::Problem;

use crate::columns::{Column, Columns};
use crate::error::{Error, Result};
use crate::import::cell::Cell;

pub(super) const SUBJECT: usize = 0;
pub(super) const PREDICATE: usize = 1;
pub(super) const OBJECT: usize = 2;
pub(super) const LABEL: usize = 3;
pub(super) const ALIAS: usize = 4;
pub(super) const TYPE: usize = 5;
pub(super) const DESCRIPTION: usize = 6;
pub(super) const OBJECT_LABEL: usize = 7;
pub(super) const OBJECT_TYPE: usize = 8;
/// Things that a row may state.
pub(super) const SLOTS: usize = 9;

/// Usual names of the columns of a table of triples, the surest first.
const SUBJECTS: &[&str] = &[
    "subject",
    "subj",
    "head",
    "head_entity",
    "head entity",
    "entity1",
    "entity_1",
    "node1",
    ":start_id",
    "source",
    "src",
    "from",
    "start",
    "item",
    "entity",
    "s",
    "h",
    "e1",
    "主语",
    "主体",
    "头实体",
    "实体1",
    "源实体",
    "实体",
];
const PREDICATES: &[&str] = &[
    "predicate",
    "pred",
    "relation",
    "rel",
    "relationship",
    "property",
    "prop",
    ":type",
    "edge",
    "attribute",
    "label",
    "type",
    "r",
    "p",
    "谓语",
    "谓词",
    "关系",
    "属性",
];
const OBJECTS: &[&str] = &[
    "object",
    "obj",
    "tail",
    "tail_entity",
    "tail entity",
    "entity2",
    "entity_2",
    "node2",
    ":end_id",
    "target",
    "tgt",
    "dst",
    "to",
    "end",
    "value",
    "o",
    "t",
    "e2",
    "宾语",
    "客体",
    "尾实体",
    "实体2",
    "目标实体",
    "值",
];

/// What the cells of a row are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// For each column up to the last that matters, one bit a slot that it fills.
    slots: Vec<u16>,
    /// Whether the slot has a column.
    has: [bool; SLOTS],
}

impl Plan {
    /// The plan of columns given by number, or by name in a header.
    pub(super) fn new(columns: &Columns, header: Option<&[String]>, path: &Path) -> Result<Self> {
        let mut plan = Self::default();
        for (slot, column) in columns.all().into_iter().enumerate() {
            match column {
                Column::Number(0) => {}
                Column::Number(number) => plan.set(slot, *number as usize - 1),
                Column::Name(name) if name.is_empty() => {}
                Column::Name(name) => plan.set(slot, position(name, header.unwrap_or_default(), path)?),
            }
        }
        Ok(plan)
    }

    /// The plan of a header that names subject, predicate and object in the usual words.
    pub(super) fn of_usual_header(header: &[String]) -> Option<Self> {
        if header.len() > 64 {
            return None;
        }
        let words: Vec<String> = header.iter().map(|cell| cell.trim().to_lowercase()).collect();
        let at = |names: &[&str]| names.iter().find_map(|name| words.iter().position(|word| word == name));
        let found = [at(SUBJECTS)?, at(PREDICATES)?, at(OBJECTS)?];
        let mut plan = Self::default();
        (0..3).for_each(|slot| plan.set(slot, found[slot]));
        (found[0] != found[1] && found[1] != found[2] && found[0] != found[2]).then_some(plan)
    }

    /// Whether a row is the header of a query's answer: names of variables.
    pub(super) fn is_variables(header: &[String]) -> bool {
        header.len() > 1 && header.iter().all(|cell| cell.len() > 1 && cell.starts_with('?') && !cell.contains(' '))
    }

    fn set(&mut self, slot: usize, column: usize) {
        // A number that no row reaches costs no memory.
        let column = column.min(u16::MAX as usize);
        if self.slots.len() <= column {
            self.slots.resize(column + 1, 0);
        }
        self.slots[column] |= 1 << slot;
        self.has[slot] = true;
    }

    /// Whether a thing has a column.
    pub(super) fn has(&self, slot: usize) -> bool {
        self.has[slot]
    }

    /// How many columns a row needs.
    pub(super) fn columns(&self) -> usize {
        self.slots.len()
    }

    /// The cells that matter, each in its slot and without space around it; how many cells there are, and how many up to the last
    /// that is not empty.
    pub(super) fn pick<'a>(&self, cells: impl Iterator<Item = &'a str>) -> ([&'a str; SLOTS], usize, usize) {
        let mut found = [""; SLOTS];
        let (mut count, mut filled) = (0, 0);
        for cell in cells {
            let mut slots = self.slots.get(count).copied().unwrap_or(0);
            count += 1;
            if !cell.is_empty() {
                filled = count;
            }
            while slots != 0 {
                found[slots.trailing_zeros() as usize] = cell.trim();
                slots &= slots - 1;
            }
        }
        (found, count, filled)
    }
}

/// The column of a name; `name:string` and `id:ID` of a header are also called `name` and `id`.
fn position(name: &str, header: &[String], path: &Path) -> Result<usize> {
    let cells: Vec<_> = header.iter().map(|cell| Cell::parse(cell.trim()).text).collect();
    let exact = cells.iter().position(|cell| *cell == name);
    let any_case = || cells.iter().position(|cell| cell.to_lowercase() == name.to_lowercase());
    let untyped = || cells.iter().position(|cell| cell.split(':').next() == Some(name));
    exact.or_else(any_case).or_else(untyped).ok_or_else(|| {
        let found: String = header.join(", ").chars().take(200).collect();
        let found = if found.is_empty() { "no header".into() } else { found };
        Error::Source(Box::new(Problem::new(path, None, format!("a column `{name}`"), &found)))
    })
}

/// Cells as a message shows them.
pub(super) fn shown(cells: &[String]) -> String {
    cells.join(", ").chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn usual_headers_say_which_column_is_what() {
        for (text, order) in [
            ("subject,predicate,object", [0, 1, 2]),
            ("Head,Relation,Tail", [0, 1, 2]),
            ("head,tail,relation", [0, 2, 1]),
            ("id,node1,label,node2", [1, 2, 3]),
            (":START_ID,:END_ID,:TYPE", [0, 2, 1]),
            ("实体,属性,值", [0, 1, 2]),
            ("头实体,关系,尾实体", [0, 1, 2]),
            ("s,p,o", [0, 1, 2]),
            ("source,target,type", [0, 2, 1]),
        ] {
            let plan = Plan::of_usual_header(&header(text)).unwrap_or_else(|| panic!("{text}"));
            let cells = header(text);
            let (found, ..) = plan.pick(cells.iter().map(String::as_str));
            assert_eq!(found[..3], order.map(|at| cells[at].as_str()), "{text}");
        }
        for text in ["水稻,产地,湖南", "a,p,b", "", "subject,b,object", "subject", "🙂,é,שלום", "head,is,tail"]
        {
            assert_eq!(Plan::of_usual_header(&header(text)), None, "{text}");
        }
        assert!(Plan::is_variables(&header("?item,?p,?o")));
        assert!(!Plan::is_variables(&header("?,?,?")));
    }

    #[test]
    fn columns_are_found_by_name() {
        let cells = header("personId:ID,name:string,:LABEL");
        let find = |name: &str| position(name, &cells, Path::new("x.csv"));
        assert_eq!(find("name").unwrap(), 1);
        assert_eq!(find(":label").unwrap(), 2);
        assert_eq!(find("personId:ID").unwrap(), 0);
        let error = find("名").unwrap_err().to_string();
        assert!(error.contains("a column `名`") && error.contains("personId:ID, name:string"), "{error}");
    }
}
