// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The verdict of a run with its basis.

use reglist_suite::exit;
use reglist_suite::report::events::SubjectKind;
use reglist_suite::spec::clause::Level;

use super::clauses::{KEPT, Section, stand};
use super::view::View;
use crate::record::End;
use crate::record::verdict::{Conclusion, Kind, Tone};
use crate::report::id::push_new;
use crate::report::state::State;
use crate::report::text::verdict;
use crate::report::words::{UNTESTED, release};

#[derive(Debug)]
pub(super) struct Overview {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) sentence: String,
    /// Exit code and meaning, without expected failures.
    pub(super) exit: String,
    pub(super) doubts: Vec<String>,
    /// Number of cases by outcome.
    pub(super) totals: [Total; 5],
    /// Broken clauses that fail the run, with the level of their findings.
    pub(super) broken: Vec<(Level, String)>,
    pub(super) kept: usize,
    pub(super) clauses: usize,
}

#[derive(Debug)]
pub(super) struct Total {
    pub(super) number: usize,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

impl Overview {
    pub(super) fn of(run: &View<'_>, sections: &[Section], word_of: impl Fn(&Section) -> &'static str) -> Self {
        let started = run.started();
        let record = run.record();
        let states: Vec<State> = started.plan.iter().filter_map(|case| run.states.state(case)).collect();
        let number = |wanted: State| states.iter().filter(|state| **state == wanted).count();
        let mut doubts = Vec::new();
        let conclusion = Conclusion::of(record, None);
        let class = match conclusion.tone() {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Open => "open",
        };
        let (word, sentence) = (conclusion.word(), verdict::sentence(started, &conclusion, None));
        let exit = format!("exit code {}: {}", conclusion.exit_code(), meaning(&conclusion));
        if let Some(reason) = record.why_unfinished() {
            doubts.push(format!("{}.", reason.trim_end_matches('.')));
        }
        if matches!(record.end, Some(End::Finished(_))) && !conclusion.is_complete() {
            doubts.push(
                "Events are missing from the file: the run has ended, but some of its cases have not.".to_owned(),
            );
        }
        if started.subject == SubjectKind::Model {
            doubts.push(format!("{UNTESTED}."));
        }
        let totals = [State::Pass, State::Fail, State::Skip, State::Error, State::Missing].map(|state| {
            let number = number(state);
            Total {
                number,
                word: state.words().ended,
                class: if number > 0 { stand(Some(state)).class } else { "none" },
            }
        });
        Self {
            word,
            class,
            sentence,
            exit,
            doubts,
            totals,
            broken: broken(run, sections),
            kept: sections.iter().filter(|section| word_of(section) == KEPT).count(),
            clauses: sections.len(),
        }
    }
}

/// The subject in short, with patches and fault.
pub(super) fn subject(run: &View<'_>) -> String {
    let started = run.started();
    let release = release(started);
    let kernel = match started.subject {
        SubjectKind::Kvm => match started.machine() {
            Some(machine) => format!("Linux {release} ({machine})"),
            None => format!("Linux {release}"),
        },
        SubjectKind::Model => format!("the model of Linux {release}"),
    };
    let with = match (started.patches().as_slice(), &started.fault) {
        ([], None) => String::new(),
        ([], Some(fault)) => format!(" with the fault {fault}"),
        (patches, None) if patches.len() > 2 => format!(" with {} patches", patches.len()),
        (patches, None) => format!(" with {}", patches.join(" and ")),
        (_, Some(fault)) => format!(" with patches and the fault {fault}"),
    };
    kernel + &with
}

fn meaning(conclusion: &Conclusion) -> &'static str {
    match conclusion.kind {
        Kind::Passed => "no case that ran failed",
        Kind::Failed => "a case failed or ended in error",
        Kind::Reviewed => "the review has notes, and --strict makes them failures",
        Kind::NothingTested | Kind::NotImplemented => "nothing was tested",
        Kind::KernelGone => "the kernel crashed",
        Kind::Interrupted => "the user interrupted the run",
        Kind::GaveUp | Kind::MachineGone => "the infrastructure failed",
        Kind::BrokenOff if conclusion.exit_code() == exit::FAILED => "a case failed, or was running at the end",
        Kind::BrokenOff => "no result about the kernel",
    }
}

/// Clauses that fail the run, must clauses first.
fn broken(run: &View<'_>, sections: &[Section]) -> Vec<(Level, String)> {
    let mut found = Vec::new();
    for (_, finding) in run.all_findings().filter(|(_, finding)| run.fails(finding)) {
        push_new(&mut found, (finding.level, finding.clause.clone()));
    }
    let place = |clause: &str| sections.iter().position(|section| section.id == clause);
    found.retain(|(_, clause)| place(clause).is_some());
    found.sort_by_key(|(level, clause)| (*level, place(clause)));
    found
}
