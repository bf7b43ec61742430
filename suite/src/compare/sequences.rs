// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Makes random sequences of calls on fresh VMs, and finds the smallest one with a
//! difference.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::call::Call;
use super::clock::Moment;
use super::error::CompareError;
use super::known::{COUNTER, SPECIAL_CSRS, STILL_IN_HARDWARE};
use super::pair::Pair;
use super::place::Place;
use super::report::Found;
use super::side::Grounds;
use super::strategy::sequences;
use crate::kvm::Subject;
use crate::model::{Model, csr_id};

/// Looks at both clocks, of which the closest is taken.
const CLOCK_LOOKS: usize = 16;
/// How often, and for how many milliseconds, a sequence is made smaller.
const SHRINKS: u32 = 20_000;
const SHRINK_TIME: u32 = 60_000;

/// A kind of random sequences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) vcpus: &'static [u64],
    /// Whether calls create more of them.
    pub(super) more_vcpus: bool,
}

/// Makes sequences until `calls` calls were made, or one shows a difference.
pub(super) fn compare(
    subject: &dyn Subject,
    model: Model,
    kind: Kind,
    seed: u64,
    calls: u64,
) -> Result<Option<Found>, CompareError> {
    let grounds = Grounds::new()?;
    let (model, skew) = with_clock_of(subject, model)?;
    let try_one = Attempts {
        subject,
        model,
        kind,
        skew,
        grounds: &grounds,
        made: Cell::new(0),
        last: RefCell::new(None),
        trouble: RefCell::new(None),
    };
    if kind.more_vcpus {
        for sequence in STILL_IN_HARDWARE {
            if let Some(found) = try_one.run(sequence)? {
                return Ok(Some(found));
            }
        }
    }
    let strategy = sequences(kind.more_vcpus);
    let mut runner = runner(seed);
    while try_one.made.get() < calls {
        let tree = strategy.new_tree(&mut runner).map_err(|reason| CompareError::Generator(reason.to_string()))?;
        let result = runner.run_one(tree, |sequence| try_one.judge(&sequence));
        if let Some(trouble) = try_one.trouble.take() {
            return Err(trouble);
        }
        match result {
            Ok(_) => {}
            Err(TestError::Abort(reason)) => return Err(CompareError::Generator(reason.to_string())),
            Err(TestError::Fail(..)) => return Ok(try_one.last.take()),
        }
    }
    Ok(None)
}

fn runner(seed: u64) -> TestRunner {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: SHRINKS,
        max_shrink_time: SHRINK_TIME,
        ..Config::default()
    };
    let seed = [seed; 4].map(u64::to_le_bytes).concat();
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// The model with the subject's stable counter, and how many ticks the two may
/// be apart.
fn with_clock_of(subject: &dyn Subject, model: Model) -> Result<(Model, u64), CompareError> {
    let grounds = Grounds::new()?;
    let mut closest: Option<(u64, u64)> = None;
    for _ in 0..CLOCK_LOOKS {
        let mut pair = Pair::new(subject, model, &grounds, &[0], u64::MAX)?;
        let before = Moment::now();
        let look = pair.look(COUNTER)?;
        let elapsed = before.elapsed();
        if let Some((subject, model)) = look
            && closest.is_none_or(|(_, least)| elapsed < least)
        {
            closest = Some((subject.wrapping_sub(model), elapsed));
        }
    }
    Ok(closest.map_or((model, 0), |(ahead, elapsed)| (model.with_clock_ahead(ahead), elapsed)))
}

struct Attempts<'a> {
    subject: &'a dyn Subject,
    model: Model,
    kind: Kind,
    skew: u64,
    grounds: &'a Grounds,
    made: Cell<u64>,
    /// The last sequence with a difference.
    last: RefCell<Option<Found>>,
    trouble: RefCell<Option<CompareError>>,
}

impl Attempts<'_> {
    fn judge(&self, sequence: &[Call]) -> Result<(), TestCaseError> {
        match self.run(sequence) {
            Ok(None) => Ok(()),
            Ok(Some(found)) => {
                self.last.replace(Some(found));
                Err(TestCaseError::fail("a difference"))
            }
            Err(error) => {
                self.trouble.replace(Some(error));
                Err(TestCaseError::fail("trouble"))
            }
        }
    }

    /// A sequence on fresh VMs, and in the end a look at all that it touched.
    fn run(&self, sequence: &[Call]) -> Result<Option<Found>, CompareError> {
        let mut pair = Pair::new(self.subject, self.model, self.grounds, self.kind.vcpus, self.skew)?;
        let mut touched = BTreeSet::new();
        let mut done = Vec::new();
        for call in sequence {
            let vcpus = pair.vcpu_ids().len();
            touched.extend(call.vcpu(vcpus).zip(call.id()));
            if let Some(found) = self.make(&mut pair, *call, &mut done)? {
                return Ok(Some(found));
            }
        }
        let special = (0..pair.vcpu_ids().len()).flat_map(|vcpu| SPECIAL_CSRS.map(|index| (vcpu, csr_id(index))));
        // Twice, as GET of ESTAT among them changes others.
        for (vcpu, id) in touched.into_iter().chain(special.clone()).chain(special) {
            let call = Call::Get { vcpu, id, one_reg: Place::Good(0), at: Place::Good(0) };
            if let Some(found) = self.make(&mut pair, call, &mut done)? {
                return Ok(Some(found.without_idle_looks(sequence.len())));
            }
        }
        Ok(None)
    }

    fn make(
        &self,
        pair: &mut Pair<'_>,
        call: Call,
        done: &mut Vec<(Call, usize)>,
    ) -> Result<Option<Found>, CompareError> {
        // As the calls of a case are counted: those on its vCPUs.
        self.made.set(self.made.get() + u64::from(!matches!(call, Call::Create(_))));
        done.push((call, pair.vcpu_ids().len()));
        Ok(pair.make(call)?.map(|difference| Found {
            vcpu_ids: pair.vcpu_ids().to_vec(),
            first_vcpus: self.kind.vcpus.len(),
            done: done.clone(),
            difference,
        }))
    }
}
