// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every fault is noticed: by its clause, at the clause's level, and with the
//! register or the entry that it concerns.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;

use super::*;
use crate::checks;

/// A clause that a fault breaks, and what every finding about it names.
#[derive(Debug)]
struct Broken {
    clause: &'static str,
    registers: &'static [&'static str],
    entries: Option<RangeInclusive<usize>>,
}

/// A broken clause of which no finding names a register or an entry.
const fn broken(clause: &'static str) -> Broken {
    Broken { clause, registers: &[], entries: None }
}

impl Broken {
    /// These registers, and no other.
    const fn of(mut self, registers: &'static [&'static str]) -> Self {
        self.registers = registers;
        self
    }

    /// All of these entries, and no other.
    fn at(mut self, first: usize, last: usize) -> Self {
        self.entries = Some(first..=last);
        self
    }
}

const PMU: &[&str] =
    &["PERFCTRL0", "PERFCNTR0", "PERFCTRL1", "PERFCNTR1", "PERFCTRL2", "PERFCNTR2", "PERFCTRL3", "PERFCNTR3"];
const LBT: &[&str] = &["LBT_SCR0", "LBT_SCR1", "LBT_SCR2", "LBT_SCR3", "LBT_EFLAGS", "LBT_FTOP"];

/// In which configuration a fault is tried, and what it breaks. `base` has 76
/// registers, 54 CSRs first and COUNTER last.
fn expected(fault: Fault) -> (&'static str, Vec<Broken>) {
    let configuration = match fault {
        Fault::PmuNever => "pmu",
        Fault::LbtNever => "lbt",
        Fault::LbtByX86Alone => "lbt_arm",
        Fault::LbtByAllThree => "lbt_mips",
        _ => "base",
    };
    let contents = broken("list.contents");
    let broken = match fault {
        Fault::RegisterMissing => vec![contents.of(&["KS3"]), broken("list.count")],
        Fault::RegisterExtra => vec![contents.of(&["DEBUG"]).at(76, 76), broken("list.count")],
        Fault::PositionForIndex => vec![contents.of(&["EENTRY", "CSR 0x9"]).at(9, 9)],
        Fault::RegisterTwice => vec![broken("list.unique").of(&["EENTRY"]).at(10, 10), contents.of(&["TLBIDX"])],
        Fault::ArchitectureWrong => vec![broken("list.canonical").of(&["no LoongArch register"]).at(6, 6)],
        Fault::SizeWrong => vec![broken("list.canonical").of(&["no LoongArch register"]).at(26, 26)],
        Fault::ReservedBitSet => vec![broken("list.canonical").of(&["no LoongArch register"]).at(14, 14)],
        Fault::IndexMisaligned => vec![broken("list.canonical").of(&["no LoongArch register"]).at(3, 3)],
        Fault::IndexBeyondLast => vec![broken("list.canonical").of(&["CPUCFG 21"]).at(74, 74)],
        Fault::EntryHalfWritten => vec![contents.of(&["MISC", "no LoongArch register"]).at(3, 3)],
        Fault::OrderSwapped => vec![broken("list.order").of(&["TVAL"])],
        Fault::PmuAlways => vec![contents.of(PMU).at(54, 61), broken("list.count")],
        Fault::LbtAlways => vec![contents.of(LBT).at(76, 81), broken("list.count")],
        Fault::PmuNever => vec![contents.of(PMU), broken("list.count")],
        Fault::LbtNever | Fault::LbtByX86Alone | Fault::LbtByAllThree => vec![contents.of(LBT), broken("list.count")],

        Fault::CountOneMore => vec![broken("list.count"), broken("list.complete")],
        Fault::CountOneLess => vec![broken("list.count"), contents.of(&["COUNTER"]), broken("list.complete")],
        Fault::LastEntryUnwritten
        | Fault::EntryTooMany
        | Fault::CountKeptOnSuccess
        | Fault::CountKeptAboveC
        | Fault::SuccessIsOne => vec![broken("list.complete")],
        Fault::CountCutSigned => vec![broken("list.complete"), broken("list.width")],
        Fault::CountCut | Fault::CountSigned => vec![broken("list.width")],

        Fault::E2bigIsEinval | Fault::E2bigIsSuccess | Fault::ZeroIsSuccess | Fault::OneLessIsSuccess => {
            vec![broken("e2big.errno")]
        }
        Fault::ExactIsE2big => vec![broken("list.complete"), broken("e2big.count")],
        Fault::CountKeptOnE2big | Fault::CountWrongOnE2big => vec![broken("e2big.count")],
        Fault::E2bigWritesEntries => vec![broken("e2big.untouched").at(0, 74)],
        Fault::E2bigNeedsArray => vec![broken("e2big.untouched")],

        Fault::HeaderUnreadableIsEinval | Fault::HeaderReadOnlyIsE2big | Fault::HeaderStraddlingAccepted => {
            vec![broken("efault.header")]
        }
        Fault::HeaderReadOnlyWritten => vec![broken("efault.header"), broken("efault.stray")],
        Fault::MisalignedIsEinval => vec![broken("efault.misaligned")],
        Fault::EfaultLost => vec![broken("efault.stray").at(0, 53), broken("efault.array").at(0, 53)],
        Fault::EfaultIsSuccess => vec![broken("efault.array").at(0, 75)],
        Fault::EfaultIsEinvalOnce => vec![broken("efault.array").at(17, 17)],
        Fault::LastEntryUnchecked => vec![broken("efault.array").at(75, 75)],
        Fault::EfaultIsShortList => vec![broken("efault.array").at(0, 75), broken("efault.prefix").at(0, 75)],
        Fault::CountBehindEntries => vec![broken("efault.prefix")],
        Fault::ArrayTriedFirst => vec![broken("efault.prefix").at(1, 75)],
        Fault::StrayBeforeHeader | Fault::StrayBehindList => vec![broken("efault.stray")],
        Fault::EmptyAfterEfault | Fault::EnomemAfterEfault => vec![broken("efault.usable")],

        Fault::GetRefused => vec![broken("reg.get").of(&["KS5"])],
        Fault::GetWritesHalf | Fault::GetWritesDouble | Fault::GetWritesBefore | Fault::GetWritesNothing => {
            vec![broken("reg.get")]
        }
        Fault::GetBadAddressIsSuccess
        | Fault::GetBadAddressIsEinval
        | Fault::SetBadAddressIsSuccess
        | Fault::OneRegUnreadableIsEinval => vec![broken("reg.bad_address")],
        Fault::SetBadAddressChanges => vec![broken("reg.bad_address").of(&["KS6"])],
        Fault::AnySize => vec![broken("reg.bad_size")],
        Fault::SetRefused => vec![broken("reg.set_same").of(&["PRCFG1"])],
        Fault::CpuidRefusedByEperm => vec![broken("reg.set_same").of(&["CPUID"])],
        Fault::SetOfChangeRefused => vec![broken("reg.roundtrip").of(&["CPUCFG5"])],
        Fault::SetIgnored => vec![broken("reg.roundtrip").of(&["KS2"])],
        Fault::SetDropsBit => vec![broken("reg.roundtrip").of(&["ERA"])],
        Fault::SetStores32Bits => vec![broken("reg.roundtrip").of(&["DMWIN0"])],
        Fault::SetHitsNeighbour => vec![broken("reg.roundtrip").of(&["KS1"])],
        Fault::EstatDropsBit | Fault::EstatInventsBit => vec![broken("reg.roundtrip").of(&["ESTAT"])],
        Fault::CounterBackwards | Fault::CounterIgnoresSet => vec![broken("reg.roundtrip").of(&["COUNTER"])],
    };
    (configuration, broken)
}

