//! Tables in the formats that papers, pages and spreadsheets take.

use std::str::FromStr;

use jove_core::InvalidSetting;

/// A table of scores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its cells, row by row, each row as long as `columns`.
    pub rows: Vec<Vec<String>>,
    /// What has to be known of it, sentence by sentence.
    pub notes: Vec<String>,
}

/// The format that a table is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// A table of GitHub's Markdown.
    Markdown,
    /// Comma-separated values (RFC 4180), without title and notes.
    Csv,
    /// A `tabular` of LaTeX with the lines of the package booktabs.
    Latex,
    /// A page of HTML.
    Html,
}

impl FromStr for TableFormat {
    type Err = InvalidSetting;

    fn from_str(name: &str) -> Result<Self, InvalidSetting> {
        match name {
            "markdown" | "md" => Ok(Self::Markdown),
            "csv" => Ok(Self::Csv),
            "latex" | "tex" => Ok(Self::Latex),
            "html" => Ok(Self::Html),
            other => Err(InvalidSetting::new("format", "markdown, csv, latex or html", other)),
        }
    }
}

impl Table {
    /// Some tables in one format.
    pub fn render(tables: &[Self], format: TableFormat) -> String {
        let each = |one: fn(&Self) -> String| tables.iter().map(one).collect::<Vec<_>>().join("\n");
        match format {
            TableFormat::Markdown => each(Self::markdown),
            TableFormat::Csv => each(Self::csv),
            TableFormat::Latex => each(Self::latex),
            TableFormat::Html => page(&each(Self::html)),
        }
    }

    fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule: Vec<&str> =
            self.columns.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" }).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        let notes = self.notes.iter().map(|note| format!("\n{note}\n")).collect::<Vec<_>>().concat();
        format!("**{}**\n\n{}| {} |\n{rows}{notes}", self.title, line(&self.columns), rule.join(" | "))
    }

    fn csv(&self) -> String {
        let line = |cells: &[String]| {
            let quoted = |cell: &String| {
                let plain = !cell.contains([',', '"', '\n', '\r']);
                if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
            };
            cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
        };
        [&self.columns].into_iter().chain(&self.rows).map(|cells| line(cells)).collect()
    }

    fn latex(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| tex(cell)).collect();
            format!("{} \\\\\n", cells.join(" & "))
        };
        let columns = format!("l{}", "r".repeat(self.columns.len().saturating_sub(1)));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        let notes = self.notes.iter().map(|note| format!("% {}\n", note.replace('\n', " ")));
        let notes = notes.collect::<Vec<_>>().concat();
        let head = line(&self.columns);
        let title = self.title.replace('\n', " ");
        format!(
            "% {title}\n{notes}\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n"
        )
    }

    fn html(&self) -> String {
        let row = |cells: &[String], tag: &str| {
            let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", html(cell))).collect::<Vec<_>>().concat();
            format!("<tr>{cells}</tr>\n")
        };
        let rows: String = self.rows.iter().map(|cells| row(cells, "td")).collect();
        let notes = self.notes.iter().map(|note| format!("<p>{}</p>\n", html(note))).collect::<Vec<_>>().concat();
        let (title, head) = (html(&self.title), row(&self.columns, "th"));
        format!("<h2>{title}</h2>\n<table>\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n{notes}")
    }
}

fn page(body: &str) -> String {
    let style = "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
                 table{border-collapse:collapse;display:block;overflow-x:auto}th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #ddd}\
                 th:first-child,td:first-child{text-align:left}";
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Scores</title>\n<style>{style}</style>\n<main>\n{body}</main>\n</html>\n"
    )
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn tex(text: &str) -> String {
    let escaped = |character: char| match character {
        '\\' => "\\textbackslash{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        '^' => "\\textasciicircum{}".to_owned(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{character}"),
        '\n' | '\r' => " ".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = ["a|b_<é>, \"x\"", "0.5"].map(str::to_owned).to_vec();
        let columns = ["model", "score"].map(str::to_owned).to_vec();
        Table { title: "T & t".to_owned(), columns, rows: vec![row], notes: vec!["A note.".to_owned()] }
    }

    #[test]
    fn cells_are_escaped_as_each_format_wants_it() {
        let check = |format, parts: &[&str]| {
            let text = Table::render(&[table()], format);
            for part in parts {
                assert!(text.contains(part), "{part}: {text}");
            }
        };
        check(TableFormat::Markdown, &["| model | score |\n| --- | ---: |\n", "a\\|b_<é>", "\nA note.\n"]);
        check(TableFormat::Csv, &["model,score\n\"a|b_<é>, \"\"x\"\"\",0.5\n"]);
        check(TableFormat::Latex, &["\\begin{tabular}{lr}", "a|b\\_<é>, \"x\" & 0.5 \\\\\n", "% A note."]);
        check(TableFormat::Html, &["<!doctype html>", "a|b_&lt;é&gt;, &quot;x&quot;</td>", "<h2>T &amp; t</h2>"]);
    }

    #[test]
    fn formats_have_names() {
        for (name, format) in [
            ("md", TableFormat::Markdown),
            ("csv", TableFormat::Csv),
            ("latex", TableFormat::Latex),
            ("html", TableFormat::Html),
        ] {
            assert_eq!(name.parse(), Ok(format));
        }
        assert!("pdf".parse::<TableFormat>().is_err());
    }
}
