// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A case at work: one check on one vCPU, and what it finds.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use nix::errno::Errno;

use crate::access::Access;
use crate::arch::{Arch, SetUpError};
use crate::checks::message::Message;
use crate::clause::Level;
use crate::kvm::{Answer, Subject, SubjectError, Vcpu, Vm};
use crate::list::{Beyond, ListAnswer, ListMemory, Placement};
use crate::memory::MemoryError;
use crate::report::events::{Finding, NamedRegister};
use crate::spec::{Configuration, Register, Spec};
use crate::value::Value;

/// KVM_GET_REG_LIST, for findings.
pub const GET_REG_LIST: &str = "KVM_GET_REG_LIST";
/// KVM_GET_ONE_REG, for findings.
pub const GET_ONE_REG: &str = "KVM_GET_ONE_REG";
/// KVM_SET_ONE_REG, for findings.
pub const SET_ONE_REG: &str = "KVM_SET_ONE_REG";

/// The clause without which no check of the list can do its work.
const LIST_COMPLETE: &str = "list.complete";

/// More entries than a list is expected to have.
const GENEROUS: usize = 256;
/// More entries than a kernel may claim.
const BEYOND_BELIEF: u64 = 65_536;

/// Why a check ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A finding says why nothing more can be learnt.
    #[error("the check cannot go on; its last finding says why")]
    Stopped,
    /// The harness's memory.
    #[error("memory for the check cannot be had")]
    Memory(#[from] MemoryError),
    /// The kernel lists nothing, and nobody said that it should.
    #[error("the kernel lists no register here")]
    NothingListed,
    /// The check reports about a clause that the specification has not.
    #[error("the check reports about `{0}`, and clauses.yaml has no such clause\n[add it to clauses.yaml]")]
    UnknownClause(&'static str),
    /// A thread or process of the check did not come to its end.
    #[error("a thread or process of the check did not end as it should")]
    Process,
    /// Another VM or vCPU cannot be had.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// Another vCPU cannot be set up as the first one was.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
}

/// What a check needs to know beside its vCPU.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'a> {
    /// The configuration, whose list is expected.
    pub configuration: &'a Configuration,
    /// Everything else that is specified.
    pub spec: &'a Spec,
    /// The architecture.
    pub arch: &'a dyn Arch,
    /// Whether registers beyond the expected list are only reported.
    pub allow_new: bool,
    /// Where random orders begin.
    pub seed: u64,
    /// Random orders to try in each configuration.
    pub shuffles: usize,
}

impl<'a> Knowledge<'a> {
    /// The list that the specification expects, in order.
    #[must_use]
    pub fn expected(&self) -> &'a [Register] {
        &self.configuration.registers
    }

    /// A vCPU on which nothing was SET.
    pub fn fresh_vcpu(&self, vm: &dyn Vm, id: u64) -> Result<Box<dyn Vcpu>, SetUpError> {
        self.arch.create_vcpu(vm, id, &self.configuration.features)
    }
}