/// What a check found with a fault.
#[derive(Debug)]
struct Found {
    check: String,
    finding: Finding,
}

/// What the checks found with each fault.
fn all() -> &'static [(Fault, Vec<Found>)] {
    static ALL: OnceLock<Vec<(Fault, Vec<Found>)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let next = AtomicUsize::new(0);
        let found = Mutex::new(Vec::new());
        let worker = || {
            while let Some(fault) = Fault::value_variants().get(next.fetch_add(1, Ordering::Relaxed)) {
                let tried = Attempt::at(expected(*fault).0).with(*fault).make();
                let all = tried.into_iter().flat_map(|Tried { check, result }| {
                    result.unwrap().into_iter().map(move |finding| Found { check: check.clone(), finding })
                });
                found.lock().unwrap().push((*fault, all.collect()));
            }
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(worker);
            }
        });
        found.into_inner().unwrap()
    })
}

#[test]
fn every_fault_is_noticed_by_its_clause_with_its_register_and_entry() {
    let levels = levels(&spec());
    let mut unnoticed = Vec::new();
    for (fault, found) in all() {
        for broken in expected(*fault).1 {
            let level = levels.get(broken.clause).copied();
            let about: Vec<&Finding> = found
                .iter()
                .map(|found| &found.finding)
                .filter(|finding| finding.clause == broken.clause && Some(finding.level) == level)
                .collect();
            let registers: BTreeSet<&str> =
                about.iter().filter_map(|finding| finding.register.as_ref()).map(|register| &*register.name).collect();
            let entries: BTreeSet<usize> = about.iter().filter_map(|finding| finding.entry).collect();
            let right = !about.is_empty()
                && (broken.registers.is_empty() || registers == broken.registers.iter().copied().collect())
                && broken.entries.clone().is_none_or(|wanted| entries == wanted.collect());
            if !right {
                unnoticed.push(format!("{fault:?}: expected {broken:?}, found {registers:?} {entries:?} {about:#?}"));
            }
        }
    }
    assert!(unnoticed.is_empty(), "faults that went unnoticed:\n{}", unnoticed.join("\n"));
}

#[test]
fn every_clause_has_a_fault() {
    let spec = spec();
    let broken: BTreeSet<&str> =
        Fault::value_variants().iter().flat_map(|fault| expected(*fault).1).map(|broken| broken.clause).collect();
    let known: BTreeSet<&str> = spec.clauses.clauses.iter().map(|clause| clause.id.as_str()).collect();
    assert_eq!(broken, known);
}

#[test]
fn every_check_has_been_seen_to_fail_for_each_of_its_clauses() {
    let mut never = Vec::new();
    for check in checks::all() {
        for clause in check.clauses {
            let seen = all().iter().any(|(fault, found)| {
                expected(*fault).1.iter().any(|broken| broken.clause == *clause)
                    && found.iter().any(|found| found.check == check.name && found.finding.clause == *clause)
            });
            if !seen {
                never.push(format!("{}: {clause}", check.name));
            }
        }
    }
    assert!(never.is_empty(), "never seen to fail:\n{}", never.join("\n"));
}
