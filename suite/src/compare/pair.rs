// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Makes each call on both the subject and the model, and compares the answers and
//! the memory.

use nix::errno::Errno;

use super::call::Call;
use super::clock::{Moment, close};
use super::error::CompareError;
use super::known::{COUNTER, TCFG, TVAL};
use super::place::Place;
use super::side::{Grounds, Seen, Side};
use crate::checks::case::outcome;
use crate::kvm::{Answer, Subject, SubjectError};
use crate::model::{Model, canonical_id};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) call: Call,
    pub(super) model: String,
    pub(super) subject: String,
    pub(super) errno: Option<Errno>,
}

#[derive(Debug)]
pub(super) struct Pair<'a> {
    grounds: &'a Grounds,
    subject: Side,
    model: Side,
    ids: Vec<u64>,
    start: Moment,
    /// By how many ticks the two may have different times.
    skew: u64,
    timer: bool,
}

impl<'a> Pair<'a> {
    /// Fresh VMs with vCPUs of these ids. The time of the two differs by no more
    /// than `skew` ticks.
    pub(super) fn new(
        subject: &dyn Subject,
        model: Model,
        grounds: &'a Grounds,
        ids: &[u64],
        skew: u64,
    ) -> Result<Self, CompareError> {
        let (mut subject, mut model) = (Side::new(subject)?, Side::new(&model)?);
        for id in ids {
            for side in [&mut subject, &mut model] {
                side.create(*id)?.map_err(|errno| SubjectError::Step { step: "KVM_CREATE_VCPU", errno })?;
            }
        }
        Ok(Self { grounds, subject, model, ids: ids.to_vec(), start: Moment::now(), skew, timer: false })
    }

    pub(super) fn vcpu_ids(&self) -> &[u64] {
        &self.ids
    }

    pub(super) fn make(&mut self, call: Call) -> Result<Option<Difference>, CompareError> {
        let before = Moment::now();
        let subject = self.subject.make(call, self.grounds)?;
        let model = self.model.make(call, self.grounds)?;
        let elapsed = before.elapsed();

        self.learn(call, model.answer, elapsed);
        let (of_model, of_subject) = if subject.answer != model.answer {
            (String::new(), String::new())
        } else if subject.value != model.value && !self.agree(call, &subject, &model, elapsed) {
            (model.told_value(), subject.told_value())
        } else if subject.memory != model.memory {
            first_difference(&model.memory, &subject.memory)
        } else {
            return Ok(None);
        };
        Ok(Some(Difference {
            call,
            model: outcome(model.answer) + &of_model,
            subject: outcome(subject.answer) + &of_subject,
            errno: subject.answer.err(),
        }))
    }

    pub(super) fn look(&mut self, id: u64) -> Result<Option<(u64, u64)>, CompareError> {
        let call = Call::Get { vcpu: 0, id, one_reg: Place::Good(0), at: Place::Good(0) };
        let subject = self.subject.make(call, self.grounds)?;
        let model = self.model.make(call, self.grounds)?;
        let read = |seen: &Seen| seen.value.filter(|_| seen.answer.is_ok());
        Ok(read(&subject).zip(read(&model)))
    }

    /// Remembers events that make times differ.
    fn learn(&mut self, call: Call, answer: Answer, elapsed: u64) {
        match call {
            Call::Create(id) if answer.is_ok() => self.ids.push(id),
            Call::Set { vcpu, id, .. } if answer.is_ok() => {
                if id == COUNTER && self.id_of(vcpu) == Some(0) {
                    self.skew = elapsed;
                }
                self.timer |= canonical_id(id) == Some(TCFG);
            }
            _ => {}
        }
    }

    fn id_of(&self, vcpu: usize) -> Option<u64> {
        self.ids.get(vcpu % self.ids.len().max(1)).copied()
    }

    /// Whether two values differ only by the time between the calls that read
    /// them. A timer loses time in each load and put, and so differs by up to
    /// all the time that it ran.
    fn agree(&self, call: Call, subject: &Seen, model: &Seen, elapsed: u64) -> bool {
        let (Call::Get { id, .. }, Some(one), Some(other)) = (call, subject.value, model.value) else {
            return false;
        };
        match canonical_id(id) {
            Some(COUNTER) => close(one, other, elapsed.saturating_add(self.skew)),
            Some(TVAL) if self.timer => close(one, other, self.start.elapsed()),
            _ => false,
        }
    }
}

/// The contents of memory from the first difference on.
fn first_difference(model: &[u8], subject: &[u8]) -> (String, String) {
    let same = model.iter().zip(subject).take_while(|(one, other)| one == other);
    let first = same.count();
    let told = |memory: &[u8]| {
        let bytes: Vec<String> = memory.iter().skip(first).take(8).map(|byte| format!("{byte:02x}")).collect();
        // Both sides have equal lengths except for the bytes 32 GiB away.
        if bytes.is_empty() { String::new() } else { format!(", {} in memory", bytes.join(" ")) }
    };
    (told(model), told(subject))
}
