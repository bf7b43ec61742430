// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The saved state of a vCPU, and its losses in a restore.

use std::time::Instant;

use nix::errno::Errno;

use crate::access::Access;
use crate::checks::case::{Case, CheckError};
use crate::checks::snapshot::{agrees, in_order, settle, undisturbed};
use crate::memory::MemoryError;
use crate::spec::{Register, Rule};
use crate::value::Value;

#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) register: &'a Register,
    pub(super) value: Value,
    /// Bits outside the register's mask that must be restored, too.
    more: Value,
}

/// A register that a restore did not bring back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    /// Whether SET failed; otherwise GET returns a different value.
    pub(super) refused: bool,
    /// Result of the failed SET, or of the GET.
    pub(super) answer: Result<Value, Errno>,
}

/// The registers of a vCPU in list order.
#[derive(Debug)]
pub(super) struct Saved<'a> {
    pub(super) entries: Vec<Entry<'a>>,
}

impl<'a> Saved<'a> {
    /// SETs every register to its own value and saves the listed ones, as a VMM would;
    /// `richly` with the conditional bits that the host supports.
    pub(super) fn take(case: &Case<'a>, source: &Access<'_>, richly: bool) -> Result<Self, CheckError> {
        let registers = case.listed_and_expected()?;
        fill(source, &registers)?;
        let mut more = vec![Value::from(0); registers.len()];
        if richly {
            for (register, more) in registers.iter().zip(&mut more) {
                *more = further_bits(source, &registers, register)?;
            }
        }
        settle(source, &registers)?;
        let values = in_order(source, &registers)?;
        let entries = values.iter().zip(more);
        let entries =
            entries.filter_map(|(value, more)| Some(Entry { register: value.register, value: value.got.ok()?, more }));
        Ok(Self { entries: entries.collect() })
    }

    /// Leaves out counters, which only vCPU 0 restores.
    pub(super) fn without_counters(mut self) -> Self {
        self.entries.retain(|entry| entry.register.rule != Rule::Counter);
        self
    }

    pub(super) fn list_order(&self) -> Vec<usize> {
        (0..self.entries.len()).collect()
    }

    /// SETs the entries in `order`, GETs the `wanted` ones in list order, and
    /// returns the lost ones by position.
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

/// SETs every register to its own value. Other clauses report a failed SET.
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
    // The SET of another register can change a value; a guest can have both.
    let filled: Vec<&Register> = wanted.iter().map(|(register, _)| *register).collect();
    for ((register, value), found) in wanted.into_iter().zip(undisturbed(source, &filled)?) {
        if !found.got.is_ok_and(|found| agrees(register, value, found, start.elapsed())) {
            let _ = source.set(register.id, value)?;
        }
    }
    Ok(())
}

/// A value by which a restored register is recognised.
fn own_value(register: &Register, present: Value) -> Value {
    match register.rule {
        Rule::Sticky => register.values.iter().fold(present, |bits, value| bits | *value),
        // The counter of a fresh VM is near the present value.
        Rule::Counter => register.values.iter().copied().fold(present, Value::max),
        Rule::Exact | Rule::Fixed => register.distinct(present, 0),
    }
}

/// SETs the conditional bits of a register, if the host supports them. Returns the bits.
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
