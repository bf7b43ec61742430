// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The environment: subject, kernel, suite, settings.

use reglist_suite::report::events::{Label, RunStarted, SubjectKind};

use super::view::{View, Views};
use crate::report::id::push_new;
use crate::report::reviewed::{outcome, sentence, stack};

#[derive(Debug)]
pub(super) struct Fact {
    pub(super) name: String,
    /// Values of the older run, if any, then of the newer run.
    pub(super) values: Vec<Vec<String>>,
    pub(super) differs: bool,
}

pub(super) fn environment(views: &Views<'_>) -> Vec<Fact> {
    let of_each: Vec<Vec<(String, String)>> = views.iter().map(facts).collect();
    let mut names: Vec<&str> = Vec::new();
    of_each.iter().flatten().for_each(|(name, _)| push_new(&mut names, name.as_str()));
    let fact = |name: &&str| {
        let values: Vec<Vec<String>> = of_each
            .iter()
            .map(|facts| facts.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect())
            .collect();
        let differs =
            *name != "file" && *name != "time in cases" && values.windows(2).any(|pair| pair.first() != pair.last());
        Fact { name: (*name).to_owned(), values, differs }
    };
    names.iter().map(fact).collect()
}

fn facts(run: &View<'_>) -> Vec<(String, String)> {
    let started = run.started();
    let own = |wanted: &'static str| started.labels.iter().filter(move |label| label.name == wanted);
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            facts.push((name.to_owned(), value.to_owned()));
        }
    };
    add("subject", &subject(started));
    add("kernel", &started.kernel);
    own(Label::SOURCE).for_each(|label| add("source", &label.value));
    own(Label::BUILD_ID).for_each(|label| add("kernel build id", &label.value));
    own(Label::KVM_BUILD_ID).for_each(|label| add("kvm build id", &label.value));
    own(Label::PATCH).for_each(|label| add("patch", &label.value));
    if own(Label::PATCH).next().is_none() {
        add("patch", "none recorded");
    }
    add("machine", started.machine().unwrap_or_default());
    add("CPU", if started.cpu.is_empty() { "not recorded" } else { &started.cpu });
    add("architecture", &started.architecture);
    add("suite", &started.suite);
    add("series", &started.series);
    add("seed", &started.seed.to_string());
    add("should clauses", if started.strict { "fail (strict)" } else { "warn" });
    add("new registers allowed", yes_no(started.allow_new));
    add("fault", started.fault.as_deref().unwrap_or_default());
    for label in &started.labels {
        if ![Label::SOURCE, Label::BUILD_ID, Label::KVM_BUILD_ID, Label::PATCH, Label::MACHINE]
            .contains(&label.name.as_str())
        {
            add(&format!("label {}", label.name), &label.value);
        }
    }
    if let Some(review) = &run.record().review {
        add("review", &outcome(review));
        review.notes.iter().for_each(|note| add("note of the review", &sentence(note)));
        review.stack.iter().for_each(|used| add("stack", &stack(used)));
        for check in &review.checks {
            let missing = check.missing.as_ref().map(|why| format!(", not run: {why}")).unwrap_or_default();
            add("check of the review", &format!("{} ({}){missing}", check.name, check.tool));
        }
    }
    let time = run.record().ended().fold(0_u64, |time, case| time.saturating_add(case.duration_us));
    add("time in cases", &format!("{:.1} s", time as f64 / 1e6));
    add("file", &run.input.file);
    facts
}

fn subject(started: &RunStarted) -> String {
    match (started.subject, &started.fault) {
        (SubjectKind::Kvm, None) if started.machine().is_some() => "a kernel in an emulated machine".to_owned(),
        (SubjectKind::Kvm, Some(_)) if started.machine().is_some() => {
            "a kernel with an injected fault, in an emulated machine".to_owned()
        }
        (SubjectKind::Kvm, None) => "a kernel, through /dev/kvm".to_owned(),
        (SubjectKind::Kvm, Some(_)) => "a kernel with an injected fault, through /dev/kvm".to_owned(),
        (SubjectKind::Model, _) => "the built-in model: no kernel was tested".to_owned(),
    }
}
