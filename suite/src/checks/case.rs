// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A running case: one check on one vCPU, its subject and its findings.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use nix::errno::Errno;

use crate::access::Access;
use crate::arch::{Arch, SetUpError};
use crate::checks::message::Message;
use crate::kvm::{Answer, Subject, SubjectError, Vcpu, Vm};
use crate::list::{Beyond, ListAnswer, ListMemory, Placement};
use crate::memory::MemoryError;
use crate::report::events::{Finding, NamedRegister};
use crate::spec::clause::Level;
use crate::spec::{Configuration, Register, Spec};
use crate::value::Value;

pub(crate) const GET_REG_LIST: &str = "KVM_GET_REG_LIST";
pub(crate) const GET_ONE_REG: &str = "KVM_GET_ONE_REG";
pub(crate) const SET_ONE_REG: &str = "KVM_SET_ONE_REG";

/// Broken, this clause stops every check of the list.
const LIST_COMPLETE: &str = "list.complete";

/// More entries than any expected list has.
const GENEROUS: usize = 256;
/// A larger `n` from the kernel is not believed.
const BEYOND_BELIEF: u64 = 65_536;

/// Why a check ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("the check stopped at its last finding")]
    Stopped,
    #[error("cannot allocate memory for the check")]
    Memory(#[from] MemoryError),
    /// The list is empty, and the specification has no list to compare it with.
    #[error("the kernel lists no register on this vCPU")]
    NothingListed,
    #[error("the check reports on clause `{0}`, which clauses.yaml does not have\n[add it to clauses.yaml]")]
    UnknownClause(&'static str),
    #[error("a thread or child process of the check crashed")]
    Process,
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    SetUp(#[from] SetUpError),
}

/// The specification and the options of a run, for its checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Knowledge<'a> {
    pub configuration: &'a Configuration,
    pub spec: &'a Spec,
    pub arch: &'a dyn Arch,
    /// Report registers beyond the expected list as notes.
    pub allow_new: bool,
    /// Whether the subject is a kernel of the lab or the model, which nobody needs afterwards.
    pub in_lab: bool,
    /// Seed of the random orders.
    pub seed: u64,
    /// Number of random orders in each configuration.
    pub shuffles: usize,
}

impl<'a> Knowledge<'a> {
    /// That of a run on the model without options.
    #[cfg(test)]
    pub(crate) fn on_model(configuration: &'a Configuration, spec: &'a Spec, arch: &'a dyn Arch) -> Self {
        Self { configuration, spec, arch, allow_new: false, in_lab: true, seed: 1, shuffles: 0 }
    }

    pub(crate) fn expected(&self) -> &'a [Register] {
        &self.configuration.registers
    }

    pub(crate) fn fresh_vcpu(&self, vm: &dyn Vm, id: u64) -> Result<Box<dyn Vcpu>, SetUpError> {
        self.arch.create_vcpu(vm, id, &self.configuration.features)
    }
}

pub(crate) struct Case<'a> {
    pub subject: &'a dyn Subject,
    /// The VM of the vCPU under test.
    pub vm: &'a dyn Vm,
    /// The vCPU under test.
    pub vcpu: &'a dyn Vcpu,
    pub access: Access<'a>,
    pub spec: Knowledge<'a>,
    /// Memory for any expected list, with inaccessible pages after it.
    memory: RefCell<ListMemory>,
    sink: &'a dyn Fn(Message),
    /// A reported clause that clauses.yaml does not have.
    pub(super) unknown_clause: Cell<Option<&'static str>>,
}

impl<'a> Case<'a> {
    /// Sends each finding to `sink` at once, so that a later crash loses none.
    pub(crate) fn new(
        subject: &'a dyn Subject,
        vm: &'a dyn Vm,
        vcpu: &'a dyn Vcpu,
        spec: Knowledge<'a>,
        sink: &'a dyn Fn(Message),
    ) -> Result<Self, MemoryError> {
        let access = Access::new(vcpu)?;
        let memory = RefCell::new(ListMemory::new(GENEROUS + 8, Beyond::NoAccess, false)?);
        Ok(Self { subject, vm, vcpu, access, spec, memory, sink, unknown_clause: Cell::new(None) })
    }

