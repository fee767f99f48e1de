//! The command line of jove: the only crate that prints, exits, reads the environment or draws a progress bar.
//!
//! Data goes to standard output, everything else to standard error. Exit code 0: done; 1: a check failed; 2: an error.

mod advice;
mod commands;
mod context;
mod progress;

use std::borrow::Cow;
use std::process::ExitCode;

use clap::Parser;
use jove_core::printable;

use crate::commands::Command;
use crate::context::{Context, Outcome};

/// Trains knowledge-enhanced masked language models from raw text and any knowledge graph.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: context::Global,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return answer(&error),
    };
    let context = Context::new(cli.global);
    match cli.command.execute(&context) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CheckFailed) => ExitCode::from(1),
        Err(error) if advice::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            context.progress().clear();
            advice::show(&error);
            ExitCode::from(2)
        }
    }
}

/// Prints help, or what is wrong with the arguments; these may hold anything, such as names that a shell filled in.
fn answer(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match printable(&text) {
        Cow::Borrowed(_) => drop(error.print()),
        Cow::Owned(shown) => advice::say(&shown),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// The help of a command and of all commands in it, as `--help` prints it.
    fn help(command: &mut clap::Command, path: &str, pages: &mut Vec<(String, String)>) {
        pages.push((path.to_owned(), command.render_long_help().to_string()));
        let inner = command.get_subcommands_mut().filter(|inner| inner.get_name() != "help");
        for command in inner {
            let path = format!("{path} {}", command.get_name());
            help(command, &path, pages);
        }
    }

    fn pages() -> Vec<(String, String)> {
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut pages = Vec::new();
        help(&mut command, "jove", &mut pages);
        pages
    }

    /// A new flag or command changes a snapshot, so that none is added by accident.
    #[test]
    fn the_help_of_every_command_is_known() {
        for (path, page) in pages() {
            insta::assert_snapshot!(path.replace(' ', "-"), page);
        }
    }

    #[test]
    fn every_command_and_option_says_what_it_does() {
        let mut command = Cli::command();
        command.build();
        let mut waiting = vec![command];
        while let Some(command) = waiting.pop() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.contains('\n'), "{}: {about:?}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            waiting.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn the_help_opens_with_what_the_program_does() {
        let page = &pages()[0].1;
        assert!(page.starts_with("Trains knowledge-enhanced masked language models"), "{page}");
    }
}
