// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of registers.

use clap::ValueEnum as _;

use super::catalogue::{Catalogue, Content, Description, Kind};
use super::words::{enumerate, sentence};
use crate::arch::feature_names;
use crate::fault::Fault;
use crate::spec::{Refusal, Register, Rule, State, Unique};
use crate::value::Value;

impl Catalogue<'_> {
    /// Describes a register, its GET and SET, and its lists.
    pub fn register(&self, register: &Register) -> Description {
        let mut description = Description::new(Kind::Register, register.name.clone(), register.about.clone());
        description.say("id", format!("{:#018x}", register.id));
        description.say("bits", self.bits(register.id));
        if let Some(family) = self.spec.registers.family_of(register.id) {
            description.add("family", family);
        }
        if let Some(get) = &register.get {
            description.say("GET", sentence(get));
        }
        if let Some(set) = &register.set {
            description.say("SET", sentence(set));
        }
        description.say("rule", rule(register));
        description.say("safe values", values(register));
        if !register.free.is_zero() {
            description.add("free bits", free(register));
        }
        if let Some(gate) = &register.gate {
            let any = enumerate(&feature_names(&gate.any), "or");
            description.say("needs", format!("{any}. Otherwise GET and SET fail with {}.", gate.errno));
        }
        if let Some(conditional) = &register.conditional {
            let on = self.spec.registers.by_id(conditional.on).map_or("another register", |on| on.name.as_str());
            let text =
                format!("{:#x} while {on} has {:#x}: {}", conditional.free, conditional.bits, conditional.source);
            description.say("conditional bits", text);
        }
        for exception in &register.exceptions {
            let State::Fresh = exception.state;
            let text = format!(
                "On a fresh vCPU, SET to the value of GET fails with {}: {}.",
                exception.errno, exception.source
            );
            description.say("exception", text);
        }
        for Refusal { flip, about, errno, with, .. } in &register.refuses {
            let of = match with.as_slice() {
                [] => String::new(),
                features => format!(" of a vCPU with {}", enumerate(&feature_names(features), "and")),
            };
            let value = if flip.is_zero() { String::new() } else { format!(" with the bits {flip:#x} flipped") };
            let text = format!("SET to the present value{of}{value} fails with {errno}: {about}.");
            description.say("refused", text);
        }
        if let Some(Unique { errno, .. }) = &register.unique {
            description.say("refused", format!("SET to the value of another vCPU fails with {errno}."));
        }
        if register.reloads {
            let text = "GET loads the vCPU and reads the other registers back, so that checks read this one last.";
            description.say("order", text);
        }
        description.say("listed", self.listed(register));
        description.say("saved by", self.saved_by(register));
        let faults = faults(&register.name);
        if !faults.is_empty() {
            description.add("faults", faults);
        }
        let place = self.arch.kernel_directory();
        description.say("source", format!("{} (kernel paths below {place})", register.source));
        description
    }

    fn listed(&self, register: &Register) -> Content {
        let series = &self.spec.series;
        let holds = |id: u64, registers: &[Register]| registers.iter().any(|other| other.id == id);
        let Some(group) = self.spec.list.iter().find(|group| holds(register.id, &group.registers)) else {
            let text = match self.spec.unlisted.why(register.id) {
                Some(exception) => {
                    format!("in no list of series {series}, but GET reads it: {}", exception.reason)
                }
                None => format!("in no list of series {series}"),
            };
            return Content::Text(sentence(&text));
        };
        let when = match group.when.as_slice() {
            [] => "of every vCPU".to_owned(),
            features => format!("of a vCPU with {}", enumerate(&feature_names(features), "or")),
        };
        let mut text = format!("in the list {when}, series {series}, group {}", group.name);
        let configurations: Vec<&str> = self
            .spec
            .configurations
            .iter()
            .filter(|configuration| holds(register.id, &configuration.registers))
            .map(|configuration| configuration.name.as_str())
            .collect();
        if !group.when.is_empty() && !configurations.is_empty() {
            text = format!("{text}; configurations {}", enumerate(&configurations, "and"));
        }
        if let Some(exception) = self.spec.unlisted.why(register.id) {
            text = format!("{text}. GET reads it even if it is unlisted: {}", exception.reason);
        }
        Content::Text(sentence(&text))
    }

    fn saved_by(&self, register: &Register) -> Content {
        let savers = self.spec.consumers.iter().filter_map(|consumer| {
            Some(match consumer.saves_with(register.id)? {
                [] => consumer.name.clone(),
                all => format!("{} if the vCPU has {}", consumer.name, enumerate(&feature_names(all), "and")),
            })
        });
        let savers: Vec<String> = savers.collect();
        if savers.is_empty() {
            return Content::from("no VMM in consumers/");
        }
        Content::Text(savers.join("; "))
    }
}

fn rule(register: &Register) -> String {
    let mask = register.mask;
    let bits = if mask == Value::ones(mask.size()) {
        format!("all {} bits", 8 * mask.size())
    } else {
        format!("in the bits {mask:#x}")
    };
    match register.rule {
        Rule::Exact => format!("exact: GET returns the SET value, {bits}."),
        Rule::Sticky => {
            format!("sticky: GET returns every bit of the SET value, and may return bits that were set before, {bits}.")
        }
        Rule::Counter => "counter: GET returns the SET value plus the elapsed time.".to_owned(),
        Rule::Fixed => format!("fixed: SET is safe only with the present value, and GET returns it, {bits}."),
    }
}

fn values(register: &Register) -> String {
    if register.values.is_empty() {
        return match register.rule {
            Rule::Fixed => "only the present one, which reglist writes back".to_owned(),
            _ => "none known; reglist does not SET the register".to_owned(),
        };
    }
    let values: Vec<String> = register.values.iter().map(|value| format!("{value:#x}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    format!("{} on any host", enumerate(&values, "and"))
}

fn free(register: &Register) -> String {
    if register.free == Value::ones(register.free.size()) {
        return format!("all {}: any value is safe on any host", 8 * register.free.size());
    }
    format!("{:#x}: any combination is safe on any host", register.free)
}

/// The faults whose findings name this register.
fn faults(name: &str) -> Vec<String> {
    let shows = |fault: &&Fault| fault.expected().broken.iter().any(|broken| broken.registers.contains(&name));
    Fault::value_variants().iter().filter(shows).map(|fault| fault.name()).collect()
}
