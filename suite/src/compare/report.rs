// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reports a difference as a finding, with its sequence of calls.

use std::fmt::Write as _;

use super::call::{Call, name};
use super::known::ESTAT;
use super::pair::Difference;
use crate::checks::case::{errno_name, outcome};
use crate::kvm::Answer;
use crate::report::events::{Finding, NamedRegister};
use crate::spec::RegisterTable;
use crate::spec::clause::Level;

/// The clause that findings are about; no specification has it.
pub(super) const CLAUSE: &str = "model.agrees";

/// A sequence with a difference in its last call.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Ids of the vCPUs, the first ones there from the start.
    pub(super) vcpu_ids: Vec<u64>,
    pub(super) first_vcpus: usize,
    /// Calls, each with the number of vCPUs that there were.
    pub(super) done: Vec<(Call, usize)>,
    pub(super) difference: Difference,
}

impl Found {
    /// Without the looks at all registers from a position on that had no effect
    /// on the last call: GET of ESTAT alone has any.
    pub(super) fn without_idle_looks(mut self, from: usize) -> Self {
        let last = self.done.len().saturating_sub(1);
        let mut position = 0;
        self.done.retain(|(call, _)| {
            let kept = position < from || position == last || call.id() == Some(ESTAT);
            position += 1;
            kept
        });
        self
    }
}

pub(super) fn finding(found: &Found, seed: u64, registers: &RegisterTable) -> Finding {
    let Found { vcpu_ids, first_vcpus, done, difference } = found;
    let mut observed = difference.subject.clone();
    let ids: Vec<String> = vcpu_ids.iter().take(*first_vcpus).map(ToString::to_string).collect();
    let _ =
        write!(observed, "\nby the last of these calls on a fresh VM with vCPU {} (seed {seed}):", ids.join(" and "));
    for (number, (call, vcpus)) in (1..).zip(done) {
        let vcpu = call.vcpu(*vcpus).and_then(|position| vcpu_ids.get(position));
        let vcpu = vcpu.map_or_else(String::new, |id| format!("vCPU {id}: "));
        let _ = write!(observed, "\n  {number:>3}. {vcpu}{}", call.describe(registers));
    }
    Finding {
        register: difference.call.id().map(|id| NamedRegister { name: name(id, registers), id }),
        ioctl: Some(difference.call.ioctl().to_owned()),
        errno: difference.errno.map(errno_name),
        ..Finding::new(CLAUSE, Level::Must, difference.model.clone(), observed)
    }
}

/// A difference without a sequence: a call and its two results.
pub(super) fn plain(call: &str, model: Answer, subject: Answer) -> Finding {
    Finding {
        ioctl: Some(call.to_owned()),
        errno: subject.err().map(errno_name),
        ..Finding::new(CLAUSE, Level::Must, outcome(model), outcome(subject))
    }
}
