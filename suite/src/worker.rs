// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The process that works on one case: job on stdin, messages on stdout.
//!
//! It opens /dev/kvm itself, as another process's descriptors answer EIO, and
//! ends with its case, so that a crash or a hang costs one case.

use std::cell::Cell;
use std::error::Error;
use std::io::{self, Read as _, Write as _};

use nix::errno::Errno;

use crate::arch::{Arch, LoongArch64, SetUpError};
use crate::case::{Case, CheckError, Counted, Knowledge};
use crate::checks::{self, VcpuState};
use crate::events::Finding;
use crate::job::{CaseJob, Job, Message};
use crate::kvm::{Device, Subject, SubjectError, Vcpu};
use crate::memory::{Beyond, ListMemory, MemoryError, Placement};

/// Why a case could not be run.
#[derive(Debug, thiserror::Error)]
enum WorkerError {
    #[error("the job cannot be read")]
    Input(#[source] io::Error),
    #[error("the job is malformed")]
    Malformed(#[source] serde_json::Error),
    #[error("the result cannot be sent")]
    Output(#[source] io::Error),
    #[error("no check is called `{0}`")]
    NoCheck(String),
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("memory cannot be had")]
    Memory(#[from] MemoryError),
}

/// Reads the job, does it, and answers; true if the answer could be sent.
#[must_use]
pub fn work() -> bool {
    let last = match run() {
        Ok(message) => message,
        Err(WorkerError::SetUp(SetUpError::Absent { feature, probe, errno })) => {
            Message::Absent { feature, reason: SetUpError::Absent { feature, probe, errno }.to_string() }
        }
        Err(error) => Message::Trouble { reason: chain(&error) },
    };
    send(&last).is_ok()
}

/// An error with its causes in one line, and the remedies in the lines below.
pub fn chain(error: &dyn Error) -> String {
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

fn run() -> Result<Message, WorkerError> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).map_err(WorkerError::Input)?;
    match serde_json::from_str(&text).map_err(WorkerError::Malformed)? {
        Job::Probe => probe(),
        Job::Case(job) => case(&job),
    }
}

fn fresh_vcpu() -> Result<Box<dyn Vcpu>, SubjectError> {
    Device::open()?.create_vm()?.create_vcpu(0)
}

fn probe() -> Result<Message, WorkerError> {
    let vcpu = fresh_vcpu()?;
    let mut memory = ListMemory::new(1, Beyond::Unmapped, false)?;
    let answer = memory.call(Placement { n: 0, capacity: 0, slack: 0 }, |list| vcpu.get_reg_list(list))?;
    Ok(match answer.result {
        Err(Errno::ENOTTY) => Message::NotImplemented,
        _ => Message::Implemented,
    })
}

fn case(job: &CaseJob) -> Result<Message, WorkerError> {
    let check =
        checks::all().find(|check| check.name == job.check).ok_or_else(|| WorkerError::NoCheck(job.check.clone()))?;
    let arch: &dyn Arch = &LoongArch64;
    let vcpu = fresh_vcpu()?;
    let counted = Counted::new(vcpu.as_ref());
    let unsent = Cell::new(None);
    let sink = |finding: Finding| {
        if let Err(error) = send(&Message::Found(finding)) {
            unsent.set(Some(error));
        }
    };
    let spec =
        Knowledge { expected: &job.expected, names: &job.names, levels: &job.levels, arch, allow_new: job.allow_new };
    let case = Case::new(&counted, spec, &sink).map_err(CheckError::from)?;
    if check.state == VcpuState::SetUp {
        arch.set_up(&case.access, &job.features)?;
    }
    match (check.run)(&case) {
        Ok(()) | Err(CheckError::Stopped) => {}
        Err(error) => return Err(error.into()),
    }
    match unsent.take() {
        Some(error) => Err(WorkerError::Output(error)),
        None => Ok(Message::Done { ioctls: counted.calls() }),
    }
}

fn send(message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer\n[do this]")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_come_before_remedies() {
        assert_eq!(chain(&Outer(io::Error::other("inner"))), "outer: inner\n[do this]");
        assert_eq!(chain(&io::Error::other("alone")), "alone");
    }
}
