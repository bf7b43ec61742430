// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares the ioctls on /dev/kvm and VMs, and on VMs and vCPUs in another process.

use std::io::{self, BufRead as _, BufReader, Write as _};

use nix::errno::Errno;
use nix::sys::wait::WaitStatus;

use super::error::CompareError;
use super::report::plain;
use crate::kvm::{Answer, Subject, SubjectError, Vcpu, Vm};
use crate::memory::{Child, Protection, Region, UserAddress, page_size};
use crate::model::Model;
use crate::report::events::Finding;

/// Capabilities to check: all present ones and many future ones.
const CAPABILITIES: std::ops::Range<u32> = 0..512;
/// Ids of vCPUs to create, one after the other.
const VCPU_IDS: [u64; 9] = [0, 1, 0, 255, 256, 1 << 31, 1 << 32, u64::MAX, 2];

#[derive(Debug)]
struct Side<'a> {
    subject: &'a dyn Subject,
    vm: Box<dyn Vm>,
    vcpu: Box<dyn Vcpu>,
}

impl<'a> Side<'a> {
    fn new(subject: &'a dyn Subject) -> Result<Self, SubjectError> {
        let vm = subject.create_vm()?;
        Ok(Self { subject, vcpu: vm.create_vcpu(7)?, vm })
    }

    fn create(&self, id: u64) -> Answer {
        match self.vm.create_vcpu(id) {
            Ok(_) => Ok(0),
            Err(SubjectError::Step { errno, .. }) => Err(errno),
            Err(SubjectError::Missing | SubjectError::Forbidden(_)) => Err(Errno::ENODEV),
        }
    }

    fn answers(&self, list: UserAddress) -> Vec<(String, Answer)> {
        let mut answers = Vec::new();
        for capability in CAPABILITIES {
            let on = |what: &str| format!("KVM_CHECK_EXTENSION {capability} on {what}");
            answers.push((on("/dev/kvm"), self.subject.check_extension(capability)));
            answers.push((on("the VM"), self.vm.check_extension(capability)));
        }
        for (memory, address) in [("good memory", list), ("NULL", UserAddress::NULL)] {
            let on = |what: &str| format!("KVM_GET_REG_LIST in {memory} on {what}");
            answers.push((on("/dev/kvm"), self.subject.get_reg_list(address)));
            answers.push((on("the VM"), self.vm.get_reg_list(address)));
            answers.push((on("the vCPU"), self.vcpu.get_reg_list(address)));
        }
        answers.push(("KVM_GET_ONE_REG in good memory".to_owned(), self.vcpu.get_one_reg(list)));
        answers.push(("KVM_SET_ONE_REG in good memory".to_owned(), self.vcpu.set_one_reg(list)));
        answers.extend(VCPU_IDS.map(|id| (format!("KVM_CREATE_VCPU {id}"), self.create(id))));
        answers
    }
}

/// Both sides, and memory for their calls.
#[derive(Debug)]
pub(super) struct Descriptors<'a> {
    subject: Side<'a>,
    model: Side<'a>,
    region: Region,
}

impl<'a> Descriptors<'a> {
    pub(super) fn new(subject: &'a dyn Subject, model: &'a Model) -> Result<Self, CompareError> {
        let mut region = Region::reserve(page_size())?;
        region.open(0..page_size(), Protection::ReadWrite)?;
        Ok(Self { subject: Side::new(subject)?, model: Side::new(model)?, region })
    }

    /// Compares all answers in this process.
    pub(super) fn compare_here(&self) -> Result<Vec<Finding>, CompareError> {
        let answers = |side: &Side<'_>| {
            self.region.write(0, &[0; 64])?;
            Ok::<_, CompareError>(side.answers(self.region.address(0)))
        };
        let pairs = answers(&self.subject)?.into_iter().zip(answers(&self.model)?);
        Ok(pairs
            .filter(|(one, other)| one != other)
            .map(|((call, one), (_, other))| plain(&call, other, one))
            .collect())
    }

    /// Compares all answers in a copy of this process, which must have one thread.
    pub(super) fn compare_elsewhere(&self) -> Result<Vec<Finding>, CompareError> {
        let (reader, mut writer) = io::pipe()?;
        let child = Child::start(|| {
            let sent = self.compare_here().map_err(io::Error::other).and_then(|findings| {
                findings.iter().try_for_each(|finding| writeln!(writer, "{}", serde_json::to_string(finding)?))
            });
            u8::from(sent.is_err())
        })?;
        drop(writer);
        let mut findings = Vec::new();
        for line in BufReader::new(reader).lines() {
            let mut finding: Finding = serde_json::from_str(&line?).map_err(io::Error::from)?;
            finding.observed.push_str(" in another process");
            findings.push(finding);
        }
        match child.wait() {
            Ok(WaitStatus::Exited(_, 0)) => Ok(findings),
            other => Err(io::Error::other(format!("it ended with {other:?}")).into()),
        }
    }
}
