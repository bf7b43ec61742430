// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What is different from one file to the other: cases, registers, facts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use reglist_suite::report::events::{CaseFinished, Finding, Outcome, RunStarted, SubjectKind, Verdict};
use serde::Serialize;

use super::error::DiffError;
use super::facts::{self, FactChange};
use super::read::{Round, Stored, StoredRun};
use super::registers::{self, Registers};
use crate::record::known::{Date, Entry, Known};
use crate::report::id::configuration;

/// How a case stands in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// It was skipped, or the kernel does not know the ioctl.
    Skip,
    /// It ended in error.
    Error,
    /// It was planned and never ended.
    Missing,
}

impl State {
    fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Error | Self::Missing)
    }
}

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// It passes and is known to fail.
    UnexpectedPass,
    /// It passed, or failed as is known, and now fails, errs or is missing.
    NewlyFailing,
    /// On a subject with the same fault it failed, and now passes.
    Unnoticed,
    /// It passed and is now skipped.
    NewlySkipped,
    /// It was planned, and is not any more.
    Vanished,
    /// It was skipped, and fails now that it runs.
    FailingUntested,
    /// It was not planned.
    New,
    /// It failed and does so still, or otherwise.
    StillFailing,
    /// It fails, as is known.
    Known,
    /// It failed and is now skipped.
    FailureSkipped,
    /// It failed and now passes.
    Fixed,
    /// On a subject with the same fault it passed, and now fails.
    Noticed,
    /// It was skipped and now passes.
    Tested,
}

impl Kind {
    /// All of them, the worst first.
    pub(crate) const ALL: [Self; 13] = [
        Self::UnexpectedPass,
        Self::NewlyFailing,
        Self::Unnoticed,
        Self::NewlySkipped,
        Self::Vanished,
        Self::FailingUntested,
        Self::New,
        Self::StillFailing,
        Self::Known,
        Self::FailureSkipped,
        Self::Fixed,
        Self::Noticed,
        Self::Tested,
    ];

    /// Whether something was better before: a case passed, or was there.
    pub(crate) fn is_regression(self) -> bool {
        matches!(self, Self::NewlyFailing | Self::Unnoticed | Self::NewlySkipped | Self::Vanished)
    }

    /// In a few words that follow a number.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::UnexpectedPass => "unexpectedly passing",
            Self::NewlyFailing => "newly failing",
            Self::Unnoticed => "with a fault no longer noticed",
            Self::NewlySkipped => "newly skipped",
            Self::Vanished => "vanished",
            Self::FailingUntested => "failing and skipped before",
            Self::New => "new",
            Self::StillFailing => "still failing",
            Self::Known => "failing as known",
            Self::FailureSkipped => "skipped and failing before",
            Self::Fixed => "fixed",
            Self::Noticed => "with a fault newly noticed",
            Self::Tested => "no longer skipped",
        }
    }

    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnexpectedPass => "unexpected_pass",
            Self::NewlyFailing => "newly_failing",
            Self::Unnoticed => "unnoticed",
            Self::NewlySkipped => "newly_skipped",
            Self::Vanished => "vanished",
            Self::FailingUntested => "failing_untested",
            Self::New => "new",
            Self::StillFailing => "still_failing",
            Self::Known => "known",
            Self::FailureSkipped => "failure_skipped",
            Self::Fixed => "fixed",
            Self::Noticed => "noticed",
            Self::Tested => "tested",
        }
    }
}

/// A case of which there is something to say.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    /// What became of it.
    #[serde(skip)]
    pub(crate) kind: Kind,
    /// The case's id.
    pub(crate) case: String,
    /// Which one of several runs it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// How it stood, if it was planned.
    pub(crate) old: Option<State>,
    /// How it stands, if it is planned.
    pub(crate) new: Option<State>,
    /// Why it was skipped, ended in error or is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What makes it fail now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) findings: Vec<Finding>,
    /// Whether it failed before with the same findings.
    #[serde(skip)]
    pub(crate) alike: bool,
    /// What is known of its failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<Entry>,
}

