// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The other ioctls of a vCPU: a kernel finds all of them in one switch, where a lost
//! `break` joins two.

use super::check::{Check, check};
use crate::arch::{Call, Exchange, Writes};
use crate::argument::{ArgumentMemory, Called};
use crate::checks::case::{Case, CheckError, outcome, roomy};

const CLAUSE: &str = "neighbour.ioctls";

pub(super) const CHECKS: &[Check] = &[
    check(
        "neighbour.answers",
        &[CLAUSE],
        "Calls the other ioctls of a vCPU: device attributes, capabilities, general and floating point registers, the \
         vCPU's state, and a number that no ioctl has. Each must give its known answer, and write its own bytes and no \
         others. A SET has the bytes that the GET before it wrote.",
        answers,
    ),
    check(
        "neighbour.state",
        &[CLAUSE],
        "Reads everything that the other ioctls of a vCPU read, lists with an n that is too small and with one that is \
         large enough, and reads again. No byte may differ.",
        state,
    ),
];

fn answers(case: &Case<'_>) -> Result<(), CheckError> {
    for exchange in case.spec.arch.neighbours() {
        let memory = ArgumentMemory::new(&exchange.argument)?;
        for call in exchange.calls {
            let called = memory.call(case.vcpu, call)?;
            // A SET must not follow a GET that went wrong.
            if !judge(case, exchange, call, &called) {
                break;
            }
        }
    }
    Ok(())
}

/// Reports a wrong answer and wrong bytes; whether all is right.
fn judge(case: &Case<'_>, exchange: &Exchange, call: &Call, called: &Called) -> bool {
    let Exchange { about, .. } = exchange;
    let finding = |expected: String, observed: String| {
        case.finding(CLAUSE, expected, observed).ioctl(call.ioctl).answer(called.answer);
    };
    let right = called.answer == call.answer.map(|()| 0);
    if !right {
        let expected = outcome(call.answer.map(|()| 0));
        finding(format!("{expected}, for {about}"), outcome(called.answer));
    }
    if called.stray > 0 {
        let expected = match call.writes {
            Writes::Nothing => format!("no write, for {about}"),
            Writes::Argument => format!("no write outside the structure, for {about}"),
            Writes::Value => format!("no write outside the attribute's value, for {about}"),
        };
        let observed =
            format!("bytes written: {}; the first at offset {:+} of the structure", called.stray, called.first_stray);
        finding(expected, observed);
    }
    if right && called.unwritten > 0 {
        finding(format!("all bytes written, for {about}"), format!("bytes not written: {}", called.unwritten));
    }
    right && called.stray == 0 && called.unwritten == 0
}

fn state(case: &Case<'_>) -> Result<(), CheckError> {
    let mut reads = Vec::new();
    for exchange in case.spec.arch.neighbours() {
        if let Some(call) = exchange.calls.iter().find(|call| call.writes != Writes::Nothing) {
            let memory = ArgumentMemory::new(&exchange.argument)?;
            // neighbour.answers reports a failure.
            if memory.call(case.vcpu, call)?.answer.is_ok() {
                let before = memory.bytes(call.writes)?;
                reads.push((exchange, call, memory, before));
            }
        }
    }
    let count = case.listed()?.len();
    let _ = case.list(roomy(0, count))?;
    for (Exchange { about, .. }, call, memory, before) in &reads {
        let answer = memory.call(case.vcpu, call)?.answer;
        let after = memory.bytes(call.writes)?;
        let differ: Vec<usize> = (0..)
            .zip(before.iter().zip(&after))
            .filter(|(_, (one, other))| one != other)
            .map(|(offset, _)| offset)
            .collect();
        if let Some(first) = differ.first() {
            let expected = format!("the same bytes before and after KVM_GET_REG_LIST, for {about}");
            let observed = format!("bytes that differ: {}; the first at offset {first}", differ.len());
            case.finding(CLAUSE, expected, observed).ioctl(call.ioctl).answer(answer);
        }
    }
    Ok(())
}
