// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Subjects behind their raw ioctls: the running kernel and the model.
//!
//! Checks pass addresses, not references, because most of them are wrong on
//! purpose. Checks never know which subject they test.

mod counted;
#[expect(unsafe_code, reason = "the ioctls under test take raw addresses")]
mod device;
mod subject;
#[expect(unsafe_code, reason = "KCOV writes to memory that it shares")]
mod trace;

pub use counted::Counted;
pub use device::Device;
pub use subject::{Answer, CAP_ONE_REG, Subject, SubjectError, Vcpu, Vm};
pub use trace::{Trace, TraceError};