/// What a check works with.
pub struct Case<'a> {
    /// The subject, for more VMs.
    pub subject: &'a dyn Subject,
    /// The VM of the vCPU under test, for more vCPUs.
    pub vm: &'a dyn Vm,
    /// The vCPU under test.
    pub vcpu: &'a dyn Vcpu,
    /// Its registers.
    pub access: Access<'a>,
    /// What the specification says.
    pub spec: Knowledge<'a>,
    /// Memory for any list, with nothing mapped behind it.
    memory: RefCell<ListMemory>,
    sink: &'a dyn Fn(Message),
    unknown_clause: Cell<Option<&'static str>>,
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("vcpu", &self.vcpu).field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<'a> Case<'a> {
    /// A case on `vcpu` whose findings go to `sink` as they come, so that a
    /// crash later in the case loses none.
    pub fn new(
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

    /// Begins a finding about `clause`; it counts once it is dropped.
    pub fn finding(
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

    /// The clause that was reported about and that the specification has not.
    pub(super) fn unknown_clause(&self) -> Option<&'static str> {
        self.unknown_clause.get()
    }

    /// Begins a note about `clause`: a fact that the specification allows for.
    pub fn note(&self, clause: &'static str, expected: impl Into<String>, observed: impl Into<String>) -> Report<'_> {
        self.report(clause, Some(Level::Note), expected.into(), observed.into())
    }

    /// Reports a fact about `clause` that is neither right nor wrong.
    pub fn fact(&self, clause: &'static str, observed: impl Into<String>) -> Report<'_> {
        self.report(clause, Some(Level::Note), String::new(), observed.into())
    }

    fn report(&self, clause: &str, level: Option<Level>, expected: String, observed: String) -> Report<'_> {
        let finding = level.map(|level| Finding::new(clause, level, expected, observed));
        Report { sink: self.sink, finding }
    }

    /// Reports a SET that was refused.
    pub fn refused(&self, clause: &'static str, register: &Register, expected: impl Into<String>, errno: Errno) {
        self.finding(clause, expected, errno_name(errno)).set(register.named()).answer(Err(errno));
    }

    /// What GET of a register answers, or a finding about reg.get.
    pub fn read(&self, access: &Access<'_>, register: &Register, expected: &str) -> Result<Option<Value>, CheckError> {
        let value = access.get(register.id)?;
        if let Err(errno) = value {
            self.finding("reg.get", expected, errno_name(errno)).get(register.named()).answer(Err(errno));
        }
        Ok(value.ok())
    }

    /// Reports every byte written where no call may write.
    pub fn stray(&self, answer: &ListAnswer, entry: Option<usize>) {
        for stray in &answer.stray {
            let observed = format!("bytes written {}, the first at reg[0] {:+}", stray.place, stray.first);
            let report =
                self.finding("efault.stray", "no write outside header and reg[]", observed).list(answer.result);
            if let Some(entry) = entry {
                report.entry(entry);
            }
        }
    }

    /// Writes down what the kernel lists, for those who read the run.
    pub fn record(&self, listed: &[u64]) {
        (self.sink)(Message::Listed(listed.iter().map(|id| self.name(*id)).collect()));
    }

    /// The name of an id, or what the id says of itself.
    #[must_use]
    pub fn name(&self, id: u64) -> NamedRegister {
        match self.spec.spec.registers.by_id(id) {
            Some(register) => register.named(),
            None => NamedRegister { name: self.spec.arch.describe(id), id },
        }
    }

    /// The ids that the kernel lists, taken with room to spare, so that what
    /// is wrong with a small or exact buffer does not come in the way.
    ///
    /// # Errors
    /// [`CheckError::Stopped`] after a finding about list.complete where the
    /// kernel does not answer with a whole list.
    pub fn listed(&self) -> Result<Vec<u64>, CheckError> {
        self.listed_by(self.vcpu)
    }

    /// As [`Case::listed`], for a check that says nothing about an empty list.
    ///
    /// # Errors
    /// [`CheckError::NothingListed`] for an empty list where no list is
    /// specified; where one is, an empty list is for the check to judge.
    pub fn listed_if_any(&self) -> Result<Vec<u64>, CheckError> {
        let ids = self.listed()?;
        if ids.is_empty() && self.spec.configuration.contract_only { Err(CheckError::NothingListed) } else { Ok(ids) }
    }

    /// As [`Case::listed`], of any vCPU.
    pub fn listed_by(&self, vcpu: &dyn Vcpu) -> Result<Vec<u64>, CheckError> {
        let answer = self.generously(vcpu)?;
        whole(&answer).ok_or_else(|| {
            let observed =
                format!("{}, n = {}, {} entries written", outcome(answer.result), answer.n, answer.written_prefix());
            self.finding(LIST_COMPLETE, "a whole list where there is room for it", observed).list(answer.result);
            CheckError::Stopped
        })
    }

    /// A list call with room to spare.
    pub fn generously(&self, vcpu: &dyn Vcpu) -> Result<ListAnswer, MemoryError> {
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

    /// A vCPU in the state of the one under test.
    pub fn vcpu_alike(&self, vm: &dyn Vm, id: u64) -> Result<Box<dyn Vcpu>, CheckError> {
        let vcpu = self.spec.fresh_vcpu(vm, id)?;
        self.set_up(vcpu.as_ref(), id)?;
        Ok(vcpu)
    }

    /// Brings another vCPU into the state of the one under test.
    pub fn set_up(&self, vcpu: &dyn Vcpu, id: u64) -> Result<(), CheckError> {
        Ok(self.spec.arch.set_up(&Access::new(vcpu)?, id, &self.spec.configuration.features)?)
    }

    /// The registers that the kernel lists and the specification expects, each of
    /// them once: the only ones that may be SET.
    pub fn listed_and_expected(&self) -> Result<Vec<&'a Register>, CheckError> {
        let ids = self.listed()?;
        let mut seen = BTreeSet::new();
        let ids = ids.iter().filter(|id| seen.insert(**id));
        Ok(ids.filter_map(|id| self.spec.expected().iter().find(|register| register.id == *id)).collect())
    }

    /// One KVM_GET_REG_LIST in memory with nothing mapped behind it.
    pub fn list(&self, placement: Placement) -> Result<ListAnswer, MemoryError> {
        if placement.capacity > GENEROUS {
            return self.list_in(&mut ListMemory::new(placement.capacity + 8, Beyond::NoAccess, false)?, placement);
        }
        self.list_in(&mut self.memory.borrow_mut(), placement)
    }

    /// One KVM_GET_REG_LIST in given memory.
    pub fn list_in(&self, memory: &mut ListMemory, placement: Placement) -> Result<ListAnswer, MemoryError> {
        memory.call(placement, |list| self.vcpu.get_reg_list(list))
    }
}

/// The ids of an answer that is a whole list.
#[must_use]
pub fn whole(answer: &ListAnswer) -> Option<Vec<u64>> {
    let count = usize::try_from(answer.n).ok().filter(|_| answer.result == Ok(0))?;
    answer.ids(count)
}

/// Room for a list of `count` entries and more, and `n` that says so: what is
/// wrong with an exact `n` does not come in the way.
#[must_use]
pub fn with_room(count: usize) -> Placement {
    roomy((count + 8) as u64, count)
}

/// Room for `count` entries and a bit, told as `n`.
#[must_use]
pub fn roomy(n: u64, count: usize) -> Placement {
    Placement { n, capacity: count + 8, slack: 64 }
}

/// A return value or errno in words.
#[must_use]
pub fn outcome(result: Answer) -> String {
    match result {
        Ok(0) => "success".into(),
        Ok(value) => format!("return value {value}"),
        Err(errno) => errno_name(errno),
    }
}

/// An errno's name; a number where it has none.
#[must_use]
pub fn errno_name(errno: Errno) -> String {
    match errno {
        Errno::UnknownErrno => "an unknown errno".into(),
        known => format!("{known:?}"),
    }
}

/// A finding in the making.
pub struct Report<'a> {
    sink: &'a dyn Fn(Message),
    finding: Option<Finding>,
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding.fmt(f)
    }
}

