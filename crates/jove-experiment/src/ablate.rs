//! Runs a grid: every arm once, `ablation.jobs` of them in parallel, each in a process of its own.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use jove_core::Progress;

use crate::error::{Error, Result};
use crate::execute::{Outcome, prepare};
use crate::run::Run;
use crate::stage::{StageContext, items, probe, train};

/// Between two checks of the processes.
const PAUSE: Duration = Duration::from_millis(50);
/// Lines of a failed arm's log that the error repeats.
const LOG_LINES: usize = 12;

/// A program that runs one arm: called with `arguments`, then `--arm NAME --seed N`. Its standard input stays open and
/// empty for as long as the process that started it lives, and ends with it: it should then stop.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The program, normally this one.
    pub program: PathBuf,
    /// Its arguments before those of the arm.
    pub arguments: Vec<OsString>,
}

/// A variant under a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arm {
    variant: String,
    seed: u64,
}

impl Run {
    /// Trains and probes one variant under one seed, with all that it needs; what is finished is skipped.
    ///
    /// # Errors
    /// As [`Run::execute`]; also where no variant has this name.
    pub fn arm(&self, name: &str, seed: u64, progress: &dyn Progress) -> Result<()> {
        let variant = self.variant(name)?;
        let cache = self.cache(progress);
        let work = StageContext::new(self, &cache, progress)?;
        let prepared = prepare(&work)?;
        let trained = train::train(&work, variant, seed, &prepared)?;
        probe::probe(&work, variant, seed, &trained, &prepared).map(drop)
    }

    /// Runs the grid: `ablation.jobs` arms at a time, each by a `worker` where there is more than one, and then the report.
    /// Finished arms are skipped, interrupted ones resumed.
    ///
    /// # Errors
    /// As [`Run::execute`]; `Error::Arm` where an arm's process failed, after the others were stopped.
    pub fn ablate(&self, worker: &Worker, progress: &dyn Progress) -> Result<Outcome> {
        let jobs = self.file.ablation.as_ref().map_or(1, |settings| settings.jobs);
        if jobs > 1 {
            let cache = self.cache(progress);
            let work = StageContext::new(self, &cache, progress)?;
            items::check_primary(&work, &items::items(&work, &prepare(&work)?)?)?;
            let logs = self.results().join("arms");
            std::fs::create_dir_all(&logs).map_err(|source| Error::io("create", &logs, source))?;
            WorkerPool { worker, jobs, logs: &logs, running: Vec::new() }.run(self.arms(), progress)?;
        }
        self.execute(progress)
    }

    /// All arms, in the order in which they run: a seed's after one another, so that an early stop leaves whole comparisons.
    fn arms(&self) -> VecDeque<Arm> {
        let arms = self
            .file
            .seeds
            .iter()
            .flat_map(|&seed| self.variants.iter().map(move |variant| Arm { variant: variant.name.clone(), seed }));
        arms.collect()
    }
}

/// The processes that run arms.
struct WorkerPool<'a> {
    worker: &'a Worker,
    jobs: usize,
    logs: &'a Path,
    running: Vec<(Arm, Child)>,
}

impl WorkerPool<'_> {
    fn run(mut self, mut waiting: VecDeque<Arm>, progress: &dyn Progress) -> Result<()> {
        progress.begin("run arms", Some(waiting.len() as u64), "arms");
        while !(waiting.is_empty() && self.running.is_empty()) {
            if progress.cancelled() {
                return Err(Error::Interrupted);
            }
            while self.running.len() < self.jobs
                && let Some(arm) = waiting.pop_front()
            {
                let child = self.start(&arm)?;
                self.running.push((arm, child));
                let names: Vec<String> =
                    self.running.iter().map(|(arm, _)| format!("{} {}", arm.variant, arm.seed)).collect();
                progress.note(&names.join(", "));
            }
            progress.advance(self.collect()?);
            std::thread::sleep(PAUSE);
        }
        progress.end();
        Ok(())
    }

    fn log(&self, arm: &Arm) -> PathBuf {
        self.logs.join(format!("{}-{}.log", arm.variant, arm.seed))
    }

    fn start(&self, arm: &Arm) -> Result<Child> {
        let path = self.log(arm);
        let log = File::create(&path).map_err(|source| Error::io("create", &path, source))?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Command::new(&self.worker.program)
            .args(&self.worker.arguments)
            .args(["--arm", &arm.variant, "--seed", &arm.seed.to_string()])
            .env("RAYON_NUM_THREADS", (cores / self.jobs).max(1).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|source| Error::io("start", &self.worker.program, source))
    }

    /// Removes the processes that have ended and returns their number.
    fn collect(&mut self) -> Result<u64> {
        let mut ended = 0;
        let mut index = 0;
        while let Some((arm, child)) = self.running.get_mut(index) {
            let program = &self.worker.program;
            match child.try_wait().map_err(|source| Error::io("wait for", program, source))? {
                None => index += 1,
                Some(status) => {
                    let arm = arm.clone();
                    self.running.swap_remove(index);
                    if !status.success() {
                        let log = self.log(&arm);
                        let Arm { variant, seed } = arm;
                        let how = end_of(status);
                        return Err(Error::Arm { variant, seed, how, said: tail(&log), log });
                    }
                    ended += 1;
                }
            }
        }
        Ok(ended)
    }
}

