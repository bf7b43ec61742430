// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The cases of a run.

use std::time::Duration;

use super::options::Options;
use crate::arch::Arch;
use crate::checks::case::Knowledge;
use crate::checks::message::Message;
use crate::checks::plan::plan;
#[cfg(any(test, feature = "compare"))]
use crate::fault::Faults;
use crate::harness::host::is_lab_guest;
use crate::harness::process::Send;
use crate::harness::subject::Choice;
use crate::harness::worker::{self, WorkerError};
use crate::report::events::SubjectKind;
use crate::spec::Spec;

type Work<'a> = Box<dyn Fn(Choice, &str, Send<'_>) -> Result<Message, WorkerError> + 'a>;

pub(super) struct Jobs<'a> {
    /// Ids, in the order in which they run.
    pub(super) ids: Vec<String>,
    pub(super) limit: Duration,
    work: Work<'a>,
}

impl<'a> Jobs<'a> {
    pub(super) fn of_spec(options: &Options, spec: &'a Spec, arch: &'a dyn Arch) -> Self {
        let plan = plan(spec, &options.selection.configurations);
        let (allow_new, seed, shuffles) = (options.selection.allow_new, options.seed(), options.shuffles);
        let coverage = options.coverage.clone();
        let is_lab_guest = is_lab_guest();
        Self {
            ids: plan.iter().map(|case| case.id.clone()).collect(),
            limit: options.limit(),
            work: Box::new(move |subject, id, send| {
                let case = plan.iter().find(|case| case.id == id).ok_or(WorkerError::NoCase)?;
                let in_lab = is_lab_guest || subject.kind() == SubjectKind::Model;
                let configuration = case.configuration;
                let knowledge = Knowledge { configuration, spec, arch, allow_new, in_lab, seed, shuffles };
                let case = || worker::case(&subject, case, knowledge, coverage.as_deref(), send);
                worker::watched(&subject, send, case)
            }),
        }
    }

    #[cfg(any(test, feature = "compare"))]
    pub(super) fn of_comparison(options: &Options, spec: &'a Spec, calls: u64) -> Self {
        use crate::compare::{self, Comparison};
        /// Random calls take minutes, and making them fewer takes another.
        const LIMIT: Duration = Duration::from_secs(20 * 60);

        let kernel = options.model_kernel;
        let fault = options.fault.and_then(Faults::one);
        let (seed, registers) = (options.seed(), &spec.registers);
        Self {
            ids: compare::plan(),
            limit: options.limit().max(LIMIT),
            work: Box::new(move |subject, id, send| {
                Comparison { subject, kernel, fault, calls, seed, registers }.case(id, send)
            }),
        }
    }

    pub(super) fn work(&self, subject: Choice, position: usize, send: Send<'_>) -> Result<Message, WorkerError> {
        let id = self.ids.get(position).ok_or(WorkerError::NoCase)?;
        (self.work)(subject, id, send)
    }
}
