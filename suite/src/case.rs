// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A case at work: one check on one vCPU, and what it finds.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

use nix::errno::Errno;

use crate::access::{Access, AccessError};
use crate::arch::Arch;
use crate::clause::Level;
use crate::events::{Finding, NamedRegister};
use crate::kvm::{Answer, Vcpu};
use crate::memory::{Beyond, ListAnswer, ListMemory, MemoryError, Placement, UserAddress};
use crate::spec::Register;

/// KVM_GET_REG_LIST, for findings.
pub const GET_REG_LIST: &str = "KVM_GET_REG_LIST";
/// KVM_GET_ONE_REG, for findings.
pub const GET_ONE_REG: &str = "KVM_GET_ONE_REG";
/// KVM_SET_ONE_REG, for findings.
pub const SET_ONE_REG: &str = "KVM_SET_ONE_REG";

/// More entries than a list is expected to have.
const GENEROUS: usize = 512;
/// More entries than a kernel may claim; the first LoongArch patch listed 2070.
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
    /// The harness could not reach a register.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// A vCPU that counts the calls made on it.
#[derive(Debug)]
pub struct Counted<'a> {
    vcpu: &'a dyn Vcpu,
    calls: Cell<u64>,
}

impl<'a> Counted<'a> {
    /// Counts from zero.
    #[must_use]
    pub fn new(vcpu: &'a dyn Vcpu) -> Self {
        Self { vcpu, calls: Cell::new(0) }
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    fn count(&self, answer: Answer) -> Answer {
        self.calls.set(self.calls.get() + 1);
        answer
    }
}

impl Vcpu for Counted<'_> {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.count(self.vcpu.get_reg_list(list))
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.count(self.vcpu.get_one_reg(one_reg))
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.count(self.vcpu.set_one_reg(one_reg))
    }
}

/// What a check needs to know beside its vCPU.
#[derive(Debug)]
pub struct Knowledge<'a> {
    /// The list that the specification expects, in order.
    pub expected: &'a [Register],
    /// Names of ids, also of those that no series lists.
    pub names: &'a BTreeMap<u64, String>,
    /// Levels of clauses.
    pub levels: &'a BTreeMap<String, Level>,
    /// The architecture.
    pub arch: &'a dyn Arch,
    /// Whether registers beyond the expected list are only reported.
    pub allow_new: bool,
}

