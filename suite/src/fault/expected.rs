// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The findings that each fault must cause.

use std::ops::RangeInclusive;

use super::kinds::Fault;
use crate::checks::IN_EVERY_CASE;

/// How to run a fault, and the clauses that it breaks.
#[derive(Debug)]
pub struct Expected {
    /// The configuration that shows it.
    pub configuration: &'static str,
    /// Whether it needs `--allow-new`.
    pub allow_new: bool,
    /// The clauses that it must break.
    pub broken: Vec<Broken>,
    /// Clauses that it can also break, because checks depend on the broken behaviour.
    pub consequences: &'static [&'static str],
}

impl Expected {
    fn broken(broken: impl Into<Vec<Broken>>) -> Self {
        Self { configuration: "base", allow_new: false, broken: broken.into(), consequences: &[] }
    }

    fn and(self, consequences: &'static [&'static str]) -> Self {
        Self { consequences, ..self }
    }

    /// For a fault that hangs or crashes instead of giving wrong answers.
    fn trouble() -> Self {
        Self::broken([]).with("pmu_lbt")
    }

    fn with(self, configuration: &'static str) -> Self {
        Self { configuration, ..self }
    }

    fn allowing_new(self) -> Self {
        Self { allow_new: true, ..self }
    }
}

/// A broken clause, with the registers and entries in its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The clause's id.
    pub clause: &'static str,
    /// Exactly these registers; empty if any.
    pub registers: &'static [&'static str],
    /// Exactly these registers that must come before; empty if any.
    pub after: &'static [&'static str],
    /// Exactly these entries; `None` if any.
    pub entries: Option<RangeInclusive<usize>>,
}

const fn broken(clause: &'static str) -> Broken {
    Broken { clause, registers: &[], after: &[], entries: None }
}

impl Broken {
    const fn of(mut self, registers: &'static [&'static str]) -> Self {
        self.registers = registers;
        self
    }

    const fn after(mut self, registers: &'static [&'static str]) -> Self {
        self.after = registers;
        self
    }

    fn at(mut self, first: usize, last: usize) -> Self {
        self.entries = Some(first..=last);
        self
    }
}

/// PMU registers, then LBT registers.
#[rustfmt::skip]
const OF_FEATURES: &[&str] = &[
    "PERFCTRL0", "PERFCNTR0", "PERFCTRL1", "PERFCNTR1", "PERFCTRL2", "PERFCNTR2", "PERFCTRL3", "PERFCNTR3",
    "LBT_SCR0", "LBT_SCR1", "LBT_SCR2", "LBT_SCR3", "LBT_EFLAGS", "LBT_FTOP",
];
const PMU: &[&str] = OF_FEATURES.split_at(8).0;
const LATER_PMU: &[&str] = PMU.split_at(2).1;
const LBT: &[&str] = OF_FEATURES.split_at(8).1;
/// Consequences of an id that is not a LoongArch id.
const MALFORMED: &[&str] = &["list.contents", "reg.get", "reg.bad_size", "efault.misaligned"];
/// Consequences of a GET that returns no value.
const UNREAD: &[&str] = &[
    "reg.set_same",
    "reg.roundtrip",
    "reg.independent",
    "reg.counter",
    "reg.bad_address",
    "restore.list_order",
    "restore.cold",
];
/// Consequences of a counter that does not keep its SET value.
const UNKEPT: &[&str] = &["reg.roundtrip", "reg.independent", "restore.list_order", "restore.cold", "reg.bad_address"];

impl Fault {
    /// The findings that it must cause.
    pub fn expected(self) -> Expected {
        expected(self)
    }
}

