// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which subject can have a fault.

use super::kinds::Fault;

/// Who can have a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The model, and a kernel of the lab.
    Everywhere,
    /// The model alone, and why no kernel can.
    Model(&'static str),
    /// A kernel of the lab alone: it makes trouble, and the model runs in a
    /// process of the suite.
    Kernel,
}

impl Fault {
    /// Who can have it.
    pub fn place(self) -> Place {
        match self {
            Self::Oops
            | Self::Panic
            | Self::Hang
            | Self::HangUninterruptible
            | Self::Lockup
            | Self::MemoryOverwritten
            | Self::MemoryCorrupted
            | Self::StuckAtEnd => Place::Kernel,
            _ => Place::Everywhere,
        }
    }
}
