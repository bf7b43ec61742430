// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What was tested: kernel, patches, machine, list, suite.

use reglist_suite::arch::{Arch as _, LoongArch64};
use reglist_suite::report::events::{Label, RunStarted, SubjectKind};

use super::block::{Block, Item};
use super::form::Form;
use crate::report::words::release;

pub(super) fn blocks(form: Form, started: &RunStarted) -> Vec<Block> {
    let subject = match started.subject {
        SubjectKind::Kvm => "",
        SubjectKind::Model => "the model of ",
    };
    let title = format!("KVM_GET_REG_LIST on {subject}{}, tested with reglist", form.text(architecture(started)));
    let item = |(label, words): (&str, String)| Item::new(format!("{label}: {words}"));
    vec![Block::Title(title), Block::List(facts(form, started).into_iter().map(item).collect())]
}

/// The architecture, as people call it.
pub(super) fn architecture(started: &RunStarted) -> &str {
    if started.architecture == LoongArch64.name() { "LoongArch" } else { &started.architecture }
}

/// The values of a label.
pub(super) fn labels<'r>(started: &'r RunStarted, name: &'static str) -> impl Iterator<Item = &'r str> {
    started.labels.iter().filter(move |label| label.name == name).map(|label| label.value.as_str())
}

fn facts(form: Form, started: &RunStarted) -> Vec<(&'static str, String)> {
    let release = form.text(release(started));
    let mut facts = Vec::new();
    match started.subject {
        SubjectKind::Model => facts.push(("Subject", format!("the model of Linux {release}; no kernel was tested"))),
        SubjectKind::Kvm => facts.extend(of_kernel(form, started, &release)),
    }
    if let Some(fault) = &started.fault {
        facts.push(("Fault", format!("{}, added on purpose", form.name(fault))));
    }
    facts.push(("Expected list", format!("series {}", form.text(&started.series))));
    let mut suite = vec![form.text(&started.suite), format!("seed {}", started.seed)];
    suite.extend(started.strict.then(|| "strict".to_owned()));
    suite.extend(started.allow_new.then(|| "new registers allowed".to_owned()));
    facts.push(("Suite", format!("reglist {}", suite.join(", "))));
    facts
}

fn of_kernel(form: Form, started: &RunStarted, release: &str) -> Vec<(&'static str, String)> {
    let sources: Vec<String> = labels(started, Label::SOURCE).map(|source| form.text(source)).collect();
    let from = if sources.is_empty() { String::new() } else { format!(", built from {}", sources.join(", ")) };
    let patches: Vec<String> = started.patches().into_iter().map(|name| form.name(name)).collect();
    let patches = if patches.is_empty() { "none recorded".to_owned() } else { patches.join(", ") };
    let machine = match started.machine() {
        Some(machine) => format!("emulated, no hardware: {}", form.text(machine)),
        None if started.cpu.is_empty() => "not recorded".to_owned(),
        None => form.text(&started.cpu),
    };
    vec![("Kernel", format!("Linux {release}{from}")), ("Patches", patches), ("Machine", machine)]
}