impl Drop for WorkerPool<'_> {
    /// Stops what still runs, and waits until each process has saved its state.
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            stop(child);
        }
        for (_, child) in &mut self.running {
            // The process has ended either way.
            let _ = child.wait();
        }
    }
}

#[cfg(unix)]
fn stop(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    // A process that has just ended cannot be signalled, and need not be.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}

#[cfg(not(unix))]
fn stop(child: &mut Child) {
    let _ = child.kill();
}

/// How a process ended, such as `exit code 2` or `signal 9 (SIGKILL)`.
#[cfg(unix)]
fn end_of(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    let Some(signal) = status.signal() else { return ended_by_itself(status) };
    let known = SIGNALS.iter().find(|(number, ..)| number.as_raw() == signal);
    let (name, meaning) = known.map_or(("unknown", ""), |(_, name, meaning)| (*name, *meaning));
    format!("ended by signal {signal} ({name}){meaning}")
}

#[cfg(not(unix))]
fn end_of(status: ExitStatus) -> String {
    ended_by_itself(status)
}

fn ended_by_itself(status: ExitStatus) -> String {
    status.code().map_or_else(|| "ended without an exit code".to_owned(), |code| format!("exit code {code}"))
}

/// The signals that end a process, each with its name and what it may mean.
#[cfg(unix)]
const SIGNALS: [(rustix::process::Signal, &str, &str); 13] = {
    use rustix::process::Signal;
    [
        (Signal::HUP, "SIGHUP", ": the terminal was closed"),
        (Signal::INT, "SIGINT", ""),
        (Signal::QUIT, "SIGQUIT", ""),
        (Signal::ILL, "SIGILL", ": an instruction that this processor does not have"),
        (Signal::ABORT, "SIGABRT", ": it gave up, as where no more memory can be had"),
        (Signal::BUS, "SIGBUS", ": a file was cut short while it was mapped, or the disk failed"),
        (Signal::FPE, "SIGFPE", ""),
        (Signal::KILL, "SIGKILL", ": from outside; the system does that to the largest process when memory runs out"),
        (Signal::SEGV, "SIGSEGV", ""),
        (Signal::PIPE, "SIGPIPE", ""),
        (Signal::TERM, "SIGTERM", ": someone asked it to stop"),
        (Signal::XCPU, "SIGXCPU", ": more processor time than the limit allows"),
        (Signal::XFSZ, "SIGXFSZ", ": a file larger than the limit allows"),
    ]
};

/// The last lines of a log.
fn tail(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(log: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arm.log");
        std::fs::write(&path, log).unwrap();
        assert_eq!(tail(&path), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_a_signal_ended_is_told_from_one_that_failed() {
        use std::os::unix::process::ExitStatusExt as _;
        for (raw, expected) in [
            (2 << 8, "exit code 2"),
            (9, "ended by signal 9 (SIGKILL): from outside"),
            (6, "ended by signal 6 (SIGABRT)"),
            (64, "ended by signal 64 (unknown)"),
        ] {
            let text = end_of(ExitStatus::from_raw(raw));
            assert!(text.starts_with(expected), "{text}");
        }
    }

    #[test]
    fn a_log_is_quoted_by_its_last_lines_that_are_not_empty() {
        check("", "");
        check("\n \n", "");
        check("error: 法国\n\nhint: שלום\n", "error: 法国\nhint: שלום");
        let long: Vec<String> = (0..30).map(|line| format!("line {line}")).collect();
        check(&long.join("\n"), &long[30 - LOG_LINES..].join("\n"));
        assert_eq!(tail(Path::new("/nowhere/arm.log")), "");
    }
}
