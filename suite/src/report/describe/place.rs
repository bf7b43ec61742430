// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where registers stand: configurations, groups, families.

use super::catalogue::{Catalogue, Description, Entry, Kind};
use super::words::{count, enumerate, names};
use crate::checks::plan::plan;
use crate::spec::{Configuration, ListedGroup, Register};

impl Catalogue<'_> {
    /// What a configuration is, and what a vCPU lists in it.
    pub fn configuration(&self, configuration: &Configuration) -> Description {
        let summary = self.in_words(configuration);
        let mut description = Description::new(Kind::Configuration, configuration.name.clone(), summary);
        if !configuration.contract_only {
            let groups = self.spec.list.iter().filter(|group| group.is_listed(&configuration.features));
            let entries = groups.map(|group| Entry { name: group.name.clone(), text: self.size(&group.registers) });
            description.say("groups", entries.collect::<Vec<_>>());
            description.add("registers", register_names(&configuration.registers));
        }
        let cases = plan(self.spec, std::slice::from_ref(&configuration.name)).len();
        description.say("cases", format!("{cases}, of series {}", self.spec.series));
        description.say("run it with", format!("reglist run --config {}", configuration.name));
        description
    }

    /// A configuration in a sentence.
    pub(super) fn in_words(&self, configuration: &Configuration) -> String {
        let features = match names(&configuration.features).as_slice() {
            [] => "no feature beyond what every guest has".to_owned(),
            features => format!("features {}", enumerate(features, "and")),
        };
        if configuration.contract_only {
            return format!("{features}; nothing is said of its list");
        }
        format!("{features}; {}", count(configuration.registers.len(), "register"))
    }

    /// What a group is, and who lists it.
    pub fn group(&self, group: &ListedGroup) -> Description {
        let when = match group.when.as_slice() {
            [] => "every vCPU".to_owned(),
            features => format!("a vCPU with {}", enumerate(&names(features), "or")),
        };
        let summary = format!("{} in the list of {when}, series {}", self.size(&group.registers), self.spec.series);
        let mut description = Description::new(Kind::Group, group.name.clone(), summary);
        description.say("registers", entries(&group.registers));
        description
    }

    /// The registers of a family of registers.yaml; `None` if there is none.
    pub fn family(&self, name: &str) -> Option<Description> {
        let registers = self.spec.registers.family(name)?;
        let summary = format!("{} that are specified together", self.size(registers));
        let mut description = Description::new(Kind::Family, name, summary);
        description.say("registers", entries(registers));
        Some(description)
    }

    fn size(&self, registers: &[Register]) -> String {
        count(registers.len(), "register")
    }
}

fn register_names(registers: &[Register]) -> Vec<String> {
    registers.iter().map(|register| register.name.clone()).collect()
}

fn entries(registers: &[Register]) -> Vec<Entry> {
    registers.iter().map(|register| Entry { name: register.name.clone(), text: register.about.clone() }).collect()
}
