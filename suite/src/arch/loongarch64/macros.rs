// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Ids as arch/loongarch/include/uapi/asm/kvm.h writes them.

/// The macros of KVM's own registers and of LBT's, by index from 1.
const KVM: [&str; 3] = ["COUNTER", "VCPU_RESET", "DEBUG_INST"];
const LBT: [&str; 6] = ["LBT_SCR0", "LBT_SCR1", "LBT_SCR2", "LBT_SCR3", "LBT_EFLAGS", "LBT_FTOP"];

/// A C expression for an id of the type with this name. The names of CSRs
/// (`LOONGARCH_CSR_*`) are not in the uapi headers, so a CSR has its index.
pub(super) fn expression(type_: &str, index: u64) -> Option<String> {
    let names: &[&str] = match type_ {
        "csr" => return Some(format!("KVM_IOC_CSRID({index:#x})")),
        "cpucfg" => return Some(format!("KVM_IOC_CPUCFG({index})")),
        "kvm" => &KVM,
        "lbt" => &LBT,
        _ => return None,
    };
    let position = usize::try_from(index.checked_sub(1)?).ok()?;
    names.get(position).map(|name| format!("KVM_REG_LOONGARCH_{name}"))
}
