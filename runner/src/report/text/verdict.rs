// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a run was of, and what it says: the first line and the last ones.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::{RunFinished, RunStarted, SubjectKind, Totals, Verdict};

use crate::record::known::Judged;
use crate::report::paragraph::hanging;
use crate::report::words::{UNTESTED, count, release};

/// The first line; none for a kernel.
pub(super) fn write_subject(text: &mut String, started: &RunStarted) {
    if started.subject == SubjectKind::Kvm {
        return;
    }
    let release = release(started);
    let what = match &started.fault {
        Some(fault) => format!("this is Linux {release} with the fault {fault}"),
        None => format!("this is how Linux {release} should answer"),
    };
    hanging(text, &format!("{UNTESTED}; {what}"));
    text.push('\n');
}

/// Everything that another run needs to be the same.
pub(crate) fn write_circumstances(text: &mut String, started: &RunStarted) {
    let mut parts = vec![
        format!("suite {}", started.suite),
        format!("series {}", started.series),
        format!("seed {}", started.seed),
    ];
    parts.extend(started.strict.then(|| "strict".to_owned()));
    parts.extend(started.allow_new.then(|| "new registers allowed".to_owned()));
    parts.extend(started.fault.as_ref().map(|fault| format!("fault {fault}")));
    parts.extend(Some(&started.cpu).filter(|cpu| !cpu.is_empty()).cloned());
    text.push('\n');
    hanging(text, &parts.join(", "));
}

/// The last line.
pub(super) fn write(text: &mut String, started: &RunStarted, finished: &RunFinished, judged: Option<&Judged>) {
    let all = finished.totals;
    let finished = &judged.map_or_else(|| finished.clone(), |judged| judged.end(finished));
    let (word, what) = said(started, finished, all, &judged.map(known).unwrap_or_default());
    let style = match finished.verdict {
        Verdict::Passed => Style::new().green(),
        Verdict::Failed => Style::new().red(),
        Verdict::NothingTested | Verdict::NotImplemented => Style::new().yellow(),
    };
    let _ = writeln!(text, "reglist: {}: {what}", style.bold().apply_to(word));
}

/// The last line where no failure is known: what the run says in a word, and of
/// what.
pub(crate) fn sentence(started: &RunStarted, finished: &RunFinished) -> (&'static str, String) {
    said(started, finished, finished.totals, "")
}

fn said(started: &RunStarted, finished: &RunFinished, all: Totals, known: &str) -> (&'static str, String) {
    let release = release(started);
    let Totals { pass, fail, skip, error } = finished.totals;
    let all = all.pass + all.fail + all.skip + all.error;
    let cases = |number| count(number, "case");
    let (kernel, untested) = match started.subject {
        SubjectKind::Kvm => (format!(" on Linux {release}, series {}", started.series), String::new()),
        SubjectKind::Model => (String::new(), format!("; {UNTESTED}")),
    };
    let skipped = match skip {
        0 => String::new(),
        count => format!(" ({count} skipped)"),
    };
    let (word, what) = match finished.verdict {
        Verdict::Passed => ("passed", format!("{}{kernel}{skipped}{known}", cases(pass))),
        Verdict::Failed => ("failed", format!("{} of {}{kernel}{skipped}{known}", fail + error, cases(all))),
        Verdict::NothingTested if all == 0 => ("nothing tested", "no case was selected".to_owned()),
        Verdict::NothingTested => ("nothing tested", format!("{}{kernel}, all skipped", cases(all))),
        Verdict::NotImplemented => {
            ("not implemented", format!("KVM_GET_REG_LIST is unknown to Linux {release} (ENOTTY)"))
        }
    };
    (word, what + &untested)
}

/// What the file of known failures has to do with the verdict.
fn known(judged: &Judged) -> String {
    let Judged { failing, passing, .. } = judged;
    [(failing, "known failure"), (passing, "unexpected pass")]
        .into_iter()
        .filter(|(cases, _)| !cases.is_empty())
        .map(|(cases, thing)| format!(", {}", count(cases.len(), thing)))
        .collect()
}
