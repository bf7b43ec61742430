// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The events of one run or of several, put together from lines that may be
//! torn, foreign, doubled or missing.

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::sync::Arc;

use reglist_suite::report::events::{CaseFinished, Event, EventError, RunFinished, RunStarted};

/// The runs of a stream, one behind the other.
#[derive(Debug, Default, Clone)]
pub(crate) struct Runs {
    over: Vec<Record>,
    current: Record,
}

impl Runs {
    /// Takes one line of the stream.
    pub(crate) fn take(&mut self, line: &str) {
        if self.current.is_over() && matches!(Event::from_line(line.trim()), Ok(Event::RunStarted(_))) {
            self.over.push(mem::take(&mut self.current));
        }
        self.current.take(line);
    }

    /// Takes one event; false if it fits nowhere.
    pub(crate) fn add(&mut self, event: Event) -> bool {
        if self.current.is_over() && matches!(event, Event::RunStarted(_)) {
            self.over.push(mem::take(&mut self.current));
        }
        self.current.add(event)
    }

    /// The run that goes on, or the last one.
    pub(crate) fn current(&self) -> &Record {
        &self.current
    }

    /// The run that goes on, or the last one.
    pub(crate) fn current_mut(&mut self) -> &mut Record {
        &mut self.current
    }

    /// Every run.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.over.iter().chain([&self.current])
    }

    /// Lines that are no events, or events that fit nowhere.
    pub(crate) fn stray(&self) -> impl Iterator<Item = &str> {
        self.iter().flat_map(|record| &record.stray).map(String::as_str)
    }
}

/// What a stream of events said of one run.
#[derive(Debug, Default, Clone)]
pub(crate) struct Record {
    /// What is tested, by what, and the plan.
    pub(crate) started: Option<RunStarted>,
    /// Cases that ended, in the order in which they did.
    pub(crate) ended: Vec<CaseFinished>,
    /// The case that has begun and not ended.
    pub(crate) running: Option<String>,
    /// Why the run could not go on.
    pub(crate) aborted: Option<String>,
    /// The end of the run.
    pub(crate) finished: Option<RunFinished>,
    /// Lines that are no events, or events that fit nowhere.
    pub(crate) stray: Vec<String>,
    /// Why the stream cannot be understood at all.
    pub(crate) unreadable: Option<Arc<EventError>>,
    /// Every planned case, and whether it has ended. A stream may be long, and
    /// each of its lines asks.
    planned: HashMap<String, bool>,
}

impl Record {
    /// Takes one line of the stream.
    pub(crate) fn take(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        match Event::from_line(line) {
            Ok(event) => {
                if !self.add(event) {
                    self.stray.push(line.to_owned());
                }
            }
            Err(error @ EventError::Newer { .. }) => self.unreadable = Some(Arc::new(error)),
            Err(EventError::Malformed(_)) => self.stray.push(line.to_owned()),
        }
    }

    /// Takes one event; false if it fits nowhere.
    pub(crate) fn add(&mut self, event: Event) -> bool {
        match event {
            Event::RunStarted(started) => {
                let first = self.started.is_none();
                if first {
                    self.planned = started.plan.iter().map(|case| (case.clone(), false)).collect();
                    self.started = Some(started);
                }
                first
            }
            Event::CaseStarted { case } => {
                let known = self.planned.contains_key(&case);
                if known {
                    self.running = Some(case);
                }
                known
            }
            Event::CaseFinished(case) => {
                let fits = self.planned.get_mut(&case.case).is_some_and(|ended| !mem::replace(ended, true));
                if fits {
                    if self.running.as_ref() == Some(&case.case) {
                        self.running = None;
                    }
                    self.ended.push(case);
                }
                fits
            }
            Event::RunAborted { reason } => {
                self.aborted.get_or_insert(reason);
                true
            }
            Event::RunFinished(finished) => {
                let first = self.finished.is_none();
                self.finished.get_or_insert(finished);
                first
            }
        }
    }

    /// Whether nothing more is to come.
    fn is_over(&self) -> bool {
        self.started.is_some() && (self.finished.is_some() || self.aborted.is_some())
    }

    /// Planned cases without an end.
    pub(crate) fn missing(&self) -> Vec<&str> {
        let ended: BTreeSet<&str> = self.ended.iter().map(|case| case.case.as_str()).collect();
        let plan = self.started.iter().flat_map(|started| &started.plan);
        plan.map(String::as_str).filter(|case| !ended.contains(case)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a","base.b"]}"#;

    fn finished(case: &str) -> String {
        format!(r#"{{"event":"case_finished","case":"{case}","outcome":"pass","duration_us":1,"ioctls":1}}"#)
    }

    fn record(lines: &[&str]) -> Record {
        let mut record = Record::default();
        for line in lines {
            record.take(line);
        }
        record
    }

    #[test]
    fn torn_and_foreign_lines_are_kept_aside() {
        let whole = finished("base.a");
        let record = record(&[
            "\u{1b}[0mnoise",
            STARTED,
            "",
            &format!("{whole}\r"),
            &whole[..20],
            "[    1.0] oops",
            &finished("other.x"),
        ]);
        assert_eq!(record.ended.len(), 1);
        assert_eq!(record.stray.len(), 4);
        assert_eq!(record.missing(), ["base.b"]);
    }

    #[test]
    fn a_case_without_an_end_is_the_suspect() {
        let record = record(&[STARTED, &finished("base.a"), r#"{"event":"case_started","case":"base.b"}"#]);
        assert_eq!(record.running.as_deref(), Some("base.b"));
        assert!(record.finished.is_none());
    }

    #[test]
    fn doubled_events_count_once() {
        let record = record(&[STARTED, STARTED, &finished("base.a"), &finished("base.a")]);
        assert_eq!((record.ended.len(), record.stray.len()), (1, 2));
    }

    #[test]
    fn a_run_may_follow_another() {
        let mut runs = Runs::default();
        let end = r#"{"event":"run_aborted","reason":"x"}"#;
        let whole = finished("base.a");
        for line in [STARTED, &whole, end, "noise", STARTED, &whole, "[torn"] {
            runs.take(line);
        }
        assert_eq!(runs.iter().map(|run| run.ended.len()).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(runs.stray().collect::<Vec<_>>(), ["noise", "[torn"]);
        assert!(runs.current().aborted.is_none());
    }

    #[test]
    fn a_newer_format_is_not_guessed_at() {
        let newer = STARTED.replace("\"format\":1", "\"format\":99");
        assert!(record(&[&newer]).unreadable.is_some());
    }
}