/// One of the two files.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Side {
    /// The file as it was given.
    pub(crate) file: String,
    /// Number of runs in it.
    pub(crate) runs: usize,
    /// Version of the suite.
    pub(crate) suite: String,
    /// What is tested.
    pub(crate) subject: SubjectKind,
    /// Architecture of the register list.
    pub(crate) architecture: String,
    /// Kernel release and version.
    pub(crate) kernel: String,
    /// CPU model, or nothing.
    pub(crate) cpu: String,
    /// Revision of the expected list.
    pub(crate) series: String,
    /// Whether a broken `should` clause fails.
    pub(crate) strict: bool,
    /// Whether registers beyond the expected list are only reported.
    pub(crate) allow_new: bool,
    /// Where random orders began.
    pub(crate) seed: u64,
    /// The fault of the only run.
    pub(crate) fault: Option<String>,
    /// Number of cases by state.
    pub(crate) cases: BTreeMap<State, usize>,
    /// Why runs are not complete.
    pub(crate) incomplete: Vec<String>,
    /// Number of lines that are no events, or events that fit nowhere.
    pub(crate) stray_lines: usize,
    /// The first of them, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_stray_line: Option<usize>,
}

/// Something in which the two runs differ before any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// What it is.
    pub(crate) what: &'static str,
    /// As it was.
    pub(crate) old: String,
    /// As it is.
    pub(crate) new: String,
    /// Whether cases are judged by other rules because of it.
    pub(crate) changes_rules: bool,
}

/// What the file of known failures did.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct KnownUse {
    /// The file.
    pub(crate) file: String,
    /// Entries that count no more.
    pub(crate) expired: Vec<Entry>,
    /// Entries that count and match no case of NEW.
    pub(crate) unmatched: Vec<Entry>,
}

/// Everything that is different.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// The file that is compared with.
    pub(crate) old: Side,
    /// The file that is judged.
    pub(crate) new: Side,
    /// In what the runs differ before any case.
    pub(crate) differences: Vec<Difference>,
    /// Number of cases that both files plan.
    pub(crate) compared: usize,
    /// Cases of which there is something to say, in the order of the plan.
    pub(crate) changes: Vec<Change>,
    /// Number of cases that a run plans for a configuration, in the file in
    /// which there are more.
    pub(crate) planned: HashMap<(Option<String>, String), usize>,
    /// Registers that came and went.
    pub(crate) registers: Registers,
    /// Warnings and facts that came, went or changed.
    pub(crate) facts: Vec<FactChange>,
    /// What the file of known failures did, if there is one.
    pub(crate) known: Option<KnownUse>,
}

impl Comparison {
    /// Compares two files of events, given a file of expected failures.
    pub(crate) fn of_files(old: &Path, new: &Path, known: Option<&Path>) -> Result<Self, DiffError> {
        let known = known.map(|path| Known::read(path, Date::today())).transpose()?;
        Self::of(&Stored::read(old)?, &Stored::read(new)?, known.as_ref())
    }

    /// Compares two files.
    ///
    /// # Errors
    /// Where they hold runs that do not correspond.
    pub(crate) fn of(old: &Stored, new: &Stored, known: Option<&Known>) -> Result<Self, DiffError> {
        let pairs = pairs(old, new)?;
        let known_use = known.map(|known| {
            let plans: Vec<&str> = new.runs.iter().flat_map(|run| &run.started.plan).map(String::as_str).collect();
            let unmatched = known.unmatched(&plans).into_iter().cloned().collect();
            KnownUse { file: known.file.clone(), expired: known.expired.clone(), unmatched }
        });
        Ok(Self::of_pairs(Side::of(old), Side::of(new), &pairs, known.zip(known_use)))
    }

