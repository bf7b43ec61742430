// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The saved state of a vCPU, and what becomes of it when it is restored.

use std::time::Instant;

use nix::errno::Errno;

use crate::access::Access;
use crate::checks::case::{Case, CheckError};
use crate::checks::snapshot::{agrees, in_order, settle, undisturbed};
use crate::memory::MemoryError;
use crate::spec::{Register, Rule};
use crate::value::Value;

/// A saved register.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) register: &'a Register,
    pub(super) value: Value,
    /// Bits beyond the register's mask that are to come back, too.
    more: Value,
}

/// What went wrong with a register.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    /// Whether the saved value was refused; otherwise GET answers something else.
    pub(super) refused: bool,
    /// What SET answered, or else GET.
    pub(super) answer: Result<Value, Errno>,
}

/// A saved vCPU, in the list's order.
#[derive(Debug)]
pub(super) struct Saved<'a> {
    pub(super) entries: Vec<Entry<'a>>,
}

impl<'a> Saved<'a> {
    /// Fills every register with a value of its own and saves what is listed, in
    /// the list's order, as a VMM would.
    pub(super) fn take(case: &Case<'a>, source: &Access<'_>) -> Result<Self, CheckError> {
        Self::filled(case, source, false)
    }

    /// As [`Saved::take`], with the bits that exist only with further features
    /// where the host has them.
    pub(super) fn take_richly(case: &Case<'a>, source: &Access<'_>) -> Result<Self, CheckError> {
        Self::filled(case, source, true)
    }

    fn filled(case: &Case<'a>, source: &Access<'_>, richly: bool) -> Result<Self, CheckError> {
        let registers = case.listed_and_expected()?;
        fill(source, &registers)?;
        let mut more = vec![Value::from(0); registers.len()];
        if richly {
            for (register, more) in registers.iter().zip(&mut more) {
                *more = further_bits(source, &registers, register)?;
            }
        }
        // Values as the hardware keeps them, where there is any behind the registers.
        settle(source, &registers)?;
        let values = in_order(source, &registers)?;
        let entries = values.iter().zip(more);
        let entries =
            entries.filter_map(|(value, more)| Some(Entry { register: value.register, value: value.got.ok()?, more }));
        Ok(Self { entries: entries.collect() })
    }

    /// Without what a vCPU other than the first one does not restore.
    pub(super) fn without_counters(mut self) -> Self {
        self.entries.retain(|entry| entry.register.rule != Rule::Counter);
        self
    }

    /// Positions in the list's order.
    pub(super) fn list_order(&self) -> Vec<usize> {
        (0..self.entries.len()).collect()
    }

    /// SETs the entries in the given order, reads back in the list's order those
    /// that `wanted` names, and says which were refused or lost, by position.
    pub(super) fn restore(
        &self,
        target: &Access<'_>,
        order: &[usize],
        wanted: &[usize],
    ) -> Result<Vec<(usize, Loss)>, MemoryError> {
        let mut refused = vec![None; self.entries.len()];
        let start = Instant::now();
        for position in order {
            if let (Some(entry), Some(refused)) = (self.entries.get(*position), refused.get_mut(*position)) {
                *refused = target.set(entry.register.id, entry.value)?.err();
            }
        }
        let wanted: Vec<(usize, &Entry<'_>)> =
            wanted.iter().filter_map(|position| Some((*position, self.entries.get(*position)?))).collect();
        let registers: Vec<&Register> = wanted.iter().map(|(_, entry)| entry.register).collect();
        let found = in_order(target, &registers)?;
        let elapsed = start.elapsed();
        let losses = wanted.into_iter().zip(found).filter_map(|((position, entry), found)| {
            let kept = found.got.is_ok_and(|found| {
                agrees(entry.register, entry.value, found, elapsed) && ((entry.value ^ found) & entry.more).is_zero()
            });
            match (refused.get(position).copied().flatten(), kept) {
                (Some(errno), _) => Some((position, Loss { refused: true, answer: Err(errno) })),
                (None, false) => Some((position, Loss { refused: false, answer: found.got })),
                (None, true) => None,
            }
        });
        Ok(losses.collect())
    }
}

/// SETs every register to a value of its own, as far as it is accepted: that is
/// the question of other clauses.
fn fill(source: &Access<'_>, registers: &[&Register]) -> Result<(), MemoryError> {
    let start = Instant::now();
    let mut wanted = Vec::new();
    for register in registers {
        if let Ok(present) = source.get(register.id)? {
            let value = own_value(register, present);
            let _ = source.set(register.id, value)?;
            wanted.push((*register, value));
        }
    }
    // A guest can have a value that the SET of another register took away.
    let filled: Vec<&Register> = wanted.iter().map(|(register, _)| *register).collect();
    for ((register, value), found) in wanted.into_iter().zip(undisturbed(source, &filled)?) {
        if !found.got.is_ok_and(|found| agrees(register, value, found, start.elapsed())) {
            let _ = source.set(register.id, value)?;
        }
    }
    Ok(())
}

/// A value that tells whether the register was restored.
fn own_value(register: &Register, present: Value) -> Value {
    match register.rule {
        Rule::Sticky => register.values.iter().fold(present, |bits, value| bits | *value),
        // A fresh VM's counter is near the present value of this one's.
        Rule::Counter => register.values.iter().copied().fold(present, Value::max),
        Rule::Exact | Rule::Fixed => register.distinct(present, 0),
    }
}

/// Switches on what gives a register further bits, and sets those; none where
/// the host refuses.
fn further_bits(source: &Access<'_>, registers: &[&Register], register: &Register) -> Result<Value, MemoryError> {
    let none = Value::from(0);
    let Some(conditional) = &register.conditional else { return Ok(none) };
    if !registers.iter().any(|listed| listed.id == conditional.on) {
        return Ok(none);
    }
    let (Ok(gate), Ok(present)) = (source.get(conditional.on)?, source.get(register.id)?) else { return Ok(none) };
    let accepted = source.set(conditional.on, gate | conditional.bits)?.is_ok()
        && source.set(register.id, present | conditional.free)?.is_ok();
    Ok(if accepted { conditional.free } else { none })
}
