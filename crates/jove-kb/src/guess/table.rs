//! Tables of somebody's own: what parts the cells, whether there is a header, which column is what.

use std::collections::BTreeSet;
use std::path::Path;

use super::found::Layout;
use super::head::Head;
use crate::columns::{Column, Columns};
use crate::format::Format;
use crate::import::has_usual_header;
use crate::options::Source;

/// Rows that are looked at.
const ROWS_MAX: usize = 2000;

/// Signs between cells, with the words for them; the surest first.
const DELIMITERS: [(char, &str); 4] = [('\t', "tabs"), (',', "commas"), (';', "semicolons"), ('|', "vertical bars")];

/// The layout of a table; `None` where the text is no table of at least two columns.
pub(super) fn layout(file: &Path, head: &Head) -> Option<Layout> {
    let (delimiter, words) = delimiter(head)?;
    let rows: Vec<Vec<String>> = rows(&head.text, delimiter);
    let width = usual_width(&rows);
    if width < 2 {
        return None;
    }
    let table = Table { rows: rows.into_iter().filter(|row| row.len() == width).collect(), width };
    let spo = file.extension().is_some_and(|ending| ending == "spo");
    let format = match delimiter {
        '\t' if spo => Format::Spo,
        '\t' => Format::Tsv,
        _ => Format::Csv,
    };
    let mut found = table.columns();
    if !matches!(delimiter, '\t' | ',') {
        found.columns.delimiter = delimiter.to_string();
    }
    let header = if found.header { " and a header" } else { "" };
    let source = Source { columns: found.columns, ..Source::new(format, "") };
    Some(Layout { source, what: format!("a table with {words}{header}, {}", found.what), questions: found.questions })
}

/// The sign that parts all lines into the same number of cells, at least two.
fn delimiter(head: &Head) -> Option<(char, &'static str)> {
    let steady = |sign: char| {
        let rows = rows(&head.text, sign);
        let width = usual_width(&rows);
        let fitting = rows.iter().filter(|row| row.len() == width).count();
        (width >= 2 && fitting * 10 >= rows.len() * 9).then_some(width)
    };
    // Of two signs that part the lines evenly, the one that is first in the list: commas occur in cells of a table with tabs.
    DELIMITERS.into_iter().find(|(sign, _)| steady(*sign).is_some())
}

