// SPDX-License-Identifier: Apache-2.0 OR MIT
//! How the ioctls go about their work, at every point where a fault can make a
//! difference.

use super::{elsewhere, list, one_reg, vcpu};

/// How the ioctls go about their work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) list: list::Manner,
    pub(super) one_reg: one_reg::Manner,
    pub(super) entry: vcpu::Manner,
    pub(super) elsewhere: elsewhere::Manner,
}

impl Manner {
    /// As the kernel should go about it.
    pub(super) const RIGHT: Self = Self {
        list: list::Manner::RIGHT,
        one_reg: one_reg::Manner::RIGHT,
        entry: vcpu::Manner::RIGHT,
        elsewhere: elsewhere::Manner::RIGHT,
    };
}
