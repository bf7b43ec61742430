// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A call of a sequence, and its text in reports.

use super::place::Place;
use crate::arch::{Arch as _, LoongArch64};
use crate::checks::case::{GET_ONE_REG, GET_REG_LIST, SET_ONE_REG};
use crate::model::canonical_id;
use crate::spec::RegisterTable;

pub(super) const CREATE_VCPU: &str = "KVM_CREATE_VCPU";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Create(u64),
    List {
        vcpu: usize,
        /// The header's n, where the header can be written.
        n: u64,
        at: Place,
    },
    Get {
        vcpu: usize,
        id: u64,
        one_reg: Place,
        at: Place,
    },
    Set {
        vcpu: usize,
        id: u64,
        /// The value, where memory for it can be written.
        value: u64,
        one_reg: Place,
        at: Place,
    },
}

impl Call {
    pub(super) fn ioctl(&self) -> &'static str {
        match self {
            Self::Create(_) => CREATE_VCPU,
            Self::List { .. } => GET_REG_LIST,
            Self::Get { .. } => GET_ONE_REG,
            Self::Set { .. } => SET_ONE_REG,
        }
    }

    pub(super) fn id(&self) -> Option<u64> {
        match self {
            Self::Create(_) | Self::List { .. } => None,
            Self::Get { id, .. } | Self::Set { id, .. } => Some(*id),
        }
    }

    /// The vCPU concerned, of as many as there are.
    pub(super) fn vcpu(&self, vcpus: usize) -> Option<usize> {
        match self {
            Self::Create(_) => None,
            Self::List { vcpu, .. } | Self::Get { vcpu, .. } | Self::Set { vcpu, .. } => Some(vcpu % vcpus.max(1)),
        }
    }

    /// The call in a line, but for its vCPU.
    pub(super) fn describe(&self, registers: &RegisterTable) -> String {
        let ioctl = self.ioctl();
        let register = |id| format!("{} ({id:#018x})", name(id, registers));
        let places = |one_reg: Place, at: Place| one_reg.describe("kvm_one_reg") + &at.describe("value");
        match *self {
            Self::Create(id) => format!("{ioctl} {id}"),
            Self::List { n, at, .. } => format!("{ioctl} n = {n:#x}{}", at.describe("list")),
            Self::Get { id, one_reg, at, .. } => format!("{ioctl} {}{}", register(id), places(one_reg, at)),
            Self::Set { id, value, one_reg, at, .. } => {
                format!("{ioctl} {} = {value:#x}{}", register(id), places(one_reg, at))
            }
        }
    }
}

/// The register's name; an id with bits that the kernel ignores has that of the
/// register which it reaches.
pub(super) fn name(id: u64, registers: &RegisterTable) -> String {
    let own = |id| registers.by_id(id).map(|register| register.name.clone());
    let described = |id| own(id).unwrap_or_else(|| LoongArch64.describe(id));
    match canonical_id(id) {
        Some(canonical) if canonical != id => format!("{} by another id", described(canonical)),
        _ => described(id),
    }
}
