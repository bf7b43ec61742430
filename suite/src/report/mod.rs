// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Events, the formats for other programs, and the descriptions of registers,
//! clauses, checks and cases.

pub mod control;
pub mod coverage;
pub mod describe;
pub mod events;
pub mod fields;
pub mod format;
pub mod new_registers;
pub mod record;
pub mod review;
