// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What no order of the SETs helps: registers not to read, and values that SET refuses.

use reglist_suite::arch::NamedRegister;
use reglist_suite::spec::State;
use serde::Serialize;

use crate::spec::show::List;

/// A register of which GET loads the vCPU, half restored or not.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Reloading {
    #[serde(flatten)]
    pub(super) register: NamedRegister,
}

/// A value that GET returns and SET refuses.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Refused {
    #[serde(flatten)]
    pub(super) register: NamedRegister,
    pub(super) value_of: Origin,
    pub(super) errno: String,
    pub(super) source: String,
}

/// The vCPU from which the value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    /// One on which nothing was SET.
    Fresh,
    /// Another one of the same VM.
    Other,
}

pub(super) fn reloading(list: &List) -> Vec<Reloading> {
    let registers = list.registers.iter().map(|entry| &entry.register).filter(|register| register.reloads);
    registers.map(|register| Reloading { register: register.named() }).collect()
}

pub(super) fn refused(list: &List) -> Vec<Refused> {
    let mut refused = Vec::new();
    for register in list.registers.iter().map(|entry| &entry.register) {
        let mut add = |value_of, errno: &str, source: &str| {
            let (errno, source) = (errno.to_owned(), source.to_owned());
            refused.push(Refused { register: register.named(), value_of, errno, source });
        };
        for exception in &register.exceptions {
            match exception.state {
                State::Fresh => add(Origin::Fresh, &exception.errno, &exception.source),
            }
        }
        if let Some(unique) = &register.unique {
            add(Origin::Other, &unique.errno, &unique.source);
        }
    }
    refused
}