    fn of_pairs(old: Side, new: Side, pairs: &[Pair<'_>], known: Option<(&Known, KnownUse)>) -> Self {
        let differences = differences(&old, &new);
        let mut runs = pairs.iter().flat_map(|pair| [pair.old, pair.new]).flatten();
        let listed = runs.all(|run| registers::has_lists(&run.record));
        let comparable = registers::why_not(&differences, listed);
        let (known, known_use) = known.unzip();
        let mut comparison = Self {
            old,
            new,
            differences,
            compared: 0,
            changes: Vec::new(),
            planned: HashMap::new(),
            registers: Registers { not_compared: comparable, ..Registers::default() },
            facts: Vec::new(),
            known: known_use,
        };
        let mut registers = registers::Collecting::default();
        let mut facts = facts::Collecting::default();
        for pair in pairs {
            comparison.compare_plans(pair, known);
            if let (Some(old), Some(new)) = (pair.old, pair.new) {
                if comparison.registers.not_compared.is_none() {
                    registers.take(pair.label.as_deref(), &old.record, &new.record);
                }
                facts.take(pair.label.as_deref(), old, new);
            }
        }
        (comparison.registers.appeared, comparison.registers.gone) = registers.finish();
        comparison.facts = facts.finish();
        comparison
    }

    /// Compares the only run of a file with the only one of another.
    pub(crate) fn of_runs(old: (&str, &StoredRun), new: (&str, &StoredRun)) -> Self {
        let pair = Pair { old: Some(old.1), new: Some(new.1), label: None };
        let side = |(file, run): (&str, &StoredRun)| Side::of_runs(Path::new(file), std::slice::from_ref(run));
        Self::of_pairs(side(old), side(new), &[pair], None)
    }

    /// Cases of a kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.kind == kind)
    }

    /// Number of cases that were better before.
    pub(crate) fn regressions(&self) -> usize {
        self.changes.iter().filter(|change| change.kind.is_regression()).count()
    }

    /// Number of cases that pass and are known to fail.
    pub(crate) fn unexpected_passes(&self) -> usize {
        self.of_kind(Kind::UnexpectedPass).count()
    }

    /// Whether the new file is worse than the old one.
    pub(crate) fn is_worse(&self) -> bool {
        self.regressions() + self.unexpected_passes() > 0
    }

    fn compare_plans(&mut self, pair: &Pair<'_>, known: Option<&Known>) {
        let (old, new) = (pair.old.map(States::of), pair.new.map(States::of));
        // A subject that has the same fault twice: failing is what is wanted.
        let fault = |run: Option<&StoredRun>| run.and_then(|run| run.started.fault.clone());
        let same_fault = pair.old.is_some() && fault(pair.old).is_some() && fault(pair.old) == fault(pair.new);
        let known = known.filter(|_| !same_fault);
        let mut seen: HashSet<&str> = HashSet::new();
        let mut planned: HashMap<(bool, &str), usize> = HashMap::new();
        for case in [pair.new, pair.old].into_iter().flatten().flat_map(|run| &run.started.plan) {
            if !seen.insert(case) {
                continue;
            }
            let (was, is) = (
                old.as_ref().and_then(|states| states.state(case)),
                new.as_ref().and_then(|states| states.state(case)),
            );
            self.compared += usize::from(was.is_some() && is.is_some());
            for (in_new, state) in [(false, was), (true, is)] {
                *planned.entry((in_new, configuration(case))).or_default() += usize::from(state.is_some());
            }
            let entry = known.and_then(|known| known.entry(case));
            let Some(kind) = kind(was, is, entry.is_some(), same_fault) else {
                continue;
            };
            let shown = new.as_ref().filter(|_| is.is_some()).or(old.as_ref());
            let findings = new.as_ref().map(|states| states.failing(case)).unwrap_or_default();
            let before = old.as_ref().map(|states| states.failing(case)).unwrap_or_default();
            self.changes.push(Change {
                kind,
                case: case.clone(),
                run: pair.label.clone(),
                old: was,
                new: is,
                reason: shown.and_then(|states| states.reason(case)),
                alike: findings == before,
                findings,
                known: entry.filter(|_| matches!(kind, Kind::UnexpectedPass | Kind::Known)).cloned(),
            });
        }
        for ((_, configuration), count) in planned {
            let most = self.planned.entry((pair.label.clone(), configuration.to_owned())).or_default();
            *most = count.max(*most);
        }
    }
}

