// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The recorded lists of a run.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::arch::{Arch, Feature};
use reglist_suite::report::events::{CaseFinished, Label, Outcome, RunStarted, SubjectKind};
use reglist_suite::spec::{Configuration, Spec};

use super::error::FromKernelError;
use crate::record::Record;
use crate::report::diff::registers::CONTENTS;
use crate::report::id::configuration;
use crate::report::words::plain;

#[derive(Debug)]
pub(super) struct Lists {
    pub(super) subject: SubjectKind,
    pub(super) kernel: String,
    /// Further facts about the kernel.
    pub(super) labels: Vec<String>,
    /// Version of the suite.
    pub(super) suite: String,
    pub(super) configurations: Vec<Listed>,
    /// Ids that a specification cannot name, then duplicate ids (`true`).
    troubles: BTreeMap<(bool, u64), Trouble>,
}

/// An id that a specification cannot contain.
#[derive(Debug)]
struct Trouble {
    what: String,
    configurations: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) features: Vec<Feature>,
    /// Valid ids, each once, in the kernel's order.
    pub(super) ids: Vec<u64>,
}

impl Lists {
    /// The lists of a run with the configurations of `like`.
    pub(super) fn of(
        record: &Record,
        started: &RunStarted,
        like: &Spec,
        arch: &dyn Arch,
    ) -> Result<Self, FromKernelError> {
        if record.is_not_implemented() {
            return Err(FromKernelError::NotImplemented);
        }
        let asked: Vec<&Configuration> = like.configurations.iter().filter(|each| !each.contract_only).collect();
        if asked.is_empty() {
            let series = like.series.clone();
            return Err(FromKernelError::NoLists { series, architecture: arch.name() });
        }
        check_configurations(started, like)?;
        let cases = cases(record, started, &asked)?;
        let kernel = match started.subject {
            SubjectKind::Kvm => format!("Linux {}", plain(&started.kernel)),
            SubjectKind::Model => format!("the model of Linux {}", plain(&started.kernel.replace(" (model)", ""))),
        };
        let cpu = Some(plain(&started.cpu)).filter(|cpu| !cpu.is_empty()).map(|cpu| format!("cpu: {cpu}"));
        let mut lists = Self {
            subject: started.subject,
            kernel,
            labels: cpu.into_iter().chain(started.labels.iter().map(label)).collect(),
            suite: plain(&started.suite),
            configurations: Vec::new(),
            troubles: BTreeMap::new(),
        };
        for (configuration, case) in asked.into_iter().zip(cases) {
            lists.add(configuration, case, arch);
        }
        Ok(lists)
    }

    fn add(&mut self, configuration: &Configuration, case: &CaseFinished, arch: &dyn Arch) {
        let mut ids: Vec<u64> = Vec::with_capacity(case.listed.len());
        for id in case.listed.iter().map(|register| register.id) {
            let (is_repeated, what) = if arch.decode(id).is_none() {
                let why = arch.malformed(id).map(|why| format!(": {why}")).unwrap_or_default();
                (false, format!("{}{why}", arch.describe(id)))
            } else if ids.contains(&id) {
                (true, arch.describe(id))
            } else {
                ids.push(id);
                continue;
            };
            let new = || Trouble { what, configurations: Vec::new() };
            let trouble = self.troubles.entry((is_repeated, id)).or_insert_with(new);
            if trouble.configurations.last() != Some(&configuration.name) {
                trouble.configurations.push(configuration.name.clone());
            }
        }
        self.configurations.push(Listed {
            name: configuration.name.clone(),
            features: configuration.features.clone(),
            ids,
        });
    }

    /// A sentence for lists that are not of a kernel.
    pub(super) fn note(&self) -> Option<&'static str> {
        (self.subject == SubjectKind::Model).then_some("These are the lists of the model, not of a kernel.")
    }

    /// A sentence for each id that a specification cannot contain.
    pub(super) fn troubles(&self) -> Vec<String> {
        let sentence = |((is_repeated, id), Trouble { what, configurations }): (&(bool, u64), &Trouble)| {
            let words = if *is_repeated {
                format!("({what}) is listed several times, but written once")
            } else {
                format!("is omitted, because a specification cannot name it: {what}")
            };
            format!("{id:#018x} {words} (in {})", configurations.join(", "))
        };
        self.troubles.iter().map(sentence).collect()
    }
}

fn label(label: &Label) -> String {
    plain(&format!("{}: {}", label.name, label.value))
}

/// Checks that `like` has the run's configurations, because the run does not record
/// features.
fn check_configurations(started: &RunStarted, like: &Spec) -> Result<(), FromKernelError> {
    let planned: BTreeSet<&str> = started.plan.iter().map(|case| configuration(case)).collect();
    let is_unknown = |name: &&str| like.configurations.iter().all(|known| known.name != *name);
    let unknown: Vec<&str> = planned.into_iter().filter(is_unknown).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names = unknown.into_iter().map(plain).collect::<Vec<_>>().join(", ");
    Err(FromKernelError::UnknownConfigurations { series: like.series.clone(), names })
}

/// The case of each configuration that recorded the list.
fn cases<'r>(
    record: &'r Record,
    started: &RunStarted,
    asked: &[&Configuration],
) -> Result<Vec<&'r CaseFinished>, FromKernelError> {
    let (mut cases, mut missing, mut skipped, mut unrecorded) = (Vec::new(), Vec::new(), 0, 0);
    for configuration in asked {
        let name = &configuration.name;
        let id = format!("{name}.{CONTENTS}");
        let reason = |case: &CaseFinished| plain(case.reason.as_deref().unwrap_or("no reason given"));
        let why = match record.ended().find(|case| case.case == id) {
            None if started.plan.contains(&id) => format!("{name} ({id} did not end)"),
            None => format!("{name} ({id} was not planned)"),
            Some(case) if case.outcome == Outcome::Error => format!("{name} ({id} ended in error: {})", reason(case)),
            Some(case) if case.outcome == Outcome::Skip => {
                skipped += 1;
                format!("{name} (skipped: {})", reason(case))
            }
            Some(case) if case.listed.is_empty() => {
                unrecorded += 1;
                format!("{name} (not recorded)")
            }
            Some(case) => {
                cases.push(case);
                continue;
            }
        };
        missing.push(why);
    }
    match missing.len() {
        0 => Ok(cases),
        number if number == unrecorded && cases.is_empty() => Err(FromKernelError::Unrecorded),
        number => Err(FromKernelError::Missing { missing, skipped: number == skipped }),
    }
}
