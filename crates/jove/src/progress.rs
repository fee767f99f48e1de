//! Progress bars on standard error, and Ctrl-C.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jove_core::{Progress, printable};

/// How often a line is written where standard error is a file.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// How long the work may take to stop once standard input has ended.
const TIME_TO_STOP: Duration = Duration::from_secs(30);

/// Bars on a terminal, occasional lines in a file, nothing when quiet.
pub(crate) struct Bars {
    shown: bool,
    terminal: bool,
    screen: MultiProgress,
    tasks: Mutex<Vec<Task>>,
    interrupted: Arc<AtomicBool>,
}

struct Task {
    name: String,
    total: Option<u64>,
    unit: &'static str,
    done: u64,
    note: String,
    begun: Instant,
    written: Instant,
    bar: ProgressBar,
}

impl Bars {
    pub(crate) fn new(shown: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        let target =
            if shown && terminal { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        Self {
            shown,
            terminal,
            screen: MultiProgress::with_draw_target(target),
            tasks: Mutex::default(),
            interrupted: Arc::default(),
        }
    }

    /// Where log lines go, so that they do not cut through a bar.
    pub(crate) fn log_writer(&self) -> impl Fn() -> LogWriter + Send + Sync + 'static {
        let screen = self.screen.clone();
        move || LogWriter(screen.clone())
    }

    /// The first Ctrl-C stops the work at the next safe place; the second ends the process.
    pub(crate) fn stop_on_interrupt(&self) {
        let interrupted = Arc::clone(&self.interrupted);
        let installed = ctrlc::set_handler(move || {
            if interrupted.swap(true, Ordering::SeqCst) {
                std::process::abort();
            }
            let _ = writeln!(io::stderr(), "\nstopping at the next safe place; press Ctrl-C again to stop at once");
        });
        if let Err(error) = installed {
            tracing::warn!("Ctrl-C will stop the program at once: {error}");
        }
    }

    /// Stops the work at the next safe place once standard input ends: the process that holds its other end is gone. What
    /// does not stop in time is ended.
    pub(crate) fn stop_at_end_of_input(&self) {
        let interrupted = Arc::clone(&self.interrupted);
        std::thread::spawn(move || {
            // Input that cannot be read has ended as well.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            interrupted.store(true, Ordering::SeqCst);
            std::thread::sleep(TIME_TO_STOP);
            std::process::abort();
        });
    }

    /// Removes what is drawn.
    pub(crate) fn clear(&self) {
        let _ = self.screen.clear();
    }