/// What became of a case; nothing where it stands as it stood.
fn kind(old: Option<State>, new: Option<State>, is_known: bool, same_fault: bool) -> Option<Kind> {
    let is_bad = |state: Option<State>| state.is_some_and(State::is_bad);
    let known_failure = |state| is_known && state == Some(State::Fail);
    Some(match (old, new) {
        (_, Some(State::Pass)) if is_known => Kind::UnexpectedPass,
        (_, new) if known_failure(new) => Kind::Known,
        (Some(_), None) => Kind::Vanished,
        (None, Some(_)) => Kind::New,
        // A case that notices the fault as it did is no news.
        (Some(State::Fail), Some(State::Fail)) if same_fault => return None,
        (Some(State::Pass), Some(State::Fail)) if same_fault => Kind::Noticed,
        (Some(State::Fail), Some(State::Pass)) if same_fault => Kind::Unnoticed,
        (Some(State::Pass), new) if is_bad(new) => Kind::NewlyFailing,
        (old, new) if known_failure(old) && is_bad(new) => Kind::NewlyFailing,
        (Some(State::Pass), Some(State::Skip)) => Kind::NewlySkipped,
        (Some(State::Skip), Some(State::Pass)) => Kind::Tested,
        (Some(State::Skip), new) if is_bad(new) => Kind::FailingUntested,
        (old, Some(State::Skip)) if is_bad(old) => Kind::FailureSkipped,
        (old, Some(State::Pass)) if is_bad(old) => Kind::Fixed,
        (old, new) if is_bad(old) && is_bad(new) => Kind::StillFailing,
        _ => return None,
    })
}

/// Two runs that belong together, or one without another.
struct Pair<'r> {
    old: Option<&'r StoredRun>,
    new: Option<&'r StoredRun>,
    /// Which one of several it is.
    label: Option<String>,
}

/// The runs of two files: the only one with the only one, else each with the
/// one of the same fault and configuration.
fn pairs<'r>(old: &'r Stored, new: &'r Stored) -> Result<Vec<Pair<'r>>, DiffError> {
    if let ([old], [new]) = (old.runs.as_slice(), new.runs.as_slice()) {
        return Ok(vec![Pair { old: Some(old), new: Some(new), label: None }]);
    }
    let old_rounds: BTreeMap<Round, &StoredRun> = old.runs.iter().map(|run| (run.round(), run)).collect();
    let new_rounds: BTreeSet<Round> = new.runs.iter().map(StoredRun::round).collect();
    let in_both = new_rounds.iter().filter(|round| old_rounds.contains_key(round)).count();
    if old.runs.len() == 1 || new.runs.len() == 1 || in_both == 0 {
        return Err(DiffError::Apart {
            old: old.path.clone(),
            new: new.path.clone(),
            old_runs: old.runs.len(),
            new_runs: new.runs.len(),
        });
    }
    let mut pairs: Vec<Pair<'r>> = Vec::new();
    for run in &new.runs {
        let round = run.round();
        let old = old_rounds.get(&round).copied();
        pairs.push(Pair { old, new: Some(run), label: Some(round.words()) });
    }
    for run in old.runs.iter().filter(|run| !new_rounds.contains(&run.round())) {
        pairs.push(Pair { old: Some(run), new: None, label: Some(run.round().words()) });
    }
    Ok(pairs)
}

/// How the cases of a run stand.
pub(crate) struct States<'r> {
    run: &'r StoredRun,
    planned: HashSet<&'r str>,
    ended: HashMap<&'r str, &'r CaseFinished>,
}

/// Why cases did not run of which the kernel does not know the ioctl.
const NOT_IMPLEMENTED: &str = "not implemented: KVM_GET_REG_LIST gives ENOTTY";