    /// Starts a finding about `clause`; dropping the report sends it.
    pub(crate) fn finding(
        &self,
        clause: &'static str,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Report<'_> {
        let level = self.spec.spec.clauses.get(clause).map(|clause| clause.level);
        if level.is_none() {
            self.unknown_clause.set(Some(clause));
        }
        self.report(clause, level, expected.into(), observed.into())
    }

    /// Reports a fact about `clause` that is neither a pass nor a failure.
    pub(crate) fn fact(&self, clause: &'static str, observed: impl Into<String>) -> Report<'_> {
        self.report(clause, Some(Level::Note), String::new(), observed.into())
    }

    fn report(&self, clause: &str, level: Option<Level>, expected: String, observed: String) -> Report<'_> {
        let finding = level.map(|level| Finding::new(clause, level, expected, observed));
        Report { sink: self.sink, finding }
    }

    /// Reports a SET that failed.
    pub(crate) fn refused(&self, clause: &'static str, register: &Register, expected: impl Into<String>, errno: Errno) {
        self.finding(clause, expected, errno_name(errno)).set(register.named()).answer(Err(errno));
    }

    /// GETs a register; reports a failure as a finding about reg.get.
    pub(crate) fn read(
        &self,
        access: &Access<'_>,
        register: &Register,
        expected: &str,
    ) -> Result<Option<Value>, CheckError> {
        let value = access.get(register.id)?;
        if let Err(errno) = value {
            self.finding("reg.get", expected, errno_name(errno)).get(register.named()).answer(Err(errno));
        }
        Ok(value.ok())
    }

    /// Reports bytes written outside header and reg[].
    pub(crate) fn stray(&self, answer: &ListAnswer, entry: Option<usize>) {
        for stray in &answer.stray {
            let observed = format!("bytes written {}; the first at reg[0] {:+} bytes", stray.place, stray.first);
            let report =
                self.finding("efault.stray", "no write outside the header and reg[]", observed).list(answer.result);
            if let Some(entry) = entry {
                report.entry(entry);
            }
        }
    }

    /// Records the list for the reports.
    pub(crate) fn record(&self, listed: &[u64]) {
        (self.sink)(Message::Listed(listed.iter().map(|id| self.name(*id)).collect()));
    }

    /// The register's name, or a description of its id.
    pub(crate) fn name(&self, id: u64) -> NamedRegister {
        match self.spec.spec.registers.by_id(id) {
            Some(register) => register.named(),
            None => NamedRegister { name: self.spec.arch.describe(id), id },
        }
    }

    /// The listed ids, read with room to spare, so that bugs with a small or
    /// exact `n` do not affect other checks. Without a complete list: a finding
    /// about list.complete, and [`CheckError::Stopped`].
    pub(crate) fn listed(&self) -> Result<Vec<u64>, CheckError> {
        self.listed_by(self.vcpu)
    }

    /// As [`Case::listed`], but [`CheckError::NothingListed`] if the list is empty
    /// and none is specified. If one is, the check judges an empty list.
    pub(crate) fn listed_if_any(&self) -> Result<Vec<u64>, CheckError> {
        let ids = self.listed()?;
        if ids.is_empty() && self.spec.configuration.contract_only { Err(CheckError::NothingListed) } else { Ok(ids) }
    }

    pub(crate) fn listed_by(&self, vcpu: &dyn Vcpu) -> Result<Vec<u64>, CheckError> {
        let answer = self.generously(vcpu)?;
        whole(&answer).ok_or_else(|| {
            let observed =
                format!("{}, n = {}, {} entries written", outcome(answer.result), answer.n, answer.written_prefix());
            self.finding(LIST_COMPLETE, "success with the complete list, as n is large enough", observed)
                .list(answer.result);
            CheckError::Stopped
        })
    }

    /// Lists with room to spare.
    pub(crate) fn generously(&self, vcpu: &dyn Vcpu) -> Result<ListAnswer, MemoryError> {
        let placement = Placement { n: GENEROUS as u64, capacity: GENEROUS, slack: 64 };
        let answer = self.memory.borrow_mut().call(placement, |list| vcpu.get_reg_list(list))?;
        match answer.asks_for_more(BEYOND_BELIEF) {
            None => Ok(answer),
            Some(more) => {
                let mut memory = ListMemory::new(more + 8, Beyond::NoAccess, false)?;
                memory.call(roomy(more as u64, more), |list| vcpu.get_reg_list(list))
            }
        }
    }

    /// Creates a vCPU and sets it up like the one under test.
    pub(crate) fn vcpu_alike(&self, vm: &dyn Vm, id: u64) -> Result<Box<dyn Vcpu>, CheckError> {
        let vcpu = self.spec.fresh_vcpu(vm, id)?;
        self.set_up(vcpu.as_ref(), id)?;
        Ok(vcpu)
    }

    /// Sets up another vCPU like the one under test.
    pub(crate) fn set_up(&self, vcpu: &dyn Vcpu, id: u64) -> Result<(), CheckError> {
        Ok(self.spec.arch.set_up(&Access::new(vcpu)?, id, &self.spec.configuration.features)?)
    }

    /// The registers that are both listed and expected, each once. A check may SET no others.
    pub(crate) fn listed_and_expected(&self) -> Result<Vec<&'a Register>, CheckError> {
        let ids = self.listed()?;
        let mut seen = BTreeSet::new();
        let ids = ids.iter().filter(|id| seen.insert(**id));
        Ok(ids.filter_map(|id| self.spec.expected().iter().find(|register| register.id == *id)).collect())
    }

