// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: deliberately wrong behaviours, each wrong in one way alone.

mod list;
mod one_reg;

pub(super) use list::manner as list_manner;
pub(super) use one_reg::manner as one_reg_manner;

/// A deliberately wrong behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Fault {
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
    /// Only the lower half of MISC's entry is written.
    EntryHalfWritten,
    /// TCFG comes before TVAL.
    OrderSwapped,
    /// The PMU's registers are listed on every vCPU.
    PmuAlways,
    /// The PMU's registers are listed on no vCPU.
    PmuNever,
    /// The registers of LBT are listed on every vCPU.
    LbtAlways,
    /// The registers of LBT are listed on no vCPU.
    LbtNever,
    /// The registers of LBT are listed where the vCPU can translate x86.
    LbtByX86Alone,
    /// The registers of LBT are listed where the vCPU can translate all three.
    LbtByAllThree,

    // The count, and what success means.
    /// C is one more than the list is long.
    CountOneMore,
    /// C is one less than the list is long.
    CountOneLess,
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
    /// The entries that fit are written before E2BIG.
    E2bigWritesEntries,
    /// E2BIG needs a writable reg[0].
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
    /// A header that is not aligned to 8 bytes gives EINVAL.
    MisalignedIsEinval,
    /// EFAULT among the CSRs is kept in an unsigned and added to reg.
    EfaultLost,
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
    /// After EFAULT the list is empty.
    EmptyAfterEfault,
    /// After EFAULT every call gives ENOMEM.
    EnomemAfterEfault,

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
    /// Ids of any size are accepted.
    AnySize,
    /// COUNTER goes backwards.
    CounterBackwards,

    // SET.
    /// SET of PRCFG1 gives EINVAL, as of a register that is read-only.
    SetRefused,
    /// SET of CPUID gives EPERM where it should give EINVAL.
    CpuidRefusedByEperm,
    /// SET of CPUCFG5 gives EPERM for any value but the present one.
    SetOfChangeRefused,
    /// SET of KS2 is ignored.
    SetIgnored,
    /// SET of ERA drops bit 62.
    SetDropsBit,
    /// SET of DMWIN0 keeps 32 bits.
    SetStores32Bits,
    /// SET of KS1 goes to KS2.
    SetHitsNeighbour,
    /// SET of ESTAT drops SIP0.
    EstatDropsBit,
    /// SET of ESTAT sets SIP1 always.
    EstatInventsBit,
    /// SET of COUNTER is ignored on every vCPU.
    CounterIgnoresSet,
    /// SET succeeds where the value cannot be read.
    SetBadAddressIsSuccess,
    /// SET adds 1 to KS6 where the value cannot be read.
    SetBadAddressChanges,
    /// A kvm_one_reg that cannot be read gives EINVAL.
    OneRegUnreadableIsEinval,
}
