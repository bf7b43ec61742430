// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The two files of a comparison, and the differences of their settings.

use std::collections::BTreeMap;

use reglist_suite::report::events::{RunStarted, SubjectKind};
use serde::Serialize;

use crate::record::reader::Stray;
use crate::report::state::{State, States, why_incomplete};
use crate::report::stored::StoredRun;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Side {
    pub(crate) file: String,
    pub(crate) runs: usize,
    pub(crate) suite: String,
    pub(crate) subject: SubjectKind,
    pub(crate) architecture: String,
    pub(crate) kernel: String,
    pub(crate) cpu: String,
    pub(crate) series: String,
    pub(crate) strict: bool,
    pub(crate) allow_new: bool,
    pub(crate) seed: u64,
    /// The fault of the only run.
    pub(crate) fault: Option<String>,
    pub(crate) cases: BTreeMap<State, usize>,
    pub(crate) incomplete: Vec<String>,
    /// Number of lines that are not events of a run.
    pub(crate) stray_lines: usize,
    /// The first such line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_stray_line: Option<usize>,
}

/// A difference in the runs' settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) old: String,
    pub(crate) new: String,
    /// Whether it changes the rules for cases.
    pub(crate) changes_rules: bool,
}

impl Side {
    pub(super) fn of(file: &str, runs: &[StoredRun], stray: &Stray) -> Self {
        let mut cases: BTreeMap<State, usize> = BTreeMap::new();
        for run in runs {
            let states = States::of(run);
            for state in states.planned.iter().filter_map(|case| states.state(case)) {
                *cases.entry(state).or_default() += 1;
            }
        }
        let incomplete = runs.iter().filter_map(why_incomplete).collect();
        let single = runs.len() == 1;
        // A file has at least one run.
        let unknown = RunStarted::unknown();
        let started = runs.first().map_or(&unknown, |run| &run.started);
        Self {
            file: file.trim_matches('`').to_owned(),
            runs: runs.len(),
            suite: started.suite.clone(),
            subject: started.subject,
            architecture: started.architecture.clone(),
            kernel: started.kernel.clone(),
            cpu: started.cpu.clone(),
            series: started.series.clone(),
            strict: started.strict,
            allow_new: single && started.allow_new,
            seed: started.seed,
            fault: started.fault.clone().filter(|_| single),
            cases,
            incomplete,
            stray_lines: stray.count,
            first_stray_line: (stray.count > 0).then_some(stray.first),
        }
    }
}

/// Differences of settings, those of rules first.
pub(super) fn differences(old: &Side, new: &Side) -> Vec<Difference> {
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let subject = |side: &Side| {
        match side.subject {
            SubjectKind::Kvm => "kernel",
            SubjectKind::Model => "model",
        }
        .to_owned()
    };
    let fault = |side: &Side| side.fault.clone().unwrap_or_else(|| "none".to_owned());
    let all = [
        ("architecture", old.architecture.clone(), new.architecture.clone(), true),
        ("series", old.series.clone(), new.series.clone(), true),
        ("strict", yes_no(old.strict), yes_no(new.strict), true),
        ("new registers allowed", yes_no(old.allow_new), yes_no(new.allow_new), true),
        ("subject", subject(old), subject(new), false),
        ("fault", fault(old), fault(new), false),
        ("kernel", old.kernel.clone(), new.kernel.clone(), false),
        ("CPU", old.cpu.clone(), new.cpu.clone(), false),
        ("suite", old.suite.clone(), new.suite.clone(), false),
        ("seed", old.seed.to_string(), new.seed.to_string(), false),
    ];
    let differing = all.into_iter().filter(|(_, old, new, _)| old != new);
    differing.map(|(what, old, new, changes_rules)| Difference { what, old, new, changes_rules }).collect()
}
