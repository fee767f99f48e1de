//! `cargo xtask tidy`: the house rules that no compiler checks. `audit`: advisories and licences of the dependencies.
//! `release`: the binary as it is given to others.

mod audit;
mod packages;
mod release;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "usage: cargo xtask tidy [--root FOLDER]
       cargo xtask audit
       cargo xtask advisories CHECKOUT DAY > xtask/advisories.tsv
       cargo xtask release FOLDER";

#[allow(clippy::print_stderr, reason = "this is a tool for the terminal")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let result = match arguments.as_slice() {
        ["tidy"] => tidy(here),
        ["tidy", "--root", root] => tidy(&PathBuf::from(root)),
        ["audit"] => audit(here),
        ["advisories", checkout, day] => audit::renew(Path::new(checkout), day).map(|table| print(&table)),
        ["release", out] => release::build(here, Path::new(out)).map(|()| ExitCode::SUCCESS),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}

fn tidy(root: &Path) -> Result<ExitCode> {
    let tidy::Findings { broken, table } = tidy::check(root)?;
    print(&table);
    Ok(verdict("tidy", &broken, "all house rules hold"))
}

fn audit(root: &Path) -> Result<ExitCode> {
    Ok(verdict("audit", &audit::check(root)?, "no advisory concerns a dependency, and every licence is allowed"))
}

#[allow(clippy::print_stdout, reason = "this is a tool for the terminal")]
fn print(text: &str) -> ExitCode {
    println!("{}", text.trim_end());
    ExitCode::SUCCESS
}

fn verdict(check: &str, broken: &[String], good: &str) -> ExitCode {
    if broken.is_empty() {
        return print(&format!("{check}: {good}"));
    }
    print(&format!("{}\n{check}: {} broken", broken.join("\n"), broken.len()));
    ExitCode::from(1)
}
