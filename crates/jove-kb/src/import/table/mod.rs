//! Tables: triples, or entities with their names, types and descriptions, with a column mapping.

mod first_row;
mod plan;

use std::path::Path;

use jove_core::{Lang, Problem};

use self::first_row::FirstRow;
use self::plan::{
    ALIAS, DESCRIPTION, LABEL, OBJECT, OBJECT_LABEL, OBJECT_TYPE, PREDICATE, Plan, SLOTS, SUBJECT, TYPE, shown,
};
use super::cell::Cell;
use super::input::Lines;
use super::records::{Records, split_quoted};
use super::reserved;
use crate::error::{Error, Result, Seems};
use crate::format::Format;
use crate::intake::{Intake, Object, Provisional};
use crate::options::Source;

/// Whether a first row names subject, predicate and object in the usual words.
pub(crate) fn has_usual_header(row: &[String]) -> bool {
    Plan::of_usual_header(row).is_some()
}

/// Reads a file.
pub(crate) fn read(path: &Path, source: &Source, intake: &mut Intake<'_>) -> Result<()> {
    let mut table = Table::new(path, source);
    if table.quoted {
        let mut records = Records::open(path, table.delimiter as u8, usize::MAX, intake)?;
        while let Some((number, record)) = records.next(intake)? {
            table.row(number, record, intake)?;
        }
    } else {
        let mut lines = Lines::open(path, intake)?;
        while let Some((number, line)) = lines.next_text(intake)? {
            if number == 1 && line == reserved::HEADER {
                return reserved::read_table(path, &mut lines, intake);
            }
            table.row(number, line, intake)?;
        }
    }
    table.first.finish(intake);
    Ok(())
}

/// A table being read.
struct Table<'a> {
    path: &'a Path,
    source: &'a Source,
    delimiter: char,
    /// Whether quotes hold cells together.
    quoted: bool,
    /// Whether quotes and brackets around a whole cell are taken off.
    terms: bool,
    /// Set by the first row.
    plan: Option<Plan>,
    /// Cells of the first row, which the others of a plain table of triples must have too.
    width: Option<usize>,
    first: FirstRow,
    /// The cells of the present row, where they are quoted.
    cells: Vec<String>,
}

impl<'a> Table<'a> {
    fn new(path: &'a Path, source: &'a Source) -> Self {
        let commas = source.format == Format::Csv;
        let columns = &source.columns;
        Self {
            path,
            source,
            delimiter: columns.delimiter.chars().next().unwrap_or(if commas { ',' } else { '\t' }),
            quoted: columns.quoted.unwrap_or(commas),
            terms: columns.quoted.is_none() && !commas,
            plan: None,
            width: None,
            first: FirstRow::default(),
            cells: Vec::new(),
        }
    }

    fn row(&mut self, number: u64, row: &str, intake: &mut Intake<'_>) -> Result<()> {
        if number <= self.source.columns.skip || row.is_empty() {
            return Ok(());
        }
        if self.plan.is_none() && self.begin(row, intake)? {
            return Ok(());
        }
        let Some(plan) = self.plan.take() else { return Ok(()) };
        let taken = if self.quoted && row.contains('"') {
            let mut cells = std::mem::take(&mut self.cells);
            cells.clear();
            let whole = split_quoted(row, self.delimiter, &mut cells);
            let picked = whole.then(|| plan.pick(cells.iter().map(String::as_str)));
            let taken = self.take(&plan, picked, (number, row), intake);
            self.cells = cells;
            taken
        } else {
            self.take(&plan, Some(plan.pick(row.split(self.delimiter))), (number, row), intake)
        };
        self.plan = Some(plan);
        taken
    }

    /// Makes the plan of the first row; whether that is a header.
    fn begin(&mut self, row: &str, intake: &mut Intake<'_>) -> Result<bool> {
        let columns = &self.source.columns;
        let mut cells = Vec::new();
        if !(self.quoted && row.contains('"') && split_quoted(row, self.delimiter, &mut cells)) {
            cells = row.split(self.delimiter).map(str::to_owned).collect();
        }
        let plain = columns.are_plain();
        if plain && cells.len() == 1 && row.trim().parse::<u64>().is_ok() {
            return Err(self.other(Seems {
                what: "a list of numbers that begins with its length (OpenKE)",
                way: "give its folder, with entity2id.txt and relation2id.txt, as openke:FOLDER",
            }));
        }
        let named = columns.all().iter().any(|column| matches!(column, crate::columns::Column::Name(_)));
        let usual = if plain && columns.header != Some(false) { Plan::of_usual_header(&cells) } else { None };
        let variables = columns.header.is_none() && Plan::is_variables(&cells);
        if plain && usual.is_none() && is_of_neo4j(&cells) {
            return Err(self.other(Seems {
                what: "a table of Neo4j",
                way: "say in a file of --config which columns are what, by their names: see docs/knowledge-base.md",
            }));
        }
        let is_header = columns.header == Some(true) || named || usual.is_some() || variables;
        if is_header && !named {
            intake.counts.notes.push(format!("its first row names the columns: {}", shown(&cells)));
        }
        self.plan = Some(match usual {
            Some(plan) => plan,
            None => Plan::new(columns, is_header.then_some(&cells), self.path)?,
        });
        self.width = plain.then_some(cells.len());
        self.first.watch(plain && !is_header && columns.header.is_none());
        Ok(is_header)
    }

    /// The refusal of a table whose first row shows that it is another kind of table.
    fn other(&self, seems: Seems) -> Error {
        let format = self.source.format.as_str();
        Error::OtherLayout { path: self.path.to_owned(), format, rows: 1, bad: 1, seems: Some(seems) }
    }

