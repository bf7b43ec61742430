// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of clauses.

use clap::ValueEnum as _;

use super::catalogue::{Catalogue, Description, Entry, Kind};
use super::words::count;
use crate::checks;
use crate::checks::plan::plan;
use crate::fault::Fault;
use crate::spec::clause::Clause;

impl Catalogue<'_> {
    /// Describes a clause, with its checks and faults.
    pub fn clause(&self, clause: &Clause) -> Description {
        let summary = format!("A conforming kernel {}.", clause.demand);
        let mut description = Description::new(Kind::Clause, clause.id.clone(), summary);
        description.say("level", format!("{}: {}", clause.level, clause.level.sentence()));
        description.say("why", clause.why.clone());
        let sources: Vec<&str> = clause.source.iter().map(|origin| origin.sentence()).collect();
        description.say("source", sources.join("; "));
        description.say("tested by", self.checks_of(&clause.id));
        let faults = faults_of(&clause.id);
        if !faults.is_empty() {
            description.add("broken by", faults);
        }
        description
    }

    pub(super) fn clause_entry(&self, id: &str) -> Entry {
        let text = self.spec.clauses.get(id).map(|clause| format!("{}: {}", clause.level, clause.demand));
        Entry { name: id.to_owned(), text: text.unwrap_or_default() }
    }

    fn checks_of(&self, id: &str) -> Vec<Entry> {
        if id == checks::IN_EVERY_CASE {
            let text = "reads the kernel's log after its last call".to_owned();
            return vec![Entry { name: "every case".to_owned(), text }];
        }
        let planned = plan(self.spec, &[]);
        let tests = checks::all().filter(|check| check.clauses.contains(&id));
        let entries = tests.map(|check| {
            let cases = planned.iter().filter(|case| case.check.name == check.name).count();
            let text = format!("{}: {}", count(cases, "case"), check.does);
            Entry { name: check.name.to_owned(), text }
        });
        entries.collect()
    }
}

pub(super) fn faults_of(clause: &str) -> Vec<String> {
    let breaks = |fault: &&Fault| fault.expected().broken.iter().any(|broken| broken.clause == clause);
    Fault::value_variants().iter().filter(breaks).map(|fault| fault.name()).collect()
}
