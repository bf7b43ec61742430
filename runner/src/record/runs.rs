// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Assembles the runs of a stream. Lines may be torn, foreign, duplicate or
//! missing.

use std::mem;
use std::sync::Arc;

use reglist_suite::report::events::{Event, EventError};
use reglist_suite::report::record::Record;

use super::limits::{MOST_MEMORY, needed};

/// Maximum lines of no run that are kept, and their bytes.
const MOST_STRAY: usize = 10_000;
const STRAY_BYTES: usize = 16 << 20;

/// The effect of an event.
#[derive(Debug)]
pub(crate) enum Added {
    /// Part of the current run.
    Fits,
    /// Start of another run; has the previous one.
    Begins(Box<Record>),
    /// Part of no run.
    Stray,
}

/// Takes one event. A start ends the previous run, except a duplicate of its
/// start before any case.
pub(crate) fn add(event: Event, current: &mut Record) -> Added {
    let event = event.plain();
    // A review comes before the start of its run.
    if matches!(event, Event::KernelReviewed(_)) && current.started.is_some() {
        let before = mem::take(current);
        current.add(event);
        return Added::Begins(Box::new(before));
    }
    if let (Event::RunStarted(started), Some(known)) = (&event, &current.started) {
        let doubled = started == known && !current.has_learnt() && current.end.is_none();
        if !doubled {
            let before = mem::take(current);
            current.add(event);
            return Added::Begins(Box::new(before));
        }
    }
    // A suite that gave up before the start may start again.
    if current.started.is_none() && matches!(event, Event::RunStarted(_)) {
        current.end = None;
    }
    if current.add(event) { Added::Fits } else { Added::Stray }
}

/// The runs of a live stream.
#[derive(Debug, Default, Clone)]
pub(crate) struct Runs {
    over: Vec<Record>,
    current: Record,
    /// The first lines that are not events, or events of no run.
    pub(crate) stray: Vec<String>,
    stray_bytes: usize,
    /// Estimated memory in bytes.
    memory: usize,
    /// Why the whole stream is unreadable.
    pub(crate) unreadable: Option<Arc<EventError>>,
}

impl Runs {
    /// Takes one line of the stream.
    pub(crate) fn take(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        match Event::from_line(line) {
            Ok(event) => {
                self.memory = self.memory.saturating_add(needed(&event, line.len()));
                if !self.add(event) {
                    self.put_aside(line);
                }
            }
            Err(EventError::Malformed(_)) => self.put_aside(line),
            Err(error @ EventError::Newer(_)) => self.unreadable = Some(Arc::new(error)),
        }
    }

    /// Whether the stream needs more memory than a run of every fault ever does.
    pub(crate) fn is_too_large(&self) -> bool {
        self.memory > MOST_MEMORY
    }

    fn put_aside(&mut self, line: &str) {
        self.stray_bytes = self.stray_bytes.saturating_add(line.len());
        if self.stray.len() < MOST_STRAY && self.stray_bytes <= STRAY_BYTES {
            self.stray.push(line.to_owned());
        }
    }

    /// Takes one event; false if it is part of no run.
    pub(crate) fn add(&mut self, event: Event) -> bool {
        match add(event, &mut self.current) {
            Added::Fits => true,
            Added::Begins(before) => {
                self.over.push(*before);
                true
            }
            Added::Stray => false,
        }
    }

    pub(crate) fn current(&self) -> &Record {
        &self.current
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.over.iter().chain([self.current()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a","base.b"]}"#;

    fn finished(case: &str) -> String {
        format!(r#"{{"event":"case_finished","case":"{case}","outcome":"pass","duration_us":1,"ioctls":1}}"#)
    }

    fn runs(lines: &[&str]) -> Runs {
        let mut runs = Runs::default();
        lines.iter().for_each(|line| runs.take(line));
        runs
    }

    #[test]
    fn torn_and_foreign_lines_are_kept_aside() {
        let whole = finished("base.a");
        let runs = runs(&[
            "\u{1b}[0mnoise",
            STARTED,
            "",
            &format!("{whole}\r"),
            &whole[..20],
            "[    1.0] oops",
            &finished("other.x"),
        ]);
        assert_eq!((runs.current().ended().len(), runs.stray.len()), (1, 4));
        assert_eq!(runs.current().missing(), ["base.b"]);
    }

    #[test]
    fn events_command_no_terminal() {
        let dirty = STARTED.replace("7.2.13", "7\\u001b[2J\u{9b}1m\\r\\nok 1");
        let end = r#"{"event":"run_aborted","reason":"a\nb\u001bc"}"#;
        let runs = runs(&[&dirty, end]);
        assert_eq!(runs.current().started.as_ref().map(|run| run.kernel.as_str()), Some("7 [2J 1m  ok 1"));
        assert_eq!(runs.current().why_unfinished(), Some("a\nb c"));
    }

    #[test]
    fn few_foreign_lines_are_kept() {
        let mut many = Runs::default();
        (0..2 * MOST_STRAY).for_each(|_| many.take("x"));
        assert_eq!(many.stray.len(), MOST_STRAY);
        let long = "x".repeat(STRAY_BYTES / 2);
        assert_eq!(runs(&[&long, &long, &long]).stray.len(), 2);
    }

    #[test]
    fn doubled_events_count_once() {
        let runs = runs(&[STARTED, STARTED, &finished("base.a"), &finished("base.a")]);
        assert_eq!((runs.iter().count(), runs.current().ended().len(), runs.stray.len()), (1, 1, 2));
    }

    #[test]
    fn a_run_may_follow_another() {
        let end = r#"{"event":"run_aborted","reason":"x"}"#;
        let whole = finished("base.a");
        for before in [&[STARTED, &whole, end][..], &[STARTED, &whole]] {
            let runs = runs(&[before, &["noise", STARTED, &whole, "[torn"]].concat());
            assert_eq!(runs.iter().map(|run| run.ended().len()).collect::<Vec<_>>(), [1, 1]);
            assert_eq!(runs.stray, ["noise", "[torn"]);
            assert!(runs.current().end.is_none());
        }
    }

    #[test]
    fn a_review_belongs_to_the_run_after_it() {
        let review =
            r#"{"event":"kernel_reviewed","checks":[],"notes":[{"check":"sparse","file":"a.c","message":"x"}]}"#;
        let whole = finished("base.a");
        let runs = runs(&[review, STARTED, &whole, review, STARTED, &whole, STARTED, &whole]);
        let counts: Vec<_> = runs.iter().map(|run| run.review.as_ref().map(|review| review.count())).collect();
        assert_eq!(counts, [Some(1), Some(1), None]);
        assert_eq!(runs.stray.len(), 0);
    }

    #[test]
    fn a_newer_format_is_not_guessed_at() {
        let newer = STARTED.replace("\"format\":1", "\"format\":99");
        assert!(runs(&[&newer]).unreadable.is_some());
    }
}