impl Report<'_> {
    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = &mut self.finding {
            change(finding);
        }
        self
    }

    /// The register concerned.
    pub fn register(self, register: NamedRegister) -> Self {
        self.with(|finding| finding.register = Some(register))
    }

    /// The register that must come before.
    pub fn after(self, register: NamedRegister) -> Self {
        self.with(|finding| finding.after = Some(register))
    }

    /// The entry of `reg[]` concerned.
    pub fn entry(self, entry: usize) -> Self {
        self.with(|finding| finding.entry = Some(entry))
    }

    /// The ioctl concerned.
    pub fn ioctl(self, ioctl: &str) -> Self {
        self.with(|finding| finding.ioctl = Some(ioctl.to_owned()))
    }

    /// The call for the list, and what it answered.
    pub fn list(self, result: Answer) -> Self {
        self.ioctl(GET_REG_LIST).answer(result)
    }

    /// GET of a register.
    pub fn get(self, register: NamedRegister) -> Self {
        self.register(register).ioctl(GET_ONE_REG)
    }

    /// SET of a register.
    pub fn set(self, register: NamedRegister) -> Self {
        self.register(register).ioctl(SET_ONE_REG)
    }

    /// The errno, if it was one.
    pub fn answer(self, result: Answer) -> Self {
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
