// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run in the formats that other programs read.
//!
//! Each is a function of the events alone, so the suite on the target and
//! `reglist report` on the host print the same.
//! [`Record`](crate::report::record::Record) first adds a result for every planned
//! case that has none, so every format sees a complete run.
//!
//! A new format of lines is a file here and a row of [`FORMATS`]. Every command
//! takes its formats from this table.

mod channel;
#[cfg(feature = "junit")]
mod junit;
mod kcidb;
mod ktap;
mod lava;
mod lines;
mod tap13;
#[cfg(test)]
mod tests;
mod words;

use clap::ValueEnum;
use clap::builder::PossibleValue;

pub use channel::{Channel, ChannelError, Sink, make_raw};
#[cfg(feature = "junit")]
pub use junit::{Junit, JunitFile};
pub use kcidb::{Kcidb, Origin};
pub use lines::{Format, Lines};
pub use words::SUITE;

/// KTAP, the default of the kernel log and of terminals.
pub const KTAP: Format = Format {
    name: "ktap",
    help: "KTAP, the kernel's own: flat, plan first",
    writer: |several| Box::new(ktap::Ktap::new(several)),
};

/// Every format of lines, in the order of the help.
pub const FORMATS: &[Format] = &[
    KTAP,
    Format { name: "tap13", help: "TAP version 13", writer: |several| Box::new(tap13::Tap13::new(several)) },
    Format { name: "lava", help: "LAVA's signals", writer: |several| Box::new(lava::Lava::new(several)) },
];

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        FORMATS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name).help(self.help))
    }
}
