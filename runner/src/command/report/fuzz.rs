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

/// Every format, but for the page.
pub(crate) fn outputs(mut data: &[u8]) -> Vec<Output> {
    let stored = match StoredFile::from_lines(&mut data, "`a.log`") {
        Ok(stored) => stored,
        Err(error) => return vec![("message", chain(&error))],
    };
    let runs: Vec<(&StoredRun, Vec<Event>)> = stored.runs.iter().map(|run| (run, run.record.whole())).collect();
    let mut outputs = Vec::new();
    for (name, shown, verbosity) in [
        ("pretty", "pretty", Verbosity::Verbose),
        ("pretty", "pretty", Verbosity::Quiet),
        ("ktap", "ktap", Verbosity::Normal),
        ("lava", "lava", Verbosity::Normal),
        ("tap13", "tap13", Verbosity::Normal),
        ("events", "json", Verbosity::Normal),
    ] {
        let Ok(shown) = Shown::from_str(shown, false) else { continue };
        let mut show = Show::new(shown, verbosity);
        let mut text: String = runs.iter().map(|(run, events)| show.text(run, events, runs.len() > 1)).collect();
        text.push_str(&show.last());
        if name == "ktap" || name == "events" {
            compare(&stored, &text, name);
        }
        outputs.push((name, text));
    }
    let mut junit = Junit::default();
    let Ok(origin) = "a".parse() else { return outputs };
    let mut kcidb = Kcidb::new(&origin, None);
    for (_, events) in &runs {
        events.iter().for_each(|event| junit.event(event));
        kcidb.run(&digest(events), events);
    }
    outputs.push(("junit", junit.document().unwrap_or_default()));
    outputs.push(("kcidb", kcidb.document()));
    outputs
}

/// Reads runs again: they have the same verdicts.
fn compare(stored: &StoredFile, text: &str, name: &str) {
    let is_plain = |run: &StoredRun| {
        let (plan, end) = (run.record.plan(), &run.record.end);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        // Formats turn a missing result of a finished run into an error.
        let is_whole = matches!(end, Some(End::Finished(_))) && run.record.missing_count() == 0;
        let is_broken = matches!(end, Some(End::Aborted { .. } | End::BrokenOff { .. }));
        (is_whole || is_broken)
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
