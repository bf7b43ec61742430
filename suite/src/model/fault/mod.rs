// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults of the model: each changes one function of the correct [`Manner`]. A
//! `change` ignores faults of other modules.

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
mod mapping;
mod neighbour;
mod refused;
mod registers;
mod set;

use super::manner::Manner;
use crate::fault::Fault;

pub(super) fn manner(fault: Option<Fault>) -> Manner {
    let mut manner = Manner::RIGHT;
    let Some(fault) = fault else { return manner };
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
        neighbour::change,
        refused::change,
    ] {
        change(fault, &mut manner);
    }
    manner
}
