// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Subjects: what is tested, behind its raw ioctls.
//!
//! Checks hand over addresses, not references, because most of them are wrong
//! on purpose. They never know which subject answers.

mod counted;
#[expect(unsafe_code, reason = "the ioctls under test take raw addresses")]
mod device;
mod subject;

pub use counted::{Counted, Counter};
pub use device::Device;
pub use subject::{Answer, CAP_ONE_REG, Subject, SubjectError, Vcpu, Vm};