/// `base` has 76 registers, 54 CSRs first and COUNTER last.
fn expected(fault: Fault) -> Expected {
    let contents = broken("list.contents");
    let canonical = broken("list.canonical").of(&["no LoongArch register"]);
    let stable = broken("list.stable");
    let follows = broken("list.follows");
    let roundtrip = broken("reg.roundtrip");
    let counter = broken("reg.counter").of(&["COUNTER"]);
    let any_order = broken("restore.any_order");
    let complete = broken("list.complete");
    let count = broken("list.count");
    let consumers = broken("list.consumers");
    let usable = broken("efault.usable");
    let pure = broken("list.pure");
    let array = broken("efault.array");
    let prefix = broken("efault.prefix");
    let independent = broken("reg.independent");
    let list_order = broken("restore.list_order");
    let cold = broken("restore.cold");
    let refused = broken("reg.refused");
    let get = broken("reg.get");
    let stray = broken("efault.stray");
    let wrong_fd = broken("fd.wrong");
    match fault {
        Fault::RegisterMissing => Expected::broken([contents.of(&["KS3"]), count, consumers.of(&["KS3"])]),
        Fault::RegisterExtra => Expected::broken([contents.of(&["DEBUG"]).at(76, 76), count]),
        Fault::PositionForIndex => Expected::broken([contents.of(&["EENTRY", "CSR 0x9"]).at(9, 9)]),
        Fault::RegisterTwice => {
            let unique = broken("list.unique").of(&["EENTRY"]).at(10, 10);
            Expected::broken([unique, contents.of(&["TLBIDX"])]).and(&["list.order"])
        }
        Fault::RegisterAgain => Expected::broken([broken("list.unique").of(&["EENTRY"]).at(76, 76)]).allowing_new(),
        Fault::AliasListed => Expected::broken([canonical.at(76, 76)]).allowing_new(),
        Fault::ArchitectureWrong => Expected::broken([canonical.at(6, 6)]).and(MALFORMED),
        Fault::SizeWrong => Expected::broken([canonical.at(26, 26)]).and(MALFORMED),
        Fault::ReservedBitSet => Expected::broken([canonical.at(14, 14)]).and(MALFORMED),
        Fault::IndexMisaligned => Expected::broken([canonical.at(3, 3)]).and(MALFORMED),
        Fault::IndexBeyondLast => {
            Expected::broken([broken("list.canonical").of(&["CPUCFG 21"]).at(74, 74)]).and(MALFORMED)
        }
        Fault::OrderSwapped => Expected::broken([broken("list.order").of(&["TVAL"])]),
        Fault::FtopMissing => Expected::broken([contents.of(&["LBT_FTOP"]), count]).with("lbt"),

        Fault::PmuAlways | Fault::PmuByHost => Expected::broken([contents.of(PMU).at(54, 61), count]),
        Fault::PmuNever => Expected::broken([contents.of(PMU), count]).with("pmu"),
        Fault::PmuByNumber | Fault::PmuByAnyBit | Fault::PmuByUserMode => Expected::broken([follows.of(PMU)]),
        Fault::PmuAsManyAsNumber => Expected::broken([follows.of(LATER_PMU)]),
        Fault::LbtAlways | Fault::LbtByHost => Expected::broken([contents.of(LBT).at(76, 81), count, get.of(LBT)]),
        Fault::LbtNever => Expected::broken([contents.of(LBT), count]).with("lbt"),
        Fault::LbtByX86Alone => Expected::broken([contents.of(LBT), count]).with("lbt_arm"),
        Fault::LbtByAllThree => Expected::broken([contents.of(LBT), count]).with("lbt_mips"),
        Fault::LsxAddsRegister => Expected::broken([follows.of(&["DEBUG"])]),
        Fault::ValueHidesRegister => Expected::broken([follows.of(&["MISC"])]),
        Fault::FeaturesOfVm
        | Fault::FeaturesOfFirstVcpu
        | Fault::FeaturesKept
        | Fault::ListOfVcpuKept
        | Fault::ListOfFirstVcpuKept
        | Fault::ListOfVmKept
        | Fault::ListOfAllKept => Expected::broken([follows.of(OF_FEATURES)]),

        Fault::ShorterFromSecondCallOn => Expected::broken([stable.of(&["COUNTER"]).at(75, 75)]).and(&[
            "list.complete",
            "list.count",
            "list.follows",
            "e2big.errno",
            "e2big.count",
            "e2big.untouched",
            "efault.array",
            "efault.prefix",
            "efault.misaligned",
            "efault.usable",
            "busy.threads",
        ]),
        Fault::OrderChangesInTime => Expected::broken([stable.of(&["TVAL"]).at(52, 52)]),
        Fault::ShorterAfterE2big => Expected::broken([stable.of(&["COUNTER"]).at(75, 75)]).and(&["e2big.untouched"]),
        Fault::EmptyAfterEfault => {
            Expected::broken([usable, stable.of(&["CRMD"]).at(0, 0)]).and(&["efault.array", "efault.prefix"])
        }
        Fault::EnomemAfterEfault => {
            Expected::broken([usable, stable]).and(&["efault.array", "efault.prefix", "efault.header"])
        }
        Fault::ShorterAfterReadOnlyHeader => Expected::broken([usable]),
        Fault::ShorterOnOtherVcpus => {
            Expected::broken([stable.of(&["KS3"]).at(29, 29), follows.of(&["KS3"])]).and(&["busy.threads"])
        }
        Fault::EmptyBeforeFirstVcpu => Expected::broken([stable.of(&["CRMD"]).at(0, 0)]),
        Fault::ShorterInSecondVm => Expected::broken([stable.of(&["KS3"]).at(29, 29)]),
        Fault::ListClearsRegister => Expected::broken([pure.of(&["BADV"])]).and(&["busy.threads"]),
        Fault::E2bigClearsRegister | Fault::EfaultClearsRegister => Expected::broken([pure.of(&["BADV"])]),

        Fault::EntryHalfWritten => {
            Expected::broken([contents.of(&["MISC", "no LoongArch register"]).at(3, 3), canonical]).and(MALFORMED)
        }
        Fault::CountOneMore => Expected::broken([complete, count]),
        Fault::LastEntryUnwritten | Fault::EntryTooMany | Fault::CountKeptOnSuccess | Fault::SuccessIsOne => {
            Expected::broken([complete])
        }
        Fault::CountOneLess => Expected::broken([complete, count, contents.of(&["COUNTER"])]).and(&["list.follows"]),
        Fault::CountWrongWithBoth => {
            Expected::broken([complete, count, contents.of(&["LBT_FTOP"])]).and(&["list.follows"]).with("pmu_lbt")
        }
        Fault::CountWrongAtFirst => Expected::broken([count]),
        Fault::CountKeptAboveC => Expected::broken([complete, prefix]),
        Fault::CountCutSigned => Expected::broken([complete, broken("list.width")]),
        Fault::LargeCountRefused => Expected::broken([complete, broken("list.width")]).and(&["efault.header"]),
        Fault::CountCut | Fault::CountSigned => Expected::broken([broken("list.width")]),

        Fault::E2bigIsEinval | Fault::E2bigIsSuccess | Fault::ZeroIsSuccess | Fault::OneLessIsSuccess => {
            Expected::broken([broken("e2big.errno")])
        }
        Fault::ExactIsE2big => Expected::broken([complete, broken("e2big.count")]),
        Fault::CountKeptOnE2big => Expected::broken([broken("e2big.count"), broken("efault.header")]),
        Fault::CountWrongOnE2big => Expected::broken([broken("e2big.count"), count]),
        Fault::CountOfMissing => Expected::broken([broken("e2big.count")]),
        Fault::E2bigWritesEntries => Expected::broken([broken("e2big.untouched").at(0, 74)]),
        Fault::E2bigNeedsArray => Expected::broken([broken("e2big.untouched")]),

        Fault::HeaderUnreadableIsEinval
        | Fault::HeaderReadOnlyIsE2big
        | Fault::HeaderStraddlingAccepted
        | Fault::NullIsNoHeader => Expected::broken([broken("efault.header")]),
        Fault::HeaderReadOnlyWritten => Expected::broken([broken("efault.header"), stray]),
        Fault::MisalignedIsEinval => Expected::broken([broken("efault.misaligned")]),
        Fault::EfaultLost => Expected::broken([stray.at(0, 53), array.at(0, 53)]),
        Fault::ArrayReadOnlyWritten => Expected::broken([array.at(0, 75), stray.at(0, 75)]),
        Fault::ArrayUnmappedIsEnomem | Fault::FileEndIsSuccess | Fault::EfaultIsSuccess => {
            Expected::broken([array.at(0, 75)])
        }
        Fault::EfaultIsEinvalOnce => Expected::broken([array.at(17, 17)]),
        Fault::LastEntryUnchecked => Expected::broken([array.at(75, 75)]),
        Fault::EfaultIsShortList => Expected::broken([array.at(0, 75), prefix.at(0, 75)]),
        Fault::CountBehindEntries => Expected::broken([prefix.at(0, 75)]),
        Fault::ArrayTriedFirst => Expected::broken([prefix.at(1, 75)]),
        Fault::StrayBeforeHeader | Fault::StrayBehindList => Expected::broken([stray]),

        Fault::GetRefused => Expected::broken([get.of(&["KS5"])]),
        Fault::GetWritesDouble | Fault::GetWritesBefore => Expected::broken([get]),
        Fault::GetWritesHalf | Fault::GetWritesNothing => Expected::broken([get]).and(UNREAD),
        Fault::GetBadAddressIsSuccess
        | Fault::GetBadAddressIsEinval
        | Fault::OneRegUnreadableIsEinval
        | Fault::SetBadAddressIsSuccess => Expected::broken([broken("reg.bad_address")]),
        Fault::GetSuccessIsOne => Expected::broken([broken("reg.success").of(&["KS1"])]),
        Fault::SetSuccessIsOne => Expected::broken([broken("reg.success").of(&["KS4"])]),
        Fault::SetOfValueIsOne => Expected::broken([broken("reg.success").of(&["KS6"])]),
        Fault::AnySize => Expected::broken([broken("reg.bad_size")]),

        Fault::SetRefused => Expected::broken([broken("reg.set_same").of(&["PRCFG1"]), roundtrip.of(&["PRCFG1"])])
            .and(&["reg.independent", "restore.list_order", "restore.cold"]),
        Fault::CpuidRefusedByEperm => Expected::broken([broken("reg.set_same").of(&["CPUID"])]),
        Fault::SetOfChangeRefused => {
            Expected::broken([roundtrip.of(&["CPUCFG5"])]).and(&["reg.independent", "reg.refused"])
        }
        Fault::UnchangedRefused => Expected::broken([broken("reg.set_same").of(&["KS3"])]).with("pmu"),
        Fault::SetIgnored => Expected::broken([roundtrip.of(&["KS2"])]).and(&["reg.independent"]),
        Fault::SetDropsBit => Expected::broken([roundtrip.of(&["ERA"])]).and(&["reg.independent"]),
        Fault::SetStores32Bits => Expected::broken([roundtrip.of(&["DMWIN0"])]).and(&["reg.independent"]),
        Fault::EstatDropsBit => Expected::broken([roundtrip.of(&["ESTAT"])]),
        Fault::EstatInventsBit => Expected::broken([roundtrip.of(&["ESTAT"])]).and(&["reg.independent"]),
        Fault::SetBadAddressToggles => Expected::broken([broken("reg.bad_address").of(&["KS6"])]),

        Fault::SetHitsNeighbour => Expected::broken([roundtrip.of(&["KS1"]), independent.of(&["KS1", "KS2"])]),
        Fault::SetChangesNext => {
            Expected::broken([independent.of(&["KS5"]), any_order.of(&["KS5"]).after(&["KS4"])]).and(&["busy.threads"])
        }
        Fault::SetChangesNextLater => {
            Expected::broken([independent.of(&["TLBRPRMD"]), any_order.of(&["TLBRPRMD"]).after(&["TLBREHI"])])
        }
        Fault::SetChangesFarAway => {
            Expected::broken([independent.of(&["CPUCFG19"]), any_order.of(&["CPUCFG19"]).after(&["CRMD"])])
                .and(&["busy.threads"])
        }
        Fault::CellShared => Expected::broken([independent.of(&["BADV", "TLBRBADV"])]).and(&["busy.threads"]),
        Fault::GetChangesOther => Expected::broken([independent.of(&["ASID"]), list_order.of(&["ASID"])])
            .and(&["restore.cold", "busy.threads"]),
        Fault::SetSeenAtNext => Expected::broken([independent.of(&["KS5"])]),
        Fault::GetClears => Expected::broken([independent.of(&["BADI"])]),

        Fault::CounterBackwards | Fault::CounterIgnoresSet | Fault::CounterAheadAfterSet => {
            Expected::broken([counter]).and(UNKEPT)
        }
        Fault::CounterStandsStill
        | Fault::CounterIgnoresZero
        | Fault::CounterSetByAnyVcpu
        | Fault::CounterOfEachVcpu => Expected::broken([counter]),
        Fault::CounterOfFirstVmAlone => Expected::broken([list_order.of(&["COUNTER"]), cold.of(&["COUNTER"])]),

        Fault::LbtUngated => Expected::broken([broken("reg.gated").of(LBT), broken("list.unlisted").of(LBT)]),
        Fault::LbtRefusedByEinval | Fault::LbtGatedByX86 => Expected::broken([broken("reg.gated").of(LBT)]),
        Fault::PmuRefusedBeforeFeature => {
            Expected::broken([cold.of(PMU), any_order.of(PMU).after(&["CPUCFG6"])]).with("pmu")
        }
        Fault::EstatIgnoredBeforeFeatures => Expected::broken([cold.of(&["ESTAT"]), any_order]),
        Fault::CounterIgnoredBeforeFeatures => Expected::broken([any_order.of(&["COUNTER"]).after(&["CPUCFG2"])]),
        Fault::FeaturesResetEuen => Expected::broken([
            independent.of(&["EUEN"]),
            list_order.of(&["EUEN"]),
            any_order.of(&["EUEN"]).after(&["CPUCFG2"]),
        ])
        .and(&["restore.cold", "busy.threads"]),
        Fault::TcfgResetsTval => Expected::broken([
            independent.of(&["TVAL"]),
            list_order.of(&["TVAL"]),
            any_order.of(&["TVAL"]).after(&["TCFG"]),
        ])
        .and(&["restore.cold", "busy.threads"]),
        Fault::SetRefusedOnOtherVcpus => Expected::broken([list_order.of(&["CNTC"])]).and(&["busy.threads"]),

        Fault::UnknownIsPositive => Expected::broken([refused, broken("list.unlisted")]),
        Fault::UnknownSetAccepted => Expected::broken([refused]),
        Fault::CpucfgUnchecked | Fault::CpucfgRefusedAndStored => Expected::broken([refused]),
        Fault::LlftpNotRequired => Expected::broken([refused.of(&["CPUCFG2"])]),
        Fault::PmnumUnchecked => Expected::broken([refused.of(&["CPUCFG6"])]).with("pmu"),
        Fault::CpuidShared | Fault::CpuidRefusedAndStored => Expected::broken([refused.of(&["CPUID"])]),
        Fault::LbtSetUngated => Expected::broken([broken("reg.gated").of(LBT)]),

        Fault::ListBusy | Fault::ListInBufferOfVm | Fault::GetThroughCellOfVm | Fault::SetUnlocked => {
            Expected::broken([broken("busy.threads")])
        }

        Fault::ListOnVm | Fault::ListOnKvmIsEfault | Fault::OtherProcessServed => Expected::broken([wrong_fd]),
        Fault::CapabilityOfVmAlone | Fault::CapabilityOfKvmAlone => Expected::broken([broken("cap.one_reg")]),
        Fault::CsrBeyondLastReadable => Expected::broken([broken("list.unlisted").of(&["CSR 0x800"])]),
        Fault::UnknownReadable => Expected::broken([broken("list.unlisted").of(&["KVM 0x4"])]),

        Fault::SetAttrFallsIntoList
        | Fault::GetAttrFallsIntoSet
        | Fault::UnknownFallsIntoList
        | Fault::ListAdvancesPc => Expected::broken([broken("neighbour.ioctls")]),
        Fault::ListFallsIntoEnableCap => Expected::broken([complete]),

        Fault::Warning
        | Fault::TableOverrun
        | Fault::UseAfterFree
        | Fault::SleepUnderSpinlock
        | Fault::LocksInWrongOrder
        | Fault::ShiftTooFar => Expected::broken([broken(IN_EVERY_CASE)]).with("pmu_lbt"),

        Fault::Oops
        | Fault::Panic
        | Fault::Hang
        | Fault::HangUninterruptible
        | Fault::Lockup
        | Fault::MemoryOverwritten
        | Fault::MemoryCorrupted
        | Fault::StuckAtEnd => Expected::trouble(),
    }
}
