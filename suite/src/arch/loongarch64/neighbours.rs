// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The other ioctls of a LoongArch vCPU, on Linux 6.12, 7.2 and 7.3 alike.
//!
//! They are harmless on a board: a SET has the value that was just read, and everything
//! else is refused or only reads.

use kvm_bindings::{KVMIO, loongarch64 as uapi};
use nix::errno::Errno;
use nix::{request_code_read, request_code_readwrite, request_code_write};

use crate::arch::neighbour::{Argument, Call, Exchange, Writes};

/// A capability and a group of attributes that no kernel has.
const NONE_SUCH: u32 = 0xffff_fff0;
/// uapi asm/kvm_para.h, CPUCFG_KVM_FEATURE.
const CPUCFG_KVM_FEATURE: u32 = 0x4000_0004;
/// `n` of the list for which an unknown ioctl could take its argument.
const ROOM: u32 = 256;

const fn attribute(group: u32, attribute: u32) -> [u32; 4] {
    [0, group, attribute, 0]
}

const fn device_attr(words: &'static [u32; 4]) -> Argument {
    Argument { size: ATTR, words, address_of_value: Some(16) }
}

const fn state(size: usize) -> Argument {
    Argument { size, words: &[], address_of_value: None }
}

const fn call(ioctl: &'static str, request: u64, writes: Writes) -> Call {
    Call { ioctl, request, answer: Ok(()), writes }
}

const ATTR: usize = size_of::<uapi::kvm_device_attr>();
const REGS: usize = size_of::<uapi::kvm_regs>();
const FPU: usize = size_of::<uapi::kvm_fpu>();
const MP_STATE: usize = size_of::<uapi::kvm_mp_state>();
const CAP: usize = size_of::<uapi::kvm_enable_cap>();

const HAS_ATTR: Call = call("KVM_HAS_DEVICE_ATTR", request_code_write!(KVMIO, 0xe3, ATTR), Writes::Nothing);
const GET_ATTR: Call = call("KVM_GET_DEVICE_ATTR", request_code_write!(KVMIO, 0xe2, ATTR), Writes::Value);
const SET_ATTR: Call = call("KVM_SET_DEVICE_ATTR", request_code_write!(KVMIO, 0xe1, ATTR), Writes::Nothing);
const GET_REGS: Call = call("KVM_GET_REGS", request_code_read!(KVMIO, 0x81, REGS), Writes::Argument);
const SET_REGS: Call = call("KVM_SET_REGS", request_code_write!(KVMIO, 0x82, REGS), Writes::Nothing);
const GET_FPU: Call = call("KVM_GET_FPU", request_code_read!(KVMIO, 0x8c, FPU), Writes::Argument);
const SET_FPU: Call = call("KVM_SET_FPU", request_code_write!(KVMIO, 0x8d, FPU), Writes::Nothing);
const GET_MP_STATE: Call = call("KVM_GET_MP_STATE", request_code_read!(KVMIO, 0x98, MP_STATE), Writes::Argument);
const SET_MP_STATE: Call = call("KVM_SET_MP_STATE", request_code_write!(KVMIO, 0x99, MP_STATE), Writes::Nothing);
const ENABLE_CAP: Call = call("KVM_ENABLE_CAP", request_code_write!(KVMIO, 0xa3, CAP), Writes::Nothing);
const UNKNOWN: Call = call("ioctl 0xff of KVM", request_code_readwrite!(KVMIO, 0xff, 8), Writes::Nothing);

const fn refused(call: Call, errno: Errno) -> Call {
    Call { answer: Err(errno), writes: Writes::Nothing, ..call }
}

pub(super) const EXCHANGES: &[Exchange] = &[
    Exchange {
        about: "a group of attributes that does not exist",
        argument: device_attr(&attribute(NONE_SUCH, 0)),
        calls: &[refused(HAS_ATTR, Errno::ENXIO), refused(GET_ATTR, Errno::ENXIO), refused(SET_ATTR, Errno::ENXIO)],
        source: "kvm/vcpu.c kvm_loongarch_vcpu_has_attr, _get_attr, _set_attr: ENXIO by default",
    },
    Exchange {
        about: "the mask of CPUCFG2",
        argument: device_attr(&attribute(uapi::KVM_LOONGARCH_VCPU_CPUCFG, 2)),
        calls: &[HAS_ATTR, GET_ATTR, refused(SET_ATTR, Errno::ENXIO)],
        source: "kvm/vcpu.c kvm_loongarch_cpucfg_has_attr, _get_attr: put_user of 8 bytes; _set_attr: ENXIO by default",
    },
    Exchange {
        about: "the paravirtual features",
        argument: device_attr(&attribute(uapi::KVM_LOONGARCH_VCPU_CPUCFG, CPUCFG_KVM_FEATURE)),
        calls: &[HAS_ATTR, GET_ATTR, SET_ATTR],
        source: "kvm/vcpu.c kvm_loongarch_cpucfg_set_attr: accepts the present features",
    },
    Exchange {
        about: "a capability that does not exist",
        argument: Argument { size: CAP, words: &[NONE_SUCH], address_of_value: None },
        calls: &[refused(ENABLE_CAP, Errno::EINVAL)],
        source: "kvm/vcpu.c kvm_vcpu_ioctl_enable_cap: EINVAL for every capability",
    },
    Exchange {
        about: "the general registers",
        argument: state(REGS),
        calls: &[GET_REGS, SET_REGS],
        source: "kvm/vcpu.c kvm_arch_vcpu_ioctl_get_regs, _set_regs",
    },
    Exchange {
        about: "the floating point registers",
        argument: state(FPU),
        calls: &[GET_FPU, SET_FPU],
        source: "kvm/vcpu.c kvm_arch_vcpu_ioctl_get_fpu, _set_fpu",
    },
    Exchange {
        about: "the state of the vCPU",
        argument: state(MP_STATE),
        calls: &[GET_MP_STATE, SET_MP_STATE],
        source: "kvm/vcpu.c kvm_arch_vcpu_ioctl_get_mpstate, _set_mpstate: a fresh vCPU is RUNNABLE, which SET accepts",
    },
    Exchange {
        about: "a number that no ioctl has",
        argument: Argument { size: 8, words: &[ROOM], address_of_value: None },
        calls: &[refused(UNKNOWN, Errno::ENOTTY)],
        source: "kvm/vcpu.c kvm_arch_vcpu_ioctl: ENOIOCTLCMD by default, which fs/ioctl.c vfs_ioctl turns into ENOTTY",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_are_those_of_the_uapi_header() {
        for (call, request) in [
            (HAS_ATTR, 0x4018_aee3),
            (GET_ATTR, 0x4018_aee2),
            (SET_ATTR, 0x4018_aee1),
            (GET_REGS, 0x8108_ae81),
            (SET_REGS, 0x4108_ae82),
            (GET_FPU, 0x8410_ae8c),
            (SET_FPU, 0x4410_ae8d),
            (GET_MP_STATE, 0x8004_ae98),
            (SET_MP_STATE, 0x4004_ae99),
        ] {
            assert_eq!(call.request, request, "{}", call.ioctl);
        }
    }

    #[test]
    fn arguments_hold_their_words_and_every_exchange_has_its_source() {
        for Exchange { about, argument, calls, source } in EXCHANGES {
            assert!(argument.words.len() * 4 <= argument.address_of_value.unwrap_or(argument.size), "{about}");
            assert!(source.contains(".c ") && !calls.is_empty(), "{about}");
            for call in *calls {
                assert_eq!((call.request >> 16 & 0x3fff) as usize, argument.size, "{}", call.ioctl);
            }
        }
    }
}