    fn with_task(&self, change: impl FnOnce(&mut Task)) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = tasks.last_mut() {
            change(task);
        }
    }

    fn write_line(&self, line: &str) {
        if self.shown && !self.terminal {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

impl Progress for Bars {
    fn begin(&self, task: &str, total: Option<u64>, unit: &'static str) {
        let bar = self.screen.add(total.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
        bar.set_style(style(total.is_some()));
        let task = &one_line(task);
        bar.set_prefix(task.clone());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.write_line(&format!("{task} …"));
        let now = Instant::now();
        let task =
            Task { name: task.to_owned(), total, unit, done: 0, note: String::new(), begun: now, written: now, bar };
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    fn advance(&self, by: u64) {
        self.with_task(|task| {
            task.done += by;
            task.bar.inc(by);
            if task.written.elapsed() > PLAIN_INTERVAL {
                task.written = Instant::now();
                self.write_line(&task.line());
            }
        });
    }

    fn note(&self, text: &str) {
        self.with_task(|task| {
            task.note = one_line(text);
            task.bar.set_message(task.note.clone());
        });
    }

    fn end(&self) {
        let ended = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(task) = ended {
            task.bar.finish_and_clear();
            if self.shown && self.terminal {
                let _ = self.screen.println(task.summary());
            } else {
                self.write_line(&task.summary());
            }
        }
    }

    fn cancelled(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}

impl Task {
    fn line(&self) -> String {
        let total = self.total.map_or_else(String::new, |total| format!("/{total}"));
        let left = self.seconds_left().map_or_else(String::new, |left| format!(", {left:.0} s left"));
        format!("{}: {}{total} {}{left} {}", self.name, self.done, self.unit, self.note)
    }

    fn seconds_left(&self) -> Option<f64> {
        let todo = self.total?.checked_sub(self.done)?;
        (self.done > 0).then(|| self.begun.elapsed().as_secs_f64() * todo as f64 / self.done as f64)
    }

    fn summary(&self) -> String {
        let count = if self.done > 0 { format!("{} {}, ", self.done, self.unit) } else { String::new() };
        let note = if self.note.is_empty() { String::new() } else { format!(", {}", self.note) };
        format!("  {:<28} {count}{:.1} s{note}", self.name, self.begun.elapsed().as_secs_f64())
    }
}

fn style(bounded: bool) -> ProgressStyle {
    let template = if bounded {
        "  {prefix:<28} {bar:24.cyan/dim} {pos}/{len} {elapsed} elapsed, {eta} left  {msg}"
    } else {
        "  {prefix:<28} {spinner} {pos} {elapsed}  {msg}"
    };
    ProgressStyle::with_template(template).expect("the template is a constant").progress_chars("━╸─")
}

/// Text fit for one line of a terminal.
fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', " ")
}

/// Writes log lines above the bars.
pub(crate) struct LogWriter(MultiProgress);

impl Write for LogWriter {
    /// Where standard error is closed or full, the line is lost: the work is worth more.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The subscriber hands over an event at a time, so no character is cut.
        let text = String::from_utf8_lossy(bytes);
        let _ = self.0.suspend(|| io::stderr().write_all(printable(&text).as_bytes()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(total: Option<u64>, done: u64, note: &str) -> Task {
        let (name, note) = ("训练 train".to_owned(), note.to_owned());
        let now = Instant::now();
        Task { name, total, unit: "steps", done, note, begun: now, written: now, bar: ProgressBar::hidden() }
    }

    #[test]
    fn a_line_tells_what_is_done_of_what() {
        for (total, done, note, expected) in [
            (None, 0, "", "训练 train: 0 steps "),
            (None, 7, "loss 1.5", "训练 train: 7 steps loss 1.5"),
            (Some(10), 0, "", "训练 train: 0/10 steps "),
            (Some(10), 10, "", "训练 train: 10/10 steps, 0 s left "),
            (Some(3), 10, "", "训练 train: 10/3 steps "),
        ] {
            assert_eq!(task(total, done, note).line(), expected);
        }
    }

    #[test]
    fn time_left_is_unknown_before_the_first_step_and_past_the_end() {
        assert_eq!(task(Some(10), 0, "").seconds_left(), None);
        assert_eq!(task(Some(10), 11, "").seconds_left(), None);
        assert_eq!(task(None, 5, "").seconds_left(), None);
        assert!(task(Some(u64::MAX), 1, "").seconds_left() >= Some(0.0));
    }

    #[test]
    fn a_summary_leaves_out_what_was_not_counted() {
        let summary = task(None, 0, "").summary();
        assert!(summary.ends_with(" s") && !summary.contains("steps"), "{summary}");
        let summary = task(Some(5), 5, "loss 0.1").summary();
        assert!(summary.contains("5 steps, ") && summary.ends_with(", loss 0.1"), "{summary}");
    }

    #[test]
    fn tasks_nest_and_end_in_reverse_order() {
        let bars = Bars::new(false);
        bars.begin("outer", None, "files");
        bars.begin("inner", Some(2), "texts");
        bars.advance(2);
        bars.note("half");
        let seen = |bars: &Bars| -> Vec<(String, u64, String)> {
            bars.tasks.lock().unwrap().iter().map(|task| (task.name.clone(), task.done, task.note.clone())).collect()
        };
        let (outer, inner) = (("outer".to_owned(), 0, String::new()), ("inner".to_owned(), 2, "half".to_owned()));
        assert_eq!(seen(&bars), [outer.clone(), inner]);
        bars.end();
        assert_eq!(seen(&bars), [outer]);
        bars.end();
        // More ends than begins, and counting outside of a task, change nothing.
        bars.end();
        bars.advance(1);
        assert!(seen(&bars).is_empty() && !bars.cancelled());
    }
}
