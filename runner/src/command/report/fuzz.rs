// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The outputs of `report` for a file, for `ci/fuzz`.

use clap::ValueEnum as _;
use reglist_suite::report::events::Event;
use reglist_suite::report::format::{Junit, Kcidb};

use super::digest;
use super::show::{Show, Shown};
use crate::record::End;
use crate::record::reader::{StoredFile, StoredRun};
use crate::record::verdict::Conclusion;
use crate::system::output::chain;
use crate::system::verbosity::Verbosity;

/// A text that the program prints, named by its format.
type Output = (&'static str, String);

/// What `report` prints in one format, but for the page. The content of the file decides
/// which: a file in every format takes ten times as long, and similar files are many.
pub(crate) fn outputs(data: &[u8]) -> Vec<Output> {
    let chosen = data.iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let stored = match StoredFile::from_lines(&mut &*data, "`a.log`") {
        Ok(stored) => stored,
        Err(error) => return vec![("message", chain(&error))],
    };
    let runs: Vec<(&StoredRun, Vec<Event>)> = stored.runs.iter().map(|run| (run, run.record.whole())).collect();
    let formats = [
        ("pretty", "pretty", Verbosity::Verbose),
        ("pretty", "pretty", Verbosity::Quiet),
        ("mail", "mail", Verbosity::Normal),
        ("markdown", "markdown", Verbosity::Normal),
        ("ktap", "ktap", Verbosity::Normal),
        ("lava", "lava", Verbosity::Normal),
        ("tap13", "tap13", Verbosity::Normal),
        ("events", "json", Verbosity::Normal),
    ];
    let documents = 2;
    let Some((name, shown, verbosity)) = formats.get(chosen % (formats.len() + documents)) else {
        return vec![document(&runs, chosen % documents == 0)];
    };
    let Ok(shown) = Shown::from_str(shown, false) else { return Vec::new() };
    let mut show = Show::new(shown, *verbosity);
    let mut text: String = runs.iter().map(|(run, events)| show.text(run, events, runs.len() > 1)).collect();
    text.push_str(&show.last());
    if matches!(*name, "ktap" | "events") {
        compare(&stored, &text, name);
    }
    vec![(name, text)]
}

/// A format that is one document for all runs.
fn document(runs: &[(&StoredRun, Vec<Event>)], is_junit: bool) -> Output {
    if is_junit {
        let mut junit = Junit::default();
        runs.iter().flat_map(|(_, events)| events).for_each(|event| junit.event(event));
        return ("junit", junit.document().unwrap_or_default());
    }
    let Ok(origin) = "a".parse() else { return ("kcidb", String::new()) };
    let mut kcidb = Kcidb::new(&origin, None);
    runs.iter().for_each(|(_, events)| kcidb.run(&digest(events), events));
    ("kcidb", kcidb.document())
}

/// Reads runs again: they have the same verdicts.
fn compare(stored: &StoredFile, text: &str, name: &str) {
    let is_plain = |run: &StoredRun| {
        let (plan, end) = (run.record.plan(), &run.record.end);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        // Formats turn a missing result of a finished run into an error.
        let is_whole = matches!(end, Some(End::Finished(_))) && run.record.missing_count() == 0;
        let is_broken = matches!(end, Some(End::Aborted { .. } | End::BrokenOff { .. }));
        // KTAP has the cases only.
        (is_whole || is_broken)
            && run.record.review.is_none()
            && !plan.is_empty()
            && plan.iter().all(|case| !case.is_empty() && case.chars().all(fits))
    };
    if !stored.runs.iter().all(is_plain) {
        return;
    }
    let again = StoredFile::from_lines(&mut text.as_bytes(), "`b.log`");
    let codes = |runs: &[StoredRun]| -> Vec<u8> {
        runs.iter().map(|run| Conclusion::of(&run.record, None).exit_code()).collect()
    };
    let again = again.map(|again| codes(&again.runs)).map_err(|error| chain(&error));
    assert_eq!(again.as_deref(), Ok(&*codes(&stored.runs)), "{name}");
}
