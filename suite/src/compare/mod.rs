// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares the model with a kernel: makes the same calls on both, and compares all
//! answers and memory.
//!
//! Values are random, and SET also goes to unlisted registers, unlike in the rest of
//! the suite. So it runs only in the lab's guest, or on a model instead of the kernel.
//!
//! Two values can differ without a finding: COUNTER by the time between the two calls,
//! and TVAL of a running timer by the age of its VM, because KVM loses the time of a
//! load and a put. For the same reason no timer is set to expire between two calls.

mod call;
mod clock;
mod descriptors;
mod error;
mod known;
mod pair;
mod place;
mod report;
mod sequences;
mod side;
mod strategy;
#[cfg(test)]
mod tests;
mod value;

use crate::checks::message::Message;
use crate::fault::Fault;
use crate::harness::process::Send;
use crate::harness::subject::Choice;
use crate::harness::worker::WorkerError;
use crate::kvm::{Counted, Subject, SubjectError};
use crate::model::{Host, Kernel, Model};
use crate::report::events::Finding;
use crate::spec::RegisterTable;
use descriptors::Descriptors;
use error::CompareError;
use sequences::Kind;

/// A comparison of the model with a subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison<'a> {
    /// The subject. Another model gets the model's host.
    pub subject: Choice,
    /// The kernel version of the model.
    pub kernel: Kernel,
    /// A fault of the model, to test the comparison.
    pub fault: Option<Fault>,
    pub calls: u64,
    pub seed: u64,
    pub registers: &'a RegisterTable,
}

#[derive(Debug, Clone, Copy)]
enum Case {
    Descriptors,
    Sequences(Kind),
}

const CASES: [(&str, Case); 3] = [
    ("compare.descriptors", Case::Descriptors),
    ("compare.sequences.one_vcpu", Case::Sequences(Kind { vcpus: &[0], more_vcpus: false })),
    ("compare.sequences.several_vcpus", Case::Sequences(Kind { vcpus: &[1], more_vcpus: true })),
];
/// Number of cases that share the calls.
const SHARES: u64 = 2;

pub(crate) fn plan() -> Vec<String> {
    CASES.iter().map(|(id, _)| (*id).to_owned()).collect()
}

impl Comparison<'_> {
    /// Runs a case of the [`plan`] and sends the differences.
    pub(crate) fn case(&self, id: &str, send: Send<'_>) -> Result<Message, WorkerError> {
        let (subject, model) = self.sides()?;
        let subject = Counted::new(subject, None);
        for finding in self.findings(id, &subject, model)? {
            send(&Message::Found(finding)).map_err(WorkerError::Output)?;
        }
        Ok(Message::Done(subject.calls()))
    }

    fn sides(&self) -> Result<(Box<dyn Subject>, Model), SubjectError> {
        let (subject, fault) = match self.subject {
            Choice::Kvm => (Choice::Kvm, self.fault),
            Choice::Model(model) => (Choice::Model(Model { host: Host::LAB, ..model }), None),
        };
        Ok((subject.open()?, Model::new(self.kernel, Host::LAB, fault)))
    }

    fn findings(&self, id: &str, subject: &dyn Subject, model: Model) -> Result<Vec<Finding>, CompareError> {
        match CASES.iter().find(|(known, _)| *known == id) {
            Some((_, Case::Descriptors)) => {
                let descriptors = Descriptors::new(subject, &model)?;
                // There first, as vCPUs that are created here would be in the way.
                Ok([descriptors.compare_elsewhere()?, descriptors.compare_here()?].concat())
            }
            Some((_, Case::Sequences(kind))) => {
                let calls = self.calls.div_ceil(SHARES);
                let found = sequences::compare(subject, model, *kind, self.seed, calls)?;
                Ok(found.map(|found| report::finding(&found, self.seed, self.registers)).into_iter().collect())
            }
            None => Ok(Vec::new()),
        }
    }
}
