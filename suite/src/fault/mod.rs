// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: deliberately wrong behaviours, to prove that the suite notices. Each
//! is wrong in one way alone; most of them the model can have
//! (`model/fault/`) and a kernel of the lab, too (`ci/lab/patches/faults.patch`).

mod choice;
mod expected;
mod judge;
mod kinds;
mod place;
mod round;
mod section;
mod tried;

pub use choice::Faults;
pub use expected::{Broken, Expected};
pub use judge::{Judgement, Said, judge};
pub use kinds::Fault;
pub use place::Place;
pub use round::{Round, rounds};
pub use tried::{Right, Tried};
