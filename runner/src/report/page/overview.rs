// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a run says in one line, and what it rests on.

use reglist_suite::clause::Level;
use reglist_suite::exit;
use reglist_suite::report::events::{Label, SubjectKind, Verdict};

use super::clauses::{KEPT, Section};
use super::view::View;
use crate::report::id::push_new;
use crate::report::state::State;
use crate::report::text::verdict;
use crate::report::words::{UNTESTED, ended, release};

/// What a run says.
#[derive(Debug)]
pub(super) struct Overview {
    /// Passed, failed and so on.
    pub(super) word: &'static str,
    /// Its colour.
    pub(super) class: &'static str,
    pub(super) sentence: String,
    /// What the exit code is and means, where no failure is known.
    pub(super) exit: String,
    /// What a reader has to know before trusting it.
    pub(super) doubts: Vec<String>,
    /// Number of cases by outcome, with the colour of those that there are.
    pub(super) totals: Vec<Total>,
    /// Clauses that are broken and count, with their level.
    pub(super) broken: Vec<Broken>,
    /// Number of clauses of which cases say that they are kept.
    pub(super) kept: usize,
    /// Number of clauses.
    pub(super) clauses: usize,
}

/// Cases of an outcome.
#[derive(Debug)]
pub(super) struct Total {
    pub(super) number: usize,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

/// A broken clause.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) id: String,
    pub(super) anchor: String,
    pub(super) level: String,
}

impl Overview {
    /// That of a run, with what came of each clause in it.
    pub(super) fn of(run: &View<'_>, sections: &[Section], word_of: impl Fn(&Section) -> &'static str) -> Self {
        let started = run.started();
        let record = run.record();
        let states: Vec<State> = started.plan.iter().filter_map(|case| run.state(case)).collect();
        let number = |wanted: State| states.iter().filter(|state| **state == wanted).count();
        let missing = number(State::Missing);
        let planned = states.len();
        let mut doubts = Vec::new();
        let (word, class, sentence, exit) = match &record.finished {
            Some(finished) if missing == 0 => {
                let (word, sentence) = verdict::sentence(started, finished);
                let class = match finished.verdict {
                    Verdict::Passed => "good",
                    Verdict::Failed => "bad",
                    Verdict::NothingTested | Verdict::NotImplemented => "open",
                };
                let code = finished.verdict.exit_code();
                (word, class, sentence, format!("exit code {code}: {}", meaning(finished.verdict)))
            }
            _ => {
                let learnt = record.running.is_some() || !record.ended.is_empty();
                let place = match (&record.running, record.ended.last()) {
                    (Some(case), _) => format!("in case {case}, the suspect"),
                    (None, Some(case)) => format!("behind case {}", case.case),
                    (None, None) => "before the first case".to_owned(),
                };
                let sentence = format!(
                    "{place}; {missing} of {planned} cases did not finish, on Linux {}, series {}",
                    release(started),
                    started.series
                );
                let code = if learnt { exit::FAILED } else { exit::INFRASTRUCTURE };
                let exit = format!("no verdict; reglist report ends with exit code {code}");
                ("broken off", "bad", sentence, exit)
            }
        };
        if let Some(reason) = &record.aborted {
            doubts.push(format!("The suite gave up: {reason}"));
        }
        if record.finished.is_some() && missing > 0 {
            doubts.push("Events are missing from the file: the run has an end, and cases in it have none.".to_owned());
        }
        if started.subject == SubjectKind::Model {
            doubts.push(format!("{UNTESTED}."));
        }
        let totals = [
            (State::Pass, "good"),
            (State::Fail, "bad"),
            (State::Skip, "open"),
            (State::Error, "bad"),
            (State::Missing, "bad"),
        ];
        let total = |(state, class): (State, &'static str)| {
            let number = number(state);
            Total { number, word: ended(state), class: if number > 0 { class } else { "none" } }
        };
        Self {
            word,
            class,
            sentence,
            exit,
            doubts,
            totals: totals.into_iter().map(total).collect(),
            broken: broken(run, sections),
            kept: sections.iter().filter(|section| word_of(section) == KEPT).count(),
            clauses: sections.len(),
        }
    }
}

/// What was tested, in a few words: what else tells two runs apart comes with it.
pub(super) fn subject(run: &View<'_>) -> String {
    let started = run.started();
    let release = release(started);
    let kernel = match started.subject {
        SubjectKind::Kvm => format!("Linux {release}"),
        SubjectKind::Model => format!("the model of Linux {release}"),
    };
    let patches: Vec<&str> = started
        .labels
        .iter()
        .filter(|label| label.name == Label::PATCH)
        .filter_map(|label| label.value.split_whitespace().next())
        .collect();
    let with = match (patches.as_slice(), &started.fault) {
        ([], None) => String::new(),
        ([], Some(fault)) => format!(" with the fault {fault}"),
        (patches, None) if patches.len() > 2 => format!(" with {} patches", patches.len()),
        (patches, None) => format!(" with {}", patches.join(" and ")),
        (_, Some(fault)) => format!(" with patches and the fault {fault}"),
    };
    kernel + &with
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "no case that ran failed",
        Verdict::Failed => "a case failed or ended in error; a file of known failures is not looked at here",
        Verdict::NothingTested | Verdict::NotImplemented => "nothing was tested",
    }
}

/// Clauses that make the run fail, must clauses first.
fn broken(run: &View<'_>, sections: &[Section]) -> Vec<Broken> {
    let mut found: Vec<(Level, &str)> = Vec::new();
    for finding in run.record().ended.iter().flat_map(|case| &case.findings).filter(|finding| run.fails(finding)) {
        push_new(&mut found, (finding.level, finding.clause.as_str()));
    }
    let place = |clause: &str| sections.iter().position(|section| section.id == clause);
    found.sort_by_key(|(level, clause)| (*level, place(clause)));
    let broken = |(level, clause): (Level, &str)| {
        let section = place(clause).and_then(|place| sections.get(place))?;
        Some(Broken { id: section.id.clone(), anchor: section.anchor.clone(), level: level.to_string() })
    };
    found.into_iter().filter_map(broken).collect()
}
