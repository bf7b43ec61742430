// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: deliberately wrong behaviours, to prove that the suite notices them.
//!
//! Each fault is one wrong behaviour. Both the model (`model/fault/`) and lab
//! kernels (`ci/lab/patches/faults.patch`) implement most of them.

mod choice;
mod expected;
mod kinds;
mod place;
mod round;
mod section;
mod tried;

pub use choice::Faults;
pub use expected::{Broken, Expected};
pub use kinds::Fault;
pub use place::Place;
pub use round::{Round, rounds};
pub use tried::{Right, Said, Tried};
