// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of cases, checks and themes.

use super::catalogue::{Catalogue, Description, Entry, Kind};
use super::clause::faults_of;
use super::words::count;
use crate::checks::plan::{PlannedCase, plan};
use crate::checks::{self, Check, Scope, VcpuState};

/// The part of a name before the dot.
pub(super) fn theme_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(theme, _)| theme)
}

pub(super) fn themes() -> Vec<&'static str> {
    let mut themes: Vec<&str> = checks::all().map(|check| theme_of(check.name)).collect();
    themes.dedup();
    themes
}

impl Catalogue<'_> {
    /// The themes of all checks and clauses.
    pub fn themes(&self) -> Vec<&str> {
        let mut themes = themes();
        for theme in self.spec.clauses.clauses.iter().map(|clause| theme_of(&clause.id)) {
            if !themes.contains(&theme) {
                themes.push(theme);
            }
        }
        themes
    }

    /// Describes a case.
    pub fn case(&self, case: &PlannedCase<'_>) -> Description {
        let mut description = Description::new(Kind::Case, case.id.clone(), case.check.does);
        let words = format!("{}: {}", case.configuration.name, self.in_words(case.configuration));
        description.say("configuration", words);
        self.of_check(&mut description, case.check);
        description.add("run it with", format!("reglist run --exact {}", case.id));
        description
    }

    /// Describes a check, with its cases.
    pub fn check(&self, check: &'static Check) -> Description {
        let mut description = Description::new(Kind::Check, check.name, check.does);
        self.of_check(&mut description, check);
        let planned = plan(self.spec, &[]);
        let cases = planned.into_iter().filter(|case| case.check.name == check.name).map(|case| case.id);
        description.say("cases", cases.collect::<Vec<_>>());
        description
    }

    fn of_check(&self, description: &mut Description, check: &Check) {
        description.say(
            "vCPU",
            match check.state {
                VcpuState::SetUp => "set up as a VMM would, with the configuration's features on",
                VcpuState::Fresh => "just created, nothing SET",
            },
        );
        description.add(
            "holds for",
            match check.scope {
                Scope::Contract => "any list on any architecture",
                Scope::List => "specified lists",
            },
        );
        description.say("clauses", check.clauses.iter().map(|id| self.clause_entry(id)).collect::<Vec<_>>());
        let faults = check.clauses.iter().map(|id| Entry { name: (*id).to_owned(), text: faults_of(id).join(", ") });
        let faults: Vec<Entry> = faults.filter(|entry| !entry.text.is_empty()).collect();
        if !faults.is_empty() {
            description.add("faults", faults);
        }
    }

    /// Describes a theme, if there is one of that name.
    pub fn theme(&self, theme: &str) -> Option<Description> {
        let checks: Vec<&Check> = checks::all().filter(|check| theme_of(check.name) == theme).collect();
        let clauses: Vec<Entry> = self
            .spec
            .clauses
            .clauses
            .iter()
            .filter(|clause| theme_of(&clause.id) == theme)
            .map(|clause| self.clause_entry(&clause.id))
            .collect();
        if checks.is_empty() && clauses.is_empty() {
            return None;
        }
        let summary = match (checks.len(), clauses.len()) {
            (0, clauses) => count(clauses, "clause"),
            (checks, 0) => count(checks, "check"),
            (checks, clauses) => format!("{} and {}", count(checks, "check"), count(clauses, "clause")),
        };
        let mut description = Description::new(Kind::Theme, theme, summary);
        if !checks.is_empty() {
            let entries = checks.iter().map(|check| Entry { name: check.name.to_owned(), text: check.does.to_owned() });
            description.say("checks", entries.collect::<Vec<_>>());
            description.add("run them with", format!("reglist run {theme}."));
        }
        if !clauses.is_empty() {
            description.say("clauses", clauses);
        }
        Some(description)
    }
}
