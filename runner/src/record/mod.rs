// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run as data: the reader of events and KTAP, expected failures, the verdict.
//! The record itself is the suite's ([`reglist_suite::report::record`]).

pub(crate) mod known;
mod ktap;
mod limits;
mod lines;
mod prefix;
pub(crate) mod reader;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod verdict;

pub(crate) use reglist_suite::report::record::{End, Record};