impl<'r> States<'r> {
    /// How the cases of `run` stand.
    pub(crate) fn of(run: &'r StoredRun) -> Self {
        Self {
            run,
            planned: run.started.plan.iter().map(String::as_str).collect(),
            ended: run.record.ended.iter().map(|case| (case.case.as_str(), case)).collect(),
        }
    }

    fn is_unimplemented(&self) -> bool {
        self.run.record.finished.as_ref().is_some_and(|finished| finished.verdict == Verdict::NotImplemented)
    }

    /// How a case stands, if it is planned.
    pub(crate) fn state(&self, case: &str) -> Option<State> {
        if !self.planned.contains(case) {
            return None;
        }
        Some(match self.ended.get(case).map(|case| case.outcome) {
            Some(Outcome::Pass) => State::Pass,
            Some(Outcome::Fail) => State::Fail,
            Some(Outcome::Skip) => State::Skip,
            Some(Outcome::Error) => State::Error,
            None if self.is_unimplemented() => State::Skip,
            None => State::Missing,
        })
    }

    /// Why a case was skipped, ended in error or is missing.
    pub(crate) fn reason(&self, case: &str) -> Option<String> {
        match self.ended.get(case) {
            Some(case) => case.reason.clone(),
            None if self.is_unimplemented() => Some(NOT_IMPLEMENTED.to_owned()),
            None => why_incomplete(self.run),
        }
    }

    /// What makes a case fail.
    fn failing(&self, case: &str) -> Vec<Finding> {
        let findings = self.ended.get(case).filter(|case| case.outcome == Outcome::Fail);
        let findings = findings.into_iter().flat_map(|case| &case.findings);
        findings.filter(|finding| finding.level.fails(self.run.started.strict)).cloned().collect()
    }
}

/// Why a run did not come to its end, if it did not.
fn why_incomplete(run: &StoredRun) -> Option<String> {
    let record = &run.record;
    let unimplemented = record.finished.as_ref().is_some_and(|finished| finished.verdict == Verdict::NotImplemented);
    match (&record.aborted, &record.running) {
        (Some(reason), _) => Some(format!("the run was given up: {reason}")),
        _ if unimplemented || record.missing().is_empty() => None,
        (None, Some(case)) => Some(format!("the run broke off in {case}")),
        (None, None) if record.finished.is_some() => Some("events are missing from the file".to_owned()),
        (None, None) => Some("the run broke off between two cases".to_owned()),
    }
}

impl Side {
    fn of(stored: &Stored) -> Self {
        let side = Self::of_runs(&stored.path, &stored.runs);
        let first_stray_line = (stored.stray > 0).then_some(stored.first_stray);
        Self { stray_lines: stored.stray, first_stray_line, ..side }
    }

    fn of_runs(path: &Path, runs: &[StoredRun]) -> Self {
        let mut cases: BTreeMap<State, usize> = BTreeMap::new();
        for run in runs {
            let states = States::of(run);
            for state in states.planned.iter().filter_map(|case| states.state(case)) {
                *cases.entry(state).or_default() += 1;
            }
        }
        let incomplete = runs.iter().filter_map(why_incomplete).collect();
        let single = runs.len() == 1;
        // One at least is there; else everything about it is unknown.
        let none = RunStarted {
            format: 0,
            suite: String::new(),
            subject: SubjectKind::Model,
            architecture: String::new(),
            kernel: String::new(),
            cpu: String::new(),
            series: String::new(),
            strict: false,
            allow_new: false,
            seed: 0,
            fault: None,
            labels: Vec::new(),
            plan: Vec::new(),
        };
        let started = runs.first().map_or(&none, |run| &run.started);
        Self {
            file: path.display().to_string(),
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
            stray_lines: 0,
            first_stray_line: None,
        }
    }
}

/// In what two runs differ before any case, what changes the rules first.
fn differences(old: &Side, new: &Side) -> Vec<Difference> {
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
