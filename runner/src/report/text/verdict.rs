// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The first line and the last lines of a report.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::{RunStarted, SubjectKind, Totals};

use crate::record::Record;
use crate::record::known::Judged;
use crate::record::verdict::{Conclusion, Kind, Tone};
use crate::report::paragraph::hanging;
use crate::report::words::{UNTESTED, count, release};

/// Writes the first line, for a run on the model.
pub(super) fn write_subject(text: &mut String, started: &RunStarted) {
    if started.subject == SubjectKind::Kvm {
        return;
    }
    let release = release(started);
    let what = match &started.fault {
        Some(fault) => format!("Linux {release} with the fault {fault}"),
        None => format!("expected answers of Linux {release}"),
    };
    hanging(text, &format!("{UNTESTED}; {what}"));
    text.push('\n');
}

/// Writes the settings that reproduce the run.
pub(crate) fn write_circumstances(text: &mut String, started: &RunStarted) {
    let mut parts = vec![
        format!("suite {}", started.suite),
        format!("series {}", started.series),
        format!("seed {}", started.seed),
    ];
    parts.extend(started.strict.then(|| "strict".to_owned()));
    parts.extend(started.allow_new.then(|| "new registers allowed".to_owned()));
    parts.extend(started.fault.as_ref().map(|fault| format!("fault {fault}")));
    let cpu = Some(&started.cpu).filter(|cpu| !cpu.is_empty());
    parts.extend(cpu.map(|cpu| if started.machine().is_some() { format!("emulated {cpu}") } else { cpu.clone() }));
    text.push('\n');
    hanging(text, &parts.join(", "));
}

/// The last line.
pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted, judged: Option<&Judged>) {
    let conclusion = Conclusion::of(record, judged);
    let style = match conclusion.tone() {
        Tone::Good => Style::new().green(),
        Tone::Bad => Style::new().red(),
        Tone::Open => Style::new().yellow(),
    };
    let what = sentence(started, &conclusion, judged);
    let _ = writeln!(text, "reglist: {}: {what}", style.bold().apply_to(conclusion.word()));
}

/// The sentence after the verdict's word.
pub(crate) fn sentence(started: &RunStarted, conclusion: &Conclusion, judged: Option<&Judged>) -> String {
    let Conclusion { kind, totals, planned, missing, place, review, reason, .. } = conclusion;
    let release = release(started);
    let Totals { pass, fail, skip, error } = *totals;
    let cases = |number| count(number, "case");
    let (kernel, untested) = match started.subject {
        SubjectKind::Kvm => {
            let machine = started.machine().map(|machine| format!(" ({machine})")).unwrap_or_default();
            (format!(" on Linux {release}{}{machine}, series {}", patches(started), started.series), String::new())
        }
        SubjectKind::Model => (String::new(), format!("; {UNTESTED}")),
    };
    let skipped = match skip {
        0 => String::new(),
        count => format!(" ({count} skipped)"),
    };
    let known = judged.map(known).unwrap_or_default();
    let what = match kind {
        Kind::Passed => format!("{}{kernel}{skipped}{known}", cases(pass)),
        Kind::Failed => format!("{} of {}{kernel}{skipped}{known}", fail + error, cases(*planned)),
        Kind::Reviewed => format!("{} of the review; no case of {} failed{kernel}", count(*review, "note"), planned),
        Kind::NothingTested if *planned == 0 => "no case was selected".to_owned(),
        Kind::NothingTested => format!("{}{kernel}, all skipped", cases(*planned)),
        Kind::NotImplemented => format!("KVM_GET_REG_LIST is unknown to Linux {release} (ENOTTY)"),
        Kind::GaveUp | Kind::Interrupted | Kind::MachineGone | Kind::KernelGone | Kind::BrokenOff => {
            let first = reason.as_deref().and_then(|reason| reason.lines().next());
            let why = first.filter(|_| *kind != Kind::Interrupted).map(|why| format!(": {why}")).unwrap_or_default();
            format!("{place}{why}; {missing} of {} did not finish{kernel}", cases(*planned))
        }
    };
    what + &untested
}

/// The patches that the kernel has.
fn patches(started: &RunStarted) -> String {
    match started.patches().as_slice() {
        [] => String::new(),
        [one] => format!(" with {one}"),
        [one, other] => format!(" with {one} and {other}"),
        all => format!(" with {} patches", all.len()),
    }
}

/// The numbers of expected failures and unexpected passes.
fn known(judged: &Judged) -> String {
    let Judged { failing, passing, .. } = judged;
    [(failing, "expected failure"), (passing, "unexpected pass")]
        .into_iter()
        .filter(|(cases, _)| !cases.is_empty())
        .map(|(cases, thing)| format!(", {}", count(cases.len(), thing)))
        .collect()
}
