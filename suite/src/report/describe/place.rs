// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of configurations, groups and families.

use super::catalogue::{Catalogue, Description, Entry, Kind};
use super::words::{count, enumerate};
use crate::arch::feature_names;
use crate::checks::plan::plan;
use crate::spec::{Configuration, ListedGroup, Register};

impl Catalogue<'_> {
    /// Describes a configuration and its list.
    pub fn configuration(&self, configuration: &Configuration) -> Description {
        let summary = self.in_words(configuration);
        let mut description = Description::new(Kind::Configuration, configuration.name.clone(), summary);
        if !configuration.contract_only {
            let groups = self.spec.list.iter().filter(|group| group.is_listed(&configuration.features));
            let entries = groups.map(|group| Entry { name: group.name.clone(), text: self.size(&group.registers) });
            description.say("groups", entries.collect::<Vec<_>>());
            let registers = configuration.registers.iter().map(|register| register.name.clone());
            description.add("registers", registers.collect::<Vec<_>>());
        }
        let cases = plan(self.spec, std::slice::from_ref(&configuration.name)).len();
        description.say("cases", format!("{cases}, of series {}", self.spec.series));
        description.say("run it with", format!("reglist run --config {}", configuration.name));
        description
    }

    pub(super) fn in_words(&self, configuration: &Configuration) -> String {
        let features = match feature_names(&configuration.features).as_slice() {
            [] => "only the features of every guest".to_owned(),
            features => format!("features {}", enumerate(features, "and")),
        };
        if configuration.contract_only {
            return format!("{features}; no list is specified");
        }
        format!("{features}; {}", count(configuration.registers.len(), "register"))
    }

    /// Describes a group and the vCPUs that list it.
    pub fn group(&self, group: &ListedGroup) -> Description {
        let when = match group.when.as_slice() {
            [] => "every vCPU".to_owned(),
            features => format!("a vCPU with {}", enumerate(&feature_names(features), "or")),
        };
        let summary = format!("{} in the list of {when}, series {}", self.size(&group.registers), self.spec.series);
        let mut description = Description::new(Kind::Group, group.name.clone(), summary);
        description.say("registers", entries(&group.registers));
        description
    }

    /// Describes a family of registers.yaml, if there is one of that name.
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

fn entries(registers: &[Register]) -> Vec<Entry> {
    registers.iter().map(|register| Entry { name: register.name.clone(), text: register.about.clone() }).collect()
}
