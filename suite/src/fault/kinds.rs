// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The faults. `reglist show` prints the doc comment of each.

use clap::ValueEnum as _;

/// A deliberately wrong behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Fault {
    // The list's contents.
    /// KS3 is not listed.
    RegisterMissing,
    /// DEBUG, which no list has, is listed at the end.
    RegisterExtra,
    /// The id of EENTRY has its position in the kernel's table instead of its index.
    PositionForIndex,
    /// EENTRY is listed twice, the second time instead of TLBIDX.
    RegisterTwice,
    /// The id of ERA has the architecture byte of riscv64.
    ArchitectureWrong,
    /// The id of KS0 has a size of 32 bits.
    SizeWrong,
    /// The id of ASID has a reserved bit set, which GET and SET ignore.
    ReservedBitSet,
    /// The id of MISC has a bit below the index set, which GET and SET ignore.
    IndexMisaligned,
    /// The id of a CPUCFG word beyond the last is listed instead of CPUCFG20.
    IndexBeyondLast,
    /// TCFG is listed before TVAL.
    OrderSwapped,
    /// LBT_FTOP is not listed with the other LBT registers.
    FtopMissing,
    /// EENTRY is listed again at the end.
    RegisterAgain,
    /// An alias of CRMD, which GET and SET accept, is listed at the end.
    AliasListed,

    // Features that the list depends on.
    /// PMU registers are listed on every vCPU.
    PmuAlways,
    /// PMU registers are listed on no vCPU.
    PmuNever,
    /// PMU registers are listed if CPUCFG6.PMNUM is not 0.
    PmuByNumber,
    /// PMU registers are listed if CPUCFG6 is not 0.
    PmuByAnyBit,
    /// PMU registers are listed if CPUCFG6.UPM is set.
    PmuByUserMode,
    /// CPUCFG6.PMNUM limits the number of listed PMU registers.
    PmuAsManyAsNumber,
    /// PMU registers are listed if the host has a PMU.
    PmuByHost,
    /// LBT registers are listed on every vCPU.
    LbtAlways,
    /// LBT registers are listed on no vCPU.
    LbtNever,
    /// LBT registers are listed only if the vCPU has LBT_X86.
    LbtByX86Alone,
    /// LBT registers are listed only if the vCPU has LBT_X86, LBT_ARM and LBT_MIPS.
    LbtByAllThree,
    /// LBT registers are listed if the host has any LBT feature.
    LbtByHost,
    /// CPUCFG2.LSX adds DEBUG to the list.
    LsxAddsRegister,
    /// MISC is not listed while its value is -1.
    ValueHidesRegister,
    /// The list of every vCPU follows the features that were SET last on any vCPU.
    FeaturesOfVm,
    /// The list of every vCPU follows the features of vCPU 0.
    FeaturesOfFirstVcpu,
    /// The registers of a feature stay listed after the feature is off.
    FeaturesKept,
    /// A vCPU keeps its first list.
    ListOfVcpuKept,
    /// vCPU 0 keeps its first list.
    ListOfFirstVcpuKept,
    /// A VM keeps the first list of any of its vCPUs.
    ListOfVmKept,
    /// Every vCPU of every VM has the first list of all.
    ListOfAllKept,

    // Lists that change, and lists with side effects.
    /// From the second call on, the last register is missing.
    ShorterFromSecondCallOn,
    /// After 8 calls without a failure or SET in between, TCFG is listed before TVAL.
    OrderChangesInTime,
    /// After E2BIG with n = C - 1, the last register is missing once.
    ShorterAfterE2big,
    /// After EFAULT, the list is empty.
    EmptyAfterEfault,
    /// After EFAULT, every call fails with ENOMEM.
    EnomemAfterEfault,
    /// After a read-only header, the last register is missing once.
    ShorterAfterReadOnlyHeader,
    /// KS3 is listed only on the first vCPU.
    ShorterOnOtherVcpus,
    /// The lists of other vCPUs are empty until vCPU 0 is listed.
    EmptyBeforeFirstVcpu,
    /// KS3 is listed only in the first VM.
    ShorterInSecondVm,
    /// A successful call clears BADV.
    ListClearsRegister,
    /// A call that fails with E2BIG clears BADV.
    E2bigClearsRegister,
    /// A call that fails with EFAULT clears BADV.
    EfaultClearsRegister,

    // The count and success.
    /// Only the lower half of the entry of MISC is written.
    EntryHalfWritten,
    /// C is one more than the length of the list.
    CountOneMore,
    /// C is one less than the length of the list.
    CountOneLess,
    /// With both PMU and LBT, C is one less than the length of the list.
    CountWrongWithBoth,
    /// The first call on a vCPU, if n = 0, returns C of a vCPU with every feature.
    CountWrongAtFirst,
    /// The last entry is not written.
    LastEntryUnwritten,
    /// One entry more than C is written.
    EntryTooMany,
    /// A successful call leaves n unchanged.
    CountKeptOnSuccess,
    /// A successful call with n = C + 1 leaves n unchanged.
    CountKeptAboveC,
    /// A successful call returns 1 instead of 0.
    SuccessIsOne,
    /// n is truncated to 32 bits.
    CountCut,
    /// n is truncated to a signed 32-bit number.
    CountCutSigned,
    /// n is compared as a signed 64-bit number.
    CountSigned,
    /// A call with n above 2^20 fails with ENOMEM.
    LargeCountRefused,

    // Too small.
    /// A call with n below C fails with EINVAL instead of E2BIG.
    E2bigIsEinval,
    /// A call with n below C succeeds with n entries.
    E2bigIsSuccess,
    /// A call with n = 0 succeeds and returns C.
    ZeroIsSuccess,
    /// A call with n = C fails with E2BIG.
    ExactIsE2big,
    /// A call with n = C - 1 succeeds.
    OneLessIsSuccess,
    /// A call that fails with E2BIG leaves n unchanged.
    CountKeptOnE2big,
    /// A call that fails with E2BIG sets n to C - 1.
    CountWrongOnE2big,
    /// A call that fails with E2BIG sets n to the number of entries without room.
    CountOfMissing,
    /// A call that fails with E2BIG writes the entries that fit.
    E2bigWritesEntries,
    /// A call with n below C fails with EFAULT if `reg[0]` is not writable.
    E2bigNeedsArray,

    // Bad memory.
    /// An unreadable header fails with EINVAL.
    HeaderUnreadableIsEinval,
    /// A read-only header with n below C fails with E2BIG.
    HeaderReadOnlyIsE2big,
    /// n is written to a read-only header.
    HeaderReadOnlyWritten,
    /// A header of which only the first bytes are mapped counts as n = 0.
    HeaderStraddlingAccepted,
    /// A header at NULL counts as n = 0.
    NullIsNoHeader,
    /// A header that is not aligned to 8 bytes fails with EINVAL.
    MisalignedIsEinval,
    /// EFAULT among the CSRs is kept in an unsigned variable and used as an index.
    EfaultLost,
    /// Entries are written to read-only memory.
    ArrayReadOnlyWritten,
    /// An unmapped entry fails with ENOMEM.
    ArrayUnmappedIsEnomem,
    /// Unwritable entries beyond a file's end are ignored.
    FileEndIsSuccess,
    /// Unwritable entries are ignored.
    EfaultIsSuccess,
    /// If entry 17 is the first unwritable one, the call fails with EINVAL.
    EfaultIsEinvalOnce,
    /// An unwritable last entry is ignored.
    LastEntryUnchecked,
    /// If an entry is unwritable, the call succeeds with a shorter list.
    EfaultIsShortList,
    /// n is written after the entries, and so not if the call fails with EFAULT.
    CountBehindEntries,
    /// The kernel checks the whole array before it writes the first entry.
    ArrayTriedFirst,
    /// The 8 bytes before the header are written.
    StrayBeforeHeader,
    /// 8 bytes are written 9 entries after the list.
    StrayBehindList,

    // GET.
    /// GET of KS5 fails with EIO.
    GetRefused,
    /// GET writes 4 bytes.
    GetWritesHalf,
    /// GET writes 16 bytes.
    GetWritesDouble,
    /// GET also writes the 8 bytes before the value.
    GetWritesBefore,
    /// GET succeeds and writes nothing.
    GetWritesNothing,
    /// GET of KS1 returns 1.
    GetSuccessIsOne,
    /// GET to an unwritable address succeeds.
    GetBadAddressIsSuccess,
    /// GET to an unwritable address fails with EINVAL.
    GetBadAddressIsEinval,
    /// An unreadable kvm_one_reg fails with EINVAL.
    OneRegUnreadableIsEinval,
    /// GET and SET accept ids of any size.
    AnySize,

    // SET.
    /// SET of PRCFG1 fails with EINVAL, as if the register were read-only.
    SetRefused,
    /// SET of CPUID to the value that it has on a fresh vCPU fails with EPERM instead of EINVAL.
    CpuidRefusedByEperm,
    /// SET of CPUCFG5 fails with EPERM unless the value is the present one.
    SetOfChangeRefused,
    /// SET of KS3 to its present value fails with EINVAL.
    UnchangedRefused,
    /// SET of KS2 is ignored.
    SetIgnored,
    /// SET of ERA drops bit 62.
    SetDropsBit,
    /// SET of DMWIN0 keeps only 32 bits.
    SetStores32Bits,
    /// SET of ESTAT drops SIP0.
    EstatDropsBit,
    /// SET of ESTAT always sets SIP1.
    EstatInventsBit,
    /// SET from an unreadable address succeeds.
    SetBadAddressIsSuccess,
    /// SET of KS6 from an unreadable address toggles its bit 0.
    SetBadAddressToggles,
    /// SET of KS4 returns 1.
    SetSuccessIsOne,
    /// SET of KS6 to a value other than 0 returns 1.
    SetOfValueIsOne,

    // Independence of registers.
    /// SET of KS1 changes KS2 instead.
    SetHitsNeighbour,
    /// SET of KS4 also changes KS5.
    SetChangesNext,
    /// SET of CRMD also changes CPUCFG19.
    SetChangesFarAway,
    /// TLBRBADV and BADV are the same register.
    CellShared,
    /// GET of TLBEHI adds 1 to ASID.
    GetChangesOther,
    /// GET of BADI clears BADI.
    GetClears,
    /// SET of TLBREHI also changes TLBRPRMD, after a SET of TLBRPRMD.
    SetChangesNextLater,
    /// GET of KS5 returns the value of KS4 until KS5 is SET.
    SetSeenAtNext,

    // COUNTER.
    /// COUNTER counts backwards.
    CounterBackwards,
    /// SET of COUNTER is ignored on every vCPU.
    CounterIgnoresSet,
    /// COUNTER does not count.
    CounterStandsStill,
    /// SET of COUNTER to 0 is ignored.
    CounterIgnoresZero,
    /// SET of COUNTER adds a constant.
    CounterAheadAfterSet,
    /// SET of COUNTER on any vCPU sets it for the VM.
    CounterSetByAnyVcpu,
    /// SET of COUNTER on vCPU 0 has an effect only on vCPU 0.
    CounterOfEachVcpu,
    /// SET of COUNTER has an effect only in the first VM.
    CounterOfFirstVmAlone,

    // Registers that depend on something.
    /// GET and SET of LBT registers succeed on every vCPU.
    LbtUngated,
    /// GET and SET of LBT registers fail with EINVAL on a vCPU without LBT.
    LbtRefusedByEinval,
    /// GET and SET of LBT registers need LBT_X86.
    LbtGatedByX86,
    /// SET of PMU registers fails with EINVAL before CPUCFG6.PMP is set.
    PmuRefusedBeforeFeature,
    /// SET of ESTAT is ignored before CPUCFG2 was SET.
    EstatIgnoredBeforeFeatures,
    /// SET of COUNTER is ignored before CPUCFG2 was SET.
    CounterIgnoredBeforeFeatures,
    /// SET of CPUCFG2 clears EUEN.
    FeaturesResetEuen,
    /// SET of TCFG clears TVAL.
    TcfgResetsTval,
    /// SET of CNTC fails with EINVAL except on the first vCPU.
    SetRefusedOnOtherVcpus,

    // Refusals.
    /// GET of an id that no register has returns 22 instead of EINVAL.
    UnknownIsPositive,
    /// SET of an id that no register has succeeds.
    UnknownSetAccepted,
    /// SET of a CPUCFG word accepts every value.
    CpucfgUnchecked,
    /// SET of CPUCFG2 accepts a value without LLFTP.
    LlftpNotRequired,
    /// SET of CPUCFG6 accepts more counters (PMNUM) than the host has.
    PmnumUnchecked,
    /// SET of a CPUCFG word stores a value that it refuses.
    CpucfgRefusedAndStored,
    /// SET of CPUID accepts the number of another vCPU.
    CpuidShared,
    /// SET of CPUID stores a number that it refuses.
    CpuidRefusedAndStored,
    /// SET of LBT registers succeeds on every vCPU.
    LbtSetUngated,

    // Several threads.
    /// A list call fails with EBUSY while another thread lists.
    ListBusy,
    /// All vCPUs of a VM build their lists in one buffer without a lock.
    ListInBufferOfVm,
    /// GET copies its value through a variable of the VM without a lock.
    GetThroughCellOfVm,
    /// SET stores its value in a variable of the vCPU before it locks the vCPU.
    SetUnlocked,

    // Elsewhere.
    /// KVM_GET_REG_LIST succeeds on a VM.
    ListOnVm,
    /// KVM_GET_REG_LIST fails with EFAULT on /dev/kvm.
    ListOnKvmIsEfault,
    /// The ioctls succeed in a process that did not create the VM.
    OtherProcessServed,
    /// /dev/kvm does not report KVM_CAP_ONE_REG.
    CapabilityOfVmAlone,
    /// A VM does not report KVM_CAP_ONE_REG.
    CapabilityOfKvmAlone,
    /// GET reads CSR 0x800, one beyond the last.
    CsrBeyondLastReadable,
    /// GET reads a KVM register that no header defines.
    UnknownReadable,

    // Other ioctls of a vCPU.
    /// KVM_SET_DEVICE_ATTR lacks its break and falls into KVM_GET_REG_LIST.
    SetAttrFallsIntoList,
    /// KVM_GET_DEVICE_ATTR lacks its break and falls into KVM_SET_DEVICE_ATTR.
    GetAttrFallsIntoSet,
    /// The default of an unknown ioctl lacks its break and falls into KVM_GET_REG_LIST.
    UnknownFallsIntoList,
    /// KVM_GET_REG_LIST lacks its break and falls into KVM_ENABLE_CAP.
    ListFallsIntoEnableCap,
    /// A list call adds 4 to the vCPU's program counter.
    ListAdvancesPc,

    // What only a kernel can do: each happens in KVM_SET_ONE_REG with an unreadable argument
    // on a vCPU with PMU and LBT, and nowhere else.
    /// The kernel logs a warning. Its answers are right.
    Warning,
    /// The kernel reads one entry beyond a table.
    TableOverrun,
    /// The kernel reads memory that it has freed.
    UseAfterFree,
    /// The kernel writes to the caller's memory while it holds a spinlock.
    SleepUnderSpinlock,
    /// The kernel takes two locks, once in one order and once in the other.
    LocksInWrongOrder,
    /// The kernel shifts a 64-bit number by 64.
    ShiftTooFar,
    // Trouble.
    /// The kernel dereferences a null pointer.
    Oops,
    /// The kernel panics.
    Panic,
    /// The ioctl never returns, but the process can be killed.
    Hang,
    /// The ioctl never returns, and the process cannot be killed.
    HangUninterruptible,
    /// The CPU spins forever with interrupts off.
    Lockup,
    /// The kernel overwrites the stack of the process.
    MemoryOverwritten,
    /// The kernel overwrites its own memory.
    MemoryCorrupted,
    /// Destroying the VM never ends.
    StuckAtEnd,
}

impl Fault {
    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Its effect, in one sentence.
    pub fn sentence(self) -> String {
        let help = self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
        help.map(|help| format!("{}.", help.trim_end_matches('.'))).unwrap_or_default()
    }

    /// The fault with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_and_a_sentence() {
        for fault in Fault::value_variants() {
            assert_eq!(Fault::named(&fault.name()), Some(*fault));
            assert!(fault.sentence().len() > 10, "{fault:?}");
        }
    }
}
