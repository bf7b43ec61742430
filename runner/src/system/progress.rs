// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Progress on standard error: a bar on a terminal, else one line per stage.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use reglist_suite::report::control;

use crate::system::output::say;
use crate::system::verbosity::Verbosity;

#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// One bar for each concurrent stage.
    bars: Option<MultiProgress>,
    verbosity: Verbosity,
}

impl Progress {
    /// Shows bars if standard error is a terminal, unless `--quiet`.
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let shown = io::stderr().is_terminal() && !verbosity.is_quiet();
        Self { bars: shown.then(MultiProgress::new), verbosity }
    }

    /// No bars, for tests and dry runs.
    pub(crate) fn none() -> Self {
        Self { bars: None, verbosity: Verbosity::Normal }
    }

    /// Shows a stage's progress until the drop of the result.
    pub(crate) fn stage(&self, name: &'static str) -> Bar {
        let bar = match &self.bars {
            Some(bars) => {
                let bar = bars.add(ProgressBar::new_spinner());
                bar.set_style(style("{prefix:>10} {spinner} {elapsed} {wide_msg}"));
                bar.set_prefix(name);
                bar.enable_steady_tick(Duration::from_millis(120));
                bar
            }
            None => ProgressBar::hidden(),
        };
        Bar { name, bar, started: Instant::now(), progress: self.clone() }
    }

    pub(crate) fn say(&self, message: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| say(message)),
            None => say(message),
        }
    }

    /// Prints a line as this program's.
    pub(crate) fn tell(&self, message: &str) {
        self.say(&format!("reglist: {message}"));
    }

    /// Prints a line, unless `--quiet`.
    pub(crate) fn remark(&self, message: &str) {
        if !self.verbosity.is_quiet() {
            self.tell(message);
        }
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity.is_verbose()
    }

    /// Prints a line with `--verbose`.
    pub(crate) fn detail(&self, message: &str) {
        if self.verbosity.is_verbose() {
            self.tell(message);
        }
    }
}

#[derive(Debug)]
pub(crate) struct Bar {
    name: &'static str,
    bar: ProgressBar,
    started: Instant,
    progress: Progress,
}

impl Bar {
    /// Sets the number of steps.
    pub(crate) fn length(&self, steps: u64) {
        let style = style("{prefix:>10} [{bar:24}] {pos}/{len} {elapsed}{left} {wide_msg}");
        self.bar.set_style(style.progress_chars("=> ").with_key("left", left));
        self.bar.set_length(steps);
        self.bar.set_position(0);
        // Earlier work does not predict the time of a step.
        self.bar.reset_eta();
    }

    /// Sets the time since the start of the work.
    pub(crate) fn began(&self, ago: Duration) {
        self.bar.set_elapsed(ago);
    }

    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn advance_to(&self, steps: u64) {
        self.bar.set_position(steps);
    }

    pub(crate) fn message(&self, message: &str) {
        self.bar.set_message(control::plain(&console::strip_ansi_codes(message)).trim().to_owned());
    }

    /// Prints the end of the stage with its duration.
    pub(crate) fn done(self, what: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.bar.finish_and_clear();
        // Short stages need no line.
        let worth = seconds >= 0.5 && !self.progress.verbosity.is_quiet();
        if worth || self.progress.verbosity.is_verbose() {
            self.progress.tell(&format!("{}: {what} ({seconds:.1} s)", self.name));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The estimated time left, after a tenth of the steps.
fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    let known = |steps| state.pos() >= steps / 10 && state.pos() < steps;
    if state.len().is_some_and(known) {
        let _ = write!(text, ", {:#} left", HumanDuration(state.eta()));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_off_a_terminal_is_silent_until_the_end() {
        let bar = Progress::none().stage("test");
        bar.length(3);
        bar.advance();
        bar.message("\u{1b}[1mworking\u{1b}[0m");
        bar.done("worked");
    }
}