    /// One KVM_GET_REG_LIST in memory with inaccessible pages after it.
    pub(crate) fn list(&self, placement: Placement) -> Result<ListAnswer, MemoryError> {
        if placement.capacity > GENEROUS {
            return self.list_in(&mut ListMemory::new(placement.capacity + 8, Beyond::NoAccess, false)?, placement);
        }
        self.list_in(&mut self.memory.borrow_mut(), placement)
    }

    pub(crate) fn list_in(&self, memory: &mut ListMemory, placement: Placement) -> Result<ListAnswer, MemoryError> {
        memory.call(placement, |list| self.vcpu.get_reg_list(list))
    }
}

/// The ids of a complete list.
pub(crate) fn whole(answer: &ListAnswer) -> Option<Vec<u64>> {
    let count = usize::try_from(answer.n).ok().filter(|_| answer.result == Ok(0))?;
    answer.ids(count)
}

/// Room for more than `count` entries and an `n` to match, so that bugs with an
/// exact `n` do not affect other checks.
pub(crate) fn with_room(count: usize) -> Placement {
    roomy((count + 8) as u64, count)
}

/// Room for more than `count` entries, with any `n`.
pub(crate) fn roomy(n: u64, count: usize) -> Placement {
    Placement { n, capacity: count + 8, slack: 64 }
}

pub(crate) fn outcome(result: Answer) -> String {
    match result {
        Ok(0) => "success".into(),
        Ok(value) => format!("return value {value}"),
        Err(errno) => errno_name(errno),
    }
}

pub(crate) fn errno_name(errno: Errno) -> String {
    match errno {
        Errno::UnknownErrno => "an unknown errno".into(),
        known => format!("{known:?}"),
    }
}

/// An unfinished finding. Dropping it sends it.
pub(crate) struct Report<'a> {
    sink: &'a dyn Fn(Message),
    finding: Option<Finding>,
}

impl Report<'_> {
    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = &mut self.finding {
            change(finding);
        }
        self
    }

    /// Makes it a note: a deviation that the specification allows.
    pub(crate) fn note(self) -> Self {
        self.with(|finding| finding.level = Level::Note)
    }

    pub(crate) fn register(self, register: NamedRegister) -> Self {
        self.with(|finding| finding.register = Some(register))
    }

    pub(crate) fn after(self, register: NamedRegister) -> Self {
        self.with(|finding| finding.after = Some(register))
    }

    pub(crate) fn entry(self, entry: usize) -> Self {
        self.with(|finding| finding.entry = Some(entry))
    }

    pub(crate) fn ioctl(self, ioctl: &str) -> Self {
        self.with(|finding| finding.ioctl = Some(ioctl.to_owned()))
    }

    pub(crate) fn list(self, result: Answer) -> Self {
        self.ioctl(GET_REG_LIST).answer(result)
    }

    /// About the register's place in the list, or its absence.
    pub(crate) fn listing(self, register: NamedRegister) -> Self {
        self.register(register).ioctl(GET_REG_LIST)
    }

    pub(crate) fn get(self, register: NamedRegister) -> Self {
        self.register(register).ioctl(GET_ONE_REG)
    }

    pub(crate) fn set(self, register: NamedRegister) -> Self {
        self.register(register).ioctl(SET_ONE_REG)
    }

    pub(crate) fn answer(self, result: Answer) -> Self {
        self.with(|finding| finding.errno = result.err().map(errno_name))
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if let Some(finding) = self.finding.take() {
            (self.sink)(Message::Found(finding));
        }
    }
}
