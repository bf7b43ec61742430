// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The subjects that can have a fault.

use super::kinds::Fault;

/// The subjects that can have a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The model and lab kernels.
    Everywhere,
    /// Only the model; why no kernel can.
    Model(&'static str),
    /// Only lab kernels: the fault hangs or crashes, and the model runs inside the suite.
    Kernel,
    /// Only lab kernels: the answers are right, but the kernel logs something.
    KernelLog,
    /// Only lab kernels that check themselves (`reglist lab --debug`): the answers are right,
    /// but a check of the kernel reports an error.
    KernelCheck,
}

impl Fault {
    /// The subjects that can have it.
    pub fn place(self) -> Place {
        match self {
            Self::Warning => Place::KernelLog,
            Self::TableOverrun
            | Self::UseAfterFree
            | Self::SleepUnderSpinlock
            | Self::LocksInWrongOrder
            | Self::ShiftTooFar => Place::KernelCheck,
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
