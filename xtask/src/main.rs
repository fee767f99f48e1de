//! `cargo xtask tidy`: the house rules that no compiler checks.

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[allow(clippy::print_stderr, reason = "this is a tool for the terminal")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let root = match arguments.as_slice() {
        ["tidy"] => here.to_owned(),
        ["tidy", "--root", root] => PathBuf::from(root),
        _ => {
            eprintln!("usage: cargo xtask tidy [--root FOLDER]");
            return ExitCode::from(2);
        }
    };
    report(&tidy::check(&root))
}

#[allow(clippy::print_stdout, reason = "this is a tool for the terminal")]
fn report(result: &anyhow::Result<tidy::Findings>) -> ExitCode {
    match result {
        Ok(findings) if findings.broken.is_empty() => {
            println!("{}\ntidy: all house rules hold", findings.table);
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            let broken = &findings.broken;
            println!("{}\n{}\ntidy: {} broken", findings.table, broken.join("\n"), broken.len());
            ExitCode::from(1)
        }
        Err(error) => {
            println!("tidy: {error:#}");
            ExitCode::from(2)
        }
    }
}
