//! A table on the page, and as files for a spreadsheet and for LaTeX.

use maud::{Markup, html};

/// A table. Its first columns are words, all others numbers.
pub(crate) struct Sheet {
    /// The name of its files, without an ending.
    pub(crate) name: String,
    /// What it holds, in a sentence.
    pub(crate) caption: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Columns of words.
    pub(crate) words: usize,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    /// What a reader sees.
    pub(crate) text: String,
    /// A smaller line below.
    pub(crate) note: String,
    /// The number in full, where it is one.
    pub(crate) value: Option<f64>,
    /// How it is shown: nothing, or `best`, `good`, `worse`, `soft`.
    pub(crate) class: &'static str,
}

impl Cell {
    /// Words.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number as a reader sees it, and in full.
    pub(crate) fn number(text: impl Into<String>, value: f64) -> Self {
        Self { text: text.into(), value: Some(value), ..Self::default() }
    }

    fn plain(&self) -> String {
        match self.value {
            Some(value) => value.to_string(),
            None => self.text.clone(),
        }
    }

    fn full(&self) -> String {
        if self.note.is_empty() { self.text.clone() } else { format!("{} {}", self.text, self.note) }
    }
}

impl Sheet {
    /// The table in the page, with links to its files.
    pub(crate) fn inline(&self) -> Markup {
        html! {
            div.scroll role="region" aria-label=(self.caption) tabindex="0" { table {
                caption { (self.caption) }
                thead { tr { @for (column, name) in self.head.iter().enumerate() {
                    th.words[column < self.words] scope="col" { (name) }
                } } }
                tbody { @for row in &self.rows { tr {
                    @for (column, cell) in row.iter().enumerate() { (self.cell(column, cell)) }
                } } }
            } }
            p.files.screen { a href=(format!("tables/{}.csv", self.name)) download { "CSV" } " " a href=(format!("tables/{}.tex", self.name)) download { "LaTeX" } }
        }
    }

    fn cell(&self, column: usize, cell: &Cell) -> Markup {
        let class = if column < self.words { format!("words {}", cell.class) } else { cell.class.to_owned() };
        let inner = html! { (cell.text) @if !cell.note.is_empty() { small { (cell.note) } } };
        html! {
            @if column == 0 { th class=(class.trim()) scope="row" { (inner) } } @else { td class=(class.trim()) { (inner) } }
        }
    }

    /// Comma-separated values with numbers in full. The mark at the beginning tells spreadsheets that it is UTF-8.
    pub(crate) fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rows = self.rows.iter().map(|row| row.iter().map(Cell::plain).collect());
        for row in std::iter::once(self.head.clone()).chain(rows) {
            writer.write_record(row).expect("every row has a cell for each column");
        }
        let bytes = writer.into_inner().expect("a vector takes all that is written");
        format!("\u{feff}{}", String::from_utf8(bytes).expect("text is UTF-8"))
    }

    /// A table for LaTeX with the package `booktabs`.
    pub(crate) fn latex(&self) -> String {
        let columns = "l".repeat(self.words) + &"r".repeat(self.head.len().saturating_sub(self.words));
        let line = |cells: Vec<String>| {
            format!("{} \\\\\n", cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" & "))
        };
        let rows: String = self.rows.iter().map(|row| line(row.iter().map(Cell::full).collect())).collect();
        format!(
            "% needs \\usepackage{{booktabs}}\n\\begin{{table}}\n\\caption{{{}}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{}\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n",
            escaped(&self.caption),
            line(self.head.clone()),
        )
    }
}

/// Text for LaTeX: what has a meaning there is escaped, and signs that its usual fonts lack are spelled out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '−' => escaped.push_str("$-$"),
            '±' => escaped.push_str("$\\pm$"),
            '→' => escaped.push_str("$\\to$"),
            '↑' => escaped.push_str("$\\uparrow$"),
            '↓' => escaped.push_str("$\\downarrow$"),
            '\u{202f}' => escaped.push_str("\\,"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            name: "results".into(),
            caption: "Results & more".into(),
            head: vec!["measure".into(), "kg_1".into()],
            rows: vec![vec![
                Cell::words("R@1 ↑, \"法国\" <b>"),
                Cell { note: "± 0.1".into(), class: "best", ..Cell::number("0.123", 0.123_456_789) },
            ]],
            words: 1,
        }
    }

    #[test]
    fn a_file_for_spreadsheets_has_numbers_in_full() {
        assert_eq!(sheet().csv(), "\u{feff}measure,kg_1\n\"R@1 ↑, \"\"法国\"\" <b>\",0.123456789\n");
    }

    #[test]
    fn latex_escapes_what_it_is_given() {
        let latex = sheet().latex();
        assert!(latex.starts_with("% needs") && latex.contains("\\caption{Results \\& more}"), "{latex}");
        assert!(latex.contains("\\begin{tabular}{lr}") && latex.contains("measure & kg\\_1 \\\\"), "{latex}");
        assert!(latex.contains("R@1 $\\uparrow$, \"法国\" <b> & 0.123 $\\pm$ 0.1 \\\\"), "{latex}");
        assert_eq!(escaped("a^b~c\\{}%"), "a\\textasciicircum{}b\\textasciitilde{}c\\textbackslash{}\\{\\}\\%");
    }

    #[test]
    fn a_page_names_rows_and_columns_for_screen_readers() {
        let page = sheet().inline().into_string();
        assert!(page.contains("<th class=\"words\" scope=\"row\">R@1 ↑") && page.contains("&lt;b&gt;"), "{page}");
        assert!(page.contains("scope=\"col\"") && page.contains("<caption>Results &amp; more"), "{page}");
        assert!(page.contains("tables/results.csv") && page.contains("tables/results.tex"), "{page}");
    }
}
