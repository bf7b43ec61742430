// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of faults.

use super::catalogue::{Catalogue, Description, Entry, Kind};
use crate::fault::{Broken, Fault, Place};

impl Catalogue<'_> {
    /// Describes a fault and its findings.
    pub fn fault(&self, fault: Fault) -> Description {
        let expected = fault.expected();
        let mut description = Description::new(Kind::Fault, fault.name(), fault.sentence());
        description.say(
            "subjects",
            match fault.place() {
                Place::Everywhere => "the model and lab kernels",
                Place::Model(reason) => reason,
                Place::KernelLog => "lab kernels only: the model has no log",
                Place::KernelCheck => "lab kernels that check themselves (--debug)",
                Place::Kernel => "lab kernels only: it hangs or crashes the process or the kernel",
            },
        );
        description.say("shows in", format!("configuration {}", expected.configuration));
        if expected.allow_new {
            description.say("with", "--allow-new");
        }
        if !expected.broken.is_empty() {
            let entries = expected.broken.iter().map(|broken| Entry {
                name: broken.clause.to_owned(),
                text: shows(broken, &self.clause_entry(broken.clause).text),
            });
            description.say("breaks", entries.collect::<Vec<_>>());
        }
        if !expected.consequences.is_empty() {
            let consequences = expected.consequences.iter().map(|id| (*id).to_owned());
            description.add("can also break", consequences.collect::<Vec<_>>());
        }
        let name = fault.name();
        let command = match fault.place() {
            Place::Kernel | Place::KernelLog => format!("reglist lab --fault {name}"),
            Place::KernelCheck => format!("reglist lab --debug --fault {name}"),
            _ => format!("reglist run --fault {name} --config {}", expected.configuration),
        };
        description.say("try it with", command);
        description
    }
}

/// The requirement of a clause, and the registers and entries in its findings.
fn shows(broken: &Broken, demand: &str) -> String {
    let mut text = demand.to_owned();
    if !broken.registers.is_empty() {
        text = format!("{text}; at {}", broken.registers.join(", "));
    }
    if let Some(entries) = &broken.entries {
        let (first, last) = (entries.start(), entries.end());
        let entries = if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") };
        text = format!("{text}; {entries}");
    }
    text
}
