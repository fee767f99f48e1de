//! `cargo xtask tidy`: the house rules that no compiler checks.

mod tidy;

use std::path::Path;
use std::process::ExitCode;

#[allow(clippy::print_stderr, reason = "this is a tool for the terminal")]
fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    if std::env::args().nth(1).as_deref() == Some("tidy") {
        return report(&tidy::check(root));
    }
    eprintln!("usage: cargo xtask tidy");
    ExitCode::from(2)
}

#[allow(clippy::print_stdout, reason = "this is a tool for the terminal")]
fn report(result: &anyhow::Result<Vec<String>>) -> ExitCode {
    match result {
        Ok(broken) if broken.is_empty() => {
            println!("tidy: all house rules hold");
            ExitCode::SUCCESS
        }
        Ok(broken) => {
            println!("{}\ntidy: {} broken", broken.join("\n"), broken.len());
            ExitCode::from(1)
        }
        Err(error) => {
            println!("tidy: {error:#}");
            ExitCode::from(2)
        }
    }
}
