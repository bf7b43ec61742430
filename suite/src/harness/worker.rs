// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs one case in the process of a worker.
//!
//! The process opens /dev/kvm itself, because descriptors of another process fail
//! with EIO, and closes it with its VMs before the result is sent.

use std::cell::Cell;
use std::error::Error;
use std::io;

use nix::errno::Errno;

use crate::arch::{Arch, SetUpError};
use crate::checks::VcpuState;
use crate::checks::case::{Case, CheckError, Knowledge};
use crate::checks::message::Message;
use crate::checks::plan::PlannedCase;
use crate::harness::kernel_log::KernelLog;
use crate::harness::process::Send;
use crate::harness::subject::Choice;
use crate::kvm::{Counted, Subject, SubjectError, Trace, TraceError};
use crate::list::{Beyond, ListMemory, Placement};
use crate::memory::MemoryError;
use crate::report::coverage::Coverage;
use crate::report::events::SubjectKind;

#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerError {
    #[error("cannot send the result")]
    Output(#[source] io::Error),
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("cannot note which lines run\n[see the kernel log, or run without --coverage]")]
    Trace(#[from] TraceError),
    #[error("cannot allocate memory")]
    Memory(#[from] MemoryError),
    #[error("unknown case")]
    NoCase,
    #[cfg(any(test, feature = "compare"))]
    #[error("{0}")]
    Compare(String),
}

/// Sends the last message of a job: its result or its error.
pub(crate) fn finish(result: Result<Message, WorkerError>, send: Send<'_>) {
    let last = match result {
        Ok(message) => message,
        Err(WorkerError::SetUp(error @ SetUpError::Absent { feature, .. })) => {
            Message::Absent { feature: feature.name.to_owned(), reason: error.to_string() }
        }
        Err(error) => Message::Trouble(chain(&error)),
    };
    // Without a last message, the harness reports an early exit.
    let _ = send(&last);
}

/// An error and its causes in one line, followed by lines with the remedies.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut heads = Vec::new();
    let mut remedies = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let (head, remedy) = text.split_at(text.find("\n[").unwrap_or(text.len()));
        heads.push(head.to_owned());
        remedies.push_str(remedy);
        next = error.source();
    }
    heads.join(": ") + &remedies
}

pub(crate) fn probe(subject: &Choice, arch: &dyn Arch) -> Result<Message, WorkerError> {
    let vm = subject.open()?.create_vm()?;
    let vcpu = arch.create_vcpu(vm.as_ref(), 0, &[])?;
    let mut memory = ListMemory::new(1, Beyond::NoAccess, false)?;
    let answer = memory.call(Placement { n: 0, capacity: 0, slack: 0 }, |list| vcpu.get_reg_list(list))?;
    Ok(Message::Probed(answer.result != Err(Errno::ENOTTY)))
}

/// Does a job, and sends what the kernel has logged about this process meanwhile.
pub(crate) fn watched(
    subject: &Choice,
    send: Send<'_>,
    job: impl FnOnce() -> Result<Message, WorkerError>,
) -> Result<Message, WorkerError> {
    let log = (subject.kind() == SubjectKind::Kvm).then(KernelLog::open);
    let result = job();
    if let Some(complaint) = log.and_then(Result::ok).and_then(KernelLog::complaint) {
        send(&Message::Logged(complaint)).map_err(WorkerError::Output)?;
    }
    result
}

/// Why a board skips a check of refusals.
const LAB_ONLY: &str = "this check SETs values that the kernel must refuse; it runs only in the lab and on the model";

/// Runs a case in a VM of its own, which ends with it.
pub(crate) fn case(
    subject: &Choice,
    planned: &PlannedCase<'_>,
    knowledge: Knowledge<'_>,
    coverage: Option<&Coverage>,
    send: Send<'_>,
) -> Result<Message, WorkerError> {
    if planned.check.lab_only && !knowledge.in_lab {
        return Ok(Message::NothingToSay(LAB_ONLY.to_owned()));
    }
    let subject = Counted::new(subject.open()?, coverage.map(Trace::begin).transpose()?);
    let vm = subject.create_vm()?;
    let vcpu = knowledge.fresh_vcpu(vm.as_ref(), 0)?;
    let unsent = Cell::new(None);
    let sink = |message: Message| {
        if let Err(error) = send(&message) {
            unsent.set(Some(error));
        }
    };
    let case = Case::new(&subject, vm.as_ref(), vcpu.as_ref(), knowledge, &sink).map_err(CheckError::from)?;
    if planned.check.state == VcpuState::SetUp {
        case.spec.arch.set_up(&case.access, 0, &planned.configuration.features)?;
    }
    let checked = planned.check.on(&case);
    if let Some(trace) = subject.trace() {
        sink(Message::Ran(trace.ran()));
    }
    match checked {
        Ok(()) | Err(CheckError::Stopped) => {}
        Err(error @ CheckError::NothingListed) => return Ok(Message::NothingToSay(error.to_string())),
        Err(error) => return Err(error.into()),
    }
    match unsent.take() {
        Some(error) => Err(WorkerError::Output(error)),
        None => Ok(Message::Done(subject.calls())),
    }
}

#[cfg(test)]
mod tests {
    use crate::arch::LoongArch64;
    use crate::checks::plan::plan;
    use crate::model::{Host, Kernel, Model};
    use crate::spec::{Source, Spec};

    use super::*;

    #[test]
    fn a_check_of_what_the_kernel_must_refuse_runs_on_no_board() {
        let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
        let subject = Choice::Model(Model::new(Kernel::V7_2, Host::FULL, None));
        let of_lab: Vec<PlannedCase<'_>> = plan(&spec, &[]).into_iter().filter(|case| case.check.lab_only).collect();
        assert!(!of_lab.is_empty());
        for planned in &of_lab {
            let on_board =
                Knowledge { in_lab: false, ..Knowledge::on_model(planned.configuration, &spec, &LoongArch64) };
            let send = |message: &Message| panic!("{message:?}");
            let said = case(&subject, planned, on_board, None, &send).unwrap();
            assert!(matches!(&said, Message::NothingToSay(why) if why == LAB_ONLY), "{said:?}");
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer\n[do this]")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_come_before_remedies() {
        assert_eq!(chain(&Outer(io::Error::other("inner"))), "outer: inner\n[do this]");
        assert_eq!(chain(&io::Error::other("alone")), "alone");
    }
}
