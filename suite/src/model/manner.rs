// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The steps of the ioctls, as functions that a fault can replace.

use super::{elsewhere, list, one_reg, vcpu};

#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) list: list::Manner,
    pub(super) one_reg: one_reg::Manner,
    pub(super) entry: vcpu::Manner,
    pub(super) elsewhere: elsewhere::Manner,
}

impl Manner {
    pub(super) const RIGHT: Self = Self {
        list: list::Manner::RIGHT,
        one_reg: one_reg::Manner::RIGHT,
        entry: vcpu::Manner::RIGHT,
        elsewhere: elsewhere::Manner::RIGHT,
    };
}
