// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The model with a fault: what each of them makes of a right manner.

mod apart;
mod bad_memory;
mod busy;
mod changing;
mod conditions;
mod contents;
mod count;
mod counter;
mod elsewhere;
mod features;
mod get;
mod history;
mod mapping;
mod registers;
mod set;

pub(super) use history::History;

use super::Manner;
use crate::fault::Fault;

/// Makes a right manner wrong.
pub(super) fn change(fault: Fault, manner: &mut Manner) {
    for change in [
        contents::change,
        features::change,
        changing::change,
        count::change,
        bad_memory::change,
        get::change,
        set::change,
        apart::change,
        counter::change,
        conditions::change,
        busy::change,
        elsewhere::change,
    ] {
        change(fault, manner);
    }
}