/// What a check works with.
pub struct Case<'a> {
    /// The vCPU under test.
    pub vcpu: &'a dyn Vcpu,
    /// Its registers.
    pub access: Access<'a>,
    /// What the specification says.
    pub spec: Knowledge<'a>,
    /// Memory for any list, with nothing mapped behind it.
    memory: RefCell<ListMemory>,
    sink: &'a dyn Fn(Finding),
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("vcpu", &self.vcpu).field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<'a> Case<'a> {
    /// A case on `vcpu` whose findings go to `sink` as they come, so that a
    /// crash later in the case loses none.
    ///
    /// # Errors
    /// Where memory cannot be had.
    pub fn new(vcpu: &'a dyn Vcpu, spec: Knowledge<'a>, sink: &'a dyn Fn(Finding)) -> Result<Self, AccessError> {
        let access = Access::new(vcpu)?;
        let memory = RefCell::new(ListMemory::new(GENEROUS + 8, Beyond::Unmapped, false)?);
        Ok(Self { vcpu, access, spec, memory, sink })
    }

    /// Begins a finding about `clause`; it counts once it is dropped.
    pub fn finding(
        &self,
        clause: &'static str,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Report<'_> {
        let level = self.spec.levels.get(clause).copied().unwrap_or(Level::Must);
        self.report(clause, level, expected.into(), observed.into())
    }

    /// Begins a note about `clause`: a fact that the specification allows for.
    pub fn note(&self, clause: &'static str, expected: impl Into<String>, observed: impl Into<String>) -> Report<'_> {
        self.report(clause, Level::Note, expected.into(), observed.into())
    }

    fn report(&self, clause: &str, level: Level, expected: String, observed: String) -> Report<'_> {
        Report {
            sink: self.sink,
            finding: Some(Finding {
                clause: clause.to_owned(),
                level,
                register: None,
                entry: None,
                last_entry: None,
                ioctl: None,
                errno: None,
                expected,
                observed,
            }),
        }
    }

    /// The name of an id, or what the id says of itself.
    #[must_use]
    pub fn name(&self, id: u64) -> NamedRegister {
        let name = self.spec.names.get(&id).cloned();
        NamedRegister { name: name.unwrap_or_else(|| self.spec.arch.describe(id)), id }
    }

    /// The ids that the kernel lists, taken with room to spare, so that what
    /// is wrong with a small or exact buffer does not come in the way.
    ///
    /// # Errors
    /// [`CheckError::Stopped`] after a finding about `clause` where the kernel
    /// does not answer with a whole list.
    pub fn listed(&self, clause: &'static str) -> Result<Vec<u64>, CheckError> {
        let mut answer = self.list(Placement { n: GENEROUS as u64, capacity: GENEROUS, slack: 64 })?;
        if let Some(more) = answer.asks_for_more(BEYOND_BELIEF) {
            let mut memory = ListMemory::new(more + 8, Beyond::Unmapped, false)?;
            answer = self.list_in(&mut memory, roomy(more as u64, more))?;
        }
        let listed = usize::try_from(answer.n).ok().and_then(|count| answer.ids(count));
        match (answer.result, listed) {
            (Ok(0), Some(ids)) => Ok(ids),
            (result, _) => {
                let observed =
                    format!("{}, n = {}, {} entries written", outcome(result), answer.n, answer.written_prefix());
                self.finding(clause, "a whole list where there is room for it", observed)
                    .ioctl(GET_REG_LIST)
                    .answer(result);
                Err(CheckError::Stopped)
            }
        }
    }

    /// The registers that the kernel lists and the specification expects: the
    /// only ones that may be SET.
    ///
    /// # Errors
    /// As [`Case::listed`].
    pub fn listed_and_expected(&self, clause: &'static str) -> Result<Vec<&'a Register>, CheckError> {
        let ids = self.listed(clause)?;
        Ok(ids.iter().filter_map(|id| self.spec.expected.iter().find(|register| register.id == *id)).collect())
    }

    /// One KVM_GET_REG_LIST in memory with nothing mapped behind it.
    ///
    /// # Errors
    /// A placement that does not fit.
    pub fn list(&self, placement: Placement) -> Result<ListAnswer, MemoryError> {
        if placement.capacity > GENEROUS {
            return self.list_in(&mut ListMemory::new(placement.capacity + 8, Beyond::Unmapped, false)?, placement);
        }
        self.list_in(&mut self.memory.borrow_mut(), placement)
    }

    /// One KVM_GET_REG_LIST in given memory.
    ///
    /// # Errors
    /// A placement that does not fit.
    pub fn list_in(&self, memory: &mut ListMemory, placement: Placement) -> Result<ListAnswer, MemoryError> {
        memory.call(placement, |list| self.vcpu.get_reg_list(list))
    }
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
    sink: &'a dyn Fn(Finding),
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

    /// The entry of `reg[]` concerned.
    pub fn entry(self, entry: usize) -> Self {
        self.with(|finding| finding.entry = Some(entry))
    }

    /// The ioctl concerned.
    pub fn ioctl(self, ioctl: &str) -> Self {
        self.with(|finding| finding.ioctl = Some(ioctl.to_owned()))
    }

    /// The errno, if it was one.
    pub fn answer(self, result: Answer) -> Self {
        self.with(|finding| finding.errno = result.err().map(errno_name))
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if let Some(finding) = self.finding.take() {
            (self.sink)(finding);
        }
    }
}