    /// Takes what a row states, or rejects it.
    fn take(
        &mut self,
        plan: &Plan,
        picked: Option<([&str; SLOTS], usize, usize)>,
        (number, row): (u64, &str),
        intake: &mut Intake<'_>,
    ) -> Result<()> {
        let expected = match picked {
            Some((cells, ..)) if self.width.is_none() && cells.iter().all(|cell| cell.is_empty()) => return Ok(()),
            Some((cells, count, filled)) => {
                let Some(expected) = self.wrong(plan, &cells, (count, filled)) else {
                    self.first.see(&cells);
                    return self.take_cells(plan, &cells, intake);
                };
                expected
            }
            None => needed(plan),
        };
        intake.reject(Problem::new(self.path, Some(number), expected, row), row.as_bytes())
    }

    /// What a row should have been.
    fn wrong(&self, plan: &Plan, cells: &[&str; SLOTS], (count, filled): (usize, usize)) -> Option<String> {
        let relation = plan.has(PREDICATE) && cells[PREDICATE].is_empty();
        if cells[SUBJECT].is_empty() || relation || (plan.has(OBJECT) && cells[OBJECT].is_empty()) {
            return Some(needed(plan));
        }
        let width = self.width.filter(|width| *width != count && *width != filled)?;
        Some(format!("{width} columns, as in the first row"))
    }

    fn cell<'b>(&self, text: &'b str) -> Cell<'b> {
        if self.terms { Cell::parse(text) } else { Cell::plain(text) }
    }

    fn take_cells(&self, plan: &Plan, cells: &[&str; SLOTS], intake: &mut Intake<'_>) -> Result<()> {
        let subject = self.cell(cells[SUBJECT]);
        let predicate = self.cell(cells[PREDICATE]).text;
        let relation = if plan.has(PREDICATE) { predicate.as_ref() } else { &self.source.columns.relation };
        if plan.has(OBJECT) {
            for object in self.parts(cells[OBJECT]) {
                self.take_triple(&subject, relation, &self.cell(object), intake)?;
            }
        }
        if plan.columns() > 3 || !plan.has(OBJECT) {
            let (entity, first) = intake.entity(&subject.text)?;
            if first {
                intake.name_by_key(entity, self.lang(&subject), &subject.text)?;
            }
            self.describe(entity, cells, intake)?;
            if plan.has(OBJECT_LABEL) || plan.has(OBJECT_TYPE) {
                let object = self.cell(cells[OBJECT]).text;
                let (entity, _) = intake.entity(&object)?;
                let mut of_object = [""; SLOTS];
                (of_object[LABEL], of_object[TYPE]) = (cells[OBJECT_LABEL], cells[OBJECT_TYPE]);
                self.describe(entity, &of_object, intake)?;
            }
        }
        Ok(())
    }

    /// Takes the names, types and description of an entity.
    fn describe(&self, entity: Provisional, cells: &[&str; SLOTS], intake: &mut Intake<'_>) -> Result<()> {
        let label = self.cell(cells[LABEL]);
        intake.label(entity, self.lang(&label), &label.text)?;
        for alias in self.parts(cells[ALIAS]) {
            let alias = self.cell(alias);
            intake.alias(entity, self.lang(&alias), &alias.text, 1.0)?;
        }
        for kind in self.parts(cells[TYPE]) {
            intake.entity_type(entity, &self.cell(kind).text)?;
        }
        let description = self.cell(cells[DESCRIPTION]);
        intake.description(entity, self.lang(&description), &description.text)
    }

    /// The parts of a cell, none of them empty.
    fn parts<'b>(&self, cell: &'b str) -> impl Iterator<Item = &'b str> {
        let separator = self.source.columns.separator.as_str();
        let whole = separator.is_empty().then_some(cell);
        let parts = (!separator.is_empty()).then(|| cell.split(separator).collect::<Vec<_>>());
        whole.into_iter().chain(parts.into_iter().flatten()).map(str::trim).filter(|part| !part.is_empty())
    }

    fn lang(&self, cell: &Cell<'_>) -> Option<Lang> {
        cell.lang.or_else(|| Intake::guess_lang(self.source.lang, &cell.text))
    }

    fn take_triple(
        &self,
        subject: &Cell<'_>,
        relation: &str,
        object: &Cell<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<()> {
        let told = if object.datatype.is_empty() && object.lang.is_none() {
            Object::Entity(&object.text)
        } else if object.datatype.is_empty() {
            Object::Name { key: &object.text, lang: object.lang }
        } else {
            Object::Value { text: &object.text, lang: object.lang, datatype: object.datatype }
        };
        intake.triple(&subject.text, relation, told, |intake, entity, key| {
            let cell = if key == object.text { object } else { subject };
            intake.name_by_key(entity, self.lang(cell), key)
        })
    }
}

fn needed(plan: &Plan) -> String {
    let mut parts = vec!["a subject"];
    if plan.has(PREDICATE) {
        parts.push("a predicate");
    }
    if plan.has(OBJECT) {
        parts.push("an object");
    }
    let last = parts.pop().unwrap_or_default();
    let with = if parts.is_empty() { last.to_owned() } else { format!("{} and {last}", parts.join(", ")) };
    format!("{} columns with {with}", plan.columns())
}

/// Whether a header is one of Neo4j's tables of nodes, or of nodes and relations together.
fn is_of_neo4j(header: &[String]) -> bool {
    header.iter().any(|cell| {
        let cell = cell.trim().trim_matches('"');
        matches!(cell, "_labels" | ":LABEL" | ":START_ID") || cell.ends_with(":ID") || cell.contains(":ID(")
    })
}