/// The cells of each row; quotes are heeded but where tabs part the cells.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.delimiter(delimiter as u8).quoting(delimiter != '\t').has_headers(false).flexible(true);
    let records = reader.from_reader(text.as_bytes()).into_records();
    let filled = records.map_while(Result::ok).filter(|record| record.iter().any(|cell| !cell.trim().is_empty()));
    filled.take(ROWS_MAX).map(|record| record.iter().map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The most frequent number of cells.
fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in rows {
        *counts.entry(row.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(width, _)| width)
}

struct Table {
    rows: Vec<Vec<String>>,
    width: usize,
}

/// Which columns are what.
#[derive(Default)]
struct Found {
    columns: Columns,
    header: bool,
    what: String,
    questions: Vec<String>,
}

/// Words of headers. Those of triples are `import::table`'s own.
const IDS: &[&str] = &["id", ":id", "key", "qid", "iri", "uri", "identifier", "code", "cui", "编号"];
const LABELS: &[&str] = &[
    "name",
    "label",
    "title",
    "preferred_name",
    "preferred name",
    "preferredlabel",
    "term",
    "str",
    "名称",
    "中文名",
    "名字",
    "标题",
    "实体",
];
const ALIASES: &[&str] = &[
    "alias",
    "aliases",
    "synonym",
    "synonyms",
    "altlabel",
    "alternative names",
    "alternatenames",
    "also_known_as",
    "别名",
    "同义词",
];
const TYPES: &[&str] = &["type", "kind", ":label", "class", "category", "semantic_type", "类型", "类别", "分类"];
const DESCRIPTIONS: &[&str] =
    &["description", "definition", "summary", "abstract", "comment", "描述", "简介", "摘要", "定义"];

impl Table {
    fn columns(&self) -> Found {
        let header: Vec<String> = self.rows.first().cloned().unwrap_or_default();
        if has_usual_header(&header) {
            let what = "subject, relation and object by its usual names".to_owned();
            return Found { header: true, what, ..Found::default() };
        }
        Self::two_ends(&header).or_else(|| Self::entities(&header)).unwrap_or_else(|| self.by_contents(&header))
    }

    /// Two entities a row, each with columns of its own: `x_id, x_name, relation, y_id, y_name`.
    fn two_ends(header: &[String]) -> Option<Found> {
        let words: Vec<String> = header.iter().map(|cell| cell.to_lowercase()).collect();
        let at =
            |name: &str| words.iter().position(|word| word == name).map(|index| Column::Name(header[index].clone()));
        let ends = [
            ("x_", "y_"),
            ("head_", "tail_"),
            ("subject_", "object_"),
            ("source_", "target_"),
            ("start_", "end_"),
            ("from_", "to_"),
        ];
        for (left, right) in ends {
            let of = |end: &str, kinds: &[&str]| kinds.iter().find_map(|kind| at(&format!("{end}{kind}")));
            let name = |end| of(end, &["name", "label", "title"]);
            let id = |end| of(end, &["id", "key", "index"]);
            let (Some(subject), Some(object)) = (id(left).or_else(|| name(left)), id(right).or_else(|| name(right)))
            else {
                continue;
            };
            let relation =
                ["display_relation", "relation", "relationship", "predicate", "rel", "relation_name", "edge", "type"];
            let predicate = relation.iter().find_map(|name| at(name))?;
            let mut columns = Columns { subject, predicate, object, ..Columns::default() };
            columns.label = name(left).unwrap_or_default();
            columns.object_label = name(right).unwrap_or_default();
            columns.kind = of(left, &["type", "kind", "class"]).unwrap_or_default();
            columns.object_type = of(right, &["type", "kind", "class"]).unwrap_or_default();
            let what = format!(
                "subject in {}, relation in {}, object in {}",
                columns.subject, columns.predicate, columns.object
            );
            return Some(Found { columns, header: true, what, questions: Vec::new() });
        }
        None
    }

    /// One entity a row, with names, types or descriptions in columns of their own.
    fn entities(header: &[String]) -> Option<Found> {
        let at = |names: &[&str]| {
            let found = header.iter().find(|cell| {
                let word = cell.to_lowercase();
                let typed = word.rsplit_once(':').map_or("", |(_, kind)| kind);
                let plain = word.split(':').next().unwrap_or_default();
                names.contains(&word.as_str()) || names.contains(&plain) || (names == IDS && typed.starts_with("id"))
            });
            found.map(|cell| Column::Name(cell.clone())).unwrap_or_default()
        };
        let [id, label, alias, kind, description] = [IDS, LABELS, ALIASES, TYPES, DESCRIPTIONS].map(at);
        let known = [&id, &label, &alias, &kind, &description].iter().filter(|column| column.is_some()).count();
        if known < 2 || !(id.is_some() || label.is_some()) {
            return None;
        }
        let subject = if id.is_some() { id } else { label.clone() };
        let what = format!("an entity a row, by {subject}");
        let columns = Columns {
            subject,
            predicate: 0.into(),
            object: 0.into(),
            label,
            alias,
            kind,
            description,
            ..Columns::default()
        };
        Some(Found { columns, header: true, what, questions: Vec::new() })
    }

    /// By what stands in the columns: the relation is the one that repeats itself most.
    fn by_contents(&self, header: &[String]) -> Found {
        let header_likely = self.first_row_is_alone();
        let rows = if header_likely { &self.rows[1..] } else { &self.rows[..] };
        let text: Vec<usize> = (0..self.width).filter(|column| !is_numeric(rows, *column)).collect();
        let mut found = Found { header: header_likely, ..Found::default() };
        if header_likely {
            found.columns.header = Some(true);
            found.questions.push(format!(
                "is the first row ({}) a header? It was taken as one; `columns.header = false` says otherwise",
                shown(header)
            ));
        }
        if text.len() < 2 || self.width == 2 {
            found.columns =
                Columns { object: 2.into(), predicate: 0.into(), relation: "related to".to_owned(), ..found.columns };
            "two columns".clone_into(&mut found.what);
            found.questions.push("how are the two columns related? `columns.relation` names it; with the role `alias` for it, the second column is a further name".to_owned());
            return found;
        }
        let distinct = |column: usize| rows.iter().map(|row| &row[column]).collect::<BTreeSet<_>>().len();
        // Entities stand on both sides; a relation stands in its own column alone.
        let elsewhere = |column: usize| {
            let others: BTreeSet<&String> = rows
                .iter()
                .flat_map(|row| text.iter().filter(|other| **other != column).map(|other| &row[*other]))
                .collect();
            rows.iter().any(|row| others.contains(&row[column]))
        };
        let relation =
            *text.iter().min_by_key(|column| (elsewhere(**column), distinct(**column))).expect("there are two");
        let others: Vec<usize> = text.iter().copied().filter(|column| *column != relation).collect();
        let (subject, object) = match others.as_slice() {
            [first, .., last] => (*first, *last),
            _ => (0, self.width - 1),
        };
        let number = |column: usize| Column::Number(column as u32 + 1);
        found.columns.subject = number(subject);
        found.columns.predicate = number(relation);
        found.columns.object = number(object);
        found.what =
            format!("subject in column {}, relation in {}, object in {}", subject + 1, relation + 1, object + 1);
        if self.width > 3 || (subject, relation, object) != (0, 1, 2) {
            found.questions.push(format!(
                "is {}? `columns` says otherwise; the second row is {}",
                found.what,
                shown(rows.get(1).unwrap_or(&self.rows[0]))
            ));
        }
        found
    }

    /// Whether nothing of the first row occurs again, while all columns between are words and some repeat themselves.
    fn first_row_is_alone(&self) -> bool {
        let Some((first, rest)) = self.rows.split_first() else { return false };
        if rest.len() < 5
            || first.iter().any(|cell| cell.is_empty() || cell.chars().next().is_some_and(char::is_numeric))
        {
            return false;
        }
        let all: BTreeSet<&String> = rest.iter().flatten().collect();
        let repeating = (0..self.width)
            .any(|column| rest.iter().map(|row| &row[column]).collect::<BTreeSet<_>>().len() * 2 <= rest.len());
        repeating && first.iter().all(|cell| !all.contains(cell))
    }
}

/// Whether a column holds numbers.
fn is_numeric(rows: &[Vec<String>], column: usize) -> bool {
    let numbers = rows.iter().filter(|row| row[column].parse::<f64>().is_ok()).count();
    numbers * 10 >= rows.len() * 9
}

fn shown(row: &[String]) -> String {
    row.iter().map(|cell| cell.chars().take(20).collect::<String>()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Format, [&str; 3], bool)>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph.csv");
        std::fs::write(&path, text).unwrap();
        let found = layout(&path, &Head::read(&path).unwrap());
        let Some((format, columns, header)) = expected else {
            assert!(found.is_none(), "{text}");
            return;
        };
        let found = found.unwrap_or_else(|| panic!("{text}"));
        let source = found.source;
        let shown =
            [&source.columns.subject, &source.columns.predicate, &source.columns.object].map(ToString::to_string);
        assert_eq!((source.format, shown.each_ref().map(String::as_str)), (format, columns), "{text}: {}", found.what);
        assert_eq!(found.what.contains("header"), header, "{text}: {}", found.what);
    }

    #[test]
    fn columns_are_found_by_header_and_by_contents() {
        let facts = [
            ["水稻", "属于", "禾本科"],
            ["小麦", "属于", "禾本科"],
            ["玉米", "产品", "玉米粉"],
            ["水稻", "产品", "大米"],
            ["桃树", "属于", "蔷薇科"],
            ["梨树", "属于", "蔷薇科"],
        ];
        let table =
            |sign: &str, order: [usize; 3]| facts.map(|row| order.map(|at| row[at]).join(sign)).join("\n") + "\n";
        check(&table(",", [0, 1, 2]), Some((Format::Csv, ["1", "2", "3"], false)));
        check(&table("\t", [0, 2, 1]), Some((Format::Tsv, ["1", "3", "2"], false)));
        check(&table(";", [0, 1, 2]), Some((Format::Csv, ["1", "2", "3"], false)));
        check(&format!("head,relation,tail\n{}", table(",", [0, 1, 2])), Some((Format::Csv, ["1", "2", "3"], true)));
        check(
            &format!("HudongItem1,relation,HudongItem2\n{}", table(",", [0, 1, 2])),
            Some((Format::Csv, ["1", "2", "3"], true)),
        );
        check("one\ntwo\nthree\n", None);
        check("", None);
    }

    #[test]
    fn columns_of_entities_and_of_both_ends_have_names() {
        let ends = "relation,display_relation,x_index,x_id,x_type,x_name,y_index,y_id,y_type,y_name\n".to_owned()
            + &"a,interacts with,0,9796,gene,ABC1,8889,56992,gene,DEF2\n".repeat(3);
        check(&ends, Some((Format::Csv, ["`x_id`", "`display_relation`", "`y_id`"], true)));
        let nodes = "personId:ID,name,:LABEL\nk1,Keanu,Person\nk2,Laurence,Person\n";
        check(nodes, Some((Format::Csv, ["`personId:ID`", "0", "0"], true)));
        check(
            "id\tname\tkind\nGene::9021\tSOCS3\tGene\nGene::5\tPLK\tGene\n",
            Some((Format::Tsv, ["`id`", "0", "0"], true)),
        );
    }
}
