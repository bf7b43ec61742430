// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the user sees while a stage works: a bar on a terminal, one line per
//! stage elsewhere. All of it goes to the standard error.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::system::output::say;
use crate::system::verbosity::Verbosity;

/// How progress is shown.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// Stages that work at the same time have their bars below each other.
    bars: Option<MultiProgress>,
    verbosity: Verbosity,
}

impl Progress {
    /// Bars if the standard error is a terminal, and if they are not unwanted.
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let shown = io::stderr().is_terminal() && !verbosity.is_quiet();
        Self { bars: shown.then(MultiProgress::new), verbosity }
    }

    /// No progress at all, for tests and for plans.
    pub(crate) fn none() -> Self {
        Self { bars: None, verbosity: Verbosity::Normal }
    }

    /// Shows a stage's progress until the result is dropped.
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

    /// Says something above the bars.
    pub(crate) fn say(&self, message: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| say(message)),
            None => say(message),
        }
    }

    /// Says something that is worth a line, unless none is wanted.
    pub(crate) fn remark(&self, message: &str) {
        if !self.verbosity.is_quiet() {
            self.say(&format!("reglist: {message}"));
        }
    }

    /// Says something that only the curious want to know.
    pub(crate) fn detail(&self, message: &str) {
        if self.verbosity.is_verbose() {
            self.say(&format!("reglist: {message}"));
        }
    }
}

/// One stage's progress.
#[derive(Debug)]
pub(crate) struct Bar {
    name: &'static str,
    bar: ProgressBar,
    started: Instant,
    progress: Progress,
}

impl Bar {
    /// From now on the number of steps is known.
    pub(crate) fn length(&self, steps: u64) {
        let style = style("{prefix:>10} [{bar:24}] {pos}/{len} {elapsed}{left} {wide_msg}");
        self.bar.set_style(style.progress_chars("=> ").with_key("left", left));
        self.bar.set_length(steps);
        self.bar.set_position(0);
        // What came before says nothing of how long a step takes.
        self.bar.reset_eta();
    }

    /// The work began before it was shown.
    pub(crate) fn began(&self, ago: Duration) {
        self.bar.set_elapsed(ago);
    }

    /// One more step is done.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// So many steps are done.
    pub(crate) fn advance_to(&self, steps: u64) {
        self.bar.set_position(steps);
    }

    /// What is being done.
    pub(crate) fn message(&self, message: &str) {
        self.bar.set_message(console::strip_ansi_codes(message).trim().to_owned());
    }

    /// The stage did its work; says so, with the time it took.
    pub(crate) fn done(self, what: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.bar.finish_and_clear();
        // What was over before anybody noticed is not worth a line.
        let worth = seconds >= 0.5 && !self.progress.verbosity.is_quiet();
        if worth || self.progress.verbosity.is_verbose() {
            self.progress.say(&format!("reglist: {}: {what} ({seconds:.1} s)", self.name));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The time that is left, once a tenth of the steps is there to tell it by.
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
