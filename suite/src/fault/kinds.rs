// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The faults, with a sentence about each.

use clap::ValueEnum as _;

/// A deliberately wrong behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Fault {
    // The list's contents.
    /// KS3 is not listed.
    RegisterMissing,
    /// DEBUG, which belongs to no list, is listed at its end.
    RegisterExtra,
    /// EENTRY's position in the kernel's table is listed in place of its index.
    PositionForIndex,
    /// EENTRY is listed a second time, in place of TLBIDX.
    RegisterTwice,
    /// ERA's id has riscv64's architecture byte.
    ArchitectureWrong,
    /// KS0's id says 32 bits.
    SizeWrong,
    /// ASID's id has a reserved bit set, which GET and SET ignore.
    ReservedBitSet,
    /// MISC's id has a bit below its index set, which GET and SET ignore.
    IndexMisaligned,
    /// CPUCFG20's place has the id of a word beyond the last.
    IndexBeyondLast,
    /// TCFG comes before TVAL.
    OrderSwapped,
    /// FTOP is not listed beside the other registers of LBT.
    FtopMissing,
    /// EENTRY is listed once more, at the end.
    RegisterAgain,
    /// An id that GET and SET take for CRMD is listed at the end.
    AliasListed,

    // The features that decide about the list.
    /// The PMU's registers are listed on every vCPU.
    PmuAlways,
    /// The PMU's registers are listed on no vCPU.
    PmuNever,
    /// The PMU's registers are listed where CPUCFG6.PMNUM is not 0.
    PmuByNumber,
    /// The PMU's registers are listed where CPUCFG6 is not 0.
    PmuByAnyBit,
    /// The PMU's registers are listed where CPUCFG6.UPM is set.
    PmuByUserMode,
    /// As many of the PMU's registers are listed as CPUCFG6.PMNUM says.
    PmuAsManyAsNumber,
    /// The PMU's registers are listed wherever the host has a PMU.
    PmuByHost,
    /// The registers of LBT are listed on every vCPU.
    LbtAlways,
    /// The registers of LBT are listed on no vCPU.
    LbtNever,
    /// The registers of LBT are listed where the vCPU can translate x86.
    LbtByX86Alone,
    /// The registers of LBT are listed where the vCPU can translate all three.
    LbtByAllThree,
    /// The registers of LBT are listed wherever the host has any of LBT.
    LbtByHost,
    /// CPUCFG2.LSX adds DEBUG to the list.
    LsxAddsRegister,
    /// MISC is not listed while its value is -1.
    ValueHidesRegister,
    /// Every vCPU is taken to have the features of the one that was SET last.
    FeaturesOfVm,
    /// Every vCPU is taken to have the features of vCPU 0.
    FeaturesOfFirstVcpu,
    /// A feature that was listed once is listed for ever.
    FeaturesKept,
    /// A vCPU keeps its first list.
    ListOfVcpuKept,
    /// vCPU 0 keeps its first list.
    ListOfFirstVcpuKept,
    /// A VM keeps the first list of any of its vCPUs.
    ListOfVmKept,
    /// The first list of all is everybody's.
    ListOfAllKept,

    // Lists that change, and that change something.
    /// From the second call on the last register is missing.
    ShorterFromSecondCallOn,
    /// After 8 calls without failure or SET in between TCFG comes before TVAL.
    OrderChangesInTime,
    /// After E2BIG with n = C - 1 the last register is missing, once.
    ShorterAfterE2big,
    /// After EFAULT the list is empty.
    EmptyAfterEfault,
    /// After EFAULT every call gives ENOMEM.
    EnomemAfterEfault,
    /// After a header that is read-only the last register is missing, once.
    ShorterAfterReadOnlyHeader,
    /// KS3 is not listed on vCPUs but the first.
    ShorterOnOtherVcpus,
    /// The lists of other vCPUs are empty until vCPU 0 was asked for its own.
    EmptyBeforeFirstVcpu,
    /// KS3 is not listed in VMs but the first.
    ShorterInSecondVm,
    /// A list that succeeds clears BADV.
    ListClearsRegister,
    /// E2BIG clears BADV.
    E2bigClearsRegister,
    /// EFAULT clears BADV.
    EfaultClearsRegister,

    // The count, and what success means.
    /// Only the lower half of MISC's entry is written.
    EntryHalfWritten,
    /// C is one more than the list is long.
    CountOneMore,
    /// C is one less than the list is long.
    CountOneLess,
    /// With PMU and LBT both, C is one less than the list is long.
    CountWrongWithBoth,
    /// The first call on a vCPU, if it is with n = 0, is answered with C of a
    /// vCPU that has every feature.
    CountWrongAtFirst,
    /// The last entry is not written.
    LastEntryUnwritten,
    /// An entry more than C is written.
    EntryTooMany,
    /// Success leaves n as it was.
    CountKeptOnSuccess,
    /// Success with n = C + 1 leaves n as it was.
    CountKeptAboveC,
    /// Success is 1, not 0.
    SuccessIsOne,
    /// n is cut to 32 bits.
    CountCut,
    /// n is cut to 32 bits, the highest of which is a sign.
    CountCutSigned,
    /// n is compared as a signed number of 64 bits.
    CountSigned,
    /// n above 2^20 gives ENOMEM.
    LargeCountRefused,

    // Too small.
    /// EINVAL stands in place of E2BIG.
    E2bigIsEinval,
    /// A call with n below C succeeds with as many entries.
    E2bigIsSuccess,
    /// A call with n = 0 succeeds, as a question for C.
    ZeroIsSuccess,
    /// n = C is too small.
    ExactIsE2big,
    /// n = C - 1 is large enough.
    OneLessIsSuccess,
    /// E2BIG leaves n as it was.
    CountKeptOnE2big,
    /// E2BIG sets n to C - 1.
    CountWrongOnE2big,
    /// E2BIG sets n to the number of entries for which there is no room.
    CountOfMissing,
    /// The entries that fit are written before E2BIG.
    E2bigWritesEntries,
    /// E2BIG needs a writable `reg[0]`.
    E2bigNeedsArray,

    // Bad memory.
    /// A header that cannot be read gives EINVAL.
    HeaderUnreadableIsEinval,
    /// A read-only header with n below C gives E2BIG.
    HeaderReadOnlyIsE2big,
    /// n is written to a read-only header.
    HeaderReadOnlyWritten,
    /// A header of which the first byte is mapped is taken for n = 0.
    HeaderStraddlingAccepted,
    /// A header at NULL is taken for n = 0.
    NullIsNoHeader,
    /// A header that is not aligned to 8 bytes gives EINVAL.
    MisalignedIsEinval,
    /// EFAULT among the CSRs is kept in an unsigned and added to reg.
    EfaultLost,
    /// Entries are written to read-only memory.
    ArrayReadOnlyWritten,
    /// Entries where nothing is mapped give ENOMEM.
    ArrayUnmappedIsEnomem,
    /// Entries beyond a file's end are no error.
    FileEndIsSuccess,
    /// Entries that cannot be written are no error.
    EfaultIsSuccess,
    /// When entry 17 is the first that cannot be written, the errno is EINVAL.
    EfaultIsEinvalOnce,
    /// Whether the last entry could be written is not looked at.
    LastEntryUnchecked,
    /// A list that cannot be written whole is a shorter list.
    EfaultIsShortList,
    /// n is written behind the entries, and so not beside EFAULT.
    CountBehindEntries,
    /// The whole array is tried before the first entry is written.
    ArrayTriedFirst,
    /// The 8 bytes before the header are written.
    StrayBeforeHeader,
    /// 8 bytes are written 9 entries behind the list.
    StrayBehindList,

    // GET.
    /// GET of KS5 gives EIO.
    GetRefused,
    /// GET writes 4 bytes.
    GetWritesHalf,
    /// GET writes 16 bytes.
    GetWritesDouble,
    /// GET writes the 8 bytes before the value, too.
    GetWritesBefore,
    /// GET succeeds and writes nothing.
    GetWritesNothing,
    /// GET succeeds where the value cannot be written.
    GetBadAddressIsSuccess,
    /// GET gives EINVAL where the value cannot be written.
    GetBadAddressIsEinval,
    /// A kvm_one_reg that cannot be read gives EINVAL.
    OneRegUnreadableIsEinval,
    /// Ids of any size are accepted.
    AnySize,

    // SET.
    /// SET of PRCFG1 gives EINVAL, as of a register that is read-only.
    SetRefused,
    /// SET of CPUID gives EPERM where it should give EINVAL.
    CpuidRefusedByEperm,
    /// SET of CPUCFG5 gives EPERM for any value but the present one.
    SetOfChangeRefused,
    /// SET of the value that KS3 has gives EINVAL.
    UnchangedRefused,
    /// SET of KS2 is ignored.
    SetIgnored,
    /// SET of ERA drops bit 62.
    SetDropsBit,
    /// SET of DMWIN0 keeps 32 bits.
    SetStores32Bits,
    /// SET of ESTAT drops SIP0.
    EstatDropsBit,
    /// SET of ESTAT sets SIP1 always.
    EstatInventsBit,
    /// SET succeeds where the value cannot be read.
    SetBadAddressIsSuccess,
    /// SET toggles bit 0 of KS6 where the value cannot be read.
    SetBadAddressToggles,

    // Registers apart from each other.
    /// SET of KS1 goes to KS2.
    SetHitsNeighbour,
    /// SET of KS4 goes to KS5, too.
    SetChangesNext,
    /// SET of CRMD goes to CPUCFG19, too.
    SetChangesFarAway,
    /// TLBRBADV is BADV under another id.
    CellShared,
    /// GET of TLBEHI adds 1 to ASID.
    GetChangesOther,
    /// GET of BADI clears it.
    GetClears,
    /// SET of TLBREHI goes to TLBRPRMD, too, once TLBRPRMD was SET.
    SetChangesNextLater,
    /// KS5 shows what KS4 holds until KS5 is SET.
    SetSeenAtNext,

    // COUNTER.
    /// COUNTER goes backwards.
    CounterBackwards,
    /// SET of COUNTER is ignored on every vCPU.
    CounterIgnoresSet,
    /// COUNTER stands still.
    CounterStandsStill,
    /// SET of COUNTER to 0 is ignored.
    CounterIgnoresZero,
    /// SET of COUNTER adds a constant.
    CounterAheadAfterSet,
    /// SET of COUNTER has an effect on every vCPU.
    CounterSetByAnyVcpu,
    /// SET of COUNTER on vCPU 0 has an effect there alone.
    CounterOfEachVcpu,
    /// SET of COUNTER is ignored in VMs but the first.
    CounterOfFirstVmAlone,

    // Registers that depend on something.
    /// The registers of LBT are there on every vCPU.
    LbtUngated,
    /// The registers of LBT give EINVAL where a vCPU has none.
    LbtRefusedByEinval,
    /// The registers of LBT need the translation of x86.
    LbtGatedByX86,
    /// SET of the PMU's registers gives EINVAL before CPUCFG6.PMP is set.
    PmuRefusedBeforeFeature,
    /// SET of ESTAT is ignored before CPUCFG2 was SET.
    EstatIgnoredBeforeFeatures,
    /// SET of COUNTER is ignored before CPUCFG2 was SET.
    CounterIgnoredBeforeFeatures,
    /// SET of CPUCFG2 clears EUEN.
    FeaturesResetEuen,
    /// SET of TCFG clears TVAL.
    TcfgResetsTval,
    /// SET of CNTC gives EINVAL on vCPUs but the first.
    SetRefusedOnOtherVcpus,

    // Several threads.
    /// The list gives EBUSY while another thread asks for it.
    ListBusy,
    /// The list is made in a buffer of the VM, which its vCPUs fill at once.
    ListInBufferOfVm,
    /// What GET returns goes through a cell of the VM.
    GetThroughCellOfVm,
    /// What SET takes waits in a cell of the vCPU before the vCPU is taken.
    SetUnlocked,

    // Elsewhere.
    /// KVM_GET_REG_LIST succeeds on a VM.
    ListOnVm,
    /// KVM_GET_REG_LIST gives EFAULT on /dev/kvm.
    ListOnKvmIsEfault,
    /// A process that did not make the VM is served all the same.
    OtherProcessServed,
    /// /dev/kvm does not announce KVM_CAP_ONE_REG.
    CapabilityOfVmAlone,
    /// A VM does not announce KVM_CAP_ONE_REG.
    CapabilityOfKvmAlone,
    /// CSR 0x800, one beyond the last, can be read.
    CsrBeyondLastReadable,
    /// A register of KVM's own making that no header has can be read.
    UnknownReadable,

    // Trouble: each strikes where KVM_SET_ONE_REG finds its argument unreadable
    // on a vCPU with PMU and LBT, and nowhere else.
    /// The kernel dereferences a null pointer.
    Oops,
    /// The kernel panics.
    Panic,
    /// The ioctl never ends, but the process can be killed.
    Hang,
    /// The ioctl never ends, and the process cannot be killed.
    HangUninterruptible,
    /// The CPU spins for ever with interrupts off.
    Lockup,
    /// The kernel writes over the process's stack.
    MemoryOverwritten,
    /// The kernel writes over memory of its own.
    MemoryCorrupted,
    /// The VM can never be taken away.
    StuckAtEnd,
}

impl Fault {
    /// The name by which it is chosen.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it does, in one sentence.
    pub fn sentence(self) -> String {
        let help = self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
        help.map(|help| format!("{}.", help.trim_end_matches('.'))).unwrap_or_default()
    }

    /// The fault of a name.
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
